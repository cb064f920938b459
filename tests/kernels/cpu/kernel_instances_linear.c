/* Products and embeddings: the constants of each kernel of kernel_shapes_linear.def, a
 * function around it, and the tables of them. Each family is compiled by itself, as all in one
 * take 450 MB. */
#include "tests/kernels/cpu/kernel_instances.h"

#define MATRIX(name, T, M_, K_, E, COUNT)                                                          \
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
#define LOOKUP(name, T, M_, K_, COUNT)                                                             \
    static const struct embed_shape name##_shape = {                                               \
        .type = FORMAT_##T, .M = M_, .K = K_, .y_stride = LINE_PAD(K_), .count = COUNT_##COUNT};   \
    static void name(run *r, f32 *y, const void *w, const u32 *tokens)                             \
    {                                                                                              \
        embed(r, &name##_shape, y, w, tokens);                                                     \
        op_done(r, 0);                                                                             \
    }
#include "tests/kernels/cpu/kernel_shapes_linear.def"
#undef MATRIX
#undef LOOKUP

/* Then one pass a table: the others expand to nothing. */
#define MATRIX(...)
#define LOOKUP(...)

#undef MATRIX
#define MATRIX(name, ...) {#name, &name##_shape, name},
const struct linear_case linear_cases[] = {
#include "tests/kernels/cpu/kernel_shapes_linear.def"
};
const u32 linear_case_count = sizeof linear_cases / sizeof linear_cases[0];
#undef MATRIX
#define MATRIX(...)

#undef LOOKUP
#define LOOKUP(name, ...) {#name, &name##_shape, name},
const struct embed_case embed_cases[] = {
#include "tests/kernels/cpu/kernel_shapes_linear.def"
};
const u32 embed_case_count = sizeof embed_cases / sizeof embed_cases[0];
