/* Which kernel shapes a model needs, and what they are called. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen/emit/instances.h"
#include "gen/front/number.h"

/* What a symbol is made of: its family's stem, the type if it reads a matrix, and the sizes. */
static const char *const counts[] = {"ONE", "CHUNK", "LOGITS"};
const char *const instance_types[] = {"F32", "F16", "BF16"};

const struct tensor *instance_operand(const struct instance *i, uint32_t index)
{
    return node_tensor(i->graph, i->node, index);
}

void instance_stem(const struct instance *i, char text[32])
{
    snprintf(text, 32, "%s", op_rules[i->node->op].stem);
    char *mark = strchr(text, '?');
    if (mark != NULL)
        *mark = i->graph->rows == ROWS_ONE ? 'v' : 'm';
}

/* "256x", the rows of a step of many; nothing for one row. */
static void rows(const struct instance *i, char text[16])
{
    text[0] = '\0';
    if (i->graph->rows != ROWS_ONE)
        snprintf(text, 16, "%ux", i->graph->tokens);
}

static void name_embed(struct instance *i, const char *rows_text)
{
    const struct tensor *y = instance_operand(i, 0), *w = instance_operand(i, 1);
    char type[64];
    emit_matrix_type(w, type);
    snprintf(i->family, sizeof i->family, "EMBED");
    snprintf(i->symbol, sizeof i->symbol, "embed_%s_%s%" PRIu64 "x%u", dtype_name(w->type),
             rows_text, tensor_padded_rows(w), w->cols);
    snprintf(i->size, sizeof i->size, "%s, %s, %" PRIu64 ", %u, %" PRIu64, type,
             instance_types[w->type], tensor_padded_rows(w), w->cols, y->dim[1]);
}

static void name_rmsnorm(struct instance *i, const char *rows_text, double epsilon)
{
    const struct tensor *x = instance_operand(i, 1);
    char value[NUMBER_MAX];
    number_float((float)epsilon, value);
    snprintf(i->family, sizeof i->family, "RMSNORM");
    snprintf(i->symbol, sizeof i->symbol, "rmsnorm_%s%" PRIu64, rows_text, tensor_width(x));
    snprintf(i->size, sizeof i->size, "%" PRIu64 ", %" PRIu64 ", %s", tensor_width(x), x->dim[1],
             value);
}

static void name_linear(struct instance *i, const char *rows_text)
{
    static const char *const epilogues[OP_COUNT] = {[OP_LINEAR] = "PLAIN",
                                                    [OP_LINEAR_ADD] = "ADD",
                                                    [OP_LINEAR_BIAS] = "BIAS",
                                                    [OP_LINEAR_ADD_BIAS] = "ADD_BIAS",
                                                    [OP_LINEAR_SOFTPLUS] = "SOFTPLUS",
                                                    [OP_LINEAR_GELU] = "GELU"};
    const struct tensor *y = instance_operand(i, 0), *w = instance_operand(i, 1);
    const struct tensor *x = instance_operand(i, node_operands(i->node) - 1);
    char type[64], kind[32];
    emit_matrix_type(w, type);
    instance_stem(i, kind);
    snprintf(i->family, sizeof i->family, "LINEAR");
    snprintf(i->symbol, sizeof i->symbol, "%s_%s_%s%" PRIu64 "x%u", kind, dtype_name(w->type),
             rows_text, tensor_padded_rows(w), w->product_cols);
    /* A product has zero pads because the weights do; softplus(0) is not 0, so there the kernel
     * has to know which rows are pads. */
    const uint64_t M = i->node->op == OP_LINEAR_SOFTPLUS ? w->rows : tensor_padded_rows(w);
    snprintf(i->size, sizeof i->size, "%s, %s, %" PRIu64 ", %u, %" PRIu64 ", %" PRIu64 ", %s", type,
             instance_types[w->type], M, w->product_cols, y->dim[1], x->dim[1],
             epilogues[i->node->op]);
}

static void name_conv(struct instance *i, const char *rows_text)
{
    const struct tensor *xz = instance_operand(i, 0), *taps = instance_operand(i, 2);
    snprintf(i->family, sizeof i->family, "CONV_SILU");
    snprintf(i->symbol, sizeof i->symbol, "conv_silu_%s%" PRIu64 "x%u", rows_text,
             tensor_width(taps), taps->cols);
    const uint64_t at = tensor_part_at(xz, tensor_convolved(xz));
    snprintf(i->size, sizeof i->size, "%" PRIu64 ", %" PRIu64 ", %u, %" PRIu64 ", %s", at,
             tensor_width(taps), taps->cols, xz->dim[1],
             i->node->op == OP_CONV_SILU_BIAS ? "BIAS" : "PLAIN");
}

static void name_scan(struct instance *i, const char *rows_text)
{
    const struct tensor *xz = instance_operand(i, 0), *xdb = instance_operand(i, 3),
                        *A = instance_operand(i, 4);
    snprintf(i->family, sizeof i->family, "SCAN");
    snprintf(i->symbol, sizeof i->symbol, "scan_%s%ux%u", rows_text, A->rows, A->cols);
    snprintf(i->size, sizeof i->size, "%u, %u, %u, %" PRIu64 ", %" PRIu64, A->rows, A->cols,
             xdb->part[0], xz->dim[1], xdb->dim[1]);
}

static void name_norm_linear_conv(struct instance *i, double epsilon)
{
    const struct tensor *xz = instance_operand(i, 0), *x = instance_operand(i, 1),
                        *w = instance_operand(i, 3);
    const struct tensor *taps = instance_operand(i, 6);
    char type[64], kind[32], value[NUMBER_MAX];
    const uint64_t at = tensor_part_at(xz, tensor_convolved(xz));
    emit_matrix_type(w, type);
    instance_stem(i, kind);
    number_float((float)epsilon, value);
    snprintf(i->family, sizeof i->family, "NORM_LINEAR_CONV");
    snprintf(i->symbol, sizeof i->symbol, "%s_%s_%" PRIu64 "x%ux%u", kind, dtype_name(w->type),
             tensor_padded_rows(w), w->cols, taps->cols);
    snprintf(i->size, sizeof i->size,
             "%s, %s, %u, %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %u, %s, %" PRIu64,
             type, instance_types[w->type], w->cols, x->dim[1], tensor_padded_rows(w), at,
             tensor_width(taps), taps->cols, value, xz->dim[1]);
}

/* With or without norms in front. */
static void name_dt_scan(struct instance *i, double epsilon)
{
    const bool normed = i->node->op == OP_NORM_DT_SCAN;
    const struct tensor *xz = instance_operand(i, 0), *xdb = instance_operand(i, 2);
    const struct tensor *w = instance_operand(i, normed ? 6 : 3);
    const struct tensor *A = instance_operand(i, normed ? 8 : 5);
    char type[64], value[NUMBER_MAX], last[NUMBER_MAX + 2] = "";
    emit_matrix_type(w, type);
    number_float((float)epsilon, value);
    if (normed)
        snprintf(last, sizeof last, ", %s", value);
    snprintf(i->family, sizeof i->family, "%s", op_rules[i->node->op].name);
    snprintf(i->symbol, sizeof i->symbol, "%s_%s_%ux%ux%u", op_rules[i->node->op].stem,
             dtype_name(w->type), A->rows, A->cols, w->cols);
    snprintf(i->size, sizeof i->size, "%s, %s, %u, %u, %u, %" PRIu64 ", %" PRIu64 "%s", type,
             instance_types[w->type], A->rows, A->cols, w->cols, xz->dim[1], xdb->dim[1], last);
}

static void name_norm_selection(struct instance *i, const char *rows_text, double epsilon)
{
    const struct tensor *xdb = instance_operand(i, 0);
    char value[NUMBER_MAX];
    number_float((float)epsilon, value);
    snprintf(i->family, sizeof i->family, "NORM_SELECTION");
    snprintf(i->symbol, sizeof i->symbol, "norm_selection_%s%ux%u", rows_text, xdb->part[0],
             xdb->part[1]);
    snprintf(i->size, sizeof i->size, "%u, %u, %" PRIu64 ", %s", xdb->part[0], xdb->part[1],
             xdb->dim[1], value);
}

static void name_instance(struct instance *i, const struct cfg *cfg)
{
    const double epsilon = cfg_epsilon(cfg);
    char rows_text[16];
    rows(i, rows_text);
    snprintf(i->count, sizeof i->count, "%s", counts[i->graph->rows]);
    node_full_name(i->graph, i->node, i->note);
    switch (i->node->op) {
    case OP_EMBED:
        name_embed(i, rows_text);
        return;
    case OP_RMSNORM:
        name_rmsnorm(i, rows_text, epsilon);
        return;
    case OP_LINEAR:
    case OP_LINEAR_ADD:
    case OP_LINEAR_BIAS:
    case OP_LINEAR_ADD_BIAS:
    case OP_LINEAR_SOFTPLUS:
    case OP_LINEAR_GELU:
        name_linear(i, rows_text);
        return;
    case OP_CONV_SILU:
    case OP_CONV_SILU_BIAS:
        name_conv(i, rows_text);
        return;
    case OP_SCAN:
        name_scan(i, rows_text);
        return;
    case OP_NORM_LINEAR_CONV:
        i->count[0] = '\0'; /* of one row by nature */
        name_norm_linear_conv(i, epsilon);
        return;
    case OP_DT_SCAN:
    case OP_NORM_DT_SCAN:
        i->count[0] = '\0';
        name_dt_scan(i, epsilon);
        return;
    case OP_NORM_SELECTION:
        name_norm_selection(i, rows_text, epsilon);
        return;
    default:
        if (!instance_of_transformer(i, rows_text, cfg) &&
            !instance_of_experts(i, rows_text, cfg) && !instance_of_ssd(i, rows_text, cfg))
            diagnostics_fault(cfg->name, "operation %s has no kernel name in gen/emit/instances*.c",
                              op_rules[i->node->op].name);
    }
}

static bool same_kernel(const struct instance *a, const struct instance *b)
{
    return strcmp(a->family, b->family) == 0 && strcmp(a->size, b->size) == 0 &&
           strcmp(a->count, b->count) == 0;
}

/* The place of the instance in the list, added if it is new. Two different kernels that would have
 * the same symbol differ in a stride or in their rows: the later one also gets its user's name. */
static uint32_t enlist(struct instances *list, struct instance *wanted)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (same_kernel(&list->instance[i], wanted))
            return i;
    for (uint32_t i = 0; i < list->count; i++) {
        if (strcmp(list->instance[i].symbol, wanted->symbol) != 0)
            continue;
        size_t length = strlen(wanted->symbol);
        snprintf(wanted->symbol + length, sizeof wanted->symbol - length, "_%s", wanted->note);
        for (char *c = wanted->symbol + length; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
        break; /* no other operation of these rows has that name */
    }
    list->instance[list->count] = *wanted;
    return list->count++;
}

void instances_find(const struct steps *steps, struct instances *list)
{
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        struct step_op ops[STEP_OPS];
        const uint32_t count = steps_ops(steps, step, ops);
        for (uint32_t i = 0; i < count; i++) {
            const struct graph *graph = ops[i].graph;
            struct instance wanted = {.graph = graph, .node = &graph->node[ops[i].index]};
            name_instance(&wanted, &steps->cfg);
            list->of[step][ops[i].kind][ops[i].index] = enlist(list, &wanted);
        }
    }
}
