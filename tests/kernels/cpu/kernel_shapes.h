/* The kernels under test. Shapes are awkward on purpose: rows and columns that no vector width
 * divides, odd columns, one column, last panels of 16, 32, 48 and 64 rows, more than eight panels.
 *
 * A list for each operation of kernels/ops.def, a row for each kernel: LINEAR_SHAPES(ROW) is
 * ROW(...) ROW(...) and so on. */
#ifndef TESTS_KERNELS_CPU_KERNEL_SHAPES_H
#define TESTS_KERNELS_CPU_KERNEL_SHAPES_H

/* ROW(name, T, M, K, EPILOGUE, COUNT): strides: 16 more than PAD(K) for x, PAD(M) for y */
#define LINEAR_SHAPES(ROW)                                                                         \
    ROW(gemv_f32_5x3, F32, 5, 3, PLAIN, ONE)                                                       \
    ROW(gemm_f32_5x3, F32, 5, 3, PLAIN, CHUNK)                                                     \
    ROW(gemv_f16_50x1, F16, 50, 1, PLAIN, ONE)                                                     \
    ROW(gemm_f16_50x1, F16, 50, 1, PLAIN, CHUNK)                                                   \
    ROW(gemv_f32_80x37, F32, 80, 37, PLAIN, ONE)                                                   \
    ROW(gemm_f32_80x37, F32, 80, 37, PLAIN, CHUNK)                                                 \
    ROW(gemv_f16_80x37, F16, 80, 37, PLAIN, ONE)                                                   \
    ROW(gemm_f16_80x37, F16, 80, 37, PLAIN, CHUNK)                                                 \
    ROW(gemv_bf16_80x37, BF16, 80, 37, PLAIN, ONE)                                                 \
    ROW(gemm_bf16_80x37, BF16, 80, 37, PLAIN, CHUNK)                                               \
    ROW(gemv_add_bf16_96x64, BF16, 96, 64, ADD, ONE)                                               \
    ROW(gemm_add_bf16_96x64, BF16, 96, 64, ADD, CHUNK)                                             \
    ROW(gemv_bias_f32_112x18, F32, 112, 18, BIAS, ONE)                                             \
    ROW(gemm_bias_f32_112x18, F32, 112, 18, BIAS, CHUNK)                                           \
    ROW(gemv_add_bias_f16_128x9, F16, 128, 9, ADD_BIAS, ONE)                                       \
    ROW(gemm_add_bias_f16_128x9, F16, 128, 9, ADD_BIAS, CHUNK)                                     \
    ROW(gemv_softplus_bf16_40x3, BF16, 40, 3, SOFTPLUS, ONE)                                       \
    ROW(gemm_softplus_bf16_40x3, BF16, 40, 3, SOFTPLUS, CHUNK)                                     \
    ROW(gemv_softplus_f32_1536x48, F32, 1536, 48, SOFTPLUS, ONE)                                   \
    ROW(gemm_softplus_f32_1536x48, F32, 1536, 48, SOFTPLUS, CHUNK)                                 \
    ROW(gemv_bf16_80x1536, BF16, 80, 1536, PLAIN, ONE)                                             \
    ROW(gemm_bf16_80x1536, BF16, 80, 1536, PLAIN, CHUNK)                                           \
    ROW(gemv_bf16_1008x65, BF16, 1008, 65, PLAIN, ONE)                                             \
    ROW(gemm_bf16_1008x65, BF16, 1008, 65, PLAIN, LOGITS)                                          \
    ROW(gemv_gelu_bf16_112x18, BF16, 112, 18, GELU, ONE)                                           \
    ROW(gemm_gelu_bf16_112x18, BF16, 112, 18, GELU, CHUNK)

/* ROW(name, T, M, K, COUNT): stride of y: PAD(K) */
#define EMBED_SHAPES(ROW)                                                                          \
    ROW(embed_f32_5x20, F32, 5, 20, CHUNK)                                                         \
    ROW(embed_f16_130x7, F16, 130, 7, CHUNK)                                                       \
    ROW(embed_bf16_130x33, BF16, 130, 33, CHUNK)                                                   \
    ROW(embed_bf16_100x48, BF16, 100, 48, ONE)

/* ROW(name, D, EPS, COUNT) */
#define RMSNORM_SHAPES(ROW)                                                                        \
    ROW(rmsnorm_1, 1, 1e-5f, CHUNK)                                                                \
    ROW(rmsnorm_33, 33, 1e-5f, CHUNK)                                                              \
    ROW(rmsnorm_768, 768, 1e-5f, ONE)                                                              \
    ROW(rmsnorm_16x2560, 2560, 1e-6f, LOGITS)

/* ROW(name, AT, I, K, BIAS or PLAIN, COUNT): stride of xz: AT + 2 PAD(I) */
#define CONV_SILU_SHAPES(ROW)                                                                      \
    ROW(conv_silu_20x4, 0, 20, 4, BIAS, CHUNK)                                                     \
    ROW(conv_silu_150x2, 16, 150, 2, PLAIN, CHUNK)                                                 \
    ROW(conv_silu_48x3, 0, 48, 3, BIAS, ONE)                                                       \
    ROW(conv_silu_300x5, 0, 300, 5, BIAS, CHUNK)                                                   \
    ROW(conv_silu_one_300x5, 176, 300, 5, BIAS, ONE)

/* ROW(name, I, N, R, COUNT): strides: xz 2 PAD(I), xdb PAD(R + 2 N) */
#define SCAN_SHAPES(ROW)                                                                           \
    ROW(scan_20x5, 20, 5, 3, CHUNK)                                                                \
    ROW(scan_48x1, 48, 1, 1, CHUNK)                                                                \
    ROW(scan_80x16, 80, 16, 7, CHUNK)                                                              \
    ROW(scan_one_80x16, 80, 16, 7, ONE)

/* ROW(name, H, P, G, N, LOW, HIGH, COUNT): stride of zx: PAD(2 H P + 2 G N + H) */
#define SSD_SHAPES(ROW)                                                                            \
    ROW(ssd_8x16x32, 8, 16, 1, 32, 0, INFINITY, CHUNK)                                             \
    ROW(ssd_6x48x16, 6, 48, 3, 16, 0.01f, 0.1f, CHUNK)                                             \
    ROW(ssd_3x80x17, 3, 80, 1, 17, 0, INFINITY, CHUNK)                                             \
    ROW(ssd_one_5x64x128, 5, 64, 1, 128, 0, INFINITY, ONE)

/* ROW(name, D, I, G, EPS, COUNT): stride: D + 48; I of the D columns are no pads */
#define RMSNORM_GROUPS_SHAPES(ROW)                                                                 \
    ROW(rmsnorm_groups_96x1, 96, 96, 1, 1e-5f, CHUNK)                                              \
    ROW(rmsnorm_groups_240x5, 240, 240, 5, 1e-5f, CHUNK)                                           \
    ROW(rmsnorm_groups_100_of_160x2, 160, 100, 2, 1e-5f, CHUNK)                                    \
    ROW(rmsnorm_groups_5120x1, 5120, 5120, 1, 1e-6f, ONE)

/* ROW(name, T, M, D, I, G, EPILOGUE): stride of x: D + 48; both operations, and one */
#define NORM_LINEAR_ADD_SHAPES(ROW)                                                                \
    ROW(norm_add_f32_50x96, F32, 50, 96, 96, 1, ADD)                                               \
    ROW(norm_add_f16_112x240, F16, 112, 240, 240, 5, ADD_BIAS)                                     \
    ROW(norm_add_f32_50x36_of_96, F32, 50, 96, 36, 1, ADD)                                         \
    ROW(norm_add_bf16_1040x160, BF16, 1040, 160, 160, 2, ADD)

/* ROW(name, T, I, N, R, EPS): strides as in SCAN_SHAPES; the norms of dt, B and C of many rows, and
 * of one with all that follows, in one operation or three */
#define NORM_DT_SCAN_SHAPES(ROW)                                                                   \
    ROW(selection_f32_20x5x3, F32, 20, 5, 3, 1e-6f)                                                \
    ROW(selection_bf16_80x16x7, BF16, 80, 16, 7, 1e-5f)                                            \
    ROW(selection_f16_48x1x33, F16, 48, 1, 33, 1e-6f)                                              \
    ROW(selection_bf16_64x16x256, BF16, 64, 16, 256, 1e-6f)

/* ROW(name, D, EPS, COUNT) */
#define LAYERNORM_SHAPES(ROW)                                                                      \
    ROW(layernorm_1, 1, 1e-5f, CHUNK)                                                              \
    ROW(layernorm_33, 33, 1e-5f, CHUNK)                                                            \
    ROW(layernorm_2560, 2560, 1e-5f, ONE)                                                          \
    ROW(layernorm_16x100, 100, 1e-6f, LOGITS)

/* ROW(name, H, KV, HD, R, T, C, COUNT): frequencies 10000^(-2 j / R), or none for R = 0 */
#define ROPE_APPEND_SHAPES(ROW)                                                                    \
    ROW(rope_append_f32_3x16, 3, 3, 16, 6, F32, 64, CHUNK)                                         \
    ROW(rope_append_f16_4x32, 4, 2, 32, 32, F16, 128, CHUNK)                                       \
    ROW(rope_append_bf16_5x80, 5, 1, 80, 32, BF16, 128, CHUNK)                                     \
    ROW(rope_append_bf16_4x32, 4, 2, 32, 32, BF16, 128, CHUNK)                                     \
    ROW(rope_append_bf16_one_2x48, 2, 1, 48, 0, BF16, 64, ONE)

/* ROW(name, H, KV, HD, T, C, W, SCALE, COUNT) */
#define ATTENTION_SHAPES(ROW)                                                                      \
    ROW(attention_f32_1x1x16, 1, 1, 16, F32, 64, 0, 0.25f, CHUNK)                                  \
    ROW(attention_f32_6x2x48, 6, 2, 48, F32, 256, 0, 0.14433757f, CHUNK)                           \
    ROW(attention_f32_window_6x2x48, 6, 2, 48, F32, 128, 100, 0.14433757f, CHUNK)                  \
    ROW(attention_f16_3x3x80, 3, 3, 80, F16, 256, 0, 0.1118034f, CHUNK)                            \
    ROW(attention_f16_window_4x4x16, 4, 4, 16, F16, 64, 1, 0.25f, CHUNK)                           \
    ROW(attention_bf16_9x1x64, 9, 1, 64, BF16, 256, 0, 0.125f, CHUNK)                              \
    ROW(attention_bf16_one_8x2x128, 8, 2, 128, BF16, 256, 0, 0.088388346f, ONE)                    \
    ROW(attention_bf16_window_one_4x1x64, 4, 1, 64, BF16, 64, 37, 0.125f, ONE)

/* ROW(name, S, COUNT) */
#define SWIGLU_SHAPES(ROW)                                                                         \
    ROW(swiglu_16, 16, CHUNK)                                                                      \
    ROW(swiglu_176, 176, CHUNK)

/* ROW(name, T, D, F, E, K, WEIGHTS): strides PAD(D) and PAD(F); at most 32 tokens;
 * name_one: one token */
#define EXPERTS_SHAPES(ROW)                                                                        \
    ROW(experts_f32_20x33, F32, 20, 33, 5, 2, RENORM)                                              \
    ROW(experts_f16_48x80, F16, 48, 80, 8, 1, RAW)                                                 \
    ROW(experts_bf16_37x130, BF16, 37, 130, 17, 4, RENORM)                                         \
    ROW(experts_bf16_40x24, BF16, 40, 24, 64, 6, RAW)                                              \
    ROW(experts_f32_24x16_one_of_3, F32, 24, 16, 3, 1, RENORM)                                     \
    ROW(experts_f16_24x16_only, F16, 24, 16, 1, 1, RENORM)                                         \
    ROW(experts_bf16_24x16_all_of_4, BF16, 24, 16, 4, 4, RAW)

/* The kernels of an operation, and the table of them. */
#define CASES(operation, KERNEL, SHAPES, CASE)                                                     \
    SHAPES(KERNEL)                                                                                 \
    const struct operation##_case operation##_cases[] = {SHAPES(CASE)};                            \
    const u32 operation##_case_count = sizeof operation##_cases / sizeof operation##_cases[0];
#define CASE(name, ...)                     {#name, &name##_shape, name},
#define CASE_APART(name, ...)               {#name, &name##_shape, name##_apart, name},
#define CASE_NORM(name, ...)                {#name, &name##_shape, name##_norm, name##_apart, name},
#define CASE_ONE(name, ...)                 {#name, &name##_shape, name, name##_one},
#define CASE_TURNS(name, H, KV, HD, R, ...) {#name, &name##_shape, frequencies_##R, name},

#endif
