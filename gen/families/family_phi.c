/* Phi, as transformers computes it: h is the residual stream, u = LayerNorm(h) once per layer,
 *   h = h + dense(attention(rope(q_proj(u)), rope(k_proj(u)), v_proj(u))) + fc2(gelu_new(fc1(u))),
 * a bias on everything. The two branches are added to the stream one after the other, after both
 * have read it. */
#include "gen/families/attention.h"
#include "gen/families/families.h"

#define LAYER "model.layers.%u."

static void layer(struct build *b, uint32_t x)
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
    const uint32_t xn = build_scratch(b, "xn"), q = build_scratch(b, "q");
    const uint32_t h = build_scratch(b, "h");
    const uint32_t norm = build_vector(b, "norm", LAYER "input_layernorm.weight", D);
    const uint32_t norm_bias = build_vector(b, "norm_bias", LAYER "input_layernorm.bias", D);
    struct attention a;
    attention_tensors(b, &sources, &a);
    const uint32_t fc1 = build_matrix(b, "fc1", LAYER "mlp.fc1.weight", F, D);
    const uint32_t fc1_bias = build_vector(b, "fc1_bias", LAYER "mlp.fc1.bias", F);
    const uint32_t fc2 = build_matrix(b, "fc2", LAYER "mlp.fc2.weight", D, F);
    const uint32_t fc2_bias = build_vector(b, "fc2_bias", LAYER "mlp.fc2.bias", D);
    build_meaning(b, "x += dense(attention(norm(x))) + fc2(gelu(fc1(norm(x))))");
    build_norm(b, "NORM", xn, x, norm, norm_bias);
    attention_add(b, &a, q, xn);
    BUILD(b, linear, "FC1", .y = h, .w = fc1, .bias = fc1_bias, .x = xn, .epilogue = EPILOGUE_GELU);
    attention_output(b, &a, q, x);
    BUILD(b, linear, "FC2", .y = x, .w = fc2, .bias = fc2_bias, .x = h, .epilogue = EPILOGUE_ADD);
}

const struct family family_phi = {
    "phi",
    {.embed = "model.embed_tokens.weight",
     .embed_alias = "",
     .norm_f = "model.final_layernorm.weight",
     .norm_f_bias = "model.final_layernorm.bias",
     .head_bias = "lm_head.bias"},
    {{"phi", {layer}}},
    NULL,
};
