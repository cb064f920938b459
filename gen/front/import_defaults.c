/* What a config.json may leave out. The values are those of the configuration classes of
 * transformers 5.23, which are those of version 4, too; of DeepSeekMoE those of the code that comes
 * with its checkpoints. tests/unit/import_test.c compares them with what transformers itself
 * writes. */
#include <string.h>

#include "gen/front/import_dialects.h"

static const char *const classes[] = {"mamba",   "mamba2",   "llama", "phi",
                                      "mixtral", "deepseek", "jamba", "mistral"};
enum { CLASSES = sizeof classes / sizeof classes[0] };

/* By model_type, in this order; NULL: the class has no such key, or none that says anything. */
static const struct {
    const char *key, *of[CLASSES];
} defaults[] = {
    {"vocab_size", {"50280", "32768", "32000", "51200", "32000", "102400", "65536", "32000"}},
    {"hidden_size", {"768", "4096", "4096", "2048", "4096", "4096", "4096", "4096"}},
    {"intermediate_size", {NULL, NULL, "11008", "8192", "14336", "11008", "14336", "14336"}},
    {"expand", {"2", "2", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"state_size", {"16", "128", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"num_hidden_layers", {"32", "64", "32", "24", "32", "30", "32", "32"}},
    {"num_attention_heads", {NULL, NULL, "32", "32", "32", "32", "32", "32"}},
    {"num_key_value_heads", {NULL, NULL, NULL, NULL, "8", "32", "8", "8"}},
    {"num_heads", {NULL, "128", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"head_dim", {NULL, "64", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"n_groups", {NULL, "8", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"num_local_experts", {NULL, NULL, NULL, NULL, "8", NULL, NULL, NULL}},
    {"num_experts", {NULL, NULL, NULL, NULL, NULL, NULL, "16", NULL}},
    {"n_shared_experts", {NULL, NULL, NULL, NULL, NULL, "0", NULL, NULL}},
    {"moe_intermediate_size", {NULL, NULL, NULL, NULL, NULL, "1407", NULL, NULL}},
    {"first_k_dense_replace", {NULL, NULL, NULL, NULL, NULL, "0", NULL, NULL}},
    {"moe_layer_freq", {NULL, NULL, NULL, NULL, NULL, "1", NULL, NULL}},
    {"norm_topk_prob", {NULL, NULL, NULL, NULL, NULL, "false", NULL, NULL}},
    {"num_experts_per_tok", {NULL, NULL, NULL, NULL, "2", NULL, "2", NULL}},
    {"conv_kernel", {"4", "4", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"attn_layer_period", {NULL, NULL, NULL, NULL, NULL, NULL, "8", NULL}},
    {"attn_layer_offset", {NULL, NULL, NULL, NULL, NULL, NULL, "4", NULL}},
    {"expert_layer_period", {NULL, NULL, NULL, NULL, NULL, NULL, "2", NULL}},
    {"expert_layer_offset", {NULL, NULL, NULL, NULL, NULL, NULL, "1", NULL}},
    {"mamba_d_state", {NULL, NULL, NULL, NULL, NULL, NULL, "16", NULL}},
    {"mamba_d_conv", {NULL, NULL, NULL, NULL, NULL, NULL, "4", NULL}},
    {"mamba_expand", {NULL, NULL, NULL, NULL, NULL, NULL, "2", NULL}},
    {"mamba_conv_bias", {NULL, NULL, NULL, NULL, NULL, NULL, "true", NULL}},
    {"mamba_proj_bias", {NULL, NULL, NULL, NULL, NULL, NULL, "false", NULL}},
    {"use_bias", {"false", "false", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"use_conv_bias", {"true", "true", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"hidden_act", {"silu", "silu", "silu", "gelu_new", "silu", "silu", "silu", "silu"}},
    {"layer_norm_epsilon", {"1e-05", "1e-05", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"rms_norm_eps", {NULL, NULL, "1e-06", NULL, "1e-05", "1e-06", "1e-06", "1e-06"}},
    {"layer_norm_eps", {NULL, NULL, NULL, "1e-05", NULL, NULL, NULL, NULL}},
    {"max_position_embeddings", {NULL, NULL, "2048", "2048", "131072", "2048", "262144", "131072"}},
    {"sliding_window", {NULL, NULL, "0", NULL, "0", NULL, NULL, "4096"}},
    {"rope_theta", {NULL, NULL, "10000", "10000", "1000000", "10000", NULL, "10000"}},
    {"partial_rotary_factor", {NULL, NULL, NULL, "0.5", NULL, NULL, NULL, NULL}},
    {"residual_in_fp32", {"true", "true", NULL, NULL, NULL, NULL, NULL, NULL}},
    {"tie_word_embeddings",
     {"true", "false", "false", "false", "false", "false", "false", "false"}},
    {"bos_token_id", {"0", "0", "1", "1", "1", "100000", "1", "1"}},
    {"eos_token_id", {"0", "2", "2", "2", "2", "100001", "2", "2"}},
    {"pad_token_id", {"0", "1", NULL, NULL, NULL, NULL, "0", NULL}},
};

const char *import_default(const struct import_source *s, const char *name)
{
    for (size_t i = 0; s->class != NULL && i < sizeof defaults / sizeof defaults[0]; i++)
        for (size_t f = 0; f < CLASSES && strcmp(defaults[i].key, name) == 0; f++)
            if (strcmp(classes[f], s->class) == 0)
                return defaults[i].of[f];
    return NULL;
}

bool import_by_default(const struct import_source *s, const char *name, const char *value)
{
    if (s->left != NULL)
        s->left->by_default[cfg_key(name) - cfg_keys] = true;
    return import_set(s->cfg, name, value, s->diagnostics);
}
