/* dt_scan:  xz.x <- gated selective scan of xz.x with dt = softplus(W xdb.dt + bias), one token
 *
 *   Means    linear.h with softplus, then scan.h, in one operation: the recurrence of a decode step
 *   Shapes   xz, state, xdb, A, D as in scan.h, of one row; W [I][R] packed as in panels.h, bias
 *            [PAD(I)]
 *   Split    lines of 16 channels: who computes the time steps of a line also scans it, so they
 *            never leave the thread
 *   Moves    W, A and the state once, the state out
 *   Order    as the two; the same bits as when they run one by one
 *   Error    as the two
 *   Source   Gu and Dao, "Mamba", section 3; MambaMixer.slow_forward with a cache */
#ifndef KERNELS_CPU_DT_SCAN_H
#define KERNELS_CPU_DT_SCAN_H

#include "kernels/cpu/linear.h"
#include "kernels/cpu/scan.h"

/* The time steps of `part` of the matrix. */
KERNEL_INLINE void time_steps(const struct linear_shape *s, struct panel_part part, f32 *dt,
                              const f32 *bias, const f32 *x)
{
    gemv_panel(s, part, dt, bias, x);
    for (u32 lane = 0; lane < part.lines * LINE_F32; lane += VF_LANES)
        vf_store(dt + lane, vf_softplus(vf_load(dt + lane)));
}

/* This thread's share of the channels. The pads of a line get a time step that is not 0, and stay
 * 0: their x, state and A are. */
KERNEL_INLINE void dt_scan(const run *r, const struct dt_scan_shape *s, f32 *xz, f32 *state,
                           const f32 *xdb, const void *w, const f32 *bias, const f32 *A,
                           const f32 *D)
{
    const struct linear_shape steps = {
        .type = s->type, .M = s->I, .K = s->R, .epilogue = EPILOGUE_SOFTPLUS, .count = COUNT_ONE};
    const struct scan_shape scanned = {.I = s->I, .N = s->N, .R = s->R, .count = COUNT_ONE};
    _Alignas(LINE_BYTES) f32 dt[PANEL_ROWS];
    vf held[s->N], rate[s->N];
    u32 first, last;
    panel_share(r, LINE_PAD(s->I) / LINE_F32, &first, &last);
    for (u32 line = first; line < last;) {
        const struct panel_part part = panel_part(&steps, w, line, last);
        time_steps(&steps, part, dt, bias + (size_t)line * LINE_F32, xdb);
        for (u32 i = 0; i < part.lines; i++, line++) {
            const size_t c = (size_t)line * LINE_F32;
            scan_line(&scanned, 1, line,
                      (struct scan_at){xz + c, state, dt + (size_t)i * LINE_F32, xdb, A, D + c,
                                       held, rate});
        }
    }
}

#endif
