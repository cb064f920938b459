#include "tests/kernels/cpu/kernel_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAND_BYTES = 256 };
static const uint32_t untouched = 0x7fc5a5a5; /* a NaN */

static void *aligned(size_t bytes)
{
    void *block = NULL;
    if (posix_memalign(&block, LINE_BYTES, bytes ? bytes : 1)) {
        perror("kernel_fixture");
        exit(EXIT_FAILURE);
    }
    return block;
}

f32 *fixture_new(size_t count)
{
    /* band with the count in its first bytes, floats, band */
    const size_t words = count + 2 * BAND_BYTES / 4;
    uint32_t *block = aligned(words * 4);
    for (size_t i = 0; i < words; i++)
        block[i] = untouched;
    memcpy(block, &count, sizeof count);
    return (f32 *)(void *)(block + BAND_BYTES / 4);
}

void fixture_free(f32 *buffer)
{
    if (buffer)
        free((char *)buffer - BAND_BYTES);
}

bool fixture_intact(const f32 *buffer)
{
    const uint32_t *block = (const void *)((const char *)buffer - BAND_BYTES);
    size_t count;
    memcpy(&count, block, sizeof count);
    for (size_t i = sizeof count / 4; i < BAND_BYTES / 4; i++)
        if (block[i] != untouched ||
            block[BAND_BYTES / 4 + count + i - sizeof count / 4] != untouched)
            return false;
    return true;
}

static void pack(struct fixture_matrix *m, const uint32_t *bits)
{
    const u32 padded = LINE_PAD(m->rows);
    const size_t stored = LINE_PAD(m->cols);
    for (u32 row = 0; row < m->rows; row++)
        for (u32 col = 0; col < m->cols; col++) {
            const u32 base = row / 64 * 64, width = padded - base < 64 ? padded - base : 64;
            const uint32_t element = bits[(size_t)row * m->cols + col];
            const size_t at = base * stored + (size_t)col * width + row - base;
            if (m->type == FORMAT_F32)
                ((uint32_t *)m->packed)[at] = element;
            else if (m->type == FORMAT_F16)
                ((uint16_t *)m->packed)[at] = (uint16_t)element;
            else
                ((uint16_t *)m->packed)[base * stored +
                                        ((size_t)(col / 2) * width + row - base) * 2 + col % 2] =
                    (uint16_t)element;
        }
}

struct fixture_matrix fixture_matrix_new(enum format type, uint64_t seed, u32 rows, u32 cols,
                                         f32 scale)
{
    struct fixture_matrix m = {.type = type, .rows = rows, .cols = cols};
    const size_t count = (size_t)rows * cols;
    m.packed_bytes = format_bytes(type, LINE_PAD(rows), LINE_PAD(cols));
    m.values = aligned(count * sizeof *m.values);
    m.packed = aligned(m.packed_bytes);
    memset(m.packed, 0, m.packed_bytes);
    uint32_t *bits = aligned(count * sizeof *bits);
    for (size_t i = 0; i < count; i++) {
        bits[i] = fixture_element(type, &seed, scale);
        m.values[i] = fixture_widen(type, bits[i]);
    }
    pack(&m, bits);
    free(bits);
    return m;
}

void fixture_matrix_free(struct fixture_matrix *matrix)
{
    free(matrix->values);
    free(matrix->packed);
}

void *fixture_experts_new(enum format type, uint64_t seed, u32 count, u32 rows, u32 cols,
                          struct fixture_matrix *one)
{
    for (u32 e = 0; e < count; e++)
        one[e] = fixture_matrix_new(type, seed + e, rows, cols, 1.0f);
    const size_t bytes = one[0].packed_bytes;
    char *packed = aligned(count * bytes);
    for (u32 e = 0; e < count; e++)
        memcpy(packed + e * bytes, one[e].packed, bytes);
    return packed;
}

struct job {
    struct step step;
    team_work *work;
    void *context;
};

static void work_with_step(run *r, void *context)
{
    const struct job *job = context;
    r->step = &job->step;
    job->work(r, job->context);
}

void fixture_run(u32 threads, struct step step, team_work *work, void *context)
{
    static struct pool pool;
    struct job job = {step, work, context};
    team_start(&pool, threads);
    team_run(&pool, work_with_step, &job);
    team_stop(&pool);
}
