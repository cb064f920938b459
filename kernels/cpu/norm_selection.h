/* norm_selection:  xdb.dt, xdb.B, xdb.C[count] <- each by itself, x / rms(x) * weight, in place
 *
 *   Means    norm.h for each of the three parts of a row: what Jamba does between x_proj and the
 *            rest of a Mamba layer
 *   Shapes   xdb [rows][DS] f32: dt in columns 0 .. R-1, B in R .. R+N-1, C in R+N .. R+2N-1;
 *            dt_norm [PAD(R)], b_norm and c_norm [PAD(N)] f32
 *   Split    tokens
 *   Moves    R + 2 N floats per token in and out
 *   Order    as norm.h, part by part
 *   Error    as norm.h with D = R or N  (tests/kernels/cpu/norm_selection_test.c)
 *   Source   Lieber et al., "Jamba"; JambaMambaMixer.slow_forward in f32
 *
 * norm_dt_scan:  the same, then dt_scan.h, in one operation: the recurrence of a decode step
 *
 *   Means    dt_scan.h with the normalised dt, B and C of one token
 *   Shapes   as above and in dt_scan.h; xdb stays as it is
 *   Split    as dt_scan.h; every thread normalises the row for itself, which costs less than a
 *            barrier
 *   Order    as the two; the same bits as when they run one by one
 *
 *   void NAME(run *, u32 op, f32 (*xdb)[DS], const f32 *dt_norm, const f32 *b_norm,
 *             const f32 *c_norm)
 *   void NAME(run *, u32 op, f32 (*xz)[XS], f32 (*state)[N][16], const f32 (*xdb)[DS],
 *             const f32 *dt_norm, const f32 *b_norm, const f32 *c_norm, const TYPE *w,
 *             const f32 *bias, const f32 (*A)[N][16], const f32 *D) */
#ifndef KERNELS_CPU_NORM_SELECTION_H
#define KERNELS_CPU_NORM_SELECTION_H

#include <string.h>

#include "kernels/cpu/dt_scan.h"
#include "kernels/cpu/norm.h"

/* The weights of the three norms. */
struct selection_norms {
    const f32 *dt, *B, *C;
};

/* One part of a row, of D floats from anywhere; `part` is room for whole lines of them. */
KERNEL_INLINE void norm_part(u32 D, f32 eps, f32 *x, const f32 *weight, f32 *part)
{
    for (u32 i = D; i < LINE_PAD(D); i++)
        part[i] = 0.0f;
    memcpy(part, x, D * sizeof *x);
    rmsnorm_row(D, LINE_PAD(D), eps, part, part, weight);
    memcpy(x, part, D * sizeof *x);
}

/* One row, in place. */
KERNEL_INLINE void norm_selection_row(u32 R, u32 N, f32 eps, f32 *xdb, struct selection_norms norms,
                                      f32 *part)
{
    norm_part(R, eps, xdb, norms.dt, part);
    norm_part(N, eps, xdb + R, norms.B, part);
    norm_part(N, eps, xdb + R + N, norms.C, part);
}

/* This thread's share of the tokens. */
KERNEL_INLINE void norm_selection(u32 R, u32 N, u32 DS, f32 eps, enum count count, const run *r,
                                  f32 *xdb, struct selection_norms norms, f32 *part)
{
    u32 first, last;
    team_share(r, count_rows(r, count), &first, &last);
    for (size_t t = first; t < last; t++)
        norm_selection_row(R, N, eps, xdb + t * DS, norms, part);
}

/* Floats that hold either part. */
#define SELECTION_PART(R, N) LINE_PAD((R) > (N) ? (R) : (N))

#define NORM_SELECTION(name, R, N, DS, EPS, COUNT)                                                 \
    void name(run *r, u32 op, f32(*xdb)[DS], const f32 *dt_norm, const f32 *b_norm,                \
              const f32 *c_norm)                                                                   \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 part[SELECTION_PART(R, N)];                                       \
        norm_selection(R, N, DS, EPS, COUNT_##COUNT, r, xdb[0],                                    \
                       (struct selection_norms){dt_norm, b_norm, c_norm}, part);                   \
        op_done(r, op); /* xdb before dt_proj and the scan read it */                              \
    }

#define NORM_DT_SCAN(name, TYPE, T, I, N, R, XS, DS, EPS)                                          \
    void name(run *r, u32 op, f32(*xz)[XS], f32(*state)[N][LINE_F32], const f32(*xdb)[DS],         \
              const f32 *dt_norm, const f32 *b_norm, const f32 *c_norm, const TYPE *w,             \
              const f32 *bias, const f32(*A)[N][LINE_F32], const f32 *D)                           \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 own[DS], part[SELECTION_PART(R, N)];                              \
        vf s[N], rate[N];                                                                          \
        memcpy(own, xdb[0], sizeof own);                                                           \
        norm_selection_row(R, N, EPS, own, (struct selection_norms){dt_norm, b_norm, c_norm},      \
                           part);                                                                  \
        dt_scan(FORMAT_##T, I, N, R, XS, DS, r, xz[0], state[0][0], own, w->w, bias, A[0][0], D,   \
                s, rate);                                                                          \
        op_done(r, op); /* x before out_proj reads it; xdb before it is overwritten */             \
    }

#endif
