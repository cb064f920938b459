/* tokenizer.model, as SentencePiece writes it: a protobuf message (sentencepiece_model.proto) of
 * pieces with scores, and how text is normalised before it is cut into them.
 *
 * Source: the format is that of github.com/google/sentencepiece, src/sentencepiece_model.proto. */
#ifndef TOOLS_PACK_SENTENCEPIECE_H
#define TOOLS_PACK_SENTENCEPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers of the format. */
enum piece_type {
    PIECE_NORMAL = 1,
    PIECE_UNKNOWN,
    PIECE_CONTROL,
    PIECE_USER_DEFINED,
    PIECE_UNUSED,
    PIECE_BYTE
};
enum sentencepiece_kind {
    SENTENCEPIECE_UNIGRAM = 1,
    SENTENCEPIECE_BPE,
    SENTENCEPIECE_WORD,
    SENTENCEPIECE_CHAR
};

struct sentencepiece_piece {
    const char *text; /* UTF-8 without NUL, in the file's bytes */
    size_t bytes;
    float score; /* finite */
    uint32_t type;
};

struct sentencepiece {
    struct sentencepiece_piece *pieces; /* [count], by id */
    size_t count, room;
    uint32_t kind;
    bool byte_fallback;
    bool suffix;            /* the mark of a space ends a word instead of starting it */
    bool dummy_prefix;      /* a space is put before the text */
    bool squeezes_spaces;   /* spaces at the ends go, one remains of several */
    bool escapes_spaces;    /* ' ' becomes U+2581 */
    const void *map;        /* of characters: what of a text becomes what */
    uint64_t map_bytes;     /* of a map of characters, 0: every character stays */
    int64_t bos_id, eos_id; /* -1: none */
};

enum { SENTENCEPIECE_MESSAGE = 256 };

/* Reads the file's bytes, which must stay as they are. On false `message` says what is wrong where,
 * and *model holds nothing. Any bytes are safe. */
bool sentencepiece_read(struct sentencepiece *model, const void *bytes, size_t size,
                        char message[SENTENCEPIECE_MESSAGE]);
void sentencepiece_free(struct sentencepiece *model);

#endif
