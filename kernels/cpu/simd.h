/* One vector type of the machine's native width, over the compiler's vector extensions.
 *
 * Everything numeric in kernels/cpu is written against `vf`. Lanes never mix: a lane is one output
 * element (or one channel), so the width decides how many are done at once and never what a lane
 * computes. That, and fused multiply-add only where it is written (-ffp-contract=off), makes
 * AVX2, AVX-512 and NEON builds give the same bits.
 *
 * Specific to an instruction set are only the width, fma and the widening of binary16. */
#ifndef KERNELS_CPU_SIMD_H
#define KERNELS_CPU_SIMD_H

#include "runtime/base/run.h"

#if defined(__AVX512F__)
#include <immintrin.h>
enum { VF_BYTES = 64 };
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>
enum { VF_BYTES = 32 };
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
enum { VF_BYTES = 16 };
#else
#error "kernels/cpu needs AVX2 with FMA and F16C (-march=x86-64-v3 or newer), or 64-bit ARM"
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the weight file and the packing of bf16 pairs are little-endian"
#endif

enum { VF_LANES = VF_BYTES / 4, LINE_VF = LINE_F32 / VF_LANES };

typedef f32 vf __attribute__((vector_size(VF_BYTES), may_alias));
typedef int32_t vi __attribute__((vector_size(VF_BYTES), may_alias));
typedef uint32_t vu __attribute__((vector_size(VF_BYTES), may_alias));

/* For bodies whose arguments are the constants of one kernel. Under AddressSanitizer, which
 * checks every access, a kernel in one piece takes the compiler minutes: there, and in a test
 * whose shapes are no constants, bodies stay functions, which compute the same. */
#if defined __SANITIZE_ADDRESS__ || defined KERNELS_STAY_FUNCTIONS
#define KERNEL_INLINE static __attribute__((noinline, unused))
#else
#define KERNEL_INLINE static inline __attribute__((always_inline))
#endif

/* Before a loop over an array of registers: unrolled whole, else the array would be in memory. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

/* `at` is aligned to VF_BYTES. */
KERNEL_INLINE vf vf_load(const f32 *at)
{
    return *(const vf *)at;
}

KERNEL_INLINE void vf_store(f32 *at, vf value)
{
    *(vf *)at = value;
}

KERNEL_INLINE vf vf_splat(f32 value)
{
    return value - (vf){0}; /* not +: -0 + 0 would lose the sign */
}

/* a * b + c, rounded once. */
KERNEL_INLINE vf vf_fma(vf a, vf b, vf c)
{
#if defined(__AVX512F__)
    return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#endif
}

/* VF_LANES binary16 to f32, exactly; `at` is aligned to VF_BYTES / 2. */
KERNEL_INLINE vf vf_load_f16(const void *at)
{
#if defined(__AVX512F__)
    return (vf)_mm512_cvtph_ps(_mm256_load_si256((const __m256i *)at));
#elif defined(__AVX2__)
    return (vf)_mm256_cvtph_ps(_mm_load_si128((const __m128i *)at));
#else
    return (vf)vcvt_f32_f16(vld1_f16((const float16_t *)at));
#endif
}

/* The other way, rounded to nearest even; too large becomes infinite. */
KERNEL_INLINE void vf_store_f16(void *at, vf value)
{
#if defined(__AVX512F__)
    _mm256_store_si256((__m256i *)at,
                       _mm512_maskz_cvtps_ph(0xffff, (__m512)value, _MM_FROUND_TO_NEAREST_INT));
#elif defined(__AVX2__)
    _mm_store_si128((__m128i *)at, _mm256_cvtps_ph((__m256)value, _MM_FROUND_TO_NEAREST_INT));
#else
    vst1_f16((float16_t *)at, vcvt_f16_f32((float32x4_t)value));
#endif
}

/* mask ? a : b, lane by lane; a mask is the result of a comparison. */
KERNEL_INLINE vf vf_select(vi mask, vf a, vf b)
{
    return (vf)((mask & (vi)a) | (~mask & (vi)b));
}

/* mask ? 0 : a */
KERNEL_INLINE vf vf_zero_where(vi mask, vf a)
{
    return (vf)(~mask & (vi)a);
}

#endif
