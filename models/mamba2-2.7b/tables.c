/* models/mamba2-2.7b/tables.c: made from config/mamba2-2.7b.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",           "mamba2"},
    {"model", "vocab_size",           "50288"},
    {"model", "hidden_size",          "2560"},
    {"model", "intermediate_size",    "5120"},
    {"model", "state_size",           "128"},
    {"model", "num_hidden_layers",    "64"},
    {"model", "num_heads",            "80"},
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

#define LAYER(l)                                                                         \
    WEIGHT("layer " #l " norm",      "f32",   2560,    1, layer[l].norm,         10240), \
    WEIGHT("layer " #l " in_proj",   "bf16", 10576, 2560, layer[l].in_proj,   54149120), \
    WEIGHT("layer " #l " conv_taps", "f32",   5376,    4, layer[l].conv_taps,    86016), \
    WEIGHT("layer " #l " conv_bias", "f32",   5376,    1, layer[l].conv_bias,    21504), \
    WEIGHT("layer " #l " A",         "f32",     80,    1, layer[l].A,              320), \
    WEIGHT("layer " #l " D",         "f32",     80,    1, layer[l].D,              320), \
    WEIGHT("layer " #l " dt_bias",   "f32",     80,    1, layer[l].dt_bias,        320), \
    WEIGHT("layer " #l " y_norm",    "f32",   5120,    1, layer[l].y_norm,       20480), \
    WEIGHT("layer " #l " out_proj",  "bf16",  2560, 5120, layer[l].out_proj,  26214400),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 50288, 2560, embed, 257474560),
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5) LAYER(6)
    LAYER(7) LAYER(8) LAYER(9) LAYER(10) LAYER(11) LAYER(12) LAYER(13)
    LAYER(14) LAYER(15) LAYER(16) LAYER(17) LAYER(18) LAYER(19) LAYER(20)
    LAYER(21) LAYER(22) LAYER(23) LAYER(24) LAYER(25) LAYER(26) LAYER(27)
    LAYER(28) LAYER(29) LAYER(30) LAYER(31) LAYER(32) LAYER(33) LAYER(34)
    LAYER(35) LAYER(36) LAYER(37) LAYER(38) LAYER(39) LAYER(40) LAYER(41)
    LAYER(42) LAYER(43) LAYER(44) LAYER(45) LAYER(46) LAYER(47) LAYER(48)
    LAYER(49) LAYER(50) LAYER(51) LAYER(52) LAYER(53) LAYER(54) LAYER(55)
    LAYER(56) LAYER(57) LAYER(58) LAYER(59) LAYER(60) LAYER(61) LAYER(62)
    LAYER(63)
    WEIGHT("norm_f", "f32", 2560, 1, norm_f, 10240),
};

/* Times per step; then of one execution: bytes of weights read, bytes of activations and state
 * moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_50288x2560",
        1,           5120,    10244,           0),
    [DECODE_IN_PROJ] = OP("decode", "IN_PROJ", "norm_gemv_conv_bf16_10576x2560x4",
        LAYERS,  54266880,   179456,    54222818),
    [DECODE_SSD] = OP("decode", "SSD", "ssd_80x64x128",
        LAYERS,       960,  5305664,     3322880),
    [DECODE_OUT_PROJ] = OP("decode", "OUT_PROJ", "norm_gemv_add_bf16_2560x5120",
        LAYERS,  26234880,    40960,    26237442),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_2560",
        1,          10240,    20480,       10242),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_50288x2560",
        1,      257474560,   211392,   257474560),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x50288x2560",
        1,        1310720,  2622464,           0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x2560",
        LAYERS,     10240,  5242880,     2621952),
    [PREFILL_IN_PROJ] = OP("prefill", "IN_PROJ", "gemm_bf16_256x10576x2560",
        LAYERS,  54149120, 13451264, 13862174720),
    [PREFILL_CONV] = OP("prefill", "CONV", "conv_silu_256x5376x4",
        LAYERS,    107520, 11139072,    17891328),
    [PREFILL_SSD] = OP("prefill", "SSD", "ssd_256x80x64x128",
        LAYERS,       960, 21315584,   850657280),
    [PREFILL_Y_NORM] = OP("prefill", "Y_NORM", "rmsnorm_groups_256x5120",
        LAYERS,     20480, 10485760,     5243392),
    [PREFILL_OUT_PROJ] = OP("prefill", "OUT_PROJ", "gemm_add_bf16_256x2560x5120",
        LAYERS,  26214400, 10485760,  6711541760),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x2560",
        1,          10240,  5242880,     2621952),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x50288x2560",
        1,      257474560,  3382272,  4119592960),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",             0,    10240, DECODE_EMBED,    DECODE_NORM_F),
    BUFFER("decode",  "zxbcdt",    10240,    42304, DECODE_IN_PROJ,  DECODE_OUT_PROJ),
    BUFFER("prefill", "x",             0,  2621440, PREFILL_EMBED,   PREFILL_NORM_F),
    BUFFER("prefill", "zxbcdt",  2621440, 10829824, PREFILL_IN_PROJ, PREFILL_OUT_PROJ),
    BUFFER("prefill", "xn",     13451264,  2621440, PREFILL_NORM,    PREFILL_IN_PROJ),
};

const struct model model = {
    .name = "mamba2-2.7b",
    .model_type = "mamba2",
    .config_digest = {0xab17c986fd1daa0cu, 0x0fc2c4b9660f751au},
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
    .parameters = 2702599680u,
    .active = 2702599680u,
    .read = 2702599680u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 16072704u,
    .work_bytes = 2621440u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 578,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
