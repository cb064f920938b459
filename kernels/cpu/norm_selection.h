/* norm_selection:  xdb.dt, xdb.B, xdb.C[count] <- each by itself, x / rms(x) * weight, in place
 *
 *   Means    norm.h for each of the three parts of a row: what Jamba does between x_proj and the
 *            rest of a Mamba layer
 *   Shapes   xdb [rows][xdb_stride] f32: dt in columns 0 .. R-1, B in R .. R+N-1, C in R+N ..
 *            R+2N-1; dt_norm [PAD(R)], b_norm and c_norm [PAD(N)] f32
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
 *   Order    as the two; the same bits as when they run one by one */
#ifndef KERNELS_CPU_NORM_SELECTION_H
#define KERNELS_CPU_NORM_SELECTION_H

#include <string.h>

#include "kernels/cpu/dt_scan.h"
#include "kernels/cpu/norm.h"

/* One part of a row, of D floats from anywhere; `part` is room for whole lines of them. */
KERNEL_INLINE void norm_part(u32 D, f32 epsilon, f32 *x, const f32 *weight, f32 *part)
{
    for (u32 i = D; i < LINE_PAD(D); i++)
        part[i] = 0.0f;
    memcpy(part, x, D * sizeof *x);
    rmsnorm_row(D, LINE_PAD(D), epsilon, part, part, weight);
    memcpy(x, part, D * sizeof *x);
}

/* One row, in place. */
KERNEL_INLINE void norm_selection_row(const struct norm_selection_shape *s, f32 *xdb,
                                      const f32 *dt_norm, const f32 *b_norm, const f32 *c_norm)
{
    _Alignas(LINE_BYTES) f32 part[LINE_PAD(s->R > s->N ? s->R : s->N)];
    norm_part(s->R, s->epsilon, xdb, dt_norm, part);
    norm_part(s->N, s->epsilon, xdb + s->R, b_norm, part);
    norm_part(s->N, s->epsilon, xdb + s->R + s->N, c_norm, part);
}

/* This thread's share of the tokens. */
KERNEL_INLINE void norm_selection(const run *r, const struct norm_selection_shape *s, f32 *xdb,
                                  const f32 *dt_norm, const f32 *b_norm, const f32 *c_norm)
{
    u32 first, last;
    team_share(r, count_rows(r, s->count), &first, &last);
    for (size_t t = first; t < last; t++)
        norm_selection_row(s, xdb + t * s->xdb_stride, dt_norm, b_norm, c_norm);
}

/* This thread's share of the channels. */
KERNEL_INLINE void norm_dt_scan(const run *r, const struct norm_dt_scan_shape *s, f32 *xz,
                                f32 *state, const f32 *xdb, const f32 *dt_norm, const f32 *b_norm,
                                const f32 *c_norm, const void *w, const f32 *bias, const f32 *A,
                                const f32 *D)
{
    const struct norm_selection_shape norms = {.N = s->N, .R = s->R, .epsilon = s->epsilon};
    const struct dt_scan_shape scanned = {.type = s->type, .I = s->I, .N = s->N, .R = s->R};
    _Alignas(LINE_BYTES) f32 own[LINE_PAD(s->R + 2 * s->N)];
    memcpy(own, xdb, sizeof own);
    norm_selection_row(&norms, own, dt_norm, b_norm, c_norm);
    dt_scan(r, &scanned, xz, state, own, w, bias, A, D);
}

#endif
