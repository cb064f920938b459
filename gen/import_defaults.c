/* What a config.json may leave out. The values are those of the configuration classes of
 * transformers 5.23, which are those of version 4, too; of DeepSeekMoE those of the code that comes
 * with its checkpoints. tests/import_test.c compares them with what transformers itself writes. */
#include <string.h>

#include "gen/import_dialects.h"

static const char *const families[] = {"mamba",   "mamba2",   "llama", "phi",
                                       "mixtral", "deepseek", "jamba"};
enum { FAMILIES = sizeof families / sizeof families[0] };

/* By family, in this order; NULL: the class has no such key, or none that says anything. */
static const struct {
    const char *key, *of[FAMILIES];
} defaults[] = {
    {"vocab_size", {"50280", "32768", "32000", "51200", "32000", "102400", "65536"}},
    {"hidden_size", {"768", "4096", "4096", "2048", "4096", "4096", "4096"}},
    {"intermediate_size", {NULL, NULL, "11008", "8192", "14336", "11008", "14336"}},
    {"expand", {"2", "2", NULL, NULL, NULL, NULL, NULL}},
    {"state_size", {"16", "128", NULL, NULL, NULL, NULL, NULL}},
    {"num_hidden_layers", {"32", "64", "32", "24", "32", "30", "32"}},
    {"num_attention_heads", {NULL, NULL, "32", "32", "32", "32", "32"}},
    {"num_key_value_heads", {NULL, NULL, NULL, NULL, "8", "32", "8"}},
    {"num_heads", {NULL, "128", NULL, NULL, NULL, NULL, NULL}},
    {"head_dim", {NULL, "64", NULL, NULL, NULL, NULL, NULL}},
    {"n_groups", {NULL, "8", NULL, NULL, NULL, NULL, NULL}},
    {"num_local_experts", {NULL, NULL, NULL, NULL, "8", NULL, NULL}},
    {"num_experts", {NULL, NULL, NULL, NULL, NULL, NULL, "16"}},
    {"n_shared_experts", {NULL, NULL, NULL, NULL, NULL, "0", NULL}},
    {"moe_intermediate_size", {NULL, NULL, NULL, NULL, NULL, "1407", NULL}},
    {"first_k_dense_replace", {NULL, NULL, NULL, NULL, NULL, "0", NULL}},
    {"moe_layer_freq", {NULL, NULL, NULL, NULL, NULL, "1", NULL}},
    {"norm_topk_prob", {NULL, NULL, NULL, NULL, NULL, "false", NULL}},
    {"num_experts_per_tok", {NULL, NULL, NULL, NULL, "2", NULL, "2"}},
    {"conv_kernel", {"4", "4", NULL, NULL, NULL, NULL, NULL}},
    {"attn_layer_period", {NULL, NULL, NULL, NULL, NULL, NULL, "8"}},
    {"attn_layer_offset", {NULL, NULL, NULL, NULL, NULL, NULL, "4"}},
    {"expert_layer_period", {NULL, NULL, NULL, NULL, NULL, NULL, "2"}},
    {"expert_layer_offset", {NULL, NULL, NULL, NULL, NULL, NULL, "1"}},
    {"mamba_d_state", {NULL, NULL, NULL, NULL, NULL, NULL, "16"}},
    {"mamba_d_conv", {NULL, NULL, NULL, NULL, NULL, NULL, "4"}},
    {"mamba_expand", {NULL, NULL, NULL, NULL, NULL, NULL, "2"}},
    {"mamba_conv_bias", {NULL, NULL, NULL, NULL, NULL, NULL, "true"}},
    {"mamba_proj_bias", {NULL, NULL, NULL, NULL, NULL, NULL, "false"}},
    {"use_bias", {"false", "false", NULL, NULL, NULL, NULL, NULL}},
    {"use_conv_bias", {"true", "true", NULL, NULL, NULL, NULL, NULL}},
    {"hidden_act", {"silu", "silu", "silu", "gelu_new", "silu", "silu", "silu"}},
    {"layer_norm_epsilon", {"1e-05", "1e-05", NULL, NULL, NULL, NULL, NULL}},
    {"rms_norm_eps", {NULL, NULL, "1e-06", NULL, "1e-05", "1e-06", "1e-06"}},
    {"layer_norm_eps", {NULL, NULL, NULL, "1e-05", NULL, NULL, NULL}},
    {"max_position_embeddings", {NULL, NULL, "2048", "2048", "131072", "2048", "262144"}},
    {"sliding_window", {NULL, NULL, "0", NULL, "0", NULL, NULL}},
    {"rope_theta", {NULL, NULL, "10000", "10000", "1000000", "10000", NULL}},
    {"partial_rotary_factor", {NULL, NULL, NULL, "0.5", NULL, NULL, NULL}},
    {"residual_in_fp32", {"true", "true", NULL, NULL, NULL, NULL, NULL}},
    {"tie_word_embeddings", {"true", "false", "false", "false", "false", "false", "false"}},
    {"bos_token_id", {"0", "0", "1", "1", "1", "100000", "1"}},
    {"eos_token_id", {"0", "2", "2", "2", "2", "100001", "2"}},
    {"pad_token_id", {"0", "1", NULL, NULL, NULL, NULL, "0"}},
};

const char *import_default(const struct import_source *s, const char *name)
{
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0] && s->has_defaults; i++)
        for (size_t f = 0; f < FAMILIES && strcmp(defaults[i].key, name) == 0; f++)
            if (strcmp(families[f], s->cfg->model_type) == 0)
                return defaults[i].of[f];
    return NULL;
}

bool import_by_default(const struct import_source *s, const char *name, const char *value)
{
    if (s->left != NULL)
        s->left->by_default[cfg_key(name) - cfg_keys] = true;
    return import_set(s->cfg, name, value, s->report);
}
