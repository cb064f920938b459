/* models/fable-mamba/kernels.c: made from config/fable-mamba.ini; edit that, `make models`.
 *
 * One line makes one kernel whose loops see only these constants; the macros are explained in
 * kernels/cpu/kernels.h. */
#include "kernels/cpu/kernels.h"
#include "kernels.h"

/* decode, 1 row */
EMBED(embed_bf16_1024x160, bf16_1024x160, BF16, 1024, 160, 160, ONE)
RMSNORM(rmsnorm_160, 160, 160, 1e-05f, ONE)
LINEAR(gemv_bf16_48x320,      bf16_48x320,   BF16,   48, 320,   48, 640, PLAIN, ONE)
LINEAR(gemv_add_bf16_160x320, bf16_160x320,  BF16,  160, 320,  160, 640, ADD,   ONE)
LINEAR(gemv_bf16_1024x160,    bf16_1024x160, BF16, 1024, 160, 1024, 160, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_640x160x4, bf16_640x160, BF16, 160, 160, 640, 0, 320, 4,
        1e-05f, 640)
DT_SCAN(dt_scan_bf16_320x16x16, bf16_320x16, BF16, 320, 16, 16, 640, 48)

/* prefill, 256 rows */
EMBED(embed_bf16_256x1024x160, bf16_1024x160, BF16, 1024, 160, 160, CHUNK)
RMSNORM(rmsnorm_256x160, 160, 160, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x640x160,         bf16_640x160, BF16, 640, 160, 640, 160, PLAIN,    CHUNK)
LINEAR(gemm_bf16_256x48x320,          bf16_48x320,  BF16,  48, 320,  48, 640, PLAIN,    CHUNK)
LINEAR(gemm_softplus_bf16_256x320x16, bf16_320x16,  BF16, 320,  16, 320,  48, SOFTPLUS, CHUNK)
LINEAR(gemm_add_bf16_256x160x320,     bf16_160x320, BF16, 160, 320, 160, 640, ADD,      CHUNK)
CONV_SILU(conv_silu_256x320x4, 0, 320, 4, 640, BIAS, CHUNK)
SCAN(scan_256x320x16, 320, 16, 16, 640, 48, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x1024x160, bf16_1024x160, BF16, 1024, 160, 1024, 160, PLAIN, LOGITS)
