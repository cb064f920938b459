/* scan:  xz.x[count][I] <- gated selective scan of xz.x, in place, state carried
 *
 *   Means    kernels/cpu/scan.h, which is the definition
 *   Split    the chunk is cut into pieces of SCAN_STEPS tokens; three kernels follow one another:
 *              summary  per piece, channel and state: the end state from a start of 0; per piece
 *                       and channel the sum of dt, the logarithm of the piece's decay
 *              combine  per channel and state: one pass over the pieces in ascending order, which
 *                       leaves each piece's start state, and the state after the chunk
 *              replay   per piece and channel: the recurrence from that start, y in place
 *            A block owns one piece of 16 or 32 channels. 4 neighbouring threads share a channel, a
 *            quarter of its states each, in registers.
 *   Moves    x, dt, z, B, C into shared memory, B and C once per 32 channels and pass; start
 *            states and end states once each; 2 N exps per element: bound by arithmetic
 *   Order    rate = A * log2(e); s = fma(exp2(rate * dt), s, u * B_n) with u = dt * x; the start
 *            of piece i+1 is fma(exp2(rate * sum of dt), start, end) of piece i; y: fma over a
 *            thread's states from 0, the four sums as (0 + 1) + (2 + 3), then fma(x, D, y), y *
 *            silu(z). The pieces are those of the chunk, so the bits depend on how a text is cut
 *            into chunks.
 *   Error    within a piece that of kernels/cpu/scan.h, grown from the error e of its start state;
 *            from piece to piece, with P = exp(A T), T the sum of dt and h = 2^-24, the error is P
 *            e + P |s| h ((SCAN_STEPS + 1) |A T| + 3.1) + 2^-125 |s| + f + h |s'|, f the error of
 *            an end state grown from 0 (tests/kernels/cuda/prefill_scan_test.cc)
 *   Source   that of kernels/cpu/scan.h; the recurrence is linear in s, so pieces combine
 *
 * More than 64 states of a channel are another kernel's, in the place of the last one:
 * scan_wide.cuh.
 *
 * Tokens past the chunk's last one have dt = x = B = C = 0 in shared memory and change nothing. */
#ifndef KERNELS_CUDA_SCAN_CUH
#define KERNELS_CUDA_SCAN_CUH

#include "kernels/cuda/math.cuh"
#include "kernels/cuda/op.cuh"
#include "kernels/cuda/scan_wide.cuh"
#include "kernels/cuda/work.h"

enum {
    SCAN_SPLIT = 4, /* threads of a channel; also tokens whose sums are exchanged at once */
    SCAN_STATES_MOST = SCAN_HELD / SCAN_SPLIT, /* of a thread */
    SCAN_COMBINE_AHEAD = 4,                    /* pieces whose summaries are loaded together */
};

/* Channels of a block for rows of S channels. */
HOST_DEVICE constexpr u32 scan_channels(u32 S)
{
    return S % 32 == 0 ? 32 : 16;
}

/* The staged part of the row R + 2N of xdb: whole 16 bytes around B, or around B and C. */
HOST_DEVICE constexpr u32 scan_first(u32 R)
{
    return R / 4 * 4;
}

HOST_DEVICE constexpr u32 scan_width(u32 R, u32 columns)
{
    return (R + columns + 3) / 4 * 4 - scan_first(R);
}

HOST_DEVICE constexpr u32 scan_pieces(u32 rows)
{
    return ceil_div(rows, SCAN_STEPS);
}

/* States of a thread. */
HOST_DEVICE constexpr u32 scan_states(u32 N)
{
    return ceil_div(N, SCAN_SPLIT);
}

/* This thread's place: which piece, which channel, which of the SCAN_SPLIT quarters of its states.
 */
struct scan_place {
    u32 piece, channels_at; /* first channel of the block */
    u32 lane;               /* channel within the block */
    u32 quarter;
    u32 steps; /* tokens of the piece; 0: none */
};

DEVICE struct scan_place scan_place_of(u32 S, u32 rows)
{
    const u32 groups = S / scan_channels(S), first = block_index() / groups * SCAN_STEPS;
    struct scan_place at;
    at.piece = block_index() / groups;
    at.channels_at = block_index() % groups * scan_channels(S);
    at.lane = thread_index() / SCAN_SPLIT;
    at.quarter = thread_index() % SCAN_SPLIT;
    at.steps = first >= rows ? 0 : rows - first < SCAN_STEPS ? rows - first : (u32)SCAN_STEPS;
    return at;
}

/* Begins to copy `steps` rows of `width` floats to tile[][width]; the rows after them, to a whole
 * number of SCAN_SPLIT, become 0. */
DEVICE void scan_stage(u32 width, u32 steps, f32 *tile, const f32 *from, u32 stride)
{
    const u32 quads = width / 4, all = (steps + SCAN_SPLIT - 1) / SCAN_SPLIT * SCAN_SPLIT;
    for (u32 i = thread_index(); i < all * quads; i += block_threads()) {
        const u32 row = i / quads, column = i % quads * 4;
        if (row < steps)
            copy_async16(tile + row * width + column, from + (size_t)row * stride + column);
        else
            store16(tile + row * width + column, {{0, 0, 0, 0}});
    }
}

/* Where state i of this thread lies in a [PAD(I)/16][N][16] array. */
DEVICE size_t scan_at(u32 N, const struct scan_place *at, u32 i)
{
    const u32 channel = at->channels_at + at->lane;
    const u32 n = at->quarter * scan_states(N) + i;
    return ((size_t)(channel / LINE_F32) * N + n) * LINE_F32 + channel % LINE_F32;
}

/* Whether state i of this thread exists: N need not be a multiple of SCAN_SPLIT. */
DEVICE bool scan_has(u32 N, const struct scan_place *at, u32 i)
{
    return N % SCAN_SPLIT == 0 || at->quarter * scan_states(N) + i < N;
}

/* out[i] <- this thread's part of a row of N floats in shared memory, 0 for states that do not
 * exist; 16 bytes at once where the shape allows it. */
DEVICE void scan_row(u32 N, bool aligned, const struct scan_place *at, const f32 *row, f32 *out)
{
    const u32 states = scan_states(N);
    row += at->quarter * states;
    UNROLL
    for (u32 i = 0; aligned && i < states; i += 4) {
        const struct vec16 four = load16(row + i);
        UNROLL
        for (u32 w = 0; w < 4; w++)
            out[i + w] = as_f32(four.word[w]);
    }
    UNROLL
    for (u32 i = 0; !aligned && i < states; i++)
        out[i] = scan_has(N, at, i) ? row[i] : 0.0f;
}

HOST_DEVICE constexpr bool scan_aligned(u32 N, u32 R)
{
    return R % 4 == 0 && N % 16 == 0;
}

/* rate[i] <- A * log2(e) of this thread's states; 0 for those that do not exist. */
DEVICE void scan_rates(u32 N, const struct scan_place *at, const f32 *A, f32 *rate)
{
    UNROLL
    for (u32 i = 0; i < scan_states(N); i++)
        rate[i] = scan_has(N, at, i) ? A[scan_at(N, at, i)] * LOG2_E : 0.0f;
}

/* s <- the state one token later. */
DEVICE void scan_step(u32 N, const f32 *rate, f32 dt, f32 x, const f32 *B, f32 *s)
{
    const f32 u = dt * x;
    UNROLL
    for (u32 i = 0; i < scan_states(N); i++)
        s[i] = k_fma(k_exp2_below(rate[i] * dt), s[i], u * B[i]);
}

/* The states that are held. Of more than that, the pieces' kernels are compiled for one and never
 * started. */
HOST_DEVICE constexpr u32 scan_held(u32 N)
{
    return N <= SCAN_HELD ? N : 1;
}

using scan_summary_params = scan_params;

template <scan_shape s> struct scan_summary {
    using params = scan_summary_params;
    static constexpr u32 S = LINE_PAD(s.I), N = scan_held(s.N);
    static constexpr u32 channels = scan_channels(S), width = scan_width(s.R, N);
    static constexpr u32 states = scan_states(N); /* of a thread */
    static constexpr u32 blocks = scan_pieces(s.rows) * (S / channels);
    static constexpr u32 threads = channels * SCAN_SPLIT;
    static constexpr u32 shared_bytes = SCAN_STEPS * 4 * (width + 2 * channels);

    DEVICE void run(const params *p)
    {
        pdl_trigger();
        pdl_wait();
        const struct scan_place at = scan_place_of(S, count_rows(s.count, p->step));
        if (at.steps == 0)
            return;
        const size_t row = (size_t)at.piece * SCAN_STEPS;
        f32 *const B = (f32 *)shared_memory();
        f32 *const x = B + SCAN_STEPS * width, *const dt = x + SCAN_STEPS * channels;
        scan_stage(width, at.steps, B, p->xdb + row * s.xdb_stride + scan_first(s.R), s.xdb_stride);
        scan_stage(channels, at.steps, x, p->xz + row * s.xz_stride + at.channels_at, s.xz_stride);
        scan_stage(channels, at.steps, dt, p->dt + row * S + at.channels_at, S);
        copy_async_commit();
        f32 rate[SCAN_STATES_MOST], state[SCAN_STATES_MOST] = {0}, b[SCAN_STATES_MOST];
        scan_rates(N, &at, p->A, rate);
        copy_async_wait(0);
        block_barrier(); /* the staged tiles, by all threads, before anyone reads them */

        f32 sum = 0.0f;
        for (u32 t = 0; t < at.steps; t++) {
            const f32 step = dt[t * channels + at.lane];
            scan_row(N, scan_aligned(N, s.R), &at, B + t * width + (s.R - scan_first(s.R)), b);
            scan_step(N, rate, step, x[t * channels + at.lane], b, state);
            sum += step;
        }
        f32 *const ends = p->work + (size_t)at.piece * N * S;
        f32 *const sums = p->work + (size_t)scan_pieces(s.rows) * N * S + (size_t)at.piece * S;
        UNROLL
        for (u32 i = 0; i < states; i++)
            if (scan_has(N, &at, i))
                ends[scan_at(N, &at, i)] = state[i];
        if (at.quarter == 0)
            sums[at.channels_at + at.lane] = sum;
    }
};

using scan_combine_params = scan_params;

/* One thread: one state of one channel. Replaces every end state by the start state. */
template <scan_shape s> struct scan_combine {
    using params = scan_combine_params;
    static constexpr u32 S = LINE_PAD(s.I), N = scan_held(s.N);
    static constexpr u32 threads = 128, blocks = ceil_div(N * S, threads), shared_bytes = 0;

    DEVICE void run(const params *p)
    {
        pdl_trigger();
        const u32 i = block_index() * threads + thread_index();
        const f32 rate = i < N * S ? p->A[i] * LOG2_E : 0.0f;
        pdl_wait();
        if (i >= N * S)
            return;
        const u32 channel = i / (N * LINE_F32) * LINE_F32 + i % LINE_F32;
        const u32 pieces = scan_pieces(count_rows(s.count, p->step));
        f32 *const ends = p->work + i;
        const f32 *const sums = p->work + (size_t)scan_pieces(s.rows) * N * S + channel;
        f32 state = p->state[i];
        for (u32 first = 0; first < pieces; first += SCAN_COMBINE_AHEAD) {
            f32 end[SCAN_COMBINE_AHEAD], sum[SCAN_COMBINE_AHEAD];
            UNROLL
            for (u32 k = 0; k < SCAN_COMBINE_AHEAD; k++)
                if (first + k < pieces) {
                    end[k] = ends[(size_t)(first + k) * N * S];
                    sum[k] = sums[(size_t)(first + k) * S];
                }
            UNROLL
            for (u32 k = 0; k < SCAN_COMBINE_AHEAD; k++)
                if (first + k < pieces) {
                    ends[(size_t)(first + k) * N * S] = state;
                    state = k_fma(k_exp2_below(rate * sum[k]), state, end[k]);
                }
        }
        p->state[i] = state;
    }
};

/* Thread q of a channel's four receives the sum over the four of part[q]: two exchanges, in which
 * each gives away what another of them finishes. */
DEVICE f32 scan_exchange(u32 quarter, const f32 *part)
{
    const bool odd = quarter & 1, high = quarter & 2;
    const f32 low_sum = (odd ? part[1] : part[0]) + warp_xor(odd ? part[0] : part[1], 1);
    const f32 high_sum = (odd ? part[3] : part[2]) + warp_xor(odd ? part[2] : part[3], 1);
    return (high ? high_sum : low_sum) + warp_xor(high ? low_sum : high_sum, 2);
}

using scan_replay_params = scan_params;

template <scan_shape s> struct scan_replay {
    using params = scan_replay_params;
    static constexpr bool pieces = s.N <= SCAN_HELD;
    static constexpr u32 S = LINE_PAD(s.I), N = s.N;
    static constexpr u32 channels = scan_channels(S), width = scan_width(s.R, 2 * N);
    static constexpr u32 states = scan_states(N); /* of a thread */
    static constexpr u32 blocks = pieces ? scan_pieces(s.rows) * (S / channels) : S / LINE_F32;
    static constexpr u32 threads = pieces ? channels * SCAN_SPLIT : (u32)SCAN_WIDE_THREADS;
    static constexpr u32 shared_bytes =
        pieces ? SCAN_STEPS * 4 * (width + 3 * channels) : scan_wide_shared_bytes(N);
    static_assert(shared_bytes <= SHARED_MOST_BYTES, "scan.cuh: tiles or states in shared memory");

    DEVICE void run(const params *p)
    {
        if constexpr (pieces)
            replay(p);
        else
            scan_wide(s, p);
    }

    DEVICE void replay(const params *p)
    {
        pdl_trigger();
        pdl_wait();
        const struct scan_place at = scan_place_of(S, count_rows(s.count, p->step));
        if (at.steps == 0)
            return;
        const size_t row = (size_t)at.piece * SCAN_STEPS;
        f32 *const y = p->xz + row * s.xz_stride + at.channels_at + at.lane;
        f32 *const BC = (f32 *)shared_memory();
        f32 *const x = BC + SCAN_STEPS * width, *const z = x + SCAN_STEPS * channels;
        f32 *const dt = z + SCAN_STEPS * channels;
        scan_stage(width, at.steps, BC, p->xdb + row * s.xdb_stride + scan_first(s.R),
                   s.xdb_stride);
        scan_stage(channels, at.steps, x, p->xz + row * s.xz_stride + at.channels_at, s.xz_stride);
        scan_stage(channels, at.steps, z, p->xz + row * s.xz_stride + S + at.channels_at,
                   s.xz_stride);
        scan_stage(channels, at.steps, dt, p->dt + row * S + at.channels_at, S);
        copy_async_commit();
        f32 rate[SCAN_STATES_MOST], state[SCAN_STATES_MOST];
        f32 b[SCAN_STATES_MOST], c[SCAN_STATES_MOST], part[SCAN_SPLIT];
        scan_rates(N, &at, p->A, rate);
        UNROLL
        for (u32 i = 0; i < states; i++)
            state[i] =
                scan_has(N, &at, i) ? p->work[(size_t)at.piece * N * S + scan_at(N, &at, i)] : 0.0f;
        const f32 skip = p->D[at.channels_at + at.lane];
        copy_async_wait(0);
        block_barrier(); /* the staged tiles, by all threads, before anyone reads them */

        for (u32 first = 0; first < at.steps; first += SCAN_SPLIT) {
            UNROLL
            for (u32 k = 0; k < SCAN_SPLIT; k++) {
                const u32 t = first + k, place = t * channels + at.lane;
                const f32 *const row_b = BC + t * width + (s.R - scan_first(s.R));
                scan_row(N, scan_aligned(N, s.R), &at, row_b, b);
                scan_row(N, scan_aligned(N, s.R), &at, row_b + N, c);
                scan_step(N, rate, dt[place], x[place], b, state);
                part[k] = 0.0f;
                UNROLL
                for (u32 i = 0; i < states; i++)
                    part[k] = k_fma(state[i], c[i], part[k]);
            }
            const u32 t = first + at.quarter, place = t * channels + at.lane;
            const f32 sum = k_fma(x[place], skip, scan_exchange(at.quarter, part));
            if (t < at.steps)
                y[(size_t)t * s.xz_stride] = sum * k_silu(z[place]);
        }
    }
};

template <scan_shape s>
static inline void scan_launch(run *r, u32 op, const struct kernels &kernels, f32 *xz, f32 *state,
                               const f32 *dt, const f32 *xdb, const f32 *A, const f32 *D)
{
    const struct scan_params params = {r->step, xz, state, dt, xdb, A, D, (f32 *)r->work};
    if constexpr (s.N <= SCAN_HELD) {
        kernel_launch<scan_summary<s>>(r, op, kernels.part[0], params);
        kernel_launch<scan_combine<s>>(r, op, kernels.part[1], params);
    }
    kernel_launch<scan_replay<s>>(r, op, kernels.part[2], params);
}

#define SCAN_KERNELS(name, ...)                                                                    \
    KERNELS_3(name, summary_kernel, scan_summary, combine_kernel, scan_combine, replay_kernel,     \
              scan_replay)

#endif
