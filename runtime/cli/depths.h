/* The depths of a sweep: --depths, --from, --to, --double. */
#ifndef RUNTIME_CLI_DEPTHS_H
#define RUNTIME_CLI_DEPTHS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/measure/sweep.h"

struct depths {
    uint64_t at[SWEEP_ROWS]; /* ascending */
    u32 count;
    uint64_t from, to;
    bool listed, spaced, doubled; /* by --depths; by the others; of these, --double */
};

/* Takes a struct depths, set by depths_defaults(). */
extern const struct argp depths_argp;
void depths_defaults(struct depths *depths);

/* After parsing: spreads what is not listed, and leaves out what the model's context does not hold,
 * with a note; `ahead` positions are needed behind each. Exits with EXIT_USAGE if one is below
 * `least`, and with EXIT_FAILED if the context holds none. */
void depths_require(struct depths *depths, u32 least, u32 ahead);

#endif
