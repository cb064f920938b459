/* Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw ("Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011). The output is a pure function of key and counter, so a
 * draw depends on the seed and the position only, never on what was drawn before. */
#ifndef RUNTIME_BASE_PHILOX_H
#define RUNTIME_BASE_PHILOX_H

#include <stdint.h>

/* Ten rounds over the four words of `counter`; the result replaces the counter. */
static inline void philox(uint32_t counter[4], uint32_t key_low, uint32_t key_high)
{
    for (int round = 0; round < 10; round++) {
        uint64_t even = (uint64_t)0xD2511F53u * counter[0];
        uint64_t odd = (uint64_t)0xCD9E8D57u * counter[2];
        uint32_t first = (uint32_t)(odd >> 32) ^ counter[1] ^ key_low;
        uint32_t third = (uint32_t)(even >> 32) ^ counter[3] ^ key_high;
        counter[0] = first;
        counter[1] = (uint32_t)odd;
        counter[2] = third;
        counter[3] = (uint32_t)even;
        key_low += 0x9E3779B9u;
        key_high += 0xBB67AE85u;
    }
}

/* A number in [0, 1) with 53 random bits, for this seed and position. */
static inline double philox_uniform(uint64_t seed, uint64_t position)
{
    uint32_t words[4] = {(uint32_t)position, (uint32_t)(position >> 32), 0, 0};
    philox(words, (uint32_t)seed, (uint32_t)(seed >> 32));
    uint64_t bits = ((uint64_t)words[1] << 32 | words[0]) >> 11;
    return (double)bits * 0x1p-53;
}

#endif
