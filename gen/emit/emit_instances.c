/* kernels.h, kernels.c and kernels.cu: every kernel shape of the model, once. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"

/* Whether the node reads several matrices, which then need names of their own. */
static bool has_matrices(const struct node *node, const struct graph *graph)
{
    uint32_t matrices = 0;
    for (uint32_t o = 0; o < node_operands(node); o++) {
        const struct tensor *t = node_tensor(graph, node, o);
        matrices += t != NULL && t->role == ROLE_WEIGHT && t->packing == PACKING_MATRIX;
    }
    return matrices > 1;
}

/* How an operand is declared: rows of f32, a packed matrix, or a plain vector. */
static void parameter(const struct node *node, const struct graph *graph, uint32_t index,
                      char text[96])
{
    const struct tensor *t = node_tensor(graph, node, index);
    if (t == NULL) {
        snprintf(text, 96, "const f32 *absent_%u", index);
        return;
    }
    const char *fixed = node_access(node, index) == 'r' ? "const " : "";
    char type[64];
    if (t->role == ROLE_WEIGHT && t->packing == PACKING_MATRIX) {
        emit_matrix_type(t, type);
        snprintf(text, 96, "const %s *%s", type, has_matrices(node, graph) ? t->name : "w");
    } else if (t->role == ROLE_WEIGHT && t->packing == PACKING_DECAY) {
        snprintf(text, 96, "const f32 (*%s)[%u][%d]", t->name, t->cols, GRAPH_PAD);
    } else if (t->rank == 3) {
        snprintf(text, 96, "%s%s (*%s)[%" PRIu64 "][%" PRIu64 "]", fixed, format_name(t->type),
                 t->name, t->dim[1], t->dim[2]);
    } else if (t->role == ROLE_WEIGHT && t->packing == PACKING_TAPS) {
        snprintf(text, 96, "const f32 (*%s)[%" PRIu64 "]", t->name, tensor_padded_rows(t));
    } else if (t->role == ROLE_WEIGHT || t->rank == 1) {
        snprintf(text, 96, "const %s *%s", t->role == ROLE_WEIGHT ? "f32" : "u32", t->name);
    } else {
        snprintf(text, 96, "%sf32 (*%s)[%" PRIu64 "]", fixed, t->name, t->dim[1]);
    }
}

static void declare(const struct instance *i, struct writer *writer)
{
    char line[1024];
    size_t used = (size_t)snprintf(line, sizeof line, "void %s(run *r, u32 op", i->symbol);
    const size_t indent = strlen("void (") + strlen(i->symbol);
    for (uint32_t o = 0; o < node_operands(i->node); o++) {
        char text[96];
        if (!node_passes(i->node, o))
            continue;
        parameter(i->node, i->graph, o, text);
        if (used + 2 + strlen(text) + 2 > WRITER_COLUMNS) {
            writer_line(writer, "%s,", line);
            used = (size_t)snprintf(line, sizeof line, "%*s%s", indent > 40 ? 40 : (int)indent, "",
                                    text);
        } else {
            used += (size_t)snprintf(line + used, sizeof line - used, ", %s", text);
        }
    }
    writer_line(writer, "%s);", line);
}

void emit_kernels_h(const struct program *d, struct writer *writer)
{
    emit_opening(writer, &d->steps.cfg, "kernels.h",
                 "The kernels of this model, each shape once: the symbols that a profiler shows.");
    writer_line(writer, "#ifndef KERNELS_H\n#define KERNELS_H\n\n#include \"model.h\"\n");
    for (uint32_t i = 0; i < d->instances->count; i++)
        declare(&d->instances->instance[i], writer);
    writer_line(writer, "\n#endif");
}

/* The instances of one operation that the step is the first to use: numbers stand to the right of
 * their columns, words to the left. */
static void instances_of(const struct program *d, enum step_kind step, enum op op,
                         struct writer *writer)
{
    writer_table(writer);
    for (uint32_t i = 0; i < d->instances->count; i++) {
        const struct instance *instance = &d->instances->instance[i];
        char cells[INSTANCE_VALUES * INSTANCE_VALUE];
        size_t used = 0;
        if (instance->graph->step != step || instance->node->op != op)
            continue;
        for (uint32_t v = 0; v < instance->values; v++)
            used += (size_t)snprintf(cells + used, sizeof cells - used, ",%s %s",
                                     v > 0 && isdigit((unsigned char)instance->value[v][0]) ? "\v"
                                                                                            : "\t",
                                     instance->value[v]);
        writer_row(writer, "%s(%s%s)", op_rules[op].name, instance->symbol, cells);
    }
}

/* The frequencies of the rotation, base^(-2 j / R), rounded as transformers does in f32. */
static void rope_table(const struct cfg *cfg, struct writer *writer)
{
    const uint32_t rotary = cfg_rotary_dim(cfg);
    char line[WRITER_COLUMNS + NUMBER_MAX];
    size_t used = (size_t)snprintf(line, sizeof line, "ROPE_TABLE(rope, %u", rotary / 2);
    writer_blank(writer);
    for (uint32_t j = 0; j < rotary; j += 2) {
        char value[NUMBER_MAX];
        const float exponent = (float)j / (float)rotary;
        number_float(1.0f / (float)pow(cfg->rope_theta, (double)exponent), value);
        if (used + 2 + strlen(value) + 2 > WRITER_COLUMNS) {
            writer_line(writer, "%s,", line);
            used = (size_t)snprintf(line, sizeof line, "    %s", value);
        } else {
            used += (size_t)snprintf(line + used, sizeof line - used, ", %s", value);
        }
    }
    writer_line(writer, "%s)", line);
}

/* The list is the same for every backend; the macros it is made of are not. */
static void instances(const struct program *d, struct writer *writer)
{
    if (cfg_has(&d->steps.cfg, cfg_key("rope_theta")))
        rope_table(&d->steps.cfg, writer);
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        const uint32_t tokens = d->steps.graph[step][0].tokens;
        writer_blank(writer);
        writer_line(writer, "/* %s, %u row%s */", step_name(step), tokens, tokens == 1 ? "" : "s");
        for (enum op op = 0; op < OP_COUNT; op++)
            instances_of(d, step, op, writer);
    }
}

void emit_kernels_c(const struct program *d, struct writer *writer)
{
    emit_opening(writer, &d->steps.cfg, "kernels.c",
                 "One line makes one kernel whose loops see only these constants; the macros are "
                 "explained in kernels/cpu/kernels.h.");
    writer_line(writer, "#include \"kernels/cpu/kernels.h\"\n#include \"kernels.h\"");
    instances(d, writer);
}

void emit_kernels_cu(const struct program *d, struct writer *writer)
{
    emit_opening(writer, &d->steps.cfg, "kernels.cu",
                 "One line makes one operation: its CUDA kernels, whose loops see only these "
                 "constants, and the function that launches them; the macros are explained in "
                 "kernels/cuda/kernels.cuh.");
    writer_line(writer, "#include \"kernels/cuda/kernels.cuh\"\n\nextern \"C\" {");
    writer_line(writer, "#include \"kernels.h\"\n}");
    instances(d, writer);
}
