/* ssd:  zx.z[count][I] <- (the recurrence over x, B and C) * silu(zx.z), state carried
 *
 *   Means    kernels/cpu/ssd.h, which is the definition
 *   Shapes   zx [rows][XS] f32 with I = H P: z in columns 0 .. I-1, x from I, B [G][N] from 2 I,
 *            C [G][N] behind it, dt [H] behind that; state [H][N][P]; A, D, bias [PAD(H)];
 *            P and N multiples of 16
 *   Grid     a block of 128 threads per line of 16 channels of a head. Thread t has 4 of them, from
 *            4 (t % 4), and the states in runs of 4 from 4 (t / 4), 4 (t / 4) + 128, .., all in
 *            registers. The tokens come in tiles of 16, or of 8 or 4 where more do not fit, the
 *            next one on its way to shared memory while one is computed; a decode step is a tile
 *            of one. Blocks share nothing.
 *   Moves    the state once in and once out, 16 bytes at a time; x and z once, B, C and dt once per
 *            block, from L2. Bound by bandwidth in decode, by arithmetic in prefill.
 *   Order    dt, its decay and the states as on the CPU, with the same bits. Of y a thread sums its
 *            states by fma from 0, ascending; then lanes 16, 8 and 4 apart; then warps from 0
 *            upwards; fma(x, D, y), * silu(z)
 *   Error    that of kernels/cpu/ssd.h; its sum over n is longer than any here
 *            (tests/kernels/cuda/ssd_kernel_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*zx)[XS], f32 (*state)[N][P], const f32 *A, const f32 *D,
 *             const f32 *bias) */
#ifndef KERNELS_CUDA_SSD_CUH
#define KERNELS_CUDA_SSD_CUH

#include <math.h>

#include "kernels/cuda/math.cuh"
#include "kernels/cuda/op.cuh"

enum {
    SSD_THREADS = 128,
    SSD_WARPS = SSD_THREADS / WARP,
    SSD_QUADS = LINE_F32 / 4,                   /* threads that share a run of states */
    SSD_STRIDE = 4 * (SSD_THREADS / SSD_QUADS), /* states from one run of a thread to the next */
    SSD_MOST_RUNS = 8,
};

/* Runs of states of a thread. */
HOST_DEVICE constexpr u32 ssd_runs(u32 N)
{
    return ceil_div(N, SSD_STRIDE);
}

/* Floats of a tile of T tokens: B, C; x, z; the time step and its decay; padded to 16 bytes. */
HOST_DEVICE constexpr u32 ssd_tile_floats(u32 T, u32 N)
{
    return T * (2 * N + 2 * LINE_F32) + LINE_PAD(2 * T);
}

HOST_DEVICE constexpr u32 ssd_shared_bytes(u32 T, u32 tiles, u32 N)
{
    return 4 * (tiles * ssd_tile_floats(T, N) + T * SSD_WARPS * LINE_F32);
}

/* The tiles in shared memory at a time, and tokens of a tile. */
HOST_DEVICE constexpr u32 ssd_tiles(enum count count)
{
    return count == COUNT_ONE ? 1 : 2;
}

HOST_DEVICE constexpr u32 ssd_tokens(enum count count, u32 N)
{
    if (count == COUNT_ONE)
        return 1;
    return ssd_shared_bytes(16, 2, N) <= SHARED_MOST_BYTES  ? 16
           : ssd_shared_bytes(8, 2, N) <= SHARED_MOST_BYTES ? 8
                                                            : 4;
}

struct ssd_params {
    const struct step *step;
    f32 *zx, *state;
    const f32 *A, *D, *bias;
};

/* Where the parts of a tile lie. */
struct ssd_tile {
    f32 *B, *C, *x, *z, *step; /* [T][N], [T][N], [T][16], [T][16], [T][2] */
};

template <ssd_shape s> DEVICE struct ssd_tile ssd_tile_at(u32 which)
{
    constexpr u32 T = ssd_tokens(s.count, s.N);
    struct ssd_tile tile;
    tile.B = (f32 *)shared_memory() + (size_t)which * ssd_tile_floats(T, s.N);
    tile.C = tile.B + T * s.N;
    tile.x = tile.C + T * s.N;
    tile.z = tile.x + T * LINE_F32;
    tile.step = tile.z + T * LINE_F32;
    return tile;
}

/* Begins to copy `rows` rows of `width` floats. */
DEVICE void ssd_copy(u32 width, u32 rows, u32 stride, f32 *to, const f32 *from)
{
    for (u32 i = thread_index(); i < rows * (width / 4); i += SSD_THREADS) {
        const u32 row = i / (width / 4), column = i % (width / 4) * 4;
        copy_async16(to + row * width + column, from + (size_t)row * stride + column);
    }
}

/* Begins to bring `rows` tokens from `zx` on; returns the raw time step of the token that this
 * thread is to prepare, if it is. */
template <ssd_shape s> DEVICE f32 ssd_stage(u32 rows, const f32 *zx, const struct ssd_tile *to)
{
    const u32 I = s.H * s.P, GN = s.G * s.N, channel = block_index() * LINE_F32;
    const u32 head = channel / s.P, B = 2 * I + head / (s.H / s.G) * s.N;
    ssd_copy(s.N, rows, s.zx_stride, to->B, zx + B);
    ssd_copy(s.N, rows, s.zx_stride, to->C, zx + B + GN);
    ssd_copy(LINE_F32, rows, s.zx_stride, to->x, zx + I + channel);
    ssd_copy(LINE_F32, rows, s.zx_stride, to->z, zx + channel);
    copy_async_commit();
    return thread_index() < rows ? zx[(size_t)thread_index() * s.zx_stride + 2 * I + 2 * GN + head]
                                 : 0.0f;
}

/* Writes the time step of one token, and what it makes of the states. */
template <ssd_shape s> DEVICE void ssd_prepare(u32 rows, f32 raw, f32 A, const struct ssd_tile *to)
{
    if (thread_index() >= rows)
        return;
    f32 dt = k_softplus(raw);
    dt = dt < s.low ? s.low : dt;
    dt = dt > s.high ? s.high : dt;
    to->step[2 * thread_index()] = dt;
    to->step[2 * thread_index() + 1] = k_exp_below(A * dt);
}

/* The first state of run i of this thread. */
DEVICE u32 ssd_run(u32 i)
{
    return thread_index() / SSD_QUADS * 4 + i * SSD_STRIDE;
}

/* Where state n of this thread's channels lies. */
template <ssd_shape s> DEVICE size_t ssd_state(u32 n)
{
    const u32 channel = block_index() * LINE_F32 + thread_index() % SSD_QUADS * 4;
    return ((size_t)(channel / s.P) * s.N + n) * s.P + channel % s.P;
}

template <ssd_shape s> DEVICE void ssd_load(const f32 *from, f32 (*state)[4])
{
    constexpr u32 runs = ssd_runs(s.N);
    UNROLL
    for (u32 i = 0; i < runs * 4; i++) {
        if (ssd_run(i / 4) >= s.N)
            continue;
        const struct vec16 v = load16(from + ssd_state<s>(ssd_run(i / 4) + i % 4));
        UNROLL
        for (u32 c = 0; c < 4; c++)
            state[i][c] = as_f32(v.word[c]);
    }
}

template <ssd_shape s> DEVICE void ssd_store(const f32 (*state)[4], f32 *to)
{
    constexpr u32 runs = ssd_runs(s.N);
    UNROLL
    for (u32 i = 0; i < runs * 4; i++) {
        if (ssd_run(i / 4) >= s.N)
            continue;
        struct vec16 v;
        UNROLL
        for (u32 c = 0; c < 4; c++)
            v.word[c] = as_u32(state[i][c]);
        store16(to + ssd_state<s>(ssd_run(i / 4) + i % 4), v);
    }
}

/* Advances the states by token t of the tile; y[4] <- this thread's part of the sums. */
template <ssd_shape s>
DEVICE void ssd_advance(const struct ssd_tile *tile, u32 t, f32 (*state)[4], f32 *y)
{
    constexpr u32 runs = ssd_runs(s.N);
    const f32 dt = tile->step[2 * t], decay = tile->step[2 * t + 1];
    const struct vec16 x = load16(tile->x + t * LINE_F32 + thread_index() % SSD_QUADS * 4);
    f32 u[4];
    UNROLL
    for (u32 c = 0; c < 4; c++) {
        u[c] = dt * as_f32(x.word[c]);
        y[c] = 0.0f;
    }
    UNROLL
    for (u32 i = 0; i < runs; i++) {
        if (ssd_run(i) >= s.N)
            continue;
        const struct vec16 B = load16(tile->B + t * s.N + ssd_run(i));
        const struct vec16 C = load16(tile->C + t * s.N + ssd_run(i));
        UNROLL
        for (u32 n = 0; n < 4; n++) {
            UNROLL
            for (u32 c = 0; c < 4; c++) {
                f32 *const at = &state[i * 4 + n][c];
                *at = k_fma(decay, *at, u[c] * as_f32(B.word[n]));
                y[c] = k_fma(*at, as_f32(C.word[n]), y[c]);
            }
        }
    }
}

/* The sum of y[4] over the lanes of a warp that have the same channels. A lane gives away half of
 * what it has and keeps the other half, twice: it ends with channel 2 (lane / 16) + lane / 8 % 2 of
 * its four. */
DEVICE f32 ssd_exchange(const f32 *y)
{
    const bool high = warp_lane() & 16, odd = warp_lane() & 8;
    const f32 even = (high ? y[2] : y[0]) + warp_xor(high ? y[0] : y[2], 16);
    const f32 next = (high ? y[3] : y[1]) + warp_xor(high ? y[1] : y[3], 16);
    const f32 sum = (odd ? next : even) + warp_xor(odd ? even : next, 8);
    return sum + warp_xor(sum, 4);
}

/* Writes a warp's sums of token t to part[t][warp][16]. */
DEVICE void ssd_reduce(const f32 *y, u32 t, f32 *part)
{
    const u32 lane = warp_lane(), c = lane % SSD_QUADS * 4 + lane / 16 * 2 + lane / 8 % 2;
    const f32 sum = ssd_exchange(y);
    if (lane / 4 % 2 == 0)
        part[(t * SSD_WARPS + warp_index()) * LINE_F32 + c] = sum;
}

/* z of `rows` tokens from the sums of all warps. */
template <ssd_shape s>
DEVICE void ssd_finish(u32 rows, f32 D, const f32 *part, const struct ssd_tile *tile, f32 *zx)
{
    for (u32 i = thread_index(); i < rows * LINE_F32; i += SSD_THREADS) {
        const u32 t = i / LINE_F32, c = i % LINE_F32;
        f32 y = part[t * SSD_WARPS * LINE_F32 + c];
        UNROLL
        for (u32 warp = 1; warp < SSD_WARPS; warp++)
            y = y + part[(t * SSD_WARPS + warp) * LINE_F32 + c];
        y = k_fma(tile->x[i], D, y);
        zx[(size_t)t * s.zx_stride + block_index() * LINE_F32 + c] = y * k_silu(tile->z[i]);
    }
}

/* All tokens of a block's channels. */
template <ssd_shape s> struct ssd {
    using params = ssd_params;
    static constexpr u32 tiles = ssd_tiles(s.count), T = ssd_tokens(s.count, s.N);
    static constexpr u32 blocks = s.H * (s.P / LINE_F32), threads = SSD_THREADS;
    static constexpr u32 shared_bytes = ssd_shared_bytes(T, tiles, s.N);
    static_assert(s.P % 16 == 0 && s.N % 16 == 0, "ssd: heads and states in lines of 16");
    static_assert(ssd_runs(s.N) <= SSD_MOST_RUNS, "ssd: states in registers");
    static_assert(shared_bytes <= SHARED_MOST_BYTES, "ssd: tiles in shared memory");

    DEVICE void run(const params *p)
    {
        f32 *const part = (f32 *)shared_memory() + tiles * ssd_tile_floats(T, s.N);
        const u32 head = block_index() * LINE_F32 / s.P;
        f32 state[SSD_MOST_RUNS * 4][4] = {}, y[4];
        pdl_trigger();
        const f32 A = p->A[head], D = p->D[head], bias = p->bias[head];
        pdl_wait();
        const u32 all = count_rows(s.count, p->step);
        struct ssd_tile tile = ssd_tile_at<s>(0), other = ssd_tile_at<s>(tiles - 1);
        u32 rows = all < T ? all : T;
        f32 raw = ssd_stage<s>(rows, p->zx, &tile);
        ssd_load<s>(p->state, state);
        ssd_prepare<s>(rows, raw + bias, A, &tile);
        for (u32 first = 0; first < all; first += T) {
            f32 *const zx = p->zx + (size_t)first * s.zx_stride;
            const u32 left = all - first - rows, next = left < T ? left : T;
            copy_async_wait(0);
            block_barrier(); /* this tile, by all threads, before anyone reads it; the tile before
                                it and its sums, read by all, before anyone overwrites them */
            if (next > 0)
                raw = ssd_stage<s>(next, zx + (size_t)T * s.zx_stride, &other);
            for (u32 t = 0; t < rows; t++) {
                ssd_advance<s>(&tile, t, state, y);
                ssd_reduce(y, t, part);
            }
            ssd_prepare<s>(next, raw + bias, A, &other);
            block_barrier(); /* part: written by each warp, read by all threads in ssd_finish() */
            ssd_finish<s>(rows, D, part, &tile, zx);
            const struct ssd_tile done = tile;
            tile = other, other = done;
            rows = next;
        }
        ssd_store<s>(state, p->state);
    }
};

template <ssd_shape s>
static inline void ssd_launch(run *r, u32 op, const struct kernels &kernels, f32 *zx, f32 *state,
                              const f32 *A, const f32 *D, const f32 *bias)
{
    kernel_launch<ssd<s>>(r, op, kernels.part[0], {r->step, zx, state, A, D, bias});
}

#define SSD_KERNELS(name, ...) KERNELS_1(name, kernel, ssd)

#endif
