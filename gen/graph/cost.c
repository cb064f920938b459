/* What every operation costs, by the formulas of kernels/ops.def. The ranges of the config keys
 * keep these products far below 2^64. */
#include "gen/graph/graph.h"

/* An embedding reads one row of the table per token, experts as many as the tokens may choose;
 * everything else reads its weights whole. */
static uint64_t weights_read(const struct graph *graph, const struct node *node)
{
    const uint64_t chosen = node->t * node_count(node, "chosen");
    uint64_t bytes = 0;
    for (uint32_t o = 0; o < node_operands(node); o++) {
        const struct tensor *t = node_tensor(graph, node, o);
        if (t == NULL || t->role != ROLE_WEIGHT)
            continue;
        if (node->op == OP_EMBED)
            bytes += node->t * format_bytes(t->type, 1, t->cols);
        else if (t->experts > chosen)
            bytes += tensor_bytes(t) / t->experts * chosen;
        else
            bytes += tensor_bytes(t);
    }
    return bytes;
}

/* Operations on a finished sum. */
static uint64_t finish_flops(uint32_t epilogue)
{
    static const uint8_t flops[] = {
        [EPILOGUE_PLAIN] = 0, [EPILOGUE_ADD] = 1, [EPILOGUE_SOFTPLUS] = 3, [EPILOGUE_GELU] = 7};
    return flops[epilogue];
}

/* The words of the formulas. */
#define LETTER(NAME)                                                                               \
    const uint64_t NAME = node->size[#NAME[0] - 'A'].size;                                         \
    (void)NAME;
#define wide(NAME)        node_wide(node, #NAME[0])
#define number(ATTRIBUTE) ((uint64_t)of->ATTRIBUTE)
#define has(OPERAND)      (of->OPERAND != GRAPH_NONE)
#define element(OPERAND)  (format_bits(graph->tensor[of->OPERAND].type) / 8)

/* A function for each formula of each operation. */
/* clang-format off */
#define FORMULA(NAME, LOWER, VALUE)                                                                \
    static uint64_t NAME(const struct graph *graph, const struct node *node)                       \
    {                                                                                              \
        const struct op_##LOWER *const of = &node->LOWER;                                          \
        const uint64_t t = node->t;                                                                \
        (void)graph, (void)of, (void)t;                                                            \
        LETTER(A) LETTER(B) LETTER(C) LETTER(D) LETTER(E) LETTER(F) LETTER(G)                      \
        LETTER(H) LETTER(I) LETTER(J) LETTER(K) LETTER(L) LETTER(M) LETTER(N)                      \
        LETTER(O) LETTER(P) LETTER(Q) LETTER(R) LETTER(S) LETTER(T) LETTER(U)                      \
        LETTER(V) LETTER(W) LETTER(X) LETTER(Y) LETTER(Z)                                          \
        return VALUE;                                                                              \
    }
#define OP(UPPER, LOWER, CPU, CUDA, SYMBOL, SIZES, OPERANDS, ATTRIBUTES, MOVED, FLOPS, MEANING)    \
    FORMULA(LOWER##_moved, LOWER, MOVED)                                                           \
    FORMULA(LOWER##_flops, LOWER, FLOPS)
#include "kernels/ops.def"
#undef OP
/* clang-format on */

static const struct {
    uint64_t (*moved)(const struct graph *graph, const struct node *node);
    uint64_t (*flops)(const struct graph *graph, const struct node *node);
} formulas[OP_COUNT] = {
#define OP(UPPER, LOWER, ...) {LOWER##_moved, LOWER##_flops},
#include "kernels/ops.def"
#undef OP
};

void graph_cost(struct graph *graph)
{
    for (uint32_t i = 0; i < graph->node_count; i++) {
        struct node *node = &graph->node[i];
        node->weight_bytes = weights_read(graph, node);
        node->moved_bytes = formulas[node->op].moved(graph, node);
        node->flops = formulas[node->op].flops(graph, node);
    }
}
