/* Binds the tensors of a checkpoint to the weights of its layout. Used by checkpoint.c alone. */
#ifndef TOOLS_PACK_CHECKPOINT_BIND_H
#define TOOLS_PACK_CHECKPOINT_BIND_H

#include "tools/pack/checkpoint.h"

/* Fills c->bound. False: missing, surplus, misshapen or mistyped tensors, all of them reported. */
bool checkpoint_bind(struct checkpoint *c, struct diagnostics *diagnostics);

#endif
