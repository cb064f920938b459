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
    if (value == NULL)
        return import_error(s, "missing '%s%s', expected %s (%s)", s->prefix, theirs, wanted.text,
                            key->meaning);
    if (!kind_fits(value, key->kind))
        return import_error(s, "'%s%s': found %s, expected %s (%s)", s->prefix, theirs,
                            import_kind(value), wanted.text, key->meaning);
    return import_set(s->cfg, name, spell(value).text, s->diagnostics);
}

bool import_take_rank(const struct import_source *s, const char *theirs, const char *name)
{
    const json_t *value = json_object_get(s->object, theirs);
    const struct phrase rank = phrase("%u", (s->cfg->hidden_size + 15) / 16);
    if (value == NULL)
        return import_by_default(s, name, rank.text);
    if (json_is_string(value) && strcmp(json_string_value(value), "auto") == 0)
        return import_set(s->cfg, name, rank.text, s->diagnostics);
    return import_take(s, theirs, name, NULL);
}

bool import_take_expanded(const struct import_source *s, const char *absent)
{
    const json_t *expand = json_object_get(s->object, "expand");
    const double factor = expand == NULL ? strtod(absent, NULL) : json_number_value(expand);
    if (expand != NULL && (!json_is_number(expand) || !(factor > 0 && factor < 1024)))
        return import_error(s, "'%sexpand': found %s, expected a number above 0 and below 1024",
                            s->prefix,
                            json_is_number(expand) ? "one out of range" : import_kind(expand));
    const struct phrase width = phrase("%.0f", floor(factor * s->cfg->hidden_size));
    return expand == NULL ? import_by_default(s, "intermediate_size", width.text)
                          : import_set(s->cfg, "intermediate_size", width.text, s->diagnostics);
}

bool import_not_quantized(const struct import_source *s)
{
    const json_t *quantized = json_object_get(s->object, "quantization_config");
    if (quantized == NULL || json_is_null(quantized))
        return true;
    const char *method = json_string_value(json_object_get(quantized, "quant_method"));
    return import_error(
        s,
        "'quantization_config': found a quantized checkpoint (%s), expected F32, F16 or "
        "BF16 weights: use the checkpoint that it was made from",
        method != NULL ? method : "of unknown method");
}

/* A limit of the time step: a number, or infinity as transformers 4 or 5 writes it. */
static bool take_limit(const struct import_source *s, const char *theirs, const json_t *value,
                       const char *name)
{
    const char *word = json_text_float(value);
    const bool infinite = word != NULL && strcmp(word, "Infinity") == 0;
    if (!infinite && !json_is_number(value))
        return import_error(s, "'%s%s': found %s, expected two numbers, low and high", s->prefix,
                            theirs, import_kind(value));
    return import_set(s->cfg, name, infinite ? "inf" : spell(value).text, s->diagnostics);
}

bool import_take_limits(const struct import_source *s, const char *theirs)
{
    const json_t *pair = json_object_get(s->object, theirs);
    if (pair == NULL)
        return import_by_default(s, "time_step_limit_low", "0") &&
               import_by_default(s, "time_step_limit_high", "inf");
    if (json_array_size(pair) != 2)
        return import_error(s, "'%s%s': found %s%s, expected two numbers, low and high", s->prefix,
                            theirs, import_kind(pair),
                            json_is_array(pair) ? " of another length" : "");
    bool good = take_limit(s, theirs, json_array_get(pair, 0), "time_step_limit_low");
    return take_limit(s, theirs, json_array_get(pair, 1), "time_step_limit_high") && good;
}
