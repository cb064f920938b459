/* model.h: dimensions, packed types, weights, operations. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit.h"
#include "gen/number.h"

static void dimensions(const struct design *d, struct page *page)
{
    page_line(page, "\nenum {");
    for (uint32_t i = 0; i < cfg_key_count; i++) {
        char value[CFG_VALUE_MAX + 1];
        if (cfg_keys[i].dimension[0] == '\0' || !cfg_has(&d->steps.cfg, &cfg_keys[i]))
            continue;
        cfg_value(&d->steps.cfg, &cfg_keys[i], value);
        page_row(page, "    %s\t = \v%s,\t /* %s */", cfg_keys[i].dimension, value,
                 cfg_keys[i].meaning);
    }
    page_line(page, "};");
}

/* Whether an earlier tensor has the same packed type. */
static bool typed_before(const struct graph *graph, uint32_t index)
{
    char mine[64], other[64];
    emit_matrix_type(&graph->tensor[index], mine);
    for (uint32_t i = 0; i < index; i++) {
        const struct tensor *t = &graph->tensor[i];
        if (t->role != ROLE_WEIGHT || t->packing != PACKING_MATRIX)
            continue;
        emit_matrix_type(t, other);
        if (strcmp(mine, other) == 0)
            return true;
    }
    return false;
}

static void matrix_types(const struct design *d, struct page *page)
{
    const struct graph *decode = &d->steps.graph[STEP_DECODE];
    page_blank(page);
    page_comment(
        page,
        "Packed matrices, in the order of the backend; every shape a type of its own, so that "
        "a wrong weight does not compile.");
    for (uint32_t i = 0; i < decode->tensor_count; i++) {
        const struct tensor *t = &decode->tensor[i];
        if (t->role != ROLE_WEIGHT || t->packing != PACKING_MATRIX || typed_before(decode, i))
            continue;
        char type[64], size[NUMBER_MAX];
        emit_matrix_type(t, type);
        number_decimal_bytes(tensor_bytes(t) / (t->experts > 0 ? t->experts : 1), size);
        const uint64_t rows = tensor_padded_rows(t), cols = tensor_stored_cols(t);
        page_row(page,
                 "typedef struct {\t %s w[\v%" PRIu64 "%s\t * \v%" PRIu64
                 "\t]; }\t %s;\t /* \v%s */",
                 dtype_name(t->type), rows, rows * cols > INT32_MAX ? "ul" : "", cols, type, size);
    }
}

/* "norm[768]" or "A[16][1536]" with its type; a matrix is its struct. */
static void member(const struct tensor *t, char type[64], char name[64])
{
    snprintf(type, 64, "%s", dtype_name(t->type));
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

static void weights_of(const struct design *d, enum place place, struct page *page)
{
    const struct graph *decode = &d->steps.graph[STEP_DECODE];
    for (uint32_t i = 0; i < decode->tensor_count; i++) {
        const struct tensor *t = &decode->tensor[i];
        if (t->role != ROLE_WEIGHT || t->place != place)
            continue;
        char type[64], name[64], size[NUMBER_MAX];
        member(t, type, name);
        number_decimal_bytes(tensor_bytes(t), size);
        page_row(page, "    alignas(64) %s\t %s;\t /* \v%s\t%s%s */", type, name, size,
                 t->note[0] != '\0' ? "  " : "", t->note);
    }
}

static void weights(const struct design *d, struct page *page)
{
    page_line(page, "\nstruct layer_weights {");
    weights_of(d, PLACE_LAYER, page);
    page_line(page, "};\n");
    page_line(page, "/* The image of the weight file. */");
    page_line(page, "struct weights {");
    weights_of(d, PLACE_PROLOGUE, page);
    page_row(page, "    struct layer_weights\t layer[LAYERS];");
    weights_of(d, PLACE_EPILOGUE, page);
    page_line(page, "};");
}

static void operations(const struct design *d, struct page *page)
{
    page_blank(page);
    page_comment(page, "Every operation of every step, by its index in model.ops.");
    page_line(page, "enum op {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        const struct graph *graph = &d->steps.graph[step];
        char line[1024] = "   ";
        size_t used = 3;
        for (uint32_t i = 0; i < graph->node_count; i++) {
            char word[64];
            int length =
                snprintf(word, sizeof word, " %s_%s,", step_prefix(step), graph->node[i].name);
            if (used + (size_t)length > PAGE_COLUMNS) {
                page_line(page, "%s", line);
                used = 3;
            }
            snprintf(line + used, sizeof line - used, "%s", word);
            used += (size_t)length;
        }
        page_line(page, "%s", line);
    }
    page_line(page, "    OPS\n};");
}

void emit_model_h(const struct design *d, struct page *page)
{
    char parameters[NUMBER_MAX], bytes[NUMBER_MAX];
    number_grouped(d->layout.parameters, parameters);
    number_decimal_bytes(d->layout.weights_bytes, bytes);
    emit_opening(page, &d->steps.cfg, "model.h",
                 "%s: %s parameters in %s of weights, %u layers of one kind.", d->steps.cfg.name,
                 parameters, bytes, d->steps.cfg.num_hidden_layers);
    page_line(page, "#ifndef MODEL_H\n#define MODEL_H\n\n#include \"runtime/run.h\"");
    dimensions(d, page);
    matrix_types(d, page);
    weights(d, page);
    operations(d, page);
    page_line(page, "\nvoid decode(run *r);\nvoid prefill(run *r);\nvoid head(run *r);\n\n#endif");
}
