#include "gen/families/feed_forward.h"

static void mlp_tensors(struct build *b, const struct feed_forward_sources *from,
                        struct feed_forward *f)
{
    const uint32_t D = b->cfg->hidden_size, F = from->width;
    f->gate_proj = build_weight(b, "gate_proj", from->gate, PACKING_MATRIX, F, D);
    f->up_proj = build_weight(b, "up_proj", from->up, PACKING_MATRIX, F, D);
    f->down_proj = build_weight(b, "down_proj", from->down, PACKING_MATRIX, D, F);
}

static void expert_tensors(struct build *b, const struct feed_forward_sources *from,
                           struct feed_forward *f)
{
    const uint32_t D = b->cfg->hidden_size, F = from->width, S = from->shared_width;
    const uint32_t E = cfg_experts(b->cfg);
    f->router = build_weight(b, "router", from->router, PACKING_MATRIX, E, D);
    f->gate_proj = build_experts(b, "gate_proj", from->gate, E, F, D);
    f->up_proj = build_experts(b, "up_proj", from->up, E, F, D);
    f->down_proj = build_experts(b, "down_proj", from->down, E, D, F);
    if (S == 0)
        return;
    f->shared_gate = build_weight(b, "shared_gate", from->shared_gate, PACKING_MATRIX, S, D);
    f->shared_up = build_weight(b, "shared_up", from->shared_up, PACKING_MATRIX, S, D);
    f->shared_down = build_weight(b, "shared_down", from->shared_down, PACKING_MATRIX, D, S);
}

void feed_forward_tensors(struct build *b, const struct feed_forward_sources *from,
                          struct feed_forward *f)
{
    *f = (struct feed_forward){.router = GRAPH_NONE, .shared_gate = GRAPH_NONE};
    f->norm = build_weight(b, "mlp_norm", from->norm, PACKING_VECTOR, b->cfg->hidden_size, 1);
    if (from->router == NULL)
        mlp_tensors(b, from, f);
    else
        expert_tensors(b, from, f);
}

/* Both entrances of experts with an MLP beside them read x before either is added to it: the MLP
 * first, as in a prefill, for the sake of the same bits. */
void feed_forward_decode(struct build *b, const struct feed_forward *f, uint32_t h, uint32_t x)
{
    if (f->router == GRAPH_NONE) {
        BUILD_NODE(b, OP_NORM_LINEAR_SWIGLU, "GATE_UP", h, x, f->norm, f->gate_proj, f->up_proj);
        BUILD_NODE(b, OP_LINEAR_ADD, "DOWN_PROJ", x, f->down_proj, h);
        return;
    }
    const uint32_t route = build_scratch(b, "route");
    BUILD_NODE(b, OP_NORM_EXPERTS_SWIGLU, "GATE_UP", h, route, x, f->norm, f->router, f->gate_proj,
               f->up_proj);
    if (f->shared_gate == GRAPH_NONE) {
        BUILD_NODE(b, OP_EXPERTS_ADD, "DOWN_PROJ", x, h, route, f->down_proj);
        return;
    }
    const uint32_t hs = build_scratch(b, "hs");
    BUILD_NODE(b, OP_NORM_LINEAR_SWIGLU, "SHARED_GATE_UP", hs, x, f->norm, f->shared_gate,
               f->shared_up);
    BUILD_NODE(b, OP_LINEAR_ADD, "SHARED_DOWN", x, f->shared_down, hs);
    BUILD_NODE(b, OP_EXPERTS_ADD, "DOWN_PROJ", x, h, route, f->down_proj);
}

static void experts_of_prefill(struct build *b, const struct feed_forward *f, uint32_t xm,
                               uint32_t x)
{
    const uint32_t route = build_scratch(b, "route"), xg = build_scratch(b, "xg");
    const uint32_t h = build_scratch(b, "h");
    BUILD_NODE(b, OP_ROUTE, "ROUTE", route, xm, f->router);
    BUILD_NODE(b, OP_GATHER, "GATHER", xg, xm, route);
    BUILD_NODE(b, OP_EXPERTS_SWIGLU, "GATE_UP", h, xg, route, f->gate_proj, f->up_proj);
    BUILD_NODE(b, OP_EXPERTS_ADD, "DOWN_PROJ", x, h, route, f->down_proj);
}

/* The MLP comes first: xm is not alive any more when the rows of the experts are largest. */
static void shared_of_prefill(struct build *b, const struct feed_forward *f, uint32_t xm,
                              uint32_t x)
{
    const uint32_t gate = build_scratch(b, "gate"), up = build_scratch(b, "up");
    BUILD_NODE(b, OP_LINEAR, "SHARED_GATE", gate, f->shared_gate, xm);
    BUILD_NODE(b, OP_LINEAR, "SHARED_UP", up, f->shared_up, xm);
    BUILD_NODE(b, OP_SWIGLU, "SHARED_SWIGLU", gate, up);
    BUILD_NODE(b, OP_LINEAR_ADD, "SHARED_DOWN", x, f->shared_down, gate);
}

static void mlp_of_prefill(struct build *b, const struct feed_forward *f, uint32_t xm, uint32_t x)
{
    const uint32_t gate = build_scratch(b, "gate"), up = build_scratch(b, "up");
    BUILD_NODE(b, OP_LINEAR, "GATE_PROJ", gate, f->gate_proj, xm);
    BUILD_NODE(b, OP_LINEAR, "UP_PROJ", up, f->up_proj, xm);
    BUILD_NODE(b, OP_SWIGLU, "SWIGLU", gate, up);
    BUILD_NODE(b, OP_LINEAR_ADD, "DOWN_PROJ", x, f->down_proj, gate);
}

void feed_forward_prefill(struct build *b, const struct feed_forward *f, uint32_t x)
{
    const uint32_t xm = build_scratch(b, "xm");
    BUILD_NODE(b, OP_RMSNORM, "MLP_NORM", xm, x, f->norm);
    if (f->shared_gate != GRAPH_NONE)
        shared_of_prefill(b, f, xm, x);
    if (f->router != GRAPH_NONE)
        experts_of_prefill(b, f, xm, x);
    else
        mlp_of_prefill(b, f, xm, x);
}
