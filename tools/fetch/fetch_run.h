/* The whole of a fetch: what is missing, whether there is room for it, and getting it. */
#ifndef TOOLS_FETCH_FETCH_RUN_H
#define TOOLS_FETCH_FETCH_RUN_H

#include "tools/fetch/fetch_file.h"

struct fetch_request {
    const char *config;
    const char *directory; /* NULL: checkpoints/NAME */
    struct fetch_patience patience;
    uint32_t timeout; /* seconds */
};

/* Returns when the checkpoint is complete; exits with a message otherwise. */
void fetch_run(const struct fetch_request *request);

#endif
