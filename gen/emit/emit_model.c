/* model.h: dimensions, packed types, weights, operations. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"
#include "runtime/base/number_text.h"

static void dimensions(const struct program *program, struct writer *writer)
{
    writer_line(writer, "\nenum {");
    for (uint32_t i = 0; i < KEYS; i++) {
        const struct key *key = &cfg_keys[i];
        if (key->dimension[0] != '\0' && cfg_has(&program->steps.cfg, key))
            writer_row(writer, "    %s\t = \v%s,\t /* %s */", key->dimension,
                       cfg_value(&program->steps.cfg, key).text, key->meaning);
    }
    writer_line(writer, "};");
}

/* Whether an earlier tensor of the graphs has the same packed type. */
static bool typed_before(const struct graph *graphs, uint32_t kind, uint32_t index)
{
    const struct phrase mine = emit_matrix_type(&graphs[kind].tensor[index]);
    for (uint32_t k = 0; k <= kind; k++)
        for (uint32_t i = 0; i < (k == kind ? index : graphs[k].tensor_count); i++)
            if (tensor_is_matrix(&graphs[k].tensor[i]) &&
                strcmp(mine.text, emit_matrix_type(&graphs[k].tensor[i]).text) == 0)
                return true;
    return false;
}

static void matrix_type(const struct tensor *t, struct writer *writer)
{
    const uint64_t rows = tensor_padded_rows(t), cols = tensor_stored_cols(t);
    writer_row(writer,
               "typedef struct {\t %s w[\v%" PRIu64 "%s\t * \v%" PRIu64 "\t]; }\t %s;\t /* \v%s */",
               format_name(t->type), rows, rows * cols > INT32_MAX ? "ul" : "", cols,
               emit_matrix_type(t).text,
               number_decimal_bytes(tensor_bytes(t) / (t->experts > 0 ? t->experts : 1)).text);
}

static void matrix_types(const struct program *program, struct writer *writer)
{
    const struct graph *decode = program->steps.graph[STEP_DECODE];
    writer_section(
        writer,
        "Packed matrices, in the order of the backend; every shape a type of its own, so that "
        "a wrong weight does not compile.");
    for (uint32_t k = 0; k < program->steps.kind_count; k++)
        for (uint32_t i = 0; i < decode[k].tensor_count; i++)
            if (tensor_is_matrix(&decode[k].tensor[i]) && !typed_before(decode, k, i))
                matrix_type(&decode[k].tensor[i], writer);
}

/* "norm[768]" or "A[16][1536]"; of a matrix, which is a struct, its name. */
static struct phrase member(const struct tensor *t)
{
    switch (t->packing) {
    case PACKING_MATRIX:
        return t->experts > 0 ? phrase("%s[%u]", t->name, t->experts) : phrase("%s", t->name);
    case PACKING_VECTOR:
    case PACKING_RATE:
        return phrase("%s[%" PRIu64 "]", t->name, tensor_padded_rows(t));
    case PACKING_TAPS:
        return phrase("%s[%u][%" PRIu64 "]", t->name, t->cols, tensor_padded_rows(t));
    case PACKING_DECAY:
        return phrase("%s[%" PRIu64 "][%u][%d]", t->name, tensor_padded_rows(t) / GRAPH_PAD,
                      t->cols, GRAPH_PAD);
    }
    return (struct phrase){""};
}

static void weights_of(const struct graph *decode, enum place place, struct writer *writer)
{
    for (uint32_t i = 0; i < decode->tensor_count; i++) {
        const struct tensor *t = &decode->tensor[i];
        if (t->role == ROLE_WEIGHT && t->place == place)
            writer_row(writer, "    alignas(64) %s\t %s;\t /* \v%s\t%s%s */",
                       tensor_is_matrix(t) ? emit_matrix_type(t).text : format_name(t->type),
                       member(t).text, number_decimal_bytes(tensor_bytes(t)).text,
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
    const struct steps *steps = &program->steps;
    if (steps->kind_count == 1)
        return;
    writer_section(writer, "The kinds of layers; and every layer in its order, in tables.c.");
    writer_list(writer, 4, "enum kind { ");
    for (uint32_t k = 0; k < steps->kind_count; k++)
        writer_element(writer, " };", "%s%s", phrase_upper(steps->kind[k].name).text,
                       k == 0 ? " = 1" : "");
    writer_list_end(writer, " };");
    writer_line(writer, "extern const struct model_layer layers[LAYERS];");
}

static void operations(const struct program *program, struct writer *writer)
{
    const struct steps *steps = &program->steps;
    writer_section(writer, "Every operation of every step, by its index in model.ops.");
    writer_line(writer, "enum op {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        writer_list(writer, 4, "    ");
        for (uint32_t i = 0; i < steps->op_count; i++)
            if (steps->op[i].graph->step == step)
                writer_element(writer, ",", "%s",
                               emit_op(steps->op[i].graph, steps->op[i].node).text);
        writer_list_end(writer, ",");
    }
    writer_line(writer, "    OPS\n};");
}

void emit_model_h(const struct program *program, struct writer *writer)
{
    const struct steps *steps = &program->steps;
    const struct phrase kinds_of =
        steps->kind_count == 1 ? phrase("one kind") : phrase("%u kinds", steps->kind_count);
    const struct phrase text =
        phrase("%s: %s parameters in %s of weights, %u layers of %s.", steps->cfg.name,
               number_text_grouped(program->layout.parameters).text,
               number_decimal_bytes(program->layout.weights_bytes).text,
               steps->cfg.num_hidden_layers, kinds_of.text);
    emit_opening(writer, &steps->cfg, text.text);
    writer_line(writer, "#ifndef MODEL_H\n#define MODEL_H\n\n#include \"runtime/base/run.h\"");
    dimensions(program, writer);
    matrix_types(program, writer);
    weights(program, writer);
    kinds(program, writer);
    operations(program, writer);
    writer_line(writer,
                "\nvoid decode(run *r);\nvoid prefill(run *r);\nvoid head(run *r);\n\n#endif");
}
