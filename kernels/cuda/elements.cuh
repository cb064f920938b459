/* What a number format means on CUDA: elements from and to the 16 bytes that are loaded or stored
 * at a time. No other file of the backend tells formats apart; kernels ask how many elements 16
 * bytes hold.
 *
 *   Error    widening is exact; narrowing rounds once to nearest even */
#ifndef KERNELS_CUDA_ELEMENTS_CUH
#define KERNELS_CUDA_ELEMENTS_CUH

#include "kernels/cuda/device.h"
#include "kernels/shapes.h"

/* Elements in 16 bytes; such vectors in a row of K. */
HOST_DEVICE constexpr u32 vec_elements(enum format T)
{
    return 128 / format_bits(T);
}

HOST_DEVICE constexpr u32 row_vectors(enum format T, u32 K)
{
    return LINE_PAD(K) / vec_elements(T);
}

/* Element i of a vector, widened exactly; i is a constant. */
DEVICE f32 weight_element(enum format T, const struct vec16 *v, u32 i)
{
    if (T == FORMAT_F32)
        return as_f32(v->word[i]);
    const u32 bits16 = i % 2 ? v->word[i / 2] >> 16 : v->word[i / 2] & 0xffffu;
    return T == FORMAT_F16 ? widen_f16(bits16) : widen_bf16(bits16);
}

/* The bits of an element. */
DEVICE u32 element_narrow(enum format T, f32 value)
{
    if (T == FORMAT_F32)
        return as_u32(value);
    return T == FORMAT_F16 ? narrow_f16(value) : narrow_bf16(value);
}

/* The vector that holds these elements. */
DEVICE struct vec16 vec_narrow(enum format T, const f32 *elements)
{
    const u32 each = vec_elements(T) / 4; /* in a word */
    struct vec16 packed;
    UNROLL
    for (u32 w = 0; w < 4; w++) {
        packed.word[w] = element_narrow(T, elements[each * w]);
        if (each == 2)
            packed.word[w] |= element_narrow(T, elements[2 * w + 1]) << 16;
    }
    return packed;
}

/* Element `at` of `to` <- value. */
DEVICE void element_store(enum format T, void *to, size_t at, f32 value)
{
    if (vec_elements(T) == 4)
        ((u32 *)to)[at] = element_narrow(T, value);
    else
        ((uint16_t *)to)[at] = (uint16_t)element_narrow(T, value);
}

/* c += a b on tensor cores, of 16-bit elements: mma_bf16() of device.h says which. */
DEVICE void vec_mma(enum format T, f32 *c, const u32 *a, const u32 *b)
{
    if (T == FORMAT_F16)
        mma_f16(c, a, b);
    else
        mma_bf16(c, a, b);
}

#endif
