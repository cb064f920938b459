/* Products and embeddings: the constants of each kernel of kernel_shapes.h, a
 * function around it, and the tables of them. Each family is compiled by itself, as all in one
 * take 450 MB. */
#include "tests/kernels/cpu/kernel_instances.h"
#include "tests/kernels/cpu/kernel_shapes.h"

#define LINEAR_KERNEL(name, T, M_, K_, E, COUNT)                                                   \
    static const struct linear_shape name##_shape = {.type = FORMAT_##T,                           \
                                                     .M = M_,                                      \
                                                     .K = K_,                                      \
                                                     .y_stride = LINE_PAD(M_) + 16,                \
                                                     .x_stride = LINE_PAD(K_) + 16,                \
                                                     .epilogue = EPILOGUE_##E,                     \
                                                     .count = COUNT_##COUNT};                      \
    static void name(run *r, f32 *y, const void *w, const f32 *bias, const f32 *x)                 \
    {                                                                                              \
        linear(r, &name##_shape, y, w, bias, x);                                                   \
        op_done(r, 0);                                                                             \
    }
#define EMBED_KERNEL(name, T, M_, K_, COUNT)                                                       \
    static const struct embed_shape name##_shape = {                                               \
        .type = FORMAT_##T, .M = M_, .K = K_, .y_stride = LINE_PAD(K_), .count = COUNT_##COUNT};   \
    static void name(run *r, f32 *y, const void *w, const u32 *tokens)                             \
    {                                                                                              \
        embed(r, &name##_shape, y, w, tokens);                                                     \
        op_done(r, 0);                                                                             \
    }

CASES(linear, LINEAR_KERNEL, LINEAR_SHAPES, CASE)
CASES(embed, EMBED_KERNEL, EMBED_SHAPES, CASE)
