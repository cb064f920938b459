/* models/mamba2-370m/tables.c: made from config/mamba2-370m.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",           "mamba2"},
    {"model", "vocab_size",           "50288"},
    {"model", "hidden_size",          "1024"},
    {"model", "intermediate_size",    "2048"},
    {"model", "state_size",           "128"},
    {"model", "num_hidden_layers",    "48"},
    {"model", "num_heads",            "32"},
    {"model", "head_dim",             "64"},
    {"model", "n_groups",             "1"},
    {"model", "conv_kernel",          "4"},
    {"model", "time_step_limit_low",  "0"},
    {"model", "time_step_limit_high", "inf"},
    {"model", "use_bias",             "false"},
    {"model", "use_conv_bias",        "true"},
    {"model", "hidden_act",           "silu"},
    {"model", "layer_norm_epsilon",   "1e-05"},
    {"model", "residual_in_fp32",     "true"},
    {"model", "tie_word_embeddings",  "true"},
    {"model", "bos_token_id",         "0"},
    {"model", "eos_token_id",         "0"},
    {"model", "pad_token_id",         "0"},
    {"build", "embedding_type",       "bf16"},
    {"build", "linear_type",          "bf16"},
    {"build", "prefill_chunk",        "256"},
    {"build", "logit_rows",           "16"},
    {"build", "weights_memory",       "auto"},
    {"build", "state_memory",         "auto"},
    {"build", "scratch_memory",       "auto"},
    {"build", "io_memory",            "auto"},
};

/* The weights arena; shapes before padding, bytes up to the next tensor. */
#define WEIGHT(NAME, TYPE, ROWS, COLS, MEMBER, BYTES) \
    {.name = NAME, .type = TYPE, .rows = ROWS, .cols = COLS, \
     .at = offsetof(struct weights, MEMBER), .bytes = BYTES}

#define LAYER(l)                                                                       \
    WEIGHT("layer " #l " norm",      "f32",  1024,    1, layer[l].norm,         4096), \
    WEIGHT("layer " #l " in_proj",   "bf16", 4384, 1024, layer[l].in_proj,   8978432), \
    WEIGHT("layer " #l " conv_taps", "f32",  2304,    4, layer[l].conv_taps,   36864), \
    WEIGHT("layer " #l " conv_bias", "f32",  2304,    1, layer[l].conv_bias,    9216), \
    WEIGHT("layer " #l " A",         "f32",    32,    1, layer[l].A,             128), \
    WEIGHT("layer " #l " D",         "f32",    32,    1, layer[l].D,             128), \
    WEIGHT("layer " #l " dt_bias",   "f32",    32,    1, layer[l].dt_bias,       128), \
    WEIGHT("layer " #l " y_norm",    "f32",  2048,    1, layer[l].y_norm,       8192), \
    WEIGHT("layer " #l " out_proj",  "bf16", 1024, 2048, layer[l].out_proj,  4194304),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 50288, 1024, embed, 102989824),
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5) LAYER(6)
    LAYER(7) LAYER(8) LAYER(9) LAYER(10) LAYER(11) LAYER(12) LAYER(13)
    LAYER(14) LAYER(15) LAYER(16) LAYER(17) LAYER(18) LAYER(19) LAYER(20)
    LAYER(21) LAYER(22) LAYER(23) LAYER(24) LAYER(25) LAYER(26) LAYER(27)
    LAYER(28) LAYER(29) LAYER(30) LAYER(31) LAYER(32) LAYER(33) LAYER(34)
    LAYER(35) LAYER(36) LAYER(37) LAYER(38) LAYER(39) LAYER(40) LAYER(41)
    LAYER(42) LAYER(43) LAYER(44) LAYER(45) LAYER(46) LAYER(47)
    WEIGHT("norm_f", "f32", 1024, 1, norm_f, 4096),
};

/* Times per step; then of one execution: bytes of weights read, bytes of activations and state
 * moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_50288x1024",
        1,           2048,    4100,          0),
    [DECODE_IN_PROJ] = OP("decode", "IN_PROJ", "norm_gemv_conv_bf16_4384x1024x4",
        LAYERS,   9028608,   74240,    9008834),
    [DECODE_SSD] = OP("decode", "SSD", "ssd_32x64x128",
        LAYERS,       384, 2122880,    1329152),
    [DECODE_OUT_PROJ] = OP("decode", "OUT_PROJ", "norm_gemv_add_bf16_1024x2048",
        LAYERS,   4202496,   16384,    4203522),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_1024",
        1,           4096,    8192,       4098),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_50288x1024",
        1,      102989824,  205248,  102989824),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x50288x1024",
        1,         524288, 1049600,          0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x1024",
        LAYERS,      4096, 2097152,    1049088),
    [PREFILL_IN_PROJ] = OP("prefill", "IN_PROJ", "gemm_bf16_256x4384x1024",
        LAYERS,   8978432, 5537792, 2298478592),
    [PREFILL_CONV] = OP("prefill", "CONV", "conv_silu_256x2304x4",
        LAYERS,     46080, 4773888,    7667712),
    [PREFILL_SSD] = OP("prefill", "SSD", "ssd_256x32x64x128",
        LAYERS,       384, 8683520,  340262912),
    [PREFILL_Y_NORM] = OP("prefill", "Y_NORM", "rmsnorm_groups_256x2048",
        LAYERS,      8192, 4194304,    2097664),
    [PREFILL_OUT_PROJ] = OP("prefill", "OUT_PROJ", "gemm_add_bf16_256x1024x2048",
        LAYERS,   4194304, 4194304, 1074003968),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x1024",
        1,           4096, 2097152,    1049088),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x50288x1024",
        1,      102989824, 3283968, 1647837184),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",            0,    4096, DECODE_EMBED,    DECODE_NORM_F),
    BUFFER("decode",  "zxbcdt",    4096,   17536, DECODE_IN_PROJ,  DECODE_OUT_PROJ),
    BUFFER("prefill", "x",            0, 1048576, PREFILL_EMBED,   PREFILL_NORM_F),
    BUFFER("prefill", "zxbcdt", 1048576, 4489216, PREFILL_IN_PROJ, PREFILL_OUT_PROJ),
    BUFFER("prefill", "xn",     5537792, 1048576, PREFILL_NORM,    PREFILL_IN_PROJ),
};

const struct model model = {
    .name = "mamba2-370m",
    .model_type = "mamba2",
    .config_digest = {0xfd2c094544d824bfu, 0x9c049e9aa223407fu},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],

    .vocab = VOCAB,
    .vocab_pad = 50288,
    .dim = DIM,
    .layers = LAYERS,
    .chunk = CHUNK,
    .logit_rows = LOGIT_ROWS,
    .bos = 0,
    .eos = {0},
    .eos_count = 1,
    .pad = 0,
    .context = 0, /* a state of fixed size: any length */
    .parameters = 368346624u,
    .active = 368346624u,
    .read = 368346624u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 6586368u,
    .work_bytes = 1207168u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 434,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
