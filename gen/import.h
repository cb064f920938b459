/* From a checkpoint's config.json to a config.
 *
 * Two dialects: Hugging Face (it has a `model_type`) and original state-spaces (`d_model`,
 * `n_layer`). Stale keys that converters leave behind, `d_inner` above all, are never read. What
 * the architecture needs and the file does not say is an error, except where the file's own library
 * has a default that it leaves out. */
#ifndef GEN_IMPORT_H
#define GEN_IMPORT_H

#include "gen/cfg.h"

enum {
    IMPORT_TEXT_MAX = 1024 * 1024, /* bytes of a config.json */
    IMPORT_CONTEXT = 4096          /* positions, unless chosen or beyond what was trained */
};

/* The [build] keys of the new config, as a user writes them. */
struct import_choices {
    const char *linear_type, *embedding_type, *prefill_chunk;
    const char *kv_type;    /* NULL: bf16 */
    const char *context;    /* NULL: IMPORT_CONTEXT, or max_position_embeddings if that is less */
    const char *logit_rows; /* NULL: 16, or the prefill chunk if that is less */
};

extern const struct import_choices import_defaults;

/* Checks the choices and fills in the [build] keys but kv_type and context. False: reported. */
__attribute__((warn_unused_result)) bool import_choose(const struct import_choices *choices,
                                                       struct report *report, struct cfg *cfg);

/* Fills in kv_type and context of a family that has them: after import_load(). False: reported. */
__attribute__((warn_unused_result)) bool import_cache(const struct import_choices *choices,
                                                      struct report *report, struct cfg *cfg);

/* Fills in the [model] keys from DIR/config.json; the ids that end a text from
 * DIR/generation_config.json, if there is one. False: the reasons were reported under the name of
 * the file. */
__attribute__((warn_unused_result)) bool import_load(const char *dir, struct report *report,
                                                     struct cfg *cfg);

/* The same from memory: any bytes are safe. */
__attribute__((warn_unused_result)) bool import_parse(const char *text, size_t size,
                                                      struct report *report, struct cfg *cfg);

/* Writes the config as a file for people. */
void import_print(const struct cfg *cfg, FILE *to);

#endif
