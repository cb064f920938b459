#define _GNU_SOURCE

#include "runtime/base/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/base/die.h"

void stack_require(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_BYTES)
        return;
    const rlim_t most = limit.rlim_max;
    limit.rlim_cur = STACK_BYTES; /* Linux asks for the limit whenever the stack grows */
    if (most >= STACK_BYTES && setrlimit(RLIMIT_STACK, &limit) == 0)
        return;
    fprintf(stderr,
            "%s: the stack of this process is limited to %llu bytes, and %d are needed; have the "
            "limit raised (ulimit -s %d)\n",
            program_invocation_short_name, (unsigned long long)most, STACK_BYTES,
            STACK_BYTES / 1024);
    exit(EXIT_MEMORY);
}
