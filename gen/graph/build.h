/* What the builders of all families share: adding tensors and operations to a graph, one call each.
 */
#ifndef GEN_GRAPH_BUILD_H
#define GEN_GRAPH_BUILD_H

#include "gen/graph/graph.h"

/* A graph under construction. */
struct build {
    const struct cfg *cfg;
    struct graph *graph;
    enum place place; /* of what is added next */
};

/* A weight [rows][cols] of the checkpoint's tensor `source`, with "%u" for the layer; a matrix is
 * stored as the config's projections are, everything else as f32. GRAPH_NONE if source is NULL: the
 * model has none. */
uint32_t build_weight(struct build *b, const char *name, const char *source, enum packing packing,
                      uint32_t rows, uint32_t cols);
uint32_t build_vector(struct build *b, const char *name, const char *source, uint32_t rows);
uint32_t build_matrix(struct build *b, const char *name, const char *source, uint32_t rows,
                      uint32_t cols);

/* The class of a matrix that is no projection. */
void build_class(struct build *b, uint32_t weight, enum weight_class c);

/* A matrix [rows][cols] for each of `experts` experts, stored as these are; "%u" in the source for
 * layer and expert. */
uint32_t build_experts(struct build *b, const char *name, const char *source, uint32_t experts,
                       uint32_t rows, uint32_t cols);

/* The rows, or the columns, of a weight come in groups that are heads: the pads of each are part of
 * what a product gives or takes. A weight that is GRAPH_NONE stays so. */
void build_spread_rows(struct build *b, uint32_t weight, struct spread spread);
void build_spread_cols(struct build *b, uint32_t weight, struct spread spread);

/* A scratch buffer, whose shape the first operation that writes it decides. */
uint32_t build_scratch(struct build *b, const char *name);

/* A buffer of known shape: [count] rows of PAD(width) f32. */
uint32_t build_rows(struct build *b, enum role role, const char *name, uint64_t count,
                    uint32_t width);

/* A remark for the reader of model.h or arena.h. */
PRINTF(3, 4) void build_note(struct build *b, uint32_t tensor, const char *text, ...);

/* An operation: BUILD(b, linear, "Q_PROJ", .y = q, .w = q_proj, .x = xn). An operand that is not
 * given is GRAPH_NONE; attributes that are the model's (its epsilon, its heads) need not be given.
 */
#define BUILD(B, OPERATION, NAME, ...)                                                             \
    build_node(B, NAME, &(struct node){.op = OP_##OPERATION, .OPERATION = {__VA_ARGS__}})
void build_node(struct build *b, const char *name, const struct node *node);

/* What the operation added last is called where a fusion ends with it, and what its result is
 * called then; NULL: as it is. */
void build_when_fused(struct build *b, const char *name, const char *result);

/* y = x normalised: by its mean and variance if there is a bias, else by its mean square. */
void build_norm(struct build *b, const char *name, uint32_t y, uint32_t x, uint32_t weight,
                uint32_t bias);

/* Half of a layer: adds the tensors and operations of what it adds to the residual stream x, in the
 * order in which one token is computed, and says it as a formula. It knows nothing of steps: where
 * operations become one, or many rows want another order, a pass sees to it. */
typedef void build_half(struct build *b, uint32_t x);
void build_meaning(struct build *b, const char *formula);

/* Where a family keeps what lies around the layers: the table of embeddings, which may have a
 * second name, the last norm, and the biases of that and of the head; NULL: it has none. The head
 * is lm_head.weight, or the table when they are tied. */
struct build_ends {
    const char *embed, *embed_alias, *norm_f, *norm_f_bias, *head_bias;
};

/* The graph of the step: from tokens through a layer of these halves to normalised hidden rows,
 * from hidden rows to logits, or both. A layer that is one half has NULL behind it. */
void build_stack(struct build *b, const struct build_ends *ends, build_half *const halves[2]);

#endif
