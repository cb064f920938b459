/* The keys and values of a layer: what attention remembers of the positions so far.
 *
 *   Shape    [KV][C][HD] elements of the type T, C a multiple of 64; position p lies at p % C, so
 *            that the cache of a window is a ring; what is not written yet is never used
 *   keys     of a head: panels (panels.h) of 16 positions and HD columns, so that vectors run along
 *            the positions
 *   values   of a head: one panel of HD rows and C columns, so that vectors run along the head
 *   Order    f32 rounded once to T, to nearest even */
#ifndef KERNELS_CPU_CACHE_H
#define KERNELS_CPU_CACHE_H

#include <string.h>

#include "kernels/cpu/panels.h"

/* Bytes of the keys, or the values, of one head: of `positions` positions. */
KERNEL_INLINE size_t cache_bytes(enum format type, u32 HD, uint64_t positions)
{
    return format_bytes(type, positions, HD);
}

/* A finite f32 to the nearest bf16. */
KERNEL_INLINE uint16_t cache_bf16(f32 value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* Stores `row`, the key or value of one head: element d goes to place `at + step * d` of elements,
 * or, with two bf16 in a lane, to its lower or upper half. */
KERNEL_INLINE void cache_scatter(enum format type, u32 HD, void *to, size_t at, size_t step,
                                 const f32 *row)
{
    for (u32 d = 0; d < HD; d += VF_LANES) {
        _Alignas(VF_BYTES) uint16_t halves[VF_LANES];
        if (type == FORMAT_F16)
            vf_store_f16(halves, vf_load(row + d));
        for (u32 i = 0; i < VF_LANES; i++) {
            const size_t place = at + step * (d + i);
            if (type == FORMAT_F32)
                ((f32 *)to)[place] = row[d + i];
            else
                ((uint16_t *)to)[place] = type == FORMAT_F16 ? halves[i] : cache_bf16(row[d + i]);
        }
    }
}

/* keys: those of the head. Two columns of a key share a lane in bf16. */
KERNEL_INLINE void cache_put_key(enum format type, u32 HD, void *keys, uint64_t position,
                                 const f32 *key)
{
    const u32 lane = (u32)(position % LINE_F32);
    char *panel = (char *)keys + cache_bytes(type, HD, position - lane);
    if (type != FORMAT_BF16) {
        cache_scatter(type, HD, panel, lane, LINE_F32, key);
        return;
    }
    for (u32 d = 0; d < HD; d++)
        ((uint16_t *)(void *)panel)[(d / 2 * LINE_F32 + lane) * 2 + d % 2] = cache_bf16(key[d]);
}

/* values: those of the head. Two positions share a lane in bf16. */
KERNEL_INLINE void cache_put_value(enum format type, u32 HD, void *values, uint64_t position,
                                   const f32 *value)
{
    const size_t pair = position / 2, odd = position % 2;
    if (type == FORMAT_BF16)
        cache_scatter(type, HD, values, pair * HD * 2 + odd, 2, value);
    else
        cache_scatter(type, HD, values, position * HD, 1, value);
}

#endif
