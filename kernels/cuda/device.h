/* All that a kernel may use of the machine: the only file with intrinsics, PTX and thread indices.
 *
 * nvcc makes device code of it. A host compiler takes the same names from the header that its
 * -DDEVICE_HEADER names, as the interpreter of the tests does, where every CUDA thread is a fiber
 * and what is promised here is checked. Kernels and device functions are written against these
 * names alone:
 *
 *   KERNEL(name, struct params, threads) { ... p.member ... }
 *       a kernel of one parameter `p`; `threads` is the most threads of its blocks
 *   KERNEL_FEW_BLOCKS(name, struct params, threads) { ... }
 *       the same in a grid of hardly more blocks than there are multiprocessors: ptxas need not
 *       spare registers, or spill them, for other blocks beside
 *   DEVICE            before a function that kernels call
 *   HOST_DEVICE       before a constexpr function that the host calls as well
 *   DEVICE_TABLE      before an array of constants that kernels read
 *   shared memory     only what shared_memory() gives, overlaid with one struct
 *   floats            + - * are rounded one by one (--fmad=false); a fused multiply-add is k_fma
 *   masks             full: whoever shuffles or meets at a barrier, all of the warp or block do */
#ifndef KERNELS_CUDA_DEVICE_H
#define KERNELS_CUDA_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include <cuda_runtime.h>

#include "runtime/base/run.h"

static constexpr u32 WARP = 32;

/* 16 bytes: the widest single access of a thread. */
struct alignas(16) vec16 {
    u32 word[4];
};

#ifdef DEVICE_HEADER
#include DEVICE_HEADER
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#define DEVICE       static __device__ __forceinline__
#define HOST_DEVICE  static __host__ __device__
#define DEVICE_TABLE static __device__ const
#define UNROLL       _Pragma("unroll")
#define KERNEL(kernel, params, threads)                                                            \
    extern "C" __global__ void __launch_bounds__(threads) kernel(const __grid_constant__ params p)
#define KERNEL_FEW_BLOCKS(kernel, params, threads)                                                 \
    extern "C" __global__ void __launch_bounds__(threads, 1)                                       \
        kernel(const __grid_constant__ params p)

/* ---- where this thread is ------------------------------------------------------------------- */
DEVICE u32 thread_index()
{
    return threadIdx.x;
}

DEVICE u32 block_index()
{
    return blockIdx.x;
}

DEVICE u32 block_threads()
{
    return blockDim.x;
}

DEVICE u32 grid_blocks()
{
    return gridDim.x;
}

/* Place of this thread in its warp, 0 .. 31, and of the warp in its block. */
DEVICE u32 warp_lane()
{
    return threadIdx.x % WARP;
}

DEVICE u32 warp_index()
{
    return threadIdx.x / WARP;
}

/* ---- what threads of one block share -------------------------------------------------------- */
/* The dynamic shared memory of the block, as many bytes as the launch asked for, 128-byte aligned.
 * Nothing is in it when a block starts. */
DEVICE void *shared_memory()
{
    extern __shared__ __align__(128) unsigned char shared_memory_of_block[];
    return shared_memory_of_block;
}

/* Every thread of the block comes here before any goes on; orders their accesses of all memory. */
DEVICE void block_barrier()
{
    __syncthreads();
}

/* The same for the 32 threads of a warp. */
DEVICE void warp_barrier()
{
    __syncwarp();
}

/* The value of lane `warp_lane() ^ mask`, mask < 32 and the same in all lanes. Orders no memory. */
DEVICE f32 warp_xor(f32 value, u32 mask)
{
    return __shfl_xor_sync(0xffffffffu, value, (int)mask);
}

DEVICE u32 warp_xor_u32(u32 value, u32 mask)
{
    return __shfl_xor_sync(0xffffffffu, value, (int)mask);
}

DEVICE uint64_t warp_xor_u64(uint64_t value, u32 mask)
{
    return __shfl_xor_sync(0xffffffffu, (unsigned long long)value, (int)mask);
}

/* ---- memory --------------------------------------------------------------------------------- */
/* 16 bytes of weights, 16-byte aligned: read once, past L1, never written while a kernel runs. The
 * only read that may stand before pdl_wait(). Stays on its side of pdl_wait() and of barriers: that
 * is why it is no ld.global.nc, which ptxas 13.0 moves down to the first use of what was loaded,
 * and with it goes all that was to be under way meanwhile. */
DEVICE struct vec16 load_weights16(const void *weights)
{
    struct vec16 v;
    asm volatile("ld.global.L1::no_allocate.L2::128B.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.word[0]), "=r"(v.word[1]), "=r"(v.word[2]), "=r"(v.word[3])
                 : "l"(__cvta_generic_to_global(weights)));
    return v;
}

/* 16 bytes of any other memory, global or shared, 16-byte aligned. */
DEVICE struct vec16 load16(const void *from)
{
    const uint4 v = *(const uint4 *)from;
    return {{v.x, v.y, v.z, v.w}};
}

DEVICE void store16(void *to, struct vec16 v)
{
    *(uint4 *)to = make_uint4(v.word[0], v.word[1], v.word[2], v.word[3]);
}

/* Begins to copy 16 bytes, both ends 16-byte aligned. Neither end may be touched otherwise until
 * this thread has waited for the group; other threads see the copy after a barrier that follows. */
DEVICE void copy_async16(void *shared, const void *global)
{
    asm volatile(
        "cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((u32)__cvta_generic_to_shared(shared)),
        "l"(__cvta_generic_to_global(global))
        : "memory");
}

/* Closes a group of the copies that this thread began since the last one; it may be empty. */
DEVICE void copy_async_commit()
{
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/* Waits until at most `pending` of this thread's newest groups are on their way; a constant 0 .. 7.
 */
DEVICE void copy_async_wait(u32 pending)
{
#define WAIT_CASE(n)                                                                               \
    case n:                                                                                        \
        asm volatile("cp.async.wait_group " #n ";" ::: "memory");                                  \
        break
    switch (pending) {
        WAIT_CASE(7);
        WAIT_CASE(6);
        WAIT_CASE(5);
        WAIT_CASE(4);
        WAIT_CASE(3);
        WAIT_CASE(2);
        WAIT_CASE(1);
    default:
        asm volatile("cp.async.wait_group 0;" ::: "memory");
    }
#undef WAIT_CASE
}

/* ---- one kernel after another --------------------------------------------------------------- */
/* Waits until the kernels launched earlier are complete and what they wrote is visible. Before it
 * a thread reads weights, and what load_host() reads, and nothing else; and writes shared memory
 * and nothing else. */
DEVICE void pdl_wait()
{
    asm volatile("griddepcontrol.wait;" ::: "memory");
}

/* The next kernel may start, as far as this block is concerned. Promises it nothing about memory.
 */
DEVICE void pdl_trigger()
{
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
}

/* Whether the conditional node of `handle` runs (again). */
DEVICE void loop_continue(cudaGraphConditionalHandle handle, u32 value)
{
    cudaGraphSetConditional(handle, value);
}

/* A word that the host looks at while kernels run, after everything written before it. */
DEVICE void store_release_system(u32 *word, u32 value)
{
    asm volatile("st.release.sys.u32 [%0], %1;" ::"l"(word), "r"(value) : "memory");
}

/* A word that the host alone writes, so that it may be read before pdl_wait(). It comes over the
 * bus, which takes a microsecond or more, and is waited for where it is used. Orders nothing. */
DEVICE uint64_t load_host(const uint64_t *word)
{
    uint64_t value;
    asm volatile("ld.relaxed.sys.u64 %0, [%1];" : "=l"(value) : "l"(word) : "memory");
    return value;
}

/* The same with everything that the host did before it wrote the word; waited for at once. */
DEVICE uint64_t load_host_acquire(const uint64_t *word)
{
    uint64_t value;
    asm volatile("ld.acquire.sys.u64 %0, [%1];" : "=l"(value) : "l"(word) : "memory");
    return value;
}

/* Words at which blocks of one grid meet, all of them resident at the same time. What a block did
 * before it adds is visible to whoever reads the sum; returns the value before. */
DEVICE u32 atomic_add_u32(u32 *word, u32 add)
{
    u32 before;
    asm volatile("atom.add.acq_rel.gpu.u32 %0, [%1], %2;"
                 : "=r"(before)
                 : "l"(word), "r"(add)
                 : "memory");
    return before;
}

DEVICE u32 load_acquire_u32(const u32 *word)
{
    u32 value;
    asm volatile("ld.acquire.gpu.u32 %0, [%1];" : "=r"(value) : "l"(word) : "memory");
    return value;
}

/* Nanoseconds of the device's clock; its steps may be as long as a microsecond. */
DEVICE uint64_t global_time_ns()
{
    uint64_t ns;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(ns));
    return ns;
}

/* ---- matrices ------------------------------------------------------------------------------- */
/* C[16][8] += A[16][16] B[16][8] by all lanes of a warp: products exact, sums in f32; in which
 * order the 16 products of an element are added, and how rounded, is the machine's affair. A lane
 * has, with g = lane / 4 and t = lane % 4, the lower half of a word first:
 *
 *   a[0] A[g][2t, 2t + 1]    a[1] A[g + 8][2t, 2t + 1]    a[2], a[3] the same, 8 columns on
 *   b[0] B[2t, 2t + 1][g]    b[1] B[2t + 8, 2t + 9][g]
 *   c[0], c[1] C[g][2t, 2t + 1]    c[2], c[3] C[g + 8][2t, 2t + 1] */
DEVICE void mma_bf16(f32 *c, const u32 *a, const u32 *b)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

DEVICE void mma_f16(f32 *c, const u32 *a, const u32 *b)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/* ---- numbers: every one correctly rounded, to nearest even ---------------------------------- */
DEVICE f32 k_fma(f32 a, f32 b, f32 c)
{
    return __fmaf_rn(a, b, c);
}

DEVICE double d_fma(double a, double b, double c)
{
    return __fma_rn(a, b, c);
}

DEVICE f32 k_div(f32 a, f32 b)
{
    return __fdiv_rn(a, b);
}

DEVICE f32 k_sqrt(f32 a)
{
    return __fsqrt_rn(a);
}

DEVICE f32 as_f32(u32 bits)
{
    return __uint_as_float(bits);
}

DEVICE u32 as_u32(f32 value)
{
    return __float_as_uint(value);
}

/* Exact; `bits16` below 2^16. */
DEVICE f32 widen_f16(u32 bits16)
{
    return __half2float(__ushort_as_half((unsigned short)bits16));
}

/* The nearest f16; beyond the largest: infinity; every NaN becomes 0x7fff. */
DEVICE u32 narrow_f16(f32 value)
{
    return __half_as_ushort(__float2half_rn(value));
}

DEVICE u32 narrow_bf16(f32 value)
{
    return __bfloat16_as_ushort(__float2bfloat16_rn(value));
}
#endif

/* ---- what is the same on both sides --------------------------------------------------------- */
/* 1/sqrt(a), both parts correctly rounded. */
DEVICE f32 k_rsqrt(f32 a)
{
    return k_div(1.0f, k_sqrt(a));
}

/* Exact: bf16 is the upper half of an f32; `bits16` below 2^16. */
DEVICE f32 widen_bf16(u32 bits16)
{
    return as_f32(bits16 << 16);
}

#endif
