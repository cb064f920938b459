/* The names of kernels/cuda/device.h on the host: each CUDA thread is a fiber of simt.h.
 *
 * Included by device.h as its DEVICE_HEADER, never directly. What has to look at other threads, or
 * at the rules, is a call into the interpreter; arithmetic is done here. */
#ifndef TESTS_SIMT_SIMT_DEVICE_H
#define TESTS_SIMT_SIMT_DEVICE_H

#include <string.h>

#include "tests/simt/simt.h"

#define DEVICE       static inline __attribute__((always_inline, unused))
#define HOST_DEVICE  static inline
#define DEVICE_TABLE static const
#define UNROLL       _Pragma("GCC unroll 64")

/* The kernel is a host function, its address the handle; simt_launch() finds it by that. */
#define KERNEL_FEW_BLOCKS KERNEL
#define KERNEL(kernel, params, threads)                                                            \
    extern "C" void kernel(const params p);                                                        \
    static void kernel##_thunk(const void *of)                                                     \
    {                                                                                              \
        kernel(*(const params *)of);                                                               \
    }                                                                                              \
    static struct simt_kernel kernel##_entry = {                                                   \
        (const void *)kernel, #kernel, sizeof(params), threads, kernel##_thunk, NULL};             \
    __attribute__((constructor)) static void kernel##_register(void)                               \
    {                                                                                              \
        simt_register(&kernel##_entry);                                                            \
    }                                                                                              \
    extern "C" void kernel(const params p)

DEVICE u32 thread_index()
{
    return simt_thread_index();
}

DEVICE u32 block_index()
{
    return simt_block_index();
}

DEVICE u32 block_threads()
{
    return simt_block_threads();
}

DEVICE u32 grid_blocks()
{
    return simt_grid_blocks();
}

DEVICE u32 warp_lane()
{
    return simt_thread_index() % WARP;
}

DEVICE u32 warp_index()
{
    return simt_thread_index() / WARP;
}

DEVICE void *shared_memory()
{
    return simt_shared_memory();
}

DEVICE void block_barrier()
{
    simt_block_barrier();
}

DEVICE void warp_barrier()
{
    simt_warp_barrier();
}

DEVICE f32 as_f32(u32 bits)
{
    f32 value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

DEVICE u32 as_u32(f32 value)
{
    u32 bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

DEVICE f32 warp_xor(f32 value, u32 mask)
{
    return as_f32((u32)simt_warp_xor(as_u32(value), mask));
}

DEVICE u32 warp_xor_u32(u32 value, u32 mask)
{
    return (u32)simt_warp_xor(value, mask);
}

DEVICE uint64_t warp_xor_u64(uint64_t value, u32 mask)
{
    return simt_warp_xor(value, mask);
}

DEVICE struct vec16 load_weights16(const void *weights)
{
    struct vec16 v;
    simt_load16(v.word, weights, SIMT_LOAD_WEIGHTS);
    return v;
}

DEVICE struct vec16 load16(const void *from)
{
    struct vec16 v;
    simt_load16(v.word, from, SIMT_LOAD_ANY);
    return v;
}

DEVICE void store16(void *to, struct vec16 v)
{
    simt_store16(to, v.word);
}

DEVICE void copy_async16(void *shared, const void *global)
{
    simt_copy_async16(shared, global);
}

DEVICE void copy_async_commit()
{
    simt_copy_async_commit();
}

DEVICE void copy_async_wait(u32 pending)
{
    simt_copy_async_wait(pending);
}

DEVICE void pdl_wait()
{
    simt_pdl_wait();
}

DEVICE void pdl_trigger()
{
    simt_pdl_trigger();
}

DEVICE void loop_continue(cudaGraphConditionalHandle handle, u32 value)
{
    simt_loop_continue(handle, value);
}

DEVICE void store_release_system(u32 *word, u32 value)
{
    simt_store_release(word, value);
}

DEVICE uint64_t load_host(const uint64_t *word)
{
    return simt_load_host(word, false);
}

DEVICE uint64_t load_host_acquire(const uint64_t *word)
{
    return simt_load_host(word, true);
}

DEVICE u32 atomic_add_u32(u32 *word, u32 add)
{
    return simt_atomic_add(word, add);
}

DEVICE u32 load_acquire_u32(const u32 *word)
{
    return simt_load_acquire(word);
}

DEVICE uint64_t global_time_ns()
{
    return simt_time_ns();
}

DEVICE f32 k_fma(f32 a, f32 b, f32 c)
{
    return __builtin_fmaf(a, b, c);
}

DEVICE double d_fma(double a, double b, double c)
{
    return __builtin_fma(a, b, c);
}

DEVICE f32 k_div(f32 a, f32 b)
{
    return a / b;
}

DEVICE f32 k_sqrt(f32 a)
{
    return __builtin_sqrtf(a);
}

/* Shifting the exponent and one exact product widen every finite value, subnormal or not. */
DEVICE f32 widen_f16(u32 bits16)
{
    const u32 sign = (bits16 & 0x8000u) << 16, rest = bits16 & 0x7fffu;
    if (rest >= 0x7c00u)
        return as_f32(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
    return as_f32(sign | as_u32(as_f32(rest << 13) * as_f32(0x77800000u))); /* 2^112 */
}

DEVICE u32 narrow_f16(f32 value)
{
    const u32 sign = as_u32(value) >> 16 & 0x8000u, bits = as_u32(value) & 0x7fffffffu;
    if (bits > 0x7f800000u)
        return 0x7fffu;
    if (bits >= 0x477ff000u) /* 65520: rounds to infinity */
        return sign | 0x7c00u;
    if (bits < 0x38800000u) /* below 2^-14: adding 1/2 rounds to the step 2^-24 of subnormals */
        return sign | (as_u32(as_f32(bits) + 0.5f) - 0x3f000000u);
    return sign | (bits - 0x38000000u + 0xfffu + (bits >> 13 & 1u)) >> 13;
}

DEVICE u32 narrow_bf16(f32 value)
{
    const u32 bits = as_u32(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return 0x7fffu;
    return (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}

DEVICE void mma_bf16(f32 *c, const u32 *a, const u32 *b)
{
    f32 wide_a[8], wide_b[4];
    for (u32 i = 0; i < 8; i++)
        wide_a[i] = as_f32(i % 2 ? a[i / 2] & 0xffff0000u : a[i / 2] << 16);
    for (u32 i = 0; i < 4; i++)
        wide_b[i] = as_f32(i % 2 ? b[i / 2] & 0xffff0000u : b[i / 2] << 16);
    simt_warp_mma(c, wide_a, wide_b);
}

DEVICE void mma_f16(f32 *c, const u32 *a, const u32 *b)
{
    f32 wide_a[8], wide_b[4];
    for (u32 i = 0; i < 8; i++)
        wide_a[i] = widen_f16(i % 2 ? a[i / 2] >> 16 : a[i / 2] & 0xffffu);
    for (u32 i = 0; i < 4; i++)
        wide_b[i] = widen_f16(i % 2 ? b[i / 2] >> 16 : b[i / 2] & 0xffffu);
    simt_warp_mma(c, wide_a, wide_b);
}

#endif
