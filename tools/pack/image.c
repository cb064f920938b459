#include "tools/pack/image.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/engine/weight_file.h"
#include "tools/pack/convert.h"
#include "tools/pack/repack.h"
#include "tools/pack/weight_writer.h"

enum { STAGING_LEAST = 1 << 18 }; /* elements: the longest padded column or vector fits */

/* One image being written. A step that fails sets `status`. */
struct job {
    struct weight_writer writer;
    const struct image *image;
    struct diagnostics *diagnostics; /* of errors of the source */
    f32 *values;                     /* [values_count] rows as the checkpoint stores them */
    uint8_t *packed;                 /* [packed_bytes] */
    uint64_t values_count, packed_bytes;
    int status; /* an exit code */
};

static uint64_t align_up(uint64_t bytes)
{
    return (bytes + WEIGHT_FILE_ALIGN - 1) / WEIGHT_FILE_ALIGN * WEIGHT_FILE_ALIGN;
}

static uint64_t staging_elements(const struct layout *layout)
{
    uint64_t elements = STAGING_LEAST;
    for (uint32_t i = 0; i < layout->count; i++) {
        const uint64_t panel = (uint64_t)REPACK_PANEL_ROWS * layout->weight[i].stored_cols;
        if (layout->weight[i].packing == PACKING_MATRIX && panel > elements)
            elements = panel;
    }
    return elements;
}

uint64_t image_staging_bytes(const struct layout *layout)
{
    return 2 * staging_elements(layout) * sizeof(f32);
}

static bool fail(struct job *job, int status)
{
    job->status = status;
    return false;
}

static bool append(struct job *job, const void *bytes, uint64_t count)
{
    return weight_writer_append(&job->writer, bytes, count) || fail(job, EXIT_FAILED);
}

static bool zeros(struct job *job, uint64_t count)
{
    return weight_writer_zeros(&job->writer, count) || fail(job, EXIT_FAILED);
}

enum { PLACE_TEXT = 64 };

/* Writes the indices of an element as the checkpoint counts them, "[5][0][2]". */
static const char *place_of(const struct layout_weight *weight, uint64_t element,
                            char text[PLACE_TEXT])
{
    const uint64_t row = element / weight->cols, col = element % weight->cols;
    if (weight->rank == 1)
        snprintf(text, PLACE_TEXT, "[%" PRIu64 "]", row);
    else
        snprintf(text, PLACE_TEXT, "[%" PRIu64 "]%s[%" PRIu64 "]", row,
                 weight->rank == 3 ? "[0]" : "", col);
    return text;
}

/* Names the first value that the type cannot hold. `element` counts from the weight's start. */
static bool diagnostics_unfit(struct job *job, const struct layout_weight *weight, uint64_t element,
                              f32 value)
{
    char place[PLACE_TEXT];
    place_of(weight, element, place);
    if (isfinite(value))
        diagnostics_error(job->diagnostics, 0,
                          "tensor \"%s\": element %s is %g, too large for %s: choose %s as %s",
                          weight->source, place, (double)value, format_name(weight->type),
                          weight->type == FORMAT_F16 ? "bf16 or f32" : "f32",
                          cfg_class_key(weight->matrix_class)->name);
    else
        diagnostics_error(job->diagnostics, 0,
                          "tensor \"%s\": element %s is %g: the checkpoint is damaged",
                          weight->source, place, (double)value);
    return fail(job, EXIT_MISMATCH);
}

/* values <- rows of a weight, each of which fits the weight's type. */
static bool read_rows(struct job *job, uint32_t index, uint64_t first, uint64_t count, f32 *values)
{
    const struct layout_weight *weight = &job->image->layout->weight[index];
    const uint64_t elements = count * weight->cols;
    if (interrupt_asked())
        return fail(job, EXIT_INTERRUPTED);
    if (!job->image->read(job->image->context, index, first, count, values, job->diagnostics))
        return fail(job, EXIT_MISMATCH);
    const uint64_t unfit = repack_find_unfit(weight->type, values, elements);
    if (unfit < elements)
        return diagnostics_unfit(job, weight, first * weight->cols + unfit, values[unfit]);
    return true;
}

/* values <- `count` rows of the padded matrix from `first` on; padding rows are zero. */
static bool read_padded_rows(struct job *job, uint32_t index, uint64_t first, uint64_t count)
{
    const struct layout_weight *weight = &job->image->layout->weight[index];
    uint64_t rows;
    for (uint64_t row = 0; row < count; row += rows) {
        const struct spread_stretch at = spread_at(&weight->row_spread, first + row);
        rows = at.count < count - row ? at.count : count - row;
        f32 *values = job->values + row * weight->cols;
        if (at.pads)
            memset(values, 0, rows * weight->cols * sizeof *values);
        else if (!read_rows(job, index, at.element, rows, values))
            return false;
    }
    return true;
}

/* Spreads the columns of `count` rows in place, last ones first; returns their width then. Pads
 * behind the last group are left to the packer. */
static u32 spread_columns(const struct layout_weight *weight, uint64_t count, f32 *values)
{
    const struct spread_run heads = weight->col_spread.run[0];
    const uint64_t padded = spread_pad(heads.size);
    if (heads.groups == 1 || padded == heads.size)
        return weight->cols;
    for (uint64_t group = count * heads.groups; group-- > 0;) {
        f32 *to = values + group * padded;
        memmove(to, values + group * heads.size, heads.size * sizeof *values);
        memset(to + heads.size, 0, (padded - heads.size) * sizeof *values);
    }
    return weight->stored_cols;
}

/* Panels of rows, in the order of the backend. */
static bool put_matrix(struct job *job, uint32_t index)
{
    const struct layout_weight *weight = &job->image->layout->weight[index];
    u32 rows;
    for (u32 first = 0; first < weight->padded_rows; first += rows) {
        const u32 left = weight->padded_rows - first;
        rows = left < REPACK_PANEL_ROWS ? left : REPACK_PANEL_ROWS;
        const uint64_t bytes = format_bytes(weight->type, rows, weight->stored_cols);
        if (!read_padded_rows(job, index, first, rows))
            return false;
        const u32 cols = spread_columns(weight, rows, job->values);
        if (job->image->backend == BACKEND_CPU)
            repack_panel(job->packed, weight->type, job->values, rows, cols);
        else
            repack_rows(job->packed, weight->type, job->values, rows, cols);
        if (!append(job, job->packed, bytes))
            return false;
        progress_add(job->image->progress, bytes);
    }
    return true;
}

static bool put_vector(struct job *job, uint32_t index)
{
    const struct layout_weight *weight = &job->image->layout->weight[index];
    uint64_t rows;
    for (uint64_t first = 0; first < weight->padded_rows; first += rows) {
        const uint64_t left = weight->padded_rows - first;
        rows = left < job->values_count ? left : job->values_count;
        if (!read_padded_rows(job, index, first, rows) ||
            !append(job, job->values, rows * sizeof(f32)))
            return false;
    }
    progress_add(job->image->progress, weight->packed_bytes);
    return true;
}

/* Turns rows of A_log into decay rates. */
static bool make_decay(struct job *job, const struct layout_weight *weight, uint64_t first,
                       uint64_t count)
{
    const uint64_t elements = count * weight->cols;
    repack_decay(job->values, elements);
    const uint64_t unfit = repack_find_unfit(FORMAT_F32, job->values, elements);
    if (unfit == elements)
        return true;
    char place[PLACE_TEXT];
    diagnostics_error(job->diagnostics, 0,
                      "tensor \"%s\": -exp of element %s is %g: the checkpoint is damaged",
                      weight->source, place_of(weight, first * weight->cols + unfit, place),
                      (double)job->values[unfit]);
    return fail(job, EXIT_MISMATCH);
}

/* TAPS: as many columns of the output at a time as the staging holds, over all rows. */
static bool put_taps(struct job *job, uint32_t index)
{
    const struct layout_weight *weight = &job->image->layout->weight[index];
    const u32 padded = weight->padded_rows;
    const u32 most_cols = (u32)(job->packed_bytes / sizeof(f32) / padded);
    const u32 most_rows = (u32)(job->values_count / weight->cols);
    f32 *columns = (f32 *)(void *)job->packed;
    u32 cols, rows;
    for (u32 col = 0; col < weight->cols; col += cols) {
        cols = weight->cols - col < most_cols ? weight->cols - col : most_cols;
        const uint64_t bytes = (uint64_t)cols * padded * sizeof(f32);
        memset(columns, 0, bytes);
        for (u32 row = 0; row < padded; row += rows) {
            const struct spread_stretch at = spread_at(&weight->row_spread, row);
            rows = at.count < most_rows || at.pads ? (u32)at.count : most_rows;
            if (at.pads)
                continue;
            if (!read_rows(job, index, at.element, rows, job->values))
                return false;
            repack_columns(columns, padded, row, job->values, rows, weight->cols, col, cols);
        }
        if (!append(job, columns, bytes))
            return false;
        progress_add(job->image->progress, bytes);
    }
    return true;
}

/* DECAY, and RATE, which is the same of one column: line after line of 16 rows. */
static bool put_decay(struct job *job, uint32_t index)
{
    const struct layout_weight *weight = &job->image->layout->weight[index];
    const uint64_t bytes = (uint64_t)weight->cols * LINE_F32 * sizeof(f32);
    f32 *line = (f32 *)(void *)job->packed;
    for (u32 row = 0; row < weight->rows; row += LINE_F32) {
        const u32 rows = weight->rows - row < LINE_F32 ? weight->rows - row : LINE_F32;
        memset(line, 0, bytes);
        if (!read_rows(job, index, row, rows, job->values) || !make_decay(job, weight, row, rows))
            return false;
        repack_columns(line, LINE_F32, 0, job->values, rows, weight->cols, 0, weight->cols);
        if (!append(job, line, bytes))
            return false;
    }
    progress_add(job->image->progress, weight->packed_bytes);
    return true;
}

static bool put_packed(struct job *job, uint32_t index)
{
    switch (job->image->layout->weight[index].packing) {
    case PACKING_MATRIX:
        return put_matrix(job, index);
    case PACKING_VECTOR:
        return put_vector(job, index);
    case PACKING_TAPS:
        return put_taps(job, index);
    case PACKING_DECAY:
    case PACKING_RATE:
        return put_decay(job, index);
    }
    return false;
}

/* Appends one weight with the zeros behind it and fills its row of the table. */
static bool put_weight(struct job *job, uint32_t index, struct weight_file_tensor *row)
{
    const struct layout_weight *weight = &job->image->layout->weight[index];
    if (!put_packed(job, index) || !zeros(job, weight->bytes - weight->packed_bytes))
        return false;
    *row = (struct weight_file_tensor){.at = weight->at,
                                       .bytes = weight->bytes,
                                       .digest = weight_writer_digest(&job->writer),
                                       .format = weight->type,
                                       .block = format_layout_of(weight->type).block};
    return true;
}

static struct weight_file_header make_header(const struct image *image)
{
    const struct layout *layout = image->layout;
    struct weight_file_header h = {
        .version = WEIGHT_FILE_VERSION,
        .header_bytes = WEIGHT_FILE_ALIGN,
        .config_digest = {layout->config_digest[0], layout->config_digest[1]},
        .table_at = WEIGHT_FILE_ALIGN,
        .tensor_count = layout->count,
        .tokenizer_bytes = image->tokenizer_bytes,
        .weights_bytes = layout->weights_bytes};
    memcpy(h.magic, WEIGHT_FILE_MAGIC, sizeof h.magic);
    strcpy(h.backend, image->backend == BACKEND_CPU ? "cpu" : "cuda");
    memcpy(h.model, layout->cfg.name, strlen(layout->cfg.name));
    h.table_bytes = align_up(layout->count * sizeof(struct weight_file_tensor));
    h.tokenizer_at = h.table_at + h.table_bytes;
    h.weights_at = h.tokenizer_at + align_up(h.tokenizer_bytes);
    h.file_bytes = h.weights_at + h.weights_bytes;
    return h;
}

/* Completes the table's and the header's digests; `head` is the file up to the tokenizer. */
static void finish_head(uint8_t *head, struct weight_file_header *h)
{
    const struct weight_file_tensor *table = (const void *)(head + h->table_at);
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (uint64_t i = 0; i < h->tensor_count; i++)
        XXH3_64bits_update(&state, &table[i].digest, sizeof table[i].digest);
    h->weights_digest = XXH3_64bits_digest(&state);
    h->table_digest = XXH3_64bits(table, h->table_bytes);
    memcpy(head, h, sizeof *h);
    h->header_digest = XXH3_64bits(head, WEIGHT_FILE_ALIGN);
    memcpy(head, h, sizeof *h);
}

/* Appends all sections. The head goes out as zeros: its digests are known last. */
static bool put_sections(struct job *job, uint8_t *head, struct weight_file_header *h)
{
    const struct image *image = job->image;
    struct weight_file_tensor *table = (void *)(head + h->table_at);
    if (!append(job, head, h->tokenizer_at))
        return false;
    weight_writer_digest(&job->writer);
    if (!append(job, image->tokenizer, image->tokenizer_bytes) ||
        !zeros(job, h->weights_at - h->tokenizer_at - h->tokenizer_bytes))
        return false;
    h->tokenizer_digest = weight_writer_digest(&job->writer);
    for (uint32_t i = 0; i < image->layout->count; i++)
        if (!put_weight(job, i, &table[i]))
            return false;
    finish_head(head, h);
    return true;
}

static int write_file(struct job *job, uint8_t *head, struct weight_file_header *h)
{
    if (!weight_writer_open(&job->writer, job->image->path, h->file_bytes, job->diagnostics->to))
        return EXIT_FAILED;
    job->writer.partial.drop = job->image->backend == BACKEND_CUDA;
    if (!put_sections(job, head, h)) {
        weight_writer_abandon(&job->writer);
        return job->status;
    }
    return weight_writer_commit(&job->writer, head, h->tokenizer_at) ? EXIT_SUCCESS : EXIT_FAILED;
}

int image_write(const struct image *image, struct image_written *written,
                struct diagnostics *diagnostics)
{
    struct weight_file_header h = make_header(image);
    struct job job = {.image = image, .diagnostics = diagnostics};
    job.values_count = staging_elements(image->layout);
    job.packed_bytes = job.values_count * sizeof(f32);
    job.values = malloc(job.packed_bytes);
    job.packed = malloc(job.packed_bytes);
    uint8_t *head = calloc(1, h.tokenizer_at);
    int status = EXIT_MEMORY;
    if (job.values == NULL || job.packed == NULL || head == NULL)
        diagnostics_error(diagnostics, 0, "no memory: packing needs %" PRIu64 " bytes",
                          image_staging_bytes(image->layout) + h.tokenizer_at);
    else
        status = write_file(&job, head, &h);
    free(job.values);
    free(job.packed);
    free(head);
    *written =
        (struct image_written){.file_bytes = h.file_bytes, .weights_digest = h.weights_digest};
    return status;
}
