/* The ids around a text, as post_processor says; tokenizer_config.json may have the last word. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/pack/tokenizer_reader.h"

bool reader_add_id(struct reader *reader, const char *path, uint32_t id, bool before)
{
    struct tokenizer_source *source = &reader->source;
    if (!(source->tokens[id].flags & TOKEN_PRESENT))
        return reader_refuse(reader, "%s: found id %" PRIu32 ", which no token has", path, id);
    if (source->ids_before + source->ids_after == TOKENIZER_MAX_TEMPLATE)
        return reader_refuse(reader, "%s: more than %d ids around a text", path,
                             TOKENIZER_MAX_TEMPLATE);
    source->template[source->ids_before + source->ids_after] = id;
    source->ids_before += before;
    source->ids_after += !before;
    return true;
}

/* The ids that special_tokens[name] stands for. */
static bool add_special(struct reader *reader, json_t *specials, json_t *name, bool before)
{
    char path[QUOTE_BYTES + 64], quoted[QUOTE_BYTES];
    snprintf(path, sizeof path, "post_processor.special_tokens[%s].ids",
             reader_quote_json(quoted, name));
    json_t *entry = json_object_getn(specials, json_string_value(name), json_string_length(name));
    json_t *ids = json_object_get(entry, "ids");
    if (!json_is_array(ids))
        return reader_refuse(reader, "%s: found %s, expected an array", path, reader_kind(ids));
    for (size_t i = 0; i < json_array_size(ids); i++) {
        uint32_t id;
        if (!reader_id(reader, path, json_array_get(ids, i), &id) ||
            !reader_add_id(reader, path, id, before))
            return false;
    }
    return true;
}

/* The template of a single text: specials, the text itself, specials. */
static bool read_template(struct reader *reader, const char *path, json_t *node)
{
    char inner[96];
    bool before = true;
    json_t *single = json_object_get(node, "single");
    if (!reader_known_keys(reader, path, node, "type, single, pair, special_tokens"))
        return false;
    if (!json_is_array(single))
        return reader_refuse(reader, "%s.single: found %s, expected an array", path,
                             reader_kind(single));
    for (size_t i = 0; i < json_array_size(single); i++) {
        json_t *part = json_array_get(single, i);
        json_t *special = json_object_get(part, "SpecialToken");
        json_t *sequence = json_object_get(part, "Sequence");
        json_t *name = json_object_get(special != NULL ? special : sequence, "id");
        snprintf(inner, sizeof inner, "%s.single[%zu]", path, i);
        if (json_object_size(part) != 1 || !json_is_string(name))
            return reader_refuse(reader, "%s: expected one SpecialToken or Sequence with an id",
                                 inner);
        if (sequence != NULL && (!before || strcmp(json_string_value(name), "A") != 0))
            return reader_refuse(reader, "%s: expected Sequence 'A', once", inner);
        if (sequence != NULL)
            before = false;
        else if (!add_special(reader, json_object_get(node, "special_tokens"), name, before))
            return false;
    }
    if (before)
        return reader_refuse(reader, "%s.single: found no Sequence, expected 'A'", path);
    return true;
}

/* A processor that is no Sequence; *templates counts those that add ids. */
static bool read_processor(struct reader *reader, const char *path, json_t *node,
                           const char *supported, uint32_t *templates)
{
    bool unused;
    const char *type = reader_type_of(reader, path, node, supported);
    if (type == NULL)
        return false;
    if (strcmp(type, "ByteLevel") == 0)
        return reader_byte_level(reader, path, node, &unused, &unused);
    if (strcmp(type, "TemplateProcessing") != 0)
        return reader_type(reader, path, node, supported, NULL);
    if (++*templates > 1)
        return reader_refuse(reader, "%s: a second TemplateProcessing is not supported", path);
    reader->has_template = true;
    return read_template(reader, path, node);
}

bool reader_template(struct reader *reader, json_t *root)
{
    uint32_t templates = 0;
    json_t *node = json_object_get(root, "post_processor");
    json_t *type = json_object_get(node, "type");
    if (node == NULL || json_is_null(node))
        return true;
    if (!json_is_string(type) || strcmp(json_string_value(type), "Sequence") != 0)
        return read_processor(reader, "post_processor", node,
                              "ByteLevel, TemplateProcessing, Sequence", &templates);
    json_t *nodes = reader_sequence(reader, "post_processor", node, "processors");
    if (nodes == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        char path[64];
        snprintf(path, sizeof path, "post_processor.processors[%zu]", i);
        if (!read_processor(reader, path, json_array_get(nodes, i), "ByteLevel, TemplateProcessing",
                            &templates))
            return false;
    }
    return true;
}
