/* All steps of a model as graphs. */
#ifndef GEN_FAMILIES_STEPS_H
#define GEN_FAMILIES_STEPS_H

#include "gen/graph/graph.h"

/* A kind of layer that occurs in a model. */
struct kind {
    const char *name;   /* C name of its layers: "mamba_mlp"; "layer" in a model of one kind */
    uint32_t of_family; /* as the family counts them */
    uint32_t layers;    /* how many are of it */
};

/* An operation of a step, and how often the step executes it. */
struct step_op {
    const struct graph *graph;
    const struct node *node;
    uint32_t kind, index; /* which graph of the step, which node */
    uint64_t times;
};
enum { STEP_OPS = STEP_KINDS * GRAPH_KINDS * GRAPH_NODES };

/* All steps of one model: a graph for each kind of layer that occurs; and the operations of one
 * step after another, each once: those of the prologue, of a layer of each kind, of the epilogue.
 */
struct steps {
    struct cfg cfg;
    uint32_t kind_count;
    struct kind kind[GRAPH_KINDS];
    uint8_t kind_of[GRAPH_LAYERS]; /* the kind of each layer */
    struct graph graph[STEP_KINDS][GRAPH_KINDS];
    uint32_t op_count;
    struct step_op op[STEP_OPS];
};

/* Builds all steps of a checked config, infers shapes and costs. A failure is a bug of the
 * generator, never of the config: it is printed and aborts. */
void steps_build(const struct cfg *cfg, struct steps *steps);

/* How many kinds of layers a step executes: all that occur, or none. */
uint32_t steps_layer_kinds(const struct steps *steps, enum step_kind step);

/* The stages one by one. steps_kinds() finds the kinds of a config's layers. graph_describe() adds
 * what the family, by model_type, says of a step with layers of one kind; graph_build() also lets
 * the step's pass go over it. */
void steps_kinds(const struct cfg *cfg, struct steps *steps);
void graph_describe(const struct cfg *cfg, enum step_kind step, const struct kind *kind,
                    struct graph *graph);
void graph_build(const struct cfg *cfg, enum step_kind step, const struct kind *kind,
                 struct graph *graph);

#endif
