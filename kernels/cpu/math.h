/* exp, softplus, silu and gelu_new as polynomials of our own: the same bits from every instruction
 * set.
 *
 * Errors are in units of the last place of the exact result; tests/kernels/cpu/math_test.c measures
 * them against double precision. NaN stays NaN. */
#ifndef KERNELS_CPU_MATH_H
#define KERNELS_CPU_MATH_H

#include "kernels/cpu/simd.h"

#define LOG2_E    0x1.715476p+0f
#define EXP2_BIAS vf_splat(0x1.8p23f + 126.0f)

/* 2^n 2^r, where `shifted` = 1.5 * 2^23 + 126 + n came from adding a number to EXP2_BIAS, which
 * rounds it to the integer n, and |r| <= 1/2 is what the rounding left.
 *
 * 126 is the exponent bias of 2^(n-1), whose exponent field is then the low bits of the sum; the
 * polynomial is that of 2 * 2^r, so that n = 128 needs no special case. -125 <= n <= 128. */
KERNEL_INLINE vf vf_exp2_parts(vf shifted, vf r)
{
    vf p = vf_splat(0x1.470c28p-12f);
    p = vf_fma(p, r, vf_splat(0x1.5f72ep-9f));
    p = vf_fma(p, r, vf_splat(0x1.3b270cp-6f));
    p = vf_fma(p, r, vf_splat(0x1.c6ae72p-4f));
    p = vf_fma(p, r, vf_splat(0x1.ebfbe2p-2f));
    p = vf_fma(p, r, vf_splat(0x1.62e432p+0f));
    p = vf_fma(p, r, vf_splat(2.0f));
    return p * (vf)((vu)shifted << 23);
}

/* 2^x for x <= 128; exactly 0 below -125.5. Error <= 1.5 ulp. */
KERNEL_INLINE vf vf_exp2_below(vf x)
{
    vf shifted = x + EXP2_BIAS;
    vf r = x - (shifted - EXP2_BIAS);
    return vf_zero_where(x < vf_splat(-125.5f), vf_exp2_parts(shifted, r));
}

/* exp(x) for x <= 89; exactly 0 below -86.98 (results under 1.7e-38). Error <= 1.5 ulp.
 * log2(e) is a sum of two f32, so that the exponent x log2(e) is as good as exact. */
KERNEL_INLINE vf vf_exp_below(vf x)
{
    const vf log2e = vf_splat(LOG2_E), log2e_rest = vf_splat(0x1.4ae0cp-26f);
    vf shifted = vf_fma(x, log2e, EXP2_BIAS);
    vf r = vf_fma(x, log2e, EXP2_BIAS - shifted);
    r = vf_fma(x, log2e_rest, r);
    return vf_zero_where(x < vf_splat(-86.98f), vf_exp2_parts(shifted, r));
}

/* exp(x) for any x; infinite above 88.7229. Error <= 1.5 ulp. */
KERNEL_INLINE vf vf_exp(vf x)
{
    const vf most = vf_splat(89.0f);
    return vf_exp_below(vf_select(x > most, most, x));
}

/* log(1 + exp(x)). Error <= 3 ulp; 0 below -86.98, x above 20 (where the sum rounds to x).
 *
 * = max(x, 0) + log1p(u), u = exp(-|x|); log1p(u) = 2 atanh(s), s = u / (2 + u) <= 1/3. */
KERNEL_INLINE vf vf_softplus(vf x)
{
    const vf zero = {0};
    vi negative = x < zero;
    vf u = vf_exp_below(vf_select(negative, x, zero - x));
    vf s = u / (u + vf_splat(2.0f));
    vf z = s * s;
    vf q = vf_splat(0x1.1ed7bep-2f);
    q = vf_fma(q, z, vf_splat(0x1.1ebd0ep-2f));
    q = vf_fma(q, z, vf_splat(0x1.99d208p-2f));
    q = vf_fma(q, z, vf_splat(0x1.555502p-1f));
    vf log1p_u = vf_fma(q * z, s, s + s);
    return vf_zero_where(negative, x) + log1p_u;
}

/* x / (1 + exp(-x)). Error <= 3 ulp where the result is at least 2^-120 in size. */
KERNEL_INLINE vf vf_silu(vf x)
{
    const vf zero = {0};
    return x / (vf_splat(1.0f) + vf_exp(zero - x));
}

/* x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3): the same as x (1 + tanh u) / 2.
 * Error <= 5 + 8 |u| ulp where the result is at least 2^-120 in size. */
KERNEL_INLINE vf vf_gelu_new(vf x)
{
    const vf zero = {0};
    vf twice = x * vf_fma(x * x, vf_splat(0x1.2444f2p-4f), vf_splat(0x1.988454p+0f));
    return x / (vf_splat(1.0f) + vf_exp(zero - twice));
}

#endif
