/* models/jamba-v0.1/tables.c: made from config/jamba-v0.1.ini; edit that, `make models`.
 *
 * The model as the runtime sees it: what it is, what it holds, what each operation costs. */
#include <stddef.h>

#include "runtime/base/model.h"
#include "proof.h"

static const struct model_key keys[] = {
    {"model", "model_type",              "jamba"},
    {"model", "vocab_size",              "65536"},
    {"model", "hidden_size",             "4096"},
    {"model", "intermediate_size",       "14336"},
    {"model", "num_hidden_layers",       "32"},
    {"model", "num_attention_heads",     "32"},
    {"model", "num_key_value_heads",     "8"},
    {"model", "head_dim",                "128"},
    {"model", "num_experts",             "16"},
    {"model", "num_experts_per_tok",     "2"},
    {"model", "attn_layer_period",       "8"},
    {"model", "attn_layer_offset",       "4"},
    {"model", "expert_layer_period",     "2"},
    {"model", "expert_layer_offset",     "1"},
    {"model", "mamba_d_state",           "16"},
    {"model", "mamba_d_conv",            "4"},
    {"model", "mamba_expand",            "2"},
    {"model", "mamba_dt_rank",           "256"},
    {"model", "mamba_conv_bias",         "true"},
    {"model", "mamba_proj_bias",         "false"},
    {"model", "hidden_act",              "silu"},
    {"model", "rms_norm_eps",            "1e-06"},
    {"model", "max_position_embeddings", "262144"},
    {"model", "tie_word_embeddings",     "false"},
    {"model", "bos_token_id",            "1"},
    {"model", "eos_token_id",            "2"},
    {"model", "pad_token_id",            "0"},
    {"build", "embedding_type",          "bf16"},
    {"build", "head_type",               "bf16"},
    {"build", "projection_type",         "bf16"},
    {"build", "expert_type",             "bf16"},
    {"build", "router_type",             "bf16"},
    {"build", "kv_type",                 "bf16"},
    {"build", "context",                 "262144"},
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

#define LAYER_MAMBA_MLP(l, w)                                                       \
    WEIGHT("layer " #l " norm",      "f32",   4096,     1, w.norm,          16384), \
    WEIGHT("layer " #l " in_proj",   "bf16", 16384,  4096, w.in_proj,   134217728), \
    WEIGHT("layer " #l " conv_taps", "f32",   8192,     4, w.conv_taps,    131072), \
    WEIGHT("layer " #l " conv_bias", "f32",   8192,     1, w.conv_bias,     32768), \
    WEIGHT("layer " #l " x_proj",    "bf16",   288,  8192, w.x_proj,      4718592), \
    WEIGHT("layer " #l " dt_norm",   "f32",    256,     1, w.dt_norm,        1024), \
    WEIGHT("layer " #l " b_norm",    "f32",     16,     1, w.b_norm,           64), \
    WEIGHT("layer " #l " c_norm",    "f32",     16,     1, w.c_norm,           64), \
    WEIGHT("layer " #l " dt_proj",   "bf16",  8192,   256, w.dt_proj,     4194304), \
    WEIGHT("layer " #l " dt_bias",   "f32",   8192,     1, w.dt_bias,       32768), \
    WEIGHT("layer " #l " A",         "f32",   8192,    16, w.A,            524288), \
    WEIGHT("layer " #l " D",         "f32",   8192,     1, w.D,             32768), \
    WEIGHT("layer " #l " out_proj",  "bf16",  4096,  8192, w.out_proj,   67108864), \
    WEIGHT("layer " #l " mlp_norm",  "f32",   4096,     1, w.mlp_norm,      16384), \
    WEIGHT("layer " #l " gate_proj", "bf16", 14336,  4096, w.gate_proj, 117440512), \
    WEIGHT("layer " #l " up_proj",   "bf16", 14336,  4096, w.up_proj,   117440512), \
    WEIGHT("layer " #l " down_proj", "bf16",  4096, 14336, w.down_proj, 117440512),

#define LAYER_MAMBA_MOE(l, w)                                                            \
    WEIGHT("layer " #l " norm",       "f32",   4096,     1, w.norm,              16384), \
    WEIGHT("layer " #l " in_proj",    "bf16", 16384,  4096, w.in_proj,       134217728), \
    WEIGHT("layer " #l " conv_taps",  "f32",   8192,     4, w.conv_taps,        131072), \
    WEIGHT("layer " #l " conv_bias",  "f32",   8192,     1, w.conv_bias,         32768), \
    WEIGHT("layer " #l " x_proj",     "bf16",   288,  8192, w.x_proj,          4718592), \
    WEIGHT("layer " #l " dt_norm",    "f32",    256,     1, w.dt_norm,            1024), \
    WEIGHT("layer " #l " b_norm",     "f32",     16,     1, w.b_norm,               64), \
    WEIGHT("layer " #l " c_norm",     "f32",     16,     1, w.c_norm,               64), \
    WEIGHT("layer " #l " dt_proj",    "bf16",  8192,   256, w.dt_proj,         4194304), \
    WEIGHT("layer " #l " dt_bias",    "f32",   8192,     1, w.dt_bias,           32768), \
    WEIGHT("layer " #l " A",          "f32",   8192,    16, w.A,                524288), \
    WEIGHT("layer " #l " D",          "f32",   8192,     1, w.D,                 32768), \
    WEIGHT("layer " #l " out_proj",   "bf16",  4096,  8192, w.out_proj,       67108864), \
    WEIGHT("layer " #l " mlp_norm",   "f32",   4096,     1, w.mlp_norm,          16384), \
    WEIGHT("layer " #l " router",     "bf16",    16,  4096, w.router,           131072), \
    EXPERTS("layer " #l " gate_proj", "bf16", 14336,  4096, w.gate_proj, 117440512, 16), \
    EXPERTS("layer " #l " up_proj",   "bf16", 14336,  4096, w.up_proj,   117440512, 16), \
    EXPERTS("layer " #l " down_proj", "bf16",  4096, 14336, w.down_proj, 117440512, 16),

#define LAYER_ATTENTION_MLP(l, w)                                                   \
    WEIGHT("layer " #l " norm",      "f32",   4096,     1, w.norm,          16384), \
    WEIGHT("layer " #l " q_proj",    "bf16",  4096,  4096, w.q_proj,     33554432), \
    WEIGHT("layer " #l " k_proj",    "bf16",  1024,  4096, w.k_proj,      8388608), \
    WEIGHT("layer " #l " v_proj",    "bf16",  1024,  4096, w.v_proj,      8388608), \
    WEIGHT("layer " #l " o_proj",    "bf16",  4096,  4096, w.o_proj,     33554432), \
    WEIGHT("layer " #l " mlp_norm",  "f32",   4096,     1, w.mlp_norm,      16384), \
    WEIGHT("layer " #l " gate_proj", "bf16", 14336,  4096, w.gate_proj, 117440512), \
    WEIGHT("layer " #l " up_proj",   "bf16", 14336,  4096, w.up_proj,   117440512), \
    WEIGHT("layer " #l " down_proj", "bf16",  4096, 14336, w.down_proj, 117440512),

static const struct model_weight weights[] = {
    WEIGHT("embed", "bf16", 65536, 4096, embed, 536870912),
    LAYER_MAMBA_MLP(0, mamba_mlp[0]) LAYER_MAMBA_MLP(2, mamba_mlp[1])
    LAYER_MAMBA_MLP(6, mamba_mlp[2]) LAYER_MAMBA_MLP(8, mamba_mlp[3])
    LAYER_MAMBA_MLP(10, mamba_mlp[4]) LAYER_MAMBA_MLP(14, mamba_mlp[5])
    LAYER_MAMBA_MLP(16, mamba_mlp[6]) LAYER_MAMBA_MLP(18, mamba_mlp[7])
    LAYER_MAMBA_MLP(22, mamba_mlp[8]) LAYER_MAMBA_MLP(24, mamba_mlp[9])
    LAYER_MAMBA_MLP(26, mamba_mlp[10]) LAYER_MAMBA_MLP(30, mamba_mlp[11])
    LAYER_MAMBA_MOE(1, mamba_moe[0]) LAYER_MAMBA_MOE(3, mamba_moe[1])
    LAYER_MAMBA_MOE(5, mamba_moe[2]) LAYER_MAMBA_MOE(7, mamba_moe[3])
    LAYER_MAMBA_MOE(9, mamba_moe[4]) LAYER_MAMBA_MOE(11, mamba_moe[5])
    LAYER_MAMBA_MOE(13, mamba_moe[6]) LAYER_MAMBA_MOE(15, mamba_moe[7])
    LAYER_MAMBA_MOE(17, mamba_moe[8]) LAYER_MAMBA_MOE(19, mamba_moe[9])
    LAYER_MAMBA_MOE(21, mamba_moe[10]) LAYER_MAMBA_MOE(23, mamba_moe[11])
    LAYER_MAMBA_MOE(25, mamba_moe[12]) LAYER_MAMBA_MOE(27, mamba_moe[13])
    LAYER_MAMBA_MOE(29, mamba_moe[14]) LAYER_MAMBA_MOE(31, mamba_moe[15])
    LAYER_ATTENTION_MLP(4, attention_mlp[0]) LAYER_ATTENTION_MLP(12, attention_mlp[1])
    LAYER_ATTENTION_MLP(20, attention_mlp[2]) LAYER_ATTENTION_MLP(28, attention_mlp[3])
    WEIGHT("norm_f", "f32",   4096,    1, norm_f,     16384),
    WEIGHT("head",   "bf16", 65536, 4096, head,   536870912),
};

/* The layers in their order: the kind, and the place among those of that kind. */
const struct model_layer layers[LAYERS] = {
    {MAMBA_MLP,     0}, {MAMBA_MOE,  0}, {MAMBA_MLP,  1}, {MAMBA_MOE,  1},
    {ATTENTION_MLP, 0}, {MAMBA_MOE,  2}, {MAMBA_MLP,  2}, {MAMBA_MOE,  3},
    {MAMBA_MLP,     3}, {MAMBA_MOE,  4}, {MAMBA_MLP,  4}, {MAMBA_MOE,  5},
    {ATTENTION_MLP, 1}, {MAMBA_MOE,  6}, {MAMBA_MLP,  5}, {MAMBA_MOE,  7},
    {MAMBA_MLP,     6}, {MAMBA_MOE,  8}, {MAMBA_MLP,  7}, {MAMBA_MOE,  9},
    {ATTENTION_MLP, 2}, {MAMBA_MOE, 10}, {MAMBA_MLP,  8}, {MAMBA_MOE, 11},
    {MAMBA_MLP,     9}, {MAMBA_MOE, 12}, {MAMBA_MLP, 10}, {MAMBA_MOE, 13},
    {ATTENTION_MLP, 3}, {MAMBA_MOE, 14}, {MAMBA_MLP, 11}, {MAMBA_MOE, 15},
};

/* The kind of layer, 0 outside of them; times per step; then of one execution: bytes of weights
 * read, bytes of activations and state moved, floating point operations. */
#define OP(STEP, NAME, KERNEL, KIND, TIMES, WEIGHTS, MOVED, FLOPS) \
    {.step = STEP, .name = NAME, .kernel = KERNEL, .kind = KIND, .times = TIMES, \
     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}

static const struct model_op ops[OPS] = {
    [DECODE_EMBED] = OP("decode", "EMBED", "embed_bf16_65536x4096",
        0,              1,       8192,      16388,             0),
    [DECODE_MAMBA_MLP_IN_PROJ] =
        OP("decode", "MAMBA_MLP_IN_PROJ", "norm_gemv_conv_bf16_16384x4096x4",
        MAMBA_MLP,     12,  134397952,     278528,     134340610),
    [DECODE_MAMBA_MLP_X_PROJ] = OP("decode", "MAMBA_MLP_X_PROJ", "gemv_bf16_288x8192",
        MAMBA_MLP,     12,    4718592,      33920,       4718592),
    [DECODE_MAMBA_MLP_SCAN] = OP("decode", "MAMBA_MLP_SCAN", "norm_dt_scan_bf16_8192x16x256",
        MAMBA_MLP,     12,    4785280,    1148032,       5203078),
    [DECODE_MAMBA_MLP_OUT_PROJ] = OP("decode", "MAMBA_MLP_OUT_PROJ", "gemv_add_bf16_4096x8192",
        MAMBA_MLP,     12,   67108864,      65536,      67112960),
    [DECODE_MAMBA_MLP_GATE_UP] =
        OP("decode", "MAMBA_MLP_GATE_UP", "norm_gemv_swiglu_bf16_14336x4096",
        MAMBA_MLP,     12,  234897408,      73728,     234969090),
    [DECODE_MAMBA_MLP_DOWN_PROJ] = OP("decode", "MAMBA_MLP_DOWN_PROJ", "gemv_add_bf16_4096x14336",
        MAMBA_MLP,     12,  117440512,      90112,     117444608),
    [DECODE_MAMBA_MOE_IN_PROJ] =
        OP("decode", "MAMBA_MOE_IN_PROJ", "norm_gemv_conv_bf16_16384x4096x4",
        MAMBA_MOE,     16,  134397952,     278528,     134340610),
    [DECODE_MAMBA_MOE_X_PROJ] = OP("decode", "MAMBA_MOE_X_PROJ", "gemv_bf16_288x8192",
        MAMBA_MOE,     16,    4718592,      33920,       4718592),
    [DECODE_MAMBA_MOE_SCAN] = OP("decode", "MAMBA_MOE_SCAN", "norm_dt_scan_bf16_8192x16x256",
        MAMBA_MOE,     16,    4785280,    1148032,       5203078),
    [DECODE_MAMBA_MOE_OUT_PROJ] = OP("decode", "MAMBA_MOE_OUT_PROJ", "gemv_add_bf16_4096x8192",
        MAMBA_MOE,     16,   67108864,      65536,      67112960),
    [DECODE_MAMBA_MOE_GATE_UP] =
        OP("decode", "MAMBA_MOE_GATE_UP", "norm_experts_swiglu_bf16_16x14336x4096",
        MAMBA_MOE,     16,  469909504,     131088,     470052994),
    [DECODE_MAMBA_MOE_DOWN_PROJ] =
        OP("decode", "MAMBA_MOE_DOWN_PROJ", "experts_add_bf16_16x4096x14336",
        MAMBA_MOE,     16,  234881024,     147472,     234897408),
    [DECODE_ATTENTION_MLP_QKV] = OP("decode", "ATTENTION_MLP_QKV", "norm_qkv_bf16_6144x4096",
        ATTENTION_MLP,  4,   50348032,      36864,      50348034),
    [DECODE_ATTENTION_MLP_ATTENTION] =
        OP("decode", "ATTENTION_MLP_ATTENTION", "attention_bf16_32x8x128",
        ATTENTION_MLP,  4,          0, 1073774592,    4294967296),
    [DECODE_ATTENTION_MLP_O_PROJ] = OP("decode", "ATTENTION_MLP_O_PROJ", "gemv_add_bf16_4096x4096",
        ATTENTION_MLP,  4,   33554432,      49152,      33558528),
    [DECODE_ATTENTION_MLP_GATE_UP] =
        OP("decode", "ATTENTION_MLP_GATE_UP", "norm_gemv_swiglu_bf16_14336x4096",
        ATTENTION_MLP,  4,  234897408,      73728,     234969090),
    [DECODE_ATTENTION_MLP_DOWN_PROJ] =
        OP("decode", "ATTENTION_MLP_DOWN_PROJ", "gemv_add_bf16_4096x14336",
        ATTENTION_MLP,  4,  117440512,      90112,     117444608),
    [DECODE_NORM_F] = OP("decode", "NORM_F", "rmsnorm_4096",
        0,              1,      16384,      32768,         16386),
    [DECODE_HEAD] = OP("decode", "HEAD", "gemv_bf16_65536x4096",
        0,              1,  536870912,     278528,     536870912),
    [PREFILL_EMBED] = OP("prefill", "EMBED", "embed_bf16_256x65536x4096",
        0,              1,    2097152,    4195328,             0),
    [PREFILL_MAMBA_MLP_NORM] = OP("prefill", "MAMBA_MLP_NORM", "rmsnorm_256x4096",
        MAMBA_MLP,     12,      16384,    8388608,       4194816),
    [PREFILL_MAMBA_MLP_IN_PROJ] = OP("prefill", "MAMBA_MLP_IN_PROJ", "gemm_bf16_256x16384x4096",
        MAMBA_MLP,     12,  134217728,   20971520,   34359738368),
    [PREFILL_MAMBA_MLP_CONV] = OP("prefill", "MAMBA_MLP_CONV", "conv_silu_256x8192x4",
        MAMBA_MLP,     12,     163840,   16973824,      27262976),
    [PREFILL_MAMBA_MLP_X_PROJ] = OP("prefill", "MAMBA_MLP_X_PROJ", "gemm_bf16_256x288x8192",
        MAMBA_MLP,     12,    4718592,    8683520,    1207959552),
    [PREFILL_MAMBA_MLP_NORM_DT_B_C] =
        OP("prefill", "MAMBA_MLP_NORM_DT_B_C", "norm_selection_256x256x16",
        MAMBA_MLP,     12,       1152,     589824,        296448),
    [PREFILL_MAMBA_MLP_DT_PROJ] =
        OP("prefill", "MAMBA_MLP_DT_PROJ", "gemm_softplus_bf16_256x8192x256",
        MAMBA_MLP,     12,    4227072,    8650752,    1082130432),
    [PREFILL_MAMBA_MLP_SCAN] = OP("prefill", "MAMBA_MLP_SCAN", "scan_256x8192x16",
        MAMBA_MLP,     12,     557056,   34635776,     249561088),
    [PREFILL_MAMBA_MLP_OUT_PROJ] =
        OP("prefill", "MAMBA_MLP_OUT_PROJ", "gemm_add_bf16_256x4096x8192",
        MAMBA_MLP,     12,   67108864,   16777216,   17180917760),
    [PREFILL_MAMBA_MLP_MLP_NORM] = OP("prefill", "MAMBA_MLP_MLP_NORM", "rmsnorm_256x4096",
        MAMBA_MLP,     12,      16384,    8388608,       4194816),
    [PREFILL_MAMBA_MLP_GATE_PROJ] = OP("prefill", "MAMBA_MLP_GATE_PROJ", "gemm_bf16_256x14336x4096",
        MAMBA_MLP,     12,  117440512,   18874368,   30064771072),
    [PREFILL_MAMBA_MLP_UP_PROJ] = OP("prefill", "MAMBA_MLP_UP_PROJ", "gemm_bf16_256x14336x4096",
        MAMBA_MLP,     12,  117440512,   18874368,   30064771072),
    [PREFILL_MAMBA_MLP_SWIGLU] = OP("prefill", "MAMBA_MLP_SWIGLU", "swiglu_256x14336",
        MAMBA_MLP,     12,          0,   44040192,      18350080),
    [PREFILL_MAMBA_MLP_DOWN_PROJ] =
        OP("prefill", "MAMBA_MLP_DOWN_PROJ", "gemm_add_bf16_256x4096x14336",
        MAMBA_MLP,     12,  117440512,   23068672,   30065819648),
    [PREFILL_MAMBA_MOE_NORM] = OP("prefill", "MAMBA_MOE_NORM", "rmsnorm_256x4096",
        MAMBA_MOE,     16,      16384,    8388608,       4194816),
    [PREFILL_MAMBA_MOE_IN_PROJ] = OP("prefill", "MAMBA_MOE_IN_PROJ", "gemm_bf16_256x16384x4096",
        MAMBA_MOE,     16,  134217728,   20971520,   34359738368),
    [PREFILL_MAMBA_MOE_CONV] = OP("prefill", "MAMBA_MOE_CONV", "conv_silu_256x8192x4",
        MAMBA_MOE,     16,     163840,   16973824,      27262976),
    [PREFILL_MAMBA_MOE_X_PROJ] = OP("prefill", "MAMBA_MOE_X_PROJ", "gemm_bf16_256x288x8192",
        MAMBA_MOE,     16,    4718592,    8683520,    1207959552),
    [PREFILL_MAMBA_MOE_NORM_DT_B_C] =
        OP("prefill", "MAMBA_MOE_NORM_DT_B_C", "norm_selection_256x256x16",
        MAMBA_MOE,     16,       1152,     589824,        296448),
    [PREFILL_MAMBA_MOE_DT_PROJ] =
        OP("prefill", "MAMBA_MOE_DT_PROJ", "gemm_softplus_bf16_256x8192x256",
        MAMBA_MOE,     16,    4227072,    8650752,    1082130432),
    [PREFILL_MAMBA_MOE_SCAN] = OP("prefill", "MAMBA_MOE_SCAN", "scan_256x8192x16",
        MAMBA_MOE,     16,     557056,   34635776,     249561088),
    [PREFILL_MAMBA_MOE_OUT_PROJ] =
        OP("prefill", "MAMBA_MOE_OUT_PROJ", "gemm_add_bf16_256x4096x8192",
        MAMBA_MOE,     16,   67108864,   16777216,   17180917760),
    [PREFILL_MAMBA_MOE_MLP_NORM] = OP("prefill", "MAMBA_MOE_MLP_NORM", "rmsnorm_256x4096",
        MAMBA_MOE,     16,      16384,    8388608,       4194816),
    [PREFILL_MAMBA_MOE_ROUTE] = OP("prefill", "MAMBA_MOE_ROUTE", "route_bf16_256x16x4096",
        MAMBA_MOE,     16,     131072,    4198400,      33587200),
    [PREFILL_MAMBA_MOE_GATHER] = OP("prefill", "MAMBA_MOE_GATHER", "gather_256x4096",
        MAMBA_MOE,     16,          0,   16781312,             0),
    [PREFILL_MAMBA_MOE_GATE_UP] =
        OP("prefill", "MAMBA_MOE_GATE_UP", "experts_swiglu_bf16_256x16x14336x4096",
        MAMBA_MOE,     16, 3758096384,   37752832,  120295784448),
    [PREFILL_MAMBA_MOE_DOWN_PROJ] =
        OP("prefill", "MAMBA_MOE_DOWN_PROJ", "experts_add_bf16_256x16x4096x14336",
        MAMBA_MOE,     16, 1879048192,   37752832,   60133736448),
    [PREFILL_ATTENTION_MLP_NORM] = OP("prefill", "ATTENTION_MLP_NORM", "rmsnorm_256x4096",
        ATTENTION_MLP,  4,      16384,    8388608,       4194816),
    [PREFILL_ATTENTION_MLP_Q_PROJ] =
        OP("prefill", "ATTENTION_MLP_Q_PROJ", "gemm_bf16_256x4096x4096",
        ATTENTION_MLP,  4,   33554432,    8388608,    8589934592),
    [PREFILL_ATTENTION_MLP_K_PROJ] =
        OP("prefill", "ATTENTION_MLP_K_PROJ", "gemm_bf16_256x1024x4096",
        ATTENTION_MLP,  4,    8388608,    5242880,    2147483648),
    [PREFILL_ATTENTION_MLP_V_PROJ] =
        OP("prefill", "ATTENTION_MLP_V_PROJ", "gemm_bf16_256x1024x4096",
        ATTENTION_MLP,  4,    8388608,    5242880,    2147483648),
    [PREFILL_ATTENTION_MLP_APPEND] =
        OP("prefill", "ATTENTION_MLP_APPEND", "rope_append_bf16_256x32x128",
        ATTENTION_MLP,  4,          0,   11534336,             0),
    [PREFILL_ATTENTION_MLP_ATTENTION] =
        OP("prefill", "ATTENTION_MLP_ATTENTION", "attention_bf16_256x32x8x128",
        ATTENTION_MLP,  4,          0, 1082130432, 1099511627776),
    [PREFILL_ATTENTION_MLP_O_PROJ] =
        OP("prefill", "ATTENTION_MLP_O_PROJ", "gemm_add_bf16_256x4096x4096",
        ATTENTION_MLP,  4,   33554432,   12582912,    8590983168),
    [PREFILL_ATTENTION_MLP_MLP_NORM] = OP("prefill", "ATTENTION_MLP_MLP_NORM", "rmsnorm_256x4096",
        ATTENTION_MLP,  4,      16384,    8388608,       4194816),
    [PREFILL_ATTENTION_MLP_GATE_PROJ] =
        OP("prefill", "ATTENTION_MLP_GATE_PROJ", "gemm_bf16_256x14336x4096",
        ATTENTION_MLP,  4,  117440512,   18874368,   30064771072),
    [PREFILL_ATTENTION_MLP_UP_PROJ] =
        OP("prefill", "ATTENTION_MLP_UP_PROJ", "gemm_bf16_256x14336x4096",
        ATTENTION_MLP,  4,  117440512,   18874368,   30064771072),
    [PREFILL_ATTENTION_MLP_SWIGLU] = OP("prefill", "ATTENTION_MLP_SWIGLU", "swiglu_256x14336",
        ATTENTION_MLP,  4,          0,   44040192,      18350080),
    [PREFILL_ATTENTION_MLP_DOWN_PROJ] =
        OP("prefill", "ATTENTION_MLP_DOWN_PROJ", "gemm_add_bf16_256x4096x14336",
        ATTENTION_MLP,  4,  117440512,   23068672,   30065819648),
    [PREFILL_NORM_F] = OP("prefill", "NORM_F", "rmsnorm_256x4096",
        0,              1,      16384,    8388608,       4194816),
    [HEAD_LOGITS] = OP("head", "LOGITS", "gemm_bf16_16x65536x4096",
        0,              1,  536870912,    4456448,    8589934592),
};

/* The scratch plan. */
#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \
    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \
     .first_op = FIRST, .last_op = LAST}

static const struct model_buffer buffers[] = {
    BUFFER("decode",  "x",            0,    16384,
        DECODE_EMBED, DECODE_NORM_F),
    BUFFER("decode",  "xz",       16384,    65536,
        DECODE_MAMBA_MLP_IN_PROJ, DECODE_MAMBA_MLP_OUT_PROJ),
    BUFFER("decode",  "xdb",      81920,     1152,
        DECODE_MAMBA_MLP_X_PROJ, DECODE_MAMBA_MLP_SCAN),
    BUFFER("decode",  "h",        16384,    57344,
        DECODE_MAMBA_MLP_GATE_UP, DECODE_MAMBA_MLP_DOWN_PROJ),
    BUFFER("decode",  "xz",       16384,    65536,
        DECODE_MAMBA_MOE_IN_PROJ, DECODE_MAMBA_MOE_OUT_PROJ),
    BUFFER("decode",  "xdb",      81920,     1152,
        DECODE_MAMBA_MOE_X_PROJ, DECODE_MAMBA_MOE_SCAN),
    BUFFER("decode",  "h",        16384,   114688,
        DECODE_MAMBA_MOE_GATE_UP, DECODE_MAMBA_MOE_DOWN_PROJ),
    BUFFER("decode",  "route",   131072,       64,
        DECODE_MAMBA_MOE_GATE_UP, DECODE_MAMBA_MOE_DOWN_PROJ),
    BUFFER("decode",  "q",        16384,    16384,
        DECODE_ATTENTION_MLP_QKV, DECODE_ATTENTION_MLP_O_PROJ),
    BUFFER("decode",  "h",        16384,    57344,
        DECODE_ATTENTION_MLP_GATE_UP, DECODE_ATTENTION_MLP_DOWN_PROJ),
    BUFFER("prefill", "x",            0,  4194304,
        PREFILL_EMBED, PREFILL_NORM_F),
    BUFFER("prefill", "xz",     4194304, 16777216,
        PREFILL_MAMBA_MLP_IN_PROJ, PREFILL_MAMBA_MLP_OUT_PROJ),
    BUFFER("prefill", "xn",    20971520,  4194304,
        PREFILL_MAMBA_MLP_NORM, PREFILL_MAMBA_MLP_IN_PROJ),
    BUFFER("prefill", "xdb",   20971520,   294912,
        PREFILL_MAMBA_MLP_X_PROJ, PREFILL_MAMBA_MLP_SCAN),
    BUFFER("prefill", "dt",    21266432,  8388608,
        PREFILL_MAMBA_MLP_DT_PROJ, PREFILL_MAMBA_MLP_SCAN),
    BUFFER("prefill", "xm",    18874368,  4194304,
        PREFILL_MAMBA_MLP_MLP_NORM, PREFILL_MAMBA_MLP_UP_PROJ),
    BUFFER("prefill", "gate",   4194304, 14680064,
        PREFILL_MAMBA_MLP_GATE_PROJ, PREFILL_MAMBA_MLP_DOWN_PROJ),
    BUFFER("prefill", "up",    23068672, 14680064,
        PREFILL_MAMBA_MLP_UP_PROJ, PREFILL_MAMBA_MLP_SWIGLU),
    BUFFER("prefill", "xz",     4194304, 16777216,
        PREFILL_MAMBA_MOE_IN_PROJ, PREFILL_MAMBA_MOE_OUT_PROJ),
    BUFFER("prefill", "xn",    20971520,  4194304,
        PREFILL_MAMBA_MOE_NORM, PREFILL_MAMBA_MOE_IN_PROJ),
    BUFFER("prefill", "xdb",   29360128,   294912,
        PREFILL_MAMBA_MOE_X_PROJ, PREFILL_MAMBA_MOE_SCAN),
    BUFFER("prefill", "dt",    20971520,  8388608,
        PREFILL_MAMBA_MOE_DT_PROJ, PREFILL_MAMBA_MOE_SCAN),
    BUFFER("prefill", "xm",     4194304,  4194304,
        PREFILL_MAMBA_MOE_MLP_NORM, PREFILL_MAMBA_MOE_GATHER),
    BUFFER("prefill", "route", 41943040,    16384,
        PREFILL_MAMBA_MOE_ROUTE, PREFILL_MAMBA_MOE_DOWN_PROJ),
    BUFFER("prefill", "xg",    33554432,  8388608,
        PREFILL_MAMBA_MOE_GATHER, PREFILL_MAMBA_MOE_GATE_UP),
    BUFFER("prefill", "h",      4194304, 29360128,
        PREFILL_MAMBA_MOE_GATE_UP, PREFILL_MAMBA_MOE_DOWN_PROJ),
    BUFFER("prefill", "xn",     8388608,  4194304,
        PREFILL_ATTENTION_MLP_NORM, PREFILL_ATTENTION_MLP_V_PROJ),
    BUFFER("prefill", "q",      4194304,  4194304,
        PREFILL_ATTENTION_MLP_Q_PROJ, PREFILL_ATTENTION_MLP_O_PROJ),
    BUFFER("prefill", "k",     12582912,  1048576,
        PREFILL_ATTENTION_MLP_K_PROJ, PREFILL_ATTENTION_MLP_APPEND),
    BUFFER("prefill", "v",     13631488,  1048576,
        PREFILL_ATTENTION_MLP_V_PROJ, PREFILL_ATTENTION_MLP_APPEND),
    BUFFER("prefill", "xm",    18874368,  4194304,
        PREFILL_ATTENTION_MLP_MLP_NORM, PREFILL_ATTENTION_MLP_UP_PROJ),
    BUFFER("prefill", "gate",   4194304, 14680064,
        PREFILL_ATTENTION_MLP_GATE_PROJ, PREFILL_ATTENTION_MLP_DOWN_PROJ),
    BUFFER("prefill", "up",    23068672, 14680064,
        PREFILL_ATTENTION_MLP_UP_PROJ, PREFILL_ATTENTION_MLP_SWIGLU),
};

const struct model model = {
    .name = "jamba-v0.1",
    .model_type = "jamba",
    .config_digest = {0x337454a4697122dau, 0x6c290de597ad27dbu},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],

    .vocab = VOCAB,
    .vocab_pad = 65536,
    .dim = DIM,
    .layers = LAYERS,
    .chunk = CHUNK,
    .pattern = layers,
    .logit_rows = LOGIT_ROWS,
    .bos = 1,
    .eos = {2},
    .eos_count = 1,
    .pad = 0,
    .context = CONTEXT,
    .trained = 262144,
    .parameters = 51570323328u,
    .active = 12110311296u,
    .read = 11841879936u,

    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .cache_bytes = 4294967296u,
    .cache_position_bytes = 16384u,
    .cache_heads = 64,
    .scratch_bytes = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .scratch_bound = 41959424u,
    .work_bytes = 23073152u,
    .weights_memory = "auto",
    .state_memory = "auto",
    .scratch_memory = "auto",
    .io_memory = "auto",
    .io_tokens_at = offsetof(struct io, tokens),
    .io_hidden_at = offsetof(struct io, hidden),
    .io_logits_at = offsetof(struct io, logits),

    .weights = weights,
    .weight_count = sizeof weights / sizeof weights[0],
    .tensor_count = 1251,
    .ops = ops,
    .op_count = OPS,
    .buffers = buffers,
    .buffer_count = sizeof buffers / sizeof buffers[0],

    .decode = decode,
    .prefill = prefill,
    .head = head,
};
