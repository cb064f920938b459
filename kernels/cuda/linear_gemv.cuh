/* gemv: one row of y from one row of x, for the shapes and epilogues of kernels/cpu/linear.h
 *
 *   Means    kernels/cpu/linear.h with COUNT ONE, which is the definition
 *   Shapes   y [1][YS], x [1][XS] f32; W [PAD(M)][PAD(K)] row-major; bias f32 [PAD(M)]
 *   Grid     PAD(M) / BLOCK_ROWS blocks. A warp multiplies 1, 2 or 4 rows with the same x, so x is
 *            read from shared memory once for all of them; SPLIT warps share the columns of a row.
 *            Rules, of M, K and T alone:
 *            BLOCK_ROWS  16 at most, halved until there are 384 blocks: three for each of 132 SMs,
 *                        97% of an even spread for the widths of all Mamba models
 *            ROWS        of a warp: 4, 2 or 1 as a block has 16, 2 .. 8 or 1
 *            SPLIT       as many warps as give a lane at most 4 vectors of a row, but 4 to 8 warps
 *                        in a block, and 32 vectors for a warp where there are so many
 *            SLABS       equal parts of the columns, one after another, as many as make the part
 *                        of x fit into shared memory: 1 up to 25,000 columns
 *   Moves    W once, in 16-byte loads past L1, of which a lane has up to 20 on the way: all of its
 *            work for most shapes, and the first before pdl_wait(); x once per block, from L2
 *   Order    lane l of part s takes vectors 32 (SPLIT i + s) + l of a row, ascending i; two chains,
 *            of even and of odd columns, acc = fma(w, x, acc) from 0; even + odd; slabs from 0
 *            upwards; the tree of lanes_sum(); parts from 0 upwards; then the epilogue
 *   Error    |y - exact| <= (K / 64 + 16) 2^-24 sum |W||x| (+ |bias|, |y|), before softplus
 *            or gelu, whose slope is at most 1.13 (tests/kernels/cuda/decode_kernels_test.cc)
 *
 * LINEAR_GEMV(name, TYPE, T, M, K, YS, XS, EPILOGUE) makes the instance; signatures as there. */
#ifndef KERNELS_CUDA_LINEAR_GEMV_CUH
#define KERNELS_CUDA_LINEAR_GEMV_CUH

#include "kernels/cuda/math.cuh"
#include "kernels/cuda/op.cuh"

enum {
    GEMV_MOST_ROWS = 4,  /* of a warp */
    GEMV_MOST_WARPS = 8, /* of a block */
    GEMV_AHEAD = 20,     /* vectors of weights that a lane has on the way: 80 registers */
};

#define GEMV_BLOCK_ROWS(M)                                                                         \
    (LINE_PAD(M) >= 16 * 384  ? 16u                                                                \
     : LINE_PAD(M) >= 8 * 384 ? 8u                                                                 \
     : LINE_PAD(M) >= 4 * 384 ? 4u                                                                 \
     : LINE_PAD(M) >= 2 * 384 ? 2u                                                                 \
                              : 1u)
#define GEMV_BLOCKS(M) (LINE_PAD(M) / GEMV_BLOCK_ROWS(M))
#define GEMV_ROWS(M)   (GEMV_BLOCK_ROWS(M) == 16 ? 4u : GEMV_BLOCK_ROWS(M) == 1 ? 1u : 2u)
#define GEMV_GROUPS(M) (GEMV_BLOCK_ROWS(M) / GEMV_ROWS(M))

#define GEMV_LEAST(a, b) ((a) < (b) ? (a) : (b))
#define GEMV_MOST(a, b)  ((a) > (b) ? (a) : (b))
#define GEMV_POWER(n)    ((n) <= 1 ? 1u : (n) <= 2 ? 2u : (n) <= 4 ? 4u : 8u)
#define GEMV_SPLIT(T, M, K)                                                                        \
    GEMV_LEAST(GEMV_POWER(CEIL_DIV(ROW_VECTORS(T, K), WARP)),                                      \
               GEMV_LEAST(GEMV_MOST_WARPS / GEMV_GROUPS(M),                                        \
                          GEMV_MOST(GEMV_POWER(CEIL_DIV(ROW_VECTORS(T, K), 4 * WARP)),             \
                                    4 / GEMV_GROUPS(M))))
#define GEMV_WARPS(T, M, K)   (GEMV_GROUPS(M) * GEMV_SPLIT(T, M, K))
#define GEMV_THREADS(T, M, K) (GEMV_WARPS(T, M, K) * WARP)

struct gemv_shared {
    f32 part[GEMV_MOST_WARPS][GEMV_MOST_ROWS]; /* sums of a warp's columns, where SPLIT > 1 */
    f32 sums[GEMV_MOST_WARPS];                 /* norm_gemv.cuh: of what a warp staged */
    f32 squares[GEMV_MOST_WARPS];
    struct vec16 x[]; /* PAD(K) floats, placed by stage_slot() */
};
#define GEMV_SHARED_BYTES(K) ((u32)sizeof(struct gemv_shared) + LINE_PAD(K) * 4)

#define GEMV_SLABS(K) CEIL_DIV(LINE_PAD(K) * 4, SHARED_MOST_BYTES - (u32)sizeof(struct gemv_shared))
#define GEMV_SLAB(K)  (GEMV_SLABS(K) == 1 ? (K) : LINE_PAD(CEIL_DIV(K, GEMV_SLABS(K))))

/* A lane's part of the products of some rows: vectors first, first + stride, .. of each. */
struct product {
    enum format type;
    u32 rows, vectors, first, stride;
    u32 pitch;            /* vectors from one row to the next */
    u32 turns;            /* vectors of a row that some lane has */
    u32 ahead;            /* of which this many are on the way at once */
    const char *w, *odd;  /* the first row and the second */
    u32 step;             /* rows from either to the next even or odd one */
    u32 x_vector, x_half; /* where vectors of x lie: x[x_vector * v], its second half x_half on */
};

DEVICE struct vec16 product_load(const struct product *p, u32 row, u32 v)
{
    const char *const w = row % 2 == 0 ? p->w : p->odd;
    return load_weights16(w + ((size_t)(row / 2 * p->step) * p->pitch + v) * 16);
}

/* Asks for the first weights; they are the only thing to be read before pdl_wait(). */
DEVICE void product_begin(const struct product *p, struct vec16 *hold)
{
    UNROLL
    for (u32 i = 0; i < p->ahead; i++) {
        const u32 v = p->first + i * p->stride;
        UNROLL
        for (u32 row = 0; row < p->rows; row++)
            if (v < p->vectors)
                hold[i * p->rows + row] = product_load(p, row, v);
    }
}

/* chain[i % 2] += the products of one vector of weights with as many x */
DEVICE void product_vector(enum format T, const struct vec16 *w, const struct vec16 *x,
                           f32 chain[2])
{
    const u32 elements = VEC_ELEMENTS(T);
    UNROLL
    for (u32 i = 0; i < elements; i++)
        chain[i % 2] = k_fma(weight_element(T, w, i), as_f32(x[i / 4].word[i % 4]), chain[i % 2]);
}

/* This lane's sums. Each vector of weights makes room for the one `ahead` further on. */
DEVICE void product_sums(const struct product *p, struct vec16 *hold, const struct vec16 *x,
                         f32 *sums)
{
    f32 chain[GEMV_MOST_ROWS][2] = {};
    for (u32 base = 0; base < p->turns; base += p->ahead) {
        UNROLL
        for (u32 i = 0; i < p->ahead; i++) {
            const u32 v = p->first + (base + i) * p->stride, next = v + p->ahead * p->stride;
            if (v >= p->vectors)
                break;
            struct vec16 in[2];
            in[0] = load16(x + v * p->x_vector);
            if (p->type != FORMAT_F32)
                in[1] = load16(x + v * p->x_vector + p->x_half);
            UNROLL
            for (u32 row = 0; row < p->rows; row++) {
                product_vector(p->type, &hold[i * p->rows + row], in, chain[row]);
                if (base + i + p->ahead < p->turns && next < p->vectors)
                    hold[i * p->rows + row] = product_load(p, row, next);
            }
        }
    }
    UNROLL
    for (u32 row = 0; row < p->rows; row++)
        sums[row] = chain[row][0] + chain[row][1];
}

/* Where vector q of a row of K floats lies in shared memory: the two halves of what meets one
 * vector of 16-bit weights are half a row apart, so that lanes side by side read side by side. */
DEVICE u32 stage_slot(enum format T, u32 K, u32 q)
{
    return T == FORMAT_F32 ? q : q % 2 * ROW_VECTORS(T, K) + q / 2;
}

/* Copies a row to shared memory; columns from K on become 0. A thread sees its own part, a barrier
 * shows it to the others. The parts are on their way together: of loads into registers ptxas puts
 * some behind the stores of others to spare registers, and each such pair takes a round trip. */
DEVICE void stage_row(enum format T, u32 K, u32 threads, const f32 *row, struct vec16 *to)
{
    const u32 total = LINE_PAD(K) / 4, turns = CEIL_DIV(total, threads);
    UNROLL
    for (u32 i = 0; i < turns; i++) {
        const u32 q = turn_piece(threads, i);
        struct vec16 *const at = &to[stage_slot(T, K, q)];
        if (turn_is_mine(total, threads, i) && (K % LINE_F32 == 0 || q * 4 + 4 <= K)) {
            copy_async16(at, row + (size_t)q * 4);
        } else if (turn_is_mine(total, threads, i)) {
            f32 last[4];
            UNROLL
            for (u32 j = 0; j < 4; j++)
                last[j] = q * 4 + j < K ? row[q * 4 + j] : 0.0f;
            store16(at, {{as_u32(last[0]), as_u32(last[1]), as_u32(last[2]), as_u32(last[3])}});
        }
    }
    copy_async_commit();
    copy_async_wait(0);
}

/* This lane's part of the block's rows, of the first slab, with x in shared memory. */
DEVICE struct product gemv_product(enum format T, u32 M, u32 K, const void *w)
{
    const u32 split = GEMV_SPLIT(T, M, K), vectors = ROW_VECTORS(T, GEMV_SLAB(K));
    const u32 pitch = ROW_VECTORS(T, K);
    const u32 row = block_index() * GEMV_BLOCK_ROWS(M) + warp_index() / split * GEMV_ROWS(M);
    const u32 turns = CEIL_DIV(vectors, split * WARP);
    struct product p;
    p.type = T;
    p.rows = GEMV_ROWS(M);
    p.vectors = vectors;
    p.pitch = pitch;
    p.first = warp_index() % split * WARP + warp_lane();
    p.stride = split * WARP;
    p.turns = turns;
    p.ahead = GEMV_LEAST(turns, (u32)GEMV_AHEAD / GEMV_ROWS(M));
    p.w = (const char *)w + (size_t)row * pitch * 16;
    p.odd = p.w + (size_t)pitch * 16;
    p.step = 2;
    p.x_vector = 1;
    p.x_half = vectors;
    return p;
}

/* The row whose sum gemv_total() gives to this thread, or ~0. */
DEVICE u32 gemv_row(enum format T, u32 M, u32 K)
{
    const u32 split = GEMV_SPLIT(T, M, K);
    if (warp_index() % split != 0 || warp_lane() >= GEMV_ROWS(M))
        return ~0u;
    return block_index() * GEMV_BLOCK_ROWS(M) + warp_index() / split * GEMV_ROWS(M) + warp_lane();
}

/* From the sums of lanes to that of a row. */
DEVICE f32 gemv_total(enum format T, u32 M, u32 K, struct gemv_shared *shared, const f32 *sums)
{
    const u32 split = GEMV_SPLIT(T, M, K), rows = GEMV_ROWS(M);
    f32 total = 0.0f;
    UNROLL
    for (u32 row = 0; row < rows; row++) {
        const f32 sum = lanes_sum(sums[row], WARP);
        if (split == 1 && warp_lane() == row)
            total = sum;
        else if (split > 1 && warp_lane() == 0)
            shared->part[warp_index()][row] = sum;
    }
    if (split == 1)
        return total;
    block_barrier(); /* part: written by each warp, read by the owners of rows */
    if (gemv_row(T, M, K) == ~0u)
        return 0.0f;
    total = shared->part[warp_index()][warp_lane()];
    UNROLL
    for (u32 s = 1; s < split; s++)
        total = total + shared->part[warp_index() + s][warp_lane()];
    return total;
}

/* Copies `columns` floats of a slab to shared memory, from column `at` of a row of K on; what is
 * behind them there meets no weight. */
DEVICE void stage_slab(enum format T, u32 K, u32 at, u32 columns, u32 threads, const f32 *row,
                       struct vec16 *to)
{
    for (u32 q = thread_index(); q < LINE_PAD(columns) / 4; q += threads) {
        struct vec16 four = load16(row + at + (size_t)q * 4);
        UNROLL
        for (u32 j = 0; j < 4; j++)
            if (K % LINE_F32 != 0 && at + q * 4 + j >= K)
                four.word[j] = 0;
        store16(&to[stage_slot(T, GEMV_SLAB(K), q)], four);
    }
}

/* This lane's sums of rows that are too long to be staged at once; `hold` has the first weights of
 * the first slab. All threads of the block come here. */
DEVICE void slab_sums(enum format T, u32 M, u32 K, const f32 *x, struct product product,
                      struct vec16 *hold, struct gemv_shared *shared, f32 *sums)
{
    const u32 slab = GEMV_SLAB(K), vectors = product.vectors;
    UNROLL
    for (u32 i = 0; i < product.rows; i++)
        sums[i] = 0.0f;
    for (u32 at = 0; at < K; at += slab) {
        const u32 columns = K - at < slab ? K - at : slab;
        f32 part[GEMV_MOST_ROWS];
        product.vectors = columns == slab ? vectors : ROW_VECTORS(T, columns);
        if (at > 0)
            product_begin(&product, hold);
        stage_slab(T, K, at, columns, GEMV_THREADS(T, M, K), x, shared->x);
        block_barrier(); /* x: written by all threads, read by all in product_sums() */
        product_sums(&product, hold, shared->x, part);
        block_barrier(); /* x: read by all threads before it is overwritten */
        product.w += (size_t)vectors * 16;
        product.odd += (size_t)vectors * 16;
        UNROLL
        for (u32 i = 0; i < product.rows; i++)
            sums[i] = sums[i] + part[i];
    }
}

struct gemv_params {
    const void *w;
    const f32 *bias, *x;
    f32 *y;
};

DEVICE void gemv(enum format T, u32 M, u32 K, enum epilogue E, const struct gemv_params *p)
{
    struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
    const struct product product = gemv_product(T, M, K, p->w);
    const u32 row = gemv_row(T, M, K);
    const bool biased = E != EPILOGUE_PLAIN && E != EPILOGUE_ADD;
    const bool added = E == EPILOGUE_ADD || E == EPILOGUE_ADD_BIAS;
    struct vec16 hold[GEMV_AHEAD] = {};
    f32 sums[GEMV_MOST_ROWS], bias = 0.0f, before = 0.0f;
    pdl_trigger();
    product_begin(&product, hold);
    if (biased && row != ~0u)
        bias = p->bias[row];
    pdl_wait();
    if (added && row != ~0u)
        before = p->y[row];
    if (GEMV_SLABS(K) == 1) {
        stage_row(T, K, GEMV_THREADS(T, M, K), p->x, shared->x);
        block_barrier(); /* x: written by all threads, read by all in product_sums() */
        product_sums(&product, hold, shared->x, sums);
    } else {
        slab_sums(T, M, K, p->x, product, hold, shared, sums);
    }
    f32 y = gemv_total(T, M, K, shared, sums);
    if (row == ~0u)
        return;
    if (biased)
        y = y + bias;
    if (added)
        y = before + y;
    if (E == EPILOGUE_SOFTPLUS)
        y = row < M ? k_softplus(y) : 0.0f;
    if (E == EPILOGUE_GELU)
        y = k_gelu_new(y);
    p->y[row] = y;
}

#define GEMV_KERNEL(name, T, M, K, E)                                                              \
    KERNEL(name##_kernel, struct gemv_params, GEMV_THREADS(T, M, K))                               \
    {                                                                                              \
        gemv(T, M, K, E, &p);                                                                      \
    }

#define GEMV_LAUNCH(r, op, name, T, M, K, p)                                                       \
    LAUNCH(r, op, name##_kernel, GEMV_BLOCKS(M), GEMV_THREADS(T, M, K),                            \
           GEMV_SHARED_BYTES(GEMV_SLAB(K)), p)

#define GEMV_WITHOUT_BIAS(name, TYPE, T, M, K, YS, XS, E)                                          \
    GEMV_KERNEL(name, T, M, K, E)                                                                  \
    extern "C" void name(run *r, u32 op, f32(*y)[YS], const TYPE *w, const f32(*x)[XS])            \
    {                                                                                              \
        struct gemv_params p = {w->w, NULL, x[0], y[0]};                                           \
        GEMV_LAUNCH(r, op, name, T, M, K, p);                                                      \
    }

#define GEMV_WITH_BIAS(name, TYPE, T, M, K, YS, XS, E)                                             \
    GEMV_KERNEL(name, T, M, K, E)                                                                  \
    extern "C" void name(run *r, u32 op, f32(*y)[YS], const TYPE *w, const f32 *bias,              \
                         const f32(*x)[XS])                                                        \
    {                                                                                              \
        struct gemv_params p = {w->w, bias, x[0], y[0]};                                           \
        GEMV_LAUNCH(r, op, name, T, M, K, p);                                                      \
    }

#define GEMV_PLAIN    GEMV_WITHOUT_BIAS
#define GEMV_ADD      GEMV_WITHOUT_BIAS
#define GEMV_BIAS     GEMV_WITH_BIAS
#define GEMV_ADD_BIAS GEMV_WITH_BIAS
#define GEMV_SOFTPLUS GEMV_WITH_BIAS
#define GEMV_GELU     GEMV_WITH_BIAS

#define LINEAR_GEMV(name, TYPE, T, M, K, YS, XS, EPILOGUE)                                         \
    GEMV_##EPILOGUE(name, TYPE, FORMAT_##T, M, K, YS, XS, EPILOGUE_##EPILOGUE)

#endif
