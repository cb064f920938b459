/* norm_qkv:  q, and the caches at one position, <- the turned heads of W norm(x) + bias, one token
 *
 *   Means    kernels/cpu/norm_qkv.h, which is the definition
 *   Shapes   q [1][H HD] f32; x [1][S], norm, norm_bias [S], S = PAD(D); Wq [H HD][S], Wk and Wv
 *            [KV HD][S] row-major; biases f32, one per row; keys, values [KV][C][HD] as in
 *            cache.cuh; a NULL bias is none
 *   Grid     of linear_gemv.cuh for the rows of the three matrices one after another, behind the
 *            norm of norm_gemv.cuh, but 2 rows at least to a block. A head's rows are taken in an
 *            order in which the two of a point that is turned, R / 2 apart, follow each other: 0,
 *            R / 2, 1, R / 2 + 1, .. and the rest as they come. Their sums are in lanes side by
 *            side then.
 *   Moves    the matrices once, their first vectors and the norm's weights before pdl_wait(); one
 *            position of the caches out
 *   Order    u and the factor s as in norm_gemv.cuh; sums of W u as in linear_gemv.cuh; * s; +
 *            bias; the turn as in kernels/cpu/rope.h
 *   Error    before the turn e = (D / 32 + 32) 2^-24 (sum |W||norm x| s + |bias|), with LayerNorm
 *            (D / 64 + 17) 2^-24 (sum |W||u| + |bias|) and sum |W| times the norm's own; of a
 *            turned element the sum of both of its point, and 3 2^-24 of their sizes; of what is
 *            kept, then one rounding (tests/kernels/cuda/norm_qkv_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*q)[H HD], const f32 (*x)[S], const f32 *norm,
 *             const f32 *norm_bias, const Q_TYPE *wq, const f32 *bq, const KV_TYPE *wk,
 *             const f32 *bk, const KV_TYPE *wv, const f32 *bv, TYPE (*keys)[C][HD],
 *             TYPE (*values)[C][HD]) */
#ifndef KERNELS_CUDA_NORM_QKV_CUH
#define KERNELS_CUDA_NORM_QKV_CUH

#include "kernels/cuda/cache.cuh"
#include "kernels/cuda/norm_gemv.cuh"
#include "kernels/cuda/rope.cuh"

/* A matrix of heads. */
struct qkv_matrix {
    const void *w;
    const f32 *bias; /* NULL: none */
};

struct norm_qkv_params {
    const struct step *step;
    const f32 *x;
    struct norm_weights norm;
    struct qkv_matrix wq, wk, wv;
    f32 *q;
    void *keys, *values;
};

/* The grid of the rows of the three matrices: by the rule of linear_gemv.cuh for at least so many
 * that a warp has 2; fewer than would give it 4 where turned rows do not come in fours. */
HOST_DEVICE constexpr struct gemv_grid qkv_grid_of(const struct norm_qkv_shape &s)
{
    const u32 rows = (s.H + 2 * s.KV) * s.HD, most = s.R % 4 == 0 ? ~0u : 8 * 384;
    struct gemv_grid g = gemv_grid_of(s.q_type, u32_min(u32_max(rows, 2 * 384), most), s.D);
    g.blocks = rows / g.block_rows;
    return g;
}

/* The head that this block computes rows of. */
struct qkv_head {
    const struct qkv_matrix *matrix;
    u32 head;          /* of the matrix */
    bool turned, kept; /* q: turned; k: both; v: kept in the cache */
};

DEVICE struct qkv_head qkv_head_of(u32 H, u32 KV, u32 index, const struct norm_qkv_params *p)
{
    if (index < H)
        return {&p->wq, index, true, false};
    if (index < H + KV)
        return {&p->wk, index - H, true, true};
    return {&p->wv, index - H - KV, false, true};
}

/* Whether the n-th row of a head in the order of the kernel is one of a point that is turned. */
DEVICE bool qkv_turned(u32 R, bool turned, u32 n)
{
    return turned && n < R;
}

/* Which element of a head is the n-th in that order. */
DEVICE u32 qkv_element(u32 R, bool turned, u32 n)
{
    return qkv_turned(R, turned, n) ? n / 2 + n % 2 * (R / 2) : n;
}

/* Stores one element of a head. */
DEVICE void qkv_store(enum format KT, u32 HD, u32 C, const struct qkv_head *of, u32 element, f32 y,
                      const struct norm_qkv_params *p)
{
    if (!of->kept) {
        p->q[(size_t)of->head * HD + element] = y;
        return;
    }
    const u32 v = element / vec_elements(KT), slot = (u32)(p->step->position % C);
    const size_t at = of->turned ? cache_key_at(KT, HD, slot, v) : cache_value_at(KT, HD, slot, v);
    char *const head =
        (char *)(of->turned ? p->keys : p->values) + of->head * cache_bytes(KT, HD, C);
    element_store(KT, head + at * 16, element % vec_elements(KT), y);
}

template <norm_qkv_shape s> struct norm_qkv {
    static_assert(s.k_type == s.q_type && s.v_type == s.q_type, "norm_qkv: one format");
    static_assert(norm_gemv_shared_bytes(s.D, false) <= SHARED_MOST_BYTES,
                  "norm_qkv: x is too long");
    using params = norm_qkv_params;
    static constexpr struct gemv_grid grid = qkv_grid_of(s);
    static constexpr u32 blocks = grid.blocks, threads = grid.threads;
    static constexpr u32 shared_bytes = norm_gemv_shared_bytes(s.D, true);

    DEVICE void run(const params *p, const f32 *table)
    {
        constexpr struct gemv_grid g = grid;
        struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
        const u32 first = block_index() * g.block_rows; /* row of the block */
        const u32 group = gemv_warp_row(g);             /* row of the warp in it */
        const u32 lane = warp_lane() % g.rows;
        const struct qkv_head of = qkv_head_of(s.H, s.KV, first / s.HD, p);
        const bool turned =
            qkv_turned(s.R, of.turned, first % s.HD + group); /* all rows of the warp */
        struct product product = gemv_product(g, of.matrix->w);
        product.w = (const char *)of.matrix->w +
                    ((size_t)of.head * s.HD + qkv_element(s.R, of.turned, first % s.HD + group)) *
                        product.vectors * 16;
        product.odd = product.w + (size_t)(turned ? s.R / 2 : 1) * product.vectors * 16;
        product.step = turned ? 1 : 2;
        const u32 n = first % s.HD + group + lane, element = qkv_element(s.R, of.turned, n);
        const bool owner = gemv_row(g) != ~0u;
        struct vec16 hold[GEMV_AHEAD] = {};
        f32 sums[GEMV_MOST_ROWS], bias = 0.0f, cosine = 1.0f, sine = 0.0f;
        pdl_trigger();
        product_begin(&product, hold);
        norm_begin(g, p->norm, shared);
        if (of.matrix->bias && owner)
            bias = of.matrix->bias[(size_t)of.head * s.HD + element];
        pdl_wait();
        if (turned && owner)
            rope_at(table[n / 2], p->step->position, &cosine, &sine);
        const f32 factor = norm_row(g, s.epsilon, p->norm.bias != NULL, p->x, shared);
        product_sums(&product, hold, shared->x, sums);
        const f32 y = gemv_total(g, shared, sums) * factor + bias;
        const f32 other = warp_xor(y, 1); /* of the point */
        const f32 point =
            n % 2 == 0 ? rope_first(y, other, cosine, sine) : rope_second(other, y, cosine, sine);
        if (owner)
            qkv_store(s.cache_type, s.HD, s.C, &of, element, turned ? point : y, p);
    }
};

template <norm_qkv_shape s>
static inline void norm_qkv_launch(run *r, u32 op, const struct kernels &kernels, f32 *q,
                                   const f32 *x, const f32 *norm, const f32 *norm_bias,
                                   const void *wq, const f32 *bq, const void *wk, const f32 *bk,
                                   const void *wv, const f32 *bv, void *keys, void *values)
{
    kernel_launch<norm_qkv<s>>(
        r, op, kernels.part[0],
        {r->step, x, {norm, norm_bias}, {wq, bq}, {wk, bk}, {wv, bv}, q, keys, values},
        norm_gemv_shared_bytes(s.D, norm_bias != NULL));
}

/* TABLE: the frequencies of the model. */
#define NORM_QKV_KERNELS(name, TABLE) KERNELS_1(name, kernel, norm_qkv, TABLE)

#endif
