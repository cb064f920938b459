/* What a config's keys mean together: membership of a family, derived numbers, and the rules
 * between keys. */
#include <string.h>

#include "gen/front/cfg.h"
#include "gen/front/number.h"

/* Rows of all groups of a chunk: their list lies on the stack of every thread. */
enum { EXPERT_ROWS_MOST = 8192 };

/* Channels of a Mamba-2 layer: norm_linear_add.h has a row of them there, of 512 KiB in all. */
enum { SSD_CHANNELS_MOST = 98304 };

bool cfg_has(const struct cfg *cfg, const struct key *key)
{
    if (strcmp(key->section, "hub") == 0)
        return cfg->repository[0] != '\0';
    return key->families[0] == '\0' || cfg_word(key->families, cfg->model_type);
}

static bool has(const struct cfg *cfg, uint32_t key)
{
    return cfg_has(cfg, &cfg_keys[key]);
}

uint32_t cfg_rotary_dim(const struct cfg *cfg)
{
    if (!has(cfg, KEY_rope_theta))
        return 0;
    const double factor = has(cfg, KEY_partial_rotary_factor) ? cfg->partial_rotary_factor : 1;
    return (uint32_t)(cfg->head_dim * factor);
}

uint32_t cfg_window(const struct cfg *cfg)
{
    return cfg->sliding_window < cfg->context ? cfg->sliding_window : 0;
}

uint32_t cfg_context(const struct cfg *cfg)
{
    return cfg_window(cfg) > 0 ? 0 : cfg->context;
}

double cfg_epsilon(const struct cfg *cfg)
{
    if (has(cfg, KEY_rms_norm_eps))
        return cfg->rms_norm_eps;
    return has(cfg, KEY_layer_norm_eps) ? cfg->layer_norm_eps : cfg->layer_norm_epsilon;
}

/* The key that says how many experts there are; NULL: the family has none. */
static const struct key *experts_key(const struct cfg *cfg)
{
    static const uint32_t keys[] = {KEY_num_local_experts, KEY_n_routed_experts, KEY_num_experts};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (has(cfg, keys[i]))
            return &cfg_keys[keys[i]];
    return NULL;
}

const struct key *cfg_class_key(enum weight_class c)
{
    static const uint32_t keys[CLASS_COUNT] = {
        KEY_embedding_type, KEY_head_type, KEY_projection_type, KEY_expert_type, KEY_router_type};
    return &cfg_keys[keys[c]];
}

enum format cfg_class_type(const struct cfg *cfg, enum weight_class c)
{
    return *(const enum format *)(const void *)((const char *)cfg + cfg_class_key(c)->offset);
}

bool cfg_one_type(const struct cfg *cfg, enum format *type)
{
    *type = cfg->embedding_type;
    for (enum weight_class c = CLASS_EMBEDDING; c < CLASS_COUNT; c++)
        if (cfg_has(cfg, cfg_class_key(c)) && cfg_class_type(cfg, c) != *type)
            return false;
    return true;
}

uint32_t cfg_experts(const struct cfg *cfg)
{
    const struct key *key = experts_key(cfg);
    return key == NULL ? 0 : *(const uint32_t *)((const char *)cfg + key->offset);
}

bool cfg_renorm(const struct cfg *cfg)
{
    return strcmp(cfg->model_type, "mixtral") == 0 ||
           (cfg->norm_topk_prob && cfg->num_experts_per_tok > 1);
}

/* A config under check: where its keys were given, if in a file. */
struct rules {
    const struct cfg *cfg;
    const uint32_t *line_of;
    struct diagnostics *diagnostics;
};

static uint32_t line(const struct rules *r, uint32_t key)
{
    return r->line_of != NULL ? r->line_of[key] : 0;
}

/* "logit_rows = 32, expected at most prefill_chunk = 16" */
static void wrong(const struct rules *r, uint32_t key, struct phrase expected)
{
    diagnostics_error(r->diagnostics, line(r, key), "%s = %s, expected %s", cfg_keys[key].name,
                      cfg_value(r->cfg, &cfg_keys[key]).text, expected.text);
}

static void check_token(const struct rules *r, uint32_t key, uint32_t id)
{
    if (has(r->cfg, key) && id != CFG_NO_ID && id >= r->cfg->vocab_size)
        diagnostics_error(r->diagnostics, line(r, key),
                          "%s = %u, expected a token id below vocab_size = %u", cfg_keys[key].name,
                          id, r->cfg->vocab_size);
}

static void check_stored(const struct rules *r)
{
    const struct cfg *cfg = r->cfg;
    if (cfg->logit_rows > cfg->prefill_chunk)
        wrong(r, KEY_logit_rows, phrase("at most prefill_chunk = %u", cfg->prefill_chunk));
    if (cfg->tie_word_embeddings && cfg->head_type != cfg->embedding_type)
        wrong(r, KEY_head_type,
              phrase("embedding_type = %s: with tie_word_embeddings = true they are one matrix",
                     format_name(cfg->embedding_type)));
}

static void check_activation(const struct rules *r)
{
    const char *wanted = strcmp(r->cfg->model_type, "phi") == 0 ? "gelu_new" : "silu";
    if (strcmp(r->cfg->hidden_act, wanted) != 0)
        wrong(r, KEY_hidden_act, phrase("%s with model_type = %s", wanted, r->cfg->model_type));
}

static void check_experts(const struct rules *r)
{
    const struct cfg *cfg = r->cfg;
    const uint32_t chosen = cfg->num_experts_per_tok;
    if (chosen > cfg_experts(cfg))
        wrong(r, KEY_num_experts_per_tok,
              phrase("at most %s = %u", experts_key(cfg)->name, cfg_experts(cfg)));
    if ((uint64_t)cfg->prefill_chunk * chosen > EXPERT_ROWS_MOST)
        wrong(r, KEY_prefill_chunk,
              phrase("at most %u: %d rows over num_experts_per_tok = %u", EXPERT_ROWS_MOST / chosen,
                     EXPERT_ROWS_MOST, chosen));
}

static void check_attention(const struct rules *r)
{
    const struct cfg *cfg = r->cfg;
    const uint32_t rotary = cfg_rotary_dim(cfg);
    if (cfg->num_attention_heads % cfg->num_key_value_heads != 0)
        wrong(r, KEY_num_key_value_heads,
              phrase("a divisor of num_attention_heads = %u", cfg->num_attention_heads));
    if (has(cfg, KEY_rope_theta) && (rotary == 0 || rotary % 2 != 0))
        diagnostics_error(
            r->diagnostics,
            line(r, has(cfg, KEY_partial_rotary_factor) ? KEY_partial_rotary_factor : KEY_head_dim),
            "%u elements of a head are rotated, expected an even number above 0", rotary);
    if (cfg->context > cfg->max_position_embeddings)
        wrong(r, KEY_context,
              phrase("at most max_position_embeddings = %u", cfg->max_position_embeddings));
}

/* One layer of every period has attention, or experts; the offset is the first. */
static void check_periods(const struct rules *r)
{
    const struct cfg *cfg = r->cfg;
    if (cfg->attn_layer_offset >= cfg->attn_layer_period)
        wrong(r, KEY_attn_layer_offset,
              phrase("less than attn_layer_period = %u", cfg->attn_layer_period));
    if (cfg->expert_layer_offset >= cfg->expert_layer_period)
        wrong(r, KEY_expert_layer_offset,
              phrase("less than expert_layer_period = %u", cfg->expert_layer_period));
}

static void check_ssd(const struct rules *r)
{
    const struct cfg *cfg = r->cfg;
    const uint64_t padded = cfg->num_heads * number_pad(cfg->head_dim, 16);
    if (cfg->intermediate_size != cfg->num_heads * cfg->head_dim)
        wrong(r, KEY_intermediate_size,
              phrase("num_heads * head_dim = %u", cfg->num_heads * cfg->head_dim));
    if (padded > SSD_CHANNELS_MOST)
        diagnostics_error(
            r->diagnostics, line(r, KEY_num_heads),
            "num_heads = %u and head_dim = %u, expected at most %d channels, each head "
            "padded to a multiple of 16: a row of them lies on the stack of every thread",
            cfg->num_heads, cfg->head_dim, SSD_CHANNELS_MOST);
    if (cfg->num_heads % cfg->n_groups != 0)
        wrong(r, KEY_n_groups, phrase("a divisor of num_heads = %u", cfg->num_heads));
    if (cfg->time_step_limit_high < cfg->time_step_limit_low)
        wrong(r, KEY_time_step_limit_high,
              phrase("at least time_step_limit_low = %g", cfg->time_step_limit_low));
}

bool cfg_check(const struct cfg *cfg, const uint32_t *line_of, struct diagnostics *diagnostics)
{
    const struct rules r = {cfg, line_of, diagnostics};
    uint32_t errors = diagnostics->errors;
    check_token(&r, KEY_bos_token_id, cfg->bos_token_id);
    for (uint32_t i = 0; i < cfg->eos_token_id.count; i++)
        check_token(&r, KEY_eos_token_id, cfg->eos_token_id.id[i]);
    check_token(&r, KEY_pad_token_id, cfg->pad_token_id);
    check_stored(&r);
    check_activation(&r);
    check_experts(&r);
    if (has(cfg, KEY_num_attention_heads))
        check_attention(&r);
    if (has(cfg, KEY_attn_layer_period))
        check_periods(&r);
    if (has(cfg, KEY_num_heads))
        check_ssd(&r);
    return diagnostics->errors == errors;
}
