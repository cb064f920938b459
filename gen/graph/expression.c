#include "gen/graph/expression.h"

#include <ctype.h>
#include <string.h>

#include "gen/front/number.h"

struct parse {
    const struct graph *graph;
    const struct node *node;
    const char *at;
};

static _Noreturn void fault(const struct parse *p, const char *at, const char *what)
{
    diagnostics_fault("kernels/ops.def", "%s: %s before \"%s\"", op_rules[p->node->op].name, what,
                      at);
}

/* What a letter is bound to. */
static const struct size *letter(const struct parse *p, const char *at)
{
    if (!isupper((unsigned char)at[0]) || isalnum((unsigned char)at[1]))
        fault(p, at, "expected a letter");
    const struct size *size = &p->node->size[*at - 'A'];
    if (size->from == NULL)
        fault(p, at, "no operand binds the letter");
    return size;
}

/* pad(M), wide(M), lines(M) */
static uint64_t function(struct parse *p, const char *name)
{
    const char *const start = p->at, *const of = start + strlen(name) + 1;
    const struct size *size = letter(p, of);
    if (of[1] != ')')
        fault(p, of + 1, "expected )");
    p->at = of + 2;
    if (strcmp(name, "pad") == 0)
        return size->pad;
    if (strcmp(name, "lines") == 0)
        return size->pad / GRAPH_PAD;
    if (strcmp(name, "wide") == 0)
        return parts_width(&size->parts);
    fault(p, start, "unknown function");
}

/* The tensor of the operand in x_stride or x_at, whose other part is `ending`; or NULL. */
static const struct tensor *operand_of(const struct parse *p, const char *name, const char *ending)
{
    const size_t length = strlen(name), end = strlen(ending);
    if (length <= end || strcmp(name + length - end, ending) != 0)
        return NULL;
    const struct phrase operand = phrase("%.*s", (int)(length - end), name);
    const uint32_t at = op_operand(p->node->op, operand.text);
    return at == OP_NOTHING ? NULL : node_tensor(p->graph, p->node, at);
}

/* A function, a letter, or "t", an attribute, x_stride, x_at. */
static uint64_t named(struct parse *p)
{
    const char *const start = p->at;
    size_t length = 0;
    while (isalnum((unsigned char)start[length]) || start[length] == '_')
        length++;
    const struct phrase name = phrase("%.*s", (int)length, start);
    if (start[length] == '(')
        return function(p, name.text);
    p->at = start + length;
    if (length == 1 && isupper((unsigned char)*start))
        return letter(p, start)->size;
    if (strcmp(name.text, "t") == 0)
        return p->node->t;
    const uint32_t attribute = op_attribute(p->node->op, name.text);
    if (attribute != OP_NOTHING)
        return p->node->word[attribute];
    const struct tensor *t = operand_of(p, name.text, "_stride");
    if (t != NULL)
        return t->dim[1];
    t = operand_of(p, name.text, "_at");
    if (t != NULL)
        return tensor_part_at(t, node_count(p->node, "part"));
    fault(p, start, "unknown word");
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
            fault(p, p->at, "expected )");
        return value;
    }
    if (!isdigit((unsigned char)*p->at))
        fault(p, p->at, "expected a number or a name");
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
            fault(p, p->at, "a rest of a division by 0");
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
