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

/* A real as an f32. */
static void real(float value, char text[INSTANCE_VALUE])
{
    if (isinf(value))
        strcpy(text, "INFINITY");
    else
        number_float(value, text);
}

static void number(const struct instance *i, const char *expression, char text[INSTANCE_VALUE])
{
    const char *at = expression;
    snprintf(text, INSTANCE_VALUE, "%" PRIu64, expression_value(i->graph, i->node, &at));
    if (*at != '\0')
        diagnostics_fault("kernels/ops.def", "%s: \"%s\" is no size", op_rules[i->node->op].name,
                          expression);
}

/* A word of the row's sizes as the argument of a macro. */
static void size_text(const struct instance *i, const char *word, char text[INSTANCE_VALUE])
{
    static const char *const counts[] = {"ONE", "CHUNK", "LOGITS"};
    const struct tensor *const t = operand(i, word + (*word == '&' || *word == '^'));
    const uint32_t attribute = op_attribute(i->node->op, word);
    if (*word == '&' && t != NULL)
        emit_matrix_type(t, text);
    else if (*word == '^' && t != NULL)
        strcpy(text, format_enumerator(t->type));
    else if (t != NULL)
        strcpy(text, format_name(t->type));
    else if (strcmp(word, "count") == 0)
        strcpy(text, counts[i->graph->rows]);
    else if (strcmp(word, "epilogue") == 0)
        strcpy(text, epilogue(i));
    else if (strcmp(word, "weights") == 0)
        strcpy(text, node_count(i->node, "weights") == ROUTE_RENORM ? "RENORM" : "RAW");
    else if (strcmp(word, "rope") == 0)
        strcpy(text, node_count(i->node, "rotary") > 0 ? "rope" : "NULL");
    else if (strcmp(word, "outputs") == 0) /* softplus(0) is not 0: it has to know the pads */
        number(i, node_count(i->node, "epilogue") == EPILOGUE_SOFTPLUS ? "M" : "pad(M)", text);
    else if (attribute != OP_NOTHING &&
             op_rules[i->node->op].attribute[attribute - node_operands(i->node)].type ==
                 ATTRIBUTE_float)
        real(node_real(i->node, word), text);
    else
        number(i, word, text);
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
    const char *at = op_rules[i->node->op].sizes;
    for (; *at != '\0'; at += *at == ' ') {
        const size_t length = strcspn(at, " ");
        char word[INSTANCE_VALUE];
        if (i->values == INSTANCE_VALUES)
            diagnostics_fault("kernels/ops.def",
                              "%s: more than %d sizes: raise INSTANCE_VALUES (gen/emit/emit.h)",
                              op_rules[i->node->op].name, INSTANCE_VALUES);
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        size_text(i, word, i->value[i->values++]);
        at += length;
    }
}

static bool same_kernel(const struct instance *a, const struct instance *b)
{
    bool same = a->node->op == b->node->op;
    for (uint32_t i = 0; same && i < a->values; i++)
        same = strcmp(a->value[i], b->value[i]) == 0;
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
