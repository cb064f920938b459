#include "gen/graph/build.h"

#include <stdarg.h>
#include <string.h>

#include "gen/front/number.h"

uint32_t build_weight(struct build *b, const char *name, const char *source, enum packing packing,
                      uint32_t rows, uint32_t cols)
{
    struct tensor t = {.role = ROLE_WEIGHT,
                       .place = b->place,
                       .type = packing == PACKING_MATRIX ? b->cfg->linear_type : DTYPE_F32,
                       .parts = 1,
                       .part = {rows},
                       .source = source,
                       .alias = "",
                       .packing = packing,
                       .rows = rows,
                       .cols = cols,
                       .row_spread = {{{1, rows}}},
                       .col_spread = {{{1, cols}}},
                       .product_cols = cols};
    strcpy(t.name, name);
    return graph_tensor(b->graph, &t);
}

void build_spread_rows(struct build *b, uint32_t weight, struct spread spread)
{
    if (weight == GRAPH_NONE)
        return;
    struct tensor *t = &b->graph->tensor[weight];
    t->row_spread = spread;
    t->part[0] = (uint32_t)spread_padded(&spread);
}

void build_spread_cols(struct build *b, uint32_t weight, struct spread spread)
{
    struct tensor *t = &b->graph->tensor[weight];
    t->col_spread = spread;
    t->product_cols = (uint32_t)spread_padded(&spread);
}

uint32_t build_experts(struct build *b, const char *name, const char *source, uint32_t experts,
                       uint32_t rows, uint32_t cols)
{
    const uint32_t id = build_weight(b, name, source, PACKING_MATRIX, rows, cols);
    b->graph->tensor[id].experts = experts;
    return id;
}

uint32_t build_scratch(struct build *b, const char *name)
{
    struct tensor t = {.role = ROLE_SCRATCH, .place = b->place, .type = DTYPE_F32};
    strcpy(t.name, name);
    return graph_tensor(b->graph, &t);
}

uint32_t build_rows(struct build *b, enum role role, const char *name, uint64_t count,
                    uint32_t width)
{
    struct tensor t = {.role = role,
                       .place = b->place,
                       .type = DTYPE_F32,
                       .rank = 2,
                       .dim = {count, number_pad(width, GRAPH_PAD)},
                       .parts = 1,
                       .part = {width}};
    strcpy(t.name, name);
    return graph_tensor(b->graph, &t);
}

void build_note(struct build *b, uint32_t tensor, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(b->graph->tensor[tensor].note, sizeof b->graph->tensor[tensor].note, text, arguments);
    va_end(arguments);
}

void build_node(struct build *b, enum op op, const char *name, const uint32_t *operands)
{
    struct node n = {.op = op,
                     .place = b->place,
                     .chosen = b->cfg->num_experts_per_tok,
                     .groups = b->cfg->n_groups};
    strcpy(n.name, name);
    memcpy(n.operand, operands, strlen(op_rules[op].access) * sizeof *operands);
    graph_node(b->graph, &n);
}

uint32_t build_embedding(struct build *b, const char *source, const char *alias)
{
    uint32_t embed =
        build_weight(b, "embed", source, PACKING_MATRIX, b->cfg->vocab_size, b->cfg->hidden_size);
    b->graph->tensor[embed].type = b->cfg->embedding_type;
    b->graph->tensor[embed].alias = alias;
    return embed;
}

uint32_t build_head(struct build *b, uint32_t embed)
{
    if (b->cfg->tie_word_embeddings)
        return embed;
    uint32_t head = build_weight(b, "head", "lm_head.weight", PACKING_MATRIX, b->cfg->vocab_size,
                                 b->cfg->hidden_size);
    b->graph->tensor[head].type = b->cfg->embedding_type;
    return head;
}

uint32_t build_hidden(struct build *b)
{
    return build_rows(b, ROLE_IO, "hidden", b->cfg->prefill_chunk, b->cfg->hidden_size);
}

uint32_t build_logits(struct build *b)
{
    return build_rows(b, ROLE_IO, "logits", b->cfg->logit_rows, b->cfg->vocab_size);
}

uint32_t build_tokens(struct build *b)
{
    struct tensor tokens = {.name = "tokens",
                            .role = ROLE_IO,
                            .place = b->place,
                            .type = DTYPE_U32,
                            .rank = 1,
                            .dim = {b->cfg->prefill_chunk},
                            .parts = 1,
                            .part = {1}};
    return graph_tensor(b->graph, &tokens);
}

uint32_t build_optional(struct build *b, bool wanted, const char *name, const char *source,
                        uint32_t rows)
{
    return wanted ? build_weight(b, name, source, PACKING_VECTOR, rows, 1) : GRAPH_NONE;
}

/* Hidden rows to logits. */
static void stack_head(struct build *b, const struct build_ends *ends)
{
    b->place = PLACE_EPILOGUE;
    const uint32_t hidden = build_hidden(b);
    const uint32_t embed =
        b->cfg->tie_word_embeddings ? build_embedding(b, ends->embed, ends->embed_alias) : 0;
    const uint32_t head = build_head(b, embed), logits = build_logits(b);
    BUILD_NODE(b, OP_LINEAR, "LOGITS", logits, head, hidden);
}

void build_stack(struct build *b, const struct build_ends *ends,
                 void (*layer)(struct build *b, uint32_t x))
{
    if (b->graph->step == STEP_HEAD) {
        stack_head(b, ends);
        return;
    }
    b->place = PLACE_PROLOGUE;
    const uint32_t tokens = build_tokens(b),
                   embed = build_embedding(b, ends->embed, ends->embed_alias);
    const uint32_t x = build_scratch(b, "x");
    BUILD_NODE(b, OP_EMBED, "EMBED", x, embed, tokens);
    b->place = PLACE_LAYER;
    layer(b, x);
    b->place = PLACE_EPILOGUE;
    const uint32_t norm_f =
        build_weight(b, "norm_f", ends->norm_f, PACKING_VECTOR, b->cfg->hidden_size, 1);
    const uint32_t hidden = build_hidden(b);
    BUILD_NODE(b, OP_RMSNORM, "NORM_F", hidden, x, norm_f);
    if (b->graph->step != STEP_DECODE)
        return;
    const uint32_t head = build_head(b, embed), logits = build_logits(b);
    BUILD_NODE(b, OP_LINEAR, "HEAD", logits, head, hidden);
}
