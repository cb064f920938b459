/* The instances of Mamba-2's heads and of its norms by groups. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gen/emit/instances.h"
#include "gen/front/number.h"

/* A limit of the time step as an f32. */
static void limit(double value, char text[NUMBER_MAX])
{
    if (isinf(value))
        strcpy(text, "INFINITY");
    else
        number_float((float)value, text);
}

static void name_ssd(struct instance *i, const char *rows, const struct cfg *cfg)
{
    const struct tensor *zx = instance_operand(i, 0), *state = instance_operand(i, 1);
    char low[NUMBER_MAX], high[NUMBER_MAX];
    limit(cfg->time_step_limit_low, low);
    limit(cfg->time_step_limit_high, high);
    snprintf(i->family, sizeof i->family, "SSD");
    snprintf(i->symbol, sizeof i->symbol, "ssd_%s%" PRIu64 "x%" PRIu64 "x%" PRIu64, rows,
             state->dim[0], state->dim[2], state->dim[1]);
    snprintf(i->size, sizeof i->size,
             "%" PRIu64 ", %" PRIu64 ", %u, %" PRIu64 ", %" PRIu64 ", %s, %s", state->dim[0],
             state->dim[2], cfg->n_groups, state->dim[1], zx->dim[1], low, high);
}

static void name_rmsnorm_groups(struct instance *i, const char *rows, const struct cfg *cfg)
{
    const struct tensor *x = instance_operand(i, 0);
    char epsilon[NUMBER_MAX];
    number_float((float)cfg_epsilon(cfg), epsilon);
    snprintf(i->family, sizeof i->family, "RMSNORM_GROUPS");
    snprintf(i->symbol, sizeof i->symbol, "rmsnorm_groups_%s%u", rows, x->part[0]);
    snprintf(i->size, sizeof i->size, "%u, %u, %u, %" PRIu64 ", %s", x->part[0],
             cfg->intermediate_size, cfg->n_groups, x->dim[1], epsilon);
}

static void name_norm_linear_add(struct instance *i, const struct cfg *cfg)
{
    const struct tensor *x = instance_operand(i, 1), *w = instance_operand(i, 3);
    char type[64], kind[32], epsilon[NUMBER_MAX];
    emit_matrix_type(w, type);
    instance_stem(i, kind);
    number_float((float)cfg_epsilon(cfg), epsilon);
    snprintf(i->family, sizeof i->family, "NORM_LINEAR_ADD");
    snprintf(i->symbol, sizeof i->symbol, "%s_%s_%" PRIu64 "x%u", kind, dtype_name(w->type),
             tensor_padded_rows(w), w->product_cols);
    snprintf(i->size, sizeof i->size, "%s, %s, %" PRIu64 ", %u, %u, %u, %" PRIu64 ", %s", type,
             instance_types[w->type], tensor_padded_rows(w), w->product_cols, w->cols,
             cfg->n_groups, x->dim[1], epsilon);
}

bool instance_of_ssd(struct instance *i, const char *rows, const struct cfg *cfg)
{
    switch (i->node->op) {
    case OP_SSD:
        name_ssd(i, rows, cfg);
        return true;
    case OP_RMSNORM_GROUPS:
        name_rmsnorm_groups(i, rows, cfg);
        return true;
    case OP_NORM_LINEAR_ADD:
        i->count[0] = '\0'; /* of one row by nature */
        name_norm_linear_add(i, cfg);
        return true;
    default:
        return false;
    }
}
