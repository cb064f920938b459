/* config.json as transformers 4 and 5 write it. Keys have the names that they have in a config, and
 * are taken in its order; of those that need more than that special[] says who takes them. */
#include <string.h>

#include "gen/front/import_dialects.h"

/* The value of a key that says something: NULL if it is absent or null. */
static const json_t *said(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

/* The key as the file says it, or `usual` where it does not say, or says null. */
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
    return import_error(s, "'%s': found %s, expected false", name, import_kind(value));
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
static bool take_window(const struct import_source *s, const char *name)
{
    const json_t *use = said(s->object, "use_sliding_window");
    const json_t *window = said(s->object, name);
    const bool has = cfg_has(s->cfg, cfg_key(name));
    bool all;
    if (use != NULL && !json_is_boolean(use))
        return import_error(s, "'use_sliding_window': found %s, expected true or false",
                            import_kind(use));
    if (has && json_object_get(s->object, name) == NULL && !json_is_false(use))
        return import_by_default(s, name, import_default(s, name));
    if (window == NULL || json_is_false(use))
        return !has || (window == NULL ? import_by_default(s, name, "0")
                                       : import_set(s->cfg, name, "0", s->diagnostics));
    if (!has)
        return import_error(s,
                            "'sliding_window': found %s, expected null with model_type = %s, or "
                            "'use_sliding_window' false",
                            import_kind(window), s->cfg->model_type);
    if (mixes_layers(s, &all))
        return import_error(
            s, "'sliding_window': found a window of some layers only ('layer_types' or "
               "'max_window_layers'), expected one of all or none");
    if (!all)
        return import_set(s->cfg, name, "0", s->diagnostics);
    if (s->left != NULL && strcmp(s->class, "llama") == 0)
        diagnostics_note(s->diagnostics,
                         "'sliding_window' is honoured, although transformers' Llama has none: "
                         "with 0 in the config a token sees all positions");
    return import_take(s, name, name, NULL);
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
    return import_error(s, "'%s': found rope scaling '%s', expected none or 'default'", where,
                        json_is_string(type) ? json_string_value(type) : "of unknown type");
}

/* Where a number of the rotation is: transformers 5 has `rope_parameters`. */
static struct import_source rope_of(const struct import_source *s, const char *name)
{
    const json_t *parameters = said(s->object, "rope_parameters");
    struct import_source rope = *s;
    if (said(parameters, name) != NULL) {
        rope.object = parameters;
        rope.prefix = "rope_parameters.";
    }
    return rope;
}

static bool take_rotated_part(const struct import_source *s, const char *name)
{
    const struct import_source rope = rope_of(s, name);
    return take_said(&rope, name);
}

/* The base of the rotation, and nothing that changes it. */
static bool take_rope(const struct import_source *s, const char *name)
{
    const json_t *parameters = said(s->object, "rope_parameters");
    const json_t *scaling = said(s->object, "rope_scaling");
    const struct import_source rope = rope_of(s, name);
    if ((parameters != NULL && !json_is_object(parameters)) ||
        (scaling != NULL && !json_is_object(scaling)))
        return import_error(s, "'rope_parameters' or 'rope_scaling': expected an object");
    if (said(parameters, "full_attention") != NULL || said(parameters, "sliding_attention") != NULL)
        return import_error(
            s, "'rope_parameters': found other rotations for other layers, expected one");
    bool good = refuse_scaling(s, "rope_parameters", parameters);
    good = refuse_scaling(s, "rope_scaling", scaling) && good;
    return take_said(&rope, name) && good;
}

/* null, and for some families no word, means as many heads of keys as of queries. */
static bool take_key_heads(const struct import_source *s, const char *name)
{
    const struct phrase heads = phrase("%u", s->cfg->num_attention_heads);
    const char *const usual = import_default(s, name);
    const bool absent = json_object_get(s->object, name) == NULL;
    return s->cfg->num_attention_heads > 0 &&
           take_or(s, name, absent && usual != NULL ? usual : heads.text);
}

/* Without a width of their own, the heads of attention share that of the model. */
static bool take_head_width(const struct import_source *s, const char *name)
{
    if (import_default(s, name) != NULL)
        return import_take(s, name, name, NULL);
    if (s->cfg->num_attention_heads == 0 || s->cfg->hidden_size == 0)
        return false; /* reported */
    return take_or(s, name, phrase("%u", s->cfg->hidden_size / s->cfg->num_attention_heads).text);
}

/* A Mamba's config may say its inner width; that of a Mamba-2 does not count. */
static bool take_width(const struct import_source *s, const char *name)
{
    const char *const expand = import_default(s, "expand");
    const bool second = strcmp(s->cfg->model_type, "mamba2") == 0;
    if (expand == NULL || (!second && json_object_get(s->object, name) != NULL))
        return import_take(s, name, name, NULL);
    return s->cfg->hidden_size > 0 && import_take_expanded(s, expand);
}

static bool take_rank(const struct import_source *s, const char *name)
{
    return s->cfg->hidden_size > 0 && import_take_rank(s, name, name);
}

/* Both limits of a time step; time_step_limit_high needs no more. */
static bool take_limits(const struct import_source *s, const char *name)
{
    return strcmp(name, "time_step_limit_high") == 0 || import_take_limits(s, "time_step_limit");
}

/* Refuses a word that asks for another variant than the usual one. */
static bool refuse_word(const struct import_source *s, const char *name, const char *usual)
{
    const json_t *value = said(s->object, name);
    if (value == NULL || (json_is_string(value) && strcmp(json_string_value(value), usual) == 0))
        return true;
    return import_error(s, "'%s': found %s, expected '%s'", name,
                        json_is_string(value) ? json_string_value(value) : import_kind(value),
                        usual);
}

/* A Jamba of one expert has an MLP; none chooses. */
static bool take_chosen(const struct import_source *s, const char *name)
{
    return s->cfg->num_experts == 1 ? import_set(s->cfg, name, "1", s->diagnostics)
                                    : import_take(s, name, name, NULL);
}

/* Some copies spell the key without its last letter. */
static bool take_tie(const struct import_source *s, const char *name)
{
    const bool other = json_object_get(s->object, name) == NULL;
    return import_take(s, other ? "tie_word_embedding" : name, name, NULL);
}

static const struct {
    const char *key;
    bool (*take)(const struct import_source *s, const char *name);
} special[] = {
    {"intermediate_size", take_width},
    {"num_key_value_heads", take_key_heads},
    {"head_dim", take_head_width},
    {"n_shared_experts", take_said},
    {"first_k_dense_replace", take_said},
    {"moe_layer_freq", take_said},
    {"norm_topk_prob", take_said},
    {"num_experts_per_tok", take_chosen},
    {"time_step_rank", take_rank},
    {"mamba_dt_rank", take_rank},
    {"mamba_conv_bias", take_said},
    {"mamba_proj_bias", take_said},
    {"time_step_limit_low", take_limits},
    {"time_step_limit_high", take_limits},
    {"sliding_window", take_window},
    {"rope_theta", take_rope},
    {"partial_rotary_factor", take_rotated_part},
    {"tie_word_embeddings", take_tie},
    {"eos_token_id", import_eos},
};

static bool take(const struct import_source *s, const char *name)
{
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (strcmp(special[i].key, name) == 0)
            return special[i].take(s, name);
    return import_take(s, name, name, NULL);
}

/* Refuses variants of attention and experts that are not built. */
static bool refuse_variants(const struct import_source *s)
{
    bool good = refuse_flag(s, "attention_bias");
    good = refuse_flag(s, "mlp_bias") && good;
    good = refuse_flag(s, "qk_layernorm") && good;
    if (!cfg_has(s->cfg, &cfg_keys[KEY_sliding_window]))
        good = take_window(s, "sliding_window") && good;
    return refuse_word(s, "scoring_func", "softmax") && good;
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
    return import_error(
        s, "model_type: found 'phi-msft', whose tensors have other names: take a later "
           "revision of the checkpoint, with model_type 'phi'");
}

bool import_hugging_face(struct import_source *s)
{
    take_type(s);
    if (!take_family(s))
        return false;
    bool good = import_not_quantized(s);
    for (uint32_t i = 0; i < KEYS; i++) {
        const struct key *key = &cfg_keys[i];
        if (strcmp(key->section, "model") == 0 && strcmp(key->name, "model_type") != 0 &&
            cfg_has(s->cfg, key))
            good = take(s, key->name) && good;
    }
    if (cfg_has(s->cfg, &cfg_keys[KEY_num_attention_heads]))
        good = refuse_variants(s) && good;
    return good;
}
