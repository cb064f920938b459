/* The packings of the weights arena, as pure functions from rows of f32 to bytes of the image.
 *
 * gen/graph/packing.h defines them. Only matrices have a format (kernels/formats.h);
 * the others stay f32. Padding columns of a matrix are written as zeros; the caller supplies
 * padding rows and the zeros of everything else. */
#ifndef TOOLS_PACK_REPACK_H
#define TOOLS_PACK_REPACK_H

#include "gen/front/cfg.h"
#include "runtime/base/run.h"

enum { REPACK_PANEL_ROWS = 64 };

/* panel <- packed values[rows][cols]; rows is 16, 32, 48 or 64. */
void repack_panel(void *panel, enum format type, const f32 *values, u32 rows, u32 cols);

/* packed <- values[rows][cols] row by row, each padded with zeros to whole lines: the order of the
 * CUDA backend. */
void repack_rows(void *packed, enum format type, const f32 *values, u32 rows, u32 cols);

/* columns[c][first_row + r] <- values[r][first_col + c] for r < rows, c < count; a row of `values`
 * has `cols`, a row of `columns` `padded` elements. The rest of `columns` is left alone. */
void repack_columns(f32 *columns, u32 padded, u32 first_row, const f32 *values, u32 rows, u32 cols,
                    u32 first_col, u32 count);

/* values[i] <- -exp(values[i]), the exponential in double and rounded once. */
void repack_decay(f32 *values, uint64_t count);

/* The first of `count` values that `type` cannot hold as a finite number (a NaN, an infinity, or
 * what would round to one), or `count` if there is none. */
uint64_t repack_find_unfit(enum format type, const f32 *values, uint64_t count);

#endif
