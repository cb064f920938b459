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

/* acc[t][v] += W[.][k] * x[t][k] for one k */
KERNEL_INLINE void tile_step(enum format T, u32 tokens, u32 vectors, u32 XS, const char *w,
                             size_t width, u32 odd, const f32 *x, vf acc[TILE_TOKENS][TILE_VECTORS])
{
    vf column[TILE_VECTORS];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        column[v] = panel_load(T, w, width, odd, v * VF_LANES);
    UNROLL
    for (u32 t = 0; t < tokens; t++) {
        vf row = vf_splat(x[(size_t)t * XS + odd]);
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            acc[t][v] = vf_fma(column[v], row, acc[t][v]);
    }
}

/* tokens x vectors outputs; w, y and bias are at the first of those outputs. */
KERNEL_INLINE void tile(enum format T, u32 K, u32 YS, u32 XS, enum epilogue E, u32 tokens,
                        u32 vectors, const char *w, size_t width, f32 *y, const f32 *bias,
                        const f32 *x)
{
    vf acc[TILE_TOKENS][TILE_VECTORS];
    UNROLL
    for (u32 t = 0; t < tokens; t++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            acc[t][v] = (vf){0};
    }
    const char *const end = w + K / 2 * pair_bytes(T) * width;
    for (; w != end; w += pair_bytes(T) * width, x += 2) {
        tile_step(T, tokens, vectors, XS, w, width, 0, x, acc);
        tile_step(T, tokens, vectors, XS, w, width, 1, x, acc);
    }
    if (K % 2 == 1)
        tile_step(T, tokens, vectors, XS, w, width, 0, x, acc);
    UNROLL
    for (u32 t = 0; t < tokens; t++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            epilogue_store(E, y + (size_t)t * YS, bias, v * VF_LANES, acc[t][v]);
    }
}

/* `tokens` rows by all `lanes` outputs from `w`. */
KERNEL_INLINE void tile_row(enum format T, u32 K, u32 YS, u32 XS, enum epilogue E, u32 tokens,
                            size_t lanes, const char *w, size_t width, f32 *y, const f32 *bias,
                            const f32 *x)
{
    const size_t lane_bytes = T == FORMAT_F16 ? 2 : 4;
    size_t lane = 0;
    for (; lane + TILE_VECTORS * VF_LANES <= lanes; lane += TILE_VECTORS * VF_LANES)
        tile(T, K, YS, XS, E, tokens, TILE_VECTORS, w + lane * lane_bytes, width, y + lane,
             bias ? bias + lane : bias, x);
    if (lane < lanes)
        tile(T, K, YS, XS, E, tokens, 1, w + lane * lane_bytes, width, y + lane,
             bias ? bias + lane : bias, x);
}

/* `rows` rows by `lines` lines, all in one panel. */
KERNEL_INLINE void gemm_panel(enum format T, u32 K, u32 YS, u32 XS, enum epilogue E, u32 rows,
                              u32 lines, const char *w, size_t width, f32 *y, const f32 *bias,
                              const f32 *x)
{
    const size_t lanes = (size_t)lines * LINE_F32;
    for (; rows >= TILE_TOKENS; rows -= TILE_TOKENS) {
        tile_row(T, K, YS, XS, E, TILE_TOKENS, lanes, w, width, y, bias, x);
        y += (size_t)TILE_TOKENS * YS;
        x += (size_t)TILE_TOKENS * XS;
    }
    for (; rows >= REST_TOKENS; rows -= REST_TOKENS) {
        tile_row(T, K, YS, XS, E, REST_TOKENS, lanes, w, width, y, bias, x);
        y += (size_t)REST_TOKENS * YS;
        x += (size_t)REST_TOKENS * XS;
    }
    for (; rows > 0; rows--) {
        gemv_panel(T, K, E, lines, w, width, y, bias, x);
        y += YS;
        x += XS;
    }
}

#endif
