/* What happens to a finished sum before it is stored: enum epilogue of kernels/shapes.h. softplus
 * is a pass of its own behind all sums of a row, gelu part of the store. */
#ifndef KERNELS_CPU_LINEAR_EPILOGUE_H
#define KERNELS_CPU_LINEAR_EPILOGUE_H

#include <stddef.h>

#include "kernels/cpu/math.h"
#include "kernels/shapes.h"

/* Stores the sums of the VF_LANES rows from `lane`. */
KERNEL_INLINE void epilogue_store(enum epilogue E, f32 *y, const f32 *bias, size_t lane, vf sum)
{
    if (E == EPILOGUE_BIAS || E == EPILOGUE_ADD_BIAS || E == EPILOGUE_SOFTPLUS ||
        E == EPILOGUE_GELU)
        sum = sum + vf_load(bias + lane);
    if (E == EPILOGUE_ADD || E == EPILOGUE_ADD_BIAS)
        sum = vf_load(y + lane) + sum;
    if (E == EPILOGUE_GELU)
        sum = vf_gelu_new(sum);
    vf_store(y + lane, sum);
}

/* y = softplus(y) for lines first .. last-1 of one row of M elements; its pads become 0 again. */
KERNEL_INLINE void epilogue_softplus(u32 M, f32 *y, u32 first, u32 last)
{
    for (size_t lane = (size_t)first * LINE_F32; lane < (size_t)last * LINE_F32; lane += VF_LANES)
        vf_store(y + lane, vf_softplus(vf_load(y + lane)));
    for (size_t lane = M; lane < (size_t)last * LINE_F32; lane++)
        y[lane] = 0.0f;
}

#endif
