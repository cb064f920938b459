/* The decoder of tokenizer.json. */
#include <stdio.h>
#include <string.h>

#include "tools/pack/tokenizer_reader.h"

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

/* Metaspace: marks become spaces; those of the first token vanish if one was put before it. */
static bool read_metaspace(struct reader *reader, const char *path, json_t *node)
{
    json_t *scheme = json_object_get(node, "prepend_scheme");
    bool unused, prefix;
    if (!reader_known_keys(reader, path, node,
                           "type, replacement, add_prefix_space, prepend_scheme, split") ||
        !reader_string(reader, path, node, "replacement", SPACE_MARK) ||
        !reader_option(reader, path, node, "split", true, &unused) ||
        !reader_option(reader, path, node, "add_prefix_space", true, &prefix))
        return false;
    if (scheme != NULL && !json_is_string(scheme))
        return reader_refuse(reader, "%s.prepend_scheme: found %s, expected a string", path,
                             reader_kind(scheme));
    if (scheme != NULL)
        prefix = strcmp(json_string_value(scheme), "never") != 0;
    reader->source.flags |= prefix ? TOKENIZER_STRIP_MARKS : 0;
    return true;
}

/* What the decoders of a Sequence have done so far. */
enum decoded { DECODED_BYTES = 1, DECODED_MARKS = 2, DECODED_FUSED = 4, DECODED_STRIPPED = 8 };

/* One decoder of characters; *done is what was done before it. */
static bool read_char_decoder(struct reader *reader, const char *path, json_t *node, unsigned *done)
{
    static const char supported[] =
        "Replace, Metaspace, ByteFallback, Fuse, Strip; BPEDecoder or WordPiece alone";
    static const struct {
        const char *type;
        unsigned does, after, before; /* needs all of `after`, and none of `before` */
    } steps[] = {
        {"Replace", DECODED_MARKS, 0, DECODED_MARKS | DECODED_FUSED},
        {"Metaspace", DECODED_MARKS, 0, DECODED_MARKS | DECODED_FUSED},
        {"ByteFallback", DECODED_BYTES, 0, DECODED_BYTES | DECODED_FUSED},
        {"Fuse", DECODED_FUSED, 0, DECODED_FUSED},
        {"Strip", DECODED_STRIPPED, DECODED_MARKS | DECODED_FUSED, DECODED_STRIPPED},
    };
    const char *type = reader_type_of(reader, path, node, supported);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && type != NULL; i++) {
        if (strcmp(type, steps[i].type) != 0)
            continue;
        if ((*done & steps[i].after) != steps[i].after || (*done & steps[i].before) != 0)
            return reader_refuse(reader,
                                 "%s: %s is not supported at this place, only Replace or "
                                 "Metaspace, ByteFallback, Fuse, Strip in this order",
                                 path, type);
        *done |= steps[i].does;
        return i == 0   ? reader_replace(reader, path, node, SPACE_MARK, " ")
               : i == 1 ? read_metaspace(reader, path, node)
               : i == 4 ? read_strip(reader, path, node)
                        : reader_known_keys(reader, path, node, "type");
    }
    return type != NULL && reader_type(reader, path, node, supported, NULL);
}

/* Tokens of characters: what was a mark must become a space, what was a byte a byte. */
static bool check_decoded(struct reader *reader, unsigned done)
{
    const bool marked = (reader->source.flags & TOKENIZER_MARKED) != 0;
    if (marked != ((done & DECODED_MARKS) != 0))
        return reader_refuse(reader,
                             "decoder: found %s Replace of '" SPACE_MARK
                             "' by ' ' or Metaspace, expected %s, as spaces are %s",
                             marked ? "no" : "a", marked ? "one" : "none",
                             marked ? "replaced" : "not replaced");
    if (reader->byte_fallback && !(done & DECODED_BYTES))
        return reader_refuse(reader, "decoder: found no ByteFallback, expected one, as "
                                     "model.byte_fallback is true");
    return true;
}

static bool read_char_decoders(struct reader *reader, json_t *node)
{
    json_t *type = json_object_get(node, "type");
    unsigned done = 0;
    if (!json_is_string(type) || strcmp(json_string_value(type), "Sequence") != 0)
        return read_char_decoder(reader, "decoder", node, &done) && check_decoded(reader, done);
    json_t *nodes = reader_sequence(reader, "decoder", node, "decoders");
    if (nodes == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        char path[64];
        snprintf(path, sizeof path, "decoder.decoders[%zu]", i);
        if (!read_char_decoder(reader, path, json_array_get(nodes, i), &done))
            return false;
    }
    return check_decoded(reader, done);
}

bool reader_decoder(struct reader *reader, json_t *root)
{
    static const char path[] = "decoder";
    bool unused;
    json_t *node = json_object_get(root, path);
    const bool chars = (reader->source.flags & TOKENIZER_CHARS) != 0;
    if (!chars)
        return reader_type(reader, path, node, "ByteLevel", "ByteLevel") &&
               reader_byte_level(reader, path, node, &unused, &unused);
    bool of_words;
    if (!reader_word_decoder(reader, node, &of_words))
        return false;
    if (of_words)
        return check_decoded(reader, 0);
    if (node != NULL && !json_is_null(node))
        return read_char_decoders(reader, node);
    reader->source.flags |= TOKENIZER_JOIN;
    return check_decoded(reader, 0);
}
