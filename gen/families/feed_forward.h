/* The feed-forward half of a layer, as families share it: an MLP with SwiGLU, experts of which each
 * token goes through a few, or these beside an MLP that every token goes through. */
#ifndef GEN_FAMILIES_FEED_FORWARD_H
#define GEN_FAMILIES_FEED_FORWARD_H

#include "gen/graph/build.h"

/* Where a family keeps the tensors, and how wide they are. */
struct feed_forward_sources {
    const char *norm;
    const char *gate, *up, *down;                      /* of experts: "%u" for layer and expert */
    const char *router;                                /* of experts */
    const char *shared_gate, *shared_up, *shared_down; /* the MLP beside experts */
    uint32_t width, shared_width;                      /* inside; 0: there is none beside them */
};

/* Adds x = x + down(silu(gate(u)) up(u)), u = norm(x); or the sum of that over the experts that the
 * router chooses, and over the MLP beside them. */
void feed_forward_mlp(struct build *b, const struct feed_forward_sources *from, uint32_t x);
void feed_forward_experts(struct build *b, const struct feed_forward_sources *from, uint32_t x);

#endif
