/* config.json of state-spaces, as mamba_ssm writes it: Mamba and Mamba-2. */
#include <inttypes.h>
#include <string.h>

#include "gen/front/import_dialects.h"
#include "gen/front/number.h"

/* Finds out whether the layers are Mamba or Mamba-2. */
static bool take_layer(const struct import_source *s, const json_t *ssm)
{
    const json_t *layer = json_object_get(ssm, "layer");
    const char *kind = layer == NULL ? "Mamba1" : json_string_value(layer);
    if (kind != NULL && strcmp(kind, "Mamba1") == 0)
        return import_set(s->cfg, "model_type", "mamba", s->diagnostics);
    if (kind != NULL && strcmp(kind, "Mamba2") == 0)
        return import_set(s->cfg, "model_type", "mamba2", s->diagnostics);
    return import_error(s, "'ssm_cfg.layer': found %s, expected 'Mamba1' or 'Mamba2'",
                        kind != NULL ? kind : import_kind(layer));
}

/* Refuses what only some versions of the original library know. */
static bool plain_mamba(const struct import_source *s)
{
    const json_t *rms_norm = json_object_get(s->object, "rms_norm");
    const json_t *inner = json_object_get(s->object, "d_intermediate");
    uint32_t errors = s->diagnostics->errors;
    if (rms_norm != NULL && !json_is_true(rms_norm))
        import_error(s, "'rms_norm': found %s, expected true", import_kind(rms_norm));
    if (inner != NULL && !(json_is_integer(inner) && json_integer_value(inner) == 0))
        import_error(s, "'d_intermediate': found a model with MLPs, expected 0");
    if (json_array_size(json_object_get(s->object, "attn_layer_idx")) != 0)
        import_error(s, "'attn_layer_idx': found a model with attention, expected []");
    return s->diagnostics->errors == errors;
}

/* The original pads the vocabulary when it builds the model. */
static bool pad_vocabulary(const struct import_source *s)
{
    const json_t *unit = json_object_get(s->object, "pad_vocab_size_multiple");
    json_int_t multiple = unit == NULL ? 8 : json_integer_value(unit);
    if ((unit != NULL && !json_is_integer(unit)) || multiple < 1 || multiple > 65536)
        return import_error(s,
                            "'pad_vocab_size_multiple': expected a whole number from 1 to 65536");
    const uint64_t padded = number_pad(s->cfg->vocab_size, (uint64_t)multiple);
    return import_set(s->cfg, "vocab_size", phrase("%" PRIu64, padded).text, s->diagnostics);
}

/* A flag of ssm_cfg that changes the layer must have its default. */
static bool refuse_variant(const struct import_source *t, const char *name, bool usual)
{
    const json_t *value = json_object_get(t->object, name);
    if (value == NULL || (json_is_boolean(value) && json_is_true(value) == usual))
        return true;
    return import_error(t, "'%s%s': found %s, expected %s", t->prefix, name, import_kind(value),
                        usual ? "true" : "false");
}

/* The heads, after the width of all of them is known. */
static bool original_heads(const struct import_source *t)
{
    bool good = refuse_variant(t, "rmsnorm", true);
    good = refuse_variant(t, "norm_before_gate", false) && good;
    good = refuse_variant(t, "D_has_hdim", false) && good;
    good = import_take(t, "ngroups", "n_groups", "1") && good;
    good = import_take_limits(t, "dt_limit") && good;
    if (!import_take(t, "headdim", "head_dim", "64"))
        return false;
    const struct phrase heads = phrase("%u", t->cfg->intermediate_size / t->cfg->head_dim);
    return import_set(t->cfg, "num_heads", heads.text, t->diagnostics) && good;
}

bool import_original(const struct import_source *s)
{
    /* What the original library fixes; the ids are its tokenizer's, GPT-NeoX. */
    static const char *const fixed[][2] = {{"hidden_act", "silu"},
                                           {"layer_norm_epsilon", "1e-05"},
                                           {"bos_token_id", "0"},
                                           {"eos_token_id", "0"},
                                           {"pad_token_id", "0"}};
    const json_t *ssm = json_object_get(s->object, "ssm_cfg");
    struct import_source t = *s;
    t.object = ssm;
    t.prefix = "ssm_cfg.";
    if (ssm != NULL && !json_is_object(ssm))
        return import_error(s, "'ssm_cfg': found %s, expected an object", import_kind(ssm));
    if (!take_layer(s, ssm))
        return false;
    const bool second = strcmp(s->cfg->model_type, "mamba2") == 0;
    bool good = plain_mamba(s) && import_not_quantized(s);
    good = import_take(s, "vocab_size", "vocab_size", NULL) && pad_vocabulary(s) && good;
    good = import_take(s, "n_layer", "num_hidden_layers", NULL) && good;
    good = import_take(&t, "d_state", "state_size", second ? "128" : "16") && good;
    good = import_take(&t, "d_conv", "conv_kernel", "4") && good;
    good = import_take(&t, "bias", "use_bias", "false") && good;
    good = import_take(&t, "conv_bias", "use_conv_bias", "true") && good;
    good = import_take(s, "residual_in_fp32", "residual_in_fp32", "true") && good;
    good = import_take(s, "tie_embeddings", "tie_word_embeddings", "true") && good;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        good = import_by_default(s, fixed[i][0], fixed[i][1]) && good;
    return import_take(s, "d_model", "hidden_size", NULL) && import_take_expanded(&t, "2") &&
           (second ? original_heads(&t) : import_take_rank(&t, "dt_rank", "time_step_rank")) &&
           good;
}
