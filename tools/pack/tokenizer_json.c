/* Reads tokenizer.json and compiles it. */
#include "tools/pack/tokenizer_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pack/tokenizer_reader.h"

static bool read_root(struct reader *reader, json_t *root)
{
    static const char *const leftovers[] = {"truncation", "padding"};
    char quoted[QUOTE_BYTES];
    if (!json_is_object(root))
        return reader_refuse(reader, "found %s, expected an object", reader_kind(root));
    if (!reader_known_keys(reader, "", root,
                           "version, truncation, padding, added_tokens, normalizer, pre_tokenizer, "
                           "post_processor, decoder, model"))
        return false;
    json_t *version = json_object_get(root, "version");
    if (version != NULL && !json_is_string(version))
        return reader_refuse(reader, "version: found %s, expected '1.0'", reader_kind(version));
    if (version != NULL && strcmp(json_string_value(version), "1.0") != 0)
        return reader_refuse(reader, "version: found %s, expected '1.0'",
                             reader_quote_json(quoted, version));
    for (size_t i = 0; i < 2; i++) {
        json_t *value = json_object_get(root, leftovers[i]);
        if (value != NULL && !json_is_null(value))
            reader_note(reader, "%s is left out, texts are taken as they are", leftovers[i]);
    }
    return reader_normalizer(reader, root) && reader_pre_tokenizer(reader, root) &&
           reader_model(reader, root) && reader_decoder(reader, root) &&
           reader_added(reader, root) && reader_word_flags(reader) && reader_template(reader, root);
}

/* The document of a file, to be released; NULL after a complaint. */
static json_t *parse(struct reader *reader, const struct tokenizer_text *text,
                     enum json_text_strings strings)
{
    struct json_text_error error;
    json_t *root = json_text_parse(text->json, text->bytes, strings, &error);
    if (root == NULL)
        reader_refuse(reader, "line %" PRIu32 ", column %" PRIu32 ": not valid JSON: %s",
                      error.line, error.column, error.text);
    return root;
}

/* tokenizer.json, or tokenizer.model in its form. */
static json_t *read_document(struct reader *reader, const struct tokenizer_text *text)
{
    const char *end = strrchr(text->name, '.');
    return end != NULL && strcmp(end, ".model") == 0
               ? reader_sentencepiece(reader, text->json, text->bytes)
               : parse(reader, text, JSON_TEXT_EXACT);
}

/* The document of tokenizer_config.json; complaints are about that file. */
static bool open_config(struct reader *reader, const struct tokenizer_text *config)
{
    if (config == NULL)
        return true;
    const char *name = reader->name;
    reader->name = reader->config_name = config->name;
    reader->config = parse(reader, config, JSON_TEXT_MARKED);
    if (reader->config != NULL && !json_is_object(reader->config))
        reader_refuse(reader, "found %s, expected an object", reader_kind(reader->config));
    else if (reader->config != NULL)
        reader->name = name;
    return reader->code == 0;
}

bool reader_add_rank(struct reader *reader, size_t index, uint32_t rank)
{
    if (index >= reader->rank_room) {
        const size_t room = 2 * index + 1024;
        uint32_t *grown = realloc(reader->ranks, room * sizeof *grown);
        if (grown == NULL)
            return false;
        reader->ranks = grown;
        reader->rank_room = room;
    }
    reader->ranks[index] = rank;
    reader->rank_count = index + 1;
    return true;
}

static void reader_free(struct reader *reader)
{
    struct tokenizer_source *source = &reader->source;
    json_decref(reader->config);
    free(reader->entries);
    free(reader->own_bos);
    free(reader->own_eos);
    free(reader->ranks);
    free(source->tokens);
    free(source->pool.bytes);
    free(source->patterns.bytes);
    free(source->map.bytes);
    free(source->steps.bytes);
    free(source->merges);
    free(source->seams);
    free(source->added);
}

int tokenizer_compile_memory(const struct tokenizer_text *tokenizer,
                             const struct tokenizer_text *config, uint64_t vocab_rows,
                             struct tokenizer_blob *blob, char message[TOKENIZER_JSON_MESSAGE])
{
    struct reader reader = {.name = tokenizer->name, .message = message, .notes = blob->notes};
    *blob = (struct tokenizer_blob){0};
    if (vocab_rows == 0 || vocab_rows > TOKENIZER_MAX_ROWS) {
        reader_refuse(&reader, "a model with %" PRIu64 " rows of vocabulary, expected 1 to %d",
                      vocab_rows, TOKENIZER_MAX_ROWS);
        return reader.code;
    }
    reader.source.rows = (uint32_t)vocab_rows;
    reader.source.unknown = TOKENIZER_NONE;
    json_t *root = read_document(&reader, tokenizer);
    reader.source.tokens = calloc(vocab_rows, sizeof *reader.source.tokens);
    memset(reader.source.byte_ids, 0xFF, sizeof reader.source.byte_ids);
    if (reader.source.tokens == NULL)
        reader_no_memory(&reader);
    else if (root != NULL && open_config(&reader, config) && read_root(&reader, root) &&
             reader_config(&reader, root))
        reader.code = tokenizer_build(&reader.source, tokenizer->name, blob, message);
    if (reader.code == 3)
        reader_no_memory(&reader);
    json_decref(root);
    reader_free(&reader);
    return reader.code;
}

/* Reads the whole file; NULL with message set when it cannot. *bytes is its size. */
static char *read_file(const char *path, size_t *bytes, char message[TOKENIZER_JSON_MESSAGE])
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        snprintf(message, TOKENIZER_JSON_MESSAGE, "%s: %s", path, strerror(errno));
        return NULL;
    }
    size_t capacity = 1 << 16;
    char *text = malloc(capacity);
    *bytes = 0;
    while (text != NULL) {
        *bytes += fread(text + *bytes, 1, capacity - *bytes, file);
        if (*bytes < capacity || capacity > TOKENIZER_JSON_BYTES)
            break;
        capacity *= 2;
        char *grown = realloc(text, capacity);
        if (grown == NULL)
            free(text);
        text = grown;
    }
    const char *reason = NULL;
    if (text == NULL)
        reason = "not enough memory to read it";
    else if (ferror(file))
        reason = "cannot be read";
    else if (*bytes > TOKENIZER_JSON_BYTES)
        reason = "has more than 268435456 bytes; a tokenizer.json has far fewer";
    fclose(file);
    if (reason == NULL)
        return text;
    snprintf(message, TOKENIZER_JSON_MESSAGE, "%s: %s", path, reason);
    free(text);
    return NULL;
}

/* The path of the file `name` in the folder of `path`; to be freed. */
static char *beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    char *made = malloc(folder + strlen(name) + 1);
    if (made == NULL)
        return NULL;
    memcpy(made, path, folder);
    strcpy(made + folder, name);
    return made;
}

/* Files beside NAME.model that older versions of `transformers` wrote: names those that are there.
 */
static void note_unread(const char *path, struct tokenizer_blob *blob)
{
    static const char *const names[] = {"added_tokens.json", "special_tokens_map.json"};
    const char *end = strrchr(path, '.');
    for (size_t i = 0; i < 2 && end != NULL && strcmp(end, ".model") == 0; i++) {
        char *beside_it = beside(path, names[i]);
        struct reader reader = {.name = beside_it, .notes = blob->notes};
        if (beside_it != NULL && access(beside_it, F_OK) == 0)
            reader_note(&reader, "not read; of added tokens those of tokenizer_config.json count");
        free(beside_it);
    }
}

int tokenizer_compile(const char *path, uint64_t vocab_rows, struct tokenizer_blob *blob,
                      char message[TOKENIZER_JSON_MESSAGE])
{
    struct tokenizer_text tokenizer = {.name = path}, config = {0};
    *blob = (struct tokenizer_blob){0};
    char *json = read_file(path, &tokenizer.bytes, message);
    if (json == NULL)
        return 4;
    tokenizer.json = json;
    char *config_path = beside(path, "tokenizer_config.json"), *config_json = NULL;
    bool has_config = config_path != NULL && access(config_path, F_OK) == 0;
    if (has_config)
        config_json = read_file(config_path, &config.bytes, message);
    config.name = config_path;
    config.json = config_json;
    int code = config_path == NULL ? 3 : 4;
    if (config_path == NULL)
        snprintf(message, TOKENIZER_JSON_MESSAGE, "%s: not enough memory", path);
    else if (!has_config || config_json != NULL)
        code = tokenizer_compile_memory(&tokenizer, has_config ? &config : NULL, vocab_rows, blob,
                                        message);
    if (code == 0)
        note_unread(path, blob);
    free(config_json);
    free(config_path);
    free(json);
    return code;
}
