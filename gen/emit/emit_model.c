/* model.h: dimensions, packed types, weights, operations. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"
#include "runtime/base/number_text.h"

static void dimensions(const struct program *program, struct writer *writer)
{
    writer_line(writer, "\nenum {");
    for (uint32_t i = 0; i < cfg_key_count; i++) {
        char value[CFG_VALUE_MAX + 1];
        if (cfg_keys[i].dimension[0] == '\0' || !cfg_has(&program->steps.cfg, &cfg_keys[i]))
            continue;
        cfg_value(&program->steps.cfg, &cfg_keys[i], value);
        writer_row(writer, "    %s\t = \v%s,\t /* %s */", cfg_keys[i].dimension, value,
                   cfg_keys[i].meaning);
    }
    writer_line(writer, "};");
}

static bool is_matrix(const struct tensor *t)
{
    return t->role == ROLE_WEIGHT && t->packing == PACKING_MATRIX;
}

/* Whether an earlier tensor of the graphs has the same packed type. */
static bool typed_before(const struct graph *graphs, uint32_t kind, uint32_t index)
{
    char mine[64], other[64];
    emit_matrix_type(&graphs[kind].tensor[index], mine);
    for (uint32_t k = 0; k <= kind; k++)
        for (uint32_t i = 0; i < (k == kind ? index : graphs[k].tensor_count); i++) {
            if (!is_matrix(&graphs[k].tensor[i]))
                continue;
            emit_matrix_type(&graphs[k].tensor[i], other);
            if (strcmp(mine, other) == 0)
                return true;
        }
    return false;
}

static void matrix_type(const struct tensor *t, struct writer *writer)
{
    char type[64], size[NUMBER_MAX];
    emit_matrix_type(t, type);
    number_decimal_bytes(tensor_bytes(t) / (t->experts > 0 ? t->experts : 1), size);
    const uint64_t rows = tensor_padded_rows(t), cols = tensor_stored_cols(t);
    writer_row(writer,
               "typedef struct {\t %s w[\v%" PRIu64 "%s\t * \v%" PRIu64 "\t]; }\t %s;\t /* \v%s */",
               format_name(t->type), rows, rows * cols > INT32_MAX ? "ul" : "", cols, type, size);
}

static void matrix_types(const struct program *program, struct writer *writer)
{
    const struct graph *decode = program->steps.graph[STEP_DECODE];
    writer_blank(writer);
    writer_comment(
        writer,
        "Packed matrices, in the order of the backend; every shape a type of its own, so that "
        "a wrong weight does not compile.");
    for (uint32_t k = 0; k < program->steps.kind_count; k++)
        for (uint32_t i = 0; i < decode[k].tensor_count; i++)
            if (is_matrix(&decode[k].tensor[i]) && !typed_before(decode, k, i))
                matrix_type(&decode[k].tensor[i], writer);
}

/* "norm[768]" or "A[16][1536]" with its type; a matrix is its struct. */
static void member(const struct tensor *t, char type[64], char name[64])
{
    snprintf(type, 64, "%s", format_name(t->type));
    switch (t->packing) {
    case PACKING_MATRIX:
        emit_matrix_type(t, type);
        if (t->experts > 0)
            snprintf(name, 64, "%s[%u]", t->name, t->experts);
        else
            snprintf(name, 64, "%s", t->name);
        return;
    case PACKING_VECTOR:
    case PACKING_RATE:
        snprintf(name, 64, "%s[%" PRIu64 "]", t->name, tensor_padded_rows(t));
        return;
    case PACKING_TAPS:
        snprintf(name, 64, "%s[%u][%" PRIu64 "]", t->name, t->cols, tensor_padded_rows(t));
        return;
    case PACKING_DECAY:
        snprintf(name, 64, "%s[%" PRIu64 "][%u][%d]", t->name, tensor_padded_rows(t) / GRAPH_PAD,
                 t->cols, GRAPH_PAD);
        return;
    }
}

static void weights_of(const struct graph *decode, enum place place, struct writer *writer)
{
    for (uint32_t i = 0; i < decode->tensor_count; i++) {
        const struct tensor *t = &decode->tensor[i];
        if (t->role != ROLE_WEIGHT || t->place != place)
            continue;
        char type[64], name[64], size[NUMBER_MAX];
        member(t, type, name);
        number_decimal_bytes(tensor_bytes(t), size);
        writer_row(writer, "    alignas(64) %s\t %s;\t /* \v%s\t%s%s */", type, name, size,
                   t->note[0] != '\0' ? "  " : "", t->note);
    }
}

static void weights(const struct program *program, struct writer *writer)
{
    const struct steps *steps = &program->steps;
    const struct graph *decode = steps->graph[STEP_DECODE];
    for (uint32_t k = 0; k < steps->kind_count; k++) {
        writer_line(writer, "\nstruct %s_weights {", steps->kind[k].name);
        weights_of(&decode[k], PLACE_LAYER, writer);
        writer_line(writer, "};");
    }
    writer_line(writer, "\n/* The image of the weight file. */");
    writer_line(writer, "struct weights {");
    weights_of(decode, PLACE_PROLOGUE, writer);
    if (steps->kind_count == 1)
        writer_row(writer, "    struct layer_weights\t layer[LAYERS];");
    for (uint32_t k = 0; steps->kind_count > 1 && k < steps->kind_count; k++)
        writer_row(writer, "    struct %s_weights\t %s[%u];", steps->kind[k].name,
                   steps->kind[k].name, steps->kind[k].layers);
    weights_of(decode, PLACE_EPILOGUE, writer);
    writer_line(writer, "};");
}

/* The names of the kinds, if the model has several, and where the table of its layers is. */
static void kinds(const struct program *program, struct writer *writer)
{
    char line[WRITER_COLUMNS + 1] = "enum kind {";
    if (program->steps.kind_count == 1)
        return;
    for (uint32_t k = 0; k < program->steps.kind_count; k++) {
        char name[32];
        const size_t used = strlen(line);
        emit_kind(&program->steps.kind[k], name);
        snprintf(line + used, sizeof line - used, " %s%s%s", name, k == 0 ? " = 1" : "",
                 k + 1 < program->steps.kind_count ? "," : " };");
    }
    writer_blank(writer);
    writer_comment(writer, "The kinds of layers; and every layer in its order, in tables.c.");
    writer_line(writer, "%s\nextern const struct model_layer layers[LAYERS];", line);
}

static void operations(const struct program *program, struct writer *writer)
{
    writer_blank(writer);
    writer_comment(writer, "Every operation of every step, by its index in model.ops.");
    writer_line(writer, "enum op {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        struct step_op ops[STEP_OPS];
        const uint32_t count = steps_ops(&program->steps, step, ops);
        char line[1024] = "   ";
        size_t used = 3;
        for (uint32_t i = 0; i < count; i++) {
            char name[64], word[72];
            emit_op(ops[i].graph, ops[i].index, name);
            int length = snprintf(word, sizeof word, " %s,", name);
            if (used + (size_t)length > WRITER_COLUMNS) {
                writer_line(writer, "%s", line);
                used = 3;
            }
            snprintf(line + used, sizeof line - used, "%s", word);
            used += (size_t)length;
        }
        writer_line(writer, "%s", line);
    }
    writer_line(writer, "    OPS\n};");
}

void emit_model_h(const struct program *program, struct writer *writer)
{
    char bytes[NUMBER_MAX], count[16];
    number_decimal_bytes(program->layout.weights_bytes, bytes);
    snprintf(count, sizeof count, "%u kinds", program->steps.kind_count);
    if (program->steps.kind_count == 1)
        strcpy(count, "one kind");
    emit_opening(writer, &program->steps.cfg, "model.h",
                 "%s: %s parameters in %s of weights, %u layers of %s.", program->steps.cfg.name,
                 number_text_grouped(program->layout.parameters).text, bytes,
                 program->steps.cfg.num_hidden_layers, count);
    writer_line(writer, "#ifndef MODEL_H\n#define MODEL_H\n\n#include \"runtime/base/run.h\"");
    dimensions(program, writer);
    matrix_types(program, writer);
    weights(program, writer);
    kinds(program, writer);
    operations(program, writer);
    writer_line(writer,
                "\nvoid decode(run *r);\nvoid prefill(run *r);\nvoid head(run *r);\n\n#endif");
}
