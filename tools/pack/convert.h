/* Conversions between the number formats of checkpoints and of weight files.
 *
 * f32 is the format in between: f16 and bf16 widen to it exactly. Narrowing rounds to nearest, ties
 * to even, with subnormals; what is too large becomes infinity; a NaN stays a NaN with its sign.
 * Everything is integer arithmetic and one exactly rounded addition: same bits on every machine. */
#ifndef TOOLS_PACK_CONVERT_H
#define TOOLS_PACK_CONVERT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/run.h"

/* Magnitudes (bits without the sign) from which on a finite or infinite f32 narrows to infinity. */
enum {
    CONVERT_F32_LIMIT = 0x7f800000,  /* infinity itself */
    CONVERT_F16_LIMIT = 0x477ff000,  /* 65520, halfway past the largest f16 */
    CONVERT_BF16_LIMIT = 0x7f7f8000, /* halfway past the largest bf16 */
};

static inline uint32_t convert_bits(f32 value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline f32 convert_from_bits(uint32_t bits)
{
    f32 value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint16_t convert_to_bf16(f32 value)
{
    const uint32_t bits = convert_bits(value);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    const uint32_t nan =
        bits >> 16 | 0x40; /* quiet, so that dropped bits cannot make it infinity */
    return (uint16_t)((bits & 0x7fffffff) > CONVERT_F32_LIMIT ? nan : rounded);
}

static inline uint16_t convert_to_f16(f32 value)
{
    const uint32_t bits = convert_bits(value);
    const uint32_t sign = bits >> 16 & 0x8000;
    const uint32_t size = bits & 0x7fffffff;
    if (size > CONVERT_F32_LIMIT)
        return (uint16_t)(sign | 0x7e00 | (size >> 13 & 0x3ff));
    if (size >= CONVERT_F16_LIMIT)
        return (uint16_t)(sign | 0x7c00);
    if (size < 0x38800000) {
        /* Below 2^-14: one unit of 0.5 in f32 is the unit of subnormal f16, 2^-24, so the addition
         * rounds to it. */
        const f32 shifted = convert_from_bits(size) + 0.5F;
        return (uint16_t)(sign | (convert_bits(shifted) - 0x3f000000));
    }
    const uint32_t rebased = size - (112U << 23); /* exponent bias 127 -> 15 */
    return (uint16_t)(sign | (rebased + 0xfff + (rebased >> 13 & 1)) >> 13);
}

static inline f32 convert_from_bf16(uint16_t bits)
{
    return convert_from_bits((uint32_t)bits << 16);
}

static inline f32 convert_from_f16(uint16_t bits)
{
    const uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    const uint32_t exponent = bits >> 10 & 31;
    const uint32_t fraction = bits & 0x3ff;
    if (exponent == 31)
        return convert_from_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) {
        const f32 size = (f32)fraction * 0x1p-24F; /* zero or subnormal, exact */
        return convert_from_bits(sign | convert_bits(size));
    }
    return convert_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

#endif
