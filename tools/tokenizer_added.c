/* The added tokens of tokenizer.json. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "tools/tokenizer_reader.h"

/* An added token's content as the normalizer leaves it, into the pool; *text the same place. */
static bool add_marked(struct reader *reader, const char *content, size_t bytes,
                       struct pool_text *text)
{
    struct byte_pool *pool = &reader->source.pool;
    struct pool_text prefix = {pool->size, 0};
    if ((reader->source.flags & TOKENIZER_PREPEND) && !pool_add(pool, " ", 1, &prefix))
        return reader_no_memory(reader);
    *text = prefix;
    for (size_t i = 0; i < bytes;) {
        struct pool_text unused;
        bool mark =
            bytes - i >= SPACE_MARK_BYTES && memcmp(content + i, SPACE_MARK, SPACE_MARK_BYTES) == 0;
        if (!pool_add(pool, mark ? " " : content + i, 1, &unused))
            return reader_no_memory(reader);
        i += mark ? SPACE_MARK_BYTES : 1;
    }
    text->bytes = pool->size - text->at;
    return text->bytes <= TOKENIZER_MAX_ADDED_BYTES ||
           reader_refuse(reader, "an added token has more than %d bytes once normalised",
                         TOKENIZER_MAX_ADDED_BYTES);
}

/* What is sought and printed for an added token's content: as normalised, when both want it. */
static bool add_content(struct reader *reader, const char *content, size_t bytes, bool special,
                        struct source_added *added)
{
    struct tokenizer_source *source = &reader->source;
    struct source_token *token = &source->tokens[added->id];
    utf8proc_uint8_t *composed = NULL;
    if (added->clean && (source->flags & TOKENIZER_NORMALISE)) {
        const bool apart = (source->flags & TOKENIZER_DECOMPOSED) != 0;
        const bool compatible = (source->flags & TOKENIZER_COMPATIBLE) != 0;
        utf8proc_ssize_t length =
            utf8proc_map((const utf8proc_uint8_t *)content, (utf8proc_ssize_t)bytes, &composed,
                         UTF8PROC_STABLE | (apart ? UTF8PROC_DECOMPOSE : UTF8PROC_COMPOSE) |
                             (compatible ? UTF8PROC_COMPAT : (utf8proc_option_t)0));
        if (length < 0)
            return reader_no_memory(reader);
        content = (const char *)composed;
        bytes = (size_t)length;
    }
    bool was_piece = token->is_piece; /* found in words through the vocabulary all the same */
    bool done;
    if (added->clean && (source->flags & TOKENIZER_MARK)) {
        done = add_marked(reader, content, bytes, &added->sought);
        token->text = added->sought;
    } else {
        done =
            (pool_add(&source->pool, content, bytes, &added->sought) || reader_no_memory(reader)) &&
            reader_token_text(reader, content, bytes, token);
    }
    token->is_piece = was_piece;
    token->flags |= TOKEN_PRESENT | TOKEN_ADDED;
    if (special)
        token->flags |= TOKEN_SPECIAL;
    free(composed);
    return done;
}

/* The id must be the one that Hugging Face gives: the vocabulary's, or the next behind it. */
static bool check_added_id(struct reader *reader, const char *path, const char *content,
                           size_t bytes, uint64_t id, uint64_t *next_id)
{
    json_t *in_vocab = json_object_getn(reader->vocab, content, bytes);
    uint64_t expected = in_vocab != NULL ? (uint64_t)json_integer_value(in_vocab) : (*next_id)++;
    uint8_t flags = id < reader->source.rows ? reader->source.tokens[id].flags : 0;
    if (flags & TOKEN_ADDED)
        return reader_refuse(reader, "%s.id: found %" PRIu64 ", which another added token has",
                             path, id);
    if (id != expected)
        return reader_refuse(
            reader, "%s.id: found %" PRIu64 ", expected %" PRIu64 " (%s)", path, id, expected,
            in_vocab != NULL ? "its id in model.vocab" : "the next id that follows model.vocab");
    if (in_vocab == NULL && (flags & TOKEN_PRESENT))
        return reader_refuse(reader, "%s.id: found %" PRIu64 ", which a token of model.vocab has",
                             path, id);
    return true;
}

/* An id of any size: those that the model has no rows for are left out. */
static bool read_added_id(struct reader *reader, const char *path, json_t *value, uint64_t *id)
{
    if (!json_is_integer(value))
        return reader_refuse(reader, "%s.id: found %s, expected an integer id", path,
                             reader_kind(value));
    if (json_integer_value(value) < 0)
        return reader_refuse(reader, "%s.id: found id %" JSON_INTEGER_FORMAT ", expected 0 or more",
                             path, json_integer_value(value));
    *id = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_added_flags(struct reader *reader, const char *path, json_t *node,
                             struct source_added *added, bool *special)
{
    bool lstrip, rstrip, single_word;
    if (!reader_flag(reader, path, node, "special", special) ||
        !reader_flag(reader, path, node, "normalized", &added->clean) ||
        !reader_flag(reader, path, node, "lstrip", &lstrip) ||
        !reader_flag(reader, path, node, "rstrip", &rstrip) ||
        !reader_flag(reader, path, node, "single_word", &single_word))
        return false;
    added->flags = (lstrip ? ADDED_LSTRIP : 0u) | (rstrip ? ADDED_RSTRIP : 0u) |
                   (single_word ? ADDED_SINGLE_WORD : 0u);
    return true;
}

/* *left_out: it is sound, but the model has no row for it. */
static bool read_added_token(struct reader *reader, size_t index, json_t *node,
                             struct source_added *added, uint64_t *next_id, bool *left_out)
{
    char path[48];
    uint64_t id = 0;
    bool special;
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
    if (!read_added_id(reader, path, json_object_get(node, "id"), &id) ||
        !read_added_flags(reader, path, node, added, &special) ||
        !check_added_id(reader, path, json_string_value(content), bytes, id, next_id))
        return false;
    *left_out = id >= reader->source.rows;
    if (*left_out)
        return true;
    if (added->clean && (added->flags & (ADDED_LSTRIP | ADDED_RSTRIP)) &&
        (reader->source.flags & TOKENIZER_MARK))
        return reader_refuse(reader,
                             "%s: %s with normalized true is not supported where the normalizer "
                             "replaces spaces",
                             path, added->flags & ADDED_LSTRIP ? "lstrip" : "rstrip");
    added->id = (uint32_t)id;
    return add_content(reader, json_string_value(content), bytes, special, added);
}

/* Says which added tokens have no rows. */
static void note_left_out(struct reader *reader, json_t *first, size_t count)
{
    char quoted[QUOTE_BYTES];
    reader_note(reader,
                "added_tokens: %zu left out, %s with id %" JSON_INTEGER_FORMAT
                " the first, as the model's vocabulary has %" PRIu32
                " rows; such text is tokenized like any other",
                count, reader_quote_json(quoted, json_object_get(first, "content")),
                json_integer_value(json_object_get(first, "id")), reader->source.rows);
}

bool reader_added(struct reader *reader, json_t *root)
{
    struct tokenizer_source *source = &reader->source;
    json_t *nodes = json_object_get(root, "added_tokens"), *first = NULL;
    if (nodes == NULL)
        return true;
    if (!json_is_array(nodes))
        return reader_refuse(reader, "added_tokens: found %s, expected an array",
                             reader_kind(nodes));
    size_t count = json_array_size(nodes), without_row = 0;
    source->added = calloc(count + 1, sizeof *source->added);
    if (source->added == NULL)
        return reader_no_memory(reader);
    uint64_t next_id = json_object_size(reader->vocab);
    for (size_t i = 0; i < count; i++) {
        bool left_out = false;
        json_t *node = json_array_get(nodes, i);
        struct source_added *added = &source->added[source->added_count];
        if (!read_added_token(reader, i, node, added, &next_id, &left_out))
            return false;
        if (left_out && without_row++ == 0)
            first = node;
        source->added_count += !left_out;
    }
    if (without_row > 0)
        note_left_out(reader, first, without_row);
    return true;
}

bool reader_find(const struct reader *reader, json_t *root, const char *text, size_t bytes,
                 uint32_t *id)
{
    json_t *found = json_object_getn(reader->vocab, text, bytes);
    json_t *nodes = json_object_get(root, "added_tokens");
    for (size_t i = 0; i < json_array_size(nodes) && found == NULL; i++) {
        json_t *node = json_array_get(nodes, i), *content = json_object_get(node, "content");
        if (json_string_length(content) == bytes &&
            memcmp(json_string_value(content), text, bytes) == 0)
            found = json_object_get(node, "id");
    }
    const bool has_row =
        found != NULL && json_integer_value(found) < (json_int_t)reader->source.rows;
    *id = has_row ? (uint32_t)json_integer_value(found) : TOKENIZER_NONE;
    return has_row;
}
