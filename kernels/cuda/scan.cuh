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

#include "kernels/cuda/launch.h"
#include "kernels/cuda/math.cuh"
#include "kernels/cuda/op.cuh"
#include "kernels/cuda/scan_wide.cuh"
#include "kernels/cuda/work.h"

enum {
    SCAN_SPLIT = 4, /* threads of a channel; also tokens whose sums are exchanged at once */
    SCAN_STATES_MOST = SCAN_HELD / SCAN_SPLIT, /* of a thread */
    SCAN_COMBINE_THREADS = 128,
    SCAN_COMBINE_AHEAD = 4, /* pieces whose summaries are loaded together */
};

/* Channels of a block for rows of S channels. */
#define SCAN_CHANNELS(S) ((S) % 32 == 0 ? 32 : 16)
/* Of the row R + 2N of xdb, the part that is staged: whole 16 bytes around B, or around B and C. */
#define SCAN_FIRST(R)       ((R) / 4 * 4)
#define SCAN_WIDTH(R, COLS) (((R) + (COLS) + 3) / 4 * 4 - SCAN_FIRST(R))
#define SCAN_PIECES(ROWS)   (((ROWS) + SCAN_STEPS - 1) / SCAN_STEPS)

#define SCAN_SUMMARY_SHARED(S, N, R) (SCAN_STEPS * 4 * (SCAN_WIDTH(R, N) + 2 * SCAN_CHANNELS(S)))
#define SCAN_REPLAY_SHARED(S, N, R)                                                                \
    (SCAN_STEPS * 4 * (SCAN_WIDTH(R, 2 * (N)) + 3 * SCAN_CHANNELS(S)))

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
    const u32 groups = S / SCAN_CHANNELS(S), first = block_index() / groups * SCAN_STEPS;
    struct scan_place at;
    at.piece = block_index() / groups;
    at.channels_at = block_index() % groups * SCAN_CHANNELS(S);
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
    const u32 n = at->quarter * ((N + SCAN_SPLIT - 1) / SCAN_SPLIT) + i;
    return ((size_t)(channel / LINE_F32) * N + n) * LINE_F32 + channel % LINE_F32;
}

/* Whether state i of this thread exists: N need not be a multiple of SCAN_SPLIT. */
DEVICE bool scan_has(u32 N, const struct scan_place *at, u32 i)
{
    return N % SCAN_SPLIT == 0 || at->quarter * ((N + SCAN_SPLIT - 1) / SCAN_SPLIT) + i < N;
}

/* out[i] <- this thread's part of a row of N floats in shared memory, 0 for states that do not
 * exist; 16 bytes at once where the shape allows it. */
DEVICE void scan_row(u32 N, bool aligned, const struct scan_place *at, const f32 *row, f32 *out)
{
    const u32 states = (N + SCAN_SPLIT - 1) / SCAN_SPLIT;
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

#define SCAN_ALIGNED(N, R) ((R) % 4 == 0 && (N) % 16 == 0)

/* rate[i] <- A * log2(e) of this thread's states; 0 for those that do not exist. */
DEVICE void scan_rates(u32 N, const struct scan_place *at, const f32 *A, f32 *rate)
{
    UNROLL
    for (u32 i = 0; i < (N + SCAN_SPLIT - 1) / SCAN_SPLIT; i++)
        rate[i] = scan_has(N, at, i) ? A[scan_at(N, at, i)] * LOG2_E : 0.0f;
}

/* s <- the state one token later. */
DEVICE void scan_step(u32 N, const f32 *rate, f32 dt, f32 x, const f32 *B, f32 *s)
{
    const f32 u = dt * x;
    UNROLL
    for (u32 i = 0; i < (N + SCAN_SPLIT - 1) / SCAN_SPLIT; i++)
        s[i] = k_fma(k_exp2_below(rate[i] * dt), s[i], u * B[i]);
}

DEVICE void scan_summary(u32 S, u32 N, u32 R, u32 XS, u32 DS, u32 most, enum count count,
                         const struct scan_params *p)
{
    pdl_trigger();
    pdl_wait();
    const u32 CHANNELS = SCAN_CHANNELS(S), WIDTH = SCAN_WIDTH(R, N);
    const struct scan_place at = scan_place_of(S, count_rows(count, p->step));
    if (at.steps == 0)
        return;
    const size_t row = (size_t)at.piece * SCAN_STEPS;
    f32 *const B = (f32 *)shared_memory();
    f32 *const x = B + SCAN_STEPS * WIDTH, *const dt = x + SCAN_STEPS * CHANNELS;
    scan_stage(WIDTH, at.steps, B, p->xdb + row * DS + SCAN_FIRST(R), DS);
    scan_stage(CHANNELS, at.steps, x, p->xz + row * XS + at.channels_at, XS);
    scan_stage(CHANNELS, at.steps, dt, p->dt + row * S + at.channels_at, S);
    copy_async_commit();
    f32 rate[SCAN_STATES_MOST], s[SCAN_STATES_MOST] = {0}, b[SCAN_STATES_MOST];
    scan_rates(N, &at, p->A, rate);
    copy_async_wait(0);
    block_barrier(); /* the staged tiles, by all threads, before anyone reads them */

    f32 sum = 0.0f;
    for (u32 t = 0; t < at.steps; t++) {
        const f32 step = dt[t * CHANNELS + at.lane];
        scan_row(N, SCAN_ALIGNED(N, R), &at, B + t * WIDTH + (R - SCAN_FIRST(R)), b);
        scan_step(N, rate, step, x[t * CHANNELS + at.lane], b, s);
        sum += step;
    }
    f32 *const ends = p->work + (size_t)at.piece * N * S;
    f32 *const sums = p->work + (size_t)SCAN_PIECES(most) * N * S + (size_t)at.piece * S;
    UNROLL
    for (u32 i = 0; i < (N + SCAN_SPLIT - 1) / SCAN_SPLIT; i++)
        if (scan_has(N, &at, i))
            ends[scan_at(N, &at, i)] = s[i];
    if (at.quarter == 0)
        sums[at.channels_at + at.lane] = sum;
}

/* One thread: one state of one channel. Replaces every end state by the start state. */
DEVICE void scan_combine(u32 S, u32 N, u32 most, enum count count, const struct scan_params *p)
{
    pdl_trigger();
    const u32 i = block_index() * SCAN_COMBINE_THREADS + thread_index();
    const f32 rate = i < N * S ? p->A[i] * LOG2_E : 0.0f;
    pdl_wait();
    if (i >= N * S)
        return;
    const u32 channel = i / (N * LINE_F32) * LINE_F32 + i % LINE_F32;
    const u32 pieces = SCAN_PIECES(count_rows(count, p->step));
    f32 *const ends = p->work + i;
    const f32 *const sums = p->work + (size_t)SCAN_PIECES(most) * N * S + channel;
    f32 s = p->state[i];
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
                ends[(size_t)(first + k) * N * S] = s;
                s = k_fma(k_exp2_below(rate * sum[k]), s, end[k]);
            }
    }
    p->state[i] = s;
}

/* Thread q of a channel's four receives the sum over the four of part[q]: two exchanges, in which
 * each gives away what another of them finishes. */
DEVICE f32 scan_exchange(u32 quarter, const f32 *part)
{
    const bool odd = quarter & 1, high = quarter & 2;
    const f32 low_sum = (odd ? part[1] : part[0]) + warp_xor(odd ? part[0] : part[1], 1);
    const f32 high_sum = (odd ? part[3] : part[2]) + warp_xor(odd ? part[2] : part[3], 1);
    return (high ? high_sum : low_sum) + warp_xor(high ? low_sum : high_sum, 2);
}

DEVICE void scan_replay(u32 S, u32 N, u32 R, u32 XS, u32 DS, enum count count,
                        const struct scan_params *p)
{
    pdl_trigger();
    pdl_wait();
    const u32 CHANNELS = SCAN_CHANNELS(S), WIDTH = SCAN_WIDTH(R, 2 * N);
    const struct scan_place at = scan_place_of(S, count_rows(count, p->step));
    if (at.steps == 0)
        return;
    const size_t row = (size_t)at.piece * SCAN_STEPS;
    f32 *const y = p->xz + row * XS + at.channels_at + at.lane;
    f32 *const BC = (f32 *)shared_memory();
    f32 *const x = BC + SCAN_STEPS * WIDTH, *const z = x + SCAN_STEPS * CHANNELS;
    f32 *const dt = z + SCAN_STEPS * CHANNELS;
    scan_stage(WIDTH, at.steps, BC, p->xdb + row * DS + SCAN_FIRST(R), DS);
    scan_stage(CHANNELS, at.steps, x, p->xz + row * XS + at.channels_at, XS);
    scan_stage(CHANNELS, at.steps, z, p->xz + row * XS + S + at.channels_at, XS);
    scan_stage(CHANNELS, at.steps, dt, p->dt + row * S + at.channels_at, S);
    copy_async_commit();
    f32 rate[SCAN_STATES_MOST], s[SCAN_STATES_MOST];
    f32 b[SCAN_STATES_MOST], c[SCAN_STATES_MOST], part[SCAN_SPLIT];
    scan_rates(N, &at, p->A, rate);
    UNROLL
    for (u32 i = 0; i < (N + SCAN_SPLIT - 1) / SCAN_SPLIT; i++)
        s[i] = scan_has(N, &at, i) ? p->work[(size_t)at.piece * N * S + scan_at(N, &at, i)] : 0.0f;
    const f32 skip = p->D[at.channels_at + at.lane];
    copy_async_wait(0);
    block_barrier(); /* the staged tiles, by all threads, before anyone reads them */

    for (u32 first = 0; first < at.steps; first += SCAN_SPLIT) {
        UNROLL
        for (u32 k = 0; k < SCAN_SPLIT; k++) {
            const u32 t = first + k, place = t * CHANNELS + at.lane;
            const f32 *const row_b = BC + t * WIDTH + (R - SCAN_FIRST(R));
            scan_row(N, SCAN_ALIGNED(N, R), &at, row_b, b);
            scan_row(N, SCAN_ALIGNED(N, R), &at, row_b + N, c);
            scan_step(N, rate, dt[place], x[place], b, s);
            part[k] = 0.0f;
            UNROLL
            for (u32 i = 0; i < (N + SCAN_SPLIT - 1) / SCAN_SPLIT; i++)
                part[k] = k_fma(s[i], c[i], part[k]);
        }
        const u32 t = first + at.quarter, place = t * CHANNELS + at.lane;
        const f32 sum = k_fma(x[place], skip, scan_exchange(at.quarter, part));
        if (t < at.steps)
            y[(size_t)t * XS] = sum * k_silu(z[place]);
    }
}

/* Of more states than are held, what the pieces' kernels are compiled for and nobody starts. */
#define SCAN_PIECED(N) ((N) <= SCAN_HELD ? (N) : 1u)
#define SCAN_REPLAY_THREADS(S, N)                                                                  \
    ((N) <= SCAN_HELD ? SCAN_CHANNELS(S) * SCAN_SPLIT : SCAN_WIDE_THREADS)

#define SCAN_LAUNCHES(name, S, N, R, XS, DS, COUNT, MOST)                                          \
    static_assert((N) > SCAN_HELD || SCAN_REPLAY_SHARED(S, N, R) <= SHARED_MOST_BYTES,             \
                  "scan.cuh: tiles in shared memory");                                             \
    static_assert(SCAN_WIDE_SHARED(N) <= SHARED_MOST_BYTES, "scan.cuh: states in shared memory");  \
    KERNEL(name##_summary_kernel, struct scan_params, SCAN_CHANNELS(S) * SCAN_SPLIT)               \
    {                                                                                              \
        scan_summary(S, SCAN_PIECED(N), R, XS, DS, MOST, COUNT, &p);                               \
    }                                                                                              \
    KERNEL(name##_combine_kernel, struct scan_params, SCAN_COMBINE_THREADS)                        \
    {                                                                                              \
        scan_combine(S, SCAN_PIECED(N), MOST, COUNT, &p);                                          \
    }                                                                                              \
    KERNEL(name##_replay_kernel, struct scan_params, SCAN_REPLAY_THREADS(S, N))                    \
    {                                                                                              \
        if ((N) <= SCAN_HELD)                                                                      \
            scan_replay(S, SCAN_PIECED(N), R, XS, DS, COUNT, &p);                                  \
        else                                                                                       \
            scan_wide(S, N, R, XS, DS, COUNT, &p);                                                 \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*xz)[XS], f32(*state)[N][LINE_F32],                   \
                         const f32(*dt)[S], const f32(*xdb)[DS], const f32(*A)[N][LINE_F32],       \
                         const f32 *D)                                                             \
    {                                                                                              \
        const u32 blocks = SCAN_PIECES(MOST) * ((S) / SCAN_CHANNELS(S));                           \
        const u32 threads = SCAN_CHANNELS(S) * SCAN_SPLIT;                                         \
        const u32 combine = ((N) * (S) + SCAN_COMBINE_THREADS - 1) / SCAN_COMBINE_THREADS;         \
        const struct scan_params params = {r->step, xz[0],   state[0][0], dt[0],                   \
                                           xdb[0],  A[0][0], D,           (f32 *)r->work};         \
        const bool pieces = (N) <= SCAN_HELD;                                                      \
        if (pieces)                                                                                \
            LAUNCH(r, op, name##_summary_kernel, blocks, threads, SCAN_SUMMARY_SHARED(S, N, R),    \
                   params);                                                                        \
        if (pieces)                                                                                \
            LAUNCH(r, op, name##_combine_kernel, combine, SCAN_COMBINE_THREADS, 0, params);        \
        LAUNCH(r, op, name##_replay_kernel, pieces ? blocks : (S) / LINE_F32,                      \
               SCAN_REPLAY_THREADS(S, N),                                                          \
               pieces ? SCAN_REPLAY_SHARED(S, N, R) : SCAN_WIDE_SHARED(N), params);                \
    }

#define SCAN(name, I, N, R, XS, DS, COUNT)                                                         \
    SCAN_LAUNCHES(name, LINE_PAD(I), N, R, XS, DS, COUNT_##COUNT, ROWS_MOST_##COUNT)

#endif
