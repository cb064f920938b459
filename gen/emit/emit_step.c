/* step.c: the order of the operations of each step, one call per line. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"

/* What a call passes for a tensor: `w` is the weights (of the layer), `s` the layer's state, `a`
 * the step's scratch. */
static struct phrase argument(const struct tensor *t)
{
    static const char *const bases[] = {
        [ROLE_WEIGHT] = "w", [ROLE_STATE] = "s", [ROLE_SCRATCH] = "a", [ROLE_IO] = "io"};
    const bool matrix = tensor_is_matrix(t) && t->experts == 0;
    return phrase("%s%s->%s", matrix ? "&" : "", bases[t->role], t->name);
}

/* The cost of one execution in the margin: only where it matters, as all of them read a twentieth
 * of what the step does. */
static struct phrase cost(const struct program *program, const struct step_op *op)
{
    const uint64_t bytes = op->node->weight_bytes;
    if (bytes * op->times * 20 < program_streamed(program, op->graph->step))
        return (struct phrase){""};
    return phrase("/* %s */", number_decimal_bytes(bytes).text);
}

/* One call, cut into the cells of a table: the last of FIRST and REST ends the statement. */
enum cell { SYMBOL, NAME, FIRST, REST, MARGIN, CELLS };
struct call {
    struct phrase cell[CELLS];
};

static struct call cut_call(const struct program *program, uint32_t index)
{
    const struct step_op *op = &program->steps.op[index];
    struct phrase first = argument(node_tensor(op->graph, op->node, OP_RESULT)), rest = {""};
    for (uint32_t o = OP_RESULT + 1; o < node_operands(op->node); o++)
        if (node_has(op->node, o))
            phrase_add(&rest, "%s%s", rest.text[0] != '\0' ? ", " : "",
                       argument(node_tensor(op->graph, op->node, o)).text);
    phrase_add(&first, "%s", rest.text[0] != '\0' ? "," : ");");
    phrase_add(&rest, "%s", rest.text[0] != '\0' ? ");" : "");
    return (struct call){{program->kernels->kernel[program->kernels->of[index]].symbol,
                          emit_op(op->graph, op->node), first, rest, cost(program, op)}};
}

/* The calls of a place, in a layer of one kind. */
static uint32_t cut_calls(const struct program *program, enum step_kind step, enum place place,
                          uint32_t kind, struct call calls[GRAPH_NODES])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->steps.op_count; i++) {
        const struct step_op *op = &program->steps.op[i];
        if (op->graph->step == step && op->node->place == place && op->kind == kind)
            calls[count++] = cut_call(program, i);
    }
    return count;
}

/* Whether every call fits on a line of its own, with the columns aligned. */
static bool lines_fit(const struct call *calls, uint32_t count)
{
    size_t width = strlen("    (r, ,  ");
    for (enum cell cell = SYMBOL; cell < CELLS; cell++) {
        size_t longest = 0;
        for (uint32_t i = 0; i < count; i++) {
            const size_t length = strlen(calls[i].cell[cell].text);
            longest = length > longest ? length : longest;
        }
        width += longest + (cell == MARGIN && longest > 0 ? strlen("  ") : 0);
    }
    return width <= WRITER_COLUMNS;
}

/* The operands of a call on a line of their own; on more if there are too many. */
static void operand_lines(const struct call *call, struct writer *writer)
{
    enum { INDENT = 8 };
    const struct phrase text = phrase("%s %s", call->cell[FIRST].text, call->cell[REST].text);
    const char *from = text.text;
    while (strlen(from) > WRITER_COLUMNS - INDENT) {
        int length = WRITER_COLUMNS - INDENT;
        while (from[length] != ' ')
            length--;
        writer_row(writer, "%*s%.*s", INDENT, "", length, from);
        from += length + 1;
    }
    writer_row(writer, "%*s%s", INDENT, "", from);
}

/* All operations of one place: a line each, aligned; or, where one is too long for that, a line for
 * what it is and costs, and one for its operands. `kind` is that of a layer, 0 elsewhere. */
static void write_calls(const struct program *program, enum step_kind step, enum place place,
                        uint32_t kind, struct writer *writer)
{
    struct call calls[GRAPH_NODES];
    const uint32_t count = cut_calls(program, step, place, kind, calls);
    const bool fit = lines_fit(calls, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct phrase *c = calls[i].cell;
        const char *gap = c[MARGIN].text[0] != '\0' ? "\t  " : "";
        if (fit) {
            writer_row(writer, "    %s\t(r, %s,\t %s%s%s%s%s", c[SYMBOL].text, c[NAME].text,
                       c[FIRST].text, c[REST].text[0] != '\0' ? "\t " : "", c[REST].text, gap,
                       c[MARGIN].text);
        } else {
            writer_row(writer, "    %s(r, %s,%s%s", c[SYMBOL].text, c[NAME].text, gap,
                       c[MARGIN].text);
            operand_lines(&calls[i], writer);
        }
    }
}

/* "decode_layer", or "decode_mamba_mlp" in a model of several kinds. */
static struct phrase function_name(const struct graph *graph)
{
    return phrase("%s_%s", step_name(graph->step),
                  graph->kind_name[0] != '\0' ? graph->kind_name : "layer");
}

/* The function of a layer of one kind. */
static void layer_function(const struct program *program, enum step_kind step, uint32_t kind,
                           struct writer *writer)
{
    const struct graph *graph = &program->steps.graph[step][kind];
    const char *name = program->steps.kind[kind].name;
    const struct phrase function = function_name(graph);
    writer_line(writer, "\n/* %s */", graph->layer_meaning);
    writer_list(writer, (int)(strlen("static void (") + strlen(function.text)),
                "static void %s(run *r, const struct %s_weights *w", function.text, name);
    if (program_has_state(program, kind))
        writer_element(writer, ")", "struct %s_state *s", name);
    writer_list_end(writer, ")");
    writer_line(writer, "{");
    writer_line(writer, "    union %s_scratch *const a = &r->scratch->%s%s%s;\n",
                emit_step_name(graph).text, step_name(step), graph->kind_name[0] != '\0' ? "." : "",
                graph->kind_name);
    write_calls(program, step, PLACE_LAYER, kind, writer);
    writer_line(writer, "}");
}

/* Every layer in its order, by the table of tables.c. */
static void layer_switch(const struct program *program, enum step_kind step, struct writer *writer)
{
    writer_line(writer, "    for (int l = 0; l < LAYERS; l++) {");
    writer_line(writer, "        const u32 i = layers[l].index;");
    writer_line(writer, "        switch (layers[l].kind) {");
    for (uint32_t k = 0; k < program->steps.kind_count; k++) {
        const char *name = program->steps.kind[k].name;
        struct phrase state = {""};
        if (program_has_state(program, k))
            state = phrase(", &r->state->%s[i]", name);
        writer_line(writer, "        case %s:\n            %s(r, &w->%s[i]%s);\n            break;",
                    phrase_upper(name).text, function_name(&program->steps.graph[step][k]).text,
                    name, state.text);
    }
    writer_line(writer, "        }\n    }");
}

static uint32_t count_at(const struct graph *graph, enum place place)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->node_count; i++)
        count += graph->node[i].place == place;
    return count;
}

/* "32 equal layers of 5 operations, 3 operations around them", or by kind: "28 layers of 2 kinds (1
 * dense of 5 operations, 27 moe of 7), 3 operations around them". */
static struct phrase shape(const struct steps *steps, enum step_kind step)
{
    const struct graph *graphs = steps->graph[step];
    const uint32_t layers = steps->cfg.num_hidden_layers, kinds = steps->kind_count;
    struct phrase text;
    if (kinds == 1)
        text = phrase("%u equal layers of %u operations", layers, count_at(graphs, PLACE_LAYER));
    else
        text = phrase("%u layers of %u kinds (", layers, kinds);
    for (uint32_t k = 0; kinds > 1 && k < kinds; k++)
        phrase_add(&text, "%s%u %s of %u%s", k > 0 ? ", " : "", steps->kind[k].layers,
                   steps->kind[k].name, count_at(&graphs[k], PLACE_LAYER),
                   k == 0 ? " operations" : "");
    phrase_add(&text, "%s, %u operations around them", kinds > 1 ? ")" : "",
               count_at(graphs, PLACE_PROLOGUE) + count_at(graphs, PLACE_EPILOGUE));
    return text;
}

/* "updates 2.8 MB of state", "reads up to 4.3 GB of keys and values", or both. */
static struct phrase state_traffic(const struct program *program)
{
    const uint64_t caches = program->cache_bytes, state = program->state_bytes - caches;
    struct phrase text = {""};
    if (state > 0)
        text = phrase("updates %s of state", number_decimal_bytes(state).text);
    if (caches > 0)
        phrase_add(&text, "%sreads up to %s of keys and values", state > 0 ? ", " : "",
                   number_decimal_bytes(caches).text);
    return text;
}

/* What stands above a step's function. */
static void step_meaning(const struct program *program, enum step_kind step, struct writer *writer)
{
    const struct steps *steps = &program->steps;
    const struct phrase bytes = number_decimal_bytes(program_streamed(program, step));
    switch (step) {
    case STEP_DECODE:
        writer_comment(writer,
                       "One token in, one row of logits out: %s. Streams %s of weights, %s.",
                       shape(steps, step).text, bytes.text, state_traffic(program).text);
        return;
    case STEP_PREFILL:
        writer_comment(writer,
                       "Up to %u tokens in, as many hidden rows out: %s. Streams %s of weights.",
                       steps->cfg.prefill_chunk, shape(steps, step).text, bytes.text);
        return;
    case STEP_HEAD:
    case STEP_KINDS:
        writer_comment(writer, "Up to %u hidden rows of a prefill in, as many rows of logits out.",
                       steps->cfg.logit_rows);
    }
}

/* Every layer of a step. */
static void layer_calls(const struct program *program, enum step_kind step, struct writer *writer)
{
    write_calls(program, step, PLACE_PROLOGUE, 0, writer);
    if (program->steps.kind_count > 1) {
        layer_switch(program, step, writer);
    } else {
        writer_line(writer, "    for (int l = 0; l < LAYERS; l++)");
        writer_line(writer, "        %s_layer(r, &w->layer[l], &r->state->layer[l]);",
                    step_name(step));
    }
}

/* The functions of the layers, then the step around them. */
static void step_functions(const struct program *program, enum step_kind step,
                           struct writer *writer)
{
    const bool layers = step_rules[step].layers;
    for (uint32_t k = 0; k < steps_layer_kinds(&program->steps, step); k++)
        layer_function(program, step, k, writer);
    writer_blank(writer);
    step_meaning(program, step, writer);
    writer_line(writer, "void %s(run *r)\n{", step_name(step));
    writer_line(writer, "    const struct weights *const w = r->weights;");
    writer_line(writer, "    struct io *const io = r->io;%s", layers ? "" : "\n");
    if (layers) {
        writer_line(writer, "    union %s_scratch *const a = &r->scratch->%s;\n", step_name(step),
                    step_name(step));
        layer_calls(program, step, writer);
    }
    write_calls(program, step, PLACE_EPILOGUE, 0, writer);
    writer_line(writer, "}");
}

void emit_step_c(const struct program *program, struct writer *writer)
{
    emit_opening(writer, &program->steps.cfg,
                 "The order of the operations, one call a line. Behind a call stand the bytes of "
                 "weights that it reads, if all its executions read at least a twentieth of what "
                 "the step does. Nothing here allocates.");
    writer_line(writer, "#include \"arena.h\"\n#include \"kernels.h\"");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        step_functions(program, step, writer);
}
