/* Shapes: binds the letters of each operation's row in kernels/ops.def to sizes, in the order of
 * the operations, gives every scratch buffer the shape that its first writer says, and checks that
 * everything agrees. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "gen/front/number.h"
#include "gen/graph/expression.h"

/* One operand of one node, against the shape in its row. */
struct operand {
    struct graph *graph;
    struct node *node;
    struct diagnostics *diagnostics;
    const char *name;
    struct tensor *tensor;
    char access;
    bool last; /* letters are bound: look at expressions, too */
    bool good;
};

/* "IN_PROJ of decode: " and the message; the first one of a node counts. */
#define wrong(OPERAND, ...) report(OPERAND, phrase(__VA_ARGS__))
static void report(struct operand *o, struct phrase message)
{
    if (o->good)
        diagnostics_error(o->diagnostics, 0, "%s of %s: %s", o->node->name,
                          step_name(o->graph->step), message.text);
    o->good = false;
}

static _Noreturn void fault(const struct operand *o, const char *shape)
{
    diagnostics_fault("kernels/ops.def", "%s: operand %s: a shape cannot go on with \"%s\"",
                      op_rules[o->node->op].name, o->name, shape);
}

static struct size plain(uint64_t size)
{
    return (struct size){size, number_pad(size, GRAPH_PAD), {1, {(uint32_t)size}}, NULL};
}

/* Rows of a weight, with the parts that they give to a product. */
static struct size weight_rows(const struct tensor *t)
{
    return (struct size){t->rows, tensor_padded_rows(t), t->parts, NULL};
}

static struct size weight_cols(const struct tensor *t)
{
    return (struct size){t->cols, tensor_stored_cols(t), {1, {t->product_cols}}, NULL};
}

/* A letter that stands alone: binds it, or compares with what it is bound to. Weights have the same
 * size; activations, which know of no checkpoint, are as wide as products make them. */
static void bind(struct operand *o, char letter, struct size found)
{
    struct size *const bound = &o->node->size[letter - 'A'];
    const bool weight = o->tensor->role == ROLE_WEIGHT;
    if (bound->from == NULL) {
        *bound = found;
        bound->from = o->name;
        return;
    }
    const uint64_t here = weight ? found.size : parts_width(&found.parts);
    const uint64_t there = weight ? bound->size : parts_width(&bound->parts);
    if (here != there)
        wrong(o, "%c of %s is %" PRIu64 ", that of %s is %" PRIu64, letter, o->name, here,
              bound->from, there);
    else if (found.pad != bound->pad)
        wrong(o, "%c of %s is %" PRIu64 " with pads, that of %s is %" PRIu64, letter, o->name,
              found.pad, bound->from, bound->pad);
}

static bool is_letter(const char *text)
{
    return isupper((unsigned char)text[0]) && text[1] != '(' && strchr("+-*/%=", text[1]) == NULL;
}

/* The end of an expression in a list. */
static const char *behind(const char *text)
{
    uint32_t open = 0;
    for (; *text != '\0' && (open > 0 || strchr(",|)]}", *text) == NULL); text++)
        open = *text == '(' ? open + 1 : *text == ')' ? open - 1 : open;
    return text;
}

/* One dimension of the shape, a letter or an expression, against the tensor's. */
static void dimension(struct operand *o, const char **shape, const char *what, struct size found)
{
    const char *const start = *shape;
    if (is_letter(start)) {
        bind(o, *start, found);
        (*shape)++;
        return;
    }
    if (!o->last) {
        *shape = behind(start);
        return;
    }
    const uint64_t expected = expression_value(o->graph, o->node, shape);
    const uint64_t here = parts_width(&found.parts);
    if (expected != here)
        wrong(o, "%s of %s is %" PRIu64 ", expected %.*s, %" PRIu64, what, o->name, here,
              (int)(*shape - start), start, expected);
}

/* Whether the shape goes on with `text`, which is skipped. */
static bool starts(const char **shape, const char *text)
{
    const size_t length = strlen(text);
    if (strncmp(*shape, text, length) != 0)
        return false;
    *shape += length;
    return true;
}

static void need(const struct operand *o, const char **shape, const char *text)
{
    if (!starts(shape, text))
        fault(o, *shape);
}

static void packed(struct operand *o, enum packing packing)
{
    if (o->tensor->role != ROLE_WEIGHT || o->tensor->packing != packing)
        wrong(o, "packing of %s is %d, expected %d", o->name, (int)o->tensor->packing,
              (int)packing);
}

/* "M,K" and the end of the list. */
static void two(struct operand *o, const char **shape, struct size cols, const char *end)
{
    dimension(o, shape, "rows", weight_rows(o->tensor));
    need(o, shape, ",");
    dimension(o, shape, "columns", cols);
    need(o, shape, end);
}

/* {M,K}, E{M,K}, taps[M,K], decay[I,N], rate[H], [M] */
static void weight(struct operand *o, const char *shape)
{
    const struct tensor *t = o->tensor;
    if (isupper((unsigned char)shape[0]) && shape[1] == '{') {
        bind(o, *shape++, plain(t->experts));
    } else if (t->experts > 0) {
        wrong(o, "%s is a matrix for each of %u experts, expected one", o->name, t->experts);
    }
    if (starts(&shape, "{")) {
        packed(o, PACKING_MATRIX);
        two(o, &shape, weight_cols(t), "}");
    } else if (starts(&shape, "taps[")) {
        packed(o, PACKING_TAPS);
        two(o, &shape, plain(t->cols), "]");
    } else if (starts(&shape, "decay[")) {
        packed(o, PACKING_DECAY);
        two(o, &shape, plain(t->cols), "]");
    } else {
        packed(o, starts(&shape, "rate") ? PACKING_RATE : PACKING_VECTOR);
        need(o, &shape, "[");
        dimension(o, &shape, "length", weight_rows(t));
        need(o, &shape, "]");
        if (t->cols != 1)
            wrong(o, "columns of %s are %u, expected 1", o->name, t->cols);
    }
}

/* Gives a fresh buffer its rows, as wide as a letter or an expression says. */
static void infer(struct operand *o, uint64_t rows, const char *width)
{
    struct tensor *t = o->tensor;
    struct size size;
    if (is_letter(width)) {
        size = o->node->size[*width - 'A'];
        if (size.from == NULL)
            fault(o, width);
    } else {
        size = plain(expression_value(o->graph, o->node, &width));
    }
    t->rank = 2;
    t->dim[0] = rows;
    t->dim[1] = size.pad;
    t->parts = size.parts;
}

/* The node's part of a row. */
static struct size own_part(struct operand *o)
{
    const uint32_t part = node_count(o->node, "part");
    if (part >= o->tensor->parts.count) {
        wrong(o, "%s has %u parts, expected one more than %u", o->name, o->tensor->parts.count,
              part);
        return plain(0);
    }
    return plain(o->tensor->parts.of[part]);
}

/* "I|I)" or "R,N,N)": what lies side by side. */
static void parts(struct operand *o, const char *shape, uint32_t count)
{
    const struct tensor *t = o->tensor;
    uint64_t pads = 0;
    bool apart = false;
    if (t->parts.count != count) {
        wrong(o, "parts of %s are %u, expected %u", o->name, t->parts.count, count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        dimension(o, &shape, "a part", plain(t->parts.of[i]));
        pads += number_pad(t->parts.of[i], GRAPH_PAD);
        apart = apart || *shape == '|';
        if (!starts(&shape, "|") && !starts(&shape, ","))
            need(o, &shape, ")");
    }
    const uint64_t row = apart ? pads : number_pad(parts_width(&t->parts), GRAPH_PAD);
    if (t->dim[1] != row)
        wrong(o, "row of %s is %" PRIu64 ", expected %" PRIu64, o->name, t->dim[1], row);
}

/* What stands in ( ): the width of a row. */
static void width(struct operand *o, const char *shape)
{
    uint32_t count = 1;
    for (const char *c = shape; *c != ')' && *c != '\0'; c++)
        count += *c == '|' || *c == ',';
    if (starts(&shape, "@")) {
        dimension(o, &shape, "the part", own_part(o));
    } else if (count > 1) {
        parts(o, shape, count);
        return;
    } else {
        const struct tensor *t = o->tensor;
        const struct size row = {parts_width(&t->parts), t->dim[1], t->parts, NULL};
        const struct size *bound = is_letter(shape) ? &o->node->size[*shape - 'A'] : NULL;
        if (bound != NULL && bound->from != NULL && bound->parts.count != row.parts.count)
            wrong(o, "parts of %s are %u, expected %u", o->name, row.parts.count,
                  bound->parts.count);
        dimension(o, &shape, "width", row);
        if (starts(&shape, "@"))
            dimension(o, &shape, "the part", own_part(o));
    }
    need(o, &shape, ")");
}

/* [t](M) and its like: rows of activations, or of a state. */
static void rows(struct operand *o, const char *shape, const char *in_row)
{
    struct tensor *t = o->tensor;
    if (t->rank == 0 && !o->last)
        return; /* until letters are bound */
    if (t->rank == 0)
        infer(o, expression_value(o->graph, o->node, &shape), in_row);
    else if (o->last && t->role != ROLE_IO) /* io has room for the most rows of any step */
        dimension(o, &shape, "rows", plain(t->dim[0]));
    if (t->rank != 2)
        wrong(o, "%s has %u dimensions, expected rows", o->name, t->rank);
    else
        width(o, in_row);
}

/* [G,C,D] */
static void array(struct operand *o, const char *shape)
{
    static const char *const names[] = {"first dimension", "second dimension", "third dimension"};
    const struct tensor *t = o->tensor;
    for (uint32_t i = 0; i < t->rank; i++) {
        dimension(o, &shape, names[i], plain(t->dim[i]));
        need(o, &shape, i + 1 < t->rank ? "," : "]");
    }
}

static void fit(struct operand *o, const char *shape)
{
    const bool rows_of = shape[0] == '[' && strstr(shape, "](") != NULL;
    if (strcmp(shape, "tokens[t]") == 0) {
        if (!o->tensor->ids)
            wrong(o, "type of %s is %s, expected u32", o->name, tensor_element(o->tensor));
    } else if (rows_of) {
        rows(o, shape + 1, strstr(shape, "](") + 2);
    } else if (shape[0] == '[' && o->tensor->role != ROLE_WEIGHT) {
        array(o, shape + 1);
    } else {
        weight(o, shape);
    }
}

/* One pass over the operands: weights, or all others; or all once more, with expressions. */
enum pass { WEIGHTS, OTHERS, LAST };

static bool pass(struct operand *o, enum pass which)
{
    const struct op_rule *rule = &op_rules[o->node->op];
    for (uint32_t i = 0; o->good && i < rule->operands; i++) {
        const uint32_t id = o->node->word[i];
        o->name = rule->operand[i].name;
        o->access = node_access(o->node, i);
        o->tensor = &o->graph->tensor[id];
        o->last = which == LAST;
        if (id == GRAPH_NONE && o->access != 'o')
            wrong(o, "it has no %s", o->name);
        else if (id != GRAPH_NONE &&
                 (which == LAST || (o->tensor->role == ROLE_WEIGHT) == (which == WEIGHTS)))
            fit(o, rule->operand[i].shape);
    }
    return o->good;
}

/* Whether the kernel's shape has a field for the type of this operand. */
static bool told(const struct op_rule *rule, const char *name)
{
    for (uint32_t i = 0; i < rule->sizes; i++)
        if (rule->size[i].type == SIZE_format && strcmp(rule->size[i].value, name) == 0)
            return true;
    return false;
}

/* What letters cannot say: a matrix or a cache whose type the kernel is not told has that of the
 * last one of which it is. */
static void types(struct operand *o)
{
    const struct op_rule *rule = &op_rules[o->node->op];
    const struct tensor *first = NULL;
    for (uint32_t i = 0; i < rule->operands; i++) {
        const struct tensor *t = node_tensor(o->graph, o->node, i);
        if (t == NULL || !(t->cache || tensor_is_matrix(t)))
            continue;
        if (first == NULL || told(rule, rule->operand[i].name))
            first = t;
        else if (t->type != first->type)
            wrong(o, "type of %s is %s, that of %s is %s", t->name, format_name(t->type),
                  first->name, format_name(first->type));
    }
}

/* The equations behind an attribute. */
static void equations(struct operand *o, const char *rule)
{
    while (*rule != '\0') {
        const char *const start = rule;
        const uint64_t left = expression_value(o->graph, o->node, &rule);
        need(o, &rule, "=");
        const uint64_t right = expression_value(o->graph, o->node, &rule);
        if (left != right)
            wrong(o, "%.*s does not hold: %" PRIu64 " and %" PRIu64, (int)(rule - start), start,
                  left, right);
        if (*rule != '\0')
            need(o, &rule, ", ");
    }
}

/* Everything that the node reads has been written. */
static void written(struct operand *o)
{
    for (uint32_t i = 0; i < op_rules[o->node->op].operands; i++) {
        const struct tensor *t = node_tensor(o->graph, o->node, i);
        if (o->good && t != NULL && t->role != ROLE_WEIGHT && t->rank == 0 &&
            node_access(o->node, i) != 'w') {
            diagnostics_error(o->diagnostics, 0, "%s of %s reads %s before anything writes it",
                              o->node->name, step_name(o->graph->step), t->name);
            o->good = false;
        }
    }
}

bool graph_shape(struct graph *graph, struct diagnostics *diagnostics)
{
    for (uint32_t i = 0; i < graph->node_count; i++) {
        struct node *node = &graph->node[i];
        struct operand o = {.graph = graph, .node = node, .diagnostics = diagnostics, .good = true};
        const struct op_rule *rule = &op_rules[node->op];
        node->t = graph->tokens;
        memset(node->size, 0, sizeof node->size);
        written(&o);
        if (!o.good || !pass(&o, WEIGHTS) || !pass(&o, OTHERS) || !pass(&o, LAST))
            return false;
        types(&o);
        for (uint32_t a = 0; a < rule->attributes; a++)
            equations(&o, rule->attribute[a].rule);
        if (!o.good)
            return false;
    }
    return true;
}
