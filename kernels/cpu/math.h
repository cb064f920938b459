/* exp, softplus and silu as polynomials of our own: the same bits from every instruction set.
 *
 * Errors are in units of the last place of the exact result; tests/math_test.c measures them
 * against double precision. NaN stays NaN. */
#ifndef KERNELS_CPU_MATH_H
#define KERNELS_CPU_MATH_H

#include "kernels/cpu/simd.h"

/* exp(x) for x <= 89; exactly 0 below -86.98 (results under 1.7e-38). Error <= 1.1 ulp.
 *
 * exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2. Adding 1.5 * 2^23 rounds to an
 * integer; the extra 126 is the exponent bias of 2^(n-1), whose bits are then the low bits of the
 * sum. Twice the polynomial of exp(r) makes up for the missing factor, so that n = 128 needs no
 * special case. */
KERNEL_INLINE vf vf_exp_below(vf x)
{
    const vf bias = vf_splat(0x1.8p23f + 126.0f);
    vf shifted = vf_fma(x, vf_splat(0x1.715476p+0f), bias);
    vf n = shifted - bias;
    vf r = vf_fma(n, vf_splat(-0x1.62e43p-1f), x);
    r = vf_fma(n, vf_splat(0x1.05c61p-29f), r);
    vf p = vf_splat(0x1.6a23dp-9f);
    p = vf_fma(p, r, vf_splat(0x1.123a2p-6f));
    p = vf_fma(p, r, vf_splat(0x1.5558f2p-4f));
    p = vf_fma(p, r, vf_splat(0x1.555492p-2f));
    p = vf_fma(p, r, vf_splat(0x1.fffffcp-1f));
    p = vf_fma(p, r, vf_splat(2.0f));
    p = vf_fma(p, r, vf_splat(2.0f));
    return vf_zero_where(x < vf_splat(-86.98f), p * (vf)((vu)shifted << 23));
}

/* exp(x) for any x; infinite above 88.7229. Error <= 1.1 ulp. */
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

#endif
