/* models/mamba-790m/tables.c: made from config/mamba-790m.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",          "mamba"},
    {"model", "vocab_size",          "50280"},
    {"model", "hidden_size",         "1536"},
    {"model", "intermediate_size",   "3072"},
    {"model", "state_size",          "16"},
    {"model", "num_hidden_layers",   "48"},
    {"model", "conv_kernel",         "4"},
    {"model", "time_step_rank",      "96"},
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
    WEIGHT("layer " #l " norm",      "f32",  1536,    1, layer[l].norm,          6144), \
    WEIGHT("layer " #l " in_proj",   "bf16", 6144, 1536, layer[l].in_proj,   18874368), \
    WEIGHT("layer " #l " conv_taps", "f32",  3072,    4, layer[l].conv_taps,    49152), \
    WEIGHT("layer " #l " conv_bias", "f32",  3072,    1, layer[l].conv_bias,    12288), \
    WEIGHT("layer " #l " x_proj",    "bf16",  128, 3072, layer[l].x_proj,      786432), \
    WEIGHT("layer " #l " dt_proj",   "bf16", 3072,   96, layer[l].dt_proj,     589824), \
    WEIGHT("layer " #l " dt_bias",   "f32",  3072,    1, layer[l].dt_bias,      12288), \
    WEIGHT("layer " #l " A",         "f32",  3072,   16, layer[l].A,           196608), \
    WEIGHT("layer " #l " D",         "f32",  3072,    1, layer[l].D,            12288), \
    WEIGHT("layer " #l " out_proj",  "bf16", 1536, 3072, layer[l].out_proj,   9437184),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 50280, 1536, embed, 154484736),
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
    [DECODE_IN_PROJ] = OP("decode", "IN_PROJ", "norm_gemv_conv_bf16_6144x1536x4",
        LAYERS,  18941952,   104448,   18917378),
    [DECODE_X_PROJ] = OP("decode", "X_PROJ", "gemv_bf16_128x3072",
        LAYERS,    786432,    12800,     786432),
    [DECODE_SCAN] = OP("decode", "SCAN", "dt_scan_bf16_3072x16x96",
        LAYERS,    811008,   430592,     967680),
    [DECODE_OUT_PROJ] = OP("decode", "OUT_PROJ", "gemv_add_bf16_1536x3072",
        LAYERS,   9437184,    24576,    9438720),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_1536",
        1,           6144,    12288,       6146),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_50288x1536",
        1,      154484736,   207264,  154460160),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x50288x1536",
        1,         786432,  1573888,          0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x1536",
        LAYERS,      6144,  3145728,    1573376),
    [PREFILL_IN_PROJ] = OP("prefill", "IN_PROJ", "gemm_bf16_256x6144x1536",
        LAYERS,  18874368,  7864320, 4831838208),
    [PREFILL_CONV] = OP("prefill", "CONV", "conv_silu_256x3072x4",
        LAYERS,     61440,  6365184,   10223616),
    [PREFILL_X_PROJ] = OP("prefill", "X_PROJ", "gemm_bf16_256x128x3072",
        LAYERS,    786432,  3276800,  201326592),
    [PREFILL_DT_PROJ] = OP("prefill", "DT_PROJ", "gemm_softplus_bf16_256x3072x96",
        LAYERS,    602112,  3244032,  154140672),
    [PREFILL_SCAN] = OP("prefill", "SCAN", "scan_256x3072x16",
        LAYERS,    208896, 13008896,   93585408),
    [PREFILL_OUT_PROJ] = OP("prefill", "OUT_PROJ", "gemm_add_bf16_256x1536x3072",
        LAYERS,   9437184,  6291456, 2416312320),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x1536",
        1,           6144,  3145728,    1573376),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x50288x1536",
        1,      154484736,  3316224, 2471362560),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",         0,    6144, DECODE_EMBED,    DECODE_NORM_F),
    BUFFER("decode",  "xz",     6144,   24576, DECODE_IN_PROJ,  DECODE_OUT_PROJ),
    BUFFER("decode",  "xdb",   30720,     512, DECODE_X_PROJ,   DECODE_SCAN),
    BUFFER("prefill", "x",         0, 1572864, PREFILL_EMBED,   PREFILL_NORM_F),
    BUFFER("prefill", "xz",  1572864, 6291456, PREFILL_IN_PROJ, PREFILL_OUT_PROJ),
    BUFFER("prefill", "xn",  7864320, 1572864, PREFILL_NORM,    PREFILL_IN_PROJ),
    BUFFER("prefill", "xdb", 7864320,  131072, PREFILL_X_PROJ,  PREFILL_SCAN),
    BUFFER("prefill", "dt",  7995392, 3145728, PREFILL_DT_PROJ, PREFILL_SCAN),
};

const struct model model = {
    .name = "mamba-790m",
    .model_type = "mamba",
    .config_digest = {0x26a4b7b246d958b7u, 0x104e07a089be87b9u},
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
    .parameters = 793204224u,
    .active = 793204224u,
    .read = 793204224u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 11141120u,
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
    .tensor_count = 482,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
