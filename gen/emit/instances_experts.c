/* The instances of experts. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit/instances.h"
#include "gen/front/number.h"

/* "E, K": the experts of a layer and how many of them a token chooses. */
static void choice(const struct cfg *cfg, char text[32])
{
    snprintf(text, 32, "%u, %u", cfg_experts(cfg), cfg->num_experts_per_tok);
}

/* What the weights of the chosen are. */
static const char *weights(const struct cfg *cfg)
{
    return cfg_renorm(cfg) ? "RENORM" : "RAW";
}

static void name_route(struct instance *i, const char *rows, const struct cfg *cfg)
{
    const struct tensor *x = instance_operand(i, 1), *w = instance_operand(i, 2);
    char type[64], of[32];
    emit_matrix_type(w, type);
    choice(cfg, of);
    snprintf(i->family, sizeof i->family, "ROUTE");
    snprintf(i->symbol, sizeof i->symbol, "route_%s_%s%ux%u", dtype_name(w->type), rows, w->rows,
             w->cols);
    snprintf(i->size, sizeof i->size, "%s, %s, %u, %" PRIu64 ", %s, %s", type,
             instance_types[w->type], w->cols, x->dim[1], of, weights(cfg));
}

static void name_gather(struct instance *i, const char *rows, const struct cfg *cfg)
{
    const struct tensor *x = instance_operand(i, 1);
    char of[32];
    choice(cfg, of);
    snprintf(i->family, sizeof i->family, "GATHER");
    snprintf(i->symbol, sizeof i->symbol, "gather_%s%" PRIu64, rows, tensor_width(x));
    snprintf(i->size, sizeof i->size, "%" PRIu64 ", %s, %u", x->dim[1], of, i->graph->tokens);
}

/* A product of all experts; x is read in rows of `stride`. */
static void name_experts(struct instance *i, const char *family, const char *rows,
                         const struct tensor *w, uint64_t stride, const struct cfg *cfg)
{
    char type[64], of[32];
    emit_matrix_type(w, type);
    choice(cfg, of);
    snprintf(i->family, sizeof i->family, "%s", family);
    snprintf(i->symbol, sizeof i->symbol, "%s_%s_%s%ux%" PRIu64 "x%u", op_rules[i->node->op].stem,
             dtype_name(w->type), rows, w->experts, tensor_padded_rows(w), w->cols);
    snprintf(i->size, sizeof i->size, "%s, %s, %u, %" PRIu64 ", %" PRIu64 ", %s, %u", type,
             instance_types[w->type], w->cols, stride, tensor_padded_rows(w), of, i->graph->tokens);
}

static void name_norm_experts_swiglu(struct instance *i, const struct cfg *cfg)
{
    const struct tensor *x = instance_operand(i, 2), *router = instance_operand(i, 4);
    const struct tensor *w = instance_operand(i, 5);
    char router_type[64], type[64], of[32], epsilon[NUMBER_MAX];
    emit_matrix_type(router, router_type);
    emit_matrix_type(w, type);
    choice(cfg, of);
    number_float((float)cfg_epsilon(cfg), epsilon);
    snprintf(i->family, sizeof i->family, "NORM_EXPERTS_SWIGLU");
    snprintf(i->symbol, sizeof i->symbol, "norm_experts_swiglu_%s_%ux%" PRIu64 "x%u",
             dtype_name(w->type), w->experts, tensor_padded_rows(w), w->cols);
    snprintf(i->size, sizeof i->size, "%s, %s, %s, %u, %" PRIu64 ", %" PRIu64 ", %s, %s, %s",
             router_type, type, instance_types[w->type], w->cols, x->dim[1], tensor_padded_rows(w),
             epsilon, of, weights(cfg));
}

bool instance_of_experts(struct instance *i, const char *rows, const struct cfg *cfg)
{
    switch (i->node->op) {
    case OP_ROUTE:
        name_route(i, rows, cfg);
        return true;
    case OP_GATHER:
        i->count[0] = '\0'; /* of many rows by nature */
        name_gather(i, rows, cfg);
        return true;
    case OP_EXPERTS_SWIGLU:
        i->count[0] = '\0';
        name_experts(i, "EXPERTS_SWIGLU", rows, instance_operand(i, 3),
                     instance_operand(i, 1)->dim[1], cfg);
        return true;
    case OP_NORM_EXPERTS_SWIGLU:
        i->count[0] = '\0';
        name_norm_experts_swiglu(i, cfg);
        return true;
    case OP_EXPERTS_ADD:
        name_experts(i, "EXPERTS_ADD", rows, instance_operand(i, 3), instance_operand(i, 1)->dim[1],
                     cfg);
        return true;
    default:
        return false;
    }
}
