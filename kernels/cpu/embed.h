/* embed:  y[count][K] <- E[tokens[t]][K]
 *
 *   Means    one row of the table per token, widened exactly
 *   Shapes   y [rows][y_stride] f32; E [M][K] packed as in panels.h; tokens u32 [rows], each
 *            below M: ids are checked where they enter the program, not here
 *   Split    lines of 16 columns of all tokens together
 *   Moves    a row lies across its panel: one cache line per pair of columns (f32, f16: per
 *            column); small beside the head, which reads the whole table
 *   Order    no sums
 *   Error    none
 *   Source   torch.nn.Embedding */
#ifndef KERNELS_CPU_EMBED_H
#define KERNELS_CPU_EMBED_H

#include "kernels/cpu/panels.h"

/* This thread's share of the lines of all tokens. */
KERNEL_INLINE void embed(const run *r, const struct embed_shape *s, f32 *y, const void *w,
                         const u32 *tokens)
{
    const u32 lines = LINE_PAD(s->K) / LINE_F32;
    u32 first, last;
    team_share(r, count_rows(r, s->count) * lines, &first, &last);
    for (u32 line = first; line < last; line++) {
        const u32 t = line / lines, k = line % lines * LINE_F32;
        const u32 panel = tokens[t] / PANEL_ROWS, lane = tokens[t] % PANEL_ROWS;
        const size_t width = (size_t)panel_lines(LINE_PAD(s->M) / LINE_F32, panel) * LINE_F32;
        const char *at = (const char *)w + row_bytes(s->type, s->K) * PANEL_ROWS * panel;
        f32 *to = y + (size_t)t * s->y_stride + k;
        for (u32 i = 0; i < LINE_F32; i++)
            to[i] = k + i < s->K ? panel_element(s->type, at, width, lane, k + i) : 0.0f;
    }
}

#endif
