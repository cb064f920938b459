/* Llama, as transformers computes it: h is the residual stream,
 *   u = RMSNorm(h);  h = h + o_proj(attention(rope(q_proj(u)), rope(k_proj(u)), v_proj(u)));
 *   u = RMSNorm(h);  h = h + down_proj(silu(gate_proj(u)) up_proj(u)).
 * In decode each half begins with one operation: its norm, its products and what follows them.
 *
 * Mixtral is the same with experts in the place of the MLP: of p = softmax(router(u)) the largest
 * are chosen and divided by their sum; h = h + sum over them of p_e down_e(silu(gate_e(u))
 * up_e(u)). */
#include "gen/attention.h"

#define LAYER "model.layers.%u."

/* The tensors of one layer. */
struct layer {
    struct attention attention;
    uint32_t norm, mlp_norm, gate_proj, up_proj, down_proj;
    uint32_t router; /* of experts, whose matrices the three above are */
};

static void attention_half(struct build *b, struct layer *l)
{
    static const struct attention_sources sources = {
        .q = LAYER "self_attn.q_proj.weight",
        .k = LAYER "self_attn.k_proj.weight",
        .v = LAYER "self_attn.v_proj.weight",
        .o = LAYER "self_attn.o_proj.weight",
    };
    const uint32_t D = b->cfg->hidden_size;
    l->norm = build_weight(b, "norm", LAYER "input_layernorm.weight", PACKING_VECTOR, D, 1);
    attention_tensors(b, &sources, &l->attention);
    l->mlp_norm =
        build_weight(b, "mlp_norm", LAYER "post_attention_layernorm.weight", PACKING_VECTOR, D, 1);
}

static void mlp_half(struct build *b, struct layer *l)
{
    const uint32_t D = b->cfg->hidden_size, F = b->cfg->intermediate_size;
    l->gate_proj = build_weight(b, "gate_proj", LAYER "mlp.gate_proj.weight", PACKING_MATRIX, F, D);
    l->up_proj = build_weight(b, "up_proj", LAYER "mlp.up_proj.weight", PACKING_MATRIX, F, D);
    l->down_proj = build_weight(b, "down_proj", LAYER "mlp.down_proj.weight", PACKING_MATRIX, D, F);
}

#define EXPERT LAYER "block_sparse_moe.experts.%u."

static void expert_half(struct build *b, struct layer *l)
{
    const uint32_t D = b->cfg->hidden_size, F = b->cfg->intermediate_size;
    const uint32_t E = b->cfg->num_local_experts;
    l->router =
        build_weight(b, "router", LAYER "block_sparse_moe.gate.weight", PACKING_MATRIX, E, D);
    l->gate_proj = build_experts(b, "gate_proj", EXPERT "w1.weight", E, F, D);
    l->up_proj = build_experts(b, "up_proj", EXPERT "w3.weight", E, F, D);
    l->down_proj = build_experts(b, "down_proj", EXPERT "w2.weight", E, D, F);
}

static void layer_of_decode(struct build *b, const struct layer *l, uint32_t x)
{
    const uint32_t q = build_scratch(b, "q"), h = build_scratch(b, "h");
    attention_decode(b, &l->attention, (struct attention_norm){l->norm, GRAPH_NONE}, q, x);
    attention_output(b, &l->attention, q, x);
    if (l->router == GRAPH_NONE) {
        BUILD_NODE(b, OP_NORM_LINEAR_SWIGLU, "GATE_UP", h, x, l->mlp_norm, l->gate_proj,
                   l->up_proj);
        BUILD_NODE(b, OP_LINEAR_ADD, "DOWN_PROJ", x, l->down_proj, h);
    } else {
        const uint32_t route = build_scratch(b, "route");
        BUILD_NODE(b, OP_NORM_EXPERTS_SWIGLU, "GATE_UP", h, route, x, l->mlp_norm, l->router,
                   l->gate_proj, l->up_proj);
        BUILD_NODE(b, OP_EXPERTS_ADD, "DOWN_PROJ", x, h, route, l->down_proj);
    }
}

static void mlp_of_prefill(struct build *b, const struct layer *l, uint32_t xm, uint32_t x)
{
    const uint32_t gate = build_scratch(b, "gate"), up = build_scratch(b, "up");
    BUILD_NODE(b, OP_LINEAR, "GATE_PROJ", gate, l->gate_proj, xm);
    BUILD_NODE(b, OP_LINEAR, "UP_PROJ", up, l->up_proj, xm);
    BUILD_NODE(b, OP_SWIGLU, "SWIGLU", gate, up);
    BUILD_NODE(b, OP_LINEAR_ADD, "DOWN_PROJ", x, l->down_proj, gate);
}

static void experts_of_prefill(struct build *b, const struct layer *l, uint32_t xm, uint32_t x)
{
    const uint32_t route = build_scratch(b, "route"), xg = build_scratch(b, "xg");
    const uint32_t h = build_scratch(b, "h");
    BUILD_NODE(b, OP_ROUTE, "ROUTE", route, xm, l->router);
    BUILD_NODE(b, OP_GATHER, "GATHER", xg, xm, route);
    BUILD_NODE(b, OP_EXPERTS_SWIGLU, "GATE_UP", h, xg, route, l->gate_proj, l->up_proj);
    BUILD_NODE(b, OP_EXPERTS_ADD, "DOWN_PROJ", x, h, route, l->down_proj);
}

static void layer_of_prefill(struct build *b, const struct layer *l, uint32_t x)
{
    const uint32_t xn = build_scratch(b, "xn"), q = build_scratch(b, "q");
    BUILD_NODE(b, OP_RMSNORM, "NORM", xn, x, l->norm);
    attention_prefill(b, &l->attention, q, xn);
    attention_output(b, &l->attention, q, x);
    const uint32_t xm = build_scratch(b, "xm");
    BUILD_NODE(b, OP_RMSNORM, "MLP_NORM", xm, x, l->mlp_norm);
    if (l->router == GRAPH_NONE)
        mlp_of_prefill(b, l, xm, x);
    else
        experts_of_prefill(b, l, xm, x);
}

static void layer(struct build *b, uint32_t x)
{
    struct layer l = {.router = GRAPH_NONE};
    b->place = PLACE_LAYER;
    attention_half(b, &l);
    if (b->cfg->num_local_experts > 0)
        expert_half(b, &l);
    else
        mlp_half(b, &l);
    if (b->graph->step == STEP_DECODE)
        layer_of_decode(b, &l, x);
    else
        layer_of_prefill(b, &l, x);
    b->place = PLACE_EPILOGUE;
}

static void family(const struct cfg *cfg, struct graph *graph)
{
    struct build b = {.cfg = cfg, .graph = graph, .place = PLACE_PROLOGUE};
    static const char embed_source[] = "model.embed_tokens.weight";
    if (graph->step == STEP_HEAD) {
        b.place = PLACE_EPILOGUE;
        const uint32_t hidden = build_hidden(&b);
        const uint32_t embed = cfg->tie_word_embeddings ? build_embedding(&b, embed_source, "") : 0;
        const uint32_t head = build_head(&b, embed), logits = build_logits(&b);
        BUILD_NODE(&b, OP_LINEAR, "LOGITS", logits, head, hidden);
        return;
    }
    const uint32_t tokens = build_tokens(&b), embed = build_embedding(&b, embed_source, "");
    const uint32_t x = build_scratch(&b, "x");
    BUILD_NODE(&b, OP_EMBED, "EMBED", x, embed, tokens);
    layer(&b, x);
    const uint32_t norm_f =
        build_weight(&b, "norm_f", "model.norm.weight", PACKING_VECTOR, cfg->hidden_size, 1);
    const uint32_t hidden = build_hidden(&b);
    BUILD_NODE(&b, OP_RMSNORM, "NORM_F", hidden, x, norm_f);
    if (graph->step != STEP_DECODE)
        return;
    const uint32_t head = build_head(&b, embed), logits = build_logits(&b);
    BUILD_NODE(&b, OP_LINEAR, "HEAD", logits, head, hidden);
}

void family_llama(const struct cfg *cfg, struct graph *graph)
{
    graph->layer_meaning = "x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x))";
    family(cfg, graph);
}

void family_mixtral(const struct cfg *cfg, struct graph *graph)
{
    graph->layer_meaning = "x += o_proj(attention(norm(x)));  x += experts(norm(x))";
    family(cfg, graph);
}
