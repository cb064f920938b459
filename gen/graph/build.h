/* What the builders of all families share: adding tensors and operations to a graph, one call each.
 */
#ifndef GEN_BUILD_H
#define GEN_BUILD_H

#include "gen/graph/graph.h"

/* A graph under construction. */
struct build {
    const struct cfg *cfg;
    struct graph *graph;
    enum place place; /* of what is added next */
};

/* A weight [rows][cols] of the checkpoint's tensor `source`, with "%u" for the layer; a matrix is
 * stored as the config's projections are, everything else as f32. */
uint32_t build_weight(struct build *b, const char *name, const char *source, enum packing packing,
                      uint32_t rows, uint32_t cols);

/* A matrix [rows][cols] for each of `experts` experts, stored as these are; "%u" in the source for
 * layer and expert. */
uint32_t build_experts(struct build *b, const char *name, const char *source, uint32_t experts,
                       uint32_t rows, uint32_t cols);

/* The rows, or the columns, of a weight come in groups that are heads: the pads of each are part of
 * what a product gives or takes. A weight that is GRAPH_NONE stays so. */
void build_spread_rows(struct build *b, uint32_t weight, struct spread spread);
void build_spread_cols(struct build *b, uint32_t weight, struct spread spread);

/* A vector that the model has if it is wanted, else GRAPH_NONE. */
uint32_t build_optional(struct build *b, bool wanted, const char *name, const char *source,
                        uint32_t rows);

/* A scratch buffer, whose shape the first operation that writes it decides. */
uint32_t build_scratch(struct build *b, const char *name);

/* A buffer of known shape: [count] rows of PAD(width) f32. */
uint32_t build_rows(struct build *b, enum role role, const char *name, uint64_t count,
                    uint32_t width);

/* A remark for the reader of model.h or arena.h. */
__attribute__((format(printf, 3, 4))) void build_note(struct build *b, uint32_t tensor,
                                                      const char *text, ...);

/* An operation: BUILD(b, linear, "Q_PROJ", .y = q, .w = q_proj, .x = xn). An operand that is not
 * given is GRAPH_NONE; attributes that are the model's (its epsilon, its heads) need not be given.
 */
#define BUILD(B, OPERATION, NAME, ...)                                                             \
    build_node(B, NAME, &(struct node){.op = OP_##OPERATION, .OPERATION = {__VA_ARGS__}})
void build_node(struct build *b, const char *name, const struct node *node);

/* The ends of every model: the table of embeddings; the head, which is that table when they are
 * tied; and what the host and the steps hand each other. */
uint32_t build_embedding(struct build *b, const char *source, const char *alias);
uint32_t build_head(struct build *b, uint32_t embedding);
uint32_t build_tokens(struct build *b);
uint32_t build_hidden(struct build *b);
uint32_t build_logits(struct build *b);

/* Where a family keeps the table, which may have a second name, and the last norm, an RMSNorm. */
struct build_ends {
    const char *embed, *embed_alias, *norm_f;
};

/* A whole graph: tokens to normalised hidden rows, in decode on to the logits; or the head. `layer`
 * adds the tensors and operations of a layer on the residual stream x. */
void build_stack(struct build *b, const struct build_ends *ends,
                 void (*layer)(struct build *b, uint32_t x));

#endif
