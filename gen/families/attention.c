#include "gen/families/attention.h"

#include <string.h>

#include "gen/front/number.h"

enum { CACHE_POSITIONS = 64 }; /* the cache holds whole blocks of so many */

uint64_t attention_positions(const struct cfg *cfg)
{
    const uint64_t window = cfg_window(cfg);
    return number_pad(window > 0 ? window + cfg->prefill_chunk : cfg->context, CACHE_POSITIONS);
}

uint64_t attention_width(const struct cfg *cfg)
{
    return number_pad(cfg->head_dim, GRAPH_PAD);
}

/* The keys or values of a layer, head by head. */
static uint32_t cache(struct build *b, const char *name, const char *note)
{
    const struct cfg *cfg = b->cfg;
    struct tensor t = {
        .role = ROLE_STATE,
        .place = b->place,
        .type = cfg->kv_type,
        .cache = true,
        .rank = 3,
        .dim = {cfg->num_key_value_heads, attention_positions(cfg), attention_width(cfg)},
    };
    strcpy(t.name, name);
    const uint32_t id = graph_tensor(b->graph, &t);
    build_note(b, id, "%s", note);
    return id;
}

/* Each head of q, k and v, and of what o_proj takes, has whole lines of 16. */
static void pad_heads(struct build *b, const struct attention *a)
{
    const struct cfg *cfg = b->cfg;
    const struct spread q = {{{cfg->num_attention_heads, cfg->head_dim}}};
    const struct spread kv = {{{cfg->num_key_value_heads, cfg->head_dim}}};
    build_spread_rows(b, a->q_proj, q);
    build_spread_rows(b, a->q_bias, q);
    build_spread_rows(b, a->k_proj, kv);
    build_spread_rows(b, a->k_bias, kv);
    build_spread_rows(b, a->v_proj, kv);
    build_spread_rows(b, a->v_bias, kv);
    build_spread_cols(b, a->o_proj, q);
}

void attention_tensors(struct build *b, const struct attention_sources *from, struct attention *a)
{
    const struct cfg *cfg = b->cfg;
    const uint32_t D = cfg->hidden_size;
    const uint32_t Q = cfg->num_attention_heads * cfg->head_dim;
    const uint32_t KV = cfg->num_key_value_heads * cfg->head_dim;
    a->q_proj = build_matrix(b, "q_proj", from->q, Q, D);
    if (attention_width(cfg) == cfg->head_dim)
        build_note(b, a->q_proj, "%u heads of %u", cfg->num_attention_heads, cfg->head_dim);
    else
        build_note(b, a->q_proj, "%u heads of %u, padded to %u", cfg->num_attention_heads,
                   cfg->head_dim, (uint32_t)attention_width(cfg));
    a->q_bias = build_vector(b, "q_bias", from->q_bias, Q);
    a->k_proj = build_matrix(b, "k_proj", from->k, KV, D);
    build_note(b, a->k_proj, "%u heads", cfg->num_key_value_heads);
    a->k_bias = build_vector(b, "k_bias", from->k_bias, KV);
    a->v_proj = build_matrix(b, "v_proj", from->v, KV, D);
    a->v_bias = build_vector(b, "v_bias", from->v_bias, KV);
    a->o_proj = build_matrix(b, "o_proj", from->o, D, Q);
    a->o_bias = build_vector(b, "o_bias", from->o_bias, D);
    pad_heads(b, a);
    a->keys = cache(b, "keys", "order of a head: cache.h, cache.cuh");
    a->values = cache(b, "values", "the same");
}

void attention_add(struct build *b, const struct attention *a, uint32_t q, uint32_t xn)
{
    const uint32_t k = build_scratch(b, "k"), v = build_scratch(b, "v");
    BUILD(b, linear, "Q_PROJ", .y = q, .w = a->q_proj, .bias = a->q_bias, .x = xn);
    BUILD(b, linear, "K_PROJ", .y = k, .w = a->k_proj, .bias = a->k_bias, .x = xn);
    BUILD(b, linear, "V_PROJ", .y = v, .w = a->v_proj, .bias = a->v_bias, .x = xn);
    BUILD(b, rope_append, cfg_rotary_dim(b->cfg) > 0 ? "ROPE" : "APPEND", .q = q, .k = k, .v = v,
          .keys = a->keys, .values = a->values);
    build_when_fused(b, "QKV", NULL);
    BUILD(b, attention, "ATTENTION", .q = q, .keys = a->keys, .values = a->values);
}

void attention_output(struct build *b, const struct attention *a, uint32_t q, uint32_t x)
{
    BUILD(b, linear, "O_PROJ", .y = x, .w = a->o_proj, .bias = a->o_bias, .x = q,
          .epilogue = EPILOGUE_ADD);
}

void attention_half(struct build *b, uint32_t x)
{
#define LAYER "model.layers.%u."
    static const struct attention_sources sources = {
        .q = LAYER "self_attn.q_proj.weight",
        .k = LAYER "self_attn.k_proj.weight",
        .v = LAYER "self_attn.v_proj.weight",
        .o = LAYER "self_attn.o_proj.weight",
    };
    struct attention a;
    const uint32_t xn = build_scratch(b, "xn"), q = build_scratch(b, "q");
    const uint32_t norm =
        build_vector(b, "norm", LAYER "input_layernorm.weight", b->cfg->hidden_size);
    build_meaning(b, "x += o_proj(attention(norm(x)))");
    attention_tensors(b, &sources, &a);
    build_norm(b, "NORM", xn, x, norm, GRAPH_NONE);
    attention_add(b, &a, q, xn);
    attention_output(b, &a, q, x);
}
