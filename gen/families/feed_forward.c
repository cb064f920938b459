#include "gen/families/feed_forward.h"

/* The names of an MLP's weights, operations and buffers. */
struct mlp_names {
    const char *gate_proj, *up_proj, *down_proj;
    const char *gate, *up, *swiglu, *down; /* operations */
    const char *gate_up, *fused;           /* all but the last as one, and its result */
};
static const struct mlp_names mlp = {"gate_proj", "up_proj",   "down_proj", "GATE_PROJ", "UP_PROJ",
                                     "SWIGLU",    "DOWN_PROJ", "GATE_UP",   "h"};
static const struct mlp_names shared = {"shared_gate", "shared_up",      "shared_down",
                                        "SHARED_GATE", "SHARED_UP",      "SHARED_SWIGLU",
                                        "SHARED_DOWN", "SHARED_GATE_UP", "hs"};

/* x = x + the MLP of xm; gate and up are scratch. */
static void add_mlp(struct build *b, const struct mlp_names *names, uint32_t width,
                    const char *const sources[3], uint32_t gate, uint32_t up, uint32_t xm,
                    uint32_t x)
{
    const uint32_t D = b->cfg->hidden_size;
    const uint32_t gate_proj = build_matrix(b, names->gate_proj, sources[0], width, D);
    const uint32_t up_proj = build_matrix(b, names->up_proj, sources[1], width, D);
    const uint32_t down_proj = build_matrix(b, names->down_proj, sources[2], D, width);
    BUILD(b, linear, names->gate, .y = gate, .w = gate_proj, .x = xm);
    BUILD(b, linear, names->up, .y = up, .w = up_proj, .x = xm);
    BUILD(b, swiglu, names->swiglu, .gate = gate, .up = up);
    build_when_fused(b, names->gate_up, names->fused);
    BUILD(b, linear, names->down, .y = x, .w = down_proj, .x = gate, .epilogue = EPILOGUE_ADD);
}

static uint32_t normed(struct build *b, const struct feed_forward_sources *from, uint32_t x)
{
    const uint32_t xm = build_scratch(b, "xm");
    const uint32_t norm = build_vector(b, "mlp_norm", from->norm, b->cfg->hidden_size);
    build_norm(b, "MLP_NORM", xm, x, norm, GRAPH_NONE);
    return xm;
}

void feed_forward_mlp(struct build *b, const struct feed_forward_sources *from, uint32_t x)
{
    build_meaning(b, "x += down(silu(gate) up)(norm(x))");
    const uint32_t xm = normed(b, from, x);
    const uint32_t gate = build_scratch(b, "gate"), up = build_scratch(b, "up");
    add_mlp(b, &mlp, from->width, (const char *const[]){from->gate, from->up, from->down}, gate, up,
            xm, x);
}

/* Both read x before either is added to it. The MLP's result is added first: prefill goes branch by
 * branch, so the rows of the experts, its largest buffer, are then not alive together with those of
 * the MLP. */
void feed_forward_experts(struct build *b, const struct feed_forward_sources *from, uint32_t x)
{
    const uint32_t D = b->cfg->hidden_size, F = from->width, E = cfg_experts(b->cfg);
    const bool beside = from->shared_width > 0;
    build_meaning(b, beside ? "x += experts(norm(x)) + shared(norm(x))" : "x += experts(norm(x))");
    const uint32_t xm = normed(b, from, x);
    const uint32_t gate = beside ? build_scratch(b, "gate") : GRAPH_NONE;
    const uint32_t up = beside ? build_scratch(b, "up") : GRAPH_NONE;
    const uint32_t route = build_scratch(b, "route"), xg = build_scratch(b, "xg");
    const uint32_t h = build_scratch(b, "h");
    const uint32_t router = build_matrix(b, "router", from->router, E, D);
    build_class(b, router, CLASS_ROUTER);
    const uint32_t gate_proj = build_experts(b, "gate_proj", from->gate, E, F, D);
    const uint32_t up_proj = build_experts(b, "up_proj", from->up, E, F, D);
    const uint32_t down_proj = build_experts(b, "down_proj", from->down, E, D, F);
    BUILD(b, route, "ROUTE", .to = route, .x = xm, .w = router);
    BUILD(b, gather, "GATHER", .xg = xg, .x = xm, .route = route);
    BUILD(b, experts_swiglu, "GATE_UP", .h = h, .xg = xg, .route = route, .gate = gate_proj,
          .up = up_proj);
    if (beside)
        add_mlp(b, &shared, from->shared_width,
                (const char *const[]){from->shared_gate, from->shared_up, from->shared_down}, gate,
                up, xm, x);
    BUILD(b, experts_add, "DOWN_PROJ", .y = x, .h = h, .route = route, .w = down_proj);
}
