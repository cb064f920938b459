/* The names under which a checkpoint may hold a weight, and those of tensors that are no weights.
 *
 * A weight is looked for under Hugging Face's name, the original one where that differs, the same
 * without what the outer model adds ("model.", "backbone.": a checkpoint of the inner model has
 * none), and, a tied embedding, as "lm_head.weight". transformers 5 loads all of these. */
#ifndef TOOLS_PACK_CHECKPOINT_NAMES_H
#define TOOLS_PACK_CHECKPOINT_NAMES_H

#include "tools/pack/checkpoint.h"

/* The tensor of that very name, or NULL. */
struct checkpoint_tensor *checkpoint_find(const struct checkpoint *c, const char *name);

/* The tensor of weight `index` under any of its names, or NULL. */
struct checkpoint_tensor *checkpoint_source(const struct checkpoint *c, uint32_t index);

/* True for a buffer that old versions of transformers stored although its values follow from the
 * config: frequencies of the rotation, positions, causal masks. */
bool checkpoint_computed(const struct safetensors_tensor *tensor);

/* To be asked when only `found` weights were found: if others are there under names that a wrapper
 * has changed ("module.", "_orig_mod."), or all of them behind some prefix, reports that in one
 * line and gives true. */
bool checkpoint_wrapped(const struct checkpoint *c, uint32_t found,
                        struct diagnostics *diagnostics);

#endif
