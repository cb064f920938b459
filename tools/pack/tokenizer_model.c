/* The model of tokenizer.json: vocabulary and the tokens of single bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "runtime/base/utf8.h"
#include "tools/pack/tokenizer_reader.h"

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

/* The byte that a token "<0x0A>" prints, or -1. */
static int fallback_byte(const char *text, size_t bytes)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    if (bytes != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>' ||
        strspn(text + 3, digits) != 2)
        return -1;
    return (int)strtol(text + 3, NULL, 16);
}

/* Where symbols are characters, a mark prints ' ' and a token of a byte that byte. Such a token, or
 * one that spells a space as ' ' where there are marks, is not what text leads to. */
static void mark_text(const struct reader *reader, struct byte_pool *pool,
                      struct source_token *token)
{
    uint8_t *text = pool->bytes + token->text.at;
    uint64_t bytes = token->text.bytes, made = 0;
    const bool marked = (reader->source.flags & TOKENIZER_MARKED) != 0;
    int byte = reader->byte_fallback ? fallback_byte((const char *)text, bytes) : -1;
    token->is_piece = byte < 0 && !(marked && memchr(text, ' ', bytes) != NULL);
    for (uint64_t i = 0; i < bytes && byte < 0;) {
        bool mark = marked && bytes - i >= SPACE_MARK_BYTES &&
                    memcmp(text + i, SPACE_MARK, SPACE_MARK_BYTES) == 0;
        text[made++] = mark ? ' ' : text[i];
        i += mark ? SPACE_MARK_BYTES : 1;
    }
    if (byte >= 0)
        text[made++] = (uint8_t)byte;
    token->text.bytes = made;
}

bool reader_token_text(struct reader *reader, const char *text, size_t bytes,
                       struct source_token *token)
{
    struct byte_pool *pool = &reader->source.pool;
    if (!pool_add(pool, text, bytes, &token->text))
        return reader_no_memory(reader);
    if (reader->source.flags & TOKENIZER_CHARS) {
        mark_text(reader, pool, token);
        return true;
    }
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

/* The token of unknown symbols, which must exist. */
static bool read_unknown(struct reader *reader, json_t *model)
{
    json_t *unknown = json_object_get(model, "unk_token");
    char quoted[QUOTE_BYTES];
    if (unknown == NULL || json_is_null(unknown))
        return true;
    if (!json_is_string(unknown))
        return reader_refuse(reader, "model.unk_token: found %s, expected a string or null",
                             reader_kind(unknown));
    json_t *id =
        json_object_getn(reader->vocab, json_string_value(unknown), json_string_length(unknown));
    if (id == NULL)
        return reader_refuse(reader, "model.unk_token: %s is not in model.vocab",
                             reader_quote_json(quoted, unknown));
    reader->source.unknown = (uint32_t)json_integer_value(id);
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

/* Bytes that UTF-8 has and the vocabulary lacks; *first is the lowest of them. */
static uint32_t missing_bytes(const bool known[256], uint32_t *first)
{
    uint32_t missing = 0;
    for (uint32_t byte = 256; byte-- > 0;) {
        bool in_utf8 = utf8_length((uint8_t)byte) != 0 || (byte & 0xC0) == 0x80;
        if (!in_utf8 || known[byte])
            continue;
        *first = byte;
        missing++;
    }
    return missing;
}

/* The tokens "<0x00>" to "<0xFF>": all that UTF-8 has, or none. */
static bool read_fallback_bytes(struct reader *reader)
{
    uint32_t first = 0;
    bool known[256] = {false};
    for (uint32_t byte = 0; byte < 256; byte++) {
        char symbol[8];
        int length = snprintf(symbol, sizeof symbol, "<0x%02X>", byte);
        json_t *id = json_object_getn(reader->vocab, symbol, (size_t)length);
        known[byte] = id != NULL;
        if (id != NULL)
            reader->source.byte_ids[byte] = (uint32_t)json_integer_value(id);
    }
    if (missing_bytes(known, &first) == 0)
        return true;
    return reader_refuse(reader,
                         "model.vocab: the token '<0x%02X>' is missing, expected one for every "
                         "byte of UTF-8 where model.byte_fallback is true",
                         (unsigned)first);
}

/* Whether a symbol is a token in all forms that it may have in a word. Only without affixes is it
 * found by its byte. */
static bool find_symbol(struct reader *reader, const utf8proc_uint8_t *symbol, size_t length,
                        uint32_t *byte_id)
{
    const struct tokenizer_source *source = &reader->source;
    const size_t prefix = strlen(source->prefix), suffix = strlen(source->suffix);
    json_t *id = NULL;
    for (uint32_t form = 0; form < PIECE_FORMS; form++) {
        char text[2 * AFFIX_BYTES + 4];
        if ((form & PIECE_PREFIX && prefix == 0) || (form & PIECE_SUFFIX && suffix == 0))
            continue;
        const int bytes =
            snprintf(text, sizeof text, "%s%.*s%s", form & PIECE_PREFIX ? source->prefix : "",
                     (int)length, symbol, form & PIECE_SUFFIX ? source->suffix : "");
        id = json_object_getn(reader->vocab, text, (size_t)bytes);
        if (id == NULL)
            return false;
    }
    if (prefix == 0 && suffix == 0)
        *byte_id = (uint32_t)json_integer_value(id);
    return true;
}

static bool read_byte_symbols(struct reader *reader)
{
    char quoted[QUOTE_BYTES];
    uint32_t first = 0, missing;
    bool known[256] = {false};
    utf8proc_uint8_t symbols[256][4];
    for (uint32_t code = 0; code < 256 + 68; code++) {
        int byte = symbol_byte(code);
        if (byte < 0)
            continue;
        size_t length = (size_t)utf8proc_encode_char((utf8proc_int32_t)code, symbols[(size_t)byte]);
        known[byte] =
            find_symbol(reader, symbols[(size_t)byte], length, &reader->source.byte_ids[byte]);
    }
    missing = missing_bytes(known, &first);
    if (missing == 0)
        return true;
    reader_quote(quoted, symbols[first], utf8_length(symbols[first][0]));
    if (reader->byte_fallback)
        return reader_refuse(reader,
                             "model.vocab: the symbol %s of byte 0x%02X is missing, expected one "
                             "for every byte of UTF-8 where model.byte_fallback is true",
                             quoted, (unsigned)first);
    reader_note(reader,
                "model.vocab: the symbols of %" PRIu32 " bytes are missing, %s of byte 0x%02X the "
                "first; texts lose them, as they do in Hugging Face `tokenizers`",
                missing, quoted, (unsigned)first);
    return true;
}

/* Options of the model that must be off, or have no effect here. */
static bool check_model_options(struct reader *reader, json_t *model)
{
    json_t *dropout = json_object_get(model, "dropout");
    bool flag;
    if (dropout != NULL && !json_is_null(dropout) &&
        !(json_is_number(dropout) && json_number_value(dropout) == 0))
        return reader_refuse(reader, "model.dropout: found %s, expected null or 0",
                             reader_kind(dropout));
    if (!reader_option(reader, "model", model, "fuse_unk", false, &flag) ||
        !reader_option(reader, "model", model, "byte_fallback", false, &reader->byte_fallback) ||
        !reader_option(reader, "model", model, "ignore_merges", false,
                       &reader->source.ignore_merges))
        return false;
    reader->source.flags |= flag ? TOKENIZER_FUSE_UNKNOWN : 0u;
    reader->source.flags |= reader->source.ignore_merges ? TOKENIZER_WHOLE_WORDS : 0u;
    return reader_affixes(reader, model);
}

bool reader_model(struct reader *reader, json_t *root)
{
    json_t *model = json_object_get(root, "model");
    bool chars = (reader->source.flags & TOKENIZER_CHARS) != 0;
    return reader_type(reader, "model", model, "BPE", "BPE") &&
           reader_known_keys(
               reader, "model", model,
               "type, dropout, unk_token, continuing_subword_prefix, end_of_word_suffix, "
               "fuse_unk, byte_fallback, ignore_merges, vocab, merges") &&
           check_model_options(reader, model) && read_vocab(reader, model) &&
           (!chars                  ? read_byte_symbols(reader)
            : reader->byte_fallback ? read_fallback_bytes(reader)
                                    : true) &&
           read_unknown(reader, model) && reader_merges(reader, model);
}
