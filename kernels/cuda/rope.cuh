/* Rotary positions: kernels/cpu/rope.h for one angle at a time.
 *
 *   Means    the functions of the same names there, operation by operation: the same constants in
 *            the same order, so GPU, interpreter and CPU give the same bits
 *   Error    as there (tests/kernels/cuda/rope_kernels_test.cc compares the bits with those of
 *            kernels/cpu/rope.h) */
#ifndef KERNELS_CUDA_ROPE_CUH
#define KERNELS_CUDA_ROPE_CUH

#include "kernels/cuda/device.h"

/* The last position up to which f32 holds every one. */
#define ROPE_COUNTED ((uint64_t)1 << 24)

/* The frequencies of a model, as the generator computed them: a line of kernels.cu. */
#define ROPE_TABLE(name, COUNT, ...) DEVICE_TABLE f32 name[COUNT] = {__VA_ARGS__};

/* cos and sin of one angle >= 0. */
DEVICE void rope_angle(double x, f32 *cosine, f32 *sine)
{
    const double to_integer = 0x1.8p52;
    const double n = (x * 0x1.45f306dc9c883p-1 + to_integer) - to_integer; /* of quarter turns */
    double r = d_fma(-n, 0x1.921fb54442d18p+0, x);
    r = d_fma(-n, 0x1.1a62633145c07p-54, r);
    const double z = r * r;
    double s = 1.0 / 6227020800.0, c = 1.0 / 479001600.0;
    s = s * z - 1.0 / 39916800.0, c = c * z - 1.0 / 3628800.0;
    s = s * z + 1.0 / 362880.0, c = c * z + 1.0 / 40320.0;
    s = s * z - 1.0 / 5040.0, c = c * z - 1.0 / 720.0;
    s = s * z + 1.0 / 120.0, c = c * z + 1.0 / 24.0;
    s = s * z - 1.0 / 6.0, c = c * z - 0.5;
    s = r + r * z * s, c = 1.0 + z * c;
    const uint64_t quarter = (uint64_t)n & 3;
    const double turned_cosine = quarter & 1 ? s : c, turned_sine = quarter & 1 ? c : s;
    *cosine = (f32)(quarter == 1 || quarter == 2 ? -turned_cosine : turned_cosine);
    *sine = (f32)(quarter >= 2 ? -turned_sine : turned_sine);
}

/* Those of a position. */
DEVICE void rope_at(f32 frequency, uint64_t position, f32 *cosine, f32 *sine)
{
    rope_angle(position <= ROPE_COUNTED ? (double)((f32)position * frequency)
                                        : (double)position * (double)frequency,
               cosine, sine);
}

/* A turned point: its first element, and its second. */
DEVICE f32 rope_first(f32 a, f32 b, f32 cosine, f32 sine)
{
    return a * cosine - b * sine;
}

DEVICE f32 rope_second(f32 a, f32 b, f32 cosine, f32 sine)
{
    return b * cosine + a * sine;
}

#endif
