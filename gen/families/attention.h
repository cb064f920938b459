/* Attention with a cache, as the families with heads share it. */
#ifndef GEN_FAMILIES_ATTENTION_H
#define GEN_FAMILIES_ATTENTION_H

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

/* The positions that a cache has room for, in whole blocks: all of a context; or, of a window, what
 * the first token of a chunk sees and the chunk that is appended before it looks. */
uint64_t attention_positions(const struct cfg *cfg);

/* Elements of a head as kernels see it: head_dim and zeros up to whole lines of 16. */
uint64_t attention_width(const struct cfg *cfg);

void attention_tensors(struct build *b, const struct attention_sources *from, struct attention *a);

/* Adds q = attention(rope(q_proj(xn)), rope(k_proj(xn)), v_proj(xn)). */
void attention_add(struct build *b, const struct attention *a, uint32_t q, uint32_t xn);

/* Adds x = x + o_proj(q). */
void attention_output(struct build *b, const struct attention *a, uint32_t q, uint32_t x);

/* Half of a layer, x = x + o_proj(attention(norm(x))), where Llama's checkpoints keep it. */
build_half attention_half;

#endif
