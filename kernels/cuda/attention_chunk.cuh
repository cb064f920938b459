/* attention, a chunk:  q[rows][H][HD] <- softmax(q K^T * SCALE) V, in place, causal
 *
 *   Means    kernels/cpu/attention.h with COUNT CHUNK, which is the definition
 *   Shapes   q [rows][H HD] f32; keys, values [KV][C][HD] as in cache.cuh
 *   Split    a block of 256 threads per tile of 64 rows (32 where a head is wider than 128, 16
 *            where it is wider than 256) that share a key head: its query heads, token after
 *            token. A block walks over the blocks of 64 keys that one of its rows sees. A thread
 *            has every 16th row and key of a block of scores, then every 16th row and column of
 *            the result, in registers
 *   Moves    K and V once per tile, through shared memory in f32; q in and out; bound by arithmetic
 *   Order    that of kernels/cpu/attention.h: a score and an element of the result are one thread's
 *            each; sums of exponentials by its 16 lanes and tree
 *   Error    none: the bits of kernels/cpu/attention.h, but for the sign of a zero, as long as keys
 *            and values are finite (tests/kernels/cuda/attention_kernels_test.cc)
 *   Source   Dao et al., "FlashAttention: fast and memory-efficient exact attention" */
#ifndef KERNELS_CUDA_ATTENTION_CHUNK_CUH
#define KERNELS_CUDA_ATTENTION_CHUNK_CUH

#include "kernels/cuda/attention_one.cuh"

enum {
    ATTEND_KEYS = 64,
    ATTEND_THREADS = 256,
    ATTEND_SIDE = 16,     /* threads along the rows, and along the keys or columns */
    ATTEND_SLICE = 128,   /* columns of K or V that are staged at once */
    ATTEND_MOST_ROWS = 4, /* of a thread */
    ATTEND_MOST_COLUMNS = 512 / ATTEND_SIDE,
    ATTEND_E_STRIDE = ATTEND_KEYS + 4, /* no two rows of a warp in the same banks */
};

/* Rows of a tile. */
HOST_DEVICE constexpr u32 attend_rows(u32 HD)
{
    return HD <= 128 ? 64 : HD <= 256 ? 32 : 16;
}

/* Floats from one row of q, or of kv, to the next. */
HOST_DEVICE constexpr u32 attend_stride(u32 HD)
{
    return HD + 4;
}

HOST_DEVICE constexpr u32 attend_kv_stride(u32 HD)
{
    return u32_min(HD, ATTEND_SLICE) + 4;
}

HOST_DEVICE constexpr u32 attend_shared_bytes(u32 HD)
{
    return (attend_rows(HD) * (attend_stride(HD) + ATTEND_E_STRIDE + 2) +
            ATTEND_KEYS * attend_kv_stride(HD)) *
           (u32)sizeof(f32);
}

/* Where the parts of a tile lie in shared memory. */
struct attend_shared {
    f32 *q;             /* [ROWS][STRIDE] */
    f32 *kv;            /* [64][attend_kv_stride()]: some columns of a block of K or V */
    f32 *e;             /* [ROWS][ATTEND_E_STRIDE]: scores, then exponentials */
    f32 *rescale, *sum; /* [ROWS] */
};

DEVICE struct attend_shared attend_shared_of(u32 HD)
{
    struct attend_shared s;
    s.q = (f32 *)shared_memory();
    s.kv = s.q + attend_rows(HD) * attend_stride(HD);
    s.e = s.kv + ATTEND_KEYS * attend_kv_stride(HD);
    s.rescale = s.e + attend_rows(HD) * ATTEND_E_STRIDE;
    s.sum = s.rescale + attend_rows(HD);
    return s;
}

/* The rows of a tile: query heads of one key head, token after token. */
struct attend_tile {
    u32 shared, first, count;  /* query heads of a key head; rows of the key head; rows here */
    u32 head;                  /* the first of those query heads */
    uint64_t oldest, position; /* first position that some row sees, last one */
};

DEVICE size_t attend_at(u32 H, u32 HD, const struct attend_tile *tile, u32 row)
{
    const u32 token = (tile->first + row) / tile->shared;
    return ((size_t)token * H + tile->head + (tile->first + row) % tile->shared) * HD;
}

DEVICE void attend_load_queries(u32 H, u32 HD, const struct attend_tile *tile, const f32 *q,
                                f32 *to)
{
    const u32 vectors = HD / 4;
    for (u32 i = thread_index(); i < attend_rows(HD) * vectors; i += ATTEND_THREADS) {
        const u32 row = i / vectors, v = i % vectors;
        struct vec16 four = {{0, 0, 0, 0}};
        if (row < tile->count)
            four = load16(q + attend_at(H, HD, tile, row) + v * 4);
        store16(to + row * attend_stride(HD) + v * 4, four);
    }
}

/* Columns that are staged together, from `first` on. */
DEVICE u32 attend_columns(u32 HD, u32 first)
{
    return HD - first < (u32)ATTEND_SLICE ? HD - first : (u32)ATTEND_SLICE;
}

/* Puts columns from `first` on of a block of keys or values to kv, widened; 0 for positions that no
 * row of the tile sees. */
template <attention_shape s, bool keys>
DEVICE void attend_load(u32 first, uint64_t block, const struct attend_tile *tile, const char *from,
                        f32 *kv)
{
    constexpr enum format T = s.cache_type;
    constexpr u32 HD = s.HD;
    const u32 width = vec_elements(T), vectors = attend_columns(HD, first) / width;
    const u32 slot = (u32)(block % s.C);
    for (u32 i = thread_index(); i < ATTEND_KEYS * vectors; i += ATTEND_THREADS) {
        /* side by side in memory: positions of keys, columns of values */
        const u32 key = keys ? i % ATTEND_KEYS : i / vectors;
        const u32 v = keys ? i / ATTEND_KEYS : i % vectors;
        const size_t at = keys ? cache_key_at(T, HD, slot + key, first / width + v)
                               : cache_value_at(T, HD, slot + key, first / width + v);
        struct vec16 packed = {{0, 0, 0, 0}};
        if (block + key >= tile->oldest && block + key <= tile->position)
            packed = load16(from + at * 16);
        UNROLL
        for (u32 e = 0; e < width; e += 4) {
            struct vec16 four;
            UNROLL
            for (u32 j = 0; j < 4; j++)
                four.word[j] = as_u32(weight_element(T, &packed, e + j));
            store16(kv + key * attend_kv_stride(HD) + v * width + e, four);
        }
    }
}

/* dot[i][j] += q . k over the columns that are staged, of row y + 16 i and key x + 16 j. */
DEVICE void attend_scores(u32 HD, u32 first, const struct attend_shared *s,
                          f32 (*dot)[ATTEND_KEYS / ATTEND_SIDE])
{
    const u32 x = thread_index() % ATTEND_SIDE, y = thread_index() / ATTEND_SIDE;
    const u32 columns = attend_columns(HD, first), rows = attend_rows(HD) / ATTEND_SIDE;
    for (u32 d = 0; d < columns; d += 4) {
        struct vec16 q[ATTEND_MOST_ROWS], k[ATTEND_KEYS / ATTEND_SIDE];
        UNROLL
        for (u32 i = 0; i < rows; i++)
            q[i] = load16(s->q + (y + i * ATTEND_SIDE) * attend_stride(HD) + first + d);
        UNROLL
        for (u32 j = 0; j < ATTEND_KEYS / ATTEND_SIDE; j++)
            k[j] = load16(s->kv + (x + j * ATTEND_SIDE) * attend_kv_stride(HD) + d);
        UNROLL
        for (u32 w = 0; w < 4; w++) {
            UNROLL
            for (u32 i = 0; i < rows; i++) {
                UNROLL
                for (u32 j = 0; j < ATTEND_KEYS / ATTEND_SIDE; j++)
                    dot[i][j] = k_fma(as_f32(k[j].word[w]), as_f32(q[i].word[w]), dot[i][j]);
            }
        }
    }
}

/* What the threads of a row know of it; the same in all of them. */
struct attend_row {
    uint64_t oldest, position;
    f32 most, sum;
    bool real; /* a row of the step */
};

/* Sum of e over the 64 keys in the order of kernels/cpu/attention.h: lanes of 16, then a tree. This
 * thread has keys member + per_row * i, and so lanes member + per_row * l. */
DEVICE f32 attend_row_sum(u32 per_row, const f32 *e)
{
    const u32 lanes = 16 / per_row, keys = ATTEND_KEYS / per_row;
    f32 lane[16] = {};
    UNROLL
    for (u32 i = 0; i < keys; i++)
        lane[i % lanes] = lane[i % lanes] + e[i];
    UNROLL
    for (u32 half = lanes / 2; half > 0; half /= 2) {
        UNROLL
        for (u32 l = 0; l < half; l++)
            lane[l] = lane[l] + lane[l + half];
    }
    return lanes_sum(lane[0], per_row);
}

/* Scores -> exponentials, of this thread's keys of its row; all threads of the block. */
DEVICE void attend_exponentials(u32 HD, uint64_t block, struct attend_row *row,
                                const struct attend_shared *s)
{
    const u32 per_row = ATTEND_THREADS / attend_rows(HD), keys = ATTEND_KEYS / per_row;
    const u32 at = thread_index() / per_row, member = thread_index() % per_row;
    f32 *const score = s->e + at * ATTEND_E_STRIDE + member;
    f32 e[ATTEND_KEYS / 4], most = row->most;
    UNROLL
    for (u32 i = 0; i < keys; i++) {
        const uint64_t position = block + member + i * per_row;
        const bool visible = row->real && position >= row->oldest && position <= row->position;
        e[i] = visible ? score[i * per_row] : as_f32(MINUS_INFINITY);
        most = e[i] > most ? e[i] : most;
    }
    UNROLL
    for (u32 mask = per_row / 2; mask > 0; mask /= 2) {
        const f32 other = warp_xor(most, mask);
        most = other > most ? other : most;
    }
    const bool any = most > as_f32(MINUS_INFINITY); /* the row has seen a key by now */
    UNROLL
    for (u32 i = 0; i < keys; i++) {
        e[i] = any ? k_exp_below(e[i] - most) : 0.0f;
        score[i * per_row] = e[i];
    }
    const f32 rescale = any ? k_exp_below(row->most - most) : 1.0f;
    row->sum = row->sum * rescale + attend_row_sum(per_row, e);
    row->most = most;
    if (member == 0)
        s->rescale[at] = rescale;
}

/* acc += e V over the columns that are staged; the first of them is column `first`. */
DEVICE void attend_values(u32 HD, u32 first, const struct attend_shared *s,
                          f32 (*acc)[ATTEND_MOST_COLUMNS])
{
    const u32 x = thread_index() % ATTEND_SIDE, y = thread_index() / ATTEND_SIDE;
    const u32 columns = attend_columns(HD, first) / ATTEND_SIDE;
    const u32 rows = attend_rows(HD) / ATTEND_SIDE, from = first / ATTEND_SIDE;
    for (u32 key = 0; key < ATTEND_KEYS; key += 4) {
        struct vec16 e[ATTEND_MOST_ROWS];
        UNROLL
        for (u32 i = 0; i < rows; i++)
            e[i] = load16(s->e + (y + i * ATTEND_SIDE) * ATTEND_E_STRIDE + key);
        UNROLL
        for (u32 w = 0; w < 4; w++) {
            const f32 *const value = s->kv + (key + w) * attend_kv_stride(HD) + x;
            UNROLL
            for (u32 c = 0; c < columns; c++) {
                const f32 v = value[c * ATTEND_SIDE];
                UNROLL
                for (u32 i = 0; i < rows; i++)
                    acc[i][from + c] = k_fma(v, as_f32(e[i].word[w]), acc[i][from + c]);
            }
        }
    }
}

/* One block of keys. */
template <attention_shape s>
DEVICE void attend_step(uint64_t block, const struct attend_tile *tile, const char *keys,
                        const char *values, struct attend_row *row,
                        const struct attend_shared *shared, f32 (*acc)[ATTEND_MOST_COLUMNS])
{
    constexpr u32 HD = s.HD;
    const u32 x = thread_index() % ATTEND_SIDE, y = thread_index() / ATTEND_SIDE;
    const u32 rows = attend_rows(HD) / ATTEND_SIDE;
    f32 dot[ATTEND_MOST_ROWS][ATTEND_KEYS / ATTEND_SIDE] = {};
    UNROLL
    for (u32 first = 0; first < HD; first += ATTEND_SLICE) {
        block_barrier(); /* kv: read by all threads before it is overwritten; q before it is read */
        attend_load<s, true>(first, block, tile, keys, shared->kv);
        block_barrier(); /* kv: written by all threads, read by all */
        attend_scores(HD, first, shared, dot);
    }
    UNROLL
    for (u32 i = 0; i < rows; i++) {
        UNROLL
        for (u32 j = 0; j < ATTEND_KEYS / ATTEND_SIDE; j++)
            shared->e[(y + i * ATTEND_SIDE) * ATTEND_E_STRIDE + x + j * ATTEND_SIDE] =
                dot[i][j] * s.scale;
    }
    block_barrier(); /* e: written by all, read by the threads of a row; kv as above */
    attend_exponentials(HD, block, row, shared);
    UNROLL
    for (u32 first = 0; first < HD; first += ATTEND_SLICE) {
        if (first > 0)
            block_barrier(); /* kv as above */
        attend_load<s, false>(first, block, tile, values, shared->kv);
        block_barrier(); /* e, rescale: by the threads of a row; kv by all; read by all */
        UNROLL
        for (u32 i = 0; i < rows && first == 0; i++) {
            const f32 rescale = shared->rescale[y + i * ATTEND_SIDE];
            UNROLL
            for (u32 c = 0; c < HD / ATTEND_SIDE; c++)
                acc[i][c] = acc[i][c] * rescale;
        }
        attend_values(HD, first, shared, acc);
    }
}

using attention_chunk_params = attention_params;

template <attention_shape s> struct attention_chunk {
    static_assert(s.HD <= 512, "attention: a head has at most 512 elements");
    using params = attention_chunk_params;
    static constexpr u32 HD = s.HD, tile_rows = attend_rows(HD);
    static constexpr u32 heads = s.H / s.KV, tiles = ceil_div(s.rows * heads, tile_rows);
    static constexpr u32 blocks = s.KV * tiles, threads = ATTEND_THREADS;
    static constexpr u32 shared_bytes = attend_shared_bytes(HD);

    DEVICE void run(const params *p)
    {
        const u32 x = thread_index() % ATTEND_SIDE, y = thread_index() / ATTEND_SIDE;
        const struct attend_shared shared = attend_shared_of(HD);
        pdl_trigger();
        pdl_wait();
        const u32 rows = count_rows(s.count, p->step) * heads,
                  first = block_index() % tiles * tile_rows;
        if (first >= rows)
            return; /* the whole block */
        struct attend_tile tile;
        tile.shared = heads;
        tile.first = first;
        tile.count = rows - first < tile_rows ? rows - first : tile_rows;
        tile.head = block_index() / tiles * heads;
        tile.position = p->step->position + (first + tile.count - 1) / heads;
        tile.oldest = cache_oldest(s.window, p->step->position + first / heads);
        const size_t of_head = block_index() / tiles * cache_bytes(s.cache_type, HD, s.C);
        const char *const keys = (const char *)p->keys + of_head;
        const char *const values = (const char *)p->values + of_head;

        const u32 own =
            thread_index() / (threads / tile_rows); /* the row whose sums are kept here */
        struct attend_row row;
        row.real = own < tile.count;
        row.position = p->step->position + (first + own) / heads;
        row.oldest = cache_oldest(s.window, row.position);
        row.most = as_f32(MINUS_INFINITY);
        row.sum = 0.0f;
        f32 acc[ATTEND_MOST_ROWS][ATTEND_MOST_COLUMNS] = {};
        attend_load_queries(s.H, HD, &tile, p->q, shared.q);
        for (uint64_t block = tile.oldest / ATTEND_KEYS * ATTEND_KEYS; block <= tile.position;
             block += ATTEND_KEYS)
            attend_step<s>(block, &tile, keys, values, &row, &shared, acc);
        if (thread_index() % (threads / tile_rows) == 0)
            shared.sum[own] = row.sum;
        block_barrier(); /* sum: written by the first thread of each row, read by all */
        UNROLL
        for (u32 i = 0; i < tile_rows / ATTEND_SIDE; i++) {
            const u32 at = y + i * ATTEND_SIDE;
            f32 *const to = p->q + attend_at(s.H, HD, &tile, at) + x;
            UNROLL
            for (u32 c = 0; c < HD / ATTEND_SIDE; c++)
                if (at < tile.count)
                    to[c * ATTEND_SIDE] = k_div(acc[i][c], shared.sum[at]);
        }
    }
};

#endif
