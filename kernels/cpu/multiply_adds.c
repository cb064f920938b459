#include "kernels/cpu/multiply_adds.h"

#include "kernels/cpu/simd.h"
#include "kernels/cpu/team.h"

/* Enough independent sums to hide the latency of an fma, few enough for 16 registers. */
enum { SUMS = 12 };

const u32 multiply_adds_step = SUMS * VF_LANES;

u32 multiply_adds(const run *r, u32 steps)
{
    vf sum[SUMS];
    const vf factor = vf_splat(0.5f), term = vf_splat(1.0f);
    for (u32 i = 0; i < SUMS; i++)
        sum[i] = vf_splat((f32)i);
    for (u32 step = 0; step < steps; step++) {
        UNROLL
        for (u32 i = 0; i < SUMS; i++)
            sum[i] = vf_fma(sum[i], factor, term);
    }
    u32 total = 0;
    for (u32 i = 0; i < SUMS; i++)
        total += (u32)sum[i][0];
    team_barrier(r);
    return total;
}
