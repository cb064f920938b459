/* Operations of Mamba and Mamba-2: the constants of each kernel of kernel_shapes.h, a
 * function around it, and the tables of them. Each family is compiled by itself, as all in one
 * take 450 MB. */
#include "tests/kernels/cpu/kernel_instances.h"
#include "tests/kernels/cpu/kernel_shapes.h"

#define CONV_SILU_KERNEL(name, AT, I_, K_, E, COUNT)                                               \
    static const struct conv_silu_shape name##_shape = {.conv_at = AT,                             \
                                                        .I = I_,                                   \
                                                        .K = K_,                                   \
                                                        .xz_stride = (AT) + 2 * LINE_PAD(I_),      \
                                                        .epilogue = EPILOGUE_##E,                  \
                                                        .count = COUNT_##COUNT};                   \
    static void name(run *r, f32 *xz, f32 *state, const f32 *taps, const f32 *bias)                \
    {                                                                                              \
        conv_silu(r, &name##_shape, xz, state, taps, bias);                                        \
        op_done(r, 0);                                                                             \
    }
#define SCAN_KERNEL(name, I_, N_, R_, COUNT)                                                       \
    static const struct scan_shape name##_shape = {.I = I_,                                        \
                                                   .N = N_,                                        \
                                                   .R = R_,                                        \
                                                   .xz_stride = 2 * LINE_PAD(I_),                  \
                                                   .xdb_stride = LINE_PAD(R_ + 2 * N_),            \
                                                   .count = COUNT_##COUNT};                        \
    static void name(run *r, f32 *xz, f32 *state, const f32 *dt, const f32 *xdb, const f32 *A,     \
                     const f32 *D)                                                                 \
    {                                                                                              \
        scan(r, &name##_shape, xz, state, dt, xdb, A, D);                                          \
        op_done(r, 0);                                                                             \
    }
#define SSD_KERNEL(name, H_, P_, G_, N_, LOW, HIGH, COUNT)                                         \
    static const struct ssd_shape name##_shape = {                                                 \
        .H = H_,                                                                                   \
        .P = P_,                                                                                   \
        .G = G_,                                                                                   \
        .N = N_,                                                                                   \
        .zx_stride = LINE_PAD(2 * (H_) * (P_) + 2 * (G_) * (N_) + (H_)),                           \
        .low = LOW,                                                                                \
        .high = HIGH,                                                                              \
        .count = COUNT_##COUNT};                                                                   \
    static void name(run *r, f32 *zx, f32 *state, const f32 *A, const f32 *D, const f32 *bias)     \
    {                                                                                              \
        ssd(r, &name##_shape, zx, state, A, D, bias);                                              \
        op_done(r, 0);                                                                             \
    }
#define RMSNORM_GROUPS_KERNEL(name, D_, I_, G_, EPS, COUNT)                                        \
    static const struct rmsnorm_groups_shape name##_shape = {                                      \
        .D = D_, .I = I_, .G = G_, .x_stride = (D_) + 48, .epsilon = EPS, .count = COUNT_##COUNT}; \
    static void name(run *r, f32 *x, const f32 *weight)                                            \
    {                                                                                              \
        rmsnorm_groups(r, &name##_shape, x, weight);                                               \
        op_done(r, 0);                                                                             \
    }
#define NORM_LINEAR_ADD_KERNEL(name, T, M_, D_, I_, G_, E)                                         \
    RMSNORM_GROUPS_KERNEL(name##_norm, D_, I_, G_, 1e-5f, ONE)                                     \
    static const struct linear_shape name##_product = {                                            \
        .type = FORMAT_##T, .M = M_, .K = D_, .epilogue = EPILOGUE_##E, .count = COUNT_ONE};       \
    static const struct norm_linear_add_shape name##_shape = {                                     \
        .type = FORMAT_##T, .M = M_, .D = D_, .I = I_, .G = G_, .epsilon = 1e-5f};                 \
    static void name##_apart(run *r, f32 *y, f32 *x, const f32 *norm, const void *w,               \
                             const f32 *bias)                                                      \
    {                                                                                              \
        name##_norm(r, x, norm);                                                                   \
        linear(r, &name##_product, y, w, bias, x);                                                 \
        op_done(r, 0);                                                                             \
    }                                                                                              \
    static void name(run *r, f32 *y, f32 *x, const f32 *norm, const void *w, const f32 *bias)      \
    {                                                                                              \
        norm_linear_add(r, &name##_shape, y, x, norm, w,                                           \
                        EPILOGUE_##E == EPILOGUE_ADD ? NULL : bias);                               \
        op_done(r, 0);                                                                             \
    }
#define NORM_SELECTION_KERNEL(name, N_, R_, EPS, COUNT)                                            \
    static const struct norm_selection_shape name##_shape = {.N = N_,                              \
                                                             .R = R_,                              \
                                                             .xdb_stride = LINE_PAD(R_ + 2 * N_),  \
                                                             .epsilon = EPS,                       \
                                                             .count = COUNT_##COUNT};              \
    static void name(run *r, const struct selection_call *c)                                       \
    {                                                                                              \
        norm_selection(r, &name##_shape, c->xdb, c->dt_norm, c->b_norm, c->c_norm);                \
        op_done(r, 0);                                                                             \
    }
#define NORM_DT_SCAN_KERNEL(name, T, I_, N_, R_, EPS)                                              \
    NORM_SELECTION_KERNEL(name##_norm, N_, R_, EPS, CHUNK)                                         \
    NORM_SELECTION_KERNEL(name##_norm_one, N_, R_, EPS, ONE)                                       \
    SCAN_KERNEL(name##_scan, I_, N_, R_, ONE)                                                      \
    static const struct linear_shape name##_dt = {                                                 \
        .type = FORMAT_##T, .M = I_, .K = R_, .epilogue = EPILOGUE_SOFTPLUS, .count = COUNT_ONE};  \
    static const struct norm_dt_scan_shape name##_shape = {                                        \
        .type = FORMAT_##T, .I = I_, .N = N_, .R = R_, .epsilon = EPS};                            \
    static void name##_apart(run *r, const struct selection_call *c)                               \
    {                                                                                              \
        name##_norm_one(r, c);                                                                     \
        linear(r, &name##_dt, c->dt, c->w, c->bias, c->xdb);                                       \
        op_done(r, 0);                                                                             \
        name##_scan(r, c->xz, c->state, c->dt, c->xdb, c->A, c->D);                                \
    }                                                                                              \
    static void name(run *r, const struct selection_call *c)                                       \
    {                                                                                              \
        norm_dt_scan(r, &name##_shape, c->xz, c->state, c->xdb, c->dt_norm, c->b_norm, c->c_norm,  \
                     c->w, c->bias, c->A, c->D);                                                   \
        op_done(r, 0);                                                                             \
    }

CASES(conv_silu, CONV_SILU_KERNEL, CONV_SILU_SHAPES, CASE)
CASES(scan, SCAN_KERNEL, SCAN_SHAPES, CASE)
CASES(ssd, SSD_KERNEL, SSD_SHAPES, CASE)
CASES(rmsnorm_groups, RMSNORM_GROUPS_KERNEL, RMSNORM_GROUPS_SHAPES, CASE)
CASES(norm_linear_add, NORM_LINEAR_ADD_KERNEL, NORM_LINEAR_ADD_SHAPES, CASE_APART)
CASES(norm_dt_scan, NORM_DT_SCAN_KERNEL, NORM_DT_SCAN_SHAPES, CASE_NORM)
