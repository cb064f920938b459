/* models/mamba2-780m/tables.c: made from config/mamba2-780m.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",           "mamba2"},
    {"model", "vocab_size",           "50288"},
    {"model", "hidden_size",          "1536"},
    {"model", "intermediate_size",    "3072"},
    {"model", "state_size",           "128"},
    {"model", "num_hidden_layers",    "48"},
    {"model", "num_heads",            "48"},
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

#define LAYER(l)                                                                        \
    WEIGHT("layer " #l " norm",      "f32",  1536,    1, layer[l].norm,          6144), \
    WEIGHT("layer " #l " in_proj",   "bf16", 6448, 1536, layer[l].in_proj,   19808256), \
    WEIGHT("layer " #l " conv_taps", "f32",  3328,    4, layer[l].conv_taps,    53248), \
    WEIGHT("layer " #l " conv_bias", "f32",  3328,    1, layer[l].conv_bias,    13312), \
    WEIGHT("layer " #l " A",         "f32",    48,    1, layer[l].A,              192), \
    WEIGHT("layer " #l " D",         "f32",    48,    1, layer[l].D,              192), \
    WEIGHT("layer " #l " dt_bias",   "f32",    48,    1, layer[l].dt_bias,        192), \
    WEIGHT("layer " #l " y_norm",    "f32",  3072,    1, layer[l].y_norm,       12288), \
    WEIGHT("layer " #l " out_proj",  "bf16", 1536, 3072, layer[l].out_proj,   9437184),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 50288, 1536, embed, 154484736),
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5) LAYER(6)
    LAYER(7) LAYER(8) LAYER(9) LAYER(10) LAYER(11) LAYER(12) LAYER(13)
    LAYER(14) LAYER(15) LAYER(16) LAYER(17) LAYER(18) LAYER(19) LAYER(20)
    LAYER(21) LAYER(22) LAYER(23) LAYER(24) LAYER(25) LAYER(26) LAYER(27)
    LAYER(28) LAYER(29) LAYER(30) LAYER(31) LAYER(32) LAYER(33) LAYER(34)
    LAYER(35) LAYER(36) LAYER(37) LAYER(38) LAYER(39) LAYER(40) LAYER(41)
    LAYER(42) LAYER(43) LAYER(44) LAYER(45) LAYER(46) LAYER(47)
    WEIGHT("norm_f", "f32", 1536, 1, norm_f, 6144),
};

/* Times per step; then of one execution: bytes of weights read, bytes of activations and state
 * moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_50288x1536",
        1,           3072,     6148,          0),
    [DECODE_IN_PROJ] = OP("decode", "IN_PROJ", "norm_gemv_conv_bf16_6448x1536x4",
        LAYERS,  19880960,   109312,   19853090),
    [DECODE_SSD] = OP("decode", "SSD", "ssd_48x64x128",
        LAYERS,       576,  3183808,    1993728),
    [DECODE_OUT_PROJ] = OP("decode", "OUT_PROJ", "norm_gemv_add_bf16_1536x3072",
        LAYERS,   9449472,    24576,    9451010),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_1536",
        1,           6144,    12288,       6146),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_50288x1536",
        1,      154484736,   207296,  154484736),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x50288x1536",
        1,         786432,  1573888,          0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x1536",
        LAYERS,      6144,  3145728,    1573376),
    [PREFILL_IN_PROJ] = OP("prefill", "IN_PROJ", "gemm_bf16_256x6448x1536",
        LAYERS,  19808256,  8175616, 5070913536),
    [PREFILL_CONV] = OP("prefill", "CONV", "conv_silu_256x3328x4",
        LAYERS,     66560,  6895616,   11075584),
    [PREFILL_SSD] = OP("prefill", "SSD", "ssd_256x48x64x128",
        LAYERS,       576, 12894208,  510394368),
    [PREFILL_Y_NORM] = OP("prefill", "Y_NORM", "rmsnorm_groups_256x3072",
        LAYERS,     12288,  6291456,    3146240),
    [PREFILL_OUT_PROJ] = OP("prefill", "OUT_PROJ", "gemm_add_bf16_256x1536x3072",
        LAYERS,   9437184,  6291456, 2416312320),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x1536",
        1,           6144,  3145728,    1573376),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x50288x1536",
        1,      154484736,  3316736, 2471755776),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",            0,    6144, DECODE_EMBED,    DECODE_NORM_F),
    BUFFER("decode",  "zxbcdt",    6144,   25792, DECODE_IN_PROJ,  DECODE_OUT_PROJ),
    BUFFER("prefill", "x",            0, 1572864, PREFILL_EMBED,   PREFILL_NORM_F),
    BUFFER("prefill", "zxbcdt", 1572864, 6602752, PREFILL_IN_PROJ, PREFILL_OUT_PROJ),
    BUFFER("prefill", "xn",     8175616, 1572864, PREFILL_NORM,    PREFILL_IN_PROJ),
};

const struct model model = {
    .name = "mamba2-780m",
    .model_type = "mamba2",
    .config_digest = {0xf37eeab642380993u, 0x8d8b679520224c8du},
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
    .parameters = 780161280u,
    .active = 780161280u,
    .read = 780161280u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 9748480u,
    .work_bytes = 1572864u,
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
