/* The keys and values of a layer on CUDA: what attention remembers of the positions so far.
 *
 *   Shape    [KV][C][HD] elements of the type T, C a multiple of 64; position p lies at p % C, so
 *            that the cache of a window is a ring; what is not written yet is never used
 *   keys     of a head: panels of 32 positions; in a panel, for each 16 bytes of columns, those of
 *            the 32 positions side by side, so that a warp whose lanes have a position each reads
 *            512 bytes at once, and no score needs a sum over lanes
 *   values   of a head: rows of HD elements, so that lanes which have 16 bytes of columns each read
 *            rows at once
 *   Order    f32 rounded once to T, to nearest even
 *
 * kernels/cpu/cache.h has the same bytes in another order; nothing carries them from the one to the
 * other. */
#ifndef KERNELS_CUDA_CACHE_CUH
#define KERNELS_CUDA_CACHE_CUH

#include "kernels/cuda/op.cuh"

enum { CACHE_PANEL = 32 };

/* Bytes of the keys, or the values, of one head: of `positions` positions. */
DEVICE size_t cache_bytes(enum format T, u32 HD, uint64_t positions)
{
    return (size_t)(T == FORMAT_F32 ? 4 : 2) * HD * positions;
}

/* Where the 16 bytes `v` of the key in `slot` lie, counted in 16 bytes from the head's first. */
DEVICE size_t cache_key_at(enum format T, u32 HD, u32 slot, u32 v)
{
    return (slot / CACHE_PANEL * (HD / vec_elements(T)) + v) * (size_t)CACHE_PANEL +
           slot % CACHE_PANEL;
}

/* The same of the value. */
DEVICE size_t cache_value_at(enum format T, u32 HD, u32 slot, u32 v)
{
    return (size_t)slot * (HD / vec_elements(T)) + v;
}

/* Stores element i of the 16 bytes at `vector`. */
DEVICE void cache_put(enum format T, void *vector, u32 i, f32 value)
{
    if (T == FORMAT_F32)
        ((f32 *)vector)[i] = value;
    else
        ((uint16_t *)vector)[i] =
            (uint16_t)(T == FORMAT_F16 ? narrow_f16(value) : narrow_bf16(value));
}

/* The 16 bytes that hold these elements. */
DEVICE struct vec16 cache_pack(enum format T, const f32 *elements)
{
    struct vec16 packed;
    UNROLL
    for (u32 w = 0; w < 4; w++) {
        if (T == FORMAT_F32)
            packed.word[w] = as_u32(elements[w]);
        else if (T == FORMAT_F16)
            packed.word[w] = narrow_f16(elements[2 * w]) | narrow_f16(elements[2 * w + 1]) << 16;
        else
            packed.word[w] = narrow_bf16(elements[2 * w]) | narrow_bf16(elements[2 * w + 1]) << 16;
    }
    return packed;
}

/* The first position that the one at `position` sees; W is the window, 0: none. */
DEVICE uint64_t cache_oldest(u32 W, uint64_t position)
{
    return W > 0 && position >= W ? position - W + 1 : 0;
}

#endif
