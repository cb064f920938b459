/* Packed matrices: panels of 64 output rows, so that vectors run along the outputs.
 *
 *   Shape    [PAD(M)][PAD(K)]; panel p holds rows 64p .. 64p+63, the last one 16, 32, 48 or 64 rows
 *   f32,f16  inside a panel of `width` rows: for each k, `width` values
 *   bf16     for each pair of k, `width` 32-bit lanes: low half = even k, high half = odd k. One
 *            load, then a shift and a mask, give two vectors of f32.
 *   Source   the pack tool writes this layout into the weight file
 *
 * What a format means is said here alone, and for keys and values in cache.h: the products see
 * panel_load(), pair_bytes() and lane_bytes(). */
#ifndef KERNELS_CPU_PANELS_H
#define KERNELS_CPU_PANELS_H

#include <stddef.h>
#include <string.h>

#include "kernels/cpu/op.h"
#include "kernels/cpu/simd.h"

enum { PANEL_ROWS = 64, PANEL_LINES = PANEL_ROWS / LINE_F32 };

/* Bytes of two consecutive k of one row. */
KERNEL_INLINE size_t pair_bytes(enum format T)
{
    return (size_t)format_bits(T) / 8 * 2;
}

/* Bytes from one row to the next: of an element, or of the two that share a lane. */
KERNEL_INLINE size_t lane_bytes(enum format T)
{
    return (size_t)format_bits(T) / 8 * (T == FORMAT_BF16 ? 2 : 1);
}

/* Bytes of one row as stored: whole lines of k. */
KERNEL_INLINE size_t row_bytes(enum format T, u32 K)
{
    return format_bytes(T, 1, LINE_PAD((uint64_t)K));
}

/* Lines of panel `panel` of a matrix of `lines` lines. */
KERNEL_INLINE u32 panel_lines(u32 lines, u32 panel)
{
    u32 left = lines - panel * PANEL_LINES;
    return left < PANEL_LINES ? left : PANEL_LINES;
}

/* Some lines of a panel. */
struct panel_part {
    const char *at; /* the first pair of k of the first line */
    size_t width;   /* rows of the panel */
    u32 lines;
};

/* The lines from `line` on, up to `last` or the end of their panel, of the matrix of a product. */
KERNEL_INLINE struct panel_part panel_part(const struct linear_shape *s, const void *w, u32 line,
                                           u32 last)
{
    const u32 panel = line / PANEL_LINES, skip = line % PANEL_LINES;
    const u32 in_panel = panel_lines(LINE_PAD(s->M) / LINE_F32, panel);
    return (struct panel_part){
        .at = (const char *)w + row_bytes(s->type, s->K) * PANEL_ROWS * panel +
              (size_t)skip * LINE_F32 * lane_bytes(s->type),
        .width = (size_t)in_panel * LINE_F32,
        .lines = last - line < in_panel - skip ? last - line : in_panel - skip,
    };
}

/* The weights of k = 2 * pair + odd for VF_LANES rows from `lane`, where `pair_at` is the place of
 * the pair in a panel of `width` rows. */
KERNEL_INLINE vf panel_load(enum format T, const char *pair_at, size_t width, u32 odd, size_t lane)
{
    if (T == FORMAT_F32)
        return vf_load((const f32 *)(const void *)pair_at + odd * width + lane);
    if (T == FORMAT_F16)
        return vf_load_f16(pair_at + 2 * (odd * width + lane));
    vu pairs = *(const vu *)(const void *)(pair_at + 4 * lane);
    return odd ? (vf)(pairs & 0xffff0000u) : (vf)(pairs << 16);
}

/* Element k of row `lane` of a panel of `width` rows, widened. */
KERNEL_INLINE f32 panel_element(enum format T, const char *panel, size_t width, size_t lane,
                                size_t k)
{
    if (T == FORMAT_F32)
        return ((const f32 *)(const void *)panel)[k * width + lane];
    if (T == FORMAT_F16) {
        /* The vector widening is the only one every compiler has; lane 0 of a copy is the value. */
        _Alignas(VF_BYTES)
            uint16_t halves[VF_LANES] = {((const uint16_t *)(const void *)panel)[k * width + lane]};
        return vf_load_f16(halves)[0];
    }
    const uint32_t pair = ((const uint32_t *)(const void *)panel)[k / 2 * width + lane];
    const uint32_t bits = k % 2 ? pair & 0xffff0000u : pair << 16;
    f32 value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The lines of a matrix that this thread computes: [*first, *last). Whole panels where that costs
 * at most an eighth of a thread's work, else any lines, so that 80 rows are 48 : 32 and not 64
 * : 16.
 */
static inline void panel_share(const run *r, u32 lines, u32 *first, u32 *last)
{
    team_share(r, lines, first, last);
    if (lines < 8 * PANEL_LINES * r->threads)
        return;
    *first = *first / PANEL_LINES * PANEL_LINES;
    if (*last != lines)
        *last = *last / PANEL_LINES * PANEL_LINES;
}

#endif
