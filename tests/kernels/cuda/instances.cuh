/* Kernels under test: one line makes what a generated kernels.cu has of an instance, its shape, its
 * kernels and the function that launches them.
 *
 *   EMBED    (name, TYPE, T, M, K, YS, COUNT)
 *   RMSNORM  (name, D, S, EPS, COUNT)
 *   LAYERNORM(name, D, S, EPS, COUNT)
 *   LINEAR   (name, TYPE, T, M, K, YS, XS, EPILOGUE, COUNT)
 *   CONV_SILU(name, AT, I, K, XS, BIAS or PLAIN, COUNT)   of the PAD(I) columns from AT
 *   SCAN     (name, I, N, R, XS, DS, COUNT)
 *   NORM_LINEAR_CONV(name, TYPE, T, D, S, M, AT, I, K, EPS, XS)   one row; K taps, matrix [M][D]
 *   DT_SCAN  (name, TYPE, T, I, N, R, XS, DS)              one row
 *   SSD      (name, H, P, G, N, XS, LOW, HIGH, COUNT)
 *   RMSNORM_GROUPS(name, D, I, G, XS, EPS, COUNT)          in place
 *   NORM_LINEAR_ADD(name, TYPE, T, M, D, I, G, XS, EPS)    one row
 *   NORM_SELECTION(name, R, N, DS, EPS, COUNT)
 *   NORM_DT_SCAN(name, TYPE, T, I, N, R, XS, DS, EPS)      one row
 *   NORM_QKV (name, Q_TYPE, KV_TYPE, T, D, S, EPS, H, KV, HD, R, TABLE, CACHE, KT, C)
 *                                                          one row
 *   ROPE_APPEND(name, H, KV, HD, R, TABLE, CACHE, KT, C, COUNT)
 *   ATTENTION(name, H, KV, HD, CACHE, KT, C, W, SCALE, COUNT)
 *   SWIGLU   (name, S, COUNT)
 *   NORM_LINEAR_SWIGLU(name, TYPE, T, D, S, M, EPS)        one row
 *   NORM_LINEAR_GELU(name, TYPE, T, D, S, M, EPS)          one row
 *   ROUTE    (name, TYPE, T, D, XS, E, K, WEIGHTS, COUNT)
 *   GATHER   (name, S, E, K, ROWS)                         the rows of a chunk
 *   EXPERTS_SWIGLU(name, TYPE, T, D, S, F, E, K, ROWS)     the rows of a chunk
 *   NORM_EXPERTS_SWIGLU(name, ROUTER_TYPE, RT, TYPE, T, D, S, F, EPS, E, K, WEIGHTS)   one row
 *   EXPERTS_ADD(name, TYPE, T, F, HS, D, E, K, ROWS, COUNT)
 *
 * TYPE      the matrix's struct, with one member w: bf16_3072x768
 * T         F32, F16 or BF16: what an element of TYPE.w is; RT: of ROUTER_TYPE.w
 * COUNT     ONE, CHUNK or LOGITS: see enum count in kernels/shapes.h
 * EPILOGUE  PLAIN, ADD, BIAS, ADD_BIAS, SOFTPLUS or GELU: see enum epilogue there
 * M, K      output rows and (exact) columns of a matrix; LINEAR pads M to whole lines itself
 * YS XS DS  floats from one row of y, x (xz for conv and scan) or xdb to the next
 * H P G N   of SSD: heads, their width, groups that share B and C, states of a channel
 * H KV HD   query heads, heads of keys and values, width of a head; R of it are rotated
 * TABLE     the frequencies: ROPE_TABLE(name, R/2, ...) of the same file
 * CACHE KT  type of an element of keys and values, f16, and its T; C positions
 * W         the window: how many positions a row sees, its own among them; 0: all
 * E K ROWS  experts, how many of them a token goes through, most tokens
 * WEIGHTS   of the chosen: RENORM or RAW, see enum route_weights there
 *
 * T, COUNT, EPILOGUE and WEIGHTS are names, not values. */
#ifndef TESTS_KERNELS_CUDA_INSTANCES_CUH
#define TESTS_KERNELS_CUDA_INSTANCES_CUH

#include "kernels/cuda/attention.cuh"
#include "kernels/cuda/conv.cuh"
#include "kernels/cuda/dt_scan.cuh"
#include "kernels/cuda/embed.cuh"
#include "kernels/cuda/experts_rows.cuh"
#include "kernels/cuda/layernorm.cuh"
#include "kernels/cuda/linear.cuh"
#include "kernels/cuda/mlp.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/norm_groups.cuh"
#include "kernels/cuda/norm_linear_add.cuh"
#include "kernels/cuda/norm_linear_conv.cuh"
#include "kernels/cuda/norm_linear_gelu.cuh"
#include "kernels/cuda/norm_qkv.cuh"
#include "kernels/cuda/rope_append.cuh"
#include "kernels/cuda/scan.cuh"
#include "kernels/cuda/ssd.cuh"

/* A TYPE for matrices of any size, and CACHE, by T. */
typedef struct {
    f32 w[1];
} any_F32;
typedef struct {
    f16 w[1];
} any_F16;
typedef struct {
    bf16 w[1];
} any_BF16;
#define TYPE_F32  f32
#define TYPE_F16  f16
#define TYPE_BF16 bf16

/* The most rows of an instance; CHUNK and LOGIT_ROWS are enumerators of the test. */
#define ROWS_MOST_ONE    1
#define ROWS_MOST_CHUNK  CHUNK
#define ROWS_MOST_LOGITS LOGIT_ROWS

#define EMBED(name, TYPE, T, M, K, YS, COUNT)                                                      \
    static constexpr embed_shape name##_shape = {FORMAT_##T,       M, K, YS, COUNT_##COUNT,        \
                                                 ROWS_MOST_##COUNT};                               \
    EMBED_KERNELS(name)                                                                            \
    extern "C" void name(run *r, u32 op, f32(*y)[YS], const TYPE *w, const u32 *tokens)            \
    {                                                                                              \
        embed_launch<name##_shape>(r, op, name##_kernels, y[0], w, tokens);                        \
    }

#define RMSNORM(name, D, S, EPS, COUNT)                                                            \
    static constexpr rmsnorm_shape name##_shape = {D, S, EPS, COUNT_##COUNT, ROWS_MOST_##COUNT};   \
    RMSNORM_KERNELS(name)                                                                          \
    extern "C" void name(run *r, u32 op, f32(*y)[S], const f32(*x)[S], const f32 *weight)          \
    {                                                                                              \
        rmsnorm_launch<name##_shape>(r, op, name##_kernels, y[0], x[0], weight);                   \
    }

#define LAYERNORM(name, D, S, EPS, COUNT)                                                          \
    static constexpr layernorm_shape name##_shape = {D, S, EPS, COUNT_##COUNT, ROWS_MOST_##COUNT}; \
    LAYERNORM_KERNELS(name)                                                                        \
    extern "C" void name(run *r, u32 op, f32(*y)[S], const f32(*x)[S], const f32 *weight,          \
                         const f32 *bias)                                                          \
    {                                                                                              \
        layernorm_launch<name##_shape>(r, op, name##_kernels, y[0], x[0], weight, bias);           \
    }

/* The bias, which an instance may lack: in front of other operands, behind them, in a call. */
#define BIAS_BEFORE_PLAIN
#define BIAS_BEFORE_ADD
#define BIAS_BEFORE_BIAS     const f32 *bias,
#define BIAS_BEFORE_ADD_BIAS const f32 *bias,
#define BIAS_BEFORE_SOFTPLUS const f32 *bias,
#define BIAS_BEFORE_GELU     const f32 *bias,
#define BIAS_BEHIND_PLAIN
#define BIAS_BEHIND_BIAS , const f32 *bias
#define BIAS_PLAIN       NULL
#define BIAS_ADD         NULL
#define BIAS_BIAS        bias
#define BIAS_ADD_BIAS    bias
#define BIAS_SOFTPLUS    bias
#define BIAS_GELU        bias

#define LINEAR(name, TYPE, T, M, K, YS, XS, EPILOGUE, COUNT)                                       \
    static constexpr linear_shape name##_shape = {                                                 \
        FORMAT_##T, M, K, YS, XS, EPILOGUE_##EPILOGUE, COUNT_##COUNT, ROWS_MOST_##COUNT};          \
    LINEAR_KERNELS(name, EPILOGUE, COUNT)                                                          \
    extern "C" void name(run *r, u32 op, f32(*y)[YS], const TYPE *w,                               \
                         BIAS_BEFORE_##EPILOGUE const f32(*x)[XS])                                 \
    {                                                                                              \
        linear_launch<name##_shape>(r, op, name##_kernels, y[0], w, BIAS_##EPILOGUE, x[0]);        \
    }

/* ---- Mamba ---------------------------------------------------------------------------------- */
#define CONV_SILU(name, AT, I, K, XS, BIAS_OR_PLAIN, COUNT)                                        \
    static constexpr conv_silu_shape name##_shape = {                                              \
        AT, I, K, XS, EPILOGUE_##BIAS_OR_PLAIN, COUNT_##COUNT, ROWS_MOST_##COUNT};                 \
    CONV_SILU_KERNELS(name)                                                                        \
    extern "C" void name(run *r, u32 op, f32(*xz)[XS], f32(*state)[LINE_PAD(I)],                   \
                         const f32(*taps)[LINE_PAD(I)] BIAS_BEHIND_##BIAS_OR_PLAIN)                \
    {                                                                                              \
        conv_silu_launch<name##_shape>(r, op, name##_kernels, xz[0], state[0], taps[0],            \
                                       BIAS_##BIAS_OR_PLAIN);                                      \
    }

#define SCAN(name, I, N, R, XS, DS, COUNT)                                                         \
    static constexpr scan_shape name##_shape = {                                                   \
        I, N, R, XS, DS, COUNT_##COUNT, ROWS_MOST_##COUNT};                                        \
    SCAN_KERNELS(name)                                                                             \
    extern "C" void name(run *r, u32 op, f32(*xz)[XS], f32(*state)[N][LINE_F32],                   \
                         const f32(*dt)[LINE_PAD(I)], const f32(*xdb)[DS],                         \
                         const f32(*A)[N][LINE_F32], const f32 *D)                                 \
    {                                                                                              \
        scan_launch<name##_shape>(r, op, name##_kernels, xz[0], state[0][0], dt[0], xdb[0],        \
                                  A[0][0], D);                                                     \
    }

#define NORM_LINEAR_CONV(name, TYPE, T, D, S, M, AT, I, K, EPS, XS)                                \
    static constexpr norm_linear_conv_shape name##_shape = {FORMAT_##T, M, D, AT, I, K, EPS};      \
    NORM_LINEAR_CONV_KERNELS(name)                                                                 \
    extern "C" void name(run *r, u32 op, f32(*xz)[XS], const f32(*x)[S], const f32 *norm,          \
                         const TYPE *w, const f32 *bias, f32(*conv)[LINE_PAD(I)],                  \
                         const f32(*taps)[LINE_PAD(I)], const f32 *conv_bias)                      \
    {                                                                                              \
        norm_linear_conv_launch<name##_shape>(r, op, name##_kernels, xz[0], x[0], norm, w, bias,   \
                                              conv[0], taps[0], conv_bias);                        \
    }

#define DT_SCAN(name, TYPE, T, I, N, R, XS, DS)                                                    \
    static constexpr dt_scan_shape name##_shape = {FORMAT_##T, I, N, R};                           \
    DT_SCAN_KERNELS(name)                                                                          \
    extern "C" void name(run *r, u32 op, f32(*xz)[XS], f32(*state)[N][LINE_F32],                   \
                         const f32(*xdb)[DS], const TYPE *w, const f32 *dt_bias,                   \
                         const f32(*A)[N][LINE_F32], const f32 *D)                                 \
    {                                                                                              \
        dt_scan_launch<name##_shape>(r, op, name##_kernels, xz[0], state[0][0], xdb[0], w,         \
                                     dt_bias, A[0][0], D);                                         \
    }

#define NORM_SELECTION(name, R, N, DS, EPS, COUNT)                                                 \
    static constexpr norm_selection_shape name##_shape = {                                         \
        N, R, DS, EPS, COUNT_##COUNT, ROWS_MOST_##COUNT};                                          \
    NORM_SELECTION_KERNELS(name)                                                                   \
    extern "C" void name(run *r, u32 op, f32(*xdb)[DS], const f32 *dt_norm, const f32 *b_norm,     \
                         const f32 *c_norm)                                                        \
    {                                                                                              \
        norm_selection_launch<name##_shape>(r, op, name##_kernels, xdb[0], dt_norm, b_norm,        \
                                            c_norm);                                               \
    }

#define NORM_DT_SCAN(name, TYPE, T, I, N, R, XS, DS, EPS)                                          \
    static constexpr norm_dt_scan_shape name##_shape = {FORMAT_##T, I, N, R, EPS};                 \
    NORM_DT_SCAN_KERNELS(name)                                                                     \
    extern "C" void name(run *r, u32 op, f32(*xz)[XS], f32(*state)[N][LINE_F32],                   \
                         const f32(*xdb)[DS], const f32 *dt_norm, const f32 *b_norm,               \
                         const f32 *c_norm, const TYPE *w, const f32 *dt_bias,                     \
                         const f32(*A)[N][LINE_F32], const f32 *D)                                 \
    {                                                                                              \
        norm_dt_scan_launch<name##_shape>(r, op, name##_kernels, xz[0], state[0][0], xdb[0],       \
                                          dt_norm, b_norm, c_norm, w, dt_bias, A[0][0], D);        \
    }

/* ---- Mamba-2 -------------------------------------------------------------------------------- */
#define SSD(name, H, P, G, N, XS, LOW, HIGH, COUNT)                                                \
    static constexpr ssd_shape name##_shape = {                                                    \
        H, P, G, N, XS, LOW, HIGH, COUNT_##COUNT, ROWS_MOST_##COUNT};                              \
    SSD_KERNELS(name)                                                                              \
    extern "C" void name(run *r, u32 op, f32(*zx)[XS], f32(*state)[N][P], const f32 *A,            \
                         const f32 *D, const f32 *bias)                                            \
    {                                                                                              \
        ssd_launch<name##_shape>(r, op, name##_kernels, zx[0], state[0][0], A, D, bias);           \
    }

#define RMSNORM_GROUPS(name, D, I, G, XS, EPS, COUNT)                                              \
    static constexpr rmsnorm_groups_shape name##_shape = {                                         \
        D, I, G, XS, EPS, COUNT_##COUNT, ROWS_MOST_##COUNT};                                       \
    RMSNORM_GROUPS_KERNELS(name)                                                                   \
    extern "C" void name(run *r, u32 op, f32(*x)[XS], const f32 *weight)                           \
    {                                                                                              \
        rmsnorm_groups_launch<name##_shape>(r, op, name##_kernels, x[0], weight);                  \
    }

#define NORM_LINEAR_ADD(name, TYPE, T, M, D, I, G, XS, EPS)                                        \
    static constexpr norm_linear_add_shape name##_shape = {FORMAT_##T, M, D, I, G, EPS};           \
    NORM_LINEAR_ADD_KERNELS(name)                                                                  \
    extern "C" void name(run *r, u32 op, f32(*y)[LINE_PAD(M)], const f32(*x)[XS], const f32 *norm, \
                         const TYPE *w, const f32 *bias)                                           \
    {                                                                                              \
        norm_linear_add_launch<name##_shape>(r, op, name##_kernels, y[0], x[0], norm, w, bias);    \
    }

/* ---- attention ------------------------------------------------------------------------------ */
#define NORM_QKV(name, Q_TYPE, KV_TYPE, T, D, S, EPS, H, KV, HD, R, TABLE, TYPE, KT, C)            \
    static constexpr norm_qkv_shape name##_shape = {                                               \
        FORMAT_##T, FORMAT_##T, FORMAT_##T, D, H, KV, HD, R, FORMAT_##KT, C, EPS};                 \
    NORM_QKV_KERNELS(name, TABLE)                                                                  \
    extern "C" void name(run *r, u32 op, f32(*q)[(H) * (HD)], const f32(*x)[S], const f32 *norm,   \
                         const f32 *norm_bias, const Q_TYPE *wq, const f32 *bq, const KV_TYPE *wk, \
                         const f32 *bk, const KV_TYPE *wv, const f32 *bv, TYPE(*keys)[C][HD],      \
                         TYPE(*values)[C][HD])                                                     \
    {                                                                                              \
        norm_qkv_launch<name##_shape>(r, op, name##_kernels, q[0], x[0], norm, norm_bias, wq, bq,  \
                                      wk, bk, wv, bv, keys, values);                               \
    }

#define ROPE_APPEND(name, H, KV, HD, R, TABLE, TYPE, T, C, COUNT)                                  \
    static constexpr rope_append_shape name##_shape = {                                            \
        H, KV, HD, R, FORMAT_##T, C, COUNT_##COUNT, ROWS_MOST_##COUNT};                            \
    ROPE_APPEND_KERNELS(name, TABLE)                                                               \
    extern "C" void name(run *r, u32 op, f32(*q)[(H) * (HD)], const f32(*k)[(KV) * (HD)],          \
                         const f32(*v)[(KV) * (HD)], TYPE(*keys)[C][HD], TYPE(*values)[C][HD])     \
    {                                                                                              \
        rope_append_launch<name##_shape>(r, op, name##_kernels, q[0], k[0], v[0], keys, values);   \
    }

#define ATTENTION(name, H, KV, HD, TYPE, T, C, W, SCALE, COUNT)                                    \
    static constexpr attention_shape name##_shape = {                                              \
        H, KV, HD, FORMAT_##T, C, W, SCALE, COUNT_##COUNT, ROWS_MOST_##COUNT};                     \
    ATTENTION_KERNELS(name, COUNT)                                                                 \
    extern "C" void name(run *r, u32 op, f32(*q)[(H) * (HD)], const TYPE(*keys)[C][HD],            \
                         const TYPE(*values)[C][HD])                                               \
    {                                                                                              \
        attention_launch<name##_shape>(r, op, name##_kernels, q[0], keys, values);                 \
    }

/* ---- MLP ------------------------------------------------------------------------------------ */
#define SWIGLU(name, S, COUNT)                                                                     \
    static constexpr swiglu_shape name##_shape = {S, COUNT_##COUNT, ROWS_MOST_##COUNT};            \
    SWIGLU_KERNELS(name)                                                                           \
    extern "C" void name(run *r, u32 op, f32(*gate)[S], const f32(*up)[S])                         \
    {                                                                                              \
        swiglu_launch<name##_shape>(r, op, name##_kernels, gate[0], up[0]);                        \
    }

#define NORM_LINEAR_SWIGLU(name, TYPE, T, D, S, M, EPS)                                            \
    static constexpr norm_linear_swiglu_shape name##_shape = {FORMAT_##T, M, D, EPS};              \
    NORM_LINEAR_SWIGLU_KERNELS(name)                                                               \
    extern "C" void name(run *r, u32 op, f32(*y)[LINE_PAD(M)], const f32(*x)[S], const f32 *norm,  \
                         const TYPE *gate, const TYPE *up)                                         \
    {                                                                                              \
        norm_linear_swiglu_launch<name##_shape>(r, op, name##_kernels, y[0], x[0], norm, gate,     \
                                                up);                                               \
    }

#define NORM_LINEAR_GELU(name, TYPE, T, D, S, M, EPS)                                              \
    static constexpr norm_linear_gelu_shape name##_shape = {FORMAT_##T, M, D, EPS};                \
    NORM_LINEAR_GELU_KERNELS(name)                                                                 \
    extern "C" void name(run *r, u32 op, f32(*y)[LINE_PAD(M)], const f32(*x)[S], const f32 *norm,  \
                         const f32 *norm_bias, const TYPE *w, const f32 *bias)                     \
    {                                                                                              \
        norm_linear_gelu_launch<name##_shape>(r, op, name##_kernels, y[0], x[0], norm, norm_bias,  \
                                              w, bias);                                            \
    }

/* ---- experts -------------------------------------------------------------------------------- */
#define ROUTE(name, TYPE, T, D, XS, E, K, WEIGHTS, COUNT)                                          \
    static constexpr route_shape name##_shape = {                                                  \
        FORMAT_##T, D, XS, E, K, ROUTE_##WEIGHTS, COUNT_##COUNT, ROWS_MOST_##COUNT};               \
    ROUTE_KERNELS(name)                                                                            \
    extern "C" void name(run *r, u32 op, f32(*to)[ROUTE_STRIDE(K)], const f32(*x)[XS],             \
                         const TYPE *w)                                                            \
    {                                                                                              \
        route_launch<name##_shape>(r, op, name##_kernels, to[0], x[0], w);                         \
    }

#define GATHER(name, S, E, K, ROWS)                                                                \
    static constexpr gather_shape name##_shape = {S, E, K, ROWS};                                  \
    GATHER_KERNELS(name)                                                                           \
    extern "C" void name(run *r, u32 op, f32(*xg)[S], const f32(*x)[S],                            \
                         const f32(*route)[ROUTE_STRIDE(K)])                                       \
    {                                                                                              \
        gather_launch<name##_shape>(r, op, name##_kernels, xg[0], x[0], route[0]);                 \
    }

#define EXPERTS_SWIGLU(name, TYPE, T, D, S, F, E, K, ROWS)                                         \
    static constexpr experts_swiglu_shape name##_shape = {FORMAT_##T, D, S, F, E, K, ROWS};        \
    EXPERTS_SWIGLU_KERNELS(name)                                                                   \
    extern "C" void name(run *r, u32 op, f32(*h)[LINE_PAD(F)], const f32(*xg)[S],                  \
                         const f32(*route)[ROUTE_STRIDE(K)], const TYPE *gate, const TYPE *up)     \
    {                                                                                              \
        experts_swiglu_launch<name##_shape>(r, op, name##_kernels, h[0], xg[0], route[0], gate,    \
                                            up);                                                   \
    }

#define NORM_EXPERTS_SWIGLU(name, ROUTER_TYPE, RT, TYPE, T, D, S, F, EPS, E, K, WEIGHTS)           \
    static constexpr norm_experts_swiglu_shape name##_shape = {                                    \
        FORMAT_##RT, FORMAT_##T, D, F, EPS, E, K, ROUTE_##WEIGHTS};                                \
    NORM_EXPERTS_SWIGLU_KERNELS(name)                                                              \
    extern "C" void name(run *r, u32 op, f32(*h)[LINE_PAD(F)], f32(*route)[ROUTE_STRIDE(K)],       \
                         const f32(*x)[S], const f32 *norm, const ROUTER_TYPE *router,             \
                         const TYPE *gate, const TYPE *up)                                         \
    {                                                                                              \
        norm_experts_swiglu_launch<name##_shape>(r, op, name##_kernels, h[0], route[0], x[0],      \
                                                 norm, router, gate, up);                          \
    }

#define EXPERTS_ADD(name, TYPE, T, F, HS, D, E, K, ROWS, COUNT)                                    \
    static constexpr experts_add_shape name##_shape = {FORMAT_##T,    F,   HS, D, E, K,            \
                                                       COUNT_##COUNT, ROWS};                       \
    EXPERTS_ADD_KERNELS(name, COUNT)                                                               \
    extern "C" void name(run *r, u32 op, f32(*y)[LINE_PAD(D)], const f32(*h)[HS],                  \
                         const f32(*route)[ROUTE_STRIDE(K)], const TYPE *w)                        \
    {                                                                                              \
        experts_add_launch<name##_shape>(r, op, name##_kernels, y[0], h[0], route[0], w);          \
    }

#endif
