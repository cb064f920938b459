/* models/phi-2/tables.c: made from config/phi-2.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",              "phi"},
    {"model", "vocab_size",              "51200"},
    {"model", "hidden_size",             "2560"},
    {"model", "intermediate_size",       "10240"},
    {"model", "num_hidden_layers",       "32"},
    {"model", "num_attention_heads",     "32"},
    {"model", "num_key_value_heads",     "32"},
    {"model", "head_dim",                "80"},
    {"model", "hidden_act",              "gelu_new"},
    {"model", "layer_norm_eps",          "1e-05"},
    {"model", "max_position_embeddings", "2048"},
    {"model", "rope_theta",              "1e+04"},
    {"model", "partial_rotary_factor",   "0.4"},
    {"model", "tie_word_embeddings",     "false"},
    {"model", "bos_token_id",            "50256"},
    {"model", "eos_token_id",            "50256"},
    {"build", "embedding_type",          "bf16"},
    {"build", "head_type",               "bf16"},
    {"build", "projection_type",         "bf16"},
    {"build", "kv_type",                 "bf16"},
    {"build", "context",                 "2048"},
    {"build", "prefill_chunk",           "256"},
    {"build", "logit_rows",              "16"},
    {"build", "weights_memory",          "auto"},
    {"build", "state_memory",            "auto"},
    {"build", "scratch_memory",          "auto"},
    {"build", "io_memory",               "auto"},
};

/* The weights arena; shapes before padding, bytes up to the next tensor. */
#define WEIGHT(NAME, TYPE, ROWS, COLS, MEMBER, BYTES) \
    {.name = NAME, .type = TYPE, .rows = ROWS, .cols = COLS, \
     .at = offsetof(struct weights, MEMBER), .bytes = BYTES}

#define LAYER(l)                                                                          \
    WEIGHT("layer " #l " norm",      "f32",   2560,     1, layer[l].norm,         10240), \
    WEIGHT("layer " #l " norm_bias", "f32",   2560,     1, layer[l].norm_bias,    10240), \
    WEIGHT("layer " #l " q_proj",    "bf16",  2560,  2560, layer[l].q_proj,    13107200), \
    WEIGHT("layer " #l " q_bias",    "f32",   2560,     1, layer[l].q_bias,       10240), \
    WEIGHT("layer " #l " k_proj",    "bf16",  2560,  2560, layer[l].k_proj,    13107200), \
    WEIGHT("layer " #l " k_bias",    "f32",   2560,     1, layer[l].k_bias,       10240), \
    WEIGHT("layer " #l " v_proj",    "bf16",  2560,  2560, layer[l].v_proj,    13107200), \
    WEIGHT("layer " #l " v_bias",    "f32",   2560,     1, layer[l].v_bias,       10240), \
    WEIGHT("layer " #l " o_proj",    "bf16",  2560,  2560, layer[l].o_proj,    13107200), \
    WEIGHT("layer " #l " o_bias",    "f32",   2560,     1, layer[l].o_bias,       10240), \
    WEIGHT("layer " #l " fc1",       "bf16", 10240,  2560, layer[l].fc1,       52428800), \
    WEIGHT("layer " #l " fc1_bias",  "f32",  10240,     1, layer[l].fc1_bias,     40960), \
    WEIGHT("layer " #l " fc2",       "bf16",  2560, 10240, layer[l].fc2,       52428800), \
    WEIGHT("layer " #l " fc2_bias",  "f32",   2560,     1, layer[l].fc2_bias,     10240),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 51200, 2560, embed, 262144000),
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5) LAYER(6)
    LAYER(7) LAYER(8) LAYER(9) LAYER(10) LAYER(11) LAYER(12) LAYER(13)
    LAYER(14) LAYER(15) LAYER(16) LAYER(17) LAYER(18) LAYER(19) LAYER(20)
    LAYER(21) LAYER(22) LAYER(23) LAYER(24) LAYER(25) LAYER(26) LAYER(27)
    LAYER(28) LAYER(29) LAYER(30) LAYER(31)
    WEIGHT("norm_f",      "f32",   2560,    1, norm_f,          10240),
    WEIGHT("norm_f_bias", "f32",   2560,    1, norm_f_bias,     10240),
    WEIGHT("head",        "bf16", 51200, 2560, head,        262144000),
    WEIGHT("head_bias",   "f32",  51200,    1, head_bias,      204800),
};

/* Times per step; then of one execution: bytes of weights read, bytes of activations and state
 * moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_51200x2560",
        1,           5120,    10244,           0),
    [DECODE_QKV] = OP("decode", "QKV", "norm_qkv_bf16_7680x2560",
        LAYERS,  39372800,    30720,    39355907),
    [DECODE_ATTENTION] = OP("decode", "ATTENTION", "attention_bf16_32x32x80",
        LAYERS,         0, 20992000,    20971520),
    [DECODE_FC1] = OP("decode", "FC1", "norm_gemv_gelu_bf16_10240x2560",
        LAYERS,  52490240,    51200,    52531203),
    [DECODE_O_PROJ] = OP("decode", "O_PROJ", "gemv_add_bias_bf16_2560x2560",
        LAYERS,  13117440,    30720,    13112320),
    [DECODE_FC2] = OP("decode", "FC2", "gemv_add_bias_bf16_2560x10240",
        LAYERS,  52439040,    61440,    52433920),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "layernorm_2560",
        1,          20480,    20480,       20483),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bias_bf16_51200x2560",
        1,      262348800,   215040,   262195200),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x51200x2560",
        1,        1310720,  2622464,           0),
    [PREFILL_NORM] = OP("prefill", "NORM", "layernorm_256x2560",
        LAYERS,     20480,  5242880,     5243648),
    [PREFILL_Q_PROJ] = OP("prefill", "Q_PROJ", "gemm_bias_bf16_256x2560x2560",
        LAYERS,  13117440,  5242880,  3356098560),
    [PREFILL_K_PROJ] = OP("prefill", "K_PROJ", "gemm_bias_bf16_256x2560x2560",
        LAYERS,  13117440,  5242880,  3356098560),
    [PREFILL_V_PROJ] = OP("prefill", "V_PROJ", "gemm_bias_bf16_256x2560x2560",
        LAYERS,  13117440,  5242880,  3356098560),
    [PREFILL_ROPE] = OP("prefill", "ROPE", "rope_append_bf16_256x32x80",
        LAYERS,         0, 13107200,     1572864),
    [PREFILL_ATTENTION] = OP("prefill", "ATTENTION", "attention_bf16_256x32x32x80",
        LAYERS,         0, 26214400,  5368709120),
    [PREFILL_O_PROJ] = OP("prefill", "O_PROJ", "gemm_add_bias_bf16_256x2560x2560",
        LAYERS,  13117440,  7864320,  3356753920),
    [PREFILL_FC1] = OP("prefill", "FC1", "gemm_gelu_bf16_256x10240x2560",
        LAYERS,  52469760, 13107200, 13442744320),
    [PREFILL_FC2] = OP("prefill", "FC2", "gemm_add_bias_bf16_256x2560x10240",
        LAYERS,  52439040, 15728640, 13423083520),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "layernorm_256x2560",
        1,          20480,  5242880,     5243648),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bias_bf16_16x51200x2560",
        1,      262348800,  3440640,  4195123200),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",         0,    10240, DECODE_EMBED,   DECODE_NORM_F),
    BUFFER("decode",  "q",     10240,    10240, DECODE_QKV,     DECODE_O_PROJ),
    BUFFER("decode",  "h",     20480,    40960, DECODE_FC1,     DECODE_FC2),
    BUFFER("prefill", "x",         0,  2621440, PREFILL_EMBED,  PREFILL_NORM_F),
    BUFFER("prefill", "xn",  2621440,  2621440, PREFILL_NORM,   PREFILL_FC1),
    BUFFER("prefill", "q",   5242880,  2621440, PREFILL_Q_PROJ, PREFILL_O_PROJ),
    BUFFER("prefill", "h",   5242880, 10485760, PREFILL_FC1,    PREFILL_FC2),
    BUFFER("prefill", "k",   7864320,  2621440, PREFILL_K_PROJ, PREFILL_ROPE),
    BUFFER("prefill", "v",  10485760,  2621440, PREFILL_V_PROJ, PREFILL_ROPE),
};

const struct model model = {
    .name = "phi-2",
    .model_type = "phi",
    .config_digest = {0x10c12800d9bf5ef1u, 0xa8c0c75e0989dc47u},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],

    .vocab = VOCAB,
    .vocab_pad = 51200,
    .dim = DIM,
    .layers = LAYERS,
    .chunk = CHUNK,
    .logit_rows = LOGIT_ROWS,
    .bos = 50256,
    .eos = {50256},
    .eos_count = 1,
    .pad = 0,
    .context = CONTEXT,
    .trained = 2048,
    .parameters = 2779683840u,
    .active = 2779683840u,
    .read = 2648614400u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .cache_bytes = 671088640u,
    .cache_position_bytes = 327680u,
    .cache_heads = 2048,
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 15728640u,
    .work_bytes = 5242880u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 453,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
