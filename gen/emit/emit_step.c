/* step.c: the order of the operations of each step, one call per line. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"

/* What a call passes for a tensor: `w` is the weights (of the layer), `s` the layer's state, `a`
 * the step's scratch. */
static void argument(const struct graph *graph, const struct node *node, uint32_t index,
                     char text[64])
{
    static const char *const bases[] = {
        [ROLE_WEIGHT] = "w", [ROLE_STATE] = "s", [ROLE_SCRATCH] = "a", [ROLE_IO] = "io"};
    const struct tensor *t = node_tensor(graph, node, index);
    bool matrix = t->role == ROLE_WEIGHT && t->packing == PACKING_MATRIX && t->experts == 0;
    snprintf(text, 64, "%s%s->%s", matrix ? "&" : "", bases[t->role], t->name);
}

/* The cost of one execution in the margin: only where it matters, as all of them read a twentieth
 * of what the step does. */
static void cost(const struct program *program, const struct step_op *op, char text[48])
{
    const struct node *node = &op->graph->node[op->index];
    char bytes[NUMBER_MAX];
    text[0] = '\0';
    if (node->weight_bytes * op->times * 20 < program_streamed(program, op->graph->step))
        return;
    number_decimal_bytes(node->weight_bytes, bytes);
    snprintf(text, 48, "/* %s */", bytes);
}

/* The arguments behind the first, up to the end of the statement; "" if there are none. */
static void other_arguments(const struct graph *graph, const struct node *node, char text[256])
{
    size_t used = 0;
    for (uint32_t o = 1; o < node_operands(node); o++) {
        char name[64];
        if (!node_has(node, o))
            continue;
        argument(graph, node, o, name);
        used += (size_t)snprintf(text + used, 256 - used, "%s%s", used > 0 ? ", " : "", name);
    }
    snprintf(text + used, 256 - used, "%s", used > 0 ? ");" : "");
}

/* One call, cut into the cells of a table. */
struct call {
    const char *symbol;
    char name[64], first[68], rest[256], margin[48]; /* first and rest with what ends them */
};

static uint32_t cut_calls(const struct program *program, enum step_kind step, enum place place,
                          uint32_t kind, struct call calls[GRAPH_NODES])
{
    struct step_op ops[STEP_OPS];
    const uint32_t all = steps_ops(&program->steps, step, ops);
    uint32_t count = 0;
    for (uint32_t i = 0; i < all; i++) {
        const struct graph *graph = ops[i].graph;
        const struct node *node = &graph->node[ops[i].index];
        if (node->place != place || ops[i].kind != kind)
            continue;
        struct call *call = &calls[count++];
        call->symbol =
            program->kernels->kernel[program->kernels->of[step][kind][ops[i].index]].symbol;
        emit_op(graph, ops[i].index, call->name);
        other_arguments(graph, node, call->rest);
        argument(graph, node, OP_RESULT, call->first);
        strcat(call->first, call->rest[0] == '\0' ? ");" : ",");
        cost(program, &ops[i], call->margin);
    }
    return count;
}

static size_t longer(size_t a, const char *text)
{
    const size_t b = strlen(text);
    return a > b ? a : b;
}

/* Whether every call fits on a line of its own, with the columns aligned. */
static bool lines_fit(const struct call *calls, uint32_t count)
{
    size_t symbol = 0, name = 0, first = 0, rest = 0, margin = 0;
    for (uint32_t i = 0; i < count; i++) {
        symbol = longer(symbol, calls[i].symbol);
        name = longer(name, calls[i].name);
        first = longer(first, calls[i].first);
        rest = longer(rest, calls[i].rest);
        margin = longer(margin, calls[i].margin);
    }
    return strlen("    (r, ,  ") + symbol + name + first + rest +
               (margin > 0 ? strlen("  ") + margin : 0) <=
           WRITER_COLUMNS;
}

/* The operands of a call on a line of their own; on more if there are too many. */
static void operand_lines(const struct call *call, struct writer *writer)
{
    enum { INDENT = 8 };
    char text[sizeof call->first + sizeof call->rest];
    snprintf(text, sizeof text, "%s%s%s", call->first, call->rest[0] != '\0' ? " " : "",
             call->rest);
    char *from = text;
    while (strlen(from) > WRITER_COLUMNS - INDENT) {
        char *end = from + WRITER_COLUMNS - INDENT;
        while (*end != ' ')
            end--;
        *end = '\0';
        writer_row(writer, "%*s%s", INDENT, "", from);
        from = end + 1;
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
        const struct call *c = &calls[i];
        const char *gap = c->margin[0] != '\0' ? "\t  " : "";
        if (fit) {
            writer_row(writer, "    %s\t(r, %s,\t %s%s%s%s%s", c->symbol, c->name, c->first,
                       c->rest[0] != '\0' ? "\t " : "", c->rest, gap, c->margin);
        } else {
            writer_row(writer, "    %s(r, %s,%s%s", c->symbol, c->name, gap, c->margin);
            operand_lines(c, writer);
        }
    }
}

static bool has_state(const struct program *program, uint32_t kind)
{
    return program_layer_state(&program->steps.graph[STEP_DECODE][kind], false) > 0;
}

/* "decode_layer", or "decode_mamba_mlp" in a model of several kinds. */
static void function_name(const struct graph *graph, char text[48])
{
    snprintf(text, 48, "%s_%s", step_name(graph->step),
             graph->kind_name[0] != '\0' ? graph->kind_name : "layer");
}

/* The function of a layer of one kind. */
static void layer_function(const struct program *program, enum step_kind step, uint32_t kind,
                           struct writer *writer)
{
    const struct graph *graph = &program->steps.graph[step][kind];
    const char *name = program->steps.kind[kind].name;
    char function[48], start[128], state[64] = "", type[48];
    function_name(graph, function);
    emit_step_name(graph, type);
    snprintf(start, sizeof start, "static void %s(run *r, const struct %s_weights *w", function,
             name);
    if (has_state(program, kind))
        snprintf(state, sizeof state, "struct %s_state *s", name);
    const bool fits = strlen(start) + strlen(state) + 3 <= WRITER_COLUMNS;
    writer_line(writer, "\n/* %s */", graph->layer_meaning);
    writer_line(writer, "%s%s%*s%s)", start,
                state[0] == '\0' ? ""
                : fits           ? ", "
                                 : ",\n",
                fits ? 0 : (int)strlen("static void (") + (int)strlen(function), "", state);
    writer_line(writer, "{");
    writer_line(writer, "    union %s_scratch *const a = &r->scratch->%s%s%s;\n", type,
                step_name(step), graph->kind_name[0] != '\0' ? "." : "", graph->kind_name);
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
        char kind[32], function[48], state[64] = "";
        emit_kind(&program->steps.kind[k], kind);
        function_name(&program->steps.graph[step][k], function);
        if (has_state(program, k))
            snprintf(state, sizeof state, ", &r->state->%s[i]", name);
        writer_line(writer, "        case %s:\n            %s(r, &w->%s[i]%s);\n            break;",
                    kind, function, name, state);
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
static void shape(const struct steps *steps, enum step_kind step, char text[256])
{
    const struct graph *graphs = steps->graph[step];
    const uint32_t around = count_at(graphs, PLACE_PROLOGUE) + count_at(graphs, PLACE_EPILOGUE);
    size_t used = 0;
    if (steps->kind_count == 1)
        used = (size_t)snprintf(text, 256, "%u equal layers of %u operations",
                                steps->cfg.num_hidden_layers, count_at(graphs, PLACE_LAYER));
    else
        used = (size_t)snprintf(text, 256, "%u layers of %u kinds (", steps->cfg.num_hidden_layers,
                                steps->kind_count);
    for (uint32_t k = 0; steps->kind_count > 1 && k < steps->kind_count; k++)
        used += (size_t)snprintf(text + used, 256 - used, "%u %s of %u%s", steps->kind[k].layers,
                                 steps->kind[k].name, count_at(&graphs[k], PLACE_LAYER),
                                 k + 1 == steps->kind_count ? ")"
                                 : k == 0                   ? " operations, "
                                                            : ", ");
    snprintf(text + used, 256 - used, ", %u operations around them", around);
}

/* "updates 2.8 MB of state", "reads up to 4.3 GB of keys and values", or both. */
static void state_traffic(const struct program *program, char text[128])
{
    char state[NUMBER_MAX], caches[NUMBER_MAX];
    const bool both = program->cache_bytes > 0 && program->cache_bytes < program->state_bytes;
    number_decimal_bytes(program->state_bytes - program->cache_bytes, state);
    number_decimal_bytes(program->cache_bytes, caches);
    text[0] = '\0';
    if (program->cache_bytes < program->state_bytes)
        snprintf(text, 128, "updates %s of state", state);
    if (program->cache_bytes > 0)
        snprintf(text + strlen(text), 128 - strlen(text), "%sreads up to %s of keys and values",
                 both ? ", " : "", caches);
}

/* What stands above a step's function. */
static void step_meaning(const struct program *program, enum step_kind step, char text[640])
{
    char bytes[NUMBER_MAX], layers[256], state[128];
    number_decimal_bytes(program_streamed(program, step), bytes);
    shape(&program->steps, step, layers);
    state_traffic(program, state);
    switch (step) {
    case STEP_DECODE:
        snprintf(text, 640, "One token in, one row of logits out: %s. Streams %s of weights, %s.",
                 layers, bytes, state);
        return;
    case STEP_PREFILL:
        snprintf(text, 640,
                 "Up to %u tokens in, as many hidden rows out: %s. Streams %s of weights.",
                 program->steps.cfg.prefill_chunk, layers, bytes);
        return;
    case STEP_HEAD:
    case STEP_KINDS:
        snprintf(text, 640, "Up to %u hidden rows of a prefill in, as many rows of logits out.",
                 program->steps.cfg.logit_rows);
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
    char meaning[640];
    step_meaning(program, step, meaning);
    for (uint32_t k = 0; k < steps_layer_kinds(&program->steps, step); k++)
        layer_function(program, step, k, writer);
    writer_blank(writer);
    writer_comment(writer, "%s", meaning);
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
    emit_opening(writer, &program->steps.cfg, "step.c",
                 "The order of the operations, one call a line. Behind a call stand the bytes of "
                 "weights that it reads, if all its executions read at least a twentieth of what "
                 "the step does. Nothing here allocates.");
    writer_line(writer, "#include \"arena.h\"\n#include \"kernels.h\"");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        step_functions(program, step, writer);
}
