/* The constants of a kernel: one struct per operation, the same for every backend.
 *
 * A kernel is an inlined body over one constant struct, so its loops see only constants. What each
 * operation computes stands at the top of its file in kernels/cpu. C11 and C++20: a designated
 * initializer names the fields in the order in which they are declared.
 *
 * Fields that mean the same everywhere:
 *
 *   type        format of the packed matrix; of all matrices where there are several. Where an
 *               operand may have a format of its own: OPERAND_type
 *   capitals    sizes in elements before padding, as in the operation's contract
 *   x_stride    floats from one row of the operand x to the next. An operand without a stride has
 *               rows of PAD(its width) floats; so has every operand of an operation of one row
 *   count       which rows of a step the operation works on; without it: one row
 *   rows        the most rows of a step (tokens): 1 with COUNT_ONE
 *   epsilon     of a norm, under the square root
 *
 * Every buffer and tensor starts on 64 bytes; strides are multiples of 16 floats; the pads that end
 * a row are written as 0 by every operation that writes the row. Buffers of one call never overlap,
 * except where an operation says that it works in place. */
#ifndef KERNELS_SHAPES_H
#define KERNELS_SHAPES_H

#include "kernels/formats.h"
#include "runtime/base/run.h"

/* PAD: whole lines of `size` elements. */
#define LINE_PAD(size) (((size) + LINE_F32 - 1) / LINE_F32 * LINE_F32)

/* Floats from one route of K chosen experts to the next: their indices, their weights, pads. */
#define ROUTE_STRIDE(K) LINE_PAD(2 * (K))

enum count {
    COUNT_ONE,    /* row 0: decode */
    COUNT_CHUNK,  /* rows 0 .. step.tokens - 1: prefill */
    COUNT_LOGITS, /* source rows step.logit_first ..; destination rows 0 .. step.logit_rows - 1 */
};

/* What happens to a finished sum before it is stored. */
enum epilogue {
    EPILOGUE_PLAIN,    /* y = Wx */
    EPILOGUE_ADD,      /* y = y + Wx */
    EPILOGUE_BIAS,     /* y = Wx + bias */
    EPILOGUE_ADD_BIAS, /* y = y + (Wx + bias) */
    EPILOGUE_SOFTPLUS, /* y = softplus(Wx + bias) */
    EPILOGUE_GELU,     /* y = gelu_new(Wx + bias) */
};

/* The weights of the experts that a token has chosen. */
enum route_weights {
    ROUTE_RENORM, /* their probabilities, divided by the sum of these */
    ROUTE_RAW,    /* their probabilities */
};

/* ---- rows ----------------------------------------------------------------------------------- */

/* y[t] = row tokens[t] of the table [M][K]. */
struct embed_shape {
    enum format type;
    u32 M, K;
    u32 y_stride;
    enum count count;
    u32 rows;
};

/* Rows of D. */
struct rmsnorm_shape {
    u32 D;
    u32 x_stride; /* PAD(D); that of y, too */
    f32 epsilon;
    enum count count;
    u32 rows;
};

struct layernorm_shape {
    u32 D;
    u32 x_stride; /* PAD(D); that of y, too */
    f32 epsilon;
    enum count count;
    u32 rows;
};

/* W [M][K]. M counts pad rows as well, which are zero; of EPILOGUE_SOFTPLUS only true rows, because
 * softplus(0) is not 0. */
struct linear_shape {
    enum format type;
    u32 M, K;
    u32 y_stride, x_stride;
    enum epilogue epilogue;
    enum count count;
    u32 rows;
};

/* ---- Mamba ---------------------------------------------------------------------------------- */

/* Columns conv_at .. conv_at + PAD(I) - 1 of xz are convolved. */
struct conv_silu_shape {
    u32 conv_at; /* a multiple of 16 */
    u32 I;       /* channels */
    u32 K;       /* taps: tokens that a sum sees, the present one among them */
    u32 xz_stride;
    enum epilogue epilogue; /* before silu: PLAIN, or BIAS */
    enum count count;
    u32 rows;
};

struct scan_shape {
    u32 I; /* channels */
    u32 N; /* states of a channel */
    u32 R; /* columns of xdb before B and C: the rank of dt */
    u32 xz_stride, xdb_stride;
    enum count count;
    u32 rows;
};

/* One row; W [M][D], of whose rows conv_at .. conv_at + PAD(I) - 1 are convolved over K taps. */
struct norm_linear_conv_shape {
    enum format type;
    u32 M, D;
    u32 conv_at, I, K; /* as in conv_silu_shape */
    f32 epsilon;
};

/* One row; the matrix of dt is [I][R]. */
struct dt_scan_shape {
    enum format type;
    u32 I, N, R; /* as in scan_shape */
};

/* dt in columns 0 .. R-1 of xdb, B in the N behind, C in the N behind those. */
struct norm_selection_shape {
    u32 N, R;
    u32 xdb_stride;
    f32 epsilon;
    enum count count;
    u32 rows;
};

/* One row. */
struct norm_dt_scan_shape {
    enum format type;
    u32 I, N, R; /* as in scan_shape */
    f32 epsilon;
};

/* ---- Mamba-2 -------------------------------------------------------------------------------- */

struct ssd_shape {
    u32 H; /* heads */
    u32 P; /* channels of a head, a multiple of 16 */
    u32 G; /* groups of heads that share B and C */
    u32 N; /* states of a channel */
    u32 zx_stride;
    f32 low, high; /* limits of a time step */
    enum count count;
    u32 rows;
};

struct rmsnorm_groups_shape {
    u32 D; /* columns that are normalised, in G groups of D / G, a multiple of 16 */
    u32 I; /* how many of them are no pads */
    u32 G;
    u32 x_stride;
    f32 epsilon;
    enum count count;
    u32 rows;
};

/* One row; W [M][D]. */
struct norm_linear_add_shape {
    enum format type;
    u32 M;
    u32 D, I, G; /* as in rmsnorm_groups_shape */
    f32 epsilon;
};

/* ---- attention ------------------------------------------------------------------------------ */

/* One row; matrices [H HD][D], [KV HD][D] and [KV HD][D]. */
struct norm_qkv_shape {
    enum format q_type, k_type, v_type;
    u32 D;
    u32 H;                  /* query heads */
    u32 KV;                 /* heads of keys and values; KV divides H */
    u32 HD;                 /* width of a head, a multiple of 16 */
    u32 R;                  /* leading elements of a head that are rotated; 0: no rotation */
    enum format cache_type; /* of keys and values */
    u32 C;                  /* positions of the cache, a multiple of 64 */
    f32 epsilon;
};

struct rope_append_shape {
    u32 H, KV, HD, R; /* as in norm_qkv_shape */
    enum format cache_type;
    u32 C;
    enum count count;
    u32 rows;
};

struct attention_shape {
    u32 H, KV, HD; /* as in norm_qkv_shape */
    enum format cache_type;
    u32 C;
    u32 window; /* positions that a row sees, its own among them; 0: all before it */
    f32 scale;  /* of scores */
    enum count count;
    u32 rows;
};

/* ---- MLP ------------------------------------------------------------------------------------ */

struct swiglu_shape {
    u32 gate_stride; /* floats of a row, pads among them; of up, too */
    enum count count;
    u32 rows;
};

/* One row; gate and up [M][D]. */
struct norm_linear_swiglu_shape {
    enum format type;
    u32 M, D;
    f32 epsilon;
};

/* One row; W [M][D]. */
struct norm_linear_gelu_shape {
    enum format type;
    u32 M, D;
    f32 epsilon;
};

/* ---- experts -------------------------------------------------------------------------------- */

/* The router is [E][D]. */
struct route_shape {
    enum format type;
    u32 D;
    u32 x_stride;
    u32 E; /* experts */
    u32 K; /* of them a token chooses */
    enum route_weights weights;
    enum count count;
    u32 rows;
};

/* The rows of a chunk. */
struct gather_shape {
    u32 x_stride; /* that of xg, too */
    u32 E, K;     /* as in route_shape */
    u32 rows;
};

/* The rows of a chunk; gate and up are E matrices [F][D] each. */
struct experts_swiglu_shape {
    enum format type;
    u32 D;
    u32 xg_stride;
    u32 F;
    u32 E, K; /* as in route_shape */
    u32 rows;
};

/* One row; the router is [E][D], gate and up as in experts_swiglu_shape. */
struct norm_experts_swiglu_shape {
    enum format router_type;
    enum format type; /* of gate and up */
    u32 D, F;
    f32 epsilon;
    u32 E, K; /* as in route_shape */
    enum route_weights weights;
};

/* W is E matrices [D][F]. */
struct experts_add_shape {
    enum format type;
    u32 F;
    u32 h_stride;
    u32 D;
    u32 E, K; /* as in route_shape */
    enum count count;
    u32 rows;
};

#endif
