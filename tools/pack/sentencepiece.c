#include "tools/pack/sentencepiece.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/utf8.h"
#include "runtime/tokenizer/tokenizer_tables.h"

/* How protobuf stores the value of a field. */
enum wire_type { WIRE_NUMBER = 0, WIRE_EIGHT_BYTES = 1, WIRE_BYTES = 2, WIRE_FOUR_BYTES = 5 };

/* A message, or the rest of it. */
struct wire {
    const uint8_t *at, *end;
    const uint8_t *file; /* for messages: places are counted from here */
    char *message;
};

struct field {
    uint32_t number;
    enum wire_type type;
    uint64_t value;       /* of numbers */
    const uint8_t *bytes; /* of bytes, value of them, and of the fixed ones */
};

static bool refuse(const struct wire *wire, const char *what)
{
    snprintf(wire->message, SENTENCEPIECE_MESSAGE,
             "byte %zu: %s; this is no SentencePiece model, or it is damaged",
             (size_t)(wire->at - wire->file), what);
    return false;
}

/* Seven bits in each byte, the lowest first; a set top bit says that there is more. */
static bool read_number(struct wire *wire, uint64_t *value)
{
    *value = 0;
    for (uint32_t shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
        const uint8_t byte = *wire->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return refuse(wire, "a number does not end");
}

static bool take_bytes(struct wire *wire, uint64_t count, const uint8_t **bytes)
{
    if (count > (uint64_t)(wire->end - wire->at))
        return refuse(wire, "a field is longer than what holds it");
    *bytes = wire->at;
    wire->at += count;
    return true;
}

/* The next field; only when there is more. */
static bool read_field(struct wire *wire, struct field *field)
{
    uint64_t key;
    if (!read_number(wire, &key))
        return false;
    *field = (struct field){.number = (uint32_t)(key >> 3), .type = (enum wire_type)(key & 7)};
    if (key >> 3 == 0 || key >> 3 > UINT32_MAX)
        return refuse(wire, "no field has such a number");
    switch (field->type) {
    case WIRE_NUMBER:
        return read_number(wire, &field->value);
    case WIRE_BYTES:
        return read_number(wire, &field->value) && take_bytes(wire, field->value, &field->bytes);
    case WIRE_EIGHT_BYTES:
        return take_bytes(wire, 8, &field->bytes);
    case WIRE_FOUR_BYTES:
        return take_bytes(wire, 4, &field->bytes);
    default:
        return refuse(wire, "a field is of no known type");
    }
}

/* The message within a field. */
static struct wire inside(const struct wire *wire, const struct field *field)
{
    return (struct wire){field->bytes, field->bytes + field->value, wire->file, wire->message};
}

static bool add_piece(struct sentencepiece *model, const struct wire *wire,
                      const struct sentencepiece_piece *piece)
{
    const struct utf8_result text = utf8_check((const uint8_t *)piece->text, piece->bytes);
    if (piece->bytes == 0)
        return refuse(wire, "a piece has no text");
    if (text.verdict != UTF8_WHOLE || memchr(piece->text, '\0', piece->bytes) != NULL)
        return refuse(wire, "the text of a piece is not valid UTF-8 without NUL");
    if (!isfinite(piece->score))
        return refuse(wire, "the score of a piece is not finite");
    if (piece->type < PIECE_NORMAL || piece->type > PIECE_BYTE)
        return refuse(wire, "a piece is of no known type");
    if (model->count == TOKENIZER_MAX_ROWS)
        return refuse(wire, "more than 16777216 pieces");
    if (model->count == model->room) {
        const size_t room = 2 * model->room + 1024;
        struct sentencepiece_piece *grown = realloc(model->pieces, room * sizeof *grown);
        if (grown == NULL)
            return refuse(wire, "not enough memory for the pieces");
        model->pieces = grown;
        model->room = room;
    }
    model->pieces[model->count++] = *piece;
    return true;
}

static bool read_piece(struct sentencepiece *model, struct wire wire)
{
    struct sentencepiece_piece piece = {.text = "", .type = PIECE_NORMAL};
    struct field field;
    while (wire.at < wire.end) {
        if (!read_field(&wire, &field))
            return false;
        if (field.number == 1 && field.type == WIRE_BYTES) {
            piece.text = (const char *)field.bytes;
            piece.bytes = field.value;
        } else if (field.number == 2 && field.type == WIRE_FOUR_BYTES) {
            memcpy(&piece.score, field.bytes, sizeof piece.score);
        } else if (field.number == 3 && field.type == WIRE_NUMBER) {
            piece.type = field.value <= PIECE_BYTE ? (uint32_t)field.value : 0;
        }
    }
    return add_piece(model, &wire, &piece);
}

static bool read_trainer(struct sentencepiece *model, struct wire wire)
{
    struct field field;
    while (wire.at < wire.end) {
        if (!read_field(&wire, &field))
            return false;
        if (field.type != WIRE_NUMBER)
            continue;
        const bool on = field.value != 0;
        if (field.number == 3)
            model->kind = field.value <= SENTENCEPIECE_CHAR ? (uint32_t)field.value : 0;
        else if (field.number == 24)
            model->suffix = on;
        else if (field.number == 35)
            model->byte_fallback = on;
        else if (field.number == 41)
            model->bos_id = (int32_t)field.value;
        else if (field.number == 42)
            model->eos_id = (int32_t)field.value;
    }
    return true;
}

static bool read_normalizer(struct sentencepiece *model, struct wire wire)
{
    struct field field;
    while (wire.at < wire.end) {
        if (!read_field(&wire, &field))
            return false;
        const bool number = field.type == WIRE_NUMBER, on = field.value != 0;
        if (field.number == 2 && field.type == WIRE_BYTES) {
            model->map = field.bytes;
            model->map_bytes = field.value;
        } else if (field.number == 3 && number)
            model->dummy_prefix = on;
        else if (field.number == 4 && number)
            model->squeezes_spaces = on;
        else if (field.number == 5 && number)
            model->escapes_spaces = on;
    }
    return true;
}

bool sentencepiece_read(struct sentencepiece *model, const void *bytes, size_t size,
                        char message[SENTENCEPIECE_MESSAGE])
{
    struct wire wire = {bytes, (const uint8_t *)bytes + size, bytes, message};
    /* What a field that is left out means. */
    *model = (struct sentencepiece){.kind = SENTENCEPIECE_UNIGRAM,
                                    .dummy_prefix = true,
                                    .squeezes_spaces = true,
                                    .escapes_spaces = true,
                                    .bos_id = 1,
                                    .eos_id = 2};
    bool good = true;
    while (good && wire.at < wire.end) {
        struct field field;
        good = read_field(&wire, &field);
        if (!good || field.type != WIRE_BYTES)
            continue;
        if (field.number == 1)
            good = read_piece(model, inside(&wire, &field));
        else if (field.number == 2)
            good = read_trainer(model, inside(&wire, &field));
        else if (field.number == 3)
            good = read_normalizer(model, inside(&wire, &field));
    }
    if (good && model->count == 0)
        good = refuse(&wire, "the file ends without a piece");
    if (!good)
        sentencepiece_free(model);
    return good;
}

void sentencepiece_free(struct sentencepiece *model)
{
    free(model->pieces);
    *model = (struct sentencepiece){0};
}
