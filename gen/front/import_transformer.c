/* config.json of the families with attention, as transformers 4 and 5 write it. */
#include <inttypes.h>
#include <string.h>

#include "gen/front/import_dialects.h"

/* The value of a key that says something: NULL if it is absent or null. */
static const json_t *said(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

/* The same as in the file, or `usual` where it does not say, or says null. */
static bool take_or(const struct import_source *s, const char *name, const char *usual)
{
    return said(s->object, name) == NULL ? import_by_default(s, name, usual)
                                         : import_take(s, name, name, NULL);
}

/* The same with the library's default. */
static bool take_said(const struct import_source *s, const char *name)
{
    return take_or(s, name, import_default(s, name));
}

/* Refuses a flag that is set: a variant of the architecture that is not built. */
static bool refuse_flag(const struct import_source *s, const char *name)
{
    const json_t *value = said(s->object, name);
    if (value == NULL || json_is_false(value))
        return true;
    diagnostics_error(s->diagnostics, 0, "'%s': found %s, expected false", name,
                      import_kind(value));
    return false;
}

/* Whether a window is of some layers only, which is not built. *all: it is of every layer. */
static bool mixes_layers(const struct import_source *s, bool *all)
{
    const json_t *types = json_object_get(s->object, "layer_types");
    const json_t *first = said(s->object, "max_window_layers");
    const json_int_t layers = (json_int_t)s->cfg->num_hidden_layers;
    size_t windows = 0;
    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *type = json_string_value(json_array_get(types, i));
        windows += type != NULL && strcmp(type, "sliding_attention") == 0;
    }
    *all = json_array_size(types) == 0 || windows > 0;
    if (windows > 0 && windows < json_array_size(types))
        return true;
    if (!json_is_integer(first) || !json_is_true(said(s->object, "use_sliding_window")))
        return false;
    *all = *all && json_integer_value(first) < layers;
    return json_integer_value(first) > 0 && json_integer_value(first) < layers;
}

/* How many positions a token sees: all before it where nothing, or null, says how many, or a flag
 * says that it does not count. */
static bool take_window(const struct import_source *s)
{
    const json_t *use = said(s->object, "use_sliding_window");
    const json_t *window = said(s->object, "sliding_window");
    const bool has = cfg_has(s->cfg, cfg_key("sliding_window"));
    bool all;
    if (use != NULL && !json_is_boolean(use)) {
        diagnostics_error(s->diagnostics, 0,
                          "'use_sliding_window': found %s, expected true or false",
                          import_kind(use));
        return false;
    }
    if (has && json_object_get(s->object, "sliding_window") == NULL && !json_is_false(use))
        return import_by_default(s, "sliding_window", import_default(s, "sliding_window"));
    if (window == NULL || json_is_false(use))
        return !has || (window == NULL ? import_by_default(s, "sliding_window", "0")
                                       : import_set(s->cfg, "sliding_window", "0", s->diagnostics));
    if (!has) {
        diagnostics_error(s->diagnostics, 0,
                          "'sliding_window': found %s, expected null with model_type = %s, or "
                          "'use_sliding_window' false",
                          import_kind(window), s->cfg->model_type);
        return false;
    }
    if (mixes_layers(s, &all)) {
        diagnostics_error(s->diagnostics, 0,
                          "'sliding_window': found a window of some layers only ('layer_types' or "
                          "'max_window_layers'), expected one of all or none");
        return false;
    }
    if (!all)
        return import_set(s->cfg, "sliding_window", "0", s->diagnostics);
    if (s->left != NULL && strcmp(s->class, "llama") == 0)
        diagnostics_note(s->diagnostics,
                         "'sliding_window' is honoured, although transformers' Llama has none: "
                         "with 0 in the config a token sees all positions");
    return import_take(s, "sliding_window", "sliding_window", NULL);
}

/* Refuses every change of the frequencies with the length of the text. */
static bool refuse_scaling(const struct import_source *s, const char *where, const json_t *rope)
{
    const json_t *type = said(rope, "rope_type");
    if (type == NULL)
        type = said(rope, "type");
    if (rope == NULL || (type == NULL && json_object_get(rope, "factor") == NULL) ||
        (json_is_string(type) && strcmp(json_string_value(type), "default") == 0))
        return true;
    diagnostics_error(s->diagnostics, 0,
                      "'%s': found rope scaling '%s', expected none or 'default'", where,
                      json_is_string(type) ? json_string_value(type) : "of unknown type");
    return false;
}

/* transformers 5 has `rope_parameters`, earlier ones `rope_theta`, `rope_scaling` and the factor
 * beside it. */
static bool take_rope(const struct import_source *s)
{
    const json_t *parameters = said(s->object, "rope_parameters");
    const json_t *scaling = said(s->object, "rope_scaling");
    if ((parameters != NULL && !json_is_object(parameters)) ||
        (scaling != NULL && !json_is_object(scaling))) {
        diagnostics_error(s->diagnostics, 0,
                          "'rope_parameters' or 'rope_scaling': expected an object");
        return false;
    }
    if (said(parameters, "full_attention") != NULL ||
        said(parameters, "sliding_attention") != NULL) {
        diagnostics_error(
            s->diagnostics, 0,
            "'rope_parameters': found other rotations for other layers, expected one");
        return false;
    }
    bool good = refuse_scaling(s, "rope_parameters", parameters);
    good = refuse_scaling(s, "rope_scaling", scaling) && good;
    struct import_source rope = *s;
    if (said(parameters, "rope_theta") != NULL) {
        rope.object = parameters;
        rope.prefix = "rope_parameters.";
    }
    good = take_said(&rope, "rope_theta") && good;
    if (!cfg_has(s->cfg, cfg_key("partial_rotary_factor")))
        return good;
    rope.object = said(parameters, "partial_rotary_factor") != NULL ? parameters : s->object;
    return take_said(&rope, "partial_rotary_factor") && good;
}

/* Without a head_dim of their own, the heads share the width; null, and for some families no word,
 * means as many heads of keys as of queries. */
static bool take_heads(const struct import_source *s)
{
    char heads[CFG_VALUE_MAX + 1], width[CFG_VALUE_MAX + 1];
    const char *const usual = import_default(s, "num_key_value_heads");
    const bool absent = json_object_get(s->object, "num_key_value_heads") == NULL;
    if (!import_take(s, "num_attention_heads", "num_attention_heads", NULL))
        return false;
    snprintf(heads, sizeof heads, "%" PRIu32, s->cfg->num_attention_heads);
    snprintf(width, sizeof width, "%" PRIu32, s->cfg->hidden_size / s->cfg->num_attention_heads);
    return take_or(s, "num_key_value_heads", absent && usual != NULL ? usual : heads) &&
           take_or(s, "head_dim", width);
}

/* Refuses a word that asks for another variant than the usual one. */
static bool refuse_word(const struct import_source *s, const char *name, const char *usual)
{
    const json_t *value = said(s->object, name);
    if (value == NULL || (json_is_string(value) && strcmp(json_string_value(value), usual) == 0))
        return true;
    diagnostics_error(s->diagnostics, 0, "'%s': found %s, expected '%s'", name,
                      json_is_string(value) ? json_string_value(value) : import_kind(value), usual);
    return false;
}

/* Which layers of a Jamba have attention and experts, and the sizes of those that have neither. */
static bool jamba_layers(const struct import_source *s)
{
    static const char *const plain[] = {
        "num_experts",         "attn_layer_period", "attn_layer_offset", "expert_layer_period",
        "expert_layer_offset", "mamba_d_state",     "mamba_d_conv",      "mamba_expand"};
    bool good = import_take_rank(s, "mamba_dt_rank", "mamba_dt_rank");
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        good = import_take(s, plain[i], plain[i], NULL) && good;
    good = take_said(s, "mamba_conv_bias") && good;
    good = take_said(s, "mamba_proj_bias") && good;
    return take_said(s, "pad_token_id") && good;
}

static bool deepseek_experts(const struct import_source *s)
{
    bool good = import_take(s, "n_routed_experts", "n_routed_experts", NULL);
    good = take_said(s, "n_shared_experts") && good;
    good = import_take(s, "moe_intermediate_size", "moe_intermediate_size", NULL) && good;
    good = take_said(s, "first_k_dense_replace") && good;
    good = take_said(s, "moe_layer_freq") && good;
    good = take_said(s, "norm_topk_prob") && good;
    return refuse_word(s, "scoring_func", "softmax") && good;
}

/* The experts of the families that have them. */
static bool take_experts(const struct import_source *s)
{
    bool good = true;
    if (!cfg_has(s->cfg, cfg_key("num_experts_per_tok")))
        return true;
    if (strcmp(s->cfg->model_type, "deepseek") == 0)
        good = deepseek_experts(s);
    else if (strcmp(s->cfg->model_type, "jamba") == 0)
        good = jamba_layers(s);
    else
        good = import_take(s, "num_local_experts", "num_local_experts", NULL);
    if (good && strcmp(s->cfg->model_type, "jamba") == 0 && s->cfg->num_experts == 1)
        return import_set(s->cfg, "num_experts_per_tok", "1",
                          s->diagnostics); /* an MLP; none chooses */
    return import_take(s, "num_experts_per_tok", "num_experts_per_tok", NULL) && good;
}

/* Some copies spell the key without its last letter. */
static bool take_tie(const struct import_source *s)
{
    const char *const misspelt = "tie_word_embedding";
    const bool other = json_object_get(s->object, "tie_word_embeddings") == NULL;
    return import_take(s, other ? misspelt : "tie_word_embeddings", "tie_word_embeddings", NULL);
}

bool import_transformer(const struct import_source *s)
{
    const bool phi = strcmp(s->cfg->model_type, "phi") == 0;
    bool good = import_not_quantized(s);
    good = import_take(s, "vocab_size", "vocab_size", NULL) && good;
    good = import_take(s, "hidden_size", "hidden_size", NULL) && take_heads(s) && good;
    good = import_take(s, "intermediate_size", "intermediate_size", NULL) && good;
    good = import_take(s, "num_hidden_layers", "num_hidden_layers", NULL) && good;
    good = import_take(s, "hidden_act", "hidden_act", NULL) && good;
    good = import_take(s, phi ? "layer_norm_eps" : "rms_norm_eps",
                       phi ? "layer_norm_eps" : "rms_norm_eps", NULL) &&
           good;
    good = import_take(s, "max_position_embeddings", "max_position_embeddings", NULL) && good;
    if (cfg_has(s->cfg, cfg_key("rope_theta")))
        good = take_rope(s) && good;
    good = take_experts(s) && good;
    good = refuse_flag(s, "attention_bias") && good;
    good = refuse_flag(s, "mlp_bias") && good;
    good = refuse_flag(s, "qk_layernorm") && good;
    good = take_window(s) && good;
    good = take_tie(s) && good;
    good = import_take(s, "bos_token_id", "bos_token_id", NULL) && good;
    return import_eos(s) && good;
}
