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
    return format_bytes(T, positions, HD);
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

/* The first position that the one at `position` sees; W is the window, 0: none. */
DEVICE uint64_t cache_oldest(u32 W, uint64_t position)
{
    return W > 0 && position >= W ? position - W + 1 : 0;
}

#endif
