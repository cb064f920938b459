/* Attention with a cache, as the families with heads share it. */
#ifndef GEN_ATTENTION_H
#define GEN_ATTENTION_H

#include "gen/graph/build.h"

/* Where a family keeps the tensors of a layer. */
struct attention_sources {
    const char *q, *k, *v, *o;                     /* the matrices */
    const char *q_bias, *k_bias, *v_bias, *o_bias; /* NULL: the family has none */
};

/* The tensors of one layer's attention; GRAPH_NONE for a bias that the family does not have. */
struct attention {
    uint32_t q_proj, q_bias, k_proj, k_bias, v_proj, v_bias, o_proj, o_bias;
    uint32_t keys, values; /* the state */
};

/* The norm in front of it; bias is GRAPH_NONE of an RMSNorm. */
struct attention_norm {
    uint32_t weight, bias;
};

/* The positions that a cache has room for, in whole blocks: all of a context; or, of a window, what
 * the first token of a chunk sees and the chunk that is appended before it looks. */
uint64_t attention_positions(const struct cfg *cfg);

/* Elements of a head as kernels see it: head_dim and zeros up to whole lines of 16. */
uint64_t attention_width(const struct cfg *cfg);

void attention_tensors(struct build *b, const struct attention_sources *from, struct attention *a);

/* Adds the operations from the residual stream x to q, which holds the heads' results. Decode: the
 * norm, all three products, the rotation and the append are one operation. Prefill: `xn` is the
 * normalised stream. */
void attention_decode(struct build *b, const struct attention *a, struct attention_norm norm,
                      uint32_t q, uint32_t x);
void attention_prefill(struct build *b, const struct attention *a, uint32_t q, uint32_t xn);

/* x = x + o_proj(q). */
void attention_output(struct build *b, const struct attention *a, uint32_t q, uint32_t x);

/* y = W x, or y = W x + bias if there is one; y = y + .. with `add`. */
void attention_linear(struct build *b, const char *name, bool add, uint32_t y, uint32_t w,
                      uint32_t bias, uint32_t x);

#endif
