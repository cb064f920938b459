/* Phi, as transformers computes it: h is the residual stream, u = LayerNorm(h) once per layer,
 *   h = h + dense(attention(rope(q_proj(u)), rope(k_proj(u)), v_proj(u))) + fc2(gelu_new(fc1(u))),
 * a bias on everything. The two branches are added to the stream one after the other, after both
 * have read it. */
#include "gen/families/attention.h"

#define LAYER "model.layers.%u."

/* The tensors of one layer. */
struct layer {
    struct attention attention;
    struct attention_norm norm;
    uint32_t fc1, fc1_bias, fc2, fc2_bias;
};

static void layer_tensors(struct build *b, struct layer *l)
{
    static const struct attention_sources sources = {
        .q = LAYER "self_attn.q_proj.weight",
        .k = LAYER "self_attn.k_proj.weight",
        .v = LAYER "self_attn.v_proj.weight",
        .o = LAYER "self_attn.dense.weight",
        .q_bias = LAYER "self_attn.q_proj.bias",
        .k_bias = LAYER "self_attn.k_proj.bias",
        .v_bias = LAYER "self_attn.v_proj.bias",
        .o_bias = LAYER "self_attn.dense.bias",
    };
    const uint32_t D = b->cfg->hidden_size, F = b->cfg->intermediate_size;
    l->norm.weight = build_weight(b, "norm", LAYER "input_layernorm.weight", PACKING_VECTOR, D, 1);
    l->norm.bias = build_weight(b, "norm_bias", LAYER "input_layernorm.bias", PACKING_VECTOR, D, 1);
    attention_tensors(b, &sources, &l->attention);
    l->fc1 = build_weight(b, "fc1", LAYER "mlp.fc1.weight", PACKING_MATRIX, F, D);
    l->fc1_bias = build_weight(b, "fc1_bias", LAYER "mlp.fc1.bias", PACKING_VECTOR, F, 1);
    l->fc2 = build_weight(b, "fc2", LAYER "mlp.fc2.weight", PACKING_MATRIX, D, F);
    l->fc2_bias = build_weight(b, "fc2_bias", LAYER "mlp.fc2.bias", PACKING_VECTOR, D, 1);
}

static void layer(struct build *b, uint32_t x)
{
    struct layer l;
    b->place = PLACE_LAYER;
    layer_tensors(b, &l);
    if (b->graph->step == STEP_DECODE) {
        const uint32_t q = build_scratch(b, "q"), h = build_scratch(b, "h");
        attention_decode(b, &l.attention, l.norm, q, x);
        BUILD(b, norm_linear_gelu, "FC1", .y = h, .x = x, .norm = l.norm.weight,
              .norm_bias = l.norm.bias, .w = l.fc1, .bias = l.fc1_bias);
        attention_output(b, &l.attention, q, x);
        attention_linear(b, "FC2", true, x, l.fc2, l.fc2_bias, h);
    } else {
        const uint32_t xn = build_scratch(b, "xn"), q = build_scratch(b, "q");
        const uint32_t h = build_scratch(b, "h");
        BUILD(b, layernorm, "NORM", .y = xn, .x = x, .norm = l.norm.weight,
              .norm_bias = l.norm.bias);
        attention_prefill(b, &l.attention, q, xn);
        attention_output(b, &l.attention, q, x);
        BUILD(b, linear, "FC1", .y = h, .w = l.fc1, .bias = l.fc1_bias, .x = xn,
              .epilogue = EPILOGUE_GELU);
        attention_linear(b, "FC2", true, x, l.fc2, l.fc2_bias, h);
    }
    b->place = PLACE_EPILOGUE;
}

/* The head with its bias. */
static void head(struct build *b, const char *name, uint32_t embed, uint32_t hidden)
{
    const uint32_t weight = build_head(b, embed);
    const uint32_t bias =
        build_weight(b, "head_bias", "lm_head.bias", PACKING_VECTOR, b->cfg->vocab_size, 1);
    const uint32_t logits = build_logits(b);
    BUILD(b, linear, name, .y = logits, .w = weight, .bias = bias, .x = hidden);
}

void family_phi(const struct cfg *cfg, struct graph *graph)
{
    struct build b = {.cfg = cfg, .graph = graph, .place = PLACE_PROLOGUE};
    static const char embed_source[] = "model.embed_tokens.weight";
    graph->layer_meaning = "x += dense(attention(norm(x))) + fc2(gelu(fc1(norm(x))))";
    if (graph->step == STEP_HEAD) {
        b.place = PLACE_EPILOGUE;
        const uint32_t hidden = build_hidden(&b);
        head(&b, "LOGITS", cfg->tie_word_embeddings ? build_embedding(&b, embed_source, "") : 0,
             hidden);
        return;
    }
    const uint32_t tokens = build_tokens(&b), embed = build_embedding(&b, embed_source, "");
    const uint32_t x = build_scratch(&b, "x");
    BUILD(&b, embed, "EMBED", .y = x, .w = embed, .tokens = tokens);
    layer(&b, x);
    const uint32_t D = cfg->hidden_size;
    const uint32_t norm_f =
        build_weight(&b, "norm_f", "model.final_layernorm.weight", PACKING_VECTOR, D, 1);
    const uint32_t norm_f_bias =
        build_weight(&b, "norm_f_bias", "model.final_layernorm.bias", PACKING_VECTOR, D, 1);
    const uint32_t hidden = build_hidden(&b);
    BUILD(&b, layernorm, "NORM_F", .y = hidden, .x = x, .norm = norm_f, .norm_bias = norm_f_bias);
    if (graph->step == STEP_DECODE)
        head(&b, "HEAD", embed, hidden);
}
