/* The dialects of config.json, and what they share. */
#ifndef GEN_FRONT_IMPORT_DIALECTS_H
#define GEN_FRONT_IMPORT_DIALECTS_H

#include "gen/front/import.h"
#include "gen/front/json_text.h"

/* Reports what is wrong with the file; false. */
#define import_error(SOURCE, ...) diagnostics_error((SOURCE)->diagnostics, 0, __VA_ARGS__)

/* A config.json while it is read. */
struct import_source {
    const json_t *object;
    const char *prefix; /* "" or "ssm_cfg.", for messages */
    struct diagnostics *diagnostics;
    struct cfg *cfg;
    struct import_left *left; /* NULL: nobody asks */
    const char *class;        /* the model_type that the file says, whose defaults count; or NULL */
};

/* Config key `name` from the file's key `theirs`, checked as a config's; `absent` is the value of a
 * file that lacks it, NULL for import_default(). */
MUST_USE bool import_take(const struct import_source *s, const char *theirs, const char *name,
                          const char *absent);

/* The ids that end a text: one, a list, or null for none. What the vocabulary does not have can
 * never be chosen, and is left out with a note. vocab_size is set. */
MUST_USE bool import_eos(const struct import_source *s, const char *name);

/* The same from DIR/generation_config.json, which says it alone where it exists: what is not in it
 * is none. Sets diagnostics->file. */
MUST_USE bool import_generation(const char *dir, struct diagnostics *diagnostics, struct cfg *cfg,
                                struct import_left *left);

/* The rank of a time step: "auto" is a sixteenth of the width, rounded up. */
MUST_USE bool import_take_rank(const struct import_source *s, const char *theirs, const char *name);

/* intermediate_size = the whole part of expand * hidden_size; `absent` is the usual expand. */
MUST_USE bool import_take_expanded(const struct import_source *s, const char *absent);

/* Both limits of the time step, [low, high]; none for a file that lacks them. */
MUST_USE bool import_take_limits(const struct import_source *s, const char *theirs);

/* Refuses a checkpoint whose weights are quantized. */
MUST_USE bool import_not_quantized(const struct import_source *s);

/* What transformers takes for a key that config.json does not say; NULL: it must be there. */
const char *import_default(const struct import_source *s, const char *name);

/* Stores `value` as the key of that name, which the file does not say. */
MUST_USE bool import_by_default(const struct import_source *s, const char *name, const char *value);

/* Stores `value` as the key of that name, checked. */
MUST_USE bool import_set(struct cfg *cfg, const char *name, const char *value,
                         struct diagnostics *diagnostics);

/* The root if it is an object; otherwise reports why not and releases it: NULL. */
MUST_USE json_t *import_object(json_t *root, const struct json_text_error *error,
                               struct diagnostics *diagnostics);

/* "null", "true", "a string", "an array": for messages. */
const char *import_kind(const json_t *value);

/* Fill in the [model] keys; all errors are reported, not only the first. */
MUST_USE bool import_hugging_face(struct import_source *s);
MUST_USE bool import_original(const struct import_source *s);

#endif
