/* gemm: many rows of y from as many rows of x, for the shapes and epilogues of linear.h
 *
 *   Means    linear.h, which is the definition; every output has the bits of linear_gemv.h
 *   Tile     TILE_TOKENS x 2 vectors of outputs in registers for the whole of K: 12 x 2 on AVX-512,
 *            5 x 2 on AVX2 and 8 x 2 on NEON, the most that GCC 12 keeps in registers
 *   Moves    the matrix once from memory; a panel (64 K weights) stays in L2 while all tokens pass,
 *            x comes from L2 and L3; bound by fma
 *   Order    k = 0 .. K-1, one accumulator per output */
#ifndef KERNELS_CPU_LINEAR_GEMM_H
#define KERNELS_CPU_LINEAR_GEMM_H

#include "kernels/cpu/linear_gemv.h"

enum {
    TILE_VECTORS = 2,
    TILE_TOKENS = VF_BYTES == 64   ? 12
                  : VF_BYTES == 32 ? 5
                                   : 8,
    REST_TOKENS = VF_BYTES == 32 ? 2 : 4, /* then this many, then one by one */
};

/* acc[t][v] += W[.][k] * x[t][k] for one k; `pair` is where that of k starts in a panel of `width`
 * rows. */
KERNEL_INLINE void tile_step(const struct linear_shape *s, u32 tokens, u32 vectors,
                             const char *pair, size_t width, u32 odd, const f32 *x,
                             vf acc[TILE_TOKENS][TILE_VECTORS])
{
    vf column[TILE_VECTORS];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        column[v] = panel_load(s->type, pair, width, odd, v * VF_LANES);
    UNROLL
    for (u32 t = 0; t < tokens; t++) {
        vf row = vf_splat(x[(size_t)t * s->x_stride + odd]);
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            acc[t][v] = vf_fma(column[v], row, acc[t][v]);
    }
}

/* tokens x vectors outputs; part.at, y and bias are at the first of those outputs. */
KERNEL_INLINE void tile(const struct linear_shape *s, u32 tokens, u32 vectors,
                        struct panel_part part, f32 *y, const f32 *bias, const f32 *x)
{
    const size_t width = part.width, step = pair_bytes(s->type) * width;
    vf acc[TILE_TOKENS][TILE_VECTORS];
    UNROLL
    for (u32 t = 0; t < tokens; t++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            acc[t][v] = (vf){0};
    }
    const char *pair = part.at, *const end = pair + s->K / 2 * step;
    for (; pair != end; pair += step, x += 2) {
        tile_step(s, tokens, vectors, pair, width, 0, x, acc);
        tile_step(s, tokens, vectors, pair, width, 1, x, acc);
    }
    if (s->K % 2 == 1)
        tile_step(s, tokens, vectors, pair, width, 0, x, acc);
    UNROLL
    for (u32 t = 0; t < tokens; t++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            epilogue_store(s->epilogue, y + (size_t)t * s->y_stride, bias, v * VF_LANES, acc[t][v]);
    }
}

/* `tokens` rows by all outputs of `part`. */
KERNEL_INLINE void tile_row(const struct linear_shape *s, u32 tokens, struct panel_part part,
                            f32 *y, const f32 *bias, const f32 *x)
{
    const size_t lanes = (size_t)part.lines * LINE_F32, step = TILE_VECTORS * VF_LANES;
    size_t lane = 0;
    for (; lane + step <= lanes; lane += step) {
        tile(s, tokens, TILE_VECTORS, part, y + lane, bias ? bias + lane : bias, x);
        part.at += step * lane_bytes(s->type);
    }
    if (lane < lanes)
        tile(s, tokens, 1, part, y + lane, bias ? bias + lane : bias, x);
}

/* `rows` rows by the lines of `part`. */
KERNEL_INLINE void gemm_panel(const struct linear_shape *s, u32 rows, struct panel_part part,
                              f32 *y, const f32 *bias, const f32 *x)
{
    for (; rows >= TILE_TOKENS; rows -= TILE_TOKENS) {
        tile_row(s, TILE_TOKENS, part, y, bias, x);
        y += (size_t)TILE_TOKENS * s->y_stride;
        x += (size_t)TILE_TOKENS * s->x_stride;
    }
    for (; rows >= REST_TOKENS; rows -= REST_TOKENS) {
        tile_row(s, REST_TOKENS, part, y, bias, x);
        y += (size_t)REST_TOKENS * s->y_stride;
        x += (size_t)REST_TOKENS * s->x_stride;
    }
    for (; rows > 0; rows--) {
        gemv_panel(s, part, y, bias, x);
        y += s->y_stride;
        x += s->x_stride;
    }
}

#endif
