/* conv_silu:  xz.x[count][I] <- silu(conv(xz.x)[count][I] + bias[I]), in place, window carried
 *
 *   Means    kernels/cpu/conv.h, which is the definition
 *   Split    a block owns a line of 16 channels for the whole chunk and walks it in spans of 128
 *            tokens; in a span each of 8 slices of threads owns 16 tokens, a thread one channel.
 *            Blocks share nothing
 *   Moves    x once in and once out, plus K-1 rows per slice again (L1 or L2); bound by latency for
 *            short chunks, by bandwidth for long ones
 *   Order    acc = taps[0] * oldest, then fma over ascending j, then + bias, then silu
 *   Error    none: the bits of kernels/cpu/conv.h
 *
 * In place: an output overwrites an input of up to K-1 later tokens, which other threads own. Every
 * thread therefore holds its own rows and the K-1 before them in registers, and a barrier stands
 * between the last such load of a span and its first store. The K-1 rows before the next span are
 * taken by slice 0 before that barrier; at the end of the chunk they are the new window. */
#ifndef KERNELS_CUDA_CONV_CUH
#define KERNELS_CUDA_CONV_CUH

#include "kernels/cuda/math.cuh"
#include "kernels/cuda/op.cuh"

enum {
    CONV_TOKENS = 16, /* of a thread in a span */
    CONV_SLICES = 8,
    CONV_SPAN = CONV_TOKENS * CONV_SLICES,
    CONV_THREADS = CONV_SLICES * LINE_F32,
    CONV_TAPS_MOST = 16,
};

/* Shifts the raw rows base .. end-1 of one channel into the window, the last K-1 of them if there
 * are more. Constant indices keep it in registers. */
DEVICE void conv_window(u32 K, u32 x_stride, const f32 *x, u32 base, u32 end, f32 *window)
{
    UNROLL
    for (u32 back = K - 1; back > 0; back--) {
        if (back > end - base)
            continue;
        UNROLL
        for (u32 j = 0; j + 2 < K; j++)
            window[j] = window[j + 1];
        window[K - 2] = x[(size_t)(end - back) * x_stride];
    }
}

/* raw <- CONV_TOKENS rows from row `first` of one channel, and the K-1 before them, which for
 * slice 0 are `window`. Rows of no token are 0. */
DEVICE void conv_load(u32 K, u32 x_stride, u32 rows, const f32 *x, u32 slice, u32 first,
                      const f32 *window, f32 *raw)
{
    UNROLL
    for (u32 j = 0; j + 1 < K; j++) {
        raw[j] = window[j];
        if (slice > 0) {
            const u32 row = first + j - (K - 1);
            raw[j] = row < rows ? x[(size_t)row * x_stride] : 0.0f;
        }
    }
    UNROLL
    for (u32 t = 0; t < CONV_TOKENS; t++)
        raw[K - 1 + t] = first + t < rows ? x[(size_t)(first + t) * x_stride] : 0.0f;
}

struct conv_silu_params {
    const struct step *step;
    f32 *x;          /* [rows][xz_stride], from column conv_at */
    f32 *state;      /* [K-1][PAD(I)] */
    const f32 *taps; /* [K][PAD(I)] */
    const f32 *bias; /* [PAD(I)] */
};

/* One thread: one channel, every CONV_SLICES-th run of CONV_TOKENS tokens. */
template <conv_silu_shape s> struct conv_silu {
    static_assert(s.K >= 1 && s.K <= CONV_TAPS_MOST, "conv.cuh: taps in registers");
    using params = conv_silu_params;
    static constexpr u32 S = LINE_PAD(s.I), K = s.K;
    static constexpr bool biased = s.epilogue == EPILOGUE_BIAS;
    static constexpr u32 blocks = S / LINE_F32, threads = CONV_THREADS, shared_bytes = 0;

    DEVICE void run(const params *p)
    {
        pdl_trigger();
        const u32 slice = thread_index() / LINE_F32;
        const u32 channel = block_index() * LINE_F32 + thread_index() % LINE_F32;
        f32 taps[CONV_TAPS_MOST], window[CONV_TAPS_MOST], raw[CONV_TAPS_MOST - 1 + CONV_TOKENS];
        UNROLL
        for (u32 j = 0; j < K; j++)
            taps[j] = p->taps[(size_t)j * S + channel];
        const f32 bias = biased ? p->bias[channel] : 0.0f;
        pdl_wait();

        f32 *const x = p->x + channel, *const state = p->state + channel;
        const u32 rows = count_rows(s.count, p->step);
        UNROLL
        for (u32 j = 0; j + 1 < K; j++)
            window[j] = slice == 0 ? state[(size_t)j * S] : 0.0f;
        for (u32 base = 0; base < rows; base += CONV_SPAN) {
            const u32 first = base + slice * CONV_TOKENS;
            conv_load(K, s.xz_stride, rows, x, slice, first, window, raw);
            if (slice == 0)
                conv_window(K, s.xz_stride, x, base,
                            rows - base < CONV_SPAN ? rows : base + CONV_SPAN, window);
            block_barrier(); /* the loads of this span's raw rows before its outputs are stored */
            UNROLL
            for (u32 t = 0; t < CONV_TOKENS; t++) {
                f32 sum = taps[0] * raw[t];
                UNROLL
                for (u32 j = 1; j < K; j++)
                    sum = k_fma(taps[j], raw[t + j], sum);
                if (first + t < rows)
                    x[(size_t)(first + t) * s.xz_stride] = k_silu(biased ? sum + bias : sum);
            }
        }
        UNROLL
        for (u32 j = 0; j + 1 < K; j++)
            if (slice == 0)
                state[(size_t)j * S] = window[j];
    }
};

template <conv_silu_shape s>
static inline void conv_silu_launch(run *r, u32 op, const struct kernels &kernels, f32 *xz,
                                    f32 *state, const f32 *taps, const f32 *bias)
{
    kernel_launch<conv_silu<s>>(r, op, kernels.part[0],
                                {r->step, xz + s.conv_at, state, taps, bias});
}

#define CONV_SILU_KERNELS(name, ...) KERNELS_1(name, kernel, conv_silu)

#endif
