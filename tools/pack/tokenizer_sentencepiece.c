/* tokenizer.model as a tokenizer.json would say it.
 *
 * SentencePiece merges, of all neighbours that make a piece, those of the highest score, the
 * leftmost of equals; so all merges into one piece have one rank. The ids of a text are those of
 * SentencePiece itself, with one addition: the text of a control symbol is that symbol, as in
 * `transformers`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/utf8.h"
#include "tools/pack/sentencepiece.h"
#include "tools/pack/tokenizer_reader.h"

#define CONVERT                                                                                    \
    "make a tokenizer.json beside it: python3 -c \"from transformers import AutoTokenizer as T; "  \
    "T.from_pretrained('DIR').save_pretrained('DIR')\""

/* What the tables cannot say. */
static bool check_model(struct reader *reader, const struct sentencepiece *model)
{
    static const char *const kinds[] = {"of no known kind", "Unigram", "BPE", "Word", "Char"};
    if (model->kind != SENTENCEPIECE_BPE)
        return reader_refuse(
            reader,
            "a SentencePiece model %s is not supported, only BPE; its texts need a "
            "binary that takes token ids: pack with --no-tokenizer",
            kinds[model->kind]);
    if (model->suffix || !model->escapes_spaces)
        return reader_refuse(reader, "%s is not supported",
                             model->suffix ? "treat_whitespace_as_suffix"
                                           : "escape_whitespaces: false");
    for (size_t i = 0; i < model->count; i++) {
        reader->user_defined = reader->user_defined || model->pieces[i].type == PIECE_USER_DEFINED;
    }
    return true;
}

static const struct sentencepiece_piece *find(const struct sentencepiece *model, json_t *vocab,
                                              const char *text, size_t bytes)
{
    json_t *id = json_object_getn(vocab, text, bytes);
    return id != NULL ? &model->pieces[json_integer_value(id)] : NULL;
}

/* Whether SentencePiece may come to have this text as a symbol of its own. */
static bool is_symbol(const struct sentencepiece *model, json_t *vocab, const char *text,
                      size_t bytes)
{
    const struct sentencepiece_piece *piece = find(model, vocab, text, bytes);
    return utf8_length((uint8_t)text[0]) == bytes ||
           (piece != NULL && (piece->type == PIECE_NORMAL || piece->type == PIECE_UNUSED));
}

/* Pieces that SentencePiece makes in ways that merges of pieces cannot: of characters that are no
 * pieces, or in passing, to come apart again. */
static bool check_pieces(struct reader *reader, const struct sentencepiece *model, json_t *vocab)
{
    char quoted[QUOTE_BYTES];
    for (size_t i = 0; i < model->count; i++) {
        const struct sentencepiece_piece *piece = &model->pieces[i];
        const char *text = piece->text;
        const bool unused = piece->type == PIECE_UNUSED;
        bool parts = unused && utf8_length((uint8_t)text[0]) == piece->bytes, lacks = false;
        for (size_t at = 0, length; at < piece->bytes; at += length) {
            length = utf8_length((uint8_t)text[at]);
            lacks = lacks || find(model, vocab, text + at, length) == NULL;
            parts = parts || (at > 0 && is_symbol(model, vocab, text, at) &&
                              is_symbol(model, vocab, text + at, piece->bytes - at));
        }
        if ((unused || (piece->type == PIECE_NORMAL && lacks)) && parts)
            return reader_refuse(reader, "piece %zu, %s, %s, which is not supported; " CONVERT, i,
                                 reader_quote(quoted, text, piece->bytes),
                                 unused ? "is unused, but texts may lead to it"
                                        : "has a character that is no piece");
    }
    return true;
}

static bool put_vocab(struct reader *reader, const struct sentencepiece *model, json_t *vocab)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct sentencepiece_piece *piece = &model->pieces[i];
        char quoted[QUOTE_BYTES];
        json_t *before = json_object_getn(vocab, piece->text, piece->bytes);
        if (before != NULL)
            return reader_refuse(reader, "pieces %" JSON_INTEGER_FORMAT " and %zu are both %s",
                                 json_integer_value(before), i,
                                 reader_quote(quoted, piece->text, piece->bytes));
        if (json_object_setn_new_nocheck(vocab, piece->text, piece->bytes,
                                         json_pack("I", (json_int_t)i)) != 0)
            return reader_no_memory(reader);
    }
    return true;
}

static bool is_special(const struct sentencepiece_piece *piece)
{
    return piece->type == PIECE_CONTROL || piece->type == PIECE_UNKNOWN;
}

static json_t *added_tokens(const struct sentencepiece *model)
{
    json_t *added = json_array();
    for (size_t i = 0; i < model->count && added != NULL; i++) {
        const struct sentencepiece_piece *piece = &model->pieces[i];
        if (!is_special(piece) && piece->type != PIECE_USER_DEFINED)
            continue;
        json_array_append_new(
            added, json_pack("{s:I,s:s%,s:b,s:b,s:b,s:b,s:b}", "id", (json_int_t)i, "content",
                             piece->text, piece->bytes, "special", is_special(piece), "normalized",
                             !is_special(piece), "lstrip", 0, "rstrip", 0, "single_word", 0));
    }
    return added;
}

/* A piece by its score, as qsort sees it. */
struct scored {
    float score;
    uint32_t id;
};

static int by_score(const void *left, const void *right)
{
    const struct scored *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static bool is_normal(const struct sentencepiece *model, json_t *vocab, const char *text,
                      size_t bytes)
{
    const struct sentencepiece_piece *piece = find(model, vocab, text, bytes);
    return piece != NULL && piece->type == PIECE_NORMAL;
}

/* Every way to make the piece of two others. */
static bool put_merges(struct reader *reader, const struct sentencepiece *model, json_t *vocab,
                       uint32_t id, uint32_t rank, json_t *merges)
{
    const struct sentencepiece_piece *piece = &model->pieces[id];
    const uint8_t *text = (const uint8_t *)piece->text;
    for (size_t at = utf8_length(text[0]); at < piece->bytes; at += utf8_length(text[at])) {
        const char *rest = piece->text + at;
        const size_t left = piece->bytes - at, made = json_array_size(merges);
        if (!is_normal(model, vocab, piece->text, at) || !is_normal(model, vocab, rest, left))
            continue;
        if (!reader_add_rank(reader, made, rank) ||
            json_array_append_new(merges, json_pack("[s%,s%]", piece->text, at, rest, left)) != 0)
            return reader_no_memory(reader);
    }
    return true;
}

static bool put_all_merges(struct reader *reader, const struct sentencepiece *model, json_t *vocab,
                           json_t *merges)
{
    struct scored *order = calloc(model->count, sizeof *order);
    if (order == NULL)
        return reader_no_memory(reader);
    uint32_t count = 0, rank = 0;
    for (uint32_t i = 0; i < model->count; i++)
        if (model->pieces[i].type == PIECE_NORMAL)
            order[count++] = (struct scored){model->pieces[i].score, i};
    qsort(order, count, sizeof *order, by_score);
    bool good = true;
    for (uint32_t i = 0; i < count && good; i++) {
        rank += i > 0 && order[i].score != order[i - 1].score;
        good = put_merges(reader, model, vocab, order[i].id, rank, merges);
    }
    free(order);
    return good;
}

/* The unknown piece's text, or NULL. */
static const struct sentencepiece_piece *unknown_piece(const struct sentencepiece *model)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->pieces[i].type == PIECE_UNKNOWN)
            return &model->pieces[i];
    return NULL;
}

/* Steps before and behind the model: a space before the text, and U+2581 for each space. */
static json_t *steps(const struct sentencepiece *model, bool decode)
{
    json_t *list = json_array();
    if (!decode && model->dummy_prefix)
        json_array_append_new(list,
                              json_pack("{s:s,s:s}", "type", "Prepend", "prepend", SPACE_MARK));
    json_array_append_new(list, json_pack("{s:s,s:{s:s},s:s}", "type", "Replace", "pattern",
                                          "String", decode ? SPACE_MARK : " ", "content",
                                          decode ? " " : SPACE_MARK));
    if (decode && model->byte_fallback)
        json_array_append_new(list, json_pack("{s:s}", "type", "ByteFallback"));
    if (decode)
        json_array_append_new(list, json_pack("{s:s}", "type", "Fuse"));
    if (decode && model->dummy_prefix)
        json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:i}", "type", "Strip", "content", " ",
                                              "start", 1, "stop", 0));
    return list;
}

static json_t *document(struct reader *reader, const struct sentencepiece *model)
{
    json_t *vocab = json_object(), *merges = json_array();
    const struct sentencepiece_piece *unknown = unknown_piece(model);
    if (!put_vocab(reader, model, vocab) || !check_pieces(reader, model, vocab) ||
        !put_all_merges(reader, model, vocab, merges)) {
        json_decref(vocab);
        json_decref(merges);
        return NULL;
    }
    json_t *name = unknown != NULL ? json_stringn(unknown->text, unknown->bytes) : json_null();
    json_t *root =
        json_pack("{s:o,s:{s:s,s:o},s:{s:s,s:o},s:{s:s,s:o,s:b,s:b,s:o,s:o}}", "added_tokens",
                  added_tokens(model), "normalizer", "type", "Sequence", "normalizers",
                  steps(model, false), "decoder", "type", "Sequence", "decoders",
                  steps(model, true), "model", "type", "BPE", "unk_token", name, "fuse_unk", 1,
                  "byte_fallback", model->byte_fallback, "vocab", vocab, "merges", merges);
    if (root == NULL)
        reader_no_memory(reader);
    return root;
}

/* How text is normalised before all else. */
static bool put_normalizer(struct reader *reader, const struct sentencepiece *model)
{
    struct pool_text unused;
    reader->source.flags |= model->squeezes_spaces ? TOKENIZER_SQUEEZE : 0u;
    return pool_add(&reader->source.map, model->map, model->map_bytes, &unused) ||
           reader_no_memory(reader);
}

/* The text of a control symbol, for the ids around a text; NULL: there is none. */
static char *symbol(const struct sentencepiece *model, int64_t id)
{
    return id >= 0 && (uint64_t)id < model->count
               ? strndup(model->pieces[id].text, model->pieces[id].bytes)
               : NULL;
}

json_t *reader_sentencepiece(struct reader *reader, const void *bytes, size_t size)
{
    char message[SENTENCEPIECE_MESSAGE];
    struct sentencepiece model;
    if (!sentencepiece_read(&model, bytes, size, message)) {
        reader_refuse(reader, "%s", message);
        return NULL;
    }
    json_t *root = check_model(reader, &model) && put_normalizer(reader, &model)
                       ? document(reader, &model)
                       : NULL;
    reader->own_bos = symbol(&model, model.bos_id);
    reader->own_eos = symbol(&model, model.eos_id);
    reader->from_sentencepiece = true;
    sentencepiece_free(&model);
    return root;
}
