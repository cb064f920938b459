/* From a checked config to everything that the emitters print. */
#include <stdarg.h>
#include <stdlib.h>

#include "gen/emit.h"
#include "gen/number.h"
#include "kernels/cuda/work.h"

const struct emitter emitters[] = {
    {"model.h", emit_model_h},           {"arena.h", emit_arena_h},
    {"decode.c", emit_decode_c},         {"prefill.c", emit_prefill_c},
    {"instances.h", emit_instances_h},   {"instances.c", emit_instances_c},
    {"instances.cu", emit_instances_cu}, {"ops.c", emit_ops_c},
    {"proof.h", emit_proof_h},           {"plan.txt", emit_plan_txt},
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

/* Of all layers: everything that a token leaves for the next, or only the caches. */
static uint64_t state_bytes(const struct steps *steps, bool caches_only)
{
    const struct graph *decode = &steps->graph[STEP_DECODE];
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < decode->tensor_count; i++)
        if (decode->tensor[i].role == ROLE_STATE && (!caches_only || decode->tensor[i].cache))
            bytes += tensor_bytes(&decode->tensor[i]);
    return bytes * steps->cfg.num_hidden_layers;
}

/* What one operation needs on CUDA, by kernels/cuda/work.h. */
static uint64_t work_of(const struct graph *graph, const struct node *node)
{
    const struct tensor *w = node_tensor(graph, node, 1), *experts = node_tensor(graph, node, 3);
    const uint64_t rows = node->t * node->chosen;
    switch (node->op) {
    case OP_LINEAR:
    case OP_LINEAR_ADD:
    case OP_LINEAR_BIAS:
    case OP_LINEAR_ADD_BIAS:
    case OP_LINEAR_SOFTPLUS:
    case OP_LINEAR_GELU:
        return graph->rows == ROWS_ONE ? 0
                                       : WORK_LINEAR_BYTES(node->t, node->k, dtype_bytes(w->type));
    case OP_SCAN:
        return WORK_SCAN_BYTES(node->t, node->m, node->n);
    case OP_NORM_EXPERTS_SWIGLU:
        return WORK_LOGITS_BYTES(node_tensor(graph, node, 4)->rows);
    case OP_EXPERTS_SWIGLU: /* more than GATHER, which comes before it */
        return WORK_EXPERTS_SWIGLU_BYTES(rows, node->k, experts->experts,
                                         dtype_bytes(experts->type));
    case OP_EXPERTS_ADD:
        return graph->rows == ROWS_ONE
                   ? 0
                   : WORK_EXPERTS_ADD_BYTES(rows, node->k, node->m, experts->experts,
                                            dtype_bytes(experts->type));
    default:
        return 0;
    }
}

/* The largest need of an operation, or of choosing a token. */
static uint64_t work_bytes(const struct steps *steps)
{
    uint64_t most = WORK_TURN_BYTES(steps->cfg.vocab_size);
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        for (uint32_t i = 0; i < steps->graph[step].node_count; i++) {
            const uint64_t bytes = work_of(&steps->graph[step], &steps->graph[step].node[i]);
            most = bytes > most ? bytes : most;
        }
    return number_pad(most, GRAPH_ALIGN);
}

bool design_make(const struct cfg *cfg, struct report *report, struct design *design)
{
    *design = (struct design){.scratch_bytes = 0};
    steps_build(cfg, &design->steps);
    layout_make(cfg, &design->layout);
    bool good = true;
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        const struct graph *graph = &design->steps.graph[step];
        struct plan *plan = &design->plan[step];
        live_find(graph, plan);
        plan_solve(plan);
        good = plan_check(plan, report) && plan_check_graph(plan, graph, report) && good;
        if (plan->bytes > design->scratch_bytes)
            design->scratch_bytes = plan->bytes;
        if (plan->bound > design->scratch_bound)
            design->scratch_bound = plan->bound;
    }
    design->state_bytes = state_bytes(&design->steps, false);
    design->cache_bytes = state_bytes(&design->steps, true);
    design->work_bytes = work_bytes(&design->steps);
    design->io_bytes = io_bytes(&design->steps.graph[STEP_DECODE]);
    design->instances = calloc(1, sizeof *design->instances);
    if (design->instances == NULL)
        abort();
    instances_find(&design->steps, design->instances);
    return good;
}

uint32_t design_context(const struct design *design)
{
    const struct cfg *cfg = &design->steps.cfg;
    return cfg_has(cfg, cfg_key("context")) ? cfg->context : 0;
}

void design_free(struct design *design)
{
    layout_free(&design->layout);
    free(design->instances);
    design->instances = NULL;
}

void emit_matrix_type(const struct tensor *t, char text[64])
{
    snprintf(text, 64, "%s_%llux%llu", dtype_name(t->type),
             (unsigned long long)tensor_padded_rows(t), (unsigned long long)tensor_stored_cols(t));
}

void emit_opening(struct page *page, const struct cfg *cfg, const char *file, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    char *rest = NULL;
    if (vasprintf(&rest, text, arguments) < 0)
        abort();
    va_end(arguments);
    page_comment(page,
                 "models/%s/%s: made from config/%s.ini; edit that, `make models`.\n"
                 "\n%s",
                 cfg->name, file, cfg->name, rest);
    free(rest);
}
