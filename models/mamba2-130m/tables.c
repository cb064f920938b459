/* models/mamba2-130m/tables.c: made from config/mamba2-130m.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",           "mamba2"},
    {"model", "vocab_size",           "50288"},
    {"model", "hidden_size",          "768"},
    {"model", "intermediate_size",    "1536"},
    {"model", "state_size",           "128"},
    {"model", "num_hidden_layers",    "24"},
    {"model", "num_heads",            "24"},
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
    {"build", "head_type",            "bf16"},
    {"build", "projection_type",      "bf16"},
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
    WEIGHT("layer " #l " norm",      "f32",   768,    1, layer[l].norm,         3072), \
    WEIGHT("layer " #l " in_proj",   "bf16", 3352,  768, layer[l].in_proj,   5160960), \
    WEIGHT("layer " #l " conv_taps", "f32",  1792,    4, layer[l].conv_taps,   28672), \
    WEIGHT("layer " #l " conv_bias", "f32",  1792,    1, layer[l].conv_bias,    7168), \
    WEIGHT("layer " #l " A",         "f32",    24,    1, layer[l].A,             128), \
    WEIGHT("layer " #l " D",         "f32",    24,    1, layer[l].D,             128), \
    WEIGHT("layer " #l " dt_bias",   "f32",    24,    1, layer[l].dt_bias,       128), \
    WEIGHT("layer " #l " y_norm",    "f32",  1536,    1, layer[l].y_norm,       6144), \
    WEIGHT("layer " #l " out_proj",  "bf16",  768, 1536, layer[l].out_proj,  2359296),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 50288, 768, embed, 77242368),
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
    [DECODE_IN_PROJ] = OP("decode", "IN_PROJ", "norm_gemv_conv_bf16_3360x768x4",
        LAYERS,  5199872,   59488,    5175042),
    [DECODE_SSD] = OP("decode", "SSD", "ssd_24x64x128",
        LAYERS,      384, 1592416,     996864),
    [DECODE_OUT_PROJ] = OP("decode", "OUT_PROJ", "norm_gemv_add_bf16_768x1536",
        LAYERS,  2365440,   12288,    2366210),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_768",
        1,          3072,    6144,       3074),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_50288x768",
        1,      77242368,  204224,   77242368),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x50288x768",
        1,        393216,  787456,          0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x768",
        LAYERS,     3072, 1572864,     786944),
    [PREFILL_IN_PROJ] = OP("prefill", "IN_PROJ", "gemm_bf16_256x3360x768",
        LAYERS,  5160960, 4218880, 1318060032),
    [PREFILL_CONV] = OP("prefill", "CONV", "conv_silu_256x1792x4",
        LAYERS,    35840, 3713024,    5963776),
    [PREFILL_SSD] = OP("prefill", "SSD", "ssd_256x24x64x128",
        LAYERS,      384, 6578176,  255197184),
    [PREFILL_Y_NORM] = OP("prefill", "Y_NORM", "rmsnorm_groups_256x1536",
        LAYERS,     6144, 3145728,    1573376),
    [PREFILL_OUT_PROJ] = OP("prefill", "OUT_PROJ", "gemm_add_bf16_256x768x1536",
        LAYERS,  2359296, 3145728,  604176384),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x768",
        1,          3072, 1572864,     786944),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x50288x768",
        1,      77242368, 3267584, 1235877888),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",            0,    3072, DECODE_EMBED,    DECODE_NORM_F),
    BUFFER("decode",  "zxbcdt",    3072,   13440, DECODE_IN_PROJ,  DECODE_OUT_PROJ),
    BUFFER("prefill", "x",            0,  786432, PREFILL_EMBED,   PREFILL_NORM_F),
    BUFFER("prefill", "zxbcdt",  786432, 3440640, PREFILL_IN_PROJ, PREFILL_OUT_PROJ),
    BUFFER("prefill", "xn",     4227072,  786432, PREFILL_NORM,    PREFILL_IN_PROJ),
};

const struct model model = {
    .name = "mamba2-130m",
    .model_type = "mamba2",
    .config_digest = {0xd9bf556ac257f41bu, 0x6564172ea4a3f68bu},
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
    .parameters = 128989632u,
    .active = 128989632u,
    .read = 128989632u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 5013504u,
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
    .tensor_count = 218,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
