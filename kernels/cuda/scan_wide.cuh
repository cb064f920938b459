/* The scan of channels with more states than threads can hold in registers (scan.cuh): a slow way
 * without a limit of its own, as no published model goes it.
 *
 *   Means    kernels/cpu/scan.h, which is the definition
 *   Grid     a block of 256 threads per line of 16 channels. Thread t has channel t % 16 and the
 *            states t / 16, t / 16 + 16, .. of it, in shared memory while the tokens go by one
 *            after another
 *   Moves    the state once in and once out; x, z, dt, B and C once per block; the rates once per
 *            token, from L1 or L2
 *   Order    states as on the CPU, with the same bits; of y, a thread sums its states ascending
 *            from 0, then t and t ^ 16, then warps from 0 upwards; fma(x, D, y); * silu(z)
 *   Error    that of kernels/cpu/scan.h (tests/kernels/cuda/prefill_scan_test.cc) */
#ifndef KERNELS_CUDA_SCAN_WIDE_CUH
#define KERNELS_CUDA_SCAN_WIDE_CUH

#include "kernels/cuda/math.cuh"
#include "kernels/cuda/op.cuh"

enum {
    SCAN_WIDE_THREADS = 256,
    SCAN_WIDE_WARPS = SCAN_WIDE_THREADS / WARP,
    SCAN_WIDE_LANES = SCAN_WIDE_THREADS / LINE_F32, /* threads of a channel */
};

struct scan_params {
    const struct step *step;
    f32 *xz;        /* [rows][xz_stride] */
    f32 *state;     /* [PAD(I)/16][N][16] */
    const f32 *dt;  /* [rows][PAD(I)] */
    const f32 *xdb; /* [rows][xdb_stride] */
    const f32 *A;   /* [PAD(I)/16][N][16] */
    const f32 *D;   /* [PAD(I)] */
    f32 *work; /* ends [pieces most][PAD(I)/16][N][16], then sums of dt [pieces most][PAD(I)] */
};

struct scan_wide_shared {
    f32 y[SCAN_WIDE_WARPS][LINE_F32];
    f32 state[]; /* [N][16] */
};
HOST_DEVICE constexpr u32 scan_wide_shared_bytes(u32 N)
{
    return (u32)sizeof(struct scan_wide_shared) + N * LINE_F32 * 4;
}

/* This thread's states of its channel one token later, each read when it is its turn, where `lanes`
 * threads have a channel; returns its part of the sum over n. */
DEVICE f32 scan_wide_advance(u32 N, u32 lanes, f32 dt, f32 x, const f32 *A, const f32 *B,
                             f32 *state)
{
    const u32 c = thread_index() % LINE_F32;
    const f32 u = dt * x;
    f32 y = 0.0f;
    for (u32 n = thread_index() / LINE_F32; n < N; n += lanes) {
        const u32 at = n * LINE_F32 + c;
        const f32 now = k_fma(k_exp2_below(A[at] * LOG2_E * dt), state[at], u * B[n]);
        state[at] = now;
        y = k_fma(now, B[N + n], y);
    }
    return y;
}

DEVICE void scan_wide(const struct scan_shape &s, const struct scan_params *p)
{
    const u32 S = LINE_PAD(s.I), N = s.N;
    struct scan_wide_shared *const shared = (struct scan_wide_shared *)shared_memory();
    const u32 thread = thread_index(), c = thread % LINE_F32,
              channel = block_index() * LINE_F32 + c;
    const size_t states = (size_t)block_index() * N * LINE_F32;
    pdl_trigger();
    const f32 skip = p->D[channel];
    pdl_wait();
    for (u32 i = thread; i < N * LINE_F32; i += SCAN_WIDE_THREADS)
        shared->state[i] = p->state[states + i]; /* i % 16 == c: its own states */
    const u32 rows = count_rows(s.count, p->step);
    for (size_t t = 0; t < rows; t++) {
        f32 *const row = p->xz + t * s.xz_stride + channel;
        const f32 x = row[0], z = row[S], *const B = p->xdb + t * s.xdb_stride + s.R;
        f32 y = scan_wide_advance(N, SCAN_WIDE_LANES, p->dt[t * S + channel], x, p->A + states, B,
                                  shared->state);
        y = y + warp_xor(y, LINE_F32);
        if (warp_lane() < LINE_F32)
            shared->y[warp_index()][c] = y;
        block_barrier(); /* y: written by each warp, read by the first 16 threads; x, read by all */
        if (thread < LINE_F32) {
            y = shared->y[0][c];
            UNROLL
            for (u32 warp = 1; warp < SCAN_WIDE_WARPS; warp++)
                y = y + shared->y[warp][c];
            row[0] = k_fma(x, skip, y) * k_silu(z);
        }
        block_barrier(); /* y: read by the first 16 threads before it is overwritten */
    }
    for (u32 i = thread; i < N * LINE_F32; i += SCAN_WIDE_THREADS)
        p->state[states + i] = shared->state[i];
}

#endif
