/* ssd:  zx.z[count][I] <- (the recurrence over x, B and C) * silu(zx.z), state carried
 *
 *   Means    for head h of P channels, channel c of it, token t, and group g = h G / H:
 *              dt = softplus(dt[t][h] + bias[h]), at least low and at most high
 *              S[n][c] = exp(A[h] * dt) * S[n][c] + dt * x[t][c] * B[t][g][n]   for n = 0 .. N-1
 *              z[t][c] = (sum over n of S[n][c] * C[t][g][n] + D[h] * x[t][c]) * silu(z[t][c])
 *   Shapes   zx [rows][zx_stride] f32 with I = H P: z in columns 0 .. I-1, x from I, B [G][N] from
 *            2 I, C [G][N] behind it, dt [H] behind that; state [H][N][P]; A, D, bias [PAD(H)];
 *            P a multiple of 16, A <= 0, low >= 0
 *   Split    lines of 16 channels: heads are too few for many threads
 *   Moves    x, z, B, C, dt in and z out once; the state in and out once per chunk in decode and
 *            from L1 or L2 per token in prefill, where it is bound by arithmetic
 *   Order    S = fma(exp(A * dt), S, u * B_n) with u = dt * x; y = fma(S, C_n, y) from 0 over
 *            ascending n, fma(x, D, y), * silu(z)
 *   Error    with a = exp(A dt) and h = 2^-24, the error of dt is (6 dt + |raw + bias|) h, and e[n]
 *            of S[n] grows by a step to a e[n] + h (a |S| (|A dt| + 3.1) + 2.1 |u B| + |S'|) +
 *            2^-125 |S| and what that of dt makes of A dt and u; that of y is (sum e[n] |C| +
 *            (N + 1) h (sum |S C| + |D x|)) |silu(z)| + 7.1 h |y|
 *            (tests/kernels/cpu/ssd_test.c carries it)
 *   Source   Dao and Gu, "Transformers are SSMs", sections 3 and 7 (structured state space duality:
 *            A is a scalar per head); Mamba2Mixer.torch_forward
 */
#ifndef KERNELS_CPU_SSD_H
#define KERNELS_CPU_SSD_H

#include <math.h>
#include <stddef.h>

#include "kernels/cpu/math.h"
#include "kernels/cpu/panels.h"

/* Vectors of channels that advance together: enough chains of y to hide the latency of an fma, few
 * enough for 16 registers. And how far ahead a decode step asks for states: as linear_gemv.h. */
enum { SSD_VECTORS = 4, SSD_LINES = SSD_VECTORS / LINE_VF, SSD_AHEAD_BYTES = 4096 };

/* What a head's time step makes of its states. */
struct ssd_step {
    f32 dt, decay;
};

KERNEL_INLINE struct ssd_step ssd_step(const struct ssd_shape *s, f32 raw, f32 A)
{
    const vf least = vf_splat(s->low), most = vf_splat(s->high);
    vf dt = vf_softplus(vf_splat(raw));
    dt = vf_select(dt < least, least, dt);
    dt = vf_select(dt > most, most, dt);
    return (struct ssd_step){dt[0], vf_exp_below(vf_splat(A) * dt)[0]};
}

/* Where one token of some channels of one head is: at the first of them, B and C at their group. */
struct ssd_at {
    f32 *z;
    const f32 *x, *B, *C;
    f32 *state;
};

/* One token of `vectors` vectors of channels. */
KERNEL_INLINE void ssd_token(const struct ssd_shape *s, u32 vectors, struct ssd_step step, f32 D,
                             struct ssd_at at)
{
    const vf decay = vf_splat(step.decay);
    vf u[SSD_VECTORS], y[SSD_VECTORS];
    UNROLL
    for (u32 v = 0; v < vectors; v++) {
        u[v] = vf_splat(step.dt) * vf_load(at.x + (size_t)v * VF_LANES);
        y[v] = (vf){0};
    }
    for (u32 n = 0; n < s->N; n++, at.state += s->P) {
        const vf b = vf_splat(at.B[n]), c = vf_splat(at.C[n]);
        UNROLL
        for (u32 v = 0; v < vectors; v++) {
            f32 *const state = at.state + (size_t)v * VF_LANES;
            if (s->count == COUNT_ONE && v % LINE_VF == 0)
                __builtin_prefetch((char *)state + SSD_AHEAD_BYTES, 1);
            const vf next = vf_fma(decay, vf_load(state), u[v] * b);
            vf_store(state, next);
            y[v] = vf_fma(next, c, y[v]);
        }
    }
    UNROLL
    for (u32 v = 0; v < vectors; v++) {
        f32 *const z = at.z + (size_t)v * VF_LANES;
        y[v] = vf_fma(vf_load(at.x + (size_t)v * VF_LANES), vf_splat(D), y[v]);
        vf_store(z, y[v] * vf_silu(vf_load(z)));
    }
}

/* All tokens of `vectors` vectors of channels from channel `c`. */
KERNEL_INLINE void ssd_channels(const struct ssd_shape *s, u32 vectors, u32 c, u32 rows, f32 *zx,
                                f32 *state, const f32 *A, const f32 *D, const f32 *bias)
{
    const u32 I = s->H * s->P, head = c / s->P, group = head / (s->H / s->G);
    state += (size_t)head * s->N * s->P + c % s->P;
    for (u32 t = 0; t < rows; t++, zx += s->zx_stride) {
        const f32 *const B = zx + 2 * (size_t)I, *const C = B + (size_t)s->G * s->N;
        const f32 raw = C[(size_t)s->G * s->N + head] + bias[head];
        ssd_token(s, vectors, ssd_step(s, raw, A[head]), D[head],
                  (struct ssd_at){.z = zx + c,
                                  .x = zx + I + c,
                                  .B = B + (size_t)group * s->N,
                                  .C = C + (size_t)group * s->N,
                                  .state = state});
    }
}

/* This thread's share of the channels. */
KERNEL_INLINE void ssd(const run *r, const struct ssd_shape *s, f32 *zx, f32 *state, const f32 *A,
                       const f32 *D, const f32 *bias)
{
    const u32 of_head = s->P / LINE_F32, rows = count_rows(r, s->count);
    u32 first, last;
    panel_share(r, s->H * of_head, &first, &last);
    for (u32 line = first, step; line < last; line += step) {
        const u32 in_head = of_head - line % of_head, c = line * LINE_F32;
        step = last - line < in_head ? last - line : in_head;
        step = step < SSD_LINES ? step : (u32)SSD_LINES;
        const u32 vectors = step * LINE_VF;
        if (vectors == 4)
            ssd_channels(s, 4, c, rows, zx, state, A, D, bias);
        else if (vectors == 3)
            ssd_channels(s, 3, c, rows, zx, state, A, D, bias);
        else if (vectors == 2)
            ssd_channels(s, 2, c, rows, zx, state, A, D, bias);
        else
            ssd_channels(s, 1, c, rows, zx, state, A, D, bias);
    }
}

#endif
