/* arena.h: the memory plan as C types. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"

/* What a layer of one kind leaves for the next token. */
static void layer_state(const struct program *program, uint32_t kind, struct writer *writer)
{
    const struct graph *decode = &program->steps.graph[STEP_DECODE][kind];
    const struct phrase each = number_binary_bytes(program_layer_state(decode, false));
    const bool caches = program_layer_state(decode, true) > 0;
    const struct cfg *cfg = &program->steps.cfg;
    struct phrase what = phrase("What one token leaves for the next");
    if (caches && cfg_context(cfg) > 0)
        what = phrase("Keys and values of up to %u positions", cfg_context(cfg));
    else if (caches)
        what = phrase("Keys and values of the last %u positions and of the chunk behind them, in a "
                      "ring",
                      cfg_window(cfg));
    writer_section(writer, "%s, %s per layer. %s", what.text, each.text,
                   caches ? "A position is written before it is read."
                          : "All zero is the start of a text.");
    writer_line(writer, "struct %s_state {", program->steps.kind[kind].name);
    for (uint32_t i = 0; i < decode->tensor_count; i++) {
        const struct tensor *t = &decode->tensor[i];
        if (t->role != ROLE_STATE)
            continue;
        struct phrase third = {""};
        if (t->rank == 3)
            third = phrase("[%" PRIu64 "]", t->dim[2]);
        writer_row(writer,
                   "    alignas(64) %s %s\t[\v%" PRIu64 "\t][\v%" PRIu64 "\t]%s;\t /* %s */",
                   format_name(t->type), t->name, t->dim[0], t->dim[1], third.text, t->note);
    }
    writer_line(writer, "};");
}

static void state(const struct program *program, struct writer *writer)
{
    const struct steps *steps = &program->steps;
    for (uint32_t k = 0; k < steps->kind_count; k++)
        if (program_has_state(program, k))
            layer_state(program, k, writer);
    if (steps->kind_count == 1) {
        writer_line(writer, "struct state {\n    struct layer_state layer[LAYERS];\n};");
        return;
    }
    writer_line(writer, "\nstruct state {");
    for (uint32_t k = 0; k < steps->kind_count; k++)
        if (program_has_state(program, k))
            writer_row(writer, "    struct %s_state\t %s[%u];", steps->kind[k].name,
                       steps->kind[k].name, steps->kind[k].layers);
    writer_line(writer, "};");
}

/* One member of the union: a pad in front puts it at its offset; behind it stands where it ends. */
static void buffer(const struct graph *graph, const struct plan_buffer *b, struct writer *writer)
{
    const struct tensor *t = &graph->tensor[b->tensor];
    struct phrase pad = {""};
    if (b->at != 0)
        pad = phrase(" char _%s[%" PRIu64 "];", b->name, b->at);
    writer_row(writer,
               "    struct {%s\t %s %s\t[\v%" PRIu64 "\t][\v%" PRIu64 "\t]; };\t /* \v%" PRIu64
               "\t  %s\t  %s */",
               pad.text, format_name(t->type), b->name, t->dim[0], t->dim[1], b->at + b->room,
               graph->node[b->first_op].name, graph->node[b->last_op].name);
}

/* The buffers of a step with layers of one kind. */
static void scratch(const struct program *program, enum step_kind step, uint32_t kind,
                    struct writer *writer)
{
    const struct graph *graph = &program->steps.graph[step][kind];
    const struct plan *plan = &program->plan[step][kind];
    writer_section(writer, "The buffers of %s%s%s: %u in %s. Lower bound %s, at %s: %s.",
                   step_name(step), graph->kind_name[0] != '\0' ? " in a layer of kind " : "",
                   graph->kind_name, plan->count, number_binary_bytes(plan->bytes).text,
                   number_binary_bytes(plan->bound).text, graph->node[plan->witness].name,
                   plan->bytes == plan->bound ? "this plan is optimal" : "see plan.txt");
    writer_row(writer, "union %s_scratch {\t\t\v\t\v\t\t /* \vend\t  written\t  last */",
               emit_step_name(graph).text);
    for (uint32_t i = 0; i < plan->count; i++)
        buffer(graph, &plan->buffer[i], writer);
    writer_line(writer, "};");
}

/* The buffers of a step: one union per kind of layer, and what goes from layer to layer. */
static void step_scratch(const struct program *program, enum step_kind step, struct writer *writer)
{
    const struct steps *steps = &program->steps;
    for (uint32_t k = 0; k < steps_layer_kinds(steps, step); k++)
        scratch(program, step, k, writer);
    if (steps_layer_kinds(steps, step) < 2)
        return;
    const struct plan_buffer *carried = plan_bottom(&program->plan[step][0]);
    const struct tensor *t = &steps->graph[step][0].tensor[carried->tensor];
    writer_section(writer, "Every kind of layer has its own plan, but %s in the same place.",
                   carried->name);
    writer_line(writer, "union %s_scratch {", step_name(step));
    writer_line(writer, "    %s %s[%" PRIu64 "][%" PRIu64 "];", format_name(t->type), carried->name,
                t->dim[0], t->dim[1]);
    for (uint32_t k = 0; k < steps->kind_count; k++)
        writer_row(writer, "    union %s_%s_scratch\t %s;", step_name(step), steps->kind[k].name,
                   steps->kind[k].name);
    writer_line(writer, "};");
}

static void io(const struct program *program, struct writer *writer)
{
    const struct graph *decode = program->steps.graph[STEP_DECODE];
    writer_section(writer, "What the host and the steps hand each other, %s.",
                   number_binary_bytes(program->io_bytes).text);
    writer_line(writer, "struct io {");
    writer_row(writer, "    struct step\t step;");
    for (uint32_t i = 0; i < decode->tensor_count; i++) {
        const struct tensor *t = &decode->tensor[i];
        if (t->role != ROLE_IO)
            continue;
        if (t->rank == 1)
            writer_row(writer, "    alignas(64) %s\t %s[%" PRIu64 "];", tensor_element(t), t->name,
                       t->dim[0]);
        else
            writer_row(writer, "    alignas(64) %s\t %s[%" PRIu64 "][%" PRIu64 "];",
                       format_name(t->type), t->name, t->dim[0], t->dim[1]);
    }
    writer_line(writer, "};");
}

void emit_arena_h(const struct program *program, struct writer *writer)
{
    const struct phrase text =
        phrase("The arenas beside the weights: state %s, scratch %s, io %s. Every address is an "
               "arena's base plus a constant that the compiler sees.",
               number_binary_bytes(program->state_bytes).text,
               number_binary_bytes(program->scratch_bytes).text,
               number_binary_bytes(program->io_bytes).text);
    emit_opening(writer, &program->steps.cfg, text.text);
    writer_line(writer, "#ifndef ARENA_H\n#define ARENA_H\n\n#include \"model.h\"");
    state(program, writer);
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        step_scratch(program, step, writer);
    writer_section(writer, "Decode and prefill never run at the same time.");
    writer_line(writer, "union scratch {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        if (step_rules[step].layers)
            writer_line(writer, "    alignas(64) union %s_scratch %s;", step_name(step),
                        step_name(step));
    writer_line(writer, "};");
    io(program, writer);
    writer_line(writer, "\n#endif");
}
