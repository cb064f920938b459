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

static uint32_t bias(struct build *b, const char *name, const char *source, uint32_t rows)
{
    return build_optional(b, source != NULL, name, source, rows);
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
    a->q_proj = build_weight(b, "q_proj", from->q, PACKING_MATRIX, Q, D);
    if (attention_width(cfg) == cfg->head_dim)
        build_note(b, a->q_proj, "%u heads of %u", cfg->num_attention_heads, cfg->head_dim);
    else
        build_note(b, a->q_proj, "%u heads of %u, padded to %u", cfg->num_attention_heads,
                   cfg->head_dim, (uint32_t)attention_width(cfg));
    a->q_bias = bias(b, "q_bias", from->q_bias, Q);
    a->k_proj = build_weight(b, "k_proj", from->k, PACKING_MATRIX, KV, D);
    build_note(b, a->k_proj, "%u heads", cfg->num_key_value_heads);
    a->k_bias = bias(b, "k_bias", from->k_bias, KV);
    a->v_proj = build_weight(b, "v_proj", from->v, PACKING_MATRIX, KV, D);
    a->v_bias = bias(b, "v_bias", from->v_bias, KV);
    a->o_proj = build_weight(b, "o_proj", from->o, PACKING_MATRIX, D, Q);
    a->o_bias = bias(b, "o_bias", from->o_bias, D);
    pad_heads(b, a);
    a->keys = cache(b, "keys", "order of a head: cache.h, cache.cuh");
    a->values = cache(b, "values", "the same");
}

void attention_linear(struct build *b, const char *name, bool add, uint32_t y, uint32_t w,
                      uint32_t bias_vector, uint32_t x)
{
    BUILD(b, linear, name, .y = y, .w = w, .bias = bias_vector, .x = x,
          .epilogue = add ? EPILOGUE_ADD : EPILOGUE_PLAIN);
}

void attention_decode(struct build *b, const struct attention *a, struct attention_norm norm,
                      uint32_t q, uint32_t x)
{
    BUILD(b, norm_qkv, "QKV", .q = q, .x = x, .norm = norm.weight, .norm_bias = norm.bias,
          .q_proj = a->q_proj, .q_bias = a->q_bias, .k_proj = a->k_proj, .k_bias = a->k_bias,
          .v_proj = a->v_proj, .v_bias = a->v_bias, .keys = a->keys, .values = a->values);
    BUILD(b, attention, "ATTENTION", .q = q, .keys = a->keys, .values = a->values);
}

void attention_prefill(struct build *b, const struct attention *a, uint32_t q, uint32_t xn)
{
    const uint32_t k = build_scratch(b, "k"), v = build_scratch(b, "v");
    attention_linear(b, "Q_PROJ", false, q, a->q_proj, a->q_bias, xn);
    attention_linear(b, "K_PROJ", false, k, a->k_proj, a->k_bias, xn);
    attention_linear(b, "V_PROJ", false, v, a->v_proj, a->v_bias, xn);
    BUILD(b, rope_append, cfg_rotary_dim(b->cfg) > 0 ? "ROPE" : "APPEND", .q = q, .k = k, .v = v,
          .keys = a->keys, .values = a->values);
    BUILD(b, attention, "ATTENTION", .q = q, .keys = a->keys, .values = a->values);
}

void attention_output(struct build *b, const struct attention *a, uint32_t q, uint32_t x)
{
    attention_linear(b, "O_PROJ", true, x, a->o_proj, a->o_bias, q);
}
