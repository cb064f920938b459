#include "gen/front/import_dialects.h"

#include <math.h>
#include <string.h>

#include "gen/front/number.h"

bool import_set(struct cfg *cfg, const char *name, const char *value,
                struct diagnostics *diagnostics)
{
    return cfg_set(cfg, cfg_key(name), value, diagnostics, 0);
}

const char *import_kind(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return json_text_float(value) != NULL ? json_text_float(value) : "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "a whole number";
    case JSON_REAL:
        return fabs(json_real_value(value)) < 0x1p63 ? "a fraction" : "a number beyond 64 bits";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    }
    return "nothing";
}

static bool kind_fits(const json_t *value, enum key_kind kind)
{
    switch (kind) {
    case KEY_COUNT:
        return json_is_integer(value);
    case KEY_ID:
        return json_is_integer(value) || json_is_null(value);
    case KEY_IDS: /* import_eos() takes it */
        return false;
    case KEY_REAL:
        return json_is_number(value);
    case KEY_FLAG:
        return json_is_boolean(value);
    case KEY_WORD:
    case KEY_FORMAT:
    case KEY_PATH:
        return json_is_string(value);
    }
    return false;
}

/* The value as a config would write it. */
static struct phrase spell(const json_t *value)
{
    if (json_is_string(value))
        return phrase("%.*s", CFG_VALUE_MAX, json_string_value(value));
    if (json_is_integer(value))
        return phrase("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_real(value))
        return number_double(json_real_value(value));
    return phrase("%s", json_is_null(value) ? "none" : json_is_true(value) ? "true" : "false");
}

bool import_take(const struct import_source *s, const char *theirs, const char *name,
                 const char *absent)
{
    const struct key *key = cfg_key(name);
    const json_t *value = json_object_get(s->object, theirs);
    const struct phrase wanted = cfg_expected(key);
    if (value == NULL && absent == NULL)
        absent = import_default(s, name);
    if (value == NULL && absent != NULL)
        return import_by_default(s, name, absent);
    if (value == NULL) {
        diagnostics_error(s->diagnostics, 0, "missing '%s%s', expected %s (%s)", s->prefix, theirs,
                          wanted.text, key->meaning);
        return false;
    }
    if (!kind_fits(value, key->kind)) {
        diagnostics_error(s->diagnostics, 0, "'%s%s': found %s, expected %s (%s)", s->prefix,
                          theirs, import_kind(value), wanted.text, key->meaning);
        return false;
    }
    return import_set(s->cfg, name, spell(value).text, s->diagnostics);
}

bool import_take_rank(const struct import_source *s, const char *theirs, const char *name)
{
    const json_t *value = json_object_get(s->object, theirs);
    char text[CFG_VALUE_MAX + 1];
    if (value != NULL && !(json_is_string(value) && strcmp(json_string_value(value), "auto") == 0))
        return import_take(s, theirs, name, NULL);
    snprintf(text, sizeof text, "%u", (s->cfg->hidden_size + 15) / 16);
    return value == NULL ? import_by_default(s, name, text)
                         : import_set(s->cfg, name, text, s->diagnostics);
}

/* intermediate_size = the whole part of expand * hidden_size; `absent` is the usual expand. */
static bool take_expanded(const struct import_source *s, const char *absent)
{
    const json_t *expand = json_object_get(s->object, "expand");
    char text[CFG_VALUE_MAX + 1];
    double factor = expand == NULL ? strtod(absent, NULL) : json_number_value(expand);
    if (expand != NULL && (!json_is_number(expand) || !(factor > 0 && factor < 1024))) {
        diagnostics_error(
            s->diagnostics, 0, "'%sexpand': found %s, expected a number above 0 and below 1024",
            s->prefix, json_is_number(expand) ? "one out of range" : import_kind(expand));
        return false;
    }
    snprintf(text, sizeof text, "%.0f", floor(factor * s->cfg->hidden_size));
    return expand == NULL ? import_by_default(s, "intermediate_size", text)
                          : import_set(s->cfg, "intermediate_size", text, s->diagnostics);
}

bool import_not_quantized(const struct import_source *s)
{
    const json_t *quantized = json_object_get(s->object, "quantization_config");
    if (quantized == NULL || json_is_null(quantized))
        return true;
    const char *method = json_string_value(json_object_get(quantized, "quant_method"));
    diagnostics_error(
        s->diagnostics, 0,
        "'quantization_config': found a quantized checkpoint (%s), expected F32, F16 or "
        "BF16 weights: use the checkpoint that it was made from",
        method != NULL ? method : "of unknown method");
    return false;
}

/* A limit of the time step: a number, or infinity as transformers 4 or 5 writes it. */
static bool take_limit(const struct import_source *s, const char *theirs, const json_t *value,
                       const char *name)
{
    const char *word = json_text_float(value);
    const bool infinite = word != NULL && strcmp(word, "Infinity") == 0;
    if (!infinite && !json_is_number(value)) {
        diagnostics_error(s->diagnostics, 0, "'%s%s': found %s, expected two numbers, low and high",
                          s->prefix, theirs, import_kind(value));
        return false;
    }
    return import_set(s->cfg, name, infinite ? "inf" : spell(value).text, s->diagnostics);
}

/* Both limits of the time step, [low, high]; none for a file that lacks them. */
static bool take_limits(const struct import_source *s, const char *theirs)
{
    const json_t *pair = json_object_get(s->object, theirs);
    if (pair == NULL)
        return import_by_default(s, "time_step_limit_low", "0") &&
               import_by_default(s, "time_step_limit_high", "inf");
    if (json_array_size(pair) != 2) {
        diagnostics_error(
            s->diagnostics, 0, "'%s%s': found %s%s, expected two numbers, low and high", s->prefix,
            theirs, import_kind(pair), json_is_array(pair) ? " of another length" : "");
        return false;
    }
    bool good = take_limit(s, theirs, json_array_get(pair, 0), "time_step_limit_low");
    return take_limit(s, theirs, json_array_get(pair, 1), "time_step_limit_high") && good;
}

static bool import_heads(const struct import_source *s)
{
    bool good = import_take(s, "num_heads", "num_heads", NULL);
    good = import_take(s, "head_dim", "head_dim", NULL) && good;
    good = import_take(s, "n_groups", "n_groups", NULL) && good;
    return take_limits(s, "time_step_limit") && good;
}

/* Mamba and Mamba-2. A Mamba's config may say its inner width; that of a Mamba-2 does not count. */
static bool import_mamba(const struct import_source *s)
{
    const bool second = strcmp(s->cfg->model_type, "mamba2") == 0;
    const char *const expand = import_default(s, "expand");
    bool good = import_not_quantized(s);
    good = import_take(s, "vocab_size", "vocab_size", NULL) && good;
    bool width = import_take(s, "hidden_size", "hidden_size", NULL);
    if (!second && json_object_get(s->object, "intermediate_size") != NULL)
        good = import_take(s, "intermediate_size", "intermediate_size", NULL) && good;
    else
        good = width && take_expanded(s, expand) && good;
    good = import_take(s, "state_size", "state_size", NULL) && good;
    good = import_take(s, "num_hidden_layers", "num_hidden_layers", NULL) && good;
    good = import_take(s, "conv_kernel", "conv_kernel", NULL) && good;
    good = (second ? import_heads(s)
                   : width && import_take_rank(s, "time_step_rank", "time_step_rank")) &&
           good;
    good = import_take(s, "use_bias", "use_bias", NULL) && good;
    good = import_take(s, "use_conv_bias", "use_conv_bias", NULL) && good;
    good = import_take(s, "hidden_act", "hidden_act", NULL) && good;
    good = import_take(s, "layer_norm_epsilon", "layer_norm_epsilon", NULL) && good;
    good = import_take(s, "residual_in_fp32", "residual_in_fp32", NULL) && good;
    good = import_take(s, "tie_word_embeddings", "tie_word_embeddings", NULL) && good;
    good = import_take(s, "bos_token_id", "bos_token_id", NULL) && good;
    good = import_eos(s) && good;
    return import_take(s, "pad_token_id", "pad_token_id", NULL) && good;
}

/* The type of the weights, as transformers 5 or 4 calls it. */
static void take_type(const struct import_source *s)
{
    static const char torch[] = "torch.";
    const char *type = json_string_value(json_object_get(s->object, "dtype"));
    if (type == NULL)
        type = json_string_value(json_object_get(s->object, "torch_dtype"));
    if (type != NULL && strncmp(type, torch, strlen(torch)) == 0)
        type += strlen(torch);
    if (s->left != NULL && type != NULL)
        snprintf(s->left->type, sizeof s->left->type, "%s", type);
}

/* The family is the model_type, but a Mistral is a Llama with a window. */
static bool take_family(struct import_source *s)
{
    s->class = json_string_value(json_object_get(s->object, "model_type"));
    if (s->class != NULL && strcmp(s->class, "mistral") == 0)
        return import_set(s->cfg, "model_type", "llama", s->diagnostics);
    if (s->class == NULL || strcmp(s->class, "phi-msft") != 0)
        return import_take(s, "model_type", "model_type", NULL);
    diagnostics_error(s->diagnostics, 0,
                      "model_type: found 'phi-msft', whose tensors have other names: take a later "
                      "revision of the checkpoint, with model_type 'phi'");
    return false;
}

bool import_hugging_face(struct import_source *s)
{
    take_type(s);
    if (!take_family(s))
        return false;
    return strncmp(s->cfg->model_type, "mamba", 5) == 0 ? import_mamba(s) : import_transformer(s);
}

/* Finds out whether the layers are Mamba or Mamba-2. */
static bool take_layer(const struct import_source *s, const json_t *ssm)
{
    const json_t *layer = json_object_get(ssm, "layer");
    const char *kind = layer == NULL ? "Mamba1" : json_string_value(layer);
    if (kind != NULL && strcmp(kind, "Mamba1") == 0)
        return import_set(s->cfg, "model_type", "mamba", s->diagnostics);
    if (kind != NULL && strcmp(kind, "Mamba2") == 0)
        return import_set(s->cfg, "model_type", "mamba2", s->diagnostics);
    diagnostics_error(s->diagnostics, 0, "'ssm_cfg.layer': found %s, expected 'Mamba1' or 'Mamba2'",
                      kind != NULL ? kind : import_kind(layer));
    return false;
}

/* Refuses what only some versions of the original library know. */
static bool plain_mamba(const struct import_source *s)
{
    const json_t *rms_norm = json_object_get(s->object, "rms_norm");
    const json_t *inner = json_object_get(s->object, "d_intermediate");
    uint32_t errors = s->diagnostics->errors;
    if (rms_norm != NULL && !json_is_true(rms_norm))
        diagnostics_error(s->diagnostics, 0, "'rms_norm': found %s, expected true",
                          import_kind(rms_norm));
    if (inner != NULL && !(json_is_integer(inner) && json_integer_value(inner) == 0))
        diagnostics_error(s->diagnostics, 0,
                          "'d_intermediate': found a model with MLPs, expected 0");
    if (json_array_size(json_object_get(s->object, "attn_layer_idx")) != 0)
        diagnostics_error(s->diagnostics, 0,
                          "'attn_layer_idx': found a model with attention, expected []");
    return s->diagnostics->errors == errors;
}

/* The original pads the vocabulary when it builds the model. */
static bool pad_vocabulary(const struct import_source *s)
{
    const json_t *unit = json_object_get(s->object, "pad_vocab_size_multiple");
    json_int_t multiple = unit == NULL ? 8 : json_integer_value(unit);
    if ((unit != NULL && !json_is_integer(unit)) || multiple < 1 || multiple > 65536) {
        diagnostics_error(s->diagnostics, 0,
                          "'pad_vocab_size_multiple': expected a whole number from 1 to 65536");
        return false;
    }
    char text[CFG_VALUE_MAX + 1];
    snprintf(text, sizeof text, "%llu",
             (unsigned long long)number_pad(s->cfg->vocab_size, (uint64_t)multiple));
    return import_set(s->cfg, "vocab_size", text, s->diagnostics);
}

/* A flag of ssm_cfg that changes the layer must have its default. */
static bool refuse_variant(const struct import_source *t, const char *name, bool usual)
{
    const json_t *value = json_object_get(t->object, name);
    if (value == NULL || (json_is_boolean(value) && json_is_true(value) == usual))
        return true;
    diagnostics_error(t->diagnostics, 0, "'%s%s': found %s, expected %s", t->prefix, name,
                      import_kind(value), usual ? "true" : "false");
    return false;
}

/* The heads, after the width of all of them is known. */
static bool original_heads(const struct import_source *t)
{
    char heads[CFG_VALUE_MAX + 1];
    bool good = refuse_variant(t, "rmsnorm", true);
    good = refuse_variant(t, "norm_before_gate", false) && good;
    good = refuse_variant(t, "D_has_hdim", false) && good;
    good = import_take(t, "ngroups", "n_groups", "1") && good;
    good = take_limits(t, "dt_limit") && good;
    if (!import_take(t, "headdim", "head_dim", "64"))
        return false;
    snprintf(heads, sizeof heads, "%u", t->cfg->intermediate_size / t->cfg->head_dim);
    return import_set(t->cfg, "num_heads", heads, t->diagnostics) && good;
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
    if (ssm != NULL && !json_is_object(ssm)) {
        diagnostics_error(s->diagnostics, 0, "'ssm_cfg': found %s, expected an object",
                          import_kind(ssm));
        return false;
    }
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
    return import_take(s, "d_model", "hidden_size", NULL) && take_expanded(&t, "2") &&
           (second ? original_heads(&t) : import_take_rank(&t, "dt_rank", "time_step_rank")) &&
           good;
}
