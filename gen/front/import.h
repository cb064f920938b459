/* From a checkpoint's config.json to a config.
 *
 * Two dialects: Hugging Face (it has a `model_type`) and original state-spaces (`d_model`,
 * `n_layer`). Stale keys that converters leave behind, `d_inner` above all, are never read. What
 * the file does not say has the default of its own library (transformers, mamba_ssm), and the
 * config names it as such; an error only where there is none. */
#ifndef GEN_FRONT_IMPORT_H
#define GEN_FRONT_IMPORT_H

#include "gen/front/cfg.h"

enum {
    IMPORT_TEXT_MAX = 1024 * 1024, /* bytes of a config.json */
    IMPORT_CONTEXT = 4096,         /* positions, unless chosen or beyond what was trained */
    IMPORT_CHUNK = 256,            /* tokens of a prefill step, unless chosen */
    IMPORT_ROWS = 16               /* rows of a head step, unless chosen or beyond the chunk */
};

/* The [build] keys of the new config, as a user writes them; NULL: the usual. */
struct import_choices {
    const char *of[KEYS];    /* as cfg_keys[] */
    const char *linear_type; /* of projections, experts and router; NULL: as all_types */
    const char *all_types;   /* NULL: the checkpoint's own */
};

/* What a config.json leaves to others, or says of the weights. */
struct import_left {
    bool by_default[KEYS]; /* as cfg_keys[]: the key is not in the file */
    char type[16];         /* of the weights: "float16", ..; "": it does not say */
};

/* Checks the choices and fills in the [build] keys but types and context. False: reported. */
MUST_USE bool import_choose(const struct import_choices *choices, struct diagnostics *diagnostics,
                            struct cfg *cfg);

/* Fills in the types of weights where the choices have none: what the checkpoint is stored in if it
 * has 16 bits, otherwise bf16, and a note says so. A head that is the embedding table has its type.
 * After import_load(). False: reported. */
MUST_USE bool import_types(const struct import_choices *choices, const struct import_left *left,
                           struct diagnostics *diagnostics, struct cfg *cfg);

/* Fills in kv_type and context of a family that has them: after import_load(). False: reported. */
MUST_USE bool import_cache(const struct import_choices *choices, struct diagnostics *diagnostics,
                           struct cfg *cfg);

/* Fills in the [model] keys from DIR/config.json; the ids that end a text from
 * DIR/generation_config.json, if there is one. False: the reasons were reported under the name of
 * the file. *left says what was not in the files; NULL: nobody asks. */
MUST_USE bool import_load(const char *dir, struct diagnostics *diagnostics, struct cfg *cfg,
                          struct import_left *left);

/* The same from memory: any bytes are safe. */
MUST_USE bool import_parse(const char *text, size_t size, struct diagnostics *diagnostics,
                           struct cfg *cfg, struct import_left *left);

/* Writes the config as a file for people. */
void import_print(const struct cfg *cfg, const struct import_left *left, FILE *to);

#endif
