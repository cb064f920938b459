/* models/deepseek-moe-16b/tables.c: made from config/deepseek-moe-16b.ini;
 * edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",              "deepseek"},
    {"model", "vocab_size",              "102400"},
    {"model", "hidden_size",             "2048"},
    {"model", "intermediate_size",       "10944"},
    {"model", "num_hidden_layers",       "28"},
    {"model", "num_attention_heads",     "16"},
    {"model", "num_key_value_heads",     "16"},
    {"model", "head_dim",                "128"},
    {"model", "n_routed_experts",        "64"},
    {"model", "n_shared_experts",        "2"},
    {"model", "moe_intermediate_size",   "1408"},
    {"model", "first_k_dense_replace",   "1"},
    {"model", "moe_layer_freq",          "1"},
    {"model", "norm_topk_prob",          "false"},
    {"model", "num_experts_per_tok",     "6"},
    {"model", "hidden_act",              "silu"},
    {"model", "rms_norm_eps",            "1e-06"},
    {"model", "max_position_embeddings", "4096"},
    {"model", "rope_theta",              "1e+04"},
    {"model", "tie_word_embeddings",     "false"},
    {"model", "bos_token_id",            "100000"},
    {"model", "eos_token_id",            "100001"},
    {"build", "embedding_type",          "bf16"},
    {"build", "head_type",               "bf16"},
    {"build", "projection_type",         "bf16"},
    {"build", "expert_type",             "bf16"},
    {"build", "router_type",             "bf16"},
    {"build", "kv_type",                 "bf16"},
    {"build", "context",                 "4096"},
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

#define LAYER_DENSE(l, w)                                                          \
    WEIGHT("layer " #l " norm",      "f32",   2048,     1, w.norm,          8192), \
    WEIGHT("layer " #l " q_proj",    "bf16",  2048,  2048, w.q_proj,     8388608), \
    WEIGHT("layer " #l " k_proj",    "bf16",  2048,  2048, w.k_proj,     8388608), \
    WEIGHT("layer " #l " v_proj",    "bf16",  2048,  2048, w.v_proj,     8388608), \
    WEIGHT("layer " #l " o_proj",    "bf16",  2048,  2048, w.o_proj,     8388608), \
    WEIGHT("layer " #l " mlp_norm",  "f32",   2048,     1, w.mlp_norm,      8192), \
    WEIGHT("layer " #l " gate_proj", "bf16", 10944,  2048, w.gate_proj, 44826624), \
    WEIGHT("layer " #l " up_proj",   "bf16", 10944,  2048, w.up_proj,   44826624), \
    WEIGHT("layer " #l " down_proj", "bf16",  2048, 10944, w.down_proj, 44826624),

#define LAYER_MOE(l, w)                                                                 \
    WEIGHT("layer " #l " norm",        "f32",  2048,    1, w.norm,               8192), \
    WEIGHT("layer " #l " q_proj",      "bf16", 2048, 2048, w.q_proj,          8388608), \
    WEIGHT("layer " #l " k_proj",      "bf16", 2048, 2048, w.k_proj,          8388608), \
    WEIGHT("layer " #l " v_proj",      "bf16", 2048, 2048, w.v_proj,          8388608), \
    WEIGHT("layer " #l " o_proj",      "bf16", 2048, 2048, w.o_proj,          8388608), \
    WEIGHT("layer " #l " mlp_norm",    "f32",  2048,    1, w.mlp_norm,           8192), \
    WEIGHT("layer " #l " router",      "bf16",   64, 2048, w.router,           262144), \
    EXPERTS("layer " #l " gate_proj",  "bf16", 1408, 2048, w.gate_proj,   5767168, 64), \
    EXPERTS("layer " #l " up_proj",    "bf16", 1408, 2048, w.up_proj,     5767168, 64), \
    EXPERTS("layer " #l " down_proj",  "bf16", 2048, 1408, w.down_proj,   5767168, 64), \
    WEIGHT("layer " #l " shared_gate", "bf16", 2816, 2048, w.shared_gate,    11534336), \
    WEIGHT("layer " #l " shared_up",   "bf16", 2816, 2048, w.shared_up,      11534336), \
    WEIGHT("layer " #l " shared_down", "bf16", 2048, 2816, w.shared_down,    11534336),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 102400, 2048, embed, 419430400),
    LAYER_DENSE(0, dense[0])
    LAYER_MOE(1, moe[0]) LAYER_MOE(2, moe[1]) LAYER_MOE(3, moe[2]) LAYER_MOE(4, moe[3])
    LAYER_MOE(5, moe[4]) LAYER_MOE(6, moe[5]) LAYER_MOE(7, moe[6]) LAYER_MOE(8, moe[7])
    LAYER_MOE(9, moe[8]) LAYER_MOE(10, moe[9]) LAYER_MOE(11, moe[10]) LAYER_MOE(12, moe[11])
    LAYER_MOE(13, moe[12]) LAYER_MOE(14, moe[13]) LAYER_MOE(15, moe[14]) LAYER_MOE(16, moe[15])
    LAYER_MOE(17, moe[16]) LAYER_MOE(18, moe[17]) LAYER_MOE(19, moe[18]) LAYER_MOE(20, moe[19])
    LAYER_MOE(21, moe[20]) LAYER_MOE(22, moe[21]) LAYER_MOE(23, moe[22]) LAYER_MOE(24, moe[23])
    LAYER_MOE(25, moe[24]) LAYER_MOE(26, moe[25]) LAYER_MOE(27, moe[26])
    WEIGHT("norm_f", "f32",    2048,    1, norm_f,      8192),
    WEIGHT("head",   "bf16", 102400, 2048, head,   419430400),
};

/* The layers in their order: the kind, and the place among those of that kind. */
const struct model_layer layers[LAYERS] = {
    {DENSE,  0}, {MOE,  0}, {MOE,  1}, {MOE,  2},
    {MOE,    3}, {MOE,  4}, {MOE,  5}, {MOE,  6},
    {MOE,    7}, {MOE,  8}, {MOE,  9}, {MOE, 10},
    {MOE,   11}, {MOE, 12}, {MOE, 13}, {MOE, 14},
    {MOE,   15}, {MOE, 16}, {MOE, 17}, {MOE, 18},
    {MOE,   19}, {MOE, 20}, {MOE, 21}, {MOE, 22},
    {MOE,   23}, {MOE, 24}, {MOE, 25}, {MOE, 26},
};

/* The kind of layer, 0 outside of them; times per step; then of one execution: bytes of weights
 * read, bytes of activations and state moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, KIND, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .kind = KIND, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_102400x2048",
        0,      1,      4096,     8196,           0),
    [DECODE_DENSE_QKV] = OP("decode", "DENSE_QKV", "norm_qkv_bf16_6144x2048",
        DENSE,  1,  25174016,    24576,    25186306),
    [DECODE_DENSE_ATTENTION] = OP("decode", "DENSE_ATTENTION", "attention_bf16_16x16x128",
        DENSE,  1,         0, 33570816,    33554432),
    [DECODE_DENSE_O_PROJ] = OP("decode", "DENSE_O_PROJ", "gemv_add_bf16_2048x2048",
        DENSE,  1,   8388608,    24576,     8390656),
    [DECODE_DENSE_GATE_UP] = OP("decode", "DENSE_GATE_UP", "norm_gemv_swiglu_bf16_10944x2048",
        DENSE,  1,  89661440,    51968,    89716162),
    [DECODE_DENSE_DOWN_PROJ] = OP("decode", "DENSE_DOWN_PROJ", "gemv_add_bf16_2048x10944",
        DENSE,  1,  44826624,    60160,    44828672),
    [DECODE_MOE_QKV] = OP("decode", "MOE_QKV", "norm_qkv_bf16_6144x2048",
        MOE,   27,  25174016,    24576,    25186306),
    [DECODE_MOE_ATTENTION] = OP("decode", "MOE_ATTENTION", "attention_bf16_16x16x128",
        MOE,   27,         0, 33570816,    33554432),
    [DECODE_MOE_O_PROJ] = OP("decode", "MOE_O_PROJ", "gemv_add_bf16_2048x2048",
        MOE,   27,   8388608,    24576,     8390656),
    [DECODE_MOE_GATE_UP] = OP("decode", "MOE_GATE_UP", "norm_experts_swiglu_bf16_64x1408x2048",
        MOE,   27,  69476352,    42032,    69519106),
    [DECODE_MOE_SHARED_GATE_UP] =
        OP("decode", "MOE_SHARED_GATE_UP", "norm_gemv_swiglu_bf16_2816x2048",
        MOE,   27,  23076864,    19456,    23090946),
    [DECODE_MOE_SHARED_DOWN] = OP("decode", "MOE_SHARED_DOWN", "gemv_add_bf16_2048x2816",
        MOE,   27,  11534336,    27648,    11536384),
    [DECODE_MOE_DOWN_PROJ] = OP("decode", "MOE_DOWN_PROJ", "experts_add_bf16_64x2048x1408",
        MOE,   27,  34603008,    50224,    34627584),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_2048",
        0,      1,      8192,    16384,        8194),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_102400x2048",
        0,      1, 419430400,   417792,   419430400),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x102400x2048",
        0,      1,   1048576,  2098176,           0),
    [PREFILL_DENSE_NORM] = OP("prefill", "DENSE_NORM", "rmsnorm_256x2048",
        DENSE,  1,      8192,  4194304,     2097664),
    [PREFILL_DENSE_Q_PROJ] = OP("prefill", "DENSE_Q_PROJ", "gemm_bf16_256x2048x2048",
        DENSE,  1,   8388608,  4194304,  2147483648),
    [PREFILL_DENSE_K_PROJ] = OP("prefill", "DENSE_K_PROJ", "gemm_bf16_256x2048x2048",
        DENSE,  1,   8388608,  4194304,  2147483648),
    [PREFILL_DENSE_V_PROJ] = OP("prefill", "DENSE_V_PROJ", "gemm_bf16_256x2048x2048",
        DENSE,  1,   8388608,  4194304,  2147483648),
    [PREFILL_DENSE_ROPE] = OP("prefill", "DENSE_ROPE", "rope_append_bf16_256x16x128",
        DENSE,  1,         0, 10485760,     3145728),
    [PREFILL_DENSE_ATTENTION] = OP("prefill", "DENSE_ATTENTION", "attention_bf16_256x16x16x128",
        DENSE,  1,         0, 37748736,  8589934592),
    [PREFILL_DENSE_O_PROJ] = OP("prefill", "DENSE_O_PROJ", "gemm_add_bf16_256x2048x2048",
        DENSE,  1,   8388608,  6291456,  2148007936),
    [PREFILL_DENSE_MLP_NORM] = OP("prefill", "DENSE_MLP_NORM", "rmsnorm_256x2048",
        DENSE,  1,      8192,  4194304,     2097664),
    [PREFILL_DENSE_GATE_PROJ] = OP("prefill", "DENSE_GATE_PROJ", "gemm_bf16_256x10944x2048",
        DENSE,  1,  44826624, 13303808, 11475615744),
    [PREFILL_DENSE_UP_PROJ] = OP("prefill", "DENSE_UP_PROJ", "gemm_bf16_256x10944x2048",
        DENSE,  1,  44826624, 13303808, 11475615744),
    [PREFILL_DENSE_SWIGLU] = OP("prefill", "DENSE_SWIGLU", "swiglu_256x10944",
        DENSE,  1,         0, 33619968,    14008320),
    [PREFILL_DENSE_DOWN_PROJ] = OP("prefill", "DENSE_DOWN_PROJ", "gemm_add_bf16_256x2048x10944",
        DENSE,  1,  44826624, 15400960, 11476140032),
    [PREFILL_MOE_NORM] = OP("prefill", "MOE_NORM", "rmsnorm_256x2048",
        MOE,   27,      8192,  4194304,     2097664),
    [PREFILL_MOE_Q_PROJ] = OP("prefill", "MOE_Q_PROJ", "gemm_bf16_256x2048x2048",
        MOE,   27,   8388608,  4194304,  2147483648),
    [PREFILL_MOE_K_PROJ] = OP("prefill", "MOE_K_PROJ", "gemm_bf16_256x2048x2048",
        MOE,   27,   8388608,  4194304,  2147483648),
    [PREFILL_MOE_V_PROJ] = OP("prefill", "MOE_V_PROJ", "gemm_bf16_256x2048x2048",
        MOE,   27,   8388608,  4194304,  2147483648),
    [PREFILL_MOE_ROPE] = OP("prefill", "MOE_ROPE", "rope_append_bf16_256x16x128",
        MOE,   27,         0, 10485760,     3145728),
    [PREFILL_MOE_ATTENTION] = OP("prefill", "MOE_ATTENTION", "attention_bf16_256x16x16x128",
        MOE,   27,         0, 37748736,  8589934592),
    [PREFILL_MOE_O_PROJ] = OP("prefill", "MOE_O_PROJ", "gemm_add_bf16_256x2048x2048",
        MOE,   27,   8388608,  6291456,  2148007936),
    [PREFILL_MOE_MLP_NORM] = OP("prefill", "MOE_MLP_NORM", "rmsnorm_256x2048",
        MOE,   27,      8192,  4194304,     2097664),
    [PREFILL_MOE_SHARED_GATE] = OP("prefill", "MOE_SHARED_GATE", "gemm_bf16_256x2816x2048",
        MOE,   27,  11534336,  4980736,  2952790016),
    [PREFILL_MOE_SHARED_UP] = OP("prefill", "MOE_SHARED_UP", "gemm_bf16_256x2816x2048",
        MOE,   27,  11534336,  4980736,  2952790016),
    [PREFILL_MOE_SHARED_SWIGLU] = OP("prefill", "MOE_SHARED_SWIGLU", "swiglu_256x2816",
        MOE,   27,         0,  8650752,     3604480),
    [PREFILL_MOE_SHARED_DOWN] = OP("prefill", "MOE_SHARED_DOWN", "gemm_add_bf16_256x2048x2816",
        MOE,   27,  11534336,  7077888,  2953314304),
    [PREFILL_MOE_ROUTE] = OP("prefill", "MOE_ROUTE", "route_bf16_256x64x2048",
        MOE,   27,    262144,  2109440,    67239936),
    [PREFILL_MOE_GATHER] = OP("prefill", "MOE_GATHER", "gather_256x2048",
        MOE,   27,         0, 25178112,           0),
    [PREFILL_MOE_GATE_UP] = OP("prefill", "MOE_GATE_UP", "experts_swiglu_bf16_256x64x1408x2048",
        MOE,   27, 738197504, 21245952, 17727553536),
    [PREFILL_MOE_DOWN_PROJ] = OP("prefill", "MOE_DOWN_PROJ", "experts_add_bf16_256x64x2048x1408",
        MOE,   27, 369098752, 12857344,  8864661504),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x2048",
        0,      1,      8192,  4194304,     2097664),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x102400x2048",
        0,      1, 419430400,  6684672,  6710886400),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",            0,     8192,
        DECODE_EMBED, DECODE_NORM_F),
    BUFFER("decode",  "q",         8192,     8192,
        DECODE_DENSE_QKV, DECODE_DENSE_O_PROJ),
    BUFFER("decode",  "h",         8192,    43776,
        DECODE_DENSE_GATE_UP, DECODE_DENSE_DOWN_PROJ),
    BUFFER("decode",  "q",         8192,     8192,
        DECODE_MOE_QKV, DECODE_MOE_O_PROJ),
    BUFFER("decode",  "h",         8192,    33792,
        DECODE_MOE_GATE_UP, DECODE_MOE_DOWN_PROJ),
    BUFFER("decode",  "route",    41984,       64,
        DECODE_MOE_GATE_UP, DECODE_MOE_DOWN_PROJ),
    BUFFER("decode",  "hs",       42048,    11264,
        DECODE_MOE_SHARED_GATE_UP, DECODE_MOE_SHARED_DOWN),
    BUFFER("prefill", "x",            0,  2097152,
        PREFILL_EMBED, PREFILL_NORM_F),
    BUFFER("prefill", "xn",     4194304,  2097152,
        PREFILL_DENSE_NORM, PREFILL_DENSE_V_PROJ),
    BUFFER("prefill", "q",      2097152,  2097152,
        PREFILL_DENSE_Q_PROJ, PREFILL_DENSE_O_PROJ),
    BUFFER("prefill", "k",      6291456,  2097152,
        PREFILL_DENSE_K_PROJ, PREFILL_DENSE_ROPE),
    BUFFER("prefill", "v",      8388608,  2097152,
        PREFILL_DENSE_V_PROJ, PREFILL_DENSE_ROPE),
    BUFFER("prefill", "xm",    13303808,  2097152,
        PREFILL_DENSE_MLP_NORM, PREFILL_DENSE_UP_PROJ),
    BUFFER("prefill", "gate",   2097152, 11206656,
        PREFILL_DENSE_GATE_PROJ, PREFILL_DENSE_DOWN_PROJ),
    BUFFER("prefill", "up",    15400960, 11206656,
        PREFILL_DENSE_UP_PROJ, PREFILL_DENSE_SWIGLU),
    BUFFER("prefill", "xn",     2097152,  2097152,
        PREFILL_MOE_NORM, PREFILL_MOE_V_PROJ),
    BUFFER("prefill", "q",      4194304,  2097152,
        PREFILL_MOE_Q_PROJ, PREFILL_MOE_O_PROJ),
    BUFFER("prefill", "k",      6291456,  2097152,
        PREFILL_MOE_K_PROJ, PREFILL_MOE_ROPE),
    BUFFER("prefill", "v",      8388608,  2097152,
        PREFILL_MOE_V_PROJ, PREFILL_MOE_ROPE),
    BUFFER("prefill", "xm",    14680064,  2097152,
        PREFILL_MOE_MLP_NORM, PREFILL_MOE_GATHER),
    BUFFER("prefill", "gate",   2097152,  2883584,
        PREFILL_MOE_SHARED_GATE, PREFILL_MOE_SHARED_DOWN),
    BUFFER("prefill", "up",     4980736,  2883584,
        PREFILL_MOE_SHARED_UP, PREFILL_MOE_SHARED_SWIGLU),
    BUFFER("prefill", "route", 23330816,    16384,
        PREFILL_MOE_ROUTE, PREFILL_MOE_DOWN_PROJ),
    BUFFER("prefill", "xg",     2097152, 12582912,
        PREFILL_MOE_GATHER, PREFILL_MOE_GATE_UP),
    BUFFER("prefill", "h",     14680064,  8650752,
        PREFILL_MOE_GATE_UP, PREFILL_MOE_DOWN_PROJ),
};

const struct model model = {
    .name = "deepseek-moe-16b",
    .model_type = "deepseek",
    .config_digest = {0xe6b4a5d0187f5b70u, 0x4cd5a661173f2508u},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],

    .vocab = VOCAB,
    .vocab_pad = 102400,
    .dim = DIM,
    .layers = LAYERS,
    .chunk = CHUNK,
    .pattern = layers,
    .logit_rows = LOGIT_ROWS,
    .bos = 100000,
    .eos = {100001},
    .eos_count = 1,
    .pad = 0,
    .context = CONTEXT,
    .trained = 4096,
    .parameters = 16375728128u,
    .active = 2828650496u,
    .read = 2618937344u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .cache_bytes = 939524096u,
    .cache_position_bytes = 229376u,
    .cache_heads = 896,
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 26607616u,
    .work_bytes = 16921984u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 5466,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
