/* models/mamba-2.8b/tables.c: made from config/mamba-2.8b.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",          "mamba"},
    {"model", "vocab_size",          "50280"},
    {"model", "hidden_size",         "2560"},
    {"model", "intermediate_size",   "5120"},
    {"model", "state_size",          "16"},
    {"model", "num_hidden_layers",   "64"},
    {"model", "conv_kernel",         "4"},
    {"model", "time_step_rank",      "160"},
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

#define LAYER(l)                                                                         \
    WEIGHT("layer " #l " norm",      "f32",   2560,    1, layer[l].norm,         10240), \
    WEIGHT("layer " #l " in_proj",   "bf16", 10240, 2560, layer[l].in_proj,   52428800), \
    WEIGHT("layer " #l " conv_taps", "f32",   5120,    4, layer[l].conv_taps,    81920), \
    WEIGHT("layer " #l " conv_bias", "f32",   5120,    1, layer[l].conv_bias,    20480), \
    WEIGHT("layer " #l " x_proj",    "bf16",   192, 5120, layer[l].x_proj,     1966080), \
    WEIGHT("layer " #l " dt_proj",   "bf16",  5120,  160, layer[l].dt_proj,    1638400), \
    WEIGHT("layer " #l " dt_bias",   "f32",   5120,    1, layer[l].dt_bias,      20480), \
    WEIGHT("layer " #l " A",         "f32",   5120,   16, layer[l].A,           327680), \
    WEIGHT("layer " #l " D",         "f32",   5120,    1, layer[l].D,            20480), \
    WEIGHT("layer " #l " out_proj",  "bf16",  2560, 5120, layer[l].out_proj,  26214400),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 50280, 2560, embed, 257474560),
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
    [DECODE_IN_PROJ] = OP("decode", "IN_PROJ", "norm_gemv_conv_bf16_10240x2560x4",
        LAYERS,  52541440,   174080,    52500482),
    [DECODE_X_PROJ] = OP("decode", "X_PROJ", "gemv_bf16_192x5120",
        LAYERS,   1966080,    21248,     1966080),
    [DECODE_SCAN] = OP("decode", "SCAN", "dt_scan_bf16_5120x16x160",
        LAYERS,   2007040,   717568,     2268160),
    [DECODE_OUT_PROJ] = OP("decode", "OUT_PROJ", "gemv_add_bf16_2560x5120",
        LAYERS,  26214400,    40960,    26216960),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_2560",
        1,          10240,    20480,       10242),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_50288x2560",
        1,      257474560,   211360,   257433600),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x50288x2560",
        1,        1310720,  2622464,           0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x2560",
        LAYERS,     10240,  5242880,     2621952),
    [PREFILL_IN_PROJ] = OP("prefill", "IN_PROJ", "gemm_bf16_256x10240x2560",
        LAYERS,  52428800, 13107200, 13421772800),
    [PREFILL_CONV] = OP("prefill", "CONV", "conv_silu_256x5120x4",
        LAYERS,    102400, 10608640,    17039360),
    [PREFILL_X_PROJ] = OP("prefill", "X_PROJ", "gemm_bf16_256x192x5120",
        LAYERS,   1966080,  5439488,   503316480),
    [PREFILL_DT_PROJ] = OP("prefill", "DT_PROJ", "gemm_softplus_bf16_256x5120x160",
        LAYERS,   1658880,  5406720,   424673280),
    [PREFILL_SCAN] = OP("prefill", "SCAN", "scan_256x5120x16",
        LAYERS,    348160, 21659648,   155975680),
    [PREFILL_OUT_PROJ] = OP("prefill", "OUT_PROJ", "gemm_add_bf16_256x2560x5120",
        LAYERS,  26214400, 10485760,  6711541760),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x2560",
        1,          10240,  5242880,     2621952),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x50288x2560",
        1,      257474560,  3381760,  4118937600),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",          0,    10240, DECODE_EMBED,    DECODE_NORM_F),
    BUFFER("decode",  "xz",     10240,    40960, DECODE_IN_PROJ,  DECODE_OUT_PROJ),
    BUFFER("decode",  "xdb",    51200,      768, DECODE_X_PROJ,   DECODE_SCAN),
    BUFFER("prefill", "x",          0,  2621440, PREFILL_EMBED,   PREFILL_NORM_F),
    BUFFER("prefill", "xz",   2621440, 10485760, PREFILL_IN_PROJ, PREFILL_OUT_PROJ),
    BUFFER("prefill", "xn",  13107200,  2621440, PREFILL_NORM,    PREFILL_IN_PROJ),
    BUFFER("prefill", "xdb", 13107200,   196608, PREFILL_X_PROJ,  PREFILL_SCAN),
    BUFFER("prefill", "dt",  13303808,  5242880, PREFILL_DT_PROJ, PREFILL_SCAN),
};

const struct model model = {
    .name = "mamba-2.8b",
    .model_type = "mamba",
    .config_digest = {0xd2819578d665af40u, 0xeeaccbf39655e289u},
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
    .parameters = 2768345600u,
    .active = 2768345600u,
    .read = 2768345600u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 18546688u,
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
    .tensor_count = 642,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
