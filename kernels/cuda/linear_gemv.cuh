/* gemv: one row of y from one row of x, for the shapes and epilogues of kernels/cpu/linear.h
 *
 *   Means    kernels/cpu/linear.h with COUNT ONE, which is the definition
 *   Shapes   y [1][YS], x [1][XS] f32; W [PAD(M)][PAD(K)] row-major; bias f32 [PAD(M)]
 *   Grid     PAD(M) / block_rows blocks. A warp multiplies 1, 2 or 4 rows with the same x, so x is
 *            read from shared memory once for all of them; split warps share the columns of a row.
 *            Rules, of M, K and T alone:
 *            block_rows  16 at most, halved until there are 384 blocks: three for each of 132 SMs,
 *                        97% of an even spread for the widths of all Mamba models
 *            rows        of a warp: 4, 2 or 1 as a block has 16, 2 .. 8 or 1
 *            split       as many warps as give a lane at most 4 vectors of a row, but 4 to 8 warps
 *                        in a block, and 32 vectors for a warp where there are so many
 *            slabs       equal parts of the columns, one after another, as many as make the part
 *                        of x fit into shared memory: 1 up to 25,000 columns
 *   Moves    W once, in 16-byte loads past L1, of which a lane has up to 20 on the way: all of its
 *            work for most shapes, and the first before pdl_wait(); x once per block, from L2
 *   Order    lane l of part s takes vectors 32 (split i + s) + l of a row, ascending i; two chains,
 *            of even and of odd columns, acc = fma(w, x, acc) from 0; even + odd; slabs from 0
 *            upwards; the tree of lanes_sum(); parts from 0 upwards; then the epilogue
 *   Error    |y - exact| <= (K / 64 + 16) 2^-24 sum |W||x| (+ |bias|, |y|), before softplus
 *            or gelu, whose slope is at most 1.13 (tests/kernels/cuda/decode_kernels_test.cc)
 */
#ifndef KERNELS_CUDA_LINEAR_GEMV_CUH
#define KERNELS_CUDA_LINEAR_GEMV_CUH

#include "kernels/cuda/math.cuh"
#include "kernels/cuda/op.cuh"

enum {
    GEMV_MOST_ROWS = 4,  /* of a warp */
    GEMV_MOST_WARPS = 8, /* of a block */
    GEMV_AHEAD = 20,     /* vectors of weights that a lane has on the way: 80 registers */
};

struct gemv_shared {
    f32 part[GEMV_MOST_WARPS][GEMV_MOST_ROWS]; /* sums of a warp's columns, where SPLIT > 1 */
    f32 sums[GEMV_MOST_WARPS];                 /* norm_gemv.cuh: of what a warp staged */
    f32 squares[GEMV_MOST_WARPS];
    struct vec16 x[]; /* PAD(K) floats, placed by stage_slot() */
};
HOST_DEVICE constexpr u32 gemv_shared_bytes(u32 K)
{
    return (u32)sizeof(struct gemv_shared) + LINE_PAD(K) * 4;
}

/* Columns of a slab. */
HOST_DEVICE constexpr u32 gemv_slab(u32 K)
{
    const u32 most = SHARED_MOST_BYTES - (u32)sizeof(struct gemv_shared);
    const u32 slabs = ceil_div(LINE_PAD(K) * 4, most);
    return slabs == 1 ? K : LINE_PAD(ceil_div(K, slabs));
}

/* The next power of two, up to 8. */
HOST_DEVICE constexpr u32 gemv_power(u32 n)
{
    return n <= 1 ? 1 : n <= 2 ? 2 : n <= 4 ? 4 : 8;
}

/* The rules above for M rows of K columns of the format `type`. */
struct gemv_grid {
    enum format type;
    u32 K, slab;
    u32 block_rows, rows, split;
    u32 blocks, threads;
};

HOST_DEVICE constexpr struct gemv_grid gemv_grid_of(enum format type, u32 M, u32 K)
{
    const u32 all = LINE_PAD(M), vectors = row_vectors(type, K);
    const u32 block_rows = all >= 16 * 384  ? 16
                           : all >= 8 * 384 ? 8
                           : all >= 4 * 384 ? 4
                           : all >= 2 * 384 ? 2
                                            : 1;
    const u32 rows = block_rows == 16 ? 4 : block_rows == 1 ? 1 : 2, groups = block_rows / rows;
    const u32 wanted = u32_max(gemv_power(ceil_div(vectors, 4 * WARP)), 4 / groups);
    const u32 split =
        u32_min(gemv_power(ceil_div(vectors, WARP)), u32_min(GEMV_MOST_WARPS / groups, wanted));
    return {type, K,     gemv_slab(K),     block_rows,
            rows, split, all / block_rows, groups * split * WARP};
}

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
    const u32 elements = vec_elements(T);
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
            if (vec_elements(p->type) == 8)
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
    return vec_elements(T) == 4 ? q : q % 2 * row_vectors(T, K) + q / 2;
}

/* Copies a row to shared memory; columns from K on become 0. A thread sees its own part, a barrier
 * shows it to the others. The parts are on their way together: of loads into registers ptxas puts
 * some behind the stores of others to spare registers, and each such pair takes a round trip. */
DEVICE void stage_row(enum format T, u32 K, u32 threads, const f32 *row, struct vec16 *to)
{
    const u32 total = LINE_PAD(K) / 4, turns = ceil_div(total, threads);
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

/* The row of the block that its first row of this warp is. */
DEVICE u32 gemv_warp_row(struct gemv_grid g)
{
    return warp_index() / g.split * g.rows;
}

/* This lane's part of the block's rows, of the first slab, with x in shared memory. */
DEVICE struct product gemv_product(struct gemv_grid g, const void *w)
{
    const u32 vectors = row_vectors(g.type, g.slab), pitch = row_vectors(g.type, g.K);
    const u32 row = block_index() * g.block_rows + gemv_warp_row(g);
    const u32 turns = ceil_div(vectors, g.split * WARP);
    struct product p;
    p.type = g.type;
    p.rows = g.rows;
    p.vectors = vectors;
    p.pitch = pitch;
    p.first = warp_index() % g.split * WARP + warp_lane();
    p.stride = g.split * WARP;
    p.turns = turns;
    p.ahead = u32_min(turns, GEMV_AHEAD / g.rows);
    p.w = (const char *)w + (size_t)row * pitch * 16;
    p.odd = p.w + (size_t)pitch * 16;
    p.step = 2;
    p.x_vector = 1;
    p.x_half = vectors;
    return p;
}

/* The row whose sum gemv_total() gives to this thread, or ~0. */
DEVICE u32 gemv_row(struct gemv_grid g)
{
    if (warp_index() % g.split != 0 || warp_lane() >= g.rows)
        return ~0u;
    return block_index() * g.block_rows + gemv_warp_row(g) + warp_lane();
}

/* From the sums of lanes to that of a row. */
DEVICE f32 gemv_total(struct gemv_grid g, struct gemv_shared *shared, const f32 *sums)
{
    f32 total = 0.0f;
    UNROLL
    for (u32 row = 0; row < g.rows; row++) {
        const f32 sum = lanes_sum(sums[row], WARP);
        if (g.split == 1 && warp_lane() == row)
            total = sum;
        else if (g.split > 1 && warp_lane() == 0)
            shared->part[warp_index()][row] = sum;
    }
    if (g.split == 1)
        return total;
    block_barrier(); /* part: written by each warp, read by the owners of rows */
    if (gemv_row(g) == ~0u)
        return 0.0f;
    total = shared->part[warp_index()][warp_lane()];
    UNROLL
    for (u32 s = 1; s < g.split; s++)
        total = total + shared->part[warp_index() + s][warp_lane()];
    return total;
}

/* Copies `columns` floats of a slab to shared memory, from column `at` of a row of K on; what is
 * behind them there meets no weight. */
DEVICE void stage_slab(struct gemv_grid g, u32 at, u32 columns, const f32 *row, struct vec16 *to)
{
    for (u32 q = thread_index(); q < LINE_PAD(columns) / 4; q += g.threads) {
        struct vec16 four = load16(row + at + (size_t)q * 4);
        UNROLL
        for (u32 j = 0; j < 4; j++)
            if (g.K % LINE_F32 != 0 && at + q * 4 + j >= g.K)
                four.word[j] = 0;
        store16(&to[stage_slot(g.type, g.slab, q)], four);
    }
}

/* This lane's sums of rows that are too long to be staged at once; `hold` has the first weights of
 * the first slab. All threads of the block come here. */
DEVICE void slab_sums(struct gemv_grid g, const f32 *x, struct product product, struct vec16 *hold,
                      struct gemv_shared *shared, f32 *sums)
{
    const u32 slab = g.slab, vectors = product.vectors;
    UNROLL
    for (u32 i = 0; i < product.rows; i++)
        sums[i] = 0.0f;
    for (u32 at = 0; at < g.K; at += slab) {
        const u32 columns = g.K - at < slab ? g.K - at : slab;
        f32 part[GEMV_MOST_ROWS];
        product.vectors = columns == slab ? vectors : row_vectors(g.type, columns);
        if (at > 0)
            product_begin(&product, hold);
        stage_slab(g, at, columns, x, shared->x);
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

/* Whether a sum has a bias, and whether it is added to what is there. */
HOST_DEVICE constexpr bool epilogue_biased(enum epilogue epilogue)
{
    return epilogue != EPILOGUE_PLAIN && epilogue != EPILOGUE_ADD;
}

HOST_DEVICE constexpr bool epilogue_adds(enum epilogue epilogue)
{
    return epilogue == EPILOGUE_ADD || epilogue == EPILOGUE_ADD_BIAS;
}

struct linear_gemv_params {
    const void *w;
    const f32 *bias, *x;
    f32 *y;
};

template <linear_shape s> struct linear_gemv {
    static constexpr struct gemv_grid grid = gemv_grid_of(s.type, s.M, s.K);
    static constexpr u32 blocks = grid.blocks, threads = grid.threads;
    static constexpr u32 shared_bytes = gemv_shared_bytes(grid.slab);

    using params = linear_gemv_params;
    DEVICE void run(const params *p)
    {
        constexpr struct gemv_grid g = grid;
        struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
        const struct product product = gemv_product(g, p->w);
        const u32 row = gemv_row(g);
        struct vec16 hold[GEMV_AHEAD] = {};
        f32 sums[GEMV_MOST_ROWS], bias = 0.0f, before = 0.0f;
        pdl_trigger();
        product_begin(&product, hold);
        if (epilogue_biased(s.epilogue) && row != ~0u)
            bias = p->bias[row];
        pdl_wait();
        if (epilogue_adds(s.epilogue) && row != ~0u)
            before = p->y[row];
        if constexpr (g.slab == g.K) {
            stage_row(s.type, s.K, threads, p->x, shared->x);
            block_barrier(); /* x: written by all threads, read by all in product_sums() */
            product_sums(&product, hold, shared->x, sums);
        } else {
            slab_sums(g, p->x, product, hold, shared, sums);
        }
        f32 y = gemv_total(g, shared, sums);
        if (row == ~0u)
            return;
        if constexpr (epilogue_biased(s.epilogue))
            y = y + bias;
        if constexpr (epilogue_adds(s.epilogue))
            y = before + y;
        if constexpr (s.epilogue == EPILOGUE_SOFTPLUS)
            y = row < s.M ? k_softplus(y) : 0.0f;
        if constexpr (s.epilogue == EPILOGUE_GELU)
            y = k_gelu_new(y);
        p->y[row] = y;
    }
};

#endif
