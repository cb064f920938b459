/* From a config and a checkpoint (or a seed) to a weight file: what the command `pack` does. */
#ifndef TOOLS_PACK_PACK_RUN_H
#define TOOLS_PACK_PACK_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/pack/image.h"

struct pack_request {
    const char *config;     /* path of the INI file */
    const char *checkpoint; /* directory; NULL: random weights */
    enum backend backend;   /* whose binary will read it */
    uint64_t seed;          /* of random weights */
    bool no_tokenizer;      /* leave it out; else the checkpoint must hold one */
    const char *output;     /* path of the weight file */
};

/* Packs, and prints one line of sizes, speed and digests, or the errors, to `err`. Returns an exit
 * code of runtime/base/die.h. All that is wrong with the checkpoint is reported before anything is
 * written. Catches SIGINT from now on. */
int pack_run(const struct pack_request *request, FILE *err);

#endif
