/* The feed-forward half of a layer, as families share it: an MLP with SwiGLU, experts of which each
 * token goes through a few, or these beside an MLP that every token goes through. */
#ifndef GEN_FEED_FORWARD_H
#define GEN_FEED_FORWARD_H

#include "gen/graph/build.h"

/* Where a family keeps the tensors, and how wide they are. */
struct feed_forward_sources {
    const char *norm;
    const char *gate, *up, *down;                      /* of experts: "%u" for layer and expert */
    const char *router;                                /* NULL: the three above are one MLP */
    const char *shared_gate, *shared_up, *shared_down; /* the MLP beside experts */
    uint32_t width, shared_width;                      /* inside; 0: there is none beside them */
};

/* The tensors of one layer; GRAPH_NONE for what the family does not have. */
struct feed_forward {
    uint32_t norm, gate_proj, up_proj, down_proj, router;
    uint32_t shared_gate, shared_up, shared_down;
};

void feed_forward_tensors(struct build *b, const struct feed_forward_sources *from,
                          struct feed_forward *f);

/* x = x + what the half makes of norm(x). Decode: h is scratch. */
void feed_forward_decode(struct build *b, const struct feed_forward *f, uint32_t h, uint32_t x);
void feed_forward_prefill(struct build *b, const struct feed_forward *f, uint32_t x);

#endif
