/* What a generated kernels.c is made of: every operation as an inlined function
 *
 *   operation(r, &shape, [frequencies,] operand, ..)
 *
 * over a constant shape (kernels/shapes.h) and the operands of its row in kernels/ops.def: rows as
 * the f32 at which they begin, packed matrices and caches as void, NULL for one that the model
 * lacks. Meanings, shapes and bounds of error stand at the top of each file. The caller ends the
 * operation with op_done(). */
#ifndef KERNELS_CPU_KERNELS_H
#define KERNELS_CPU_KERNELS_H

#include "kernels/cpu/embed.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/conv.h"
#include "kernels/cpu/scan.h"
#include "kernels/cpu/norm_linear_conv.h"
#include "kernels/cpu/dt_scan.h"
#include "kernels/cpu/norm_selection.h"
#include "kernels/cpu/ssd.h"
#include "kernels/cpu/norm_linear_add.h"
#include "kernels/cpu/layernorm.h"
#include "kernels/cpu/norm_qkv.h"
#include "kernels/cpu/rope_append.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/mlp.h"
#include "kernels/cpu/experts.h"

#endif
