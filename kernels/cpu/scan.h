/* scan:  xz.x[count][I] <- gated selective scan of xz.x, in place, state carried
 *
 *   Means    for channel c, token t, with u = dt[t][c] * x[t][c]:
 *              s[n] = exp(A[n][c] * dt[t][c]) * s[n] + u * B[t][n]   for n = 0 .. N-1
 *              y = (sum over n of s[n] * C[t][n] + D[c] * x[t][c]) * silu(z[t][c])
 *   Shapes   xz [rows][xz_stride] f32: x in columns 0 .. I-1, z from PAD(I); state, A by lines of
 *            channels, [PAD(I)/16][N][16]; dt [rows][PAD(I)]; xdb [rows][xdb_stride]: B in columns
 *            R .. R+N-1, C in R+N .. R+2N-1; D [PAD(I)]; A <= 0 and dt >= 0
 *   Split    lines of 16 channels
 *   Moves    x, z, dt in and y out once; state and A in, state out, once per chunk; N exps per
 *            element: bound by arithmetic in prefill
 *   Order    rate = A * log2(e); then s = fma(exp2(rate * dt), s, u * B_n), and y = fma(s, C_n, y)
 *            from 0 over ascending n, y = fma(x, D, y), y * silu(z)
 *   Error    with a = exp(A dt) and h = 2^-24, the error e[n] of s[n] grows by a step to
 *              a e[n] + h (a |s| (2 |A dt| + 3.1) + 2.1 |u B| + |s'|) + 2^-125 |s|,
 *            and that of y is
 *              (sum e[n] |C| + (N + 1) h (sum |s C| + |D x|)) |silu(z)| + 7.1 h |y|
 *            (tests/kernels/cpu/scan_test.c carries it along)
 *   Source   Gu and Dao, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces",
 *            section 3; MambaMixer.slow_forward */
#ifndef KERNELS_CPU_SCAN_H
#define KERNELS_CPU_SCAN_H

#include <stddef.h>

#include "kernels/cpu/math.h"
#include "kernels/cpu/op.h"

/* How far ahead states and rates are asked for: they are read once per decode step, so they come
 * from memory, and the next page of 4 KiB is out of the sight of the hardware's prefetcher. */
enum { SCAN_AHEAD_LINES = 3 };

/* Where some channels are: x, dt and D at the first of them, state and A at its first state, xdb at
 * row 0. */
struct scan_at {
    f32 *x, *state;
    const f32 *dt, *xdb, *A, *D;
    vf *held, *rate; /* room for N vectors each */
};

/* All tokens of VF_LANES channels. Their states and rates stay in L1 meanwhile. */
KERNEL_INLINE void scan_lanes(const struct scan_shape *s, u32 rows, struct scan_at at)
{
    const size_t ahead = (size_t)SCAN_AHEAD_LINES * s->N * LINE_F32;
    vf *const state = at.held, *const rate = at.rate;
    for (u32 n = 0; n < s->N; n++) {
        __builtin_prefetch(at.state + (size_t)n * LINE_F32 + ahead, 1);
        __builtin_prefetch(at.A + (size_t)n * LINE_F32 + ahead);
        state[n] = vf_load(at.state + (size_t)n * LINE_F32);
        rate[n] = vf_load(at.A + (size_t)n * LINE_F32) * vf_splat(LOG2_E);
    }
    const vf skip = vf_load(at.D);
    for (u32 t = 0; t < rows; t++) {
        const f32 *const B = at.xdb + s->R, *const C = B + s->N;
        const vf step = vf_load(at.dt), in = vf_load(at.x), u = step * in;
        vf y = {0};
#pragma GCC unroll 4
        for (u32 n = 0; n < s->N; n++) {
            state[n] = vf_fma(vf_exp2_below(rate[n] * step), state[n], u * vf_splat(B[n]));
            y = vf_fma(state[n], vf_splat(C[n]), y);
        }
        y = vf_fma(in, skip, y);
        vf_store(at.x, y * vf_silu(vf_load(at.x + LINE_PAD(s->I))));
        at.x += s->xz_stride, at.dt += LINE_PAD(s->I), at.xdb += s->xdb_stride;
    }
    for (u32 n = 0; n < s->N; n++)
        vf_store(at.state + (size_t)n * LINE_F32, state[n]);
}

/* Line `line` of the channels; x, dt and D are at its first channel, state and A at the first line
 * of all. */
KERNEL_INLINE void scan_line(const struct scan_shape *s, u32 rows, u32 line, struct scan_at at)
{
    const size_t states = (size_t)line * s->N * LINE_F32;
    for (u32 lane = 0; lane < LINE_F32; lane += VF_LANES)
        scan_lanes(s, rows,
                   (struct scan_at){.x = at.x + lane,
                                    .state = at.state + states + lane,
                                    .dt = at.dt + lane,
                                    .xdb = at.xdb,
                                    .A = at.A + states + lane,
                                    .D = at.D + lane,
                                    .held = at.held,
                                    .rate = at.rate});
}

/* This thread's share of the channels. */
KERNEL_INLINE void scan(const run *r, const struct scan_shape *s, f32 *xz, f32 *state,
                        const f32 *dt, const f32 *xdb, const f32 *A, const f32 *D)
{
    vf held[s->N], rate[s->N];
    u32 first, last;
    team_share(r, LINE_PAD(s->I) / LINE_F32, &first, &last);
    for (u32 line = first; line < last; line++) {
        const size_t c = (size_t)line * LINE_F32;
        scan_line(s, count_rows(r, s->count), line,
                  (struct scan_at){xz + c, state, dt + c, xdb, A, D + c, held, rate});
    }
}

#endif
