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
    b->graph->tensor[f->router].type = b->cfg->router_type;
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
        BUILD(b, norm_linear_swiglu, "GATE_UP", .y = h, .x = x, .norm = f->norm,
              .gate = f->gate_proj, .up = f->up_proj);
        BUILD(b, linear, "DOWN_PROJ", .y = x, .w = f->down_proj, .x = h, .epilogue = EPILOGUE_ADD);
        return;
    }
    const uint32_t route = build_scratch(b, "route");
    BUILD(b, norm_experts_swiglu, "GATE_UP", .h = h, .route = route, .x = x, .norm = f->norm,
          .router = f->router, .gate = f->gate_proj, .up = f->up_proj);
    if (f->shared_gate == GRAPH_NONE) {
        BUILD(b, experts_add, "DOWN_PROJ", .y = x, .h = h, .route = route, .w = f->down_proj);
        return;
    }
    const uint32_t hs = build_scratch(b, "hs");
    BUILD(b, norm_linear_swiglu, "SHARED_GATE_UP", .y = hs, .x = x, .norm = f->norm,
          .gate = f->shared_gate, .up = f->shared_up);
    BUILD(b, linear, "SHARED_DOWN", .y = x, .w = f->shared_down, .x = hs, .epilogue = EPILOGUE_ADD);
    BUILD(b, experts_add, "DOWN_PROJ", .y = x, .h = h, .route = route, .w = f->down_proj);
}

static void experts_of_prefill(struct build *b, const struct feed_forward *f, uint32_t xm,
                               uint32_t x)
{
    const uint32_t route = build_scratch(b, "route"), xg = build_scratch(b, "xg");
    const uint32_t h = build_scratch(b, "h");
    BUILD(b, route, "ROUTE", .route = route, .x = xm, .w = f->router);
    BUILD(b, gather, "GATHER", .xg = xg, .x = xm, .route = route);
    BUILD(b, experts_swiglu, "GATE_UP", .h = h, .xg = xg, .route = route, .gate = f->gate_proj,
          .up = f->up_proj);
    BUILD(b, experts_add, "DOWN_PROJ", .y = x, .h = h, .route = route, .w = f->down_proj);
}

/* The MLP comes first: xm is not alive any more when the rows of the experts are largest. */
static void shared_of_prefill(struct build *b, const struct feed_forward *f, uint32_t xm,
                              uint32_t x)
{
    const uint32_t gate = build_scratch(b, "gate"), up = build_scratch(b, "up");
    BUILD(b, linear, "SHARED_GATE", .y = gate, .w = f->shared_gate, .x = xm);
    BUILD(b, linear, "SHARED_UP", .y = up, .w = f->shared_up, .x = xm);
    BUILD(b, swiglu, "SHARED_SWIGLU", .gate = gate, .up = up);
    BUILD(b, linear, "SHARED_DOWN", .y = x, .w = f->shared_down, .x = gate,
          .epilogue = EPILOGUE_ADD);
}

static void mlp_of_prefill(struct build *b, const struct feed_forward *f, uint32_t xm, uint32_t x)
{
    const uint32_t gate = build_scratch(b, "gate"), up = build_scratch(b, "up");
    BUILD(b, linear, "GATE_PROJ", .y = gate, .w = f->gate_proj, .x = xm);
    BUILD(b, linear, "UP_PROJ", .y = up, .w = f->up_proj, .x = xm);
    BUILD(b, swiglu, "SWIGLU", .gate = gate, .up = up);
    BUILD(b, linear, "DOWN_PROJ", .y = x, .w = f->down_proj, .x = gate, .epilogue = EPILOGUE_ADD);
}

void feed_forward_prefill(struct build *b, const struct feed_forward *f, uint32_t x)
{
    const uint32_t xm = build_scratch(b, "xm");
    BUILD(b, rmsnorm, "MLP_NORM", .y = xm, .x = x, .norm = f->norm);
    if (f->shared_gate != GRAPH_NONE)
        shared_of_prefill(b, f, xm, x);
    if (f->router != GRAPH_NONE)
        experts_of_prefill(b, f, xm, x);
    else
        mlp_of_prefill(b, f, xm, x);
}
