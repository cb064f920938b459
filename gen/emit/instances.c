/* Which kernel shapes a model needs, and what they are called: the symbol and the sizes of an
 * operation's row in kernels/ops.def, filled in for each node. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"
#include "gen/graph/expression.h"

/* The tensor of the operand of that name; NULL: there is none of that name, or it is absent. */
static const struct tensor *operand(const struct instance *i, const char *name)
{
    const uint32_t at = op_operand(i->node->op, name);
    return at == OP_NOTHING ? NULL : node_tensor(i->graph, i->node, at);
}

/* What happens to a sum: the epilogue, and whether a bias comes before it. */
static const char *epilogue(const struct instance *i)
{
    const bool biased = operand(i, "bias") != NULL;
    switch (node_count(i->node, "epilogue")) {
    case EPILOGUE_ADD:
        return biased ? "ADD_BIAS" : "ADD";
    case EPILOGUE_SOFTPLUS:
        return "SOFTPLUS";
    case EPILOGUE_GELU:
        return "GELU";
    default:
        return biased ? "BIAS" : "PLAIN";
    }
}

static void number(const struct instance *i, const char *expression, char text[INSTANCE_VALUE])
{
    const char *at = expression;
    snprintf(text, INSTANCE_VALUE, "%" PRIu64, expression_value(i->graph, i->node, &at));
    if (*at != '\0')
        diagnostics_fault("kernels/ops.def", "%s: \"%s\" is no size", op_rules[i->node->op].name,
                          expression);
}

/* A whole number: an expression, or one of three that only C can say. */
static void whole(const struct instance *i, const char *value, char text[INSTANCE_VALUE])
{
    if (strcmp(value, "rows") == 0)
        snprintf(text, INSTANCE_VALUE, "%u", i->graph->tokens);
    else if (strcmp(value, "outputs") == 0) /* softplus(0) is not 0: it has to know the pads */
        number(i, node_count(i->node, "epilogue") == EPILOGUE_SOFTPLUS ? "M" : "pad(M)", text);
    else
        number(i, value, text);
}

/* An attribute as an f32. */
static void real(const struct instance *i, const char *value, char text[INSTANCE_VALUE])
{
    const float number = node_real(i->node, value);
    if (op_attribute(i->node->op, value) == OP_NOTHING)
        diagnostics_fault("kernels/ops.def", "%s has no attribute %s", op_rules[i->node->op].name,
                          value);
    if (isinf(number))
        strcpy(text, "INFINITY");
    else
        number_float(number, text);
}

/* The enumerator of an operand's type. */
static void format(const struct instance *i, const char *value, char text[INSTANCE_VALUE])
{
    const struct tensor *const t = operand(i, value);
    if (t == NULL)
        diagnostics_fault("kernels/ops.def", "%s has no operand %s", op_rules[i->node->op].name,
                          value);
    snprintf(text, INSTANCE_VALUE, "FORMAT_%s", format_enumerator(t->type));
}

/* A field of the kernel's shape, as C says it. */
static void fill_value(const struct instance *i, const struct op_size *size,
                       char text[INSTANCE_VALUE])
{
    static const char *const counts[] = {"ONE", "CHUNK", "LOGITS"};
    switch (size->type) {
    case SIZE_u32:
        whole(i, size->value, text);
        break;
    case SIZE_f32:
        real(i, size->value, text);
        break;
    case SIZE_format:
        format(i, size->value, text);
        break;
    case SIZE_count:
        snprintf(text, INSTANCE_VALUE, "COUNT_%s", counts[i->graph->rows]);
        break;
    case SIZE_epilogue:
        snprintf(text, INSTANCE_VALUE, "EPILOGUE_%s", epilogue(i));
        break;
    case SIZE_route_weights:
        strcpy(text, node_count(i->node, "weights") == ROUTE_RENORM ? "ROUTE_RENORM" : "ROUTE_RAW");
        break;
    }
}

/* What stands in { } in a symbol. */
static void symbol_text(const struct instance *i, const char *word, char text[INSTANCE_VALUE])
{
    const struct tensor *const t = operand(i, word);
    text[0] = '\0';
    if (strcmp(word, "rows") == 0) {
        if (i->graph->rows != ROWS_ONE)
            snprintf(text, INSTANCE_VALUE, "%ux", i->graph->tokens);
    } else if (strcmp(word, "epilogue") == 0) {
        if (strcmp(epilogue(i), "PLAIN") != 0)
            snprintf(text, INSTANCE_VALUE, "_%s", epilogue(i));
        for (char *c = text; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
    } else if (t != NULL) {
        strcpy(text, format_name(t->type));
    } else {
        number(i, word, text);
    }
}

static void fill_symbol(struct instance *i)
{
    size_t used = 0;
    for (const char *c = op_rules[i->node->op].symbol; *c != '\0'; c++) {
        char word[INSTANCE_VALUE], text[INSTANCE_VALUE] = {*c};
        if (*c == '?')
            text[0] = i->graph->rows == ROWS_ONE ? 'v' : 'm';
        if (*c == '{') {
            const size_t length = strcspn(c, "}");
            snprintf(word, sizeof word, "%.*s", (int)length - 1, c + 1);
            symbol_text(i, word, text);
            c += length;
        }
        used += (size_t)snprintf(i->symbol + used, sizeof i->symbol - used, "%s", text);
    }
}

static void fill_values(struct instance *i)
{
    const struct op_rule *rule = &op_rules[i->node->op];
    for (uint32_t v = 0; v < rule->sizes; v++)
        fill_value(i, &rule->size[v], i->value[v]);
}

/* Of the same operation, with the same sizes and operands that are declared in the same way. */
static bool same_kernel(const struct instance *a, const struct instance *b)
{
    const struct op_rule *rule = &op_rules[a->node->op];
    bool same = a->node->op == b->node->op;
    for (uint32_t v = 0; same && v < rule->sizes; v++)
        same = strcmp(a->value[v], b->value[v]) == 0;
    for (uint32_t o = 0; same && o < rule->operands; o++) {
        char of_a[EMIT_PARAMETER], of_b[EMIT_PARAMETER];
        emit_parameter(a, o, of_a);
        emit_parameter(b, o, of_b);
        same = strcmp(of_a, of_b) == 0;
    }
    return same;
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
            fill_symbol(&wanted);
            fill_values(&wanted);
            node_full_name(graph, wanted.node, wanted.note);
            list->of[step][ops[i].kind][ops[i].index] = enlist(list, &wanted);
        }
    }
}
