/* dt_scan:  xz.x <- gated selective scan of xz.x with dt = softplus(W xdb.dt + bias), one token
 *
 *   Means    kernels/cpu/dt_scan.h, which is the definition
 *   Shapes   xz [1][XS] f32: x in columns 0 .. I-1, z from PAD(I); xdb [1][DS]: dt in columns 0 ..
 *            R-1, B in R .. R+N-1, C in R+N .. R+2N-1; W [PAD(I)][PAD(R)] row-major, bias, D
 *            [PAD(I)]; state, A [PAD(I)/16][N][16]
 *   Grid     a block of 128 threads per line of 16 channels: their rows of W, states and rates
 *            each lie in one piece. For dt, 8 lanes share a channel's row; for the states, thread
 *            t has channel t % 16 and states t / 16, t / 16 + 8, .., in registers up to 256 of a
 *            channel
 *   Moves    W, A and the state once, the state out; W and A before pdl_wait(); bound by latency
 *   Order    dt: lane l of 8 takes vectors l, l + 8, .. of a row as in linear_gemv.cuh, the tree
 *            of lanes_sum(), + bias, softplus. States as in kernels/cpu/scan.h; of y, a thread
 *            sums its states ascending from 0, then t and t ^ 16, then warps from 0 upwards;
 *            fma(x, D, y); * silu(z)
 *   Error    of dt: (R / 16 + 12) 2^-24 (sum |W||xdb| + |bias|) + 3 ulp; of the states and y that
 *            of kernels/cpu/scan.h with that error of dt carried along
 *            (tests/kernels/cuda/decode_scan_test.cc)
 *
 * norm_dt_scan:  the same behind norm_selection.cuh, of which xdb stays as it is. Every block
 * normalises the row for itself, into shared memory, which costs less than a kernel of its own. The
 * same bits as when they run one by one (tests/kernels/cuda/norm_selection_kernels_test.cc).
 *
 *   void NAME(run *, u32 op, f32 (*xz)[XS], f32 (*state)[N][16], const f32 (*xdb)[DS],
 *             const TYPE *w, const f32 *dt_bias, const f32 (*A)[N][16], const f32 *D)
 *   void NAME(run *, u32 op, f32 (*xz)[XS], f32 (*state)[N][16], const f32 (*xdb)[DS],
 *             const f32 *dt_norm, const f32 *b_norm, const f32 *c_norm, const TYPE *w,
 *             const f32 *dt_bias, const f32 (*A)[N][16], const f32 *D) */
#ifndef KERNELS_CUDA_DT_SCAN_CUH
#define KERNELS_CUDA_DT_SCAN_CUH

#include "kernels/cuda/linear_gemv.cuh"
#include "kernels/cuda/norm_selection.cuh"
#include "kernels/cuda/scan_wide.cuh"

enum {
    DT_THREADS = 128,
    DT_WARPS = DT_THREADS / WARP,
    DT_LANES = DT_THREADS / LINE_F32, /* of a channel's time step, and of its states */
    DT_AHEAD = 8,                     /* vectors of W that a lane has on the way */
    DT_HELD = 256,                    /* states of a channel that are held in registers */
    DT_SHARE = DT_HELD / DT_LANES,    /* of a thread */
};

struct dt_scan_params {
    const void *w;
    const f32 *dt_bias, *A, *D;
    const f32 *xdb;
    f32 *xz, *state;
    struct selection_norms norms; /* of norm_dt_scan */
};

struct dt_shared {
    f32 dt[LINE_F32];
    f32 y[DT_WARPS][LINE_F32];
    f32 xdb[]; /* norm_dt_scan: the row after its norms */
};

/* This lane's part of the time step of channel 16 block + thread / 8. Columns from R on meet zeros
 * of W. */
DEVICE struct product dt_product(enum format T, u32 R, const void *w)
{
    const u32 vectors = row_vectors(T, R);
    const u32 row = block_index() * LINE_F32 + thread_index() / DT_LANES;
    struct product p;
    p.type = T;
    p.rows = 1;
    p.vectors = p.pitch = vectors;
    p.first = thread_index() % DT_LANES;
    p.stride = DT_LANES;
    p.turns = ceil_div(vectors, DT_LANES);
    p.ahead = u32_min(p.turns, DT_AHEAD);
    p.w = p.odd = (const char *)w + (size_t)row * vectors * 16;
    p.step = 2;
    p.x_vector = vec_elements(T) / 4;
    p.x_half = 1;
    return p;
}

/* What a thread has of its channel: one entry for each of its states. */
struct dt_states {
    f32 rate[DT_SHARE], state[DT_SHARE], B[DT_SHARE], C[DT_SHARE];
};

/* The states of one token; returns this thread's part of the sum over n. */
DEVICE f32 dt_advance(u32 N, f32 dt, f32 x, struct dt_states *s, f32 *state)
{
    const u32 c = thread_index() % LINE_F32, first = thread_index() / LINE_F32;
    const f32 u = dt * x;
    f32 y = 0.0f;
    UNROLL
    for (u32 i = 0; i < ceil_div(N, DT_LANES); i++) {
        const u32 n = first + i * DT_LANES;
        if (n < N) {
            const f32 now = k_fma(k_exp2_below(s->rate[i] * dt), s->state[i], u * s->B[i]);
            state[n * LINE_F32 + c] = now;
            y = k_fma(now, s->C[i], y);
        }
    }
    return y;
}

/* The row that a token's time step and states come from: xdb, or its norms in shared memory. All
 * threads come here. */
DEVICE const f32 *dt_row(u32 N, u32 R, bool normed, f32 epsilon, const struct dt_scan_params *p,
                         struct dt_shared *shared)
{
    if (!normed)
        return p->xdb;
    norm_selection_row(R, N, epsilon, &p->norms, p->xdb, shared->xdb);
    const u32 pad = R + 2 * N + thread_index();
    if (pad < LINE_PAD(R + 2 * N))
        shared->xdb[pad] = 0.0f;
    block_barrier(); /* xdb: written by each warp, read by all threads */
    return shared->xdb;
}

/* One line of channels, by a block. */
DEVICE void dt_scan_line(enum format T, u32 I, u32 N, u32 R, bool normed, f32 epsilon,
                         const struct dt_scan_params *p)
{
    struct dt_shared *const shared = (struct dt_shared *)shared_memory();
    const struct product product = dt_product(T, R, p->w);
    const u32 thread = thread_index(), c = thread % LINE_F32, first = thread / LINE_F32;
    const u32 line = block_index(), channel = line * LINE_F32 + c;
    const f32 *const A = p->A + (size_t)line * N * LINE_F32;
    f32 *const state = p->state + (size_t)line * N * LINE_F32;
    struct vec16 hold[DT_AHEAD] = {};
    struct dt_states s = {};
    const u32 held = N <= DT_HELD ? N : 0;
    f32 sum;
    pdl_trigger();
    product_begin(&product, hold);
    UNROLL
    for (u32 i = 0; i < ceil_div(held, DT_LANES); i++)
        if (first + i * DT_LANES < held)
            s.rate[i] = A[(first + i * DT_LANES) * LINE_F32 + c] * LOG2_E;
    const f32 bias = p->dt_bias[line * LINE_F32 + thread / DT_LANES], skip = p->D[channel];
    pdl_wait();
    const f32 *const xdb = dt_row(N, R, normed, epsilon, p, shared);
    const f32 x = p->xz[channel], z = p->xz[LINE_PAD(I) + channel];
    UNROLL
    for (u32 i = 0; i < ceil_div(held, DT_LANES); i++)
        if (first + i * DT_LANES < held) {
            const u32 n = first + i * DT_LANES;
            s.state[i] = state[n * LINE_F32 + c];
            s.B[i] = xdb[R + n];
            s.C[i] = xdb[R + N + n];
        }
    product_sums(&product, hold, (const struct vec16 *)xdb, &sum);
    const f32 dt = k_softplus(lanes_sum(sum, DT_LANES) + bias);
    if (thread % DT_LANES == 0)
        shared->dt[thread / DT_LANES] = dt;
    block_barrier(); /* dt: written by the first lane of each channel, read by its threads */
    f32 y = held > 0 ? dt_advance(held, shared->dt[c], x, &s, state)
                     : scan_wide_advance(N, DT_LANES, shared->dt[c], x, A, xdb + R, state);
    y = y + warp_xor(y, LINE_F32);
    if (warp_lane() < LINE_F32)
        shared->y[warp_index()][c] = y;
    block_barrier(); /* y: written by each warp, read by the first 16 threads */
    if (thread >= LINE_F32)
        return;
    y = shared->y[0][c];
    UNROLL
    for (u32 warp = 1; warp < DT_WARPS; warp++)
        y = y + shared->y[warp][c];
    p->xz[channel] = k_fma(x, skip, y) * k_silu(z);
}

template <dt_scan_shape s> struct dt_scan {
    using params = dt_scan_params;
    static constexpr u32 blocks = LINE_PAD(s.I) / LINE_F32, threads = DT_THREADS;
    static constexpr u32 shared_bytes = sizeof(struct dt_shared);

    DEVICE void run(const params *p)
    {
        dt_scan_line(s.type, s.I, s.N, s.R, false, 0.0f, p);
    }
};

using norm_dt_scan_params = dt_scan_params;

template <norm_dt_scan_shape s> struct norm_dt_scan {
    using params = norm_dt_scan_params;
    static constexpr u32 blocks = LINE_PAD(s.I) / LINE_F32, threads = DT_THREADS;
    static constexpr u32 shared_bytes = sizeof(struct dt_shared) + LINE_PAD(s.R + 2 * s.N) * 4;
    static_assert(shared_bytes <= SHARED_MOST_BYTES, "norm_dt_scan: dt is too long");

    DEVICE void run(const params *p)
    {
        dt_scan_line(s.type, s.I, s.N, s.R, true, s.epsilon, p);
    }
};

template <dt_scan_shape s>
static inline void dt_scan_launch(run *r, u32 op, const struct kernels &kernels, f32 *xz,
                                  f32 *state, const f32 *xdb, const void *w, const f32 *dt_bias,
                                  const f32 *A, const f32 *D)
{
    kernel_launch<dt_scan<s>>(r, op, kernels.part[0], {w, dt_bias, A, D, xdb, xz, state, {}});
}

template <norm_dt_scan_shape s>
static inline void norm_dt_scan_launch(run *r, u32 op, const struct kernels &kernels, f32 *xz,
                                       f32 *state, const f32 *xdb, const f32 *dt_norm,
                                       const f32 *b_norm, const f32 *c_norm, const void *w,
                                       const f32 *dt_bias, const f32 *A, const f32 *D)
{
    kernel_launch<norm_dt_scan<s>>(r, op, kernels.part[0],
                                   {w, dt_bias, A, D, xdb, xz, state, {dt_norm, b_norm, c_norm}});
}

#define DT_SCAN_KERNELS(name, ...)      KERNELS_1(name, kernel, dt_scan)
#define NORM_DT_SCAN_KERNELS(name, ...) KERNELS_1(name, kernel, norm_dt_scan)

#endif
