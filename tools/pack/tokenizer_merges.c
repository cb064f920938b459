/* The merges of tokenizer.json's model. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/utf8.h"
#include "tools/pack/tokenizer_reader.h"

/* Splits a merge, "a b" or ["a", "b"], into its parts. */
static bool split_merge(struct reader *reader, size_t rank, json_t *merge, const char *part[2],
                        size_t bytes[2])
{
    char quoted[QUOTE_BYTES];
    if (json_is_string(merge)) {
        const char *text = json_string_value(merge);
        size_t length = json_string_length(merge);
        const char *space = memchr(text, ' ', length);
        const char *last = memrchr(text, ' ', length);
        if (space == NULL || space != last || space == text || space + 1 == text + length)
            return reader_refuse(reader,
                                 "model.merges[%zu]: found %s, expected two parts with one space "
                                 "between them",
                                 rank, reader_quote_json(quoted, merge));
        part[0] = text;
        bytes[0] = (size_t)(space - text);
        part[1] = space + 1;
        bytes[1] = length - bytes[0] - 1;
        return true;
    }
    if (!json_is_array(merge))
        return reader_refuse(reader,
                             "model.merges[%zu]: found %s, expected \"a b\" or [\"a\", \"b\"]",
                             rank, reader_kind(merge));
    if (json_array_size(merge) != 2)
        return reader_refuse(reader, "model.merges[%zu]: found an array of %zu, expected 2 strings",
                             rank, json_array_size(merge));
    for (size_t i = 0; i < 2; i++) {
        json_t *string = json_array_get(merge, i);
        if (!json_is_string(string))
            return reader_refuse(reader, "model.merges[%zu][%zu]: found %s, expected a string",
                                 rank, i, reader_kind(string));
        part[i] = json_string_value(string);
        bytes[i] = json_string_length(string);
    }
    return true;
}

/* The id of text[bytes] in the vocabulary; `role` names it in the complaint. */
static bool find_token(struct reader *reader, size_t rank, const char *role, const char *text,
                       size_t bytes, uint32_t *id)
{
    char quoted[QUOTE_BYTES];
    json_t *value = json_object_getn(reader->vocab, text, bytes);
    if (value == NULL)
        return reader_refuse(reader, "model.merges[%zu]: %s %s is not in model.vocab", rank, role,
                             reader_quote(quoted, text, bytes));
    *id = (uint32_t)json_integer_value(value);
    return true;
}

/* The character at text, with ' ' for the mark. */
static uint32_t marked_code(const struct reader *reader, const char *text)
{
    uint32_t length, code = utf8_decode((const uint8_t *)text, &length);
    return code == SPACE_MARK_CODE && (reader->source.flags & TOKENIZER_MARKED) ? ' ' : code;
}

/* A part that is the token of a byte, or of what is unknown, would be joined with what no text
 * shows. */
static bool check_part(struct reader *reader, size_t rank, uint32_t id, const char *text,
                       size_t bytes)
{
    char quoted[QUOTE_BYTES];
    for (uint32_t i = 0; i < 256 && (reader->source.flags & TOKENIZER_CHARS); i++) {
        if (reader->source.byte_ids[i] == id)
            return reader_refuse(reader, "model.merges[%zu]: %s stands for a byte", rank,
                                 reader_quote(quoted, text, bytes));
    }
    if (id == reader->source.unknown && (reader->source.flags & TOKENIZER_CHARS))
        return reader_refuse(reader, "model.merges[%zu]: %s stands for what is unknown", rank,
                             reader_quote(quoted, text, bytes));
    return true;
}

static bool read_merge(struct reader *reader, size_t rank, json_t *merge, struct token_pair *pair,
                       struct merge_seam *seam)
{
    const char *part[2] = {"", ""};
    size_t bytes[2] = {0, 0};
    pair->rank = (uint32_t)rank;
    if (!split_merge(reader, rank, merge, part, bytes) ||
        !find_token(reader, rank, "the first part", part[0], bytes[0], &pair->left) ||
        !find_token(reader, rank, "the second part", part[1], bytes[1], &pair->right) ||
        !check_part(reader, rank, pair->left, part[0], bytes[0]) ||
        !check_part(reader, rank, pair->right, part[1], bytes[1]))
        return false;
    uint64_t last = utf8_before((const uint8_t *)part[0], bytes[0]);
    const size_t prefix = strlen(reader->source.prefix); /* of the second part, left out */
    if (bytes[1] < prefix)
        return reader_refuse(reader,
                             "model.merges[%zu]: the second part has %zu bytes, expected at least "
                             "those of continuing_subword_prefix, %zu",
                             rank, bytes[1], prefix);
    *seam = (struct merge_seam){marked_code(reader, part[0] + last), marked_code(reader, part[1])};
    char *whole = malloc(bytes[0] + bytes[1] + 1);
    if (whole == NULL)
        return reader_no_memory(reader);
    memcpy(whole, part[0], bytes[0]);
    memcpy(whole + bytes[0], part[1] + prefix, bytes[1] - prefix);
    bool found =
        find_token(reader, rank, "the result", whole, bytes[0] + bytes[1] - prefix, &pair->result);
    free(whole);
    return found;
}

static int by_pair(const void *a, const void *b)
{
    const struct token_pair *left = a, *right = b;
    if (left->left != right->left)
        return left->left < right->left ? -1 : 1;
    if (left->right != right->right)
        return left->right < right->right ? -1 : 1;
    return left->rank < right->rank ? -1 : left->rank > right->rank;
}

/* A pair listed twice has no single rank. */
static bool check_merges_differ(struct reader *reader)
{
    const struct tokenizer_source *source = &reader->source;
    if (source->merge_count < 2)
        return true;
    struct token_pair *sorted = malloc(source->merge_count * sizeof *sorted);
    if (sorted == NULL)
        return reader_no_memory(reader);
    memcpy(sorted, source->merges, source->merge_count * sizeof *sorted);
    qsort(sorted, source->merge_count, sizeof *sorted, by_pair);
    bool differ = true;
    for (uint32_t i = 1; i < source->merge_count && differ; i++) {
        differ = sorted[i].left != sorted[i - 1].left || sorted[i].right != sorted[i - 1].right;
        if (!differ)
            reader_refuse(reader,
                          "model.merges[%" PRIu32 "]: the same merge as model.merges[%" PRIu32 "]",
                          sorted[i].rank, sorted[i - 1].rank);
    }
    free(sorted);
    return differ;
}

bool reader_merges(struct reader *reader, json_t *model)
{
    struct tokenizer_source *source = &reader->source;
    json_t *merges = json_object_get(model, "merges");
    if (!json_is_array(merges))
        return reader_refuse(reader, "model.merges: found %s, expected an array",
                             reader_kind(merges));
    size_t count = json_array_size(merges);
    if (count > TOKENIZER_MAX_ROWS)
        return reader_refuse(reader, "model.merges: found %zu, expected at most %d", count,
                             TOKENIZER_MAX_ROWS);
    source->merges = calloc(count + 1, sizeof *source->merges);
    source->seams = calloc(count + 1, sizeof *source->seams);
    if (source->merges == NULL || source->seams == NULL)
        return reader_no_memory(reader);
    source->merge_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        if (!read_merge(reader, i, json_array_get(merges, i), &source->merges[i],
                        &source->seams[i]))
            return false;
    }
    for (size_t i = 0; i < reader->rank_count && i < count; i++)
        source->merges[i].rank = reader->ranks[i];
    return check_merges_differ(reader);
}
