/* The weight table of tables.c: every tensor of the weights arena, as the runtime sees it. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit/emit.h"

enum { SPREADS = 8 }; /* different ones in a model: heads, their groups, and rows of in_proj */

/* The spreads with pads inside, each once; a weight names its own by a number from 1 on. */
struct spreads {
    uint32_t count;
    struct spread of[SPREADS];
};

/* The number of a spread; 0: it is plain, or not among them. */
static uint32_t spread_number(const struct spreads *spreads, const struct spread *s)
{
    for (uint32_t i = 0; i < spreads->count; i++)
        if (memcmp(&spreads->of[i], s, sizeof *s) == 0)
            return i + 1;
    return 0;
}

static void spreads_add(struct spreads *spreads, const struct spread *s)
{
    if (spread_is_plain(s) || spread_number(spreads, s) > 0)
        return;
    if (spreads->count == SPREADS)
        diagnostics_fault("tables.c",
                          "more than %d different spreads: raise SPREADS (gen/emit/emit_weights.c)",
                          SPREADS);
    spreads->of[spreads->count++] = *s;
}

static struct spreads spreads_find(const struct layout *layout)
{
    struct spreads spreads = {.count = 0};
    for (uint32_t i = 0; i < layout->count; i++) {
        spreads_add(&spreads, &layout->weight[i].row_spread);
        spreads_add(&spreads, &layout->weight[i].col_spread);
    }
    return spreads;
}

/* The macro of a kind of rows, which may have more parameters and fields than all have. */
static void row_macro(struct writer *writer, const char *name, const char *parameters,
                      const char *fields)
{
    writer_line(writer, "#define %s(NAME, TYPE, ROWS, COLS, MEMBER, BYTES%s) \\", name, parameters);
    writer_line(writer, "    {.name = NAME, .type = TYPE, .rows = ROWS, .cols = COLS, \\");
    writer_line(writer, "     .at = offsetof(struct weights, MEMBER), .bytes = BYTES%s}\n", fields);
}

/* How the weights lie that have pads inside, and the macro for their rows of the table. */
static void spread_table(const struct spreads *spreads, struct writer *writer)
{
    if (spreads->count == 0)
        return;
    writer_comment(writer,
                   "Rows or columns in groups that are padded to a multiple of 16 each: how many "
                   "of which size.");
    writer_line(writer, "static const struct spread spreads[] = {");
    for (uint32_t i = 0; i < spreads->count; i++) {
        struct phrase runs = {""};
        for (uint32_t r = 0; r < SPREAD_RUNS && spreads->of[i].run[r].groups > 0; r++)
            phrase_add(&runs, "%s{%u, %u}", r == 0 ? "" : ", ", spreads->of[i].run[r].groups,
                       spreads->of[i].run[r].size);
        writer_line(writer, "    {{%s}}, /* %u */", runs.text, i + 1);
    }
    writer_line(writer, "};");
    writer_line(writer, "#define BY(SPREAD) ((SPREAD) == 0 ? NULL : &spreads[(SPREAD) - 1])");
    row_macro(writer, "SPREAD", ", BY_ROWS, BY_COLS",
              ", \\\n     .row_spread = BY(BY_ROWS), .col_spread = BY(BY_COLS)");
}

/* One row of the weight table, of a weight behind `base`; the experts of a layer are one row. The
 * last cell of a macro's row is its backslash. */
static void weight_row(const struct spreads *spreads, const struct layout_weight *w,
                       const char *base, const char *end, struct writer *writer)
{
    const uint32_t rows = spread_number(spreads, &w->row_spread);
    const uint32_t cols = spread_number(spreads, &w->col_spread);
    const bool spread = rows > 0 || cols > 0;
    struct phrase more = {""};
    if (w->experts > 0)
        more = phrase(", %u", w->experts);
    else if (spread)
        more = phrase(", %u, %u", rows, cols);
    writer_row(writer, "    %s(\"%s%s\",\t \"%s\",\v %u,\v %u,\t %s%s,\v %" PRIu64 "%s),%s",
               w->experts > 0 ? "EXPERTS"
               : spread       ? "SPREAD"
                              : "WEIGHT",
               w->layer >= 0 ? "layer \" #l \" " : "", w->member, format_name(w->type), w->rows,
               w->cols, base, w->member, w->bytes, more.text, end);
}

/* Whether the weight belongs to the first layer of the kind, which stands for all of them, and is
 * no second expert. */
static bool is_template(const struct layout_weight *w, uint32_t kind)
{
    return w->layer >= 0 && w->kind == kind && w->index == 0 && w->expert == 0;
}

/* The weights of one layer of a kind as a macro: LAYER(l), or LAYER_MOE(l, w) with w the member of
 * struct weights. */
static void layer_macro(const struct program *program, const struct spreads *spreads, uint32_t kind,
                        struct writer *writer)
{
    const struct layout *layout = &program->layout;
    uint32_t last = 0;
    for (uint32_t i = 0; i < layout->count; i++)
        if (is_template(&layout->weight[i], kind))
            last = i;
    writer_table(writer);
    if (program->steps.kind_count == 1)
        writer_row(writer, "#define LAYER(l)\t\v\v\t\v\t \\");
    else
        writer_row(writer, "#define LAYER_%s(l, w)\t\v\v\t\v\t \\",
                   phrase_upper(program->steps.kind[kind].name).text);
    for (uint32_t i = 0; i <= last; i++)
        if (is_template(&layout->weight[i], kind))
            weight_row(spreads, &layout->weight[i],
                       program->steps.kind_count == 1 ? "layer[l]." : "w.", i < last ? "\t \\" : "",
                       writer);
    writer_blank(writer);
}

/* "LAYER(0) LAYER(1) ..." seven to a line, or "LAYER_MOE(1, moe[0]) LAYER_MOE(2, moe[1]) ..." as
 * many as fit, for all layers of a kind. */
static void layer_uses(const struct steps *steps, uint32_t kind, struct writer *writer)
{
    const char *const name = steps->kind[kind].name;
    struct phrase line = {"   "};
    for (uint32_t l = 0, index = 0; l < steps->cfg.num_hidden_layers; l++) {
        if (steps->kind_of[l] != kind)
            continue;
        const struct phrase use =
            steps->kind_count == 1
                ? phrase(" LAYER(%u)", l)
                : phrase(" LAYER_%s(%u, %s[%u])", phrase_upper(name).text, l, name, index);
        const bool full = steps->kind_count == 1
                              ? index % 7 == 0
                              : strlen(line.text) + strlen(use.text) > WRITER_COLUMNS;
        if (full && index > 0) {
            writer_line(writer, "%s", line.text);
            line = phrase("   ");
        }
        phrase_add(&line, "%s", use.text);
        index++;
    }
    writer_line(writer, "%s", line.text);
}

/* The weights of a layer of each kind as macros, then the table that uses them. */
void emit_weight_table(const struct program *program, struct writer *writer)
{
    const struct layout *layout = &program->layout;
    const struct spreads spreads = spreads_find(layout);
    uint32_t used = 0; /* kinds */
    writer_section(writer,
                   "The weights arena; shapes before padding, bytes up to the next tensor.");
    row_macro(writer, "WEIGHT", "", "");
    if (program->steps.cfg.num_experts_per_tok > 0) {
        writer_comment(writer, "Experts behind one another: the bytes of each, how many.");
        row_macro(writer, "EXPERTS", ", COUNT", ", .experts = COUNT");
    }
    spread_table(&spreads, writer);
    for (uint32_t k = 0; k < program->steps.kind_count; k++)
        layer_macro(program, &spreads, k, writer);
    writer_line(writer, "static const struct model_weight weights[] = {");
    for (uint32_t i = 0; i < layout->count; i++)
        if (layout->weight[i].layer < 0)
            weight_row(&spreads, &layout->weight[i], "", "", writer);
        else if (used < program->steps.kind_count && is_template(&layout->weight[i], used))
            layer_uses(&program->steps, used++, writer);
    writer_line(writer, "};");
}
