/* models/mamba-1.4b/tables.c: made from config/mamba-1.4b.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",          "mamba"},
    {"model", "vocab_size",          "50280"},
    {"model", "hidden_size",         "2048"},
    {"model", "intermediate_size",   "4096"},
    {"model", "state_size",          "16"},
    {"model", "num_hidden_layers",   "48"},
    {"model", "conv_kernel",         "4"},
    {"model", "time_step_rank",      "128"},
    {"model", "use_bias",            "false"},
    {"model", "use_conv_bias",       "true"},
    {"model", "hidden_act",          "silu"},
    {"model", "layer_norm_epsilon",  "1e-05"},
    {"model", "residual_in_fp32",    "true"},
    {"model", "tie_word_embeddings", "true"},
    {"model", "bos_token_id",        "0"},
    {"model", "eos_token_id",        "0"},
    {"model", "pad_token_id",        "0"},
    {"build", "embedding_type",      "bf16"},
    {"build", "linear_type",         "bf16"},
    {"build", "prefill_chunk",       "256"},
    {"build", "logit_rows",          "16"},
    {"build", "weights_memory",      "auto"},
    {"build", "state_memory",        "auto"},
    {"build", "scratch_memory",      "auto"},
    {"build", "io_memory",           "auto"},
};

/* The weights arena; shapes before padding, bytes up to the next tensor. */
#define WEIGHT(NAME, TYPE, ROWS, COLS, MEMBER, BYTES) \
    {.name = NAME, .type = TYPE, .rows = ROWS, .cols = COLS, \
     .at = offsetof(struct weights, MEMBER), .bytes = BYTES}

#define LAYER(l)                                                                        \
    WEIGHT("layer " #l " norm",      "f32",  2048,    1, layer[l].norm,          8192), \
    WEIGHT("layer " #l " in_proj",   "bf16", 8192, 2048, layer[l].in_proj,   33554432), \
    WEIGHT("layer " #l " conv_taps", "f32",  4096,    4, layer[l].conv_taps,    65536), \
    WEIGHT("layer " #l " conv_bias", "f32",  4096,    1, layer[l].conv_bias,    16384), \
    WEIGHT("layer " #l " x_proj",    "bf16",  160, 4096, layer[l].x_proj,     1310720), \
    WEIGHT("layer " #l " dt_proj",   "bf16", 4096,  128, layer[l].dt_proj,    1048576), \
    WEIGHT("layer " #l " dt_bias",   "f32",  4096,    1, layer[l].dt_bias,      16384), \
    WEIGHT("layer " #l " A",         "f32",  4096,   16, layer[l].A,           262144), \
    WEIGHT("layer " #l " D",         "f32",  4096,    1, layer[l].D,            16384), \
    WEIGHT("layer " #l " out_proj",  "bf16", 2048, 4096, layer[l].out_proj,  16777216),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 50280, 2048, embed, 205979648),
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5) LAYER(6)
    LAYER(7) LAYER(8) LAYER(9) LAYER(10) LAYER(11) LAYER(12) LAYER(13)
    LAYER(14) LAYER(15) LAYER(16) LAYER(17) LAYER(18) LAYER(19) LAYER(20)
    LAYER(21) LAYER(22) LAYER(23) LAYER(24) LAYER(25) LAYER(26) LAYER(27)
    LAYER(28) LAYER(29) LAYER(30) LAYER(31) LAYER(32) LAYER(33) LAYER(34)
    LAYER(35) LAYER(36) LAYER(37) LAYER(38) LAYER(39) LAYER(40) LAYER(41)
    LAYER(42) LAYER(43) LAYER(44) LAYER(45) LAYER(46) LAYER(47)
    WEIGHT("norm_f", "f32", 2048, 1, norm_f, 8192),
};

/* Times per step; then of one execution: bytes of weights read, bytes of activations and state
 * moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_50288x2048",
        1,           4096,     8196,          0),
    [DECODE_IN_PROJ] = OP("decode", "IN_PROJ", "norm_gemv_conv_bf16_8192x2048x4",
        LAYERS,  33644544,   139264,   33611778),
    [DECODE_X_PROJ] = OP("decode", "X_PROJ", "gemv_bf16_160x4096",
        LAYERS,   1310720,    17024,    1310720),
    [DECODE_SCAN] = OP("decode", "SCAN", "dt_scan_bf16_4096x16x128",
        LAYERS,   1343488,   574080,    1552384),
    [DECODE_OUT_PROJ] = OP("decode", "OUT_PROJ", "gemv_add_bf16_2048x4096",
        LAYERS,  16777216,    32768,   16779264),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_2048",
        1,           8192,    16384,       8194),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_50288x2048",
        1,      205979648,   209312,  205946880),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x50288x2048",
        1,        1048576,  2098176,          0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x2048",
        LAYERS,      8192,  4194304,    2097664),
    [PREFILL_IN_PROJ] = OP("prefill", "IN_PROJ", "gemm_bf16_256x8192x2048",
        LAYERS,  33554432, 10485760, 8589934592),
    [PREFILL_CONV] = OP("prefill", "CONV", "conv_silu_256x4096x4",
        LAYERS,     81920,  8486912,   13631488),
    [PREFILL_X_PROJ] = OP("prefill", "X_PROJ", "gemm_bf16_256x160x4096",
        LAYERS,   1310720,  4358144,  335544320),
    [PREFILL_DT_PROJ] = OP("prefill", "DT_PROJ", "gemm_softplus_bf16_256x4096x128",
        LAYERS,   1064960,  4325376,  272629760),
    [PREFILL_SCAN] = OP("prefill", "SCAN", "scan_256x4096x16",
        LAYERS,    278528, 17334272,  124780544),
    [PREFILL_OUT_PROJ] = OP("prefill", "OUT_PROJ", "gemm_add_bf16_256x2048x4096",
        LAYERS,  16777216,  8388608, 4295491584),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x2048",
        1,           8192,  4194304,    2097664),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x50288x2048",
        1,      205979648,  3348992, 3295150080),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",          0,    8192, DECODE_EMBED,    DECODE_NORM_F),
    BUFFER("decode",  "xz",      8192,   32768, DECODE_IN_PROJ,  DECODE_OUT_PROJ),
    BUFFER("decode",  "xdb",    40960,     640, DECODE_X_PROJ,   DECODE_SCAN),
    BUFFER("prefill", "x",          0, 2097152, PREFILL_EMBED,   PREFILL_NORM_F),
    BUFFER("prefill", "xz",   2097152, 8388608, PREFILL_IN_PROJ, PREFILL_OUT_PROJ),
    BUFFER("prefill", "xn",  10485760, 2097152, PREFILL_NORM,    PREFILL_IN_PROJ),
    BUFFER("prefill", "xdb", 10485760,  163840, PREFILL_X_PROJ,  PREFILL_SCAN),
    BUFFER("prefill", "dt",  10649600, 4194304, PREFILL_DT_PROJ, PREFILL_SCAN),
};

const struct model model = {
    .name = "mamba-1.4b",
    .model_type = "mamba",
    .config_digest = {0x8f80420f70aa2c9du, 0xfd25a6e6eb3972e1u},
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
    .parameters = 1372178432u,
    .active = 1372178432u,
    .read = 1372178432u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 14843904u,
    .work_bytes = 2097152u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 482,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
