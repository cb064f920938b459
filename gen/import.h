/* From a checkpoint's config.json to a config.
 *
 * Two dialects: Hugging Face (a `model_type`) and original state-spaces (`d_model`, `n_layer`).
 * Stale keys that converters leave behind (`d_inner`) are never read. What the architecture needs
 * and the file does not say is an error, except for the values that the file's own library assumes.
 */
#ifndef GEN_IMPORT_H
#define GEN_IMPORT_H

#include "gen/cfg.h"

enum { IMPORT_TEXT_MAX = 1024 * 1024 /* bytes of a config.json */ };

/* The [build] keys of the new config, as a user writes them. */
struct import_choices {
    const char *linear_type, *embedding_type, *prefill_chunk;
    const char *logit_rows; /* NULL: 16, or the prefill chunk if that is less */
};

extern const struct import_choices import_defaults;

/* Reads DIR/config.json and writes the config to `to`. False: the reasons were reported. */
__attribute__((warn_unused_result)) bool import_write(const char *dir,
                                                      const struct import_choices *choices,
                                                      struct report *report, FILE *to);

/* The same from memory: any bytes are safe. */
__attribute__((warn_unused_result)) bool import_parse(const char *text, size_t size,
                                                      const struct import_choices *choices,
                                                      struct report *report, struct cfg *cfg);

/* Writes a config with its comments. */
void import_print(const struct cfg *cfg, FILE *to);

#endif
