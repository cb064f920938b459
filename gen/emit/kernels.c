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
static const struct tensor *operand(const struct kernel *k, const char *name)
{
    const uint32_t at = op_operand(k->node->op, name);
    return at == OP_NOTHING ? NULL : node_tensor(k->graph, k->node, at);
}

/* What happens to a sum: the epilogue, and whether a bias comes before it. */
static const char *epilogue(const struct kernel *k)
{
    const bool biased = operand(k, "bias") != NULL;
    switch (node_count(k->node, "epilogue")) {
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

static void number(const struct kernel *k, const char *expression, char text[KERNEL_VALUE])
{
    const char *at = expression;
    snprintf(text, KERNEL_VALUE, "%" PRIu64, expression_value(k->graph, k->node, &at));
    if (*at != '\0')
        diagnostics_fault("kernels/ops.def", "%s: \"%s\" is no size", op_rules[k->node->op].name,
                          expression);
}

/* A whole number: an expression, or one of three that only C can say. */
static void whole(const struct kernel *k, const char *value, char text[KERNEL_VALUE])
{
    if (strcmp(value, "rows") == 0)
        snprintf(text, KERNEL_VALUE, "%u", k->graph->tokens);
    else if (strcmp(value, "outputs") == 0) /* softplus(0) is not 0: it has to know the pads */
        number(k, node_count(k->node, "epilogue") == EPILOGUE_SOFTPLUS ? "M" : "pad(M)", text);
    else
        number(k, value, text);
}

/* An attribute as an f32. */
static void real(const struct kernel *k, const char *value, char text[KERNEL_VALUE])
{
    const float number = node_real(k->node, value);
    if (op_attribute(k->node->op, value) == OP_NOTHING)
        diagnostics_fault("kernels/ops.def", "%s has no attribute %s", op_rules[k->node->op].name,
                          value);
    if (isinf(number))
        strcpy(text, "INFINITY");
    else
        number_float(number, text);
}

/* The enumerator of an operand's type. */
static void format(const struct kernel *k, const char *value, char text[KERNEL_VALUE])
{
    const struct tensor *const t = operand(k, value);
    if (t == NULL)
        diagnostics_fault("kernels/ops.def", "%s has no operand %s", op_rules[k->node->op].name,
                          value);
    snprintf(text, KERNEL_VALUE, "FORMAT_%s", format_enumerator(t->type));
}

/* A field of the kernel's shape, as C says it. */
static void fill_value(const struct kernel *k, const struct op_size *size, char text[KERNEL_VALUE])
{
    static const char *const counts[] = {"ONE", "CHUNK", "LOGITS"};
    switch (size->type) {
    case SIZE_u32:
        whole(k, size->value, text);
        break;
    case SIZE_f32:
        real(k, size->value, text);
        break;
    case SIZE_format:
        format(k, size->value, text);
        break;
    case SIZE_count:
        snprintf(text, KERNEL_VALUE, "COUNT_%s", counts[k->graph->rows]);
        break;
    case SIZE_epilogue:
        snprintf(text, KERNEL_VALUE, "EPILOGUE_%s", epilogue(k));
        break;
    case SIZE_route_weights:
        strcpy(text, node_count(k->node, "weights") == ROUTE_RENORM ? "ROUTE_RENORM" : "ROUTE_RAW");
        break;
    }
}

/* What stands in { } in a symbol. */
static void symbol_text(const struct kernel *k, const char *word, char text[KERNEL_VALUE])
{
    const struct tensor *const t = operand(k, word);
    text[0] = '\0';
    if (strcmp(word, "rows") == 0) {
        if (k->graph->rows != ROWS_ONE)
            snprintf(text, KERNEL_VALUE, "%ux", k->graph->tokens);
    } else if (strcmp(word, "epilogue") == 0) {
        if (strcmp(epilogue(k), "PLAIN") != 0)
            snprintf(text, KERNEL_VALUE, "_%s", epilogue(k));
        for (char *c = text; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
    } else if (t != NULL) {
        strcpy(text, format_name(t->type));
    } else {
        number(k, word, text);
    }
}

static void fill_symbol(struct kernel *k)
{
    size_t used = 0;
    for (const char *c = op_rules[k->node->op].symbol; *c != '\0'; c++) {
        char word[KERNEL_VALUE], text[KERNEL_VALUE] = {*c};
        if (*c == '?')
            text[0] = k->graph->rows == ROWS_ONE ? 'v' : 'm';
        if (*c == '{') {
            const size_t length = strcspn(c, "}");
            snprintf(word, sizeof word, "%.*s", (int)length - 1, c + 1);
            symbol_text(k, word, text);
            c += length;
        }
        used += (size_t)snprintf(k->symbol + used, sizeof k->symbol - used, "%s", text);
    }
}

static void fill_values(struct kernel *k)
{
    const struct op_rule *rule = &op_rules[k->node->op];
    for (uint32_t v = 0; v < rule->sizes; v++)
        fill_value(k, &rule->size[v], k->value[v]);
}

/* The same operation, with the same sizes and operands that are declared in the same way. */
static bool same_kernel(const struct kernel *a, const struct kernel *b)
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

/* The place of the kernel in the list, added if it is new. Two different kernels that would have
 * the same symbol differ in a stride or in their rows: the later one also gets its user's name. */
static uint32_t enlist(struct kernels *list, struct kernel *wanted)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (same_kernel(&list->kernel[i], wanted))
            return i;
    for (uint32_t i = 0; i < list->count; i++) {
        if (strcmp(list->kernel[i].symbol, wanted->symbol) != 0)
            continue;
        size_t length = strlen(wanted->symbol);
        snprintf(wanted->symbol + length, sizeof wanted->symbol - length, "_%s", wanted->note);
        for (char *c = wanted->symbol + length; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
        break; /* no other operation of these rows has that name */
    }
    list->kernel[list->count] = *wanted;
    return list->count++;
}

void kernels_find(const struct steps *steps, struct kernels *list)
{
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        struct step_op ops[STEP_OPS];
        const uint32_t count = steps_ops(steps, step, ops);
        for (uint32_t i = 0; i < count; i++) {
            const struct graph *graph = ops[i].graph;
            struct kernel wanted = {.graph = graph, .node = &graph->node[ops[i].index]};
            fill_symbol(&wanted);
            fill_values(&wanted);
            node_full_name(graph, wanted.node, wanted.note);
            list->of[step][ops[i].kind][ops[i].index] = enlist(list, &wanted);
        }
    }
}
