/* What a folder holds that is no checkpoint, and what to do about it. */
#ifndef GEN_FRONT_FOLDER_H
#define GEN_FRONT_FOLDER_H

#include <stdbool.h>

#include "gen/front/diagnostics.h"

/* Whether DIRECTORY/NAME is there. */
bool folder_has(const char *directory, const char *name);

/* Reports what the directory holds instead of model.safetensors or its shards: files of another
 * form, with the command that converts them; an adapter; or nothing at all. */
void folder_explain(const char *directory, struct diagnostics *diagnostics);

/* If the directory holds an adapter (of PEFT), reports that alone and gives true. */
bool folder_is_adapter(const char *directory, struct diagnostics *diagnostics);

#endif
