#include "tests/simt/bed_math.h"

#include "kernels/cpu/math.h"

f32 bed_exp2_below(f32 x)
{
    return vf_exp2_below(vf_splat(x))[0];
}

f32 bed_exp(f32 x)
{
    return vf_exp(vf_splat(x))[0];
}

f32 bed_softplus(f32 x)
{
    return vf_softplus(vf_splat(x))[0];
}

f32 bed_silu(f32 x)
{
    return vf_silu(vf_splat(x))[0];
}
