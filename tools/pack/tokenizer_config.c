/* tokenizer_config.json: the switches that Hugging Face `transformers` obeys where tokenizer.json
 * is there, too. Its other keys (chat templates, lengths, sides) have no part in what a text is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pack/tokenizer_reader.h"

/* Classes that make the ids around a text anew, with what they do when the file says nothing, and
 * those that obey add_prefix_space. */
static const struct class
{
    const char *name;
    bool around;
    bool bos;
    const char *bos_token, *eos_token;
} classes[] = {
    {"LlamaTokenizer", true, true, "<s>", "</s>"},
    {"CodeLlamaTokenizer", true, true, "<s>", "</s>"},
    {"GPTNeoXTokenizer", true, false, "<|endoftext|>", "<|endoftext|>"},
    {"GPT2Tokenizer", false, false, NULL, NULL},
    {"CodeGenTokenizer", false, false, NULL, NULL},
};

/* The class by its name, with or without "Fast" behind it. */
static const struct class *find_class(json_t *name)
{
    const char *text = json_is_string(name) ? json_string_value(name) : "";
    size_t bytes = strlen(text);
    if (bytes > 4 && strcmp(text + bytes - 4, "Fast") == 0)
        bytes -= 4;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strlen(classes[i].name) == bytes && memcmp(text, classes[i].name, bytes) == 0)
            return &classes[i];
    }
    return NULL;
}

bool reader_switch(struct reader *reader, const char *key, bool *given, bool *value)
{
    json_t *found = json_object_get(reader->config, key);
    *given = found != NULL && !json_is_null(found);
    *value = json_is_true(found);
    if (!*given || json_is_boolean(found))
        return true;
    reader->name = reader->config_name;
    return reader_refuse(reader, "%s: found %s, expected true or false", key, reader_kind(found));
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static struct added_entry *find_entry(struct reader *reader, json_t *content)
{
    for (size_t i = 0; i < reader->entry_count; i++)
        if (json_equal(reader->entries[i].content, content))
            return &reader->entries[i];
    return NULL;
}

static int by_id(const void *left, const void *right)
{
    const struct added_entry *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* One entry of added_tokens_decoder, {"32000": {"content": ..., "lstrip": ...}}. */
static bool read_entry(struct reader *reader, const char *key, json_t *node,
                       struct added_entry *entry)
{
    char *end, quoted[QUOTE_BYTES];
    *entry = (struct added_entry){.node = node, .of_config = true};
    entry->content = json_is_object(node) ? json_object_get(node, "content") : node;
    entry->id = strtoull(key, &end, 10);
    snprintf(entry->path, sizeof entry->path, "added_tokens_decoder[%.20s]", key);
    if (key[0] < '0' || key[0] > '9' || *end != '\0')
        return reader_refuse(reader, "added_tokens_decoder: found key %s, expected an id",
                             reader_quote(quoted, key, strlen(key)));
    if (!json_is_string(entry->content))
        return reader_refuse(reader, "%s.content: found %s, expected a string", entry->path,
                             reader_kind(entry->content));
    return true;
}

/* Adds an entry, or gives the token that is there its flags. */
static bool put_entry(struct reader *reader, struct added_entry *entry)
{
    struct added_entry *known = find_entry(reader, entry->content);
    if (known == NULL)
        return reader_add_entry(reader, entry);
    if (!json_is_object(entry->node))
        return true;
    json_t *id = json_object_get(known->node, "id");
    if (json_is_integer(id) && (uint64_t)json_integer_value(id) != entry->id)
        return reader_refuse(reader,
                             "%s: found an id that is %" JSON_INTEGER_FORMAT " in tokenizer.json",
                             entry->path, json_integer_value(id));
    entry->special = json_is_true(json_object_get(known->node, "special"));
    *known = *entry;
    return true;
}

/* They are added in the order of their ids; the flags here have the last word. */
static bool add_decoder(struct reader *reader, json_t *decoder)
{
    const size_t count = json_object_size(decoder);
    struct added_entry *entries = calloc(count + 1, sizeof *entries);
    size_t read = 0;
    const char *key;
    json_t *node;
    bool good = true;
    if (entries == NULL)
        return reader_no_memory(reader);
    json_object_foreach(decoder, key, node)
    {
        good = good && read_entry(reader, key, node, &entries[read]);
        read += good;
    }
    qsort(entries, read, sizeof *entries, by_id);
    for (size_t i = 0; i < read && good; i++)
        good = put_entry(reader, &entries[i]);
    free(entries);
    return good;
}

/* A token by its role: a string, an object with flags, or null. It becomes a special token. */
static bool add_named(struct reader *reader, const char *key, json_t *node)
{
    struct added_entry entry = {.node = node, .of_config = true, .special = true, .named = true};
    entry.content = json_is_object(node) ? json_object_get(node, "content") : node;
    snprintf(entry.path, sizeof entry.path, "%.60s", key);
    if (node == NULL || json_is_null(node))
        return true;
    if (!json_is_string(entry.content))
        return reader_refuse(reader, "%s: found %s, expected a token", key,
                             reader_kind(entry.content));
    return json_string_length(entry.content) == 0 || find_entry(reader, entry.content) != NULL ||
           reader_add_entry(reader, &entry);
}

/* A list of tokens, or an object of tokens by name. */
static bool add_several(struct reader *reader, const char *key, json_t *nodes)
{
    const char *name;
    json_t *node;
    size_t i;
    json_array_foreach(nodes, i, node) if (!add_named(reader, key, node)) return false;
    if (json_is_object(nodes))
        json_object_foreach(nodes, name, node) if (!add_named(reader, key, node)) return false;
    return true;
}

static bool add_tokens(struct reader *reader)
{
    static const char *const roles[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                        "pad_token", "cls_token", "mask_token"};
    json_t *decoder = json_object_get(reader->config, "added_tokens_decoder");
    if (decoder != NULL && !json_is_null(decoder) && !json_is_object(decoder))
        return reader_refuse(reader, "added_tokens_decoder: found %s, expected an object",
                             reader_kind(decoder));
    if (decoder != NULL && !add_decoder(reader, decoder))
        return false;
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (!add_named(reader, roles[i], json_object_get(reader->config, roles[i])))
            return false;
    static const char *const lists[] = {"additional_special_tokens", "extra_special_tokens"};
    for (size_t i = 0; i < 2; i++)
        if (!add_several(reader, lists[i], json_object_get(reader->config, lists[i])))
            return false;
    return true;
}

bool reader_config_tokens(struct reader *reader)
{
    const char *name = reader->name;
    if (reader->config == NULL)
        return true;
    reader->name = reader->config_name;
    if (!json_is_object(reader->config))
        return reader_refuse(reader, "found %s, expected an object", reader_kind(reader->config));
    if (!add_tokens(reader))
        return false;
    reader->name = name;
    return true;
}

/* ---- the ids around a text ------------------------------------------------------------------- */

/* A token's content, a string or the content of an object; the usual one when absent. */
static bool add_around(struct reader *reader, const char *key, const char *usual, bool before)
{
    char quoted[QUOTE_BYTES];
    uint32_t id;
    json_t *token = json_object_get(reader->config, key);
    json_t *text = json_is_object(token) ? json_object_get(token, "content") : token;
    const char *content = text != NULL ? json_string_value(text) : usual;
    if (content == NULL)
        return reader_refuse(reader, "%s: found %s, expected a token, as one is to be added", key,
                             reader_kind(text));
    const size_t bytes = text != NULL ? json_string_length(text) : strlen(content);
    if (!reader_find(reader, content, bytes, &id))
        return reader_refuse(reader, "%s: %s is no token of tokenizer.json that the model has", key,
                             reader_quote(quoted, content, bytes));
    return reader_add_id(reader, key, id, before);
}

/* Where the config says nothing a template of tokenizer.json stays: transformers 5 writes it there
 * and nowhere else. */
static bool read_around(struct reader *reader, const struct class *class)
{
    const char *bos_token = reader->from_sentencepiece ? reader->own_bos : class->bos_token;
    const char *eos_token = reader->from_sentencepiece ? reader->own_eos : class->eos_token;
    struct tokenizer_source *source = &reader->source;
    bool bos, eos;
    json_t *says_bos = json_object_get(reader->config, "add_bos_token");
    json_t *says_eos = json_object_get(reader->config, "add_eos_token");
    bool unused;
    if (!reader_switch(reader, "add_bos_token", &unused, &bos) ||
        !reader_switch(reader, "add_eos_token", &unused, &eos))
        return false;
    if (says_bos == NULL && says_eos == NULL && reader->has_template && class->bos)
        return true;
    if (says_bos == NULL)
        bos = class->bos && bos_token != NULL;
    source->ids_before = source->ids_after = 0;
    return (!bos || add_around(reader, "bos_token", bos_token, true)) &&
           (!eos || add_around(reader, "eos_token", eos_token, false));
}

/* ---- the space before a text ----------------------------------------------------------------- */

/* add_prefix_space, and legacy, by which the parts of a text between special tokens get one, too.
 */
static bool read_prefix(struct reader *reader, json_t *root, const struct class *class)
{
    struct tokenizer_source *source = &reader->source;
    const bool chars = (source->flags & TOKENIZER_CHARS) != 0;
    const uint32_t any = TOKENIZER_PREFIX_SPACE | TOKENIZER_PREPEND;
    bool given, prefix, legacy;
    if (!reader_switch(reader, "legacy", &given, &legacy) ||
        !reader_switch(reader, "add_prefix_space", &given, &prefix))
        return false;
    if (reader->from_sentencepiece && !legacy)
        source->flags |= TOKENIZER_PREFIX_FIRST;
    if (!given || prefix == ((source->flags & any) != 0))
        return true;
    json_t *type = json_object_get(json_object_get(root, "pre_tokenizer"), "type");
    const bool marked = chars && (source->flags & TOKENIZER_MARKED) && class->bos;
    const bool bytes = json_is_string(type) && strcmp(json_string_value(type), "ByteLevel") == 0;
    if (!reader->from_sentencepiece && !marked && !(bytes && !class->bos)) {
        reader_note(reader, "add_prefix_space is left out, tokenizer.json says otherwise");
        return true;
    }
    if (prefix && reader->user_defined)
        return reader_refuse(reader, "add_prefix_space: found true, which is not supported with a "
                                     "tokenizer.model that has user-defined pieces and adds none");
    const uint32_t all = any | TOKENIZER_PREFIX_FIRST | TOKENIZER_STRIP | TOKENIZER_STRIP_MARKS;
    source->flags &= ~all;
    source->prefix_level = 0;
    if (prefix)
        source->flags |= TOKENIZER_PREFIX_SPACE | (chars ? TOKENIZER_STRIP : 0u) |
                         (chars && !legacy ? TOKENIZER_PREFIX_FIRST : 0u);
    return true;
}

/* Switches that change ids or text in ways that nothing here follows. */
static bool check_switches(struct reader *reader)
{
    static const char *const unsupported[] = {
        "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output",
        "fix_mistral_regex"};
    bool given, on;
    for (size_t i = 0; i < 2; i++) {
        if (!reader_switch(reader, unsupported[i], &given, &on))
            return false;
        if (on)
            return reader_refuse(reader, "%s: found true, which is not supported", unsupported[i]);
    }
    return true;
}

bool reader_config(struct reader *reader, json_t *root)
{
    const struct class *class = find_class(json_object_get(reader->config, "tokenizer_class"));
    if (class == NULL && reader->from_sentencepiece)
        class = &classes[0];
    const char *name = reader->name;
    if (reader->config != NULL)
        reader->name = reader->config_name;
    if (!check_switches(reader) ||
        (class != NULL && class->around && !read_around(reader, class)) ||
        (class != NULL && !read_prefix(reader, root, class)))
        return false;
    reader->name = name;
    return true;
}
