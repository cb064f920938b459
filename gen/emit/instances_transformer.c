/* The instances of attention and MLPs. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gen/families/attention.h"
#include "gen/emit/instances.h"
#include "gen/front/number.h"

static void name_layernorm(struct instance *i, const char *rows, const char *epsilon)
{
    const struct tensor *x = instance_operand(i, 1);
    snprintf(i->family, sizeof i->family, "LAYERNORM");
    snprintf(i->symbol, sizeof i->symbol, "layernorm_%s%" PRIu64, rows, tensor_width(x));
    snprintf(i->size, sizeof i->size, "%" PRIu64 ", %" PRIu64 ", %s", tensor_width(x), x->dim[1],
             epsilon);
}

/* "R, TABLE": how much of a head is rotated, by which frequencies. */
static void rotation(const struct cfg *cfg, char text[32])
{
    if (cfg_has(cfg, cfg_key("rope_theta")))
        snprintf(text, 32, "%u, rope", cfg_rotary_dim(cfg));
    else
        snprintf(text, 32, "0, NULL");
}

/* "H, KV, HD", heads with their pads */
static void heads(const struct cfg *cfg, char text[48])
{
    snprintf(text, 48, "%u, %u, %" PRIu64, cfg->num_attention_heads, cfg->num_key_value_heads,
             attention_width(cfg));
}

/* "CACHE, KT, C" */
static void cache(const struct tensor *keys, char text[48])
{
    snprintf(text, 48, "%s, %s, %" PRIu64, dtype_name(keys->type), instance_types[keys->type],
             keys->dim[1]);
}

static void name_norm_qkv(struct instance *i, const struct cfg *cfg, const char *epsilon)
{
    const struct tensor *x = instance_operand(i, 1), *wq = instance_operand(i, 4);
    const struct tensor *wk = instance_operand(i, 6);
    char q_type[64], kv_type[64], turn[32], head[48], kept[48];
    emit_matrix_type(wq, q_type);
    emit_matrix_type(wk, kv_type);
    rotation(cfg, turn);
    heads(cfg, head);
    cache(instance_operand(i, 10), kept);
    snprintf(i->family, sizeof i->family, "NORM_QKV");
    snprintf(i->symbol, sizeof i->symbol, "norm_qkv_%s_%" PRIu64 "x%u", dtype_name(wq->type),
             i->node->m, wq->cols);
    snprintf(i->size, sizeof i->size, "%s, %s, %s, %u, %" PRIu64 ", %s, %s, %s, %s", q_type,
             kv_type, instance_types[wq->type], wq->cols, x->dim[1], epsilon, head, turn, kept);
}

static void name_rope_append(struct instance *i, const char *rows, const struct cfg *cfg)
{
    const struct tensor *keys = instance_operand(i, 3);
    char turn[32], head[48], kept[48];
    rotation(cfg, turn);
    heads(cfg, head);
    cache(keys, kept);
    snprintf(i->family, sizeof i->family, "ROPE_APPEND");
    snprintf(i->symbol, sizeof i->symbol, "rope_append_%s_%s%ux%" PRIu64, dtype_name(keys->type),
             rows, cfg->num_attention_heads, attention_width(cfg));
    snprintf(i->size, sizeof i->size, "%s, %s, %s", head, turn, kept);
}

static void name_attention(struct instance *i, const char *rows, const struct cfg *cfg)
{
    const struct tensor *keys = instance_operand(i, 1);
    char head[48], kept[48], scale[NUMBER_MAX];
    heads(cfg, head);
    cache(keys, kept);
    number_float((float)(1 / sqrt(cfg->head_dim)), scale);
    snprintf(i->family, sizeof i->family, "ATTENTION");
    snprintf(i->symbol, sizeof i->symbol, "attention_%s_%s%ux%ux%" PRIu64, dtype_name(keys->type),
             rows, cfg->num_attention_heads, cfg->num_key_value_heads, attention_width(cfg));
    snprintf(i->size, sizeof i->size, "%s, %s, %u, %s", head, kept, cfg_window(cfg), scale);
}

static void name_swiglu(struct instance *i, const char *rows)
{
    const struct tensor *y = instance_operand(i, 0);
    snprintf(i->family, sizeof i->family, "SWIGLU");
    snprintf(i->symbol, sizeof i->symbol, "swiglu_%s%" PRIu64, rows, y->dim[1]);
    snprintf(i->size, sizeof i->size, "%" PRIu64, y->dim[1]);
}

/* A norm and a product with what follows it; the (first) matrix is operand `matrix`. */
static void name_norm_linear(struct instance *i, const char *family, uint32_t matrix,
                             const char *epsilon)
{
    const struct tensor *x = instance_operand(i, 1), *w = instance_operand(i, matrix);
    char type[64], kind[32];
    emit_matrix_type(w, type);
    instance_stem(i, kind);
    snprintf(i->family, sizeof i->family, "%s", family);
    snprintf(i->symbol, sizeof i->symbol, "%s_%s_%" PRIu64 "x%u", kind, dtype_name(w->type),
             tensor_padded_rows(w), w->cols);
    snprintf(i->size, sizeof i->size, "%s, %s, %u, %" PRIu64 ", %" PRIu64 ", %s", type,
             instance_types[w->type], w->cols, x->dim[1], tensor_padded_rows(w), epsilon);
}

bool instance_of_transformer(struct instance *i, const char *rows, const struct cfg *cfg)
{
    char epsilon[NUMBER_MAX];
    number_float((float)cfg_epsilon(cfg), epsilon);
    switch (i->node->op) {
    case OP_LAYERNORM:
        name_layernorm(i, rows, epsilon);
        return true;
    case OP_NORM_QKV:
        i->count[0] = '\0'; /* of one row by nature */
        name_norm_qkv(i, cfg, epsilon);
        return true;
    case OP_ROPE_APPEND:
        name_rope_append(i, rows, cfg);
        return true;
    case OP_ATTENTION:
        name_attention(i, rows, cfg);
        return true;
    case OP_SWIGLU:
        name_swiglu(i, rows);
        return true;
    case OP_NORM_LINEAR_SWIGLU:
        i->count[0] = '\0';
        name_norm_linear(i, "NORM_LINEAR_SWIGLU", 3, epsilon);
        return true;
    case OP_NORM_LINEAR_GELU:
        i->count[0] = '\0';
        name_norm_linear(i, "NORM_LINEAR_GELU", 4, epsilon);
        return true;
    default:
        return false;
    }
}
