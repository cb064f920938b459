#include "tests/kernels/cuda/kernel_fixture.h"

#include <math.h>
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

uint64_t fixture_random(uint64_t *state)
{
    /* SplitMix64 (Steele, Lea and Flood) */
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static f32 uniform(uint64_t *state, f32 scale)
{
    const int32_t bits = (int32_t)(fixture_random(state) >> 40) - (1 << 23);
    return (f32)bits * 0x1p-23f * scale;
}

void fixture_fill(f32 *buffer, uint64_t seed, u32 rows, u32 stride, u32 cols, f32 scale)
{
    for (u32 row = 0; row < rows; row++)
        for (u32 col = 0; col < stride; col++)
            buffer[(size_t)row * stride + col] = col < cols ? uniform(&seed, scale) : 0.0f;
}

static double widen_f16(u32 bits)
{
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const double size = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    return bits >> 15 ? -size : size;
}

double fixture_widen(enum format type, u32 bits)
{
    if (type == FORMAT_F16)
        return widen_f16(bits);
    const u32 word = type == FORMAT_BF16 ? bits << 16 : bits;
    f32 value;
    memcpy(&value, &word, sizeof value);
    return value;
}

/* A random element of about `scale`, as its bits. */
static u32 random_element(enum format type, uint64_t *state, f32 scale)
{
    const uint64_t dice = fixture_random(state) % 64;
    const f32 value = dice == 0 ? -0.0f : dice == 1 ? 0.0f : uniform(state, scale);
    u32 bits;
    memcpy(&bits, &value, sizeof bits);
    if (type == FORMAT_F32)
        return bits;
    if (type == FORMAT_BF16)
        return bits >> 16;
    if (dice == 2)
        return (u32)(fixture_random(state) & 0x83ff); /* subnormal */
    const int exponent = (int)(bits >> 23 & 255) - 127 + 15;
    if (exponent < 1 || exponent > 30)
        return 0;
    return (bits >> 16 & 0x8000) | (u32)exponent << 10 | (bits >> 13 & 1023);
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
            const u32 bits = random_element(type, &seed, scale);
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

uint64_t fixture_hash(uint64_t hash, const f32 *values, size_t count)
{
    const unsigned char *const bytes = (const unsigned char *)values;
    for (size_t i = 0; i < count * sizeof *values; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}
