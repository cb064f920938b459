/* rope_append:  turns q in place; keys, values <- the turned k, and v, of every row
 *
 *   Means    kernels/cpu/rope_append.h, which is the definition
 *   Shapes   q [rows][H HD], k, v [rows][KV HD] f32; keys, values [KV][C][HD] as in cache.cuh
 *   Grid     one block of 256 threads per row, for the most rows of the instance. A thread turns a
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

struct rope_append_params {
    const struct step *step;
    f32 *q;
    const f32 *k, *v;
    void *keys, *values;
};

/* The turn of the row's position, in shared memory. */
struct append_turns {
    const f32 *cosine, *sine; /* [half] */
};

/* Element d of a turned head. */
DEVICE f32 append_turned(u32 half, const f32 *head, struct append_turns turns, u32 d)
{
    if (d < half)
        return rope_first(head[d], head[d + half], turns.cosine[d], turns.sine[d]);
    if (d < 2 * half)
        return rope_second(head[d - half], head[d], turns.cosine[d - half], turns.sine[d - half]);
    return head[d];
}

DEVICE void append_queries(u32 H, u32 HD, u32 half, f32 *q, struct append_turns turns)
{
    for (u32 i = thread_index(); i < H * half; i += APPEND_THREADS) {
        const u32 j = i % half;
        f32 *const head = q + (size_t)(i / half) * HD;
        const f32 a = head[j], b = head[j + half];
        head[j] = rope_first(a, b, turns.cosine[j], turns.sine[j]);
        head[j + half] = rope_second(a, b, turns.cosine[j], turns.sine[j]);
    }
}

/* The keys (half > 0: turned) or values of one row. */
DEVICE void append_heads(enum format T, u32 KV, u32 HD, u32 C, u32 half, bool keys, u32 slot,
                         const f32 *row, struct append_turns turns, char *to)
{
    const u32 width = VEC_ELEMENTS(T), vectors = HD / width;
    for (u32 i = thread_index(); i < KV * vectors; i += APPEND_THREADS) {
        const u32 g = i / vectors, v = i % vectors;
        f32 element[APPEND_MOST_WIDTH];
        UNROLL
        for (u32 e = 0; e < width; e++)
            element[e] = append_turned(half, row + (size_t)g * HD, turns, v * width + e);
        const size_t at = keys ? cache_key_at(T, HD, slot, v) : cache_value_at(T, HD, slot, v);
        store16(to + g * cache_bytes(T, HD, C) + at * 16, cache_pack(T, element));
    }
}

DEVICE void rope_append(u32 H, u32 KV, u32 HD, u32 R, const f32 *table, enum format T, u32 C,
                        enum count count, const struct rope_append_params *p)
{
    const u32 half = R / 2, row = block_index();
    f32 *const cosine = (f32 *)shared_memory(), *const sine = cosine + half;
    pdl_trigger();
    pdl_wait();
    if (row >= count_rows(count, p->step))
        return; /* the whole block */
    const uint64_t position = p->step->position + row;
    const u32 slot = (u32)(position % C);
    const struct append_turns turns = {cosine, sine};
    for (u32 j = thread_index(); j < half; j += APPEND_THREADS)
        rope_at(table[j], position, &cosine[j], &sine[j]);
    block_barrier(); /* the turns: written by some threads, read by all below */
    if (half > 0)
        append_queries(H, HD, half, p->q + (size_t)row * H * HD, turns);
    const size_t at = (size_t)row * KV * HD;
    append_heads(T, KV, HD, C, half, true, slot, p->k + at, turns, (char *)p->keys);
    append_heads(T, KV, HD, C, 0, false, slot, p->v + at, turns, (char *)p->values);
}

#define ROPE_APPEND(name, H, KV, HD, R, TABLE, TYPE, T, C, COUNT)                                  \
    KERNEL(name##_kernel, struct rope_append_params, APPEND_THREADS)                               \
    {                                                                                              \
        rope_append(H, KV, HD, R, TABLE, FORMAT_##T, C, COUNT_##COUNT, &p);                        \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*q)[(H) * (HD)], const f32(*k)[(KV) * (HD)],          \
                         const f32(*v)[(KV) * (HD)], TYPE(*keys)[C][HD], TYPE(*values)[C][HD])     \
    {                                                                                              \
        struct rope_append_params p = {r->step, q[0], k[0], v[0], keys, values};                   \
        LAUNCH(r, op, name##_kernel, ROWS_MOST_##COUNT, APPEND_THREADS, (R) * sizeof(f32), p);     \
    }

#endif
