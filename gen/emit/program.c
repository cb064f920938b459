/* From a checked config to everything that the emitters print. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/families/attention.h"
#include "gen/front/number.h"
#include "kernels/cuda/work.h"

const struct emitter emitters[] = {
    {"model.h", emit_model_h},     {"arena.h", emit_arena_h},     {"step.c", emit_step_c},
    {"kernels.h", emit_kernels_h}, {"kernels.c", emit_kernels_c}, {"kernels.cu", emit_kernels_cu},
    {"tables.c", emit_tables_c},   {"proof.h", emit_proof_h},     {"plan.txt", emit_plan_txt},
};
const uint32_t emitter_count = sizeof emitters / sizeof emitters[0];

/* sizeof(struct io): the step, then its rows, each on 64 bytes. */
static uint64_t io_bytes(const struct graph *decode)
{
    uint64_t bytes = GRAPH_ALIGN;
    for (uint32_t i = 0; i < decode->tensor_count; i++)
        if (decode->tensor[i].role == ROLE_IO)
            bytes += number_pad(tensor_bytes(&decode->tensor[i]), GRAPH_ALIGN);
    return bytes;
}

uint64_t program_layer_state(const struct graph *decode, bool caches_only)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < decode->tensor_count; i++)
        if (decode->tensor[i].role == ROLE_STATE && (!caches_only || decode->tensor[i].cache))
            bytes += tensor_bytes(&decode->tensor[i]);
    return bytes;
}

bool program_has_state(const struct program *program, uint32_t kind)
{
    return program_layer_state(&program->steps.graph[STEP_DECODE][kind], false) > 0;
}

/* Heads of keys and of values that a layer keeps. */
static uint64_t layer_cache_heads(const struct graph *decode)
{
    uint64_t heads = 0;
    for (uint32_t i = 0; i < decode->tensor_count; i++)
        if (decode->tensor[i].cache)
            heads += decode->tensor[i].dim[0];
    return heads;
}

/* State and caches of all layers. Caches, of which a family lists the kinds last, end the state, so
 * that a new text need not zero them. */
static void find_state(const struct steps *steps, struct program *program)
{
    for (uint32_t k = 0; k < steps->kind_count; k++) {
        const struct graph *decode = &steps->graph[STEP_DECODE][k];
        const uint64_t all = program_layer_state(decode, false);
        const uint64_t caches = program_layer_state(decode, true);
        if (caches < all && (caches > 0 || program->cache_bytes > 0))
            diagnostics_fault(
                steps->cfg.name,
                "layers with nothing but caches as state must be the last of the family's "
                "kinds (gen/families/family_*.c)");
        program->state_bytes += all * steps->kind[k].layers;
        program->cache_bytes += caches * steps->kind[k].layers;
        program->cache_heads += layer_cache_heads(decode) * steps->kind[k].layers;
    }
}

/* What one operation needs on CUDA, by kernels/cuda/work.h. */
static uint64_t work_of(const struct graph *graph, const struct node *node)
{
    const uint64_t t = node->t, rows = t * node_count(node, "chosen");
    switch (node->op) {
    case OP_LINEAR:
        if (graph->rows == ROWS_ONE)
            return 0;
        return WORK_LINEAR_BYTES(t, node_wide(node, 'K'), graph->tensor[node->linear.w].type);
    case OP_SCAN:
        return WORK_SCAN_BYTES(t, node_size(node, 'I'), node_size(node, 'N'));
    case OP_ATTENTION:
        if (graph->rows != ROWS_ONE)
            return 0;
        return WORK_ATTENTION_BYTES(node->attention.heads, node_size(node, 'G'),
                                    node_size(node, 'P'), node_size(node, 'C'));
    case OP_NORM_EXPERTS_SWIGLU:
        return WORK_LOGITS_BYTES(node_size(node, 'E'));
    case OP_GATHER:
        return WORK_GROUPS_BYTES(rows, node_count(node, "experts"));
    case OP_EXPERTS_SWIGLU:
        return WORK_EXPERTS_SWIGLU_BYTES(rows, node_size(node, 'D'), node_size(node, 'E'),
                                         graph->tensor[node->experts_swiglu.gate].type);
    case OP_EXPERTS_ADD:
        if (graph->rows == ROWS_ONE)
            return 0;
        return WORK_EXPERTS_ADD_BYTES(rows, node_size(node, 'F'), node_size(node, 'D'),
                                      node_size(node, 'E'),
                                      graph->tensor[node->experts_add.w].type);
    default:
        return 0;
    }
}

/* The largest need of an operation, or of choosing a token. */
static uint64_t work_bytes(const struct steps *steps)
{
    uint64_t most = WORK_SAMPLER_BYTES(steps->cfg.vocab_size);
    for (uint32_t i = 0; i < steps->op_count; i++) {
        const uint64_t bytes = work_of(steps->op[i].graph, steps->op[i].node);
        most = bytes > most ? bytes : most;
    }
    return number_pad(most, GRAPH_ALIGN);
}

/* The plans of one step, a graph for each kind of layer, and what they mean for the arena. */
static void plan_step(struct program *program, enum step_kind step)
{
    const struct steps *steps = &program->steps;
    struct diagnostics diagnostics = {.to = stderr, .file = steps->cfg.name};
    for (uint32_t k = 0; k < steps->kind_count; k++) {
        struct plan *plan = &program->plan[step][k];
        live_find(&steps->graph[step][k], plan);
        plan_solve(plan);
        if (!plan_check(plan, &diagnostics))
            break;
        if (plan->bytes > program->scratch_bytes)
            program->scratch_bytes = plan->bytes;
        if (plan->bound > program->scratch_bound)
            program->scratch_bound = plan->bound;
    }
    if (diagnostics.errors > 0 ||
        !plan_check_layers(program->plan[step], steps->graph[step], steps->kind_of,
                           steps->cfg.num_hidden_layers, &diagnostics))
        diagnostics_fault(steps->cfg.name, "the memory plan is not valid, as said above");
}

void program_make(const struct cfg *cfg, struct program *program)
{
    *program = (struct program){.scratch_bytes = 0};
    steps_build(cfg, &program->steps);
    layout_make(cfg, &program->layout);
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        plan_step(program, step);
    find_state(&program->steps, program);
    if (program->cache_bytes > 0)
        program->cache_position_bytes = program->cache_bytes / attention_positions(cfg);
    program->work_bytes = work_bytes(&program->steps);
    program->io_bytes = io_bytes(program->steps.graph[STEP_DECODE]);
    program->kernels = calloc(1, sizeof *program->kernels);
    if (program->kernels == NULL)
        diagnostics_no_memory();
    kernels_find(&program->steps, program->kernels);
}

uint64_t program_streamed(const struct program *program, enum step_kind step)
{
    const struct steps *steps = &program->steps;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < steps->op_count; i++)
        if (steps->op[i].graph->step == step)
            bytes += steps->op[i].node->weight_bytes * steps->op[i].times;
    return bytes;
}

struct budget program_budget(const struct program *program)
{
    return (struct budget){.parameters = program->layout.parameters,
                           .active = program->layout.active,
                           .read = program->layout.read,
                           .weights = program->layout.weights_bytes,
                           .streamed = program_streamed(program, STEP_DECODE),
                           .constant = program->state_bytes - program->cache_bytes,
                           .position = program->cache_position_bytes,
                           .context = cfg_context(&program->steps.cfg),
                           .trained = program->steps.cfg.max_position_embeddings,
                           .window = cfg_window(&program->steps.cfg)};
}

void program_free(struct program *program)
{
    layout_free(&program->layout);
    free(program->kernels);
    program->kernels = NULL;
}

struct phrase emit_step_name(const struct graph *graph)
{
    return phrase("%s%s%s", step_name(graph->step), graph->kind_name[0] != '\0' ? "_" : "",
                  graph->kind_name);
}

struct phrase emit_op(const struct graph *graph, const struct node *node)
{
    return phrase("%s_%s", step_rules[graph->step].prefix, node_full_name(graph, node).text);
}

struct phrase emit_matrix_type(const struct tensor *t)
{
    return phrase("%s_%" PRIu64 "x%" PRIu64, format_name(t->type), tensor_padded_rows(t),
                  tensor_stored_cols(t));
}

void emit_opening(struct writer *writer, const struct cfg *cfg, const char *text)
{
    static const char edit[] = "edit that, `make models`.";
    const struct phrase made =
        phrase("models/%s/%s: made from config/%s.ini;", cfg->name, writer->file, cfg->name);
    const bool fits = strlen(made.text) + strlen(edit) < WRITER_COLUMNS - strlen("/*  */");
    writer_comment(writer, "%s%c%s\n\n%s", made.text, fits ? ' ' : '\n', edit, text);
}
