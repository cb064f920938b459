/* runtime/base/philox.h for the device: the same numbers for the same seed and position. */
#ifndef RUNTIME_ENGINE_CUDA_PHILOX_CUH
#define RUNTIME_ENGINE_CUDA_PHILOX_CUH

#include "kernels/cuda/device.h"

/* Ten rounds of Philox4x32 over `counter`; the result replaces the counter. */
DEVICE void philox_rounds(u32 *counter, u32 key_low, u32 key_high)
{
    for (u32 round = 0; round < 10; round++) {
        const uint64_t even = (uint64_t)0xD2511F53u * counter[0];
        const uint64_t odd = (uint64_t)0xCD9E8D57u * counter[2];
        const u32 first = (u32)(odd >> 32) ^ counter[1] ^ key_low;
        const u32 third = (u32)(even >> 32) ^ counter[3] ^ key_high;
        counter[0] = first;
        counter[1] = (u32)odd;
        counter[2] = third;
        counter[3] = (u32)even;
        key_low += 0x9E3779B9u;
        key_high += 0xBB67AE85u;
    }
}

/* A number in [0, 1) with 53 random bits. */
DEVICE double philox_draw(uint64_t seed, uint64_t position)
{
    u32 words[4] = {(u32)position, (u32)(position >> 32), 0, 0};
    philox_rounds(words, (u32)seed, (u32)(seed >> 32));
    const uint64_t bits = ((uint64_t)words[1] << 32 | words[0]) >> 11;
    return (double)bits * 0x1p-53;
}

#endif
