#include "tests/kernels/cuda/cpu_math.h"

#include <math.h>

#include "kernels/cpu/math.h"

f32 cpu_exp2_below(f32 x)
{
    return vf_exp2_below(vf_splat(x))[0];
}

f32 cpu_exp(f32 x)
{
    return vf_exp(vf_splat(x))[0];
}

f32 cpu_softplus(f32 x)
{
    return vf_softplus(vf_splat(x))[0];
}

f32 cpu_silu(f32 x)
{
    return vf_silu(vf_splat(x))[0];
}

f32 cpu_gelu_new(f32 x)
{
    return vf_gelu_new(vf_splat(x))[0];
}

/* The argument of gelu_new's tanh. */
static double gelu_argument(double x)
{
    return sqrt(2 / acos(-1.0)) * (x + 0.044715 * x * x * x);
}

double cpu_gelu_exact(double x)
{
    return x / (1 + exp(-2 * gelu_argument(x)));
}

double cpu_gelu_bound(double x, double error)
{
    const double own = (5 + 8 * fabs(gelu_argument(x))) * 0x1p-23 * fabs(cpu_gelu_exact(x));
    return 1.13 * error + own + 0x1p-120;
}
