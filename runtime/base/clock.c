#include "runtime/base/clock.h"

#include <stddef.h>
#include <time.h>

const char clock_name[] = "CLOCK_MONOTONIC";

static uint64_t (*replaced)(void);

void clock_replace(uint64_t (*source)(void))
{
    replaced = source;
}

uint64_t clock_now(void)
{
    if (replaced != NULL)
        return replaced();
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double clock_since(uint64_t start)
{
    return 1e-9 * (double)(clock_now() - start);
}

uint64_t clock_resolution(void)
{
    uint64_t least = UINT64_MAX;
    for (int attempt = 0; attempt < 100; attempt++) {
        const uint64_t start = clock_now();
        uint64_t now = start;
        for (int wait = 0; now == start && wait < 1000000; wait++)
            now = clock_now();
        if (now > start && now - start < least)
            least = now - start;
    }
    return least;
}
