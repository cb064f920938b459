/* The constants of a kernel: one struct per operation, made from its row in kernels/ops.def, the
 * same for every backend.
 *
 * A kernel is an inlined body over one constant struct, so its loops see only constants. What each
 * operation computes stands at the top of its file in kernels/cpu. C11 and C++20: a designated
 * initializer names the fields in the order in which they are declared.
 *
 *   type        format of the packed matrix; of all matrices where there are several. Where an
 *               operand may have a format of its own: OPERAND_type
 *   M           rows of a matrix with its pad rows, which are zero; with EPILOGUE_SOFTPLUS only
 *               true rows, because softplus(0) is not 0
 *   K D F       columns of a matrix, width of a row, inner width of experts: before padding
 *   x_stride    floats from one row of the operand x to the next. An operand without a stride has
 *               rows of PAD(its width) floats; so has every operand of an operation of one row
 *   count       which rows of a step the operation works on; without it: one row
 *   rows        the most rows of a step (tokens): 1 with COUNT_ONE
 *   epsilon     of a norm, under the square root
 *
 *   conv_at I K columns conv_at .. conv_at + PAD(I) - 1 are convolved over K taps; conv_at is a
 *               multiple of 16
 *   I N R       of a scan: channels, states of a channel, columns of xdb before B and C
 *   D I G       of a norm by groups: columns, how many of them are no pads, groups of D / G
 *               columns, a multiple of 16
 *   H P G N     of Mamba-2: heads, channels of a head, a multiple of 16, groups of heads that share
 *               B and C, states of a channel; low and high limit a time step
 *   H KV HD     query heads, heads of keys and values, which divide H, width of a head, a multiple
 *               of 16, of which the first R elements are rotated
 *   C window    positions of the cache, a multiple of 64; how many a row sees, its own among them,
 *               0: all before it
 *   E K         experts, and how many of them a token chooses
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

/* struct linear_shape and its like: the sizes of the operation's row. */
#define SIZE_u32                u32
#define SIZE_f32                f32
#define SIZE_format             enum format
#define SIZE_count              enum count
#define SIZE_epilogue           enum epilogue
#define SIZE_route_weights      enum route_weights
#define SIZE(TYPE, NAME, VALUE) SIZE_##TYPE NAME;
#define OP(UPPER, LOWER, CPU, CUDA, SYMBOL, SIZES, ...)                                            \
    struct LOWER##_shape {                                                                         \
        SIZES                                                                                      \
    };
#include "kernels/ops.def"
#undef OP
#undef SIZE
#undef SIZE_route_weights
#undef SIZE_epilogue
#undef SIZE_count
#undef SIZE_format
#undef SIZE_f32
#undef SIZE_u32

#endif
