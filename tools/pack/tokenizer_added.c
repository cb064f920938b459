/* The added tokens of tokenizer.json. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "tools/pack/tokenizer_reader.h"

/* An added token's content as the normalizer leaves it, into the pool; *text the same place. Pieces
 * of SentencePiece are sought in what it has normalised, so nothing comes before them. */
static bool add_marked(struct reader *reader, const char *content, size_t bytes,
                       struct pool_text *text)
{
    struct byte_pool *pool = &reader->source.pool;
    struct pool_text prefix = {pool->size, 0};
    if ((reader->source.flags & TOKENIZER_PREPEND) && !reader->from_sentencepiece &&
        !pool_add(pool, " ", 1, &prefix))
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

/* An added token's content as the steps or the form of the normalizer leave it, to be freed in
 * *made; NULL when there are none. */
static bool normalise(struct reader *reader, const char *content, size_t bytes, uint8_t **made,
                      size_t *made_bytes)
{
    struct tokenizer_source *source = &reader->source;
    *made = NULL;
    if (source->step_count > 0) {
        char message[TOKENIZER_JSON_MESSAGE];
        const int code =
            tokenizer_build_normalised(source, content, bytes, made, made_bytes, message);
        if (code == 4)
            return reader_refuse(reader, "normalizer: %s", message);
        return code == 0 || reader_no_memory(reader);
    }
    if (!(source->flags & TOKENIZER_NORMALISE))
        return true;
    const bool apart = (source->flags & TOKENIZER_DECOMPOSED) != 0;
    const bool compatible = (source->flags & TOKENIZER_COMPATIBLE) != 0;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)content, (utf8proc_ssize_t)bytes, made,
                     UTF8PROC_STABLE | (apart ? UTF8PROC_DECOMPOSE : UTF8PROC_COMPOSE) |
                         (compatible ? UTF8PROC_COMPAT : (utf8proc_option_t)0));
    *made_bytes = (size_t)length;
    return length >= 0 || reader_no_memory(reader);
}

/* What is sought and printed for an added token's content: as normalised, when both want it. */
static bool add_content(struct reader *reader, const char *content, size_t bytes, bool special,
                        struct source_added *added)
{
    struct tokenizer_source *source = &reader->source;
    struct source_token *token = &source->tokens[added->id];
    uint8_t *made = NULL;
    if (added->clean && !normalise(reader, content, bytes, &made, &bytes)) {
        free(made);
        return false;
    }
    if (made != NULL)
        content = (const char *)made;
    if (bytes == 0 || bytes > TOKENIZER_MAX_ADDED_BYTES) {
        free(made);
        return reader_refuse(reader,
                             "an added token has %zu bytes once normalised, expected 1 to %d",
                             bytes, TOKENIZER_MAX_ADDED_BYTES);
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
    free(made);
    return done;
}

/* The id that Hugging Face gives: the vocabulary's, or the next behind it. */
static uint64_t usual_id(const struct reader *reader, const struct added_entry *entry,
                         uint64_t *next_id)
{
    json_t *in_vocab = json_object_getn(reader->vocab, json_string_value(entry->content),
                                        json_string_length(entry->content));
    return in_vocab != NULL ? (uint64_t)json_integer_value(in_vocab) : (*next_id)++;
}

/* Reads the id, which must be the usual one. */
static bool read_added_id(struct reader *reader, struct added_entry *entry, uint64_t *next_id)
{
    json_t *value = json_is_object(entry->node) ? json_object_get(entry->node, "id") : NULL;
    const uint64_t usual = usual_id(reader, entry, next_id);
    const bool in_vocab = usual != *next_id - 1;
    if (entry->named || (entry->of_config && in_vocab))
        entry->id = usual; /* where it is in the vocabulary that is all that counts */
    else if (!entry->of_config && !json_is_integer(value))
        return reader_refuse(reader, "%s.id: found %s, expected an integer id", entry->path,
                             reader_kind(value));
    else if (!entry->of_config && json_integer_value(value) < 0)
        return reader_refuse(reader, "%s.id: found id %" JSON_INTEGER_FORMAT ", expected 0 or more",
                             entry->path, json_integer_value(value));
    else if (!entry->of_config)
        entry->id = (uint64_t)json_integer_value(value);
    uint8_t flags = entry->id < reader->source.rows ? reader->source.tokens[entry->id].flags : 0;
    if (flags & TOKEN_ADDED)
        return reader_refuse(reader, "%s.id: found %" PRIu64 ", which another added token has",
                             entry->path, entry->id);
    if (entry->id != usual)
        return reader_refuse(
            reader, "%s.id: found %" PRIu64 ", expected %" PRIu64 " (%s)", entry->path, entry->id,
            usual, in_vocab ? "its id in model.vocab" : "the next id that follows model.vocab");
    if (!in_vocab && (flags & TOKEN_PRESENT))
        return reader_refuse(reader, "%s.id: found %" PRIu64 ", which a token of model.vocab has",
                             entry->path, entry->id);
    return true;
}

/* All flags are there in tokenizer.json; elsewhere those that are not are off. */
static bool read_added_flags(struct reader *reader, const struct added_entry *entry,
                             struct source_added *added, bool *special)
{
    bool values[5] = {false, false, false, false, false};
    static const char *const keys[5] = {"special", "normalized", "lstrip", "rstrip", "single_word"};
    for (size_t i = 0; i < 5 && json_is_object(entry->node); i++) {
        const bool good =
            entry->of_config
                ? reader_option(reader, entry->path, entry->node, keys[i], values[i], &values[i])
                : reader_flag(reader, entry->path, entry->node, keys[i], &values[i]);
        if (!good)
            return false;
    }
    *special = entry->special || values[0];
    added->clean = values[1];
    added->flags = (values[2] ? ADDED_LSTRIP : 0u) | (values[3] ? ADDED_RSTRIP : 0u) |
                   (values[4] ? ADDED_SINGLE_WORD : 0u);
    return true;
}

/* *left_out: it is sound, but the model has no row for it. */
static bool read_added_token(struct reader *reader, struct added_entry *entry,
                             struct source_added *added, uint64_t *next_id, bool *left_out)
{
    bool special, given, plain;
    size_t bytes = json_string_length(entry->content);
    if (bytes == 0 || bytes > TOKENIZER_MAX_ADDED_BYTES)
        return reader_refuse(reader, "%s.content: found %zu bytes, expected 1 to %d", entry->path,
                             bytes, TOKENIZER_MAX_ADDED_BYTES);
    if (!read_added_id(reader, entry, next_id) ||
        !read_added_flags(reader, entry, added, &special) ||
        !reader_switch(reader, "split_special_tokens", &given, &plain))
        return false;
    *left_out = entry->id >= reader->source.rows;
    if (*left_out)
        return true;
    if (added->clean && (added->flags & (ADDED_LSTRIP | ADDED_RSTRIP)) &&
        (reader->source.flags & TOKENIZER_MARK))
        return reader_refuse(reader,
                             "%s: %s with normalized true is not supported where the normalizer "
                             "replaces spaces",
                             entry->path, added->flags & ADDED_LSTRIP ? "lstrip" : "rstrip");
    added->id = (uint32_t)entry->id;
    added->flags |= special && plain ? ADDED_PLAIN : 0u;
    return add_content(reader, json_string_value(entry->content), bytes, special, added);
}

/* Says which added tokens have no rows. */
static void note_left_out(struct reader *reader, const struct added_entry *first, size_t count)
{
    char quoted[QUOTE_BYTES];
    reader_note(reader,
                "added_tokens: %zu left out, %s with id %" PRIu64
                " the first, as the model's vocabulary has %" PRIu32
                " rows; such text is tokenized like any other",
                count, reader_quote_json(quoted, first->content), first->id, reader->source.rows);
}

/* The tokens of tokenizer.json. */
static bool add_entries(struct reader *reader, json_t *nodes)
{
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        struct added_entry entry = {.node = json_array_get(nodes, i)};
        entry.content = json_object_get(entry.node, "content");
        snprintf(entry.path, sizeof entry.path, "added_tokens[%zu]", i);
        if (!json_is_object(entry.node))
            return reader_refuse(reader, "%s: found %s, expected an object", entry.path,
                                 reader_kind(entry.node));
        if (!reader_known_keys(reader, entry.path, entry.node,
                               "id, content, single_word, lstrip, rstrip, normalized, special"))
            return false;
        if (!json_is_string(entry.content))
            return reader_refuse(reader, "%s.content: found %s, expected a string", entry.path,
                                 reader_kind(entry.content));
        if (!reader_add_entry(reader, &entry))
            return false;
    }
    return true;
}

bool reader_add_entry(struct reader *reader, const struct added_entry *entry)
{
    struct added_entry *grown =
        realloc(reader->entries, (reader->entry_count + 1) * sizeof *reader->entries);
    if (grown == NULL)
        return reader_no_memory(reader);
    reader->entries = grown;
    reader->entries[reader->entry_count++] = *entry;
    return true;
}

bool reader_added(struct reader *reader, json_t *root)
{
    struct tokenizer_source *source = &reader->source;
    json_t *nodes = json_object_get(root, "added_tokens");
    if (nodes != NULL && !json_is_array(nodes))
        return reader_refuse(reader, "added_tokens: found %s, expected an array",
                             reader_kind(nodes));
    if (!add_entries(reader, nodes) || !reader_config_tokens(reader))
        return false;
    source->added = calloc(reader->entry_count + 1, sizeof *source->added);
    if (source->added == NULL)
        return reader_no_memory(reader);
    const struct added_entry *first = NULL;
    size_t without_row = 0;
    uint64_t next_id = json_object_size(reader->vocab);
    for (size_t i = 0; i < reader->entry_count; i++) {
        bool left_out = false;
        struct added_entry *entry = &reader->entries[i];
        const char *name = reader->name;
        if (entry->of_config)
            reader->name = reader->config_name;
        if (!read_added_token(reader, entry, &source->added[source->added_count], &next_id,
                              &left_out))
            return false;
        reader->name = name;
        if (left_out && without_row++ == 0)
            first = entry;
        source->added_count += !left_out;
    }
    if (without_row > 0)
        note_left_out(reader, first, without_row);
    return true;
}

bool reader_find(const struct reader *reader, const char *text, size_t bytes, uint32_t *id)
{
    json_t *found = json_object_getn(reader->vocab, text, bytes);
    uint64_t wide = found != NULL ? (uint64_t)json_integer_value(found) : UINT64_MAX;
    for (size_t i = 0; i < reader->entry_count && found == NULL; i++) {
        const struct added_entry *entry = &reader->entries[i];
        if (json_string_length(entry->content) == bytes &&
            memcmp(json_string_value(entry->content), text, bytes) == 0)
            wide = entry->id;
    }
    *id = wide < reader->source.rows ? (uint32_t)wide : TOKENIZER_NONE;
    return wide < reader->source.rows;
}
