/* models/mamba-130m/tables.c: made from config/mamba-130m.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",          "mamba"},
    {"model", "vocab_size",          "50280"},
    {"model", "hidden_size",         "768"},
    {"model", "intermediate_size",   "1536"},
    {"model", "state_size",          "16"},
    {"model", "num_hidden_layers",   "24"},
    {"model", "conv_kernel",         "4"},
    {"model", "time_step_rank",      "48"},
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
    {"build", "head_type",           "bf16"},
    {"build", "projection_type",     "bf16"},
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

#define LAYER(l)                                                                       \
    WEIGHT("layer " #l " norm",      "f32",   768,    1, layer[l].norm,         3072), \
    WEIGHT("layer " #l " in_proj",   "bf16", 3072,  768, layer[l].in_proj,   4718592), \
    WEIGHT("layer " #l " conv_taps", "f32",  1536,    4, layer[l].conv_taps,   24576), \
    WEIGHT("layer " #l " conv_bias", "f32",  1536,    1, layer[l].conv_bias,    6144), \
    WEIGHT("layer " #l " x_proj",    "bf16",   80, 1536, layer[l].x_proj,     245760), \
    WEIGHT("layer " #l " dt_proj",   "bf16", 1536,   48, layer[l].dt_proj,    147456), \
    WEIGHT("layer " #l " dt_bias",   "f32",  1536,    1, layer[l].dt_bias,      6144), \
    WEIGHT("layer " #l " A",         "f32",  1536,   16, layer[l].A,           98304), \
    WEIGHT("layer " #l " D",         "f32",  1536,    1, layer[l].D,            6144), \
    WEIGHT("layer " #l " out_proj",  "bf16",  768, 1536, layer[l].out_proj,  2359296),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 50280, 768, embed, 77242368),
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5) LAYER(6)
    LAYER(7) LAYER(8) LAYER(9) LAYER(10) LAYER(11) LAYER(12) LAYER(13)
    LAYER(14) LAYER(15) LAYER(16) LAYER(17) LAYER(18) LAYER(19) LAYER(20)
    LAYER(21) LAYER(22) LAYER(23)
    WEIGHT("norm_f", "f32", 768, 1, norm_f, 3072),
};

/* Times per step; then of one execution: bytes of weights read, bytes of activations and state
 * moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_50288x768",
        1,          1536,    3076,          0),
    [DECODE_IN_PROJ] = OP("decode", "IN_PROJ", "norm_gemv_conv_bf16_3072x768x4",
        LAYERS,  4752384,   52224,    4741634),
    [DECODE_X_PROJ] = OP("decode", "X_PROJ", "gemv_bf16_80x1536",
        LAYERS,   245760,    6464,     245760),
    [DECODE_SCAN] = OP("decode", "SCAN", "dt_scan_bf16_1536x16x48",
        LAYERS,   258048,  215360,     336384),
    [DECODE_OUT_PROJ] = OP("decode", "OUT_PROJ", "gemv_add_bf16_768x1536",
        LAYERS,  2359296,   12288,    2360064),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_768",
        1,          3072,    6144,       3074),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_50288x768",
        1,      77242368,  204192,   77230080),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x50288x768",
        1,        393216,  787456,          0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x768",
        LAYERS,     3072, 1572864,     786944),
    [PREFILL_IN_PROJ] = OP("prefill", "IN_PROJ", "gemm_bf16_256x3072x768",
        LAYERS,  4718592, 3932160, 1207959552),
    [PREFILL_CONV] = OP("prefill", "CONV", "conv_silu_256x1536x4",
        LAYERS,    30720, 3182592,    5111808),
    [PREFILL_X_PROJ] = OP("prefill", "X_PROJ", "gemm_bf16_256x80x1536",
        LAYERS,   245760, 1654784,   62914560),
    [PREFILL_DT_PROJ] = OP("prefill", "DT_PROJ", "gemm_softplus_bf16_256x1536x48",
        LAYERS,   153600, 1622016,   39321600),
    [PREFILL_SCAN] = OP("prefill", "SCAN", "scan_256x1536x16",
        LAYERS,   104448, 6520832,   46792704),
    [PREFILL_OUT_PROJ] = OP("prefill", "OUT_PROJ", "gemm_add_bf16_256x768x1536",
        LAYERS,  2359296, 3145728,  604176384),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x768",
        1,          3072, 1572864,     786944),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x50288x768",
        1,      77242368, 3267072, 1235681280),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",         0,    3072, DECODE_EMBED,    DECODE_NORM_F),
    BUFFER("decode",  "xz",     3072,   12288, DECODE_IN_PROJ,  DECODE_OUT_PROJ),
    BUFFER("decode",  "xdb",   15360,     320, DECODE_X_PROJ,   DECODE_SCAN),
    BUFFER("prefill", "x",         0,  786432, PREFILL_EMBED,   PREFILL_NORM_F),
    BUFFER("prefill", "xz",   786432, 3145728, PREFILL_IN_PROJ, PREFILL_OUT_PROJ),
    BUFFER("prefill", "xn",  3932160,  786432, PREFILL_NORM,    PREFILL_IN_PROJ),
    BUFFER("prefill", "xdb", 3932160,   81920, PREFILL_X_PROJ,  PREFILL_SCAN),
    BUFFER("prefill", "dt",  4014080, 1572864, PREFILL_DT_PROJ, PREFILL_SCAN),
};

const struct model model = {
    .name = "mamba-130m",
    .model_type = "mamba",
    .config_digest = {0xec66950d87177f93u, 0xeded8bd07a5eafefu},
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
    .parameters = 129135360u,
    .active = 129135360u,
    .read = 129135360u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 5586944u,
    .work_bytes = 1206976u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 242,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
