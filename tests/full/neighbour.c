/* A neighbour that loads the memory half of the time: reads 256 MB over and over for a while, and
 * sleeps as long, while for while of 0.1 to 1.5 seconds drawn at random, until it is ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/philox.h"

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(void)
{
    const size_t words = (size_t)1 << 25;
    uint64_t *memory = malloc(words * sizeof *memory), sum = 0;
    if (memory == NULL)
        return EXIT_FAILURE;
    memset(memory, 1, words * sizeof *memory);
    for (uint64_t turn = 0; getppid() != 1; turn++) {
        const double length = 0.1 + 1.4 * philox_uniform(3, turn), end = now() + length;
        while (now() < end)
            for (size_t i = 0; i < words; i += 8)
                sum += memory[i];
        usleep((useconds_t)(1e6 * length));
    }
    printf("%llu\n", (unsigned long long)sum);
    free(memory);
    return EXIT_SUCCESS;
}
