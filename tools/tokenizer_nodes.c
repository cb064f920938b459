/* The nodes of tokenizer.json around its model, and the added tokens. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "tools/tokenizer_reader.h"

/* ByteLevel's own pattern. Two things are spelled out so that the pieces are those of Hugging Face
 * `tokenizers` 0.23 (Unicode 16) whatever Unicode version PCRE2 has: white space, since PCRE2
 * counts U+180E, and the letters and numbers that came after Unicode 14. ASCII comes first for
 * speed. */
#define SPACE                                                                                      \
    "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"    \
    "\\x{205f}\\x{3000}"
#define NEW_LETTERS                                                                                \
    "\\x{1c89}-\\x{1c8a}\\x{a7cb}-\\x{a7cd}\\x{a7da}-\\x{a7dc}\\x{105c0}-\\x{105f3}"               \
    "\\x{10d4a}-\\x{10d65}\\x{10d6f}-\\x{10d85}\\x{10ec2}-\\x{10ec4}\\x{1123f}-\\x{11240}"         \
    "\\x{11380}-\\x{11389}\\x{1138b}\\x{1138e}\\x{11390}-\\x{113b5}\\x{113b7}\\x{113d1}"           \
    "\\x{113d3}\\x{11bc0}-\\x{11be0}\\x{11f02}\\x{11f04}-\\x{11f10}\\x{11f12}-\\x{11f33}"          \
    "\\x{1342f}\\x{13441}-\\x{13446}\\x{13460}-\\x{143fa}\\x{16100}-\\x{1611d}"                    \
    "\\x{16d40}-\\x{16d6c}\\x{18cff}\\x{1b132}\\x{1b155}\\x{1df25}-\\x{1df2a}"                     \
    "\\x{1e030}-\\x{1e06d}\\x{1e4d0}-\\x{1e4eb}\\x{1e5d0}-\\x{1e5ed}\\x{1e5f0}\\x{2b739}"          \
    "\\x{2ebf0}-\\x{2ee5d}\\x{31350}-\\x{323af}"
#define NEW_NUMBERS                                                                                \
    "\\x{10d40}-\\x{10d49}\\x{116d0}-\\x{116e3}\\x{11bf0}-\\x{11bf9}\\x{11f50}-\\x{11f59}"         \
    "\\x{16130}-\\x{16139}\\x{16d70}-\\x{16d79}\\x{1ccf0}-\\x{1ccf9}\\x{1d2c0}-\\x{1d2d3}"         \
    "\\x{1e4f0}-\\x{1e4f9}\\x{1e5f1}-\\x{1e5fa}"
#define LETTER "a-zA-Z\\p{L}" NEW_LETTERS
#define NUMBER "0-9\\p{N}" NEW_NUMBERS
static const char byte_level_pattern[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?[" LETTER "]+| ?[" NUMBER "]+| ?[^" SPACE LETTER NUMBER "]+"
    "|[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+";

static bool read_nfc(struct reader *reader, const char *path, json_t *node, const char *supported)
{
    reader->source.flags |= TOKENIZER_NFC;
    return reader_type(reader, path, node, supported, "NFC") &&
           reader_known_keys(reader, path, node, "type");
}

static bool read_normalizer(struct reader *reader, json_t *node)
{
    if (node == NULL || json_is_null(node))
        return true;
    json_t *type = json_object_get(node, "type");
    if (!json_is_string(type) || strcmp(json_string_value(type), "Sequence") != 0)
        return read_nfc(reader, "normalizer", node, "NFC, Sequence");
    json_t *nodes = json_object_get(node, "normalizers");
    if (!json_is_array(nodes))
        return reader_refuse(reader, "normalizer.normalizers: found %s, expected an array",
                             reader_kind(nodes));
    if (!reader_known_keys(reader, "normalizer", node, "type, normalizers"))
        return false;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        char path[64];
        snprintf(path, sizeof path, "normalizer.normalizers[%zu]", i);
        if (!read_nfc(reader, path, json_array_get(nodes, i), "NFC"))
            return false;
    }
    return true;
}

/* One ByteLevel node; what its options mean here is the caller's business. */
static bool read_byte_level(struct reader *reader, const char *path, json_t *node,
                            bool *prefix_space, bool *use_regex)
{
    bool trim;
    return reader_type(reader, path, node, "ByteLevel", "ByteLevel") &&
           reader_known_keys(reader, path, node,
                             "type, add_prefix_space, trim_offsets, use_regex") &&
           reader_flag(reader, path, node, "add_prefix_space", prefix_space) &&
           reader_flag(reader, path, node, "trim_offsets", &trim) &&
           reader_option(reader, path, node, "use_regex", true, use_regex);
}

bool reader_nodes(struct reader *reader, json_t *root)
{
    bool prefix_space, use_regex, unused;
    json_t *processor = json_object_get(root, "post_processor");
    if (!read_normalizer(reader, json_object_get(root, "normalizer")) ||
        !read_byte_level(reader, "pre_tokenizer", json_object_get(root, "pre_tokenizer"),
                         &prefix_space, &use_regex))
        return false;
    if (!use_regex)
        return reader_refuse(reader, "pre_tokenizer.use_regex: found false, expected true");
    reader->source.flags |= prefix_space ? TOKENIZER_PREFIX_SPACE : 0;
    reader->source.pattern = byte_level_pattern;
    if (processor != NULL && !json_is_null(processor) &&
        !read_byte_level(reader, "post_processor", processor, &unused, &unused))
        return false;
    return read_byte_level(reader, "decoder", json_object_get(root, "decoder"), &unused, &unused);
}

/* What is sought and printed for an added token's content: with NFC when both want it. */
static bool add_content(struct reader *reader, const char *content, size_t bytes, bool special,
                        struct source_added *added)
{
    struct tokenizer_source *source = &reader->source;
    struct source_token *token = &source->tokens[added->id];
    utf8proc_uint8_t *composed = NULL;
    if (added->clean && (source->flags & TOKENIZER_NFC)) {
        utf8proc_ssize_t length =
            utf8proc_map((const utf8proc_uint8_t *)content, (utf8proc_ssize_t)bytes, &composed,
                         UTF8PROC_STABLE | UTF8PROC_COMPOSE);
        if (length < 0)
            return reader_no_memory(reader);
        content = (const char *)composed;
        bytes = (size_t)length;
    }
    bool was_piece = token->is_piece; /* found in words through the vocabulary all the same */
    bool done =
        pool_add(&source->pool, content, bytes, &added->sought) ? true : reader_no_memory(reader);
    done = done && reader_token_text(reader, content, bytes, token);
    token->is_piece = was_piece;
    token->flags |= TOKEN_PRESENT | TOKEN_ADDED;
    if (special)
        token->flags |= TOKEN_SPECIAL;
    free(composed);
    return done;
}

/* The id must be the one that Hugging Face gives: the vocabulary's, or the next behind it. */
static bool check_added_id(struct reader *reader, const char *path, const char *content,
                           size_t bytes, uint32_t id, uint64_t *next_id)
{
    json_t *in_vocab = json_object_getn(reader->vocab, content, bytes);
    uint64_t expected = in_vocab != NULL ? (uint64_t)json_integer_value(in_vocab) : (*next_id)++;
    if (reader->source.tokens[id].flags & TOKEN_ADDED)
        return reader_refuse(reader, "%s.id: found %" PRIu32 ", which another added token has",
                             path, id);
    if (id != expected)
        return reader_refuse(
            reader, "%s.id: found %" PRIu32 ", expected %" PRIu64 " (%s)", path, id, expected,
            in_vocab != NULL ? "its id in model.vocab" : "the next id that follows model.vocab");
    if (in_vocab == NULL && (reader->source.tokens[id].flags & TOKEN_PRESENT))
        return reader_refuse(reader, "%s.id: found %" PRIu32 ", which a token of model.vocab has",
                             path, id);
    return true;
}

static bool read_added_token(struct reader *reader, size_t index, json_t *node,
                             struct source_added *added, uint64_t *next_id)
{
    char path[48], id_path[64];
    bool special, lstrip, rstrip, single_word;
    snprintf(path, sizeof path, "added_tokens[%zu]", index);
    if (!json_is_object(node))
        return reader_refuse(reader, "%s: found %s, expected an object", path, reader_kind(node));
    if (!reader_known_keys(reader, path, node,
                           "id, content, single_word, lstrip, rstrip, normalized, special"))
        return false;
    json_t *content = json_object_get(node, "content");
    if (!json_is_string(content))
        return reader_refuse(reader, "%s.content: found %s, expected a string", path,
                             reader_kind(content));
    size_t bytes = json_string_length(content);
    if (bytes == 0 || bytes > TOKENIZER_MAX_ADDED_BYTES)
        return reader_refuse(reader, "%s.content: found %zu bytes, expected 1 to %d", path, bytes,
                             TOKENIZER_MAX_ADDED_BYTES);
    snprintf(id_path, sizeof id_path, "%s.id", path);
    if (!reader_id(reader, id_path, json_object_get(node, "id"), &added->id))
        return false;
    if (!reader_flag(reader, path, node, "special", &special) ||
        !reader_flag(reader, path, node, "normalized", &added->clean) ||
        !reader_flag(reader, path, node, "lstrip", &lstrip) ||
        !reader_flag(reader, path, node, "rstrip", &rstrip) ||
        !reader_flag(reader, path, node, "single_word", &single_word) ||
        !check_added_id(reader, path, json_string_value(content), bytes, added->id, next_id))
        return false;
    added->flags = (lstrip ? ADDED_LSTRIP : 0u) | (rstrip ? ADDED_RSTRIP : 0u) |
                   (single_word ? ADDED_SINGLE_WORD : 0u);
    return add_content(reader, json_string_value(content), bytes, special, added);
}

bool reader_added(struct reader *reader, json_t *root)
{
    struct tokenizer_source *source = &reader->source;
    json_t *nodes = json_object_get(root, "added_tokens");
    if (nodes == NULL)
        return true;
    if (!json_is_array(nodes))
        return reader_refuse(reader, "added_tokens: found %s, expected an array",
                             reader_kind(nodes));
    size_t count = json_array_size(nodes);
    if (count > source->rows)
        return reader_refuse(reader,
                             "added_tokens: found %zu, expected at most %" PRIu32
                             " (the model's vocabulary)",
                             count, source->rows);
    source->added = calloc(count + 1, sizeof *source->added);
    if (source->added == NULL)
        return reader_no_memory(reader);
    source->added_count = (uint32_t)count;
    uint64_t next_id = json_object_size(reader->vocab);
    for (size_t i = 0; i < count; i++) {
        if (!read_added_token(reader, i, json_array_get(nodes, i), &source->added[i], &next_id))
            return false;
    }
    return true;
}
