/* models/mixtral-8x7b/tables.c: made from config/mixtral-8x7b.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",              "mixtral"},
    {"model", "vocab_size",              "32000"},
    {"model", "hidden_size",             "4096"},
    {"model", "intermediate_size",       "14336"},
    {"model", "num_hidden_layers",       "32"},
    {"model", "num_attention_heads",     "32"},
    {"model", "num_key_value_heads",     "8"},
    {"model", "head_dim",                "128"},
    {"model", "num_local_experts",       "8"},
    {"model", "num_experts_per_tok",     "2"},
    {"model", "hidden_act",              "silu"},
    {"model", "rms_norm_eps",            "1e-05"},
    {"model", "max_position_embeddings", "32768"},
    {"model", "sliding_window",          "0"},
    {"model", "rope_theta",              "1e+06"},
    {"model", "tie_word_embeddings",     "false"},
    {"model", "bos_token_id",            "1"},
    {"model", "eos_token_id",            "2"},
    {"build", "embedding_type",          "bf16"},
    {"build", "head_type",               "bf16"},
    {"build", "projection_type",         "bf16"},
    {"build", "expert_type",             "bf16"},
    {"build", "router_type",             "bf16"},
    {"build", "kv_type",                 "bf16"},
    {"build", "context",                 "32768"},
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

/* Experts behind one another: the bytes of each, how many. */
#define EXPERTS(NAME, TYPE, ROWS, COLS, MEMBER, BYTES, COUNT) \
    {.name = NAME, .type = TYPE, .rows = ROWS, .cols = COLS, \
     .at = offsetof(struct weights, MEMBER), .bytes = BYTES, .experts = COUNT}

#define LAYER(l)                                                                               \
    WEIGHT("layer " #l " norm",       "f32",   4096,     1, layer[l].norm,             16384), \
    WEIGHT("layer " #l " q_proj",     "bf16",  4096,  4096, layer[l].q_proj,        33554432), \
    WEIGHT("layer " #l " k_proj",     "bf16",  1024,  4096, layer[l].k_proj,         8388608), \
    WEIGHT("layer " #l " v_proj",     "bf16",  1024,  4096, layer[l].v_proj,         8388608), \
    WEIGHT("layer " #l " o_proj",     "bf16",  4096,  4096, layer[l].o_proj,        33554432), \
    WEIGHT("layer " #l " mlp_norm",   "f32",   4096,     1, layer[l].mlp_norm,         16384), \
    WEIGHT("layer " #l " router",     "bf16",     8,  4096, layer[l].router,          131072), \
    EXPERTS("layer " #l " gate_proj", "bf16", 14336,  4096, layer[l].gate_proj, 117440512, 8), \
    EXPERTS("layer " #l " up_proj",   "bf16", 14336,  4096, layer[l].up_proj,   117440512, 8), \
    EXPERTS("layer " #l " down_proj", "bf16",  4096, 14336, layer[l].down_proj, 117440512, 8),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 32000, 4096, embed, 262144000),
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5) LAYER(6)
    LAYER(7) LAYER(8) LAYER(9) LAYER(10) LAYER(11) LAYER(12) LAYER(13)
    LAYER(14) LAYER(15) LAYER(16) LAYER(17) LAYER(18) LAYER(19) LAYER(20)
    LAYER(21) LAYER(22) LAYER(23) LAYER(24) LAYER(25) LAYER(26) LAYER(27)
    LAYER(28) LAYER(29) LAYER(30) LAYER(31)
    WEIGHT("norm_f", "f32",   4096,    1, norm_f,     16384),
    WEIGHT("head",   "bf16", 32000, 4096, head,   262144000),
};

/* Times per step; then of one execution: bytes of weights read, bytes of activations and state
 * moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_32000x4096",
        1,            8192,     16388,            0),
    [DECODE_QKV] = OP("decode", "QKV", "norm_qkv_bf16_6144x4096",
        LAYERS,   50348032,     36864,     50363394),
    [DECODE_ATTENTION] = OP("decode", "ATTENTION", "attention_bf16_32x8x128",
        LAYERS,          0, 134250496,    536870912),
    [DECODE_O_PROJ] = OP("decode", "O_PROJ", "gemv_add_bf16_4096x4096",
        LAYERS,   33554432,     49152,     33558528),
    [DECODE_GATE_UP] = OP("decode", "GATE_UP", "norm_experts_swiglu_bf16_8x14336x4096",
        LAYERS,  469909504,    131088,    469987394),
    [DECODE_DOWN_PROJ] = OP("decode", "DOWN_PROJ", "experts_add_bf16_8x4096x14336",
        LAYERS,  234881024,    147472,    234897408),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_4096",
        1,           16384,     32768,        16386),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_32000x4096",
        1,       262144000,    144384,    262144000),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x32000x4096",
        1,         2097152,   4195328,            0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x4096",
        LAYERS,      16384,   8388608,      4194816),
    [PREFILL_Q_PROJ] = OP("prefill", "Q_PROJ", "gemm_bf16_256x4096x4096",
        LAYERS,   33554432,   8388608,   8589934592),
    [PREFILL_K_PROJ] = OP("prefill", "K_PROJ", "gemm_bf16_256x1024x4096",
        LAYERS,    8388608,   5242880,   2147483648),
    [PREFILL_V_PROJ] = OP("prefill", "V_PROJ", "gemm_bf16_256x1024x4096",
        LAYERS,    8388608,   5242880,   2147483648),
    [PREFILL_ROPE] = OP("prefill", "ROPE", "rope_append_bf16_256x32x128",
        LAYERS,          0,  11534336,      3932160),
    [PREFILL_ATTENTION] = OP("prefill", "ATTENTION", "attention_bf16_256x32x8x128",
        LAYERS,          0, 142606336, 137438953472),
    [PREFILL_O_PROJ] = OP("prefill", "O_PROJ", "gemm_add_bf16_256x4096x4096",
        LAYERS,   33554432,  12582912,   8590983168),
    [PREFILL_MLP_NORM] = OP("prefill", "MLP_NORM", "rmsnorm_256x4096",
        LAYERS,      16384,   8388608,      4194816),
    [PREFILL_ROUTE] = OP("prefill", "ROUTE", "route_bf16_256x8x4096",
        LAYERS,     131072,   4198400,     16793600),
    [PREFILL_GATHER] = OP("prefill", "GATHER", "gather_256x4096",
        LAYERS,          0,  16781312,            0),
    [PREFILL_GATE_UP] = OP("prefill", "GATE_UP", "experts_swiglu_bf16_256x8x14336x4096",
        LAYERS, 1879048192,  37752832, 120295784448),
    [PREFILL_DOWN_PROJ] = OP("prefill", "DOWN_PROJ", "experts_add_bf16_256x8x4096x14336",
        LAYERS,  939524096,  37752832,  60133736448),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x4096",
        1,           16384,   8388608,      4194816),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x32000x4096",
        1,       262144000,   2310144,   4194304000),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",            0,    16384, DECODE_EMBED,     DECODE_NORM_F),
    BUFFER("decode",  "q",        16384,    16384, DECODE_QKV,       DECODE_O_PROJ),
    BUFFER("decode",  "h",        16384,   114688, DECODE_GATE_UP,   DECODE_DOWN_PROJ),
    BUFFER("decode",  "route",   131072,       64, DECODE_GATE_UP,   DECODE_DOWN_PROJ),
    BUFFER("prefill", "x",     37748736,  4194304, PREFILL_EMBED,    PREFILL_NORM_F),
    BUFFER("prefill", "xn",           0,  4194304, PREFILL_NORM,     PREFILL_V_PROJ),
    BUFFER("prefill", "q",      4194304,  4194304, PREFILL_Q_PROJ,   PREFILL_O_PROJ),
    BUFFER("prefill", "k",      8388608,  1048576, PREFILL_K_PROJ,   PREFILL_ROPE),
    BUFFER("prefill", "v",      9437184,  1048576, PREFILL_V_PROJ,   PREFILL_ROPE),
    BUFFER("prefill", "xm",           0,  4194304, PREFILL_MLP_NORM, PREFILL_GATHER),
    BUFFER("prefill", "route", 41943040,    16384, PREFILL_ROUTE,    PREFILL_DOWN_PROJ),
    BUFFER("prefill", "xg",    29360128,  8388608, PREFILL_GATHER,   PREFILL_GATE_UP),
    BUFFER("prefill", "h",            0, 29360128, PREFILL_GATE_UP,  PREFILL_DOWN_PROJ),
};

const struct model model = {
    .name = "mixtral-8x7b",
    .model_type = "mixtral",
    .config_digest = {0xdbaa18668281982cu, 0x849db6279b5163d9u},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],

    .vocab = VOCAB,
    .vocab_pad = 32000,
    .dim = DIM,
    .layers = LAYERS,
    .chunk = CHUNK,
    .logit_rows = LOGIT_ROWS,
    .bos = 1,
    .eos = {2},
    .eos_count = 1,
    .pad = 0,
    .context = CONTEXT,
    .trained = 32768,
    .parameters = 46702792704u,
    .active = 12879925248u,
    .read = 12748857344u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .cache_bytes = 4294967296u,
    .cache_position_bytes = 131072u,
    .cache_heads = 512,
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 41959424u,
    .work_bytes = 23073024u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 995,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
