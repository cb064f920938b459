/* experts_swiglu, experts_add with COUNT CHUNK:  the experts of a chunk, a matrix product each
 *
 *   Means    kernels/cpu/experts.h, which is the definition
 *   Shapes   xg [K rows][S], h [K rows][PAD(F)], y [rows][PAD(D)] f32; route [rows][PAD(2 K)];
 *            G, U [E] of [PAD(F)][PAD(D)] and W [E] of [PAD(D)][PAD(F)], row-major
 *   Grid     groups.cuh finds the tiles; convert.cuh copies the rows to run.work in the type of the
 *            weights; then a block of 8 warps has a tile of 64 rows and 128 rows of weights: 64
 *            outputs of G and U, 8 of the one beside 8 of the other, or 128 of W. Blocks of the
 *            same weights are neighbours; blocks without a tile leave. A warp has 32 rows and 32
 *            rows of weights. experts_add leaves products in run.work, and a kernel adds a token's
 *            up, a thread for 4 columns.
 *   Moves    the weights of every expert that is chosen once per 64 of its rows, mostly from L2,
 *            in stages of 128 bytes of each row, three of them on their way; rows once for every
 *            block beside another; the products once out and once in
 *   Order    BF16 and F16: columns ascending by 16 in one accumulator, within them the machine's.
 *            F32: acc = fma(w, x, acc) over ascending columns, the bits of the CPU. Then one
 *            product with silu; y = fma(product, weight, y) in ascending order of experts
 *   Error    of a product (u + K 2^-23) sum |W||x| + v sum |W|, (u, v) the rounding of x as in
 *            linear.cuh and K its columns (2^-24 for F32); of h and y as kernels/cpu/experts.h with
 *            these (tests/kernels/cuda/experts_kernels_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*h)[PAD(F)], const f32 (*xg)[S], const f32 (*route)[PAD(2 K)],
 *             const TYPE *gate, const TYPE *up)
 *   void NAME(run *, u32 op, f32 (*y)[PAD(D)], const f32 (*h)[HS], const f32 (*route)[PAD(2 K)],
 *             const TYPE *w) */
#ifndef KERNELS_CUDA_EXPERTS_ROWS_CUH
#define KERNELS_CUDA_EXPERTS_ROWS_CUH

#include "kernels/cuda/convert.cuh"
#include "kernels/cuda/experts.cuh"
#include "kernels/cuda/groups.cuh"

enum {
    TILE_WEIGHTS = 128,              /* rows of weights of a block */
    TILE_OUTPUTS = TILE_WEIGHTS / 2, /* of gate and up */
    TILE_VECTORS = 8,                /* of a row in one stage */
    TILE_PITCH = TILE_VECTORS + 1,   /* so that rows side by side lie in other banks */
    TILE_STAGES = 3,
    TILE_THREADS = 256,
    TILE_STEP = TILE_THREADS / TILE_VECTORS, /* rows that the block loads at a time */
    TILE_LOADS_X = EXPERT_TILE_ROWS / TILE_STEP,
    TILE_LOADS = (EXPERT_TILE_ROWS + TILE_WEIGHTS) / TILE_STEP, /* vectors of a thread and stage */
};

struct tile_stage {
    struct vec16 x[EXPERT_TILE_ROWS][TILE_PITCH], w[TILE_WEIGHTS][TILE_PITCH];
};
enum : u32 { TILE_SHARED_BYTES = TILE_STAGES * sizeof(struct tile_stage) };

/* The sums of a lane: 2 times 16 rows, 4 times 8 rows of weights, as mma_bf16() has them. */
struct tile_sums {
    f32 c[2][4][4];
};

/* Where a thread loads its vectors from: rows of x, then rows of weights. */
struct tile_sources {
    const char *from[TILE_LOADS];
};

/* ---- one product ---------------------------------------------------------------------------- */
/* Begins to bring step `step` of all rows, and closes the group, which may be empty. */
DEVICE void tile_load(u32 vectors, u32 step, const struct tile_sources *sources,
                      struct tile_stage *stages)
{
    struct tile_stage *const to = &stages[step % TILE_STAGES];
    const u32 v = thread_index() % TILE_VECTORS, row = thread_index() / TILE_VECTORS;
    if (step * TILE_VECTORS + v < vectors) {
        UNROLL
        for (u32 i = 0; i < TILE_LOADS_X; i++)
            copy_async16(&to->x[row + i * TILE_STEP][v],
                         sources->from[i] + (size_t)step * TILE_VECTORS * 16);
        UNROLL
        for (u32 i = TILE_LOADS_X; i < TILE_LOADS; i++)
            copy_async16(&to->w[row + (i - TILE_LOADS_X) * TILE_STEP][v],
                         sources->from[i] + (size_t)step * TILE_VECTORS * 16);
    }
    copy_async_commit();
}

/* The rows of this warp in its tile, and its rows of weights. */
DEVICE u32 tile_row()
{
    return warp_index() / 4 * 32;
}

DEVICE u32 tile_weight()
{
    return warp_index() % 4 * 32;
}

/* 16 columns of 16-bit weights: vectors 2 part and 2 part + 1. */
DEVICE void tile_mma(enum format T, u32 part, const struct tile_stage *s, struct tile_sums *sums)
{
    const u32 g = warp_lane() / 4, t = warp_lane() % 4;
    u32 a[2][4], b[4][2];
    UNROLL
    for (u32 i = 0; i < 8; i++)
        a[i / 4][i % 4] =
            s->x[tile_row() + i / 4 * 16 + i % 2 * 8 + g][2 * part + i % 4 / 2].word[t];
    UNROLL
    for (u32 i = 0; i < 8; i++)
        b[i / 2][i % 2] = s->w[tile_weight() + i / 2 * 8 + g][2 * part + i % 2].word[t];
    UNROLL
    for (u32 i = 0; i < 8; i++)
        vec_mma(T, sums->c[i / 4][i % 4], a[i / 4], b[i % 4]);
}

/* 4 columns of f32 weights: vector v. */
DEVICE void tile_fma(u32 v, const struct tile_stage *s, struct tile_sums *sums)
{
    const u32 g = warp_lane() / 4, t = warp_lane() % 4;
    struct vec16 a[4], b[8];
    UNROLL
    for (u32 i = 0; i < 4; i++)
        a[i] = load16(&s->x[tile_row() + i * 8 + g][v]);
    UNROLL
    for (u32 i = 0; i < 8; i++)
        b[i] = load16(&s->w[tile_weight() + i / 2 * 8 + 2 * t + i % 2][v]);
    UNROLL
    for (u32 k = 0; k < 4; k++) {
        UNROLL
        for (u32 i = 0; i < 32; i++) {
            f32 *const c = &sums->c[i / 16][i % 8 / 2][i / 8 % 2 * 2 + i % 2];
            *c = k_fma(as_f32(b[i % 8].word[k]), as_f32(a[i / 8].word[k]), *c);
        }
    }
}

/* One stage, of which `vectors` vectors of a row are there. */
DEVICE void tile_stage_sums(enum format T, u32 vectors, const struct tile_stage *s,
                            struct tile_sums *sums)
{
    UNROLL
    for (u32 v = 0; v < TILE_VECTORS; v++)
        if (v < vectors) {
            if (vec_elements(T) == 4)
                tile_fma(v, s, sums);
            else if (v % 2 == 0)
                tile_mma(T, v / 2, s, sums);
        }
}

/* The sums of this warp over K columns. */
DEVICE void tile_products(enum format T, u32 K, const struct tile_sources *sources,
                          struct tile_sums *sums)
{
    struct tile_stage *const stages = (struct tile_stage *)shared_memory();
    const u32 vectors = row_vectors(T, K), steps = ceil_div(vectors, TILE_VECTORS);
    UNROLL
    for (u32 step = 0; step + 1 < TILE_STAGES; step++)
        tile_load(vectors, step, sources, stages);
    for (u32 step = 0; step < steps; step++) {
        copy_async_wait(TILE_STAGES - 2);
        block_barrier(); /* the stage: its copies, of all threads, before all read it; the one
                            before it: read by all, before it is filled again */
        tile_load(vectors, step + TILE_STAGES - 1, sources, stages);
        tile_stage_sums(T, vectors - step * TILE_VECTORS, &stages[step % TILE_STAGES], sums);
    }
}

/* ---- where the rows lie --------------------------------------------------------------------- */
/* A tile: rows first .. first + rows - 1 go through `expert`. */
struct tile {
    u32 expert, first, rows;
};

DEVICE struct tile tile_of(u32 tiles, const struct vec16 *table)
{
    const struct vec16 t = load16(&table[block_index() % tiles]);
    return {t.word[0], t.word[1], t.word[2]};
}

/* Row r of a tile of [most][K] rows; behind the last one it is that, and nobody stores the sums. */
DEVICE const char *tile_source_x(enum format T, u32 K, u32 most, const void *x, u32 r)
{
    return (const char *)x + (size_t)u32_min(r, most - 1) * row_vectors(T, K) * 16;
}

/* The same for rows of weights, of which there are PAD(M). */
DEVICE const char *tile_source_w(enum format T, u32 K, u32 M, const void *w, u32 r)
{
    return (const char *)w + (size_t)u32_min(r, LINE_PAD(M) - 1) * row_vectors(T, K) * 16;
}

/* The row that this thread loads as its i-th. */
DEVICE u32 tile_thread_row(u32 i)
{
    return thread_index() / TILE_VECTORS + i * TILE_STEP;
}

/* ---- gate and up ---------------------------------------------------------------------------- */
using experts_swiglu_rows_params = convert_params;

/* The rows of a chunk, K to a token, for products over D columns. */
template <experts_swiglu_shape s> struct experts_swiglu_rows {
    using params = experts_swiglu_rows_params;
    static constexpr u32 most = s.rows * s.K, blocks = convert_blocks(s.D, most);
    static constexpr u32 threads = CONVERT_THREADS, shared_bytes = 0;

    DEVICE void run(const params *p)
    {
        convert_rows(s.type, s.D, s.xg_stride, most, s.K, COUNT_CHUNK, p);
    }
};

struct experts_swiglu_params {
    const struct vec16 *tiles;
    const void *x, *gate, *up;
    f32 *h;
};

template <experts_swiglu_shape s> struct experts_swiglu {
    using params = experts_swiglu_params;
    static constexpr u32 most = s.rows * s.K, tiles = (u32)WORK_TILES(most, s.E);
    static constexpr u32 blocks = tiles * ceil_div(LINE_PAD(s.F), TILE_OUTPUTS);
    static constexpr u32 threads = TILE_THREADS, shared_bytes = TILE_SHARED_BYTES;

    DEVICE void run(const params *p)
    {
        const u32 output = block_index() / tiles * TILE_OUTPUTS;
        const u32 v = thread_index() % TILE_VECTORS * 16, g = warp_lane() / 4, t = warp_lane() % 4;
        struct tile_sources sources;
        struct tile_sums sums = {};
        pdl_trigger();
        pdl_wait();
        const struct tile tile = tile_of(tiles, p->tiles);
        if (tile.rows == 0)
            return; /* the whole block */
        const size_t expert = tile.expert * expert_bytes(s.type, s.F, s.D);
        UNROLL
        for (u32 i = 0; i < TILE_LOADS_X; i++)
            sources.from[i] =
                tile_source_x(s.type, s.D, most, p->x, tile.first + tile_thread_row(i)) + v;
        UNROLL
        for (u32 i = TILE_LOADS_X; i < TILE_LOADS; i++) {
            const u32 r = tile_thread_row(i - TILE_LOADS_X);
            const char *const w = (const char *)(r / 8 % 2 ? p->up : p->gate) + expert;
            sources.from[i] = tile_source_w(s.type, s.D, s.F, w, output + r / 16 * 8 + r % 8) + v;
        }
        tile_products(s.type, s.D, &sources, &sums);
        UNROLL
        for (u32 i = 0; i < 16; i++) {
            const u32 m = i / 8, n = i / 4 % 2 * 2, c = i % 4;
            const u32 row = tile_row() + m * 16 + c / 2 * 8 + g;
            const u32 column = output + tile_weight() / 2 + n / 2 * 8 + 2 * t + c % 2;
            if (row < tile.rows && column < LINE_PAD(s.F))
                p->h[(size_t)(tile.first + row) * LINE_PAD(s.F) + column] =
                    k_silu(sums.c[m][n][c]) * sums.c[m][n + 1][c];
        }
    }
};

template <experts_swiglu_shape s>
static inline void experts_swiglu_launch(run *r, u32 op, const struct kernels &kernels, f32 *h,
                                         const f32 *xg, const f32 *route, const void *gate,
                                         const void *up)
{
    const struct groups groups = groups_in(r->work, s.rows * s.K, s.E);
    void *const x = groups_behind(r->work, s.rows * s.K, s.E);
    kernel_launch<groups_find<s>>(r, op, kernels.part[0], {r->step, route, groups});
    kernel_launch<experts_swiglu_rows<s>>(r, op, kernels.part[1], {r->step, x, xg});
    kernel_launch<experts_swiglu<s>>(r, op, kernels.part[2], {groups.tiles, x, gate, up, h});
}

#define EXPERTS_SWIGLU_KERNELS(name, ...)                                                          \
    KERNELS_3(name, groups_kernel, groups_find, rows_kernel, experts_swiglu_rows, kernel,          \
              experts_swiglu)

/* ---- the way back --------------------------------------------------------------------------- */
using experts_add_rows_params = convert_params;

/* The same for products over F columns. */
template <experts_add_shape s> struct experts_add_rows {
    using params = experts_add_rows_params;
    static constexpr u32 most = s.rows * s.K, blocks = convert_blocks(s.F, most);
    static constexpr u32 threads = CONVERT_THREADS, shared_bytes = 0;

    DEVICE void run(const params *p)
    {
        convert_rows(s.type, s.F, s.h_stride, most, s.K, COUNT_CHUNK, p);
    }
};

struct experts_products_params {
    const struct vec16 *tiles;
    const void *x, *w;
    f32 *products; /* [K rows][PAD(D)] */
};

template <experts_add_shape s> struct experts_products {
    using params = experts_products_params;
    static constexpr u32 most = s.rows * s.K, tiles = (u32)WORK_TILES(most, s.E);
    static constexpr u32 blocks = tiles * ceil_div(LINE_PAD(s.D), TILE_WEIGHTS);
    static constexpr u32 threads = TILE_THREADS, shared_bytes = TILE_SHARED_BYTES;

    DEVICE void run(const params *p)
    {
        const u32 output = block_index() / tiles * TILE_WEIGHTS;
        const u32 v = thread_index() % TILE_VECTORS * 16, g = warp_lane() / 4, t = warp_lane() % 4;
        struct tile_sources sources;
        struct tile_sums sums = {};
        pdl_trigger();
        pdl_wait();
        const struct tile tile = tile_of(tiles, p->tiles);
        if (tile.rows == 0)
            return; /* the whole block */
        const char *const w = (const char *)p->w + tile.expert * expert_bytes(s.type, s.D, s.F);
        UNROLL
        for (u32 i = 0; i < TILE_LOADS_X; i++)
            sources.from[i] =
                tile_source_x(s.type, s.F, most, p->x, tile.first + tile_thread_row(i)) + v;
        UNROLL
        for (u32 i = TILE_LOADS_X; i < TILE_LOADS; i++)
            sources.from[i] =
                tile_source_w(s.type, s.F, s.D, w, output + tile_thread_row(i - TILE_LOADS_X)) + v;
        tile_products(s.type, s.F, &sources, &sums);
        UNROLL
        for (u32 i = 0; i < 32; i++) {
            const u32 m = i / 16, n = i / 4 % 4, c = i % 4;
            const u32 row = tile_row() + m * 16 + c / 2 * 8 + g;
            const u32 column = output + tile_weight() + n * 8 + 2 * t + c % 2;
            if (row < tile.rows && column < LINE_PAD(s.D))
                p->products[(size_t)(tile.first + row) * LINE_PAD(s.D) + column] = sums.c[m][n][c];
        }
    }
};

struct experts_combine_params {
    const struct step *step;
    const u32 *place;
    const f32 *route, *products;
    f32 *y;
};

/* y[t] += the products of its experts times their weights, in ascending order of experts. */
template <experts_add_shape s> struct experts_combine {
    using params = experts_combine_params;
    static constexpr u32 quads = LINE_PAD(s.D) / 4; /* of a row */
    static constexpr u32 threads = 256, blocks = ceil_div(s.rows * quads, threads),
                         shared_bytes = 0;

    DEVICE void run(const params *p)
    {
        pdl_trigger();
        pdl_wait();
        const u32 i = block_index() * threads + thread_index();
        const u32 row = i / quads, column = i % quads * 4;
        if (row >= p->step->tokens)
            return;
        struct vec16 y = load16(p->y + (size_t)i * 4);
        UNROLL
        for (u32 slot = 0; slot < s.K; slot++) {
            const f32 weight = p->route[(size_t)row * ROUTE_STRIDE(s.K) + s.K + slot];
            const u32 place = p->place[row * s.K + slot];
            const struct vec16 product =
                load16(p->products + (size_t)place * LINE_PAD(s.D) + column);
            UNROLL
            for (u32 w = 0; w < 4; w++)
                y.word[w] = as_u32(k_fma(as_f32(product.word[w]), weight, as_f32(y.word[w])));
        }
        store16(p->y + (size_t)i * 4, y);
    }
};

template <experts_add_shape s>
static inline void experts_add_launch(run *r, u32 op, const struct kernels &kernels, f32 *y,
                                      const f32 *h, const f32 *route, const void *w)
{
    if constexpr (s.count == COUNT_ONE) {
        kernel_launch<experts_add_one<s>>(r, op, kernels.part[0], {w, route, h, y});
    } else {
        const struct groups groups = groups_in(r->work, s.rows * s.K, s.E);
        void *const x = groups_behind(r->work, s.rows * s.K, s.E);
        f32 *const products =
            (f32 *)((char *)x + (size_t)(s.rows * s.K) * row_vectors(s.type, s.F) * 16);
        kernel_launch<groups_find<s>>(r, op, kernels.part[0], {r->step, route, groups});
        kernel_launch<experts_add_rows<s>>(r, op, kernels.part[1], {r->step, x, h});
        kernel_launch<experts_products<s>>(r, op, kernels.part[2], {groups.tiles, x, w, products});
        kernel_launch<experts_combine<s>>(r, op, kernels.part[3],
                                          {r->step, groups.place, route, products, y});
    }
}

#define EXPERTS_ADD_KERNELS_ONE(name) KERNELS_1(name, kernel, experts_add_one)
#define EXPERTS_ADD_KERNELS_CHUNK(name)                                                            \
    KERNELS_4(name, groups_kernel, groups_find, rows_kernel, experts_add_rows, kernel,             \
              experts_products, combine_kernel, experts_combine)
#define EXPERTS_ADD_KERNELS(name, COUNT) EXPERTS_ADD_KERNELS_##COUNT(name)

#endif
