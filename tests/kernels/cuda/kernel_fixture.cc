#include "tests/kernels/cuda/kernel_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Buffers have pages of their own, which a real GPU can be given. */
enum { BAND_BYTES = 512, ALIGNMENT = 4096 };

static void *claim(size_t bytes)
{
    void *block = NULL;
    if (posix_memalign(&block, ALIGNMENT, bytes / ALIGNMENT * ALIGNMENT + ALIGNMENT)) {
        perror("fixture");
        exit(EXIT_FAILURE);
    }
    return block;
}

void *fixture_new_bytes(size_t bytes, enum simt_kind kind, const char *name)
{
    char *const block = (char *)claim(bytes + 2 * BAND_BYTES);
    memset(block, 0xff, bytes + 2 * BAND_BYTES);
    simt_memory_add(block + BAND_BYTES, bytes, kind, name);
    return block + BAND_BYTES;
}

f32 *fixture_new(size_t count, enum simt_kind kind, const char *name)
{
    return (f32 *)fixture_new_bytes(count * sizeof(f32), kind, name);
}

void fixture_free(void *buffer)
{
    if (!buffer)
        return;
    simt_memory_remove(buffer);
    free((char *)buffer - BAND_BYTES);
}

struct fixture_matrix fixture_matrix_new(enum format type, uint64_t seed, u32 rows, u32 cols,
                                         f32 scale)
{
    const size_t width = type == FORMAT_F32 ? 4 : 2;
    const size_t padded_rows = (rows + 15) / 16 * 16, stride = (cols + 15) / 16 * 16;
    struct fixture_matrix m = {type, rows, cols, NULL, NULL};
    m.values = (double *)claim((size_t)rows * cols * sizeof *m.values);
    m.packed = fixture_new_bytes(padded_rows * stride * width, SIMT_WEIGHTS, "a matrix");
    memset(m.packed, 0, padded_rows * stride * width);
    for (size_t row = 0; row < rows; row++)
        for (size_t col = 0; col < cols; col++) {
            const u32 bits = fixture_element(type, &seed, scale);
            m.values[row * cols + col] = fixture_widen(type, bits);
            memcpy((char *)m.packed + (row * stride + col) * width, &bits, width);
        }
    return m;
}

void fixture_matrix_free(struct fixture_matrix *matrix)
{
    free(matrix->values);
    fixture_free(matrix->packed);
}

struct step *fixture_step_new(struct step step)
{
    struct step *const copy =
        (struct step *)fixture_new_bytes(sizeof step, SIMT_ORDINARY, "the step");
    *copy = step;
    return copy;
}
