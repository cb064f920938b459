/* models/tinyllama-1.1b/tables.c: made from config/tinyllama-1.1b.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",              "llama"},
    {"model", "vocab_size",              "32000"},
    {"model", "hidden_size",             "2048"},
    {"model", "intermediate_size",       "5632"},
    {"model", "num_hidden_layers",       "22"},
    {"model", "num_attention_heads",     "32"},
    {"model", "num_key_value_heads",     "4"},
    {"model", "head_dim",                "64"},
    {"model", "hidden_act",              "silu"},
    {"model", "rms_norm_eps",            "1e-05"},
    {"model", "max_position_embeddings", "2048"},
    {"model", "sliding_window",          "0"},
    {"model", "rope_theta",              "1e+04"},
    {"model", "tie_word_embeddings",     "false"},
    {"model", "bos_token_id",            "1"},
    {"model", "eos_token_id",            "2"},
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

#define LAYER(l)                                                                        \
    WEIGHT("layer " #l " norm",      "f32",  2048,    1, layer[l].norm,          8192), \
    WEIGHT("layer " #l " q_proj",    "bf16", 2048, 2048, layer[l].q_proj,     8388608), \
    WEIGHT("layer " #l " k_proj",    "bf16",  256, 2048, layer[l].k_proj,     1048576), \
    WEIGHT("layer " #l " v_proj",    "bf16",  256, 2048, layer[l].v_proj,     1048576), \
    WEIGHT("layer " #l " o_proj",    "bf16", 2048, 2048, layer[l].o_proj,     8388608), \
    WEIGHT("layer " #l " mlp_norm",  "f32",  2048,    1, layer[l].mlp_norm,      8192), \
    WEIGHT("layer " #l " gate_proj", "bf16", 5632, 2048, layer[l].gate_proj, 23068672), \
    WEIGHT("layer " #l " up_proj",   "bf16", 5632, 2048, layer[l].up_proj,   23068672), \
    WEIGHT("layer " #l " down_proj", "bf16", 2048, 5632, layer[l].down_proj, 23068672),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 32000, 2048, embed, 131072000),
    LAYER(0) LAYER(1) LAYER(2) LAYER(3) LAYER(4) LAYER(5) LAYER(6)
    LAYER(7) LAYER(8) LAYER(9) LAYER(10) LAYER(11) LAYER(12) LAYER(13)
    LAYER(14) LAYER(15) LAYER(16) LAYER(17) LAYER(18) LAYER(19) LAYER(20)
    LAYER(21)
    WEIGHT("norm_f", "f32",   2048,    1, norm_f,      8192),
    WEIGHT("head",   "bf16", 32000, 2048, head,   131072000),
};

/* Times per step; then of one execution: bytes of weights read, bytes of activations and state
 * moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_32000x2048",
        1,           4096,     8196,          0),
    [DECODE_QKV] = OP("decode", "QKV", "norm_qkv_bf16_2560x2048",
        LAYERS,  10493952,    17408,   10500866),
    [DECODE_ATTENTION] = OP("decode", "ATTENTION", "attention_bf16_32x4x64",
        LAYERS,         0,  2113536,   16777216),
    [DECODE_O_PROJ] = OP("decode", "O_PROJ", "gemv_add_bf16_2048x2048",
        LAYERS,   8388608,    24576,    8390656),
    [DECODE_GATE_UP] = OP("decode", "GATE_UP", "norm_gemv_swiglu_bf16_5632x2048",
        LAYERS,  46145536,    30720,   46173698),
    [DECODE_DOWN_PROJ] = OP("decode", "DOWN_PROJ", "gemv_add_bf16_2048x5632",
        LAYERS,  23068672,    38912,   23070720),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_2048",
        1,           8192,    16384,       8194),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_32000x2048",
        1,      131072000,   136192,  131072000),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x32000x2048",
        1,        1048576,  2098176,          0),
    [PREFILL_NORM] = OP("prefill", "NORM", "rmsnorm_256x2048",
        LAYERS,      8192,  4194304,    2097664),
    [PREFILL_Q_PROJ] = OP("prefill", "Q_PROJ", "gemm_bf16_256x2048x2048",
        LAYERS,   8388608,  4194304, 2147483648),
    [PREFILL_K_PROJ] = OP("prefill", "K_PROJ", "gemm_bf16_256x256x2048",
        LAYERS,   1048576,  2359296,  268435456),
    [PREFILL_V_PROJ] = OP("prefill", "V_PROJ", "gemm_bf16_256x256x2048",
        LAYERS,   1048576,  2359296,  268435456),
    [PREFILL_ROPE] = OP("prefill", "ROPE", "rope_append_bf16_256x32x64",
        LAYERS,         0,  4980736,    1769472),
    [PREFILL_ATTENTION] = OP("prefill", "ATTENTION", "attention_bf16_256x32x4x64",
        LAYERS,         0,  6291456, 4294967296),
    [PREFILL_O_PROJ] = OP("prefill", "O_PROJ", "gemm_add_bf16_256x2048x2048",
        LAYERS,   8388608,  6291456, 2148007936),
    [PREFILL_MLP_NORM] = OP("prefill", "MLP_NORM", "rmsnorm_256x2048",
        LAYERS,      8192,  4194304,    2097664),
    [PREFILL_GATE_PROJ] = OP("prefill", "GATE_PROJ", "gemm_bf16_256x5632x2048",
        LAYERS,  23068672,  7864320, 5905580032),
    [PREFILL_UP_PROJ] = OP("prefill", "UP_PROJ", "gemm_bf16_256x5632x2048",
        LAYERS,  23068672,  7864320, 5905580032),
    [PREFILL_SWIGLU] = OP("prefill", "SWIGLU", "swiglu_256x5632",
        LAYERS,         0, 17301504,    7208960),
    [PREFILL_DOWN_PROJ] = OP("prefill", "DOWN_PROJ", "gemm_add_bf16_256x2048x5632",
        LAYERS,  23068672,  9961472, 5906104320),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x2048",
        1,           8192,  4194304,    2097664),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x32000x2048",
        1,      131072000,  2179072, 2097152000),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",          0,    8192, DECODE_EMBED,      DECODE_NORM_F),
    BUFFER("decode",  "q",       8192,    8192, DECODE_QKV,        DECODE_O_PROJ),
    BUFFER("decode",  "h",       8192,   22528, DECODE_GATE_UP,    DECODE_DOWN_PROJ),
    BUFFER("prefill", "x",          0, 2097152, PREFILL_EMBED,     PREFILL_NORM_F),
    BUFFER("prefill", "xn",   4194304, 2097152, PREFILL_NORM,      PREFILL_V_PROJ),
    BUFFER("prefill", "q",    2097152, 2097152, PREFILL_Q_PROJ,    PREFILL_O_PROJ),
    BUFFER("prefill", "k",    6291456,  262144, PREFILL_K_PROJ,    PREFILL_ROPE),
    BUFFER("prefill", "v",    6553600,  262144, PREFILL_V_PROJ,    PREFILL_ROPE),
    BUFFER("prefill", "xm",   7864320, 2097152, PREFILL_MLP_NORM,  PREFILL_UP_PROJ),
    BUFFER("prefill", "gate", 2097152, 5767168, PREFILL_GATE_PROJ, PREFILL_DOWN_PROJ),
    BUFFER("prefill", "up",   9961472, 5767168, PREFILL_UP_PROJ,   PREFILL_SWIGLU),
};

const struct model model = {
    .name = "tinyllama-1.1b",
    .model_type = "llama",
    .config_digest = {0x0c5781e737601b1bu, 0x09bab21798b345cbu},
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
    .trained = 2048,
    .parameters = 1100048384u,
    .active = 1100048384u,
    .read = 1034514432u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .cache_bytes = 46137344u,
    .cache_position_bytes = 22528u,
    .cache_heads = 176,
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 15728640u,
    .work_bytes = 2883584u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 201,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
