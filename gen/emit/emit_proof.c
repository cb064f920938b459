/* proof.h: what the generator computed, as assertions that every build checks again. */
#include <inttypes.h>

#include "gen/emit/emit.h"

static const char *const macros =
    "#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type \" has the planned "
    "size\")\n"
    "#define AT(type, member, at) _Static_assert(offsetof(type, member) == (at), #type \".\" "
    "#member)\n"
    "#define END(type, member) (offsetof(type, member) + sizeof((type *)0)->member)\n"
    "#define APART(step, low, high)                                                         \\\n"
    "    _Static_assert(END(union step##_scratch, low) <= offsetof(union step##_scratch, high), "
    "\\\n"
    "                   #step \": \" #low \" and \" #high \" are alive together\")";

static void weights(const struct program *program, struct writer *writer)
{
    writer_section(writer, "Weights: tools/pack and the compiler agree on every offset.");
    const struct layout *layout = &program->layout;
    const struct kind *kind = program->steps.kind;
    uint64_t kind_at[GRAPH_KINDS];
    for (uint32_t i = layout->count; i-- > 0;)
        if (layout->weight[i].layer >= 0)
            kind_at[layout->weight[i].kind] = layout->weight[i].at;
    for (uint32_t i = 0; i < layout->count; i++) {
        const struct layout_weight *w = &layout->weight[i];
        if (w->layer >= 0 && w->at == kind_at[w->kind])
            writer_row(writer, "AT(struct weights,\t %s,\v %" PRIu64 ");", kind[w->kind].name,
                       w->at);
        if (w->layer >= 0 && w->index == 0 && w->expert == 0)
            writer_row(writer, "AT(struct %s_weights,\t %s,\v %" PRIu64 ");", kind[w->kind].name,
                       w->member, w->at - kind_at[w->kind]);
        else if (w->layer < 0)
            writer_row(writer, "AT(struct weights,\t %s,\v %" PRIu64 ");", w->member, w->at);
    }
    writer_row(writer, "SIZE(struct weights,\v %" PRIu64 ");", program->layout.weights_bytes);
}

static void pairs(const struct plan *plan, const struct graph *graph, struct writer *writer)
{
    const struct phrase name = emit_step_name(graph);
    for (uint32_t i = 0; i < plan->count; i++)
        for (uint32_t j = 0; j < i; j++) {
            const struct plan_buffer *a = &plan->buffer[i], *b = &plan->buffer[j];
            if (a->last_op < b->first_op || b->last_op < a->first_op)
                continue;
            bool a_low = a->at < b->at;
            writer_row(writer, "APART(%s,\t %s,\t %s);", name.text, a_low ? a->name : b->name,
                       a_low ? b->name : a->name);
        }
}

/* Where the buffers of a step are in the layers of one kind. */
static void places(const struct plan *plan, const struct graph *graph, struct writer *writer)
{
    for (uint32_t i = 0; i < plan->count; i++)
        writer_row(writer, "AT(union %s_scratch,\t %s,\v %" PRIu64 ");", emit_step_name(graph).text,
                   plan->buffer[i].name, plan->buffer[i].at);
}

void emit_proof_h(const struct program *program, struct writer *writer)
{
    emit_opening(writer, &program->steps.cfg,
                 "The plan, proved again by the compiler in every build: one assertion per pair of "
                 "buffers that are alive together, and the size and offsets of every arena.");
    writer_line(
        writer,
        "#ifndef PROOF_H\n#define PROOF_H\n\n#include <stddef.h>\n\n#include \"arena.h\"\n");
    writer_line(writer, "%s", macros);
    weights(program, writer);
    writer_section(writer, "Scratch, state and io.");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        for (uint32_t k = 0; k < steps_layer_kinds(&program->steps, step); k++)
            places(&program->plan[step][k], &program->steps.graph[step][k], writer);
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        if (steps_layer_kinds(&program->steps, step) > 1)
            writer_row(writer, "AT(union %s_scratch,\t %s,\v 0);", step_name(step),
                       plan_bottom(&program->plan[step][0])->name);
    writer_row(writer, "SIZE(union scratch,\v %" PRIu64 ");", program->scratch_bytes);
    writer_row(writer, "SIZE(struct state,\v %" PRIu64 ");", program->state_bytes);
    writer_row(writer, "SIZE(struct io,\v %" PRIu64 ");", program->io_bytes);
    writer_section(writer, "Buffers that are alive together do not overlap.");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        for (uint32_t k = 0; k < steps_layer_kinds(&program->steps, step); k++)
            pairs(&program->plan[step][k], &program->steps.graph[step][k], writer);
    writer_line(writer, "\n#undef SIZE\n#undef AT\n#undef END\n#undef APART\n\n#endif");
}
