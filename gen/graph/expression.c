#include "gen/graph/expression.h"

#include <ctype.h>
#include <string.h>

#include "gen/front/number.h"

struct parse {
    const struct graph *graph;
    const struct node *node;
    const char *at;
};

static _Noreturn void fault(const struct parse *p, const char *what)
{
    diagnostics_fault("kernels/ops.def", "%s: %s before \"%s\"", op_rules[p->node->op].name, what,
                      p->at);
}

/* A letter that is bound. */
static const struct size *letter(struct parse *p)
{
    if (!isupper((unsigned char)*p->at) || isalnum((unsigned char)p->at[1]))
        fault(p, "expected a letter");
    const struct size *size = &p->node->size[*p->at - 'A'];
    if (size->from == NULL)
        fault(p, "no operand binds the letter");
    p->at++;
    return size;
}

/* "pad", "x_stride": letters, digits and '_', the last as far as it fits. */
static size_t word(struct parse *p, char text[32])
{
    size_t length = 0;
    while (isalnum((unsigned char)p->at[length]) || p->at[length] == '_')
        length++;
    snprintf(text, 32, "%.*s", length < 32 ? (int)length : 31, p->at);
    return length;
}

/* pad(M), wide(M), lines(M) */
static uint64_t function(struct parse *p, const char *name)
{
    const char *const start = p->at;
    p->at += strlen(name) + 1;
    const char of = *p->at;
    const struct size *size = letter(p);
    if (*p->at != ')')
        fault(p, "expected )");
    p->at++;
    if (strcmp(name, "pad") == 0)
        return size->pad;
    if (strcmp(name, "lines") == 0)
        return size->pad / GRAPH_PAD;
    if (strcmp(name, "wide") == 0)
        return node_wide(p->node, of);
    p->at = start;
    fault(p, "unknown function");
}

/* The tensor of the operand in x_stride or x_at, whose other part is `ending`; or NULL. */
static const struct tensor *operand_of(const struct parse *p, const char *name, const char *ending)
{
    char operand[32];
    const size_t length = strlen(name), end = strlen(ending);
    if (length <= end || strcmp(name + length - end, ending) != 0)
        return NULL;
    snprintf(operand, sizeof operand, "%.*s", (int)(length - end), name);
    const uint32_t at = op_operand(p->node->op, operand);
    return at == OP_NOTHING ? NULL : node_tensor(p->graph, p->node, at);
}

static uint64_t named(struct parse *p)
{
    char name[32];
    const size_t length = word(p, name);
    if (p->at[length] == '(')
        return function(p, name);
    if (length == 1 && isupper((unsigned char)*p->at))
        return letter(p)->size;
    p->at += length;
    if (strcmp(name, "t") == 0)
        return p->node->t;
    const uint32_t attribute = op_attribute(p->node->op, name);
    if (attribute != OP_NOTHING)
        return p->node->word[attribute];
    const struct tensor *t = operand_of(p, name, "_stride");
    if (t != NULL)
        return t->dim[1];
    t = operand_of(p, name, "_at");
    if (t != NULL)
        return tensor_part_at(t, node_count(p->node, "part"));
    p->at -= length;
    fault(p, "unknown word");
}

static uint64_t sum(struct parse *p);

static uint64_t factor(struct parse *p)
{
    uint64_t value = 0;
    if (isalpha((unsigned char)*p->at))
        return named(p);
    if (*p->at == '(') {
        p->at++;
        value = sum(p);
        if (*p->at++ != ')')
            fault(p, "expected )");
        return value;
    }
    if (!isdigit((unsigned char)*p->at))
        fault(p, "expected a number or a name");
    while (isdigit((unsigned char)*p->at))
        value = value * 10 + (uint64_t)(*p->at++ - '0');
    return value;
}

static uint64_t product(struct parse *p)
{
    uint64_t value = factor(p);
    while (*p->at == '*' || *p->at == '%') {
        const char operation = *p->at++;
        const uint64_t by = factor(p);
        if (operation == '%' && by == 0)
            fault(p, "a rest of a division by 0");
        value = operation == '*' ? value * by : value % by;
    }
    return value;
}

static uint64_t sum(struct parse *p)
{
    uint64_t value = product(p);
    while (*p->at == '+' || *p->at == '-') {
        const char operation = *p->at++;
        const uint64_t by = product(p);
        value = operation == '+' ? value + by : value - by;
    }
    return value;
}

uint64_t expression_value(const struct graph *graph, const struct node *node, const char **text)
{
    struct parse p = {graph, node, *text};
    const uint64_t value = sum(&p);
    *text = p.at;
    return value;
}
