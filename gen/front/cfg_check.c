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
    const size_t length = strlen(cfg->model_type);
    if (strcmp(key->section, "hub") == 0)
        return cfg->repository[0] != '\0';
    if (key->families[0] == '\0')
        return true;
    if (length == 0)
        return false;
    for (const char *word = key->families; word != NULL; word = strchr(word, ' ')) {
        word += *word == ' ';
        if (strncmp(word, cfg->model_type, length) == 0 &&
            (word[length] == ' ' || word[length] == '\0'))
            return true;
    }
    return false;
}

static bool has(const struct cfg *cfg, const char *name)
{
    return cfg_has(cfg, cfg_key(name));
}

uint32_t cfg_rotary_dim(const struct cfg *cfg)
{
    if (!has(cfg, "rope_theta"))
        return 0;
    const double factor = has(cfg, "partial_rotary_factor") ? cfg->partial_rotary_factor : 1;
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
    if (has(cfg, "rms_norm_eps"))
        return cfg->rms_norm_eps;
    return has(cfg, "layer_norm_eps") ? cfg->layer_norm_eps : cfg->layer_norm_epsilon;
}

/* The key that says how many experts there are; NULL: the family has none. */
static const char *experts_key(const struct cfg *cfg)
{
    static const char *const keys[] = {"num_local_experts", "n_routed_experts", "num_experts"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (has(cfg, keys[i]))
            return keys[i];
    return NULL;
}

const struct key *cfg_class_key(enum weight_class c)
{
    static const char *const names[CLASS_COUNT] = {"embedding_type", "head_type", "projection_type",
                                                   "expert_type", "router_type"};
    return cfg_key(names[c]);
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
    const char *key = experts_key(cfg);
    return key == NULL ? 0 : *(const uint32_t *)((const char *)cfg + cfg_key(key)->offset);
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

static uint32_t line(const struct rules *r, const char *name)
{
    return r->line_of != NULL ? r->line_of[cfg_key(name) - cfg_keys] : 0;
}

static void check_token(const struct rules *r, const char *name, uint32_t id)
{
    if (has(r->cfg, name) && id != CFG_NO_ID && id >= r->cfg->vocab_size)
        diagnostics_error(r->diagnostics, line(r, name),
                          "%s = %u, expected a token id below vocab_size = %u", name, id,
                          r->cfg->vocab_size);
}

static void check_head(const struct rules *r)
{
    const struct cfg *cfg = r->cfg;
    if (cfg->tie_word_embeddings && cfg->head_type != cfg->embedding_type)
        diagnostics_error(
            r->diagnostics, line(r, "head_type"),
            "head_type = %s, expected embedding_type = %s: with tie_word_embeddings = "
            "true they are one matrix",
            format_name(cfg->head_type), format_name(cfg->embedding_type));
}

static void check_activation(const struct rules *r)
{
    const char *wanted = strcmp(r->cfg->model_type, "phi") == 0 ? "gelu_new" : "silu";
    if (strcmp(r->cfg->hidden_act, wanted) != 0)
        diagnostics_error(r->diagnostics, line(r, "hidden_act"),
                          "hidden_act = %s, expected %s with model_type = %s", r->cfg->hidden_act,
                          wanted, r->cfg->model_type);
}

static void check_attention(const struct rules *r)
{
    const struct cfg *cfg = r->cfg;
    const uint32_t rotary = cfg_rotary_dim(cfg);
    if (cfg->num_attention_heads % cfg->num_key_value_heads != 0)
        diagnostics_error(
            r->diagnostics, line(r, "num_key_value_heads"),
            "num_key_value_heads = %u, expected a divisor of num_attention_heads = %u",
            cfg->num_key_value_heads, cfg->num_attention_heads);
    if (has(cfg, "rope_theta") && (rotary == 0 || rotary % 2 != 0))
        diagnostics_error(r->diagnostics,
                          has(cfg, "partial_rotary_factor") ? line(r, "partial_rotary_factor")
                                                            : line(r, "head_dim"),
                          "%u elements of a head are rotated, expected an even number above 0",
                          rotary);
    if (cfg->context > cfg->max_position_embeddings)
        diagnostics_error(r->diagnostics, line(r, "context"),
                          "context = %u, expected at most max_position_embeddings = %u",
                          cfg->context, cfg->max_position_embeddings);
}

/* One layer of every period, of which the offset is the first. */
static void check_period(const struct rules *r, const char *period_key, uint32_t period,
                         const char *offset_key, uint32_t offset)
{
    if (has(r->cfg, offset_key) && offset >= period)
        diagnostics_error(r->diagnostics, line(r, offset_key),
                          "%s = %u, expected less than %s = %u", offset_key, offset, period_key,
                          period);
}

static void check_ssd(const struct rules *r)
{
    const struct cfg *cfg = r->cfg;
    if (cfg->intermediate_size != cfg->num_heads * cfg->head_dim)
        diagnostics_error(r->diagnostics, line(r, "intermediate_size"),
                          "intermediate_size = %u, expected num_heads * head_dim = %u",
                          cfg->intermediate_size, cfg->num_heads * cfg->head_dim);
    const uint64_t padded = cfg->num_heads * number_pad(cfg->head_dim, 16);
    if (padded > SSD_CHANNELS_MOST)
        diagnostics_error(
            r->diagnostics, line(r, "num_heads"),
            "num_heads = %u and head_dim = %u, expected at most %d channels, each head "
            "padded to a multiple of 16: a row of them lies on the stack of every thread",
            cfg->num_heads, cfg->head_dim, SSD_CHANNELS_MOST);
    if (cfg->num_heads % cfg->n_groups != 0)
        diagnostics_error(r->diagnostics, line(r, "n_groups"),
                          "n_groups = %u, expected a divisor of num_heads = %u", cfg->n_groups,
                          cfg->num_heads);
    if (cfg->time_step_limit_high < cfg->time_step_limit_low)
        diagnostics_error(r->diagnostics, line(r, "time_step_limit_high"),
                          "time_step_limit_high = %g, expected at least time_step_limit_low = %g",
                          cfg->time_step_limit_high, cfg->time_step_limit_low);
}

bool cfg_check(const struct cfg *cfg, const uint32_t *line_of, struct diagnostics *diagnostics)
{
    const struct rules r = {cfg, line_of, diagnostics};
    uint32_t errors = diagnostics->errors;
    check_token(&r, "bos_token_id", cfg->bos_token_id);
    for (uint32_t i = 0; i < cfg->eos_token_id.count; i++)
        check_token(&r, "eos_token_id", cfg->eos_token_id.id[i]);
    check_token(&r, "pad_token_id", cfg->pad_token_id);
    if (cfg->logit_rows > cfg->prefill_chunk)
        diagnostics_error(diagnostics, line(&r, "logit_rows"),
                          "logit_rows = %u, expected at most prefill_chunk = %u", cfg->logit_rows,
                          cfg->prefill_chunk);
    check_head(&r);
    check_activation(&r);
    if (cfg->num_experts_per_tok > cfg_experts(cfg))
        diagnostics_error(diagnostics, line(&r, "num_experts_per_tok"),
                          "num_experts_per_tok = %u, expected at most %s = %u",
                          cfg->num_experts_per_tok, experts_key(cfg), cfg_experts(cfg));
    if ((uint64_t)cfg->prefill_chunk * cfg->num_experts_per_tok > EXPERT_ROWS_MOST)
        diagnostics_error(
            diagnostics, line(&r, "prefill_chunk"),
            "prefill_chunk = %u, expected at most %u: %d rows over num_experts_per_tok = %u",
            cfg->prefill_chunk, EXPERT_ROWS_MOST / cfg->num_experts_per_tok, EXPERT_ROWS_MOST,
            cfg->num_experts_per_tok);
    if (has(cfg, "num_attention_heads"))
        check_attention(&r);
    check_period(&r, "attn_layer_period", cfg->attn_layer_period, "attn_layer_offset",
                 cfg->attn_layer_offset);
    check_period(&r, "expert_layer_period", cfg->expert_layer_period, "expert_layer_offset",
                 cfg->expert_layer_offset);
    if (has(cfg, "num_heads"))
        check_ssd(&r);
    return diagnostics->errors == errors;
}
