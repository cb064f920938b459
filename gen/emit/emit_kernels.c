/* kernels.h, kernels.c and kernels.cu: every kernel of the model, once. A kernel is a function over
 * a constant shape; its name and its operands are the same for every backend. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"

/* A list with commas, in lines that are continued `indent` columns in. */
struct list {
    struct writer *writer;
    int indent;
    bool filled; /* has an element */
    size_t used;
    char line[2 * WRITER_COLUMNS];
};

static struct list list_open(struct writer *writer, int indent, const char *start)
{
    struct list list = {.writer = writer, .indent = indent};
    list.used = (size_t)snprintf(list.line, sizeof list.line, "%s", start);
    return list;
}

/* One element more; of the last one `end` is what stands behind it in its line. */
static void list_add(struct list *list, const char *element, const char *end)
{
    const size_t length = strlen(element) + (end[0] == '\0' ? 1 : strlen(end));
    if (list->used + 2 + length > WRITER_COLUMNS) {
        writer_line(list->writer, "%s%s", list->line, list->filled ? "," : "");
        list->used =
            (size_t)snprintf(list->line, sizeof list->line, "%*s%s", list->indent, "", element);
    } else {
        list->used += (size_t)snprintf(list->line + list->used, sizeof list->line - list->used,
                                       "%s%s", list->filled ? ", " : "", element);
    }
    list->filled = true;
}

static void list_close(const struct list *list, const char *end)
{
    writer_line(list->writer, "%s%s", list->line, end);
}

void emit_parameter(const struct kernel *k, uint32_t operand, char text[EMIT_PARAMETER])
{
    const struct tensor *t = node_tensor(k->graph, k->node, operand);
    const char *const name = op_rules[k->node->op].operand[operand].name;
    const char *const fixed = strchr("wm", node_access(k->node, operand)) == NULL ? "const " : "";
    char type[64];
    text[0] = '\0';
    if (t == NULL)
        return;
    if (t->role == ROLE_WEIGHT && t->packing == PACKING_MATRIX) {
        emit_matrix_type(t, type);
        snprintf(text, EMIT_PARAMETER, "const %s *%s", type, name);
    } else if (t->role == ROLE_WEIGHT && t->packing == PACKING_DECAY) {
        snprintf(text, EMIT_PARAMETER, "const f32 (*%s)[%u][%d]", name, t->cols, GRAPH_PAD);
    } else if (t->rank == 3) {
        snprintf(text, EMIT_PARAMETER, "%s%s (*%s)[%" PRIu64 "][%" PRIu64 "]", fixed,
                 tensor_element(t), name, t->dim[1], t->dim[2]);
    } else if (t->role == ROLE_WEIGHT && t->packing == PACKING_TAPS) {
        snprintf(text, EMIT_PARAMETER, "const f32 (*%s)[%" PRIu64 "]", name, tensor_padded_rows(t));
    } else if (t->role == ROLE_WEIGHT || t->rank == 1) {
        snprintf(text, EMIT_PARAMETER, "const %s *%s", tensor_element(t), name);
    } else {
        snprintf(text, EMIT_PARAMETER, "%sf32 (*%s)[%" PRIu64 "]", fixed, name, t->dim[1]);
    }
}

/* "PREFIX void SYMBOL(run *r, u32 op, ..)END" */
static void signature(const struct kernel *k, const char *prefix, const char *end,
                      struct writer *writer)
{
    char start[WRITER_COLUMNS + 64];
    const int indent = (int)strlen(prefix) + (int)strlen("void (") + (int)strlen(k->symbol);
    snprintf(start, sizeof start, "%svoid %s(run *r, u32 op", prefix, k->symbol);
    struct list list = list_open(writer, indent > 40 ? 8 : indent, start);
    list.filled = true;
    for (uint32_t o = 0; o < node_operands(k->node); o++) {
        char text[EMIT_PARAMETER];
        emit_parameter(k, o, text);
        if (text[0] != '\0')
            list_add(&list, text, ");");
    }
    list_close(&list, end);
}

void emit_kernels_h(const struct program *program, struct writer *writer)
{
    emit_opening(writer, &program->steps.cfg, "kernels.h",
                 "The kernels of this model, each shape once: the symbols that a profiler shows.");
    writer_line(writer, "#ifndef KERNELS_H\n#define KERNELS_H\n\n#include \"model.h\"\n");
    for (uint32_t i = 0; i < program->kernels->count; i++)
        signature(&program->kernels->kernel[i], "", ");", writer);
    writer_line(writer, "\n#endif");
}

/* The frequencies of the rotation, base^(-2 j / R), rounded as transformers does in f32. */
static void rope_table(const struct cfg *cfg, struct writer *writer)
{
    const uint32_t rotary = cfg_rotary_dim(cfg);
    char start[64];
    snprintf(start, sizeof start, "ROPE_TABLE(rope, %u", rotary / 2);
    struct list list = list_open(writer, 4, start);
    list.filled = true;
    writer_blank(writer);
    for (uint32_t j = 0; j < rotary; j += 2) {
        char value[NUMBER_MAX];
        const float exponent = (float)j / (float)rotary;
        number_float(1.0f / (float)pow(cfg->rope_theta, (double)exponent), value);
        list_add(&list, value, ")");
    }
    list_close(&list, ")");
}

/* ".M = 80, .K = 1536};" behind what opens the shape. */
static void shape(const struct kernel *k, const char *start, struct writer *writer)
{
    const struct op_rule *rule = &op_rules[k->node->op];
    const int indent = (int)strspn(start, " ") + 4;
    struct list list = list_open(writer, indent, start);
    for (uint32_t v = 0; v < rule->sizes; v++) {
        char field[KERNEL_VALUE + 32];
        snprintf(field, sizeof field, ".%s = %s", rule->size[v].name, k->value[v]);
        list_add(&list, field, "};");
    }
    list_close(&list, "};");
}

/* The operands for the operation's function, which sees rows as plain floats and has a place for
 * every one: "y[0], w, NULL, x[0]);". */
static void call(const struct kernel *k, struct list *list)
{
    for (uint32_t o = 0; o < node_operands(k->node); o++) {
        const struct tensor *t = node_tensor(k->graph, k->node, o);
        char parameter[EMIT_PARAMETER], text[64] = "NULL";
        emit_parameter(k, o, parameter);
        const bool rows = strstr(parameter, "(*") != NULL && !t->cache;
        const bool nested = rows && strstr(parameter, "][") != NULL;
        if (t != NULL)
            snprintf(text, sizeof text, "%s%s%s", op_rules[k->node->op].operand[o].name,
                     rows ? "[0]" : "", nested ? "[0]" : "");
        list_add(list, text, ");");
    }
    list_close(list, ");");
}

/* ", rope" of an operation that rotates; the table of frequencies. */
static const char *table(const struct kernel *k)
{
    if (op_attribute(k->node->op, "rotary") == OP_NOTHING)
        return "";
    return node_count(k->node, "rotary") > 0 ? ", rope" : ", NULL";
}

static void kernel_c(const struct kernel *k, struct writer *writer)
{
    const char *const function = op_rules[k->node->op].function;
    char start[128];
    writer_blank(writer);
    signature(k, "", ")", writer);
    writer_line(writer, "{");
    snprintf(start, sizeof start, "    static const struct %s_shape shape = {", function);
    shape(k, start, writer);
    snprintf(start, sizeof start, "    %s(r, &shape%s", function, table(k));
    struct list list = list_open(writer, 8, start);
    list.filled = true;
    call(k, &list);
    writer_line(writer, "    op_done(r, op);\n}");
}

/* Which of an operation's kernels a shape needs: ", CHUNK, BIAS", the words of its enumerators. */
static void words(const struct kernel *k, char text[64])
{
    const struct op_rule *rule = &op_rules[k->node->op];
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t v = 0; v < rule->sizes; v++)
        if (rule->size[v].type == SIZE_count || rule->size[v].type == SIZE_epilogue)
            used += (size_t)snprintf(text + used, 64 - used, ", %s", strchr(k->value[v], '_') + 1);
}

static void kernel_cu(const struct kernel *k, struct writer *writer)
{
    const struct op_rule *rule = &op_rules[k->node->op];
    char start[256], choice[64];
    words(k, choice);
    writer_blank(writer);
    snprintf(start, sizeof start, "static constexpr %s_shape %s_shape = {", rule->function,
             k->symbol);
    shape(k, start, writer);
    writer_line(writer, "%s_KERNELS(%s%s%s)", rule->name, k->symbol, table(k), choice);
    signature(k, "extern \"C\" ", ")", writer);
    writer_line(writer, "{");
    snprintf(start, sizeof start, "    %s_launch<%s_shape>(r, op", rule->function, k->symbol);
    struct list list = list_open(writer, 8, start);
    list.filled = true;
    snprintf(start, sizeof start, "%s_kernels", k->symbol);
    list_add(&list, start, "");
    call(k, &list);
    writer_line(writer, "}");
}

/* The kernels, each below the first step that uses it, in the order of kernels/ops.def. */
static void kernels(const struct program *program, struct writer *writer,
                    void (*print)(const struct kernel *k, struct writer *writer))
{
    if (cfg_has(&program->steps.cfg, cfg_key("rope_theta")))
        rope_table(&program->steps.cfg, writer);
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        const uint32_t tokens = program->steps.graph[step][0].tokens;
        writer_blank(writer);
        writer_line(writer, "/* %s, %u row%s */", step_name(step), tokens, tokens == 1 ? "" : "s");
        for (enum op op = 0; op < OP_COUNT; op++)
            for (uint32_t i = 0; i < program->kernels->count; i++) {
                const struct kernel *k = &program->kernels->kernel[i];
                if (k->graph->step == step && k->node->op == op)
                    print(k, writer);
            }
    }
}

/* Whether the model has a kernel of this operation. */
static bool uses(const struct program *program, enum op op)
{
    for (uint32_t i = 0; i < program->kernels->count; i++)
        if (program->kernels->kernel[i].node->op == op)
            return true;
    return false;
}

/* The files of the operations that the model has, each once. */
static void includes(const struct program *program, bool cuda, struct writer *writer)
{
    for (enum op op = 0; op < OP_COUNT; op++) {
        const char *const file = cuda ? op_rules[op].cuda : op_rules[op].cpu;
        bool first = uses(program, op);
        for (enum op before = 0; before < op; before++)
            if (uses(program, before) &&
                strcmp(file, cuda ? op_rules[before].cuda : op_rules[before].cpu) == 0)
                first = false;
        if (first)
            writer_line(writer, "#include \"kernels/%s/%s\"", cuda ? "cuda" : "cpu", file);
    }
}

void emit_kernels_c(const struct program *program, struct writer *writer)
{
    emit_opening(writer, &program->steps.cfg, "kernels.c",
                 "The kernels for the CPU: each is an inlined function of kernels/cpu whose loops "
                 "see only the constants of its shape (kernels/shapes.h).");
    includes(program, false, writer);
    writer_line(writer, "#include \"kernels.h\"");
    kernels(program, writer, kernel_c);
}

void emit_kernels_cu(const struct program *program, struct writer *writer)
{
    emit_opening(writer, &program->steps.cfg, "kernels.cu",
                 "The kernels for CUDA: a shape (kernels/shapes.h), the kernels that kernels/cuda "
                 "makes of it, and the function that launches them, which has the name of its "
                 "twin in kernels.c.");
    includes(program, true, writer);
    writer_line(writer, "\nextern \"C\" {");
    writer_line(writer, "#include \"kernels.h\"\n}");
    kernels(program, writer, kernel_cu);
}
