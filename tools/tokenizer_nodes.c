/* The normalizer and the decoder of tokenizer.json: what may be there depends on whether the
 * symbols are bytes or characters. */
#include <stdio.h>
#include <string.h>

#include "tools/tokenizer_reader.h"

/* Reads the node of the given type; the flag that it stands for to *flag. */
typedef bool node_reader(struct reader *reader, const char *path, json_t *node, const char *type,
                         uint32_t *flag);

static bool read_nfc(struct reader *reader, const char *path, json_t *node, const char *type,
                     uint32_t *flag)
{
    *flag = TOKENIZER_NFC;
    if (strcmp(type, "NFC") != 0)
        return reader_type(reader, path, node, "NFC, Sequence", NULL);
    return reader_known_keys(reader, path, node, "type");
}

static bool read_mark(struct reader *reader, const char *path, json_t *node, const char *type,
                      uint32_t *flag)
{
    if (strcmp(type, "Prepend") == 0) {
        *flag = TOKENIZER_PREPEND;
        return reader_known_keys(reader, path, node, "type, prepend") &&
               reader_string(reader, path, node, "prepend", SPACE_MARK);
    }
    *flag = TOKENIZER_MARK;
    if (strcmp(type, "Replace") != 0)
        return reader_type(reader, path, node,
                           "Prepend, Replace, Sequence (without a ByteLevel pre_tokenizer)", NULL);
    return reader_replace(reader, path, node, " ", SPACE_MARK);
}

/* A node, or a Sequence of them. */
static bool read_normalizer(struct reader *reader, json_t *node, node_reader *read)
{
    static const char supported[] = "NFC, Prepend, Replace, Sequence";
    char path[64] = "normalizer";
    uint32_t flag;
    const char *type = reader_type_of(reader, path, node, supported);
    if (type == NULL)
        return false;
    if (strcmp(type, "Sequence") != 0) {
        bool good = read(reader, path, node, type, &flag);
        reader->source.flags |= good ? flag : 0;
        return good;
    }
    json_t *nodes = reader_sequence(reader, path, node, "normalizers");
    if (nodes == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        json_t *child = json_array_get(nodes, i);
        snprintf(path, sizeof path, "normalizer.normalizers[%zu]", i);
        type = reader_type_of(reader, path, child, supported);
        if (type == NULL || !read(reader, path, child, type, &flag))
            return false;
        if (flag != TOKENIZER_NFC && (reader->source.flags & flag) != 0)
            return reader_refuse(reader, "%s: a second %s is not supported", path, type);
        reader->source.flags |= flag;
    }
    return true;
}

/* Where symbols are characters, exactly one of normalizer and pre_tokenizer makes spaces marks. */
static bool check_marks(struct reader *reader, json_t *root)
{
    bool metaspace = json_is_object(json_object_get(root, "pre_tokenizer"));
    bool normalizes = (reader->source.flags & (TOKENIZER_MARK | TOKENIZER_PREPEND)) != 0;
    if (metaspace && normalizes)
        return reader_refuse(reader, "normalizer: found Prepend or Replace together with a "
                                     "Metaspace pre_tokenizer, expected one of both");
    if (!metaspace && (reader->source.flags & TOKENIZER_MARK) == 0)
        return reader_refuse(reader, "normalizer: found no Replace of ' ' by '" SPACE_MARK
                                     "', expected one, as pre_tokenizer is null");
    return true;
}

static bool read_strip(struct reader *reader, const char *path, json_t *node)
{
    json_t *start = json_object_get(node, "start"), *stop = json_object_get(node, "stop");
    if (!reader_known_keys(reader, path, node, "type, content, start, stop") ||
        !reader_string(reader, path, node, "content", " "))
        return false;
    if (!json_is_integer(start) || json_integer_value(start) != 1 || !json_is_integer(stop) ||
        json_integer_value(stop) != 0)
        return reader_refuse(reader, "%s: only start 1, stop 0 is supported", path);
    reader->source.flags |= TOKENIZER_STRIP;
    return true;
}

/* Replace, ByteFallback, Fuse and perhaps Strip, in this order. */
static bool read_mark_decoder(struct reader *reader, json_t *node)
{
    static const char *const types[] = {"Replace", "ByteFallback", "Fuse", "Strip"};
    if (!reader_type(reader, "decoder", node, "Sequence (without a ByteLevel pre_tokenizer)",
                     "Sequence"))
        return false;
    json_t *nodes = reader_sequence(reader, "decoder", node, "decoders");
    if (nodes == NULL)
        return false;
    size_t count = json_array_size(nodes);
    if (count < 3 || count > 4)
        return reader_refuse(reader,
                             "decoder.decoders: found %zu, expected Replace, ByteFallback, Fuse "
                             "and perhaps Strip",
                             count);
    for (size_t i = 0; i < count; i++) {
        char path[64];
        json_t *child = json_array_get(nodes, i);
        snprintf(path, sizeof path, "decoder.decoders[%zu]", i);
        if (!reader_type(reader, path, child, types[i], types[i]))
            return false;
        bool good = i == 0   ? reader_replace(reader, path, child, SPACE_MARK, " ")
                    : i == 3 ? read_strip(reader, path, child)
                             : reader_known_keys(reader, path, child, "type");
        if (!good)
            return false;
    }
    return true;
}

bool reader_nodes(struct reader *reader, json_t *root)
{
    bool unused, chars = (reader->source.flags & TOKENIZER_CHARS) != 0;
    json_t *normalizer = json_object_get(root, "normalizer");
    json_t *decoder = json_object_get(root, "decoder");
    if (normalizer != NULL && !json_is_null(normalizer) &&
        !read_normalizer(reader, normalizer, chars ? read_mark : read_nfc))
        return false;
    if (chars)
        return check_marks(reader, root) && read_mark_decoder(reader, decoder);
    return reader_type(reader, "decoder", decoder, "ByteLevel", "ByteLevel") &&
           reader_byte_level(reader, "decoder", decoder, &unused, &unused);
}
