/* kernels.h, kernels.c and kernels.cu: every kernel of the model, once. A kernel is a function over
 * a constant shape; its name and its operands are the same for every backend. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"

struct phrase emit_parameter(const struct kernel *k, uint32_t operand)
{
    const struct tensor *t = node_tensor(k->graph, k->node, operand);
    const char *const name = op_rules[k->node->op].operand[operand].name;
    const char *const fixed = strchr("wm", node_access(k->node, operand)) == NULL ? "const " : "";
    if (t == NULL)
        return (struct phrase){""};
    if (t->rank == 3)
        return phrase("%s%s (*%s)[%" PRIu64 "][%" PRIu64 "]", fixed, tensor_element(t), name,
                      t->dim[1], t->dim[2]);
    if (t->role != ROLE_WEIGHT && t->rank == 2)
        return phrase("%sf32 (*%s)[%" PRIu64 "]", fixed, name, t->dim[1]);
    if (tensor_is_matrix(t))
        return phrase("const %s *%s", emit_matrix_type(t).text, name);
    if (t->role == ROLE_WEIGHT && t->packing == PACKING_DECAY)
        return phrase("const f32 (*%s)[%u][%d]", name, t->cols, GRAPH_PAD);
    if (t->role == ROLE_WEIGHT && t->packing == PACKING_TAPS)
        return phrase("const f32 (*%s)[%" PRIu64 "]", name, tensor_padded_rows(t));
    return phrase("const %s *%s", tensor_element(t), name);
}

/* "PREFIX void SYMBOL(run *r, u32 op, ..)END" */
static void signature(const struct kernel *k, const char *prefix, const char *end,
                      struct writer *writer)
{
    const size_t indent = strlen(prefix) + strlen("void (") + strlen(k->symbol.text);
    writer_list(writer, indent > 40 ? 8 : (int)indent, "%svoid %s(run *r, u32 op", prefix,
                k->symbol.text);
    for (uint32_t o = 0; o < node_operands(k->node); o++)
        if (node_has(k->node, o))
            writer_element(writer, ");", "%s", emit_parameter(k, o).text);
    writer_list_end(writer, end);
}

void emit_kernels_h(const struct program *program, struct writer *writer)
{
    emit_opening(writer, &program->steps.cfg,
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
    writer_blank(writer);
    writer_list(writer, 4, "ROPE_TABLE(rope, %u", rotary / 2);
    for (uint32_t j = 0; j < rotary; j += 2) {
        const double exponent = (double)((float)j / (float)rotary);
        const float frequency = 1.0f / (float)pow(cfg->rope_theta, exponent);
        writer_element(writer, ")", "%s", number_float(frequency).text);
    }
    writer_list_end(writer, ")");
}

/* ".M = 80, .K = 1536};" behind what opens the shape. */
static void shape(const struct kernel *k, struct writer *writer)
{
    const struct op_rule *rule = &op_rules[k->node->op];
    for (uint32_t v = 0; v < rule->sizes; v++)
        writer_element(writer, "};", ".%s = %s", rule->size[v].name, k->value[v].text);
    writer_list_end(writer, "};");
}

/* The operands for the operation's function, which sees rows as plain floats and has a place for
 * every one: "y[0], w, NULL, x[0]);". */
static void call(const struct kernel *k, struct writer *writer)
{
    for (uint32_t o = 0; o < node_operands(k->node); o++) {
        const struct tensor *t = node_tensor(k->graph, k->node, o);
        const char *const name = t == NULL ? "NULL" : op_rules[k->node->op].operand[o].name;
        const struct phrase parameter = emit_parameter(k, o);
        const bool rows = t != NULL && !t->cache && strstr(parameter.text, "(*") != NULL;
        const bool nested = rows && strstr(parameter.text, "][") != NULL;
        writer_element(writer, ");", "%s%s%s", name, rows ? "[0]" : "", nested ? "[0]" : "");
    }
    writer_list_end(writer, ");");
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
    writer_blank(writer);
    signature(k, "", ")", writer);
    writer_line(writer, "{");
    writer_list(writer, 8, "    static const struct %s_shape shape = {", function);
    shape(k, writer);
    writer_list(writer, 8, "    %s(r, &shape%s", function, table(k));
    call(k, writer);
    writer_line(writer, "    op_done(r, op);\n}");
}

/* Which of an operation's kernels a shape needs: ", CHUNK, BIAS", the words of its enumerators. */
static struct phrase words(const struct kernel *k)
{
    const struct op_rule *rule = &op_rules[k->node->op];
    struct phrase text = {""};
    for (uint32_t v = 0; v < rule->sizes; v++)
        if (rule->size[v].type == SIZE_count || rule->size[v].type == SIZE_epilogue)
            phrase_add(&text, ", %s", strchr(k->value[v].text, '_') + 1);
    return text;
}

static void kernel_cu(const struct kernel *k, struct writer *writer)
{
    const struct op_rule *rule = &op_rules[k->node->op];
    const char *const symbol = k->symbol.text;
    writer_blank(writer);
    writer_list(writer, 4, "static constexpr %s_shape %s_shape = {", rule->function, symbol);
    shape(k, writer);
    writer_line(writer, "%s_KERNELS(%s%s%s)", rule->name, symbol, table(k), words(k).text);
    signature(k, "extern \"C\" ", ")", writer);
    writer_line(writer, "{");
    writer_list(writer, 8, "    %s_launch<%s_shape>(r, op", rule->function, symbol);
    writer_element(writer, "", "%s_kernels", symbol);
    call(k, writer);
    writer_line(writer, "}");
}

/* The kernels, each below the first step that uses it, in the order of kernels/ops.def. */
static void kernels(const struct program *program, struct writer *writer,
                    void (*print)(const struct kernel *k, struct writer *writer))
{
    if (cfg_has(&program->steps.cfg, &cfg_keys[KEY_rope_theta]))
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
        for (enum op o = 0; o < op && first; o++)
            first =
                !uses(program, o) || strcmp(file, cuda ? op_rules[o].cuda : op_rules[o].cpu) != 0;
        if (first)
            writer_line(writer, "#include \"kernels/%s/%s\"", cuda ? "cuda" : "cpu", file);
    }
}

void emit_kernels_c(const struct program *program, struct writer *writer)
{
    emit_opening(writer, &program->steps.cfg,
                 "The kernels for the CPU: each is an inlined function of kernels/cpu whose loops "
                 "see only the constants of its shape (kernels/shapes.h).");
    includes(program, false, writer);
    writer_line(writer, "#include \"kernels.h\"");
    kernels(program, writer, kernel_c);
}

void emit_kernels_cu(const struct program *program, struct writer *writer)
{
    emit_opening(writer, &program->steps.cfg,
                 "The kernels for CUDA: a shape (kernels/shapes.h), the kernels that kernels/cuda "
                 "makes of it, and the function that launches them, which has the name of its "
                 "twin in kernels.c.");
    includes(program, true, writer);
    writer_line(writer, "\nextern \"C\" {");
    writer_line(writer, "#include \"kernels.h\"\n}");
    kernels(program, writer, kernel_cu);
}
