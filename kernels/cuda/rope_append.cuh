/* rope_append:  turns q in place; keys, values <- the turned k, and v, of every row
 *
 *   Means    kernels/cpu/rope_append.h, which is the definition
 *   Shapes   q [rows][H HD], k, v [rows][KV HD] f32; keys, values [KV][C][HD] as in cache.cuh
 *   Grid     one block of 256 threads per row, for the most rows of the kernel. A thread turns a
 *            point of q, or rounds 16 bytes of a key or value
 *   Moves    q in and out, k and v in, their rounded copies out
 *   Order    see kernels/cpu/rope.h
 *   Error    none: the bits of kernels/cpu/rope_append.h (tests/kernels/cuda/rope_kernels_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*q)[H HD], const f32 (*k)[KV HD], const f32 (*v)[KV HD],
 *             TYPE (*keys)[C][HD], TYPE (*values)[C][HD]) */
#ifndef KERNELS_CUDA_ROPE_APPEND_CUH
#define KERNELS_CUDA_ROPE_APPEND_CUH

#include "kernels/cuda/cache.cuh"
#include "kernels/cuda/rope.cuh"

enum { APPEND_THREADS = 256, APPEND_MOST_WIDTH = 8 /* elements in 16 bytes */ };

/* The turn of the row's position, in shared memory. */
struct append_turns {
    const f32 *cosine, *sine; /* [half] */
};

DEVICE void append_angles(u32 half, const f32 *table, uint64_t position, f32 *cosine, f32 *sine)
{
    for (u32 j = thread_index(); j < half; j += APPEND_THREADS)
        rope_at(table[j], position, &cosine[j], &sine[j]);
}

/* Element d of a turned head. */
DEVICE f32 append_turned(u32 half, const f32 *head, struct append_turns turns, u32 d)
{
    if (d < half)
        return rope_first(head[d], head[d + half], turns.cosine[d], turns.sine[d]);
    if (d < 2 * half)
        return rope_second(head[d - half], head[d], turns.cosine[d - half], turns.sine[d - half]);
    return head[d];
}

template <rope_append_shape s> DEVICE void append_queries(f32 *q, struct append_turns turns)
{
    constexpr u32 half = s.R / 2;
    for (u32 i = thread_index(); i < s.H * half; i += APPEND_THREADS) {
        const u32 j = i % half;
        f32 *const head = q + (size_t)(i / half) * s.HD;
        const f32 a = head[j], b = head[j + half];
        head[j] = rope_first(a, b, turns.cosine[j], turns.sine[j]);
        head[j + half] = rope_second(a, b, turns.cosine[j], turns.sine[j]);
    }
}

/* The keys, which are turned, or the values of one row. */
template <rope_append_shape s, bool keys>
DEVICE void append_heads(u32 slot, const f32 *row, struct append_turns turns, char *to)
{
    constexpr enum format T = s.cache_type;
    constexpr u32 width = vec_elements(T), vectors = s.HD / width, half = keys ? s.R / 2 : 0;
    for (u32 i = thread_index(); i < s.KV * vectors; i += APPEND_THREADS) {
        const u32 g = i / vectors, v = i % vectors;
        f32 element[APPEND_MOST_WIDTH];
        UNROLL
        for (u32 e = 0; e < width; e++)
            element[e] = append_turned(half, row + (size_t)g * s.HD, turns, v * width + e);
        const size_t at = keys ? cache_key_at(T, s.HD, slot, v) : cache_value_at(T, s.HD, slot, v);
        store16(to + g * cache_bytes(T, s.HD, s.C) + at * 16, vec_narrow(T, element));
    }
}

struct rope_append_params {
    const struct step *step;
    f32 *q;
    const f32 *k, *v;
    void *keys, *values;
};

template <rope_append_shape s> struct rope_append {
    using params = rope_append_params;
    static constexpr u32 blocks = s.rows, threads = APPEND_THREADS;
    static constexpr u32 shared_bytes = s.R * sizeof(f32);

    DEVICE void run(const params *p, const f32 *table)
    {
        constexpr u32 half = s.R / 2;
        const u32 row = block_index();
        f32 *const cosine = (f32 *)shared_memory(), *const sine = cosine + half;
        pdl_trigger();
        pdl_wait();
        if (row >= count_rows(s.count, p->step))
            return; /* the whole block */
        const uint64_t position = p->step->position + row;
        const u32 slot = (u32)(position % s.C);
        const struct append_turns turns = {cosine, sine};
        append_angles(half, table, position, cosine, sine);
        block_barrier(); /* the turns: written by some threads, read by all below */
        if constexpr (half > 0)
            append_queries<s>(p->q + (size_t)row * s.H * s.HD, turns);
        const size_t at = (size_t)row * s.KV * s.HD;
        append_heads<s, true>(slot, p->k + at, turns, (char *)p->keys);
        append_heads<s, false>(slot, p->v + at, turns, (char *)p->values);
    }
};

template <rope_append_shape s>
static inline void rope_append_launch(run *r, u32 op, const struct kernels &kernels, f32 *q,
                                      const f32 *k, const f32 *v, void *keys, void *values)
{
    kernel_launch<rope_append<s>>(r, op, kernels.part[0], {r->step, q, k, v, keys, values});
}

/* TABLE: the frequencies of the model. */
#define ROPE_APPEND_KERNELS(name, TABLE, ...) KERNELS_1(name, kernel, rope_append, TABLE)

#endif
