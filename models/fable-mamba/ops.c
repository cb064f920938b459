/* models/fable-mamba/ops.c: made from config/fable-mamba.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/model.h"
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
    {"build", "linear_type",         "bf16"},
    {"build", "prefill_chunk",       "256"},
    {"build", "logit_rows",          "16"},
};

#define AT(member) offsetof(struct weights, member)

/* name, type, rows and columns before padding, offset, bytes up to the next. */
#define LAYER(l)                                                                  \
    {"layer " #l " norm",      "f32",  160,   1, AT(layer[l].norm),         640}, \
    {"layer " #l " in_proj",   "bf16", 640, 160, AT(layer[l].in_proj),   204800}, \
    {"layer " #l " conv_taps", "f32",  320,   4, AT(layer[l].conv_taps),   5120}, \
    {"layer " #l " conv_bias", "f32",  320,   1, AT(layer[l].conv_bias),   1280}, \
    {"layer " #l " x_proj",    "bf16",  48, 320, AT(layer[l].x_proj),     30720}, \
    {"layer " #l " dt_proj",   "bf16", 320,  16, AT(layer[l].dt_proj),    10240}, \
    {"layer " #l " dt_bias",   "f32",  320,   1, AT(layer[l].dt_bias),     1280}, \
    {"layer " #l " A",         "f32",  320,  16, AT(layer[l].A),          20480}, \
    {"layer " #l " D",         "f32",  320,   1, AT(layer[l].D),           1280}, \
    {"layer " #l " out_proj",  "bf16", 160, 320, AT(layer[l].out_proj),  102400},

static const struct model_weight weights[] = {
    {"embed", "bf16", 1024, 160, AT(embed), 327680},
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5)
    {"norm_f", "f32", 160, 1, AT(norm_f), 640},
};

/* step, name, kernel, times per step; then per execution: bytes of weights read, bytes of
 * activations and state moved, floating point operations. */
static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = {"decode", "EMBED", "embed_bf16_1024x160",
        1,         320,     644,        0},
    [DECODE_NORM] = {"decode", "NORM", "rmsnorm_160",
        LAYERS,    640,    1280,      642},
    [DECODE_IN_PROJ] = {"decode", "IN_PROJ", "gemv_bf16_640x160",
        LAYERS, 204800,    3200,   204800},
    [DECODE_CONV] = {"decode", "CONV", "conv_silu_320x4",
        LAYERS,   6400,   10240,     4160},
    [DECODE_X_PROJ] = {"decode", "X_PROJ", "gemv_bf16_48x320",
        LAYERS,  30720,    1472,    30720},
    [DECODE_DT_PROJ] = {"decode", "DT_PROJ", "gemv_softplus_bf16_320x16",
        LAYERS,  11520,    1344,    11520},
    [DECODE_SCAN] = {"decode", "SCAN", "scan_320x16",
        LAYERS,  21760,   46208,    38080},
    [DECODE_OUT_PROJ] = {"decode", "OUT_PROJ", "gemv_add_bf16_160x320",
        LAYERS, 102400,    2560,   102560},
    [DECODE_NORM_F] = {"decode", "NORM_F", "rmsnorm_160",
        1,         640,    1280,      642},
    [DECODE_HEAD] = {"decode", "HEAD", "gemv_bf16_1024x160",
        1,      327680,    4736,   327680},
    [CHUNK_EMBED] = {"prefill", "EMBED", "embed_bf16_256x1024x160",
        1,       81920,  164864,        0},
    [CHUNK_NORM] = {"prefill", "NORM", "rmsnorm_256x160",
        LAYERS,    640,  327680,   164352},
    [CHUNK_IN_PROJ] = {"prefill", "IN_PROJ", "gemm_bf16_256x640x160",
        LAYERS, 204800,  819200, 52428800},
    [CHUNK_CONV] = {"prefill", "CONV", "conv_silu_256x320x4",
        LAYERS,   6400,  663040,  1064960},
    [CHUNK_X_PROJ] = {"prefill", "X_PROJ", "gemm_bf16_256x48x320",
        LAYERS,  30720,  376832,  7864320},
    [CHUNK_DT_PROJ] = {"prefill", "DT_PROJ", "gemm_softplus_bf16_256x320x16",
        LAYERS,  11520,  344064,  2949120},
    [CHUNK_SCAN] = {"prefill", "SCAN", "scan_256x320x16",
        LAYERS,  21760, 1384448,  9748480},
    [CHUNK_OUT_PROJ] = {"prefill", "OUT_PROJ", "gemm_add_bf16_256x160x320",
        LAYERS, 102400,  655360, 26255360},
    [CHUNK_NORM_F] = {"prefill", "NORM_F", "rmsnorm_256x160",
        1,         640,  327680,   164352},
    [HEAD_LOGITS] = {"head", "LOGITS", "gemm_bf16_16x1024x160",
        1,      327680,   75776,  5242880},
};

/* The scratch plan: step, buffer, offset, bytes, first and last operation. */
static const struct model_buffer buffers[] = {
    {"decode",  "x",        0,    640, DECODE_EMBED,   DECODE_NORM_F},
    {"decode",  "xn",    3200,    640, DECODE_NORM,    DECODE_IN_PROJ},
    {"decode",  "xz",     640,   2560, DECODE_IN_PROJ, DECODE_OUT_PROJ},
    {"decode",  "xdb",   3200,    192, DECODE_X_PROJ,  DECODE_SCAN},
    {"decode",  "dt",    3392,   1280, DECODE_DT_PROJ, DECODE_SCAN},
    {"prefill", "x",        0, 163840, CHUNK_EMBED,    CHUNK_NORM_F},
    {"prefill", "xn",  819200, 163840, CHUNK_NORM,     CHUNK_IN_PROJ},
    {"prefill", "xz",  163840, 655360, CHUNK_IN_PROJ,  CHUNK_OUT_PROJ},
    {"prefill", "xdb", 819200,  49152, CHUNK_X_PROJ,   CHUNK_SCAN},
    {"prefill", "dt",  868352, 327680, CHUNK_DT_PROJ,  CHUNK_SCAN},
};

const struct model model = {
    .name = "fable-mamba",
    .model_type = "mamba",
    .config_digest = {0xbe547436c231357du, 0xb1b28fd3cc8518f8u},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],

    .vocab = VOCAB,
    .vocab_pad = 1024,
    .dim = DIM,
    .layers = LAYERS,
    .chunk = CHUNK,
    .logit_rows = LOGIT_ROWS,
    .bos = 0,
    .eos = 0,
    .pad = 0,
    .context = 0, /* a state of fixed size: unbounded */
    .parameters = 1253600u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 1196032u,
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
