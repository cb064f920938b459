/* The model of tokenizer.json: vocabulary, byte symbols and merges. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "runtime/utf8.h"
#include "tools/tokenizer_reader.h"

/* The byte that a symbol of the byte-level alphabet stands for, or -1. Printable Latin-1 stands for
 * itself; the other 68 bytes, in ascending order, are U+0100 and up. */
static int symbol_byte(uint32_t code)
{
    if ((code >= 33 && code <= 126) || (code >= 161 && code <= 172) || (code >= 174 && code <= 255))
        return (int)code;
    if (code < 256 || code >= 256 + 68)
        return -1;
    uint32_t rank = code - 256;
    if (rank < 33)
        return (int)rank;
    return rank < 33 + 34 ? (int)(rank - 33 + 127) : 173;
}

bool reader_token_text(struct reader *reader, const char *text, size_t bytes,
                       struct source_token *token)
{
    struct byte_pool *pool = &reader->source.pool;
    if (!pool_add(pool, text, bytes, &token->text))
        return reader_no_memory(reader);
    token->is_piece = true;
    const uint8_t *from = (const uint8_t *)text;
    uint64_t made = 0;
    for (size_t i = 0; i < bytes && token->is_piece; made++) {
        uint32_t length;
        int byte = symbol_byte(utf8_decode(from + i, &length));
        token->is_piece = byte >= 0;
        if (token->is_piece)
            pool->bytes[token->text.at + made] = (uint8_t)byte;
        i += length;
    }
    if (token->is_piece)
        token->text.bytes = made;
    else
        memcpy(pool->bytes + token->text.at, text, bytes);
    return true;
}

bool reader_id(struct reader *reader, const char *path, json_t *value, uint32_t *id)
{
    if (!json_is_integer(value))
        return reader_refuse(reader, "%s: found %s, expected an integer id", path,
                             reader_kind(value));
    json_int_t found = json_integer_value(value);
    if (found < 0 || found >= (json_int_t)reader->source.rows)
        return reader_refuse(reader,
                             "%s: found id %" JSON_INTEGER_FORMAT ", expected 0 to %" PRIu32
                             " (the model's vocabulary has %" PRIu32 " rows)",
                             path, found, reader->source.rows - 1, reader->source.rows);
    *id = (uint32_t)found;
    return true;
}

/* The unknown token stays unused, since every byte has a symbol; still it must exist. */
static bool check_unknown(struct reader *reader, json_t *model)
{
    json_t *unknown = json_object_get(model, "unk_token");
    char quoted[QUOTE_BYTES];
    if (unknown == NULL || json_is_null(unknown))
        return true;
    if (!json_is_string(unknown))
        return reader_refuse(reader, "model.unk_token: found %s, expected a string or null",
                             reader_kind(unknown));
    if (json_object_getn(reader->vocab, json_string_value(unknown), json_string_length(unknown)) ==
        NULL)
        return reader_refuse(reader, "model.unk_token: %s is not in model.vocab",
                             reader_quote_json(quoted, unknown));
    return true;
}

static bool read_vocab(struct reader *reader, json_t *model)
{
    struct tokenizer_source *source = &reader->source;
    json_t *vocab = json_object_get(model, "vocab");
    char quoted[QUOTE_BYTES], path[QUOTE_BYTES + 16];
    const char *key;
    json_t *value;
    if (!json_is_object(vocab))
        return reader_refuse(reader, "model.vocab: found %s, expected an object",
                             reader_kind(vocab));
    reader->vocab = vocab;
    json_object_foreach(vocab, key, value)
    {
        uint32_t id = 0;
        size_t bytes = strlen(key);
        snprintf(path, sizeof path, "model.vocab[%s]", reader_quote(quoted, key, bytes));
        if (!reader_id(reader, path, value, &id))
            return false;
        if (bytes == 0)
            return reader_refuse(reader, "%s: the token is empty", path);
        if (source->tokens[id].flags & TOKEN_PRESENT)
            return reader_refuse(reader, "%s: found id %" PRIu32 ", which another token has", path,
                                 id);
        source->tokens[id].flags = TOKEN_PRESENT;
        if (!reader_token_text(reader, key, bytes, &source->tokens[id]))
            return false;
    }
    return true;
}

static bool read_byte_symbols(struct reader *reader)
{
    for (uint32_t code = 0; code < 256 + 68; code++) {
        int byte = symbol_byte(code);
        utf8proc_uint8_t symbol[4];
        char quoted[QUOTE_BYTES];
        if (byte < 0)
            continue;
        size_t length = (size_t)utf8proc_encode_char((utf8proc_int32_t)code, symbol);
        json_t *id = json_object_getn(reader->vocab, (const char *)symbol, length);
        bool in_utf8 = utf8_length((uint8_t)byte) != 0 || (byte & 0xC0) == 0x80;
        if (id == NULL && in_utf8)
            return reader_refuse(reader, "model.vocab: the symbol %s of byte 0x%02X is missing",
                                 reader_quote(quoted, symbol, length), (unsigned)byte);
        reader->source.byte_ids[byte] =
            id == NULL ? TOKENIZER_NONE : (uint32_t)json_integer_value(id);
    }
    return true;
}

/* Splits a merge, "a b" or ["a", "b"], into its parts. */
static bool split_merge(struct reader *reader, size_t rank, json_t *merge, const char *part[2],
                        size_t bytes[2])
{
    char quoted[QUOTE_BYTES];
    if (json_is_string(merge)) {
        const char *text = json_string_value(merge);
        size_t length = json_string_length(merge);
        const char *space = memchr(text, ' ', length);
        const char *last = memrchr(text, ' ', length);
        if (space == NULL || space != last || space == text || space + 1 == text + length)
            return reader_refuse(reader,
                                 "model.merges[%zu]: found %s, expected two parts with one space "
                                 "between them",
                                 rank, reader_quote_json(quoted, merge));
        part[0] = text;
        bytes[0] = (size_t)(space - text);
        part[1] = space + 1;
        bytes[1] = length - bytes[0] - 1;
        return true;
    }
    if (!json_is_array(merge))
        return reader_refuse(reader,
                             "model.merges[%zu]: found %s, expected \"a b\" or [\"a\", \"b\"]",
                             rank, reader_kind(merge));
    if (json_array_size(merge) != 2)
        return reader_refuse(reader, "model.merges[%zu]: found an array of %zu, expected 2 strings",
                             rank, json_array_size(merge));
    for (size_t i = 0; i < 2; i++) {
        json_t *string = json_array_get(merge, i);
        if (!json_is_string(string))
            return reader_refuse(reader, "model.merges[%zu][%zu]: found %s, expected a string",
                                 rank, i, reader_kind(string));
        part[i] = json_string_value(string);
        bytes[i] = json_string_length(string);
    }
    return true;
}

/* The id of text[bytes] in the vocabulary; `role` names it in the complaint. */
static bool find_token(struct reader *reader, size_t rank, const char *role, const char *text,
                       size_t bytes, uint32_t *id)
{
    char quoted[QUOTE_BYTES];
    json_t *value = json_object_getn(reader->vocab, text, bytes);
    if (value == NULL)
        return reader_refuse(reader, "model.merges[%zu]: %s %s is not in model.vocab", rank, role,
                             reader_quote(quoted, text, bytes));
    *id = (uint32_t)json_integer_value(value);
    return true;
}

static bool read_merge(struct reader *reader, size_t rank, json_t *merge, struct token_pair *pair)
{
    const char *part[2] = {"", ""};
    size_t bytes[2] = {0, 0};
    pair->rank = (uint32_t)rank;
    if (!split_merge(reader, rank, merge, part, bytes) ||
        !find_token(reader, rank, "the first part", part[0], bytes[0], &pair->left) ||
        !find_token(reader, rank, "the second part", part[1], bytes[1], &pair->right))
        return false;
    char *whole = malloc(bytes[0] + bytes[1] + 1);
    if (whole == NULL)
        return reader_no_memory(reader);
    memcpy(whole, part[0], bytes[0]);
    memcpy(whole + bytes[0], part[1], bytes[1]);
    bool found = find_token(reader, rank, "the result", whole, bytes[0] + bytes[1], &pair->result);
    free(whole);
    return found;
}

static int by_pair(const void *a, const void *b)
{
    const struct token_pair *left = a, *right = b;
    if (left->left != right->left)
        return left->left < right->left ? -1 : 1;
    if (left->right != right->right)
        return left->right < right->right ? -1 : 1;
    return left->rank < right->rank ? -1 : left->rank > right->rank;
}

/* A pair listed twice has no single rank. */
static bool check_merges_differ(struct reader *reader)
{
    const struct tokenizer_source *source = &reader->source;
    if (source->merge_count < 2)
        return true;
    struct token_pair *sorted = malloc(source->merge_count * sizeof *sorted);
    if (sorted == NULL)
        return reader_no_memory(reader);
    memcpy(sorted, source->merges, source->merge_count * sizeof *sorted);
    qsort(sorted, source->merge_count, sizeof *sorted, by_pair);
    bool differ = true;
    for (uint32_t i = 1; i < source->merge_count && differ; i++) {
        differ = sorted[i].left != sorted[i - 1].left || sorted[i].right != sorted[i - 1].right;
        if (!differ)
            reader_refuse(reader,
                          "model.merges[%" PRIu32 "]: the same merge as model.merges[%" PRIu32 "]",
                          sorted[i].rank, sorted[i - 1].rank);
    }
    free(sorted);
    return differ;
}

static bool read_merges(struct reader *reader, json_t *model)
{
    struct tokenizer_source *source = &reader->source;
    json_t *merges = json_object_get(model, "merges");
    if (!json_is_array(merges))
        return reader_refuse(reader, "model.merges: found %s, expected an array",
                             reader_kind(merges));
    size_t count = json_array_size(merges);
    if (count > TOKENIZER_MAX_ROWS)
        return reader_refuse(reader, "model.merges: found %zu, expected at most %d", count,
                             TOKENIZER_MAX_ROWS);
    source->merges = calloc(count + 1, sizeof *source->merges);
    if (source->merges == NULL)
        return reader_no_memory(reader);
    source->merge_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        if (!read_merge(reader, i, json_array_get(merges, i), &source->merges[i]))
            return false;
    }
    return check_merges_differ(reader);
}

/* Options of the model that must be off, or have no effect here. */
static bool check_model_options(struct reader *reader, json_t *model)
{
    static const char *const affixes[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    json_t *dropout = json_object_get(model, "dropout");
    bool flag;
    if (dropout != NULL && !json_is_null(dropout))
        return reader_refuse(reader, "model.dropout: found %s, expected null",
                             reader_kind(dropout));
    for (size_t i = 0; i < 2; i++) {
        json_t *affix = json_object_get(model, affixes[i]);
        if (affix != NULL && !json_is_null(affix) &&
            (!json_is_string(affix) || json_string_length(affix) > 0))
            return reader_refuse(reader, "model.%s: found %s, expected null or \"\"", affixes[i],
                                 reader_kind(affix));
    }
    if (!reader_option(reader, "model", model, "fuse_unk", false, &flag) ||
        !reader_option(reader, "model", model, "byte_fallback", false, &flag))
        return false;
    if (flag)
        return reader_refuse(reader, "model.byte_fallback: found true, expected false");
    return reader_option(reader, "model", model, "ignore_merges", false,
                         &reader->source.ignore_merges);
}

bool reader_model(struct reader *reader, json_t *root)
{
    json_t *model = json_object_get(root, "model");
    return reader_type(reader, "model", model, "BPE", "BPE") &&
           reader_known_keys(
               reader, "model", model,
               "type, dropout, unk_token, continuing_subword_prefix, end_of_word_suffix, "
               "fuse_unk, byte_fallback, ignore_merges, vocab, merges") &&
           check_model_options(reader, model) && read_vocab(reader, model) &&
           read_byte_symbols(reader) && check_unknown(reader, model) && read_merges(reader, model);
}
