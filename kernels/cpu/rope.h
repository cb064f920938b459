/* Rotary positions: the leading R elements of a head as R/2 points (x[j], x[j + R/2]), each turned
 * by an angle that grows with the position.
 *
 *   Means    out[j] = x[j] cos a - x[j+R/2] sin a;  out[j+R/2] = x[j+R/2] cos a + x[j] sin a,
 *            a = position * frequency[j], rounded to f32 as transformers does; from position
 *            2^24 + 1 on, which f32 cannot count, to double: exact up to 2^29, then within 2^-53 of
 *            itself; elements from R on stay as they are
 *   Order    two products, each rounded, then their difference or sum
 *   Error    |out - exact| <= 3 * 2^-24 (|x[j]| + |x[j+R/2]|), exact at the rounded angle
 *            (tests/kernels/cpu/attention_test.c)
 *   Source   Su et al., "RoFormer", in the halves of GPT-NeoX: apply_rotary_pos_emb
 *
 * cos and sin are polynomials in double after an exact reduction, rounded once: the same bits from
 * every machine, for any angle below 2^50. They cost nothing beside the products around them. */
#ifndef KERNELS_CPU_ROPE_H
#define KERNELS_CPU_ROPE_H

#include <stddef.h>

#include "kernels/cpu/simd.h"

/* The last position up to which f32 holds every one. */
#define ROPE_COUNTED ((uint64_t)1 << 24)

/* The frequencies of a model, as the generator computed them: a line of kernels.c. */
#define ROPE_TABLE(name, COUNT, ...) static const f32 name[COUNT] = {__VA_ARGS__};

/* cos and sin of one angle >= 0. Taylor's series, |r| <= pi/4: what is left out is below 1e-12. */
static inline void rope_angle(double x, f32 *cosine, f32 *sine)
{
    const double to_integer = 0x1.8p52;
    const double n = (x * 0x1.45f306dc9c883p-1 + to_integer) - to_integer; /* of quarter turns */
    double r = __builtin_fma(-n, 0x1.921fb54442d18p+0, x);
    r = __builtin_fma(-n, 0x1.1a62633145c07p-54, r);
    const double z = r * r;
    double s = 1.0 / 6227020800.0, c = 1.0 / 479001600.0;
    s = s * z - 1.0 / 39916800.0, c = c * z - 1.0 / 3628800.0;
    s = s * z + 1.0 / 362880.0, c = c * z + 1.0 / 40320.0;
    s = s * z - 1.0 / 5040.0, c = c * z - 1.0 / 720.0;
    s = s * z + 1.0 / 120.0, c = c * z + 1.0 / 24.0;
    s = s * z - 1.0 / 6.0, c = c * z - 0.5;
    s = r + r * z * s, c = 1.0 + z * c;
    const uint64_t quarter = (uint64_t)n & 3;
    const double turned_cosine = quarter & 1 ? s : c, turned_sine = quarter & 1 ? c : s;
    *cosine = (f32)(quarter == 1 || quarter == 2 ? -turned_cosine : turned_cosine);
    *sine = (f32)(quarter >= 2 ? -turned_sine : turned_sine);
}

/* The angle of a position. The rounding is a property of the position alone, so that no window and
 * no context changes the bits of a text. */
KERNEL_INLINE double rope_product(uint64_t position, f32 frequency)
{
    return position <= ROPE_COUNTED ? (double)((f32)position * frequency)
                                    : (double)position * (double)frequency;
}

/* cosine[half], sine[half] of a position. */
KERNEL_INLINE void rope_angles(u32 half, const f32 *frequency, uint64_t position, f32 *cosine,
                               f32 *sine)
{
    for (u32 j = 0; j < half; j++)
        rope_angle(rope_product(position, frequency[j]), &cosine[j], &sine[j]);
}

/* Turns one head in place. */
KERNEL_INLINE void rope_turn(u32 half, const f32 *cosine, const f32 *sine, f32 *head)
{
    for (u32 j = 0; j < half; j++) {
        const f32 a = head[j], b = head[j + half];
        head[j] = a * cosine[j] - b * sine[j];
        head[j + half] = b * cosine[j] + a * sine[j];
    }
}

#endif
