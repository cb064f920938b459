/* From a config to the graphs of its steps. */
#include "gen/families/steps.h"

#include <string.h>

#include "gen/families/families.h"

static const struct family *const families[] = {
    &family_mamba,   &family_mamba2,   &family_llama, &family_phi,
    &family_mixtral, &family_deepseek, &family_jamba,
};

static const struct family *family_of(const struct cfg *cfg)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strcmp(families[i]->model_type, cfg->model_type) == 0)
            return families[i];
    diagnostics_fault(
        cfg->name, "model_type %s has no row in families[] (gen/families/steps.c)",
        cfg->model_type); /* the config reader knows a family that is not in the table */
}

void steps_kinds(const struct cfg *cfg, struct steps *steps)
{
    const struct family *family = family_of(cfg);
    uint8_t of_family[GRAPH_LAYERS] = {0};
    uint32_t layers[GRAPH_KINDS] = {0};
    steps->cfg = *cfg;
    steps->kind_count = 0;
    for (uint32_t l = 0; l < cfg->num_hidden_layers; l++) {
        of_family[l] = (uint8_t)(family->kind_of == NULL ? 0 : family->kind_of(cfg, l));
        layers[of_family[l]]++;
    }
    for (uint32_t k = 0; k < GRAPH_KINDS; k++) {
        if (layers[k] == 0)
            continue;
        for (uint32_t l = 0; l < cfg->num_hidden_layers; l++)
            if (of_family[l] == k)
                steps->kind_of[l] = (uint8_t)steps->kind_count;
        const bool only = layers[k] == cfg->num_hidden_layers;
        steps->kind[steps->kind_count++] = (struct kind){
            .name = only ? "layer" : family->layers[k].name, .of_family = k, .layers = layers[k]};
    }
}

void graph_describe(const struct cfg *cfg, enum step_kind step, const struct kind *kind,
                    struct graph *graph)
{
    const uint32_t tokens[] = {
        [ROWS_ONE] = 1, [ROWS_CHUNK] = cfg->prefill_chunk, [ROWS_LOGITS] = cfg->logit_rows};
    const struct family *family = family_of(cfg);
    const bool only = kind->layers == cfg->num_hidden_layers || !step_rules[step].layers;
    *graph = (struct graph){.step = step,
                            .kind_name = only ? "" : kind->name,
                            .rows = step_rules[step].rows,
                            .tokens = tokens[step_rules[step].rows]};
    memcpy(graph->model, cfg->name, sizeof graph->model);
    struct build b = {.cfg = cfg, .graph = graph};
    build_stack(&b, &family->ends, family->layers[kind->of_family].half);
}

void graph_build(const struct cfg *cfg, enum step_kind step, const struct kind *kind,
                 struct graph *graph)
{
    graph_describe(cfg, step, kind, graph);
    if (step_rules[step].pass != NULL)
        step_rules[step].pass(graph);
}

/* Lists the operations of a step. */
static void list_ops(struct steps *steps, enum step_kind step)
{
    for (enum place place = PLACE_PROLOGUE; place <= PLACE_EPILOGUE; place++)
        for (uint32_t k = 0; k < (place == PLACE_LAYER ? steps->kind_count : 1); k++) {
            const struct graph *graph = &steps->graph[step][k];
            const uint64_t times = place == PLACE_LAYER ? steps->kind[k].layers : 1;
            for (uint32_t i = 0; i < graph->node_count; i++)
                if (graph->node[i].place == place)
                    steps->op[steps->op_count++] =
                        (struct step_op){graph, &graph->node[i], k, i, times};
        }
}

void steps_build(const struct cfg *cfg, struct steps *steps)
{
    struct diagnostics diagnostics = {.to = stderr, .file = cfg->name};
    steps_kinds(cfg, steps);
    steps->op_count = 0;
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        for (uint32_t k = 0; k < steps->kind_count; k++) {
            struct graph *graph = &steps->graph[step][k];
            graph_build(cfg, step, &steps->kind[k], graph);
            if (!graph_shape(graph, &diagnostics))
                diagnostics_fault(cfg->name, "operands do not fit together, as said above");
            graph_cost(graph);
        }
        list_ops(steps, step);
    }
}

uint32_t steps_layer_kinds(const struct steps *steps, enum step_kind step)
{
    return step_rules[step].layers ? steps->kind_count : 0;
}
