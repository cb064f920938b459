#include "kernels/cpu/bandwidth.h"

#include "kernels/cpu/linear_gemv.h"

/* Independent sums, so that no load waits for an addition. */
enum { STREAMS = 8, BLOCK_BYTES = STREAMS * VF_BYTES };

u32 bandwidth_read(const run *r, const void *buffer, uint64_t bytes)
{
    const uint64_t lines = bytes / LINE_BYTES;
    const uint64_t first = lines * r->rank / r->threads, last = lines * (r->rank + 1) / r->threads;
    const char *at = (const char *)buffer + first * LINE_BYTES;
    const char *const end = (const char *)buffer + last * LINE_BYTES;
    vu sum[STREAMS] = {{0}};
    for (; at + BLOCK_BYTES <= end; at += BLOCK_BYTES) {
        prefetch_lines(at + PREFETCH_BYTES, BLOCK_BYTES);
        UNROLL
        for (size_t i = 0; i < STREAMS; i++)
            sum[i] += *(const vu *)(const void *)(at + i * VF_BYTES);
    }
    for (; at < end; at += VF_BYTES)
        sum[0] += *(const vu *)(const void *)at;
    u32 total = 0;
    for (u32 i = 0; i < STREAMS; i++)
        for (u32 lane = 0; lane < VF_LANES; lane++)
            total += sum[i][lane];
    team_barrier(r);
    return total;
}
