/* The dialects of config.json, and what they share. */
#ifndef GEN_IMPORT_DIALECTS_H
#define GEN_IMPORT_DIALECTS_H

#include <jansson.h>

#include "gen/cfg.h"

/* Stores `value` as the key of that name, checked. */
__attribute__((warn_unused_result)) bool import_set(struct cfg *cfg, const char *name,
                                                    const char *value, struct report *report);

/* "null", "true", "a string", "an array": for messages. */
const char *import_kind(const json_t *value);

/* Fill in the [model] keys; all errors are reported, not only the first. */
__attribute__((warn_unused_result)) bool
import_hugging_face(const json_t *root, struct report *report, struct cfg *cfg);
__attribute__((warn_unused_result)) bool import_original(const json_t *root, struct report *report,
                                                         struct cfg *cfg);

#endif
