#include "tests/kernels/cpu/kernel_instances.h"

/* Frequencies of the rotations, by R. */
static const f32 frequencies_6[] = {1.0f, 0.046415888f, 0.0021544348f};
static const f32 frequencies_32[] = {1.0f,   0.56234133f,    0.31622776f,    0.17782794f,
                                     0.1f,   0.056234132f,   0.031622775f,   0.017782794f,
                                     0.01f,  0.0056234132f,  0.0031622776f,  0.0017782794f,
                                     0.001f, 0.00056234134f, 0.00031622776f, 0.00017782794f};
#define frequencies_0 NULL

/* First pass: the constants of every kernel, and a function around it. */
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
#define NORM(name, D_, EPS, COUNT)                                                                 \
    static const struct rmsnorm_shape name##_shape = {                                             \
        .D = D_, .x_stride = LINE_PAD(D_), .epsilon = EPS, .count = COUNT_##COUNT};                \
    static void name(run *r, f32 *y, const f32 *x, const f32 *weight)                              \
    {                                                                                              \
        rmsnorm(r, &name##_shape, y, x, weight);                                                   \
        op_done(r, 0);                                                                             \
    }
#define CONV(name, AT, I_, K_, E, COUNT)                                                           \
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
#define SCANNED(name, I_, N_, R_, COUNT)                                                           \
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
#define HEADS(name, H_, P_, G_, N_, LOW, HIGH, COUNT)                                              \
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
#define GROUPED(name, D_, I_, G_, EPS, COUNT)                                                      \
    static const struct rmsnorm_groups_shape name##_shape = {                                      \
        .D = D_, .I = I_, .G = G_, .x_stride = (D_) + 48, .epsilon = EPS, .count = COUNT_##COUNT}; \
    static void name(run *r, f32 *x, const f32 *weight)                                            \
    {                                                                                              \
        rmsnorm_groups(r, &name##_shape, x, weight);                                               \
        op_done(r, 0);                                                                             \
    }
#define EXIT(name, T, M_, D_, I_, G_, E)                                                           \
    GROUPED(name##_norm, D_, I_, G_, 1e-5f, ONE)                                                   \
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
#define SELECTION(name, N_, R_, EPS, COUNT)                                                        \
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
#define SELECTED(name, T, I_, N_, R_, EPS)                                                         \
    SELECTION(name##_norm, N_, R_, EPS, CHUNK)                                                     \
    SELECTION(name##_norm_one, N_, R_, EPS, ONE)                                                   \
    SCANNED(name##_scan, I_, N_, R_, ONE)                                                          \
    static const struct linear_shape name##_dt = {                                                 \
        .type = FORMAT_##T, .M = I_, .K = R_, .epilogue = EPILOGUE_SOFTPLUS, .count = COUNT_ONE};  \
    static const struct norm_dt_scan_shape name##_shape = {                                        \
        .type = FORMAT_##T, .I = I_, .N = N_, .R = R_, .epsilon = EPS};                            \
    static void name##_separate(run *r, const struct selection_call *c)                            \
    {                                                                                              \
        name##_norm_one(r, c);                                                                     \
        linear(r, &name##_dt, c->dt, c->w, c->bias, c->xdb);                                       \
        op_done(r, 0);                                                                             \
        name##_scan(r, c->xz, c->state, c->dt, c->xdb, c->A, c->D);                                \
    }                                                                                              \
    static void name##_fused(run *r, const struct selection_call *c)                               \
    {                                                                                              \
        norm_dt_scan(r, &name##_shape, c->xz, c->state, c->xdb, c->dt_norm, c->b_norm, c->c_norm,  \
                     c->w, c->bias, c->A, c->D);                                                   \
        op_done(r, 0);                                                                             \
    }
#define LAYER(name, D_, EPS, COUNT)                                                                \
    static const struct layernorm_shape name##_shape = {                                           \
        .D = D_, .x_stride = LINE_PAD(D_), .epsilon = EPS, .count = COUNT_##COUNT};                \
    static void name(run *r, f32 *y, const f32 *x, const f32 *weight, const f32 *bias)             \
    {                                                                                              \
        layernorm(r, &name##_shape, y, x, weight, bias);                                           \
        op_done(r, 0);                                                                             \
    }
#define TURN(name, H_, KV_, HD_, R_, T, C_, COUNT)                                                 \
    static const struct rope_append_shape name##_shape = {.H = H_,                                 \
                                                          .KV = KV_,                               \
                                                          .HD = HD_,                               \
                                                          .R = R_,                                 \
                                                          .cache_type = FORMAT_##T,                \
                                                          .C = C_,                                 \
                                                          .count = COUNT_##COUNT};                 \
    static void name(run *r, f32 *q, const f32 *k, const f32 *v, void *keys, void *values)         \
    {                                                                                              \
        rope_append(r, &name##_shape, frequencies_##R_, q, k, v, keys, values);                    \
        op_done(r, 0);                                                                             \
    }
#define ATTEND(name, H_, KV_, HD_, T, C_, W, SCALE, COUNT)                                         \
    static const struct attention_shape name##_shape = {.H = H_,                                   \
                                                        .KV = KV_,                                 \
                                                        .HD = HD_,                                 \
                                                        .cache_type = FORMAT_##T,                  \
                                                        .C = C_,                                   \
                                                        .window = W,                               \
                                                        .scale = SCALE,                            \
                                                        .count = COUNT_##COUNT};                   \
    static void name(run *r, f32 *q, const void *keys, const void *values)                         \
    {                                                                                              \
        attention(r, &name##_shape, q, keys, values);                                              \
        op_done(r, 0);                                                                             \
    }
#define GATE(name, S, COUNT)                                                                       \
    static const struct swiglu_shape name##_shape = {.gate_stride = S, .count = COUNT_##COUNT};    \
    static void name(run *r, f32 *gate, const f32 *up)                                             \
    {                                                                                              \
        swiglu(r, &name##_shape, gate, up);                                                        \
        op_done(r, 0);                                                                             \
    }
#define DOWN(name, T, D_, F_, E_, K_, COUNT, ROWS)                                                 \
    static const struct experts_add_shape name##_shape = {.type = FORMAT_##T,                      \
                                                          .F = F_,                                 \
                                                          .h_stride = LINE_PAD(F_),                \
                                                          .D = D_,                                 \
                                                          .E = E_,                                 \
                                                          .K = K_,                                 \
                                                          .count = COUNT_##COUNT,                  \
                                                          .rows = ROWS};                           \
    static void name(run *r, const struct experts_call *c)                                         \
    {                                                                                              \
        experts_add(r, &name##_shape, c->y, c->h, c->route, c->down);                              \
        op_done(r, 0);                                                                             \
    }
#define CHOOSE(name, T, D_, F_, E_, K_, WEIGHTS)                                                   \
    static const struct route_shape name##_route = {.type = FORMAT_##T,                            \
                                                    .D = D_,                                       \
                                                    .x_stride = LINE_PAD(D_),                      \
                                                    .E = E_,                                       \
                                                    .K = K_,                                       \
                                                    .weights = ROUTE_##WEIGHTS,                    \
                                                    .count = COUNT_CHUNK};                         \
    static const struct gather_shape name##_gather = {                                             \
        .x_stride = LINE_PAD(D_), .E = E_, .K = K_, .rows = 32};                                   \
    static const struct experts_swiglu_shape name##_swiglu = {.type = FORMAT_##T,                  \
                                                              .D = D_,                             \
                                                              .xg_stride = LINE_PAD(D_),           \
                                                              .F = F_,                             \
                                                              .E = E_,                             \
                                                              .K = K_,                             \
                                                              .rows = 32};                         \
    static const struct norm_experts_swiglu_shape name##_shape = {.router_type = FORMAT_##T,       \
                                                                  .type = FORMAT_##T,              \
                                                                  .D = D_,                         \
                                                                  .F = F_,                         \
                                                                  .epsilon = 1e-5f,                \
                                                                  .E = E_,                         \
                                                                  .K = K_,                         \
                                                                  .weights = ROUTE_##WEIGHTS};     \
    DOWN(name##_add, T, D_, F_, E_, K_, CHUNK, 32)                                                 \
    DOWN(name##_add_one, T, D_, F_, E_, K_, ONE, 1)                                                \
    static void name(run *r, const struct experts_call *c)                                         \
    {                                                                                              \
        route(r, &name##_route, c->route, c->x, c->router);                                        \
        op_done(r, 0);                                                                             \
        gather(r, &name##_gather, c->xg, c->x, c->route);                                          \
        op_done(r, 0);                                                                             \
        experts_swiglu(r, &name##_swiglu, c->h, c->xg, c->route, c->gate, c->up);                  \
        op_done(r, 0);                                                                             \
        name##_add(r, c);                                                                          \
    }                                                                                              \
    static void name##_one(run *r, const struct experts_call *c)                                   \
    {                                                                                              \
        norm_experts_swiglu(r, &name##_shape, c->h, c->route, c->x, c->norm, c->router, c->gate,   \
                            c->up);                                                                \
        op_done(r, 0);                                                                             \
        name##_add_one(r, c);                                                                      \
    }
#include "tests/kernels/cpu/kernel_shapes.def"
#undef MATRIX
#undef LOOKUP
#undef NORM
#undef CONV
#undef SCANNED
#undef HEADS
#undef GROUPED
#undef EXIT
#undef SELECTED
#undef LAYER
#undef TURN
#undef ATTEND
#undef GATE
#undef CHOOSE

/* Then one pass a table: the other families expand to nothing. */
#define MATRIX(...)
#define LOOKUP(...)
#define NORM(...)
#define CONV(...)
#define SCANNED(...)
#define HEADS(...)
#define GROUPED(...)
#define EXIT(...)
#define SELECTED(...)
#define LAYER(...)
#define TURN(...)
#define ATTEND(...)
#define GATE(...)
#define CHOOSE(...)

#undef MATRIX
#define MATRIX(name, ...) {#name, &name##_shape, name},
const struct linear_case linear_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 linear_case_count = sizeof linear_cases / sizeof linear_cases[0];
#undef MATRIX
#define MATRIX(...)

#undef LOOKUP
#define LOOKUP(name, ...) {#name, &name##_shape, name},
const struct embed_case embed_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 embed_case_count = sizeof embed_cases / sizeof embed_cases[0];
#undef LOOKUP
#define LOOKUP(...)

#undef NORM
#define NORM(name, ...) {#name, &name##_shape, name},
const struct norm_case norm_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 norm_case_count = sizeof norm_cases / sizeof norm_cases[0];
#undef NORM
#define NORM(...)

#undef CONV
#define CONV(name, ...) {#name, &name##_shape, name},
const struct conv_case conv_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 conv_case_count = sizeof conv_cases / sizeof conv_cases[0];
#undef CONV
#define CONV(...)

#undef SCANNED
#define SCANNED(name, ...) {#name, &name##_shape, name},
const struct scan_case scan_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 scan_case_count = sizeof scan_cases / sizeof scan_cases[0];
#undef SCANNED
#define SCANNED(...)

#undef HEADS
#define HEADS(name, ...) {#name, &name##_shape, name},
const struct ssd_case ssd_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 ssd_case_count = sizeof ssd_cases / sizeof ssd_cases[0];
#undef HEADS
#define HEADS(...)

#undef GROUPED
#define GROUPED(name, ...) {#name, &name##_shape, name},
const struct groups_case groups_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 groups_case_count = sizeof groups_cases / sizeof groups_cases[0];
#undef GROUPED
#define GROUPED(...)

#undef EXIT
#define EXIT(name, ...) {#name, &name##_shape, name##_apart, name},
const struct exit_case exit_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 exit_case_count = sizeof exit_cases / sizeof exit_cases[0];
#undef EXIT
#define EXIT(...)

#undef SELECTED
#define SELECTED(name, ...) {#name, &name##_shape, name##_norm, name##_separate, name##_fused},
const struct selection_case selection_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 selection_case_count = sizeof selection_cases / sizeof selection_cases[0];
#undef SELECTED
#define SELECTED(...)

#undef LAYER
#define LAYER(name, ...) {#name, &name##_shape, name},
const struct layernorm_case layernorm_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 layernorm_case_count = sizeof layernorm_cases / sizeof layernorm_cases[0];
#undef LAYER
#define LAYER(...)

#undef TURN
#define TURN(name, H, KV, HD, R, ...) {#name, &name##_shape, frequencies_##R, name},
const struct rope_case rope_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 rope_case_count = sizeof rope_cases / sizeof rope_cases[0];
#undef TURN
#define TURN(...)

#undef ATTEND
#define ATTEND(name, ...) {#name, &name##_shape, name},
const struct attention_case attention_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 attention_case_count = sizeof attention_cases / sizeof attention_cases[0];
#undef ATTEND
#define ATTEND(...)

#undef GATE
#define GATE(name, ...) {#name, &name##_shape, name},
const struct swiglu_case swiglu_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 swiglu_case_count = sizeof swiglu_cases / sizeof swiglu_cases[0];
#undef GATE
#define GATE(...)

#undef CHOOSE
#define CHOOSE(name, ...) {#name, &name##_shape, name, name##_one},
const struct experts_case experts_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 experts_case_count = sizeof experts_cases / sizeof experts_cases[0];
