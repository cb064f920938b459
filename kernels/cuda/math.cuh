/* exp, softplus, silu and gelu_new: kernels/cpu/math.h for one number at a time.
 *
 *   Means    the functions of the same names there, operation by operation: the same constants in
 *            the same order, so GPU, interpreter and CPU give the same bits
 *   Error    as there: exp and exp2 1.5 ulp, softplus and silu 3 ulp, gelu_new 5 + 8 |u| ulp with u
 *            the argument of its tanh; NaN stays NaN
 *            (tests/simt/decode_math_test.cc compares the bits with those of kernels/cpu/math.h) */
#ifndef KERNELS_CUDA_MATH_CUH
#define KERNELS_CUDA_MATH_CUH

#include "kernels/cuda/device.h"

#define LOG2_E    0x1.715476p+0f
#define EXP2_BIAS (0x1.8p23f + 126.0f)

/* 2^n 2^r, where `shifted` = EXP2_BIAS + n and |r| <= 1/2; -125 <= n <= 128. */
DEVICE f32 k_exp2_parts(f32 shifted, f32 r)
{
    f32 p = 0x1.470c28p-12f;
    p = k_fma(p, r, 0x1.5f72ep-9f);
    p = k_fma(p, r, 0x1.3b270cp-6f);
    p = k_fma(p, r, 0x1.c6ae72p-4f);
    p = k_fma(p, r, 0x1.ebfbe2p-2f);
    p = k_fma(p, r, 0x1.62e432p+0f);
    p = k_fma(p, r, 2.0f);
    return p * as_f32(as_u32(shifted) << 23);
}

/* 2^x for x <= 128; exactly 0 below -125.5. */
DEVICE f32 k_exp2_below(f32 x)
{
    const f32 shifted = x + EXP2_BIAS;
    const f32 r = x - (shifted - EXP2_BIAS);
    const f32 power = k_exp2_parts(shifted, r);
    return x < -125.5f ? 0.0f : power;
}

/* exp(x) for x <= 89; exactly 0 below -86.98. log2(e) is a sum of two f32. */
DEVICE f32 k_exp_below(f32 x)
{
    const f32 shifted = k_fma(x, LOG2_E, EXP2_BIAS);
    f32 r = k_fma(x, LOG2_E, EXP2_BIAS - shifted);
    r = k_fma(x, 0x1.4ae0cp-26f, r);
    const f32 power = k_exp2_parts(shifted, r);
    return x < -86.98f ? 0.0f : power;
}

/* exp(x) for any x; infinite above 88.7229. */
DEVICE f32 k_exp(f32 x)
{
    return k_exp_below(x > 89.0f ? 89.0f : x);
}

/* log(1 + exp(x)) = max(x, 0) + log1p(u), u = exp(-|x|); log1p(u) = 2 atanh(u / (2 + u)). */
DEVICE f32 k_softplus(f32 x)
{
    const f32 u = k_exp_below(x < 0.0f ? x : 0.0f - x);
    const f32 s = k_div(u, u + 2.0f);
    const f32 z = s * s;
    f32 q = 0x1.1ed7bep-2f;
    q = k_fma(q, z, 0x1.1ebd0ep-2f);
    q = k_fma(q, z, 0x1.99d208p-2f);
    q = k_fma(q, z, 0x1.555502p-1f);
    const f32 log1p_u = k_fma(q * z, s, s + s);
    return (x < 0.0f ? 0.0f : x) + log1p_u;
}

/* x / (1 + exp(-x)) */
DEVICE f32 k_silu(f32 x)
{
    return k_div(x, 1.0f + k_exp(0.0f - x));
}

/* x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3) */
DEVICE f32 k_gelu_new(f32 x)
{
    const f32 twice = x * k_fma(x * x, 0x1.2444f2p-4f, 0x1.988454p+0f);
    return k_div(x, 1.0f + k_exp(0.0f - twice));
}

#endif
