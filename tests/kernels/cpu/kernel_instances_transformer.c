/* Norms of whole rows, attention, MLPs and experts: the constants of each kernel of
 * kernel_shapes.h, a function around it, and the tables of them. Each family is
 * compiled by itself, as all in one take 450 MB. */
#include "tests/kernels/cpu/kernel_instances.h"
#include "tests/kernels/cpu/kernel_shapes.h"

/* Frequencies of the rotations, by R. */
static const f32 frequencies_6[] = {1.0f, 0.046415888f, 0.0021544348f};
static const f32 frequencies_32[] = {1.0f,   0.56234133f,    0.31622776f,    0.17782794f,
                                     0.1f,   0.056234132f,   0.031622775f,   0.017782794f,
                                     0.01f,  0.0056234132f,  0.0031622776f,  0.0017782794f,
                                     0.001f, 0.00056234134f, 0.00031622776f, 0.00017782794f};
#define frequencies_0 NULL

#define RMSNORM_KERNEL(name, D_, EPS, COUNT)                                                       \
    static const struct rmsnorm_shape name##_shape = {                                             \
        .D = D_, .x_stride = LINE_PAD(D_), .epsilon = EPS, .count = COUNT_##COUNT};                \
    static void name(run *r, f32 *y, const f32 *x, const f32 *weight)                              \
    {                                                                                              \
        rmsnorm(r, &name##_shape, y, x, weight);                                                   \
        op_done(r, 0);                                                                             \
    }
#define LAYERNORM_KERNEL(name, D_, EPS, COUNT)                                                     \
    static const struct layernorm_shape name##_shape = {                                           \
        .D = D_, .x_stride = LINE_PAD(D_), .epsilon = EPS, .count = COUNT_##COUNT};                \
    static void name(run *r, f32 *y, const f32 *x, const f32 *weight, const f32 *bias)             \
    {                                                                                              \
        layernorm(r, &name##_shape, y, x, weight, bias);                                           \
        op_done(r, 0);                                                                             \
    }
#define ROPE_APPEND_KERNEL(name, H_, KV_, HD_, R_, T, C_, COUNT)                                   \
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
#define ATTENTION_KERNEL(name, H_, KV_, HD_, T, C_, W, SCALE, COUNT)                               \
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
#define SWIGLU_KERNEL(name, S, COUNT)                                                              \
    static const struct swiglu_shape name##_shape = {.gate_stride = S, .count = COUNT_##COUNT};    \
    static void name(run *r, f32 *gate, const f32 *up)                                             \
    {                                                                                              \
        swiglu(r, &name##_shape, gate, up);                                                        \
        op_done(r, 0);                                                                             \
    }
#define EXPERTS_ADD_KERNEL(name, T, D_, F_, E_, K_, COUNT, ROWS)                                   \
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
#define EXPERTS_KERNEL(name, T, D_, F_, E_, K_, WEIGHTS)                                           \
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
    EXPERTS_ADD_KERNEL(name##_add, T, D_, F_, E_, K_, CHUNK, 32)                                   \
    EXPERTS_ADD_KERNEL(name##_add_one, T, D_, F_, E_, K_, ONE, 1)                                  \
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

CASES(rmsnorm, RMSNORM_KERNEL, RMSNORM_SHAPES, CASE)
CASES(layernorm, LAYERNORM_KERNEL, LAYERNORM_SHAPES, CASE)
CASES(rope_append, ROPE_APPEND_KERNEL, ROPE_APPEND_SHAPES, CASE_TURNS)
CASES(attention, ATTENTION_KERNEL, ATTENTION_SHAPES, CASE)
CASES(swiglu, SWIGLU_KERNEL, SWIGLU_SHAPES, CASE)
CASES(experts, EXPERTS_KERNEL, EXPERTS_SHAPES, CASE_ONE)
