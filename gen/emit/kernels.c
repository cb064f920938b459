/* Which kernel shapes a model needs, and what they are called: the symbol and the sizes of an
 * operation's row in kernels/ops.def, filled in for each node. */
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

static struct phrase number(const struct kernel *k, const char *expression)
{
    const char *at = expression;
    const uint64_t value = expression_value(k->graph, k->node, &at);
    if (*at != '\0')
        diagnostics_fault("kernels/ops.def", "%s: \"%s\" is no size", op_rules[k->node->op].name,
                          expression);
    return phrase("%" PRIu64, value);
}

/* A whole number: an expression, or one of two that only C can say. */
static struct phrase whole(const struct kernel *k, const char *value)
{
    if (strcmp(value, "rows") == 0)
        return phrase("%u", k->graph->tokens);
    if (strcmp(value, "outputs") != 0)
        return number(k, value);
    /* softplus(0) is not 0: it has to know the pads */
    return number(k, node_count(k->node, "epilogue") == EPILOGUE_SOFTPLUS ? "M" : "pad(M)");
}

/* An attribute as an f32. */
static struct phrase real(const struct kernel *k, const char *value)
{
    const uint32_t at = op_attribute(k->node->op, value);
    float number;
    if (at == OP_NOTHING)
        diagnostics_fault("kernels/ops.def", "%s has no attribute %s", op_rules[k->node->op].name,
                          value);
    memcpy(&number, &k->node->word[at], sizeof number);
    return isinf(number) ? phrase("INFINITY") : number_float(number);
}

/* The enumerator of an operand's type. */
static struct phrase format(const struct kernel *k, const char *value)
{
    const struct tensor *const t = operand(k, value);
    if (t == NULL)
        diagnostics_fault("kernels/ops.def", "%s has no operand %s", op_rules[k->node->op].name,
                          value);
    return phrase("FORMAT_%s", format_enumerator(t->type));
}

/* A field of the kernel's shape, as C says it. */
static struct phrase value_of(const struct kernel *k, const struct op_size *size)
{
    static const char *const counts[] = {"ONE", "CHUNK", "LOGITS"};
    switch (size->type) {
    case SIZE_u32:
        return whole(k, size->value);
    case SIZE_f32:
        return real(k, size->value);
    case SIZE_format:
        return format(k, size->value);
    case SIZE_count:
        return phrase("COUNT_%s", counts[k->graph->rows]);
    case SIZE_epilogue:
        return phrase("EPILOGUE_%s", epilogue(k));
    case SIZE_route_weights:
        return phrase("%s", node_count(k->node, "weights") == ROUTE_RENORM ? "ROUTE_RENORM"
                                                                           : "ROUTE_RAW");
    }
    return phrase("0");
}

/* What stands in { } in a symbol. */
static struct phrase symbol_part(const struct kernel *k, const char *word)
{
    const struct tensor *const t = operand(k, word);
    const struct phrase none = {""};
    if (strcmp(word, "rows") == 0)
        return k->graph->rows == ROWS_ONE ? none : phrase("%ux", k->graph->tokens);
    if (strcmp(word, "epilogue") != 0)
        return t != NULL ? phrase("%s", format_name(t->type)) : number(k, word);
    const struct phrase name = phrase_lower(epilogue(k));
    return strcmp(name.text, "plain") == 0 ? none : phrase("_%s", name.text);
}

static struct phrase symbol_of(const struct kernel *k)
{
    struct phrase symbol = {""};
    for (const char *c = op_rules[k->node->op].symbol; *c != '\0'; c++) {
        if (*c == '?') {
            phrase_add(&symbol, "%c", k->graph->rows == ROWS_ONE ? 'v' : 'm');
        } else if (*c != '{') {
            phrase_add(&symbol, "%c", *c);
        } else {
            const size_t length = strcspn(c, "}");
            const struct phrase word = phrase("%.*s", (int)length - 1, c + 1);
            phrase_add(&symbol, "%s", symbol_part(k, word.text).text);
            c += length;
        }
    }
    return symbol;
}

/* The same operation, with the same sizes and operands that are declared in the same way. */
static bool same_kernel(const struct kernel *a, const struct kernel *b)
{
    const struct op_rule *rule = &op_rules[a->node->op];
    bool same = a->node->op == b->node->op;
    for (uint32_t v = 0; same && v < rule->sizes; v++)
        same = strcmp(a->value[v].text, b->value[v].text) == 0;
    for (uint32_t o = 0; same && o < rule->operands; o++)
        same = strcmp(emit_parameter(a, o).text, emit_parameter(b, o).text) == 0;
    return same;
}

/* The place of the kernel in the list, added if it is new. Two different kernels that would have
 * the same symbol differ in a stride or in their rows: the later one also gets its user's name. */
static uint32_t enlist(struct kernels *list, const struct kernel *wanted)
{
    bool taken = false;
    for (uint32_t i = 0; i < list->count; i++)
        if (same_kernel(&list->kernel[i], wanted))
            return i;
        else if (strcmp(list->kernel[i].symbol.text, wanted->symbol.text) == 0)
            taken = true;
    struct kernel *const added = &list->kernel[list->count];
    *added = *wanted;
    if (taken) /* no other operation of these rows has that name */
        phrase_add(&added->symbol, "_%s",
                   phrase_lower(node_full_name(added->graph, added->node).text).text);
    return list->count++;
}

void kernels_find(const struct steps *steps, struct kernels *list)
{
    for (uint32_t i = 0; i < steps->op_count; i++) {
        struct kernel wanted = {.graph = steps->op[i].graph, .node = steps->op[i].node};
        const struct op_rule *rule = &op_rules[wanted.node->op];
        wanted.symbol = symbol_of(&wanted);
        for (uint32_t v = 0; v < rule->sizes; v++)
            wanted.value[v] = value_of(&wanted, &rule->size[v]);
        list->of[i] = enlist(list, &wanted);
    }
}
