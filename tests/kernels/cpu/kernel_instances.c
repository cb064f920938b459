#include "tests/kernels/cpu/kernel_instances.h"

#define ELEMENT_F32                 f32
#define ELEMENT_F16                 f16
#define ELEMENT_BF16                bf16
#define ROWS(buffer, stride)        ((f32(*)[stride])(void *)(buffer))
#define CONST_ROWS(buffer, stride)  ((const f32(*)[stride])(const void *)(buffer))
#define STATES(buffer, count)       ((f32(*)[count][LINE_F32])(void *)(buffer))
#define CONST_STATES(buffer, count) ((const f32(*)[count][LINE_F32])(const void *)(buffer))

#define CALL_PLAIN(name, y, w, bias, x) name(r, 0, y, w, x), (void)(bias)
#define CALL_ADD                        CALL_PLAIN
#define CALL_BIAS(name, y, w, bias, x)  name(r, 0, y, w, bias, x)
#define CALL_ADD_BIAS                   CALL_BIAS
#define CALL_SOFTPLUS                   CALL_BIAS
#define CALL_GELU                       CALL_BIAS

/* Frequencies of the rotations, by R. */
ROPE_TABLE(table_6, 3, 1.0f, 0.046415888f, 0.0021544348f)
ROPE_TABLE(table_32, 16, 1.0f, 0.56234133f, 0.31622776f, 0.17782794f, 0.1f, 0.056234132f,
           0.031622775f, 0.017782794f, 0.01f, 0.0056234132f, 0.0031622776f, 0.0017782794f, 0.001f,
           0.00056234134f, 0.00031622776f, 0.00017782794f)
#define table_0 NULL

/* First pass: the kernels themselves, and a function of the family's type around each. */
#define MATRIX(name, T, M, K, EPILOGUE, COUNT)                                                     \
    typedef struct {                                                                               \
        ELEMENT_##T w[LINE_PAD(M) * LINE_PAD(K)];                                                  \
    } name##_weight;                                                                               \
    LINEAR(name, name##_weight, T, M, K, LINE_PAD(M) + 16, LINE_PAD(K) + 16, EPILOGUE, COUNT)      \
    static void name##_call(run *r, f32 *y, const void *w, const f32 *bias, const f32 *x)          \
    {                                                                                              \
        CALL_##EPILOGUE(name, ROWS(y, LINE_PAD(M) + 16), w, bias,                                  \
                        CONST_ROWS(x, LINE_PAD(K) + 16));                                          \
    }
#define LOOKUP(name, T, M, K, COUNT)                                                               \
    typedef struct {                                                                               \
        ELEMENT_##T w[LINE_PAD(M) * LINE_PAD(K)];                                                  \
    } name##_weight;                                                                               \
    EMBED(name, name##_weight, T, M, K, LINE_PAD(K), COUNT)                                        \
    static void name##_call(run *r, f32 *y, const void *w, const u32 *tokens)                      \
    {                                                                                              \
        name(r, 0, ROWS(y, LINE_PAD(K)), w, tokens);                                               \
    }
#define NORM(name, D, EPS, COUNT)                                                                  \
    RMSNORM(name, D, LINE_PAD(D), EPS, COUNT)                                                      \
    static void name##_call(run *r, f32 *y, const f32 *x, const f32 *weight)                       \
    {                                                                                              \
        name(r, 0, ROWS(y, LINE_PAD(D)), CONST_ROWS(x, LINE_PAD(D)), weight);                      \
    }
#define CONV_CALL_PLAIN(name, xz, state, taps, bias) name(r, 0, xz, state, taps), (void)(bias)
#define CONV_CALL_BIAS(name, xz, state, taps, bias)  name(r, 0, xz, state, taps, bias)
#define CONV(name, AT, I, K, BIAS_OR_PLAIN, COUNT)                                                 \
    CONV_SILU(name, AT, I, K, (AT) + 2 * LINE_PAD(I), BIAS_OR_PLAIN, COUNT)                        \
    static void name##_call(run *r, f32 *xz, f32 *state, const f32 *taps, const f32 *bias)         \
    {                                                                                              \
        CONV_CALL_##BIAS_OR_PLAIN(name, ROWS(xz, (AT) + 2 * LINE_PAD(I)),                          \
                                  ROWS(state, LINE_PAD(I)), CONST_ROWS(taps, LINE_PAD(I)), bias);  \
    }
#define SCANNED(name, I, N, R, COUNT)                                                              \
    SCAN(name, I, N, R, 2 * LINE_PAD(I), LINE_PAD(R + 2 * N), COUNT)                               \
    static void name##_call(run *r, f32 *xz, f32 *state, const f32 *dt, const f32 *xdb,            \
                            const f32 *A, const f32 *D)                                            \
    {                                                                                              \
        name(r, 0, ROWS(xz, 2 * LINE_PAD(I)), STATES(state, N), CONST_ROWS(dt, LINE_PAD(I)),       \
             CONST_ROWS(xdb, LINE_PAD(R + 2 * N)), CONST_STATES(A, N), D);                         \
    }
#define HEADS_STRIDE(H, P, G, N) LINE_PAD(2 * (H) * (P) + 2 * (G) * (N) + (H))
#define HEADS(name, H, P, G, N, LOW, HIGH, COUNT)                                                  \
    SSD(name, H, P, G, N, HEADS_STRIDE(H, P, G, N), LOW, HIGH, COUNT)                              \
    static void name##_call(run *r, f32 *zx, f32 *state, const f32 *A, const f32 *D,               \
                            const f32 *bias)                                                       \
    {                                                                                              \
        name(r, 0, ROWS(zx, HEADS_STRIDE(H, P, G, N)), (f32(*)[N][P])(void *)state, A, D, bias);   \
    }
#define GROUPED(name, D, I, G, EPS, COUNT)                                                         \
    RMSNORM_GROUPS(name, D, I, G, (D) + 48, EPS, COUNT)                                            \
    static void name##_call(run *r, f32 *x, const f32 *weight)                                     \
    {                                                                                              \
        name(r, 0, ROWS(x, (D) + 48), weight);                                                     \
    }
#define EXIT(name, T, M, D, I, G, EPILOGUE)                                                        \
    typedef struct {                                                                               \
        ELEMENT_##T w[LINE_PAD(M) * (D)];                                                          \
    } name##_weight;                                                                               \
    RMSNORM_GROUPS(name##_norm, D, I, G, (D) + 48, 1e-5f, ONE)                                     \
    LINEAR(name##_linear, name##_weight, T, M, D, LINE_PAD(M), (D) + 48, EPILOGUE, ONE)            \
    NORM_LINEAR_ADD(name, name##_weight, T, M, D, I, G, (D) + 48, 1e-5f)                           \
    static void name##_apart(run *r, f32 *y, f32 *x, const f32 *norm, const void *w,               \
                             const f32 *bias)                                                      \
    {                                                                                              \
        name##_norm(r, 0, ROWS(x, (D) + 48), norm);                                                \
        CALL_##EPILOGUE(name##_linear, ROWS(y, LINE_PAD(M)), w, bias, CONST_ROWS(x, (D) + 48));    \
    }                                                                                              \
    static void name##_call(run *r, f32 *y, f32 *x, const f32 *norm, const void *w,                \
                            const f32 *bias)                                                       \
    {                                                                                              \
        name(r, 0, ROWS(y, LINE_PAD(M)), CONST_ROWS(x, (D) + 48), norm, w,                         \
             EPILOGUE_##EPILOGUE == EPILOGUE_ADD ? NULL : bias);                                   \
    }
#define SELECTED(name, T, I, N, R, EPS)                                                            \
    typedef struct {                                                                               \
        ELEMENT_##T w[LINE_PAD(I) * LINE_PAD(R)];                                                  \
    } name##_weight;                                                                               \
    NORM_SELECTION(name##_norm, R, N, LINE_PAD(R + 2 * N), EPS, CHUNK)                             \
    NORM_SELECTION(name##_norm_one, R, N, LINE_PAD(R + 2 * N), EPS, ONE)                           \
    LINEAR(name##_dt, name##_weight, T, I, R, LINE_PAD(I), LINE_PAD(R + 2 * N), SOFTPLUS, ONE)     \
    SCAN(name##_scan, I, N, R, 2 * LINE_PAD(I), LINE_PAD(R + 2 * N), ONE)                          \
    NORM_DT_SCAN(name##_one, name##_weight, T, I, N, R, 2 * LINE_PAD(I), LINE_PAD(R + 2 * N), EPS) \
    static void name##_call_norm(run *r, const struct selection_call *c)                           \
    {                                                                                              \
        name##_norm(r, 0, ROWS(c->xdb, LINE_PAD(R + 2 * N)), c->dt_norm, c->b_norm, c->c_norm);    \
    }                                                                                              \
    static void name##_separate(run *r, const struct selection_call *c)                            \
    {                                                                                              \
        name##_norm_one(r, 0, ROWS(c->xdb, LINE_PAD(R + 2 * N)), c->dt_norm, c->b_norm,            \
                        c->c_norm);                                                                \
        name##_dt(r, 0, ROWS(c->dt, LINE_PAD(I)), c->w, c->bias,                                   \
                  CONST_ROWS(c->xdb, LINE_PAD(R + 2 * N)));                                        \
        name##_scan(r, 0, ROWS(c->xz, 2 * LINE_PAD(I)), STATES(c->state, N),                       \
                    CONST_ROWS(c->dt, LINE_PAD(I)), CONST_ROWS(c->xdb, LINE_PAD(R + 2 * N)),       \
                    CONST_STATES(c->A, N), c->D);                                                  \
    }                                                                                              \
    static void name##_fused(run *r, const struct selection_call *c)                               \
    {                                                                                              \
        name##_one(r, 0, ROWS(c->xz, 2 * LINE_PAD(I)), STATES(c->state, N),                        \
                   CONST_ROWS(c->xdb, LINE_PAD(R + 2 * N)), c->dt_norm, c->b_norm, c->c_norm,      \
                   c->w, c->bias, CONST_STATES(c->A, N), c->D);                                    \
    }
#define LAYER(name, D, EPS, COUNT)                                                                 \
    LAYERNORM(name, D, LINE_PAD(D), EPS, COUNT)                                                    \
    static void name##_call(run *r, f32 *y, const f32 *x, const f32 *weight, const f32 *bias)      \
    {                                                                                              \
        name(r, 0, ROWS(y, LINE_PAD(D)), CONST_ROWS(x, LINE_PAD(D)), weight, bias);                \
    }
#define CACHE(T, buffer, C, HD)       ((ELEMENT_##T(*)[C][HD])(void *)(buffer))
#define CONST_CACHE(T, buffer, C, HD) ((const ELEMENT_##T(*)[C][HD])(const void *)(buffer))
#define TURN(name, H, KV, HD, R, T, C, COUNT)                                                      \
    ROPE_APPEND(name, H, KV, HD, R, table_##R, ELEMENT_##T, T, C, COUNT)                           \
    static void name##_call(run *r, f32 *q, const f32 *k, const f32 *v, void *keys, void *values)  \
    {                                                                                              \
        name(r, 0, ROWS(q, (H) * (HD)), CONST_ROWS(k, (KV) * (HD)), CONST_ROWS(v, (KV) * (HD)),    \
             CACHE(T, keys, C, HD), CACHE(T, values, C, HD));                                      \
    }
#define ATTEND(name, H, KV, HD, T, C, W, SCALE, COUNT)                                             \
    ATTENTION(name, H, KV, HD, ELEMENT_##T, T, C, W, SCALE, COUNT)                                 \
    static void name##_call(run *r, f32 *q, const void *keys, const void *values)                  \
    {                                                                                              \
        name(r, 0, ROWS(q, (H) * (HD)), CONST_CACHE(T, keys, C, HD),                               \
             CONST_CACHE(T, values, C, HD));                                                       \
    }
#define GATE(name, S, COUNT)                                                                       \
    SWIGLU(name, S, COUNT)                                                                         \
    static void name##_call(run *r, f32 *gate, const f32 *up)                                      \
    {                                                                                              \
        name(r, 0, ROWS(gate, S), CONST_ROWS(up, S));                                              \
    }
#define CHOOSE(name, T, D, F, E, K, WEIGHTS)                                                       \
    typedef struct {                                                                               \
        ELEMENT_##T w[LINE_PAD(E) * LINE_PAD(D)];                                                  \
    } name##_router;                                                                               \
    typedef struct {                                                                               \
        ELEMENT_##T w[LINE_PAD(F) * LINE_PAD(D)];                                                  \
    } name##_gate;                                                                                 \
    typedef struct {                                                                               \
        ELEMENT_##T w[LINE_PAD(D) * LINE_PAD(F)];                                                  \
    } name##_down;                                                                                 \
    ROUTE(name##_route, name##_router, T, D, LINE_PAD(D), E, K, WEIGHTS, CHUNK)                    \
    GATHER(name##_gather, LINE_PAD(D), E, K, 32)                                                   \
    EXPERTS_SWIGLU(name##_swiglu, name##_gate, T, D, LINE_PAD(D), F, E, K, 32)                     \
    EXPERTS_ADD(name##_add, name##_down, T, F, LINE_PAD(F), D, E, K, 32, CHUNK)                    \
    NORM_EXPERTS_SWIGLU(name##_swiglu_one, name##_router, T, name##_gate, T, D, LINE_PAD(D), F,    \
                        1e-5f, E, K, WEIGHTS)                                                      \
    EXPERTS_ADD(name##_add_one, name##_down, T, F, LINE_PAD(F), D, E, K, 1, ONE)                   \
    static void name##_call(run *r, const struct experts_call *c)                                  \
    {                                                                                              \
        name##_route(r, 0, ROWS(c->route, ROUTE_STRIDE(K)), CONST_ROWS(c->x, LINE_PAD(D)),         \
                     c->router);                                                                   \
        name##_gather(r, 0, ROWS(c->xg, LINE_PAD(D)), CONST_ROWS(c->x, LINE_PAD(D)),               \
                      CONST_ROWS(c->route, ROUTE_STRIDE(K)));                                      \
        name##_swiglu(r, 0, ROWS(c->h, LINE_PAD(F)), CONST_ROWS(c->xg, LINE_PAD(D)),               \
                      CONST_ROWS(c->route, ROUTE_STRIDE(K)), c->gate, c->up);                      \
        name##_add(r, 0, ROWS(c->y, LINE_PAD(D)), CONST_ROWS(c->h, LINE_PAD(F)),                   \
                   CONST_ROWS(c->route, ROUTE_STRIDE(K)), c->down);                                \
    }                                                                                              \
    static void name##_call_one(run *r, const struct experts_call *c)                              \
    {                                                                                              \
        name##_swiglu_one(r, 0, ROWS(c->h, LINE_PAD(F)), ROWS(c->route, ROUTE_STRIDE(K)),          \
                          CONST_ROWS(c->x, LINE_PAD(D)), c->norm, c->router, c->gate, c->up);      \
        name##_add_one(r, 0, ROWS(c->y, LINE_PAD(D)), CONST_ROWS(c->h, LINE_PAD(F)),               \
                       CONST_ROWS(c->route, ROUTE_STRIDE(K)), c->down);                            \
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
#define MATRIX(name, T, M, K, E, COUNT)                                                            \
    {#name,        FORMAT_##T,    M,          K, LINE_PAD(M) + 16, LINE_PAD(K) + 16,               \
     EPILOGUE_##E, COUNT_##COUNT, name##_call},
const struct linear_case linear_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 linear_case_count = sizeof linear_cases / sizeof linear_cases[0];
#undef MATRIX
#define MATRIX(...)

#undef LOOKUP
#define LOOKUP(name, T, M, K, COUNT) {#name, FORMAT_##T, M, K, COUNT_##COUNT, name##_call},
const struct embed_case embed_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 embed_case_count = sizeof embed_cases / sizeof embed_cases[0];
#undef LOOKUP
#define LOOKUP(...)

#undef NORM
#define NORM(name, D, EPS, COUNT) {#name, D, EPS, COUNT_##COUNT, name##_call},
const struct norm_case norm_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 norm_case_count = sizeof norm_cases / sizeof norm_cases[0];
#undef NORM
#define NORM(...)

#undef CONV
#define CONV_HAS_PLAIN false
#define CONV_HAS_BIAS  true
#define CONV(name, AT, I, K, BIAS_OR_PLAIN, COUNT)                                                 \
    {#name, AT, I, K, CONV_HAS_##BIAS_OR_PLAIN, COUNT_##COUNT, name##_call},
const struct conv_case conv_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 conv_case_count = sizeof conv_cases / sizeof conv_cases[0];
#undef CONV
#define CONV(...)

#undef SCANNED
#define SCANNED(name, I, N, R, COUNT) {#name, I, N, R, COUNT_##COUNT, name##_call},
const struct scan_case scan_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 scan_case_count = sizeof scan_cases / sizeof scan_cases[0];
#undef SCANNED
#define SCANNED(...)

#undef HEADS
#define HEADS(name, H, P, G, N, LOW, HIGH, COUNT)                                                  \
    {#name, H, P, G, N, HEADS_STRIDE(H, P, G, N), LOW, HIGH, COUNT_##COUNT, name##_call},
const struct ssd_case ssd_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 ssd_case_count = sizeof ssd_cases / sizeof ssd_cases[0];
#undef HEADS
#define HEADS(...)

#undef GROUPED
#define GROUPED(name, D, I, G, EPS, COUNT) {#name, D, I, G, EPS, COUNT_##COUNT, name##_call},
const struct groups_case groups_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 groups_case_count = sizeof groups_cases / sizeof groups_cases[0];
#undef GROUPED
#define GROUPED(...)

#undef EXIT
#define EXIT(name, T, M, D, I, G, EPILOGUE) {#name, FORMAT_##T, M, D, name##_apart, name##_call},
const struct exit_case exit_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 exit_case_count = sizeof exit_cases / sizeof exit_cases[0];
#undef EXIT
#define EXIT(...)

#undef SELECTED
#define SELECTED(name, T, I, N, R, EPS)                                                            \
    {#name, FORMAT_##T, I, N, R, EPS, name##_call_norm, name##_separate, name##_fused},
const struct selection_case selection_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 selection_case_count = sizeof selection_cases / sizeof selection_cases[0];
#undef SELECTED
#define SELECTED(...)

#undef LAYER
#define LAYER(name, D, EPS, COUNT) {#name, D, EPS, COUNT_##COUNT, name##_call},
const struct layernorm_case layernorm_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 layernorm_case_count = sizeof layernorm_cases / sizeof layernorm_cases[0];
#undef LAYER
#define LAYER(...)

#undef TURN
#define TURN(name, H, KV, HD, R, T, C, COUNT)                                                      \
    {#name, H, KV, HD, R, FORMAT_##T, C, COUNT_##COUNT, table_##R, name##_call},
const struct rope_case rope_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 rope_case_count = sizeof rope_cases / sizeof rope_cases[0];
#undef TURN
#define TURN(...)

#undef ATTEND
#define ATTEND(name, H, KV, HD, T, C, W, SCALE, COUNT)                                             \
    {#name, H, KV, HD, FORMAT_##T, C, W, SCALE, COUNT_##COUNT, name##_call},
const struct attention_case attention_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 attention_case_count = sizeof attention_cases / sizeof attention_cases[0];
#undef ATTEND
#define ATTEND(...)

#undef GATE
#define GATE(name, S, COUNT) {#name, S, COUNT_##COUNT, name##_call},
const struct swiglu_case swiglu_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 swiglu_case_count = sizeof swiglu_cases / sizeof swiglu_cases[0];
#undef GATE
#define GATE(...)

#undef CHOOSE
#define CHOOSE(name, T, D, F, E, K, WEIGHTS)                                                       \
    {#name, FORMAT_##T, D, F, E, K, ROUTE_##WEIGHTS, name##_call, name##_call_one},
const struct experts_case experts_cases[] = {
#include "tests/kernels/cpu/kernel_shapes.def"
};
const u32 experts_case_count = sizeof experts_cases / sizeof experts_cases[0];
