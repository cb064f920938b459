/* models/fable-mamba/tables.c: made from config/fable-mamba.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",          "mamba"},
    {"model", "vocab_size",          "1024"},
    {"model", "hidden_size",         "160"},
    {"model", "intermediate_size",   "320"},
    {"model", "state_size",          "16"},
    {"model", "num_hidden_layers",   "6"},
    {"model", "conv_kernel",         "4"},
    {"model", "time_step_rank",      "16"},
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

#define LAYER(l)                                                                    \
    WEIGHT("layer " #l " norm",      "f32",  160,   1, layer[l].norm,         640), \
    WEIGHT("layer " #l " in_proj",   "bf16", 640, 160, layer[l].in_proj,   204800), \
    WEIGHT("layer " #l " conv_taps", "f32",  320,   4, layer[l].conv_taps,   5120), \
    WEIGHT("layer " #l " conv_bias", "f32",  320,   1, layer[l].conv_bias,   1280), \
    WEIGHT("layer " #l " x_proj",    "bf16",  48, 320, layer[l].x_proj,     30720), \
    WEIGHT("layer " #l " dt_proj",   "bf16", 320,  16, layer[l].dt_proj,    10240), \
    WEIGHT("layer " #l " dt_bias",   "f32",  320,   1, layer[l].dt_bias,     1280), \
    WEIGHT("layer " #l " A",         "f32",  320,  16, layer[l].A,          20480), \
    WEIGHT("layer " #l " D",         "f32",  320,   1, layer[l].D,           1280), \
    WEIGHT("layer " #l " out_proj",  "bf16", 160, 320, layer[l].out_proj,  102400),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 1024, 160, embed, 327680),
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5)
    WEIGHT("norm_f", "f32", 160, 1, norm_f, 640),
};

/* Times per step; then of one execution: bytes of weights read, bytes of activations and state
 * moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_1024x160",
        1,         320,     644,        0),
    [DECODE_IN_PROJ] = OP("decode", "IN_PROJ", "norm_gemv_conv_bf16_640x160x4",
        LAYERS, 211840,   10880,   209602),
    [DECODE_X_PROJ] = OP("decode", "X_PROJ", "gemv_bf16_48x320",
        LAYERS,  30720,    1472,    30720),
    [DECODE_SCAN] = OP("decode", "SCAN", "dt_scan_bf16_320x16x16",
        LAYERS,  33280,   44992,    49600),
    [DECODE_OUT_PROJ] = OP("decode", "OUT_PROJ", "gemv_add_bf16_160x320",
        LAYERS, 102400,    2560,   102560),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_160",
        1,         640,    1280,      642),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_1024x160",
        1,      327680,    4736,   327680),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x1024x160",
        1,       81920,  164864,        0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x160",
        LAYERS,    640,  327680,   164352),
    [PREFILL_IN_PROJ] = OP("prefill", "IN_PROJ", "gemm_bf16_256x640x160",
        LAYERS, 204800,  819200, 52428800),
    [PREFILL_CONV] = OP("prefill", "CONV", "conv_silu_256x320x4",
        LAYERS,   6400,  663040,  1064960),
    [PREFILL_X_PROJ] = OP("prefill", "X_PROJ", "gemm_bf16_256x48x320",
        LAYERS,  30720,  376832,  7864320),
    [PREFILL_DT_PROJ] = OP("prefill", "DT_PROJ", "gemm_softplus_bf16_256x320x16",
        LAYERS,  11520,  344064,  2949120),
    [PREFILL_SCAN] = OP("prefill", "SCAN", "scan_256x320x16",
        LAYERS,  21760, 1384448,  9748480),
    [PREFILL_OUT_PROJ] = OP("prefill", "OUT_PROJ", "gemm_add_bf16_256x160x320",
        LAYERS, 102400,  655360, 26255360),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x160",
        1,         640,  327680,   164352),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x1024x160",
        1,      327680,   75776,  5242880),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",        0,    640, DECODE_EMBED,    DECODE_NORM_F),
    BUFFER("decode",  "xz",     640,   2560, DECODE_IN_PROJ,  DECODE_OUT_PROJ),
    BUFFER("decode",  "xdb",   3200,    192, DECODE_X_PROJ,   DECODE_SCAN),
    BUFFER("prefill", "x",        0, 163840, PREFILL_EMBED,   PREFILL_NORM_F),
    BUFFER("prefill", "xz",  163840, 655360, PREFILL_IN_PROJ, PREFILL_OUT_PROJ),
    BUFFER("prefill", "xn",  819200, 163840, PREFILL_NORM,    PREFILL_IN_PROJ),
    BUFFER("prefill", "xdb", 819200,  49152, PREFILL_X_PROJ,  PREFILL_SCAN),
    BUFFER("prefill", "dt",  868352, 327680, PREFILL_DT_PROJ, PREFILL_SCAN),
};

const struct model model = {
    .name = "fable-mamba",
    .model_type = "mamba",
    .config_digest = {0xa6cabd25e0d94a15u, 0xc6d5b5630569c7f0u},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],

    .vocab = VOCAB,
    .vocab_pad = 1024,
    .dim = DIM,
    .layers = LAYERS,
    .chunk = CHUNK,
    .logit_rows = LOGIT_ROWS,
    .bos = 0,
    .eos = {0},
    .eos_count = 1,
    .pad = 0,
    .context = 0, /* a state of fixed size: any length */
    .parameters = 1253600u,
    .active = 1253600u,
    .read = 1253600u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 1196032u,
    .work_bytes = 163840u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 62,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
