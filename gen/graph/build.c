#include "gen/graph/build.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "gen/front/number.h"

uint32_t build_weight(struct build *b, const char *name, const char *source, enum packing packing,
                      uint32_t rows, uint32_t cols)
{
    struct tensor t = {.role = ROLE_WEIGHT,
                       .place = b->place,
                       .type = packing == PACKING_MATRIX ? b->cfg->projection_type : FORMAT_F32,
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
    b->graph->tensor[id].type = b->cfg->expert_type;
    return id;
}

uint32_t build_scratch(struct build *b, const char *name)
{
    struct tensor t = {.role = ROLE_SCRATCH, .place = b->place, .type = FORMAT_F32};
    strcpy(t.name, name);
    return graph_tensor(b->graph, &t);
}

uint32_t build_rows(struct build *b, enum role role, const char *name, uint64_t count,
                    uint32_t width)
{
    struct tensor t = {.role = role,
                       .place = b->place,
                       .type = FORMAT_F32,
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

static double heads(const struct cfg *cfg)
{
    return cfg->num_attention_heads;
}

static double groups(const struct cfg *cfg)
{
    return cfg->n_groups;
}

static double chosen(const struct cfg *cfg)
{
    return cfg->num_experts_per_tok;
}

static double experts(const struct cfg *cfg)
{
    return cfg_experts(cfg);
}

static double weights(const struct cfg *cfg)
{
    return cfg_renorm(cfg) ? ROUTE_RENORM : ROUTE_RAW;
}

static double rotary(const struct cfg *cfg)
{
    return cfg_rotary_dim(cfg);
}

static double window(const struct cfg *cfg)
{
    return cfg_window(cfg);
}

static double scale(const struct cfg *cfg)
{
    return 1 / sqrt(cfg->head_dim);
}

static double low(const struct cfg *cfg)
{
    return cfg->time_step_limit_low;
}

static double high(const struct cfg *cfg)
{
    return cfg->time_step_limit_high;
}

/* Attributes that are the same in every operation of a model. */
static const struct {
    const char *name;
    double (*of)(const struct cfg *cfg);
} constants[] = {
    {"epsilon", cfg_epsilon}, {"heads", heads},     {"groups", groups}, {"chosen", chosen},
    {"experts", experts},     {"weights", weights}, {"rotary", rotary}, {"window", window},
    {"scale", scale},         {"low", low},         {"high", high}};

static void set_constant(struct node *node, uint32_t attribute, double value)
{
    const struct op_rule *rule = &op_rules[node->op];
    uint32_t *const word = &node->word[rule->operands + attribute];
    const float real = (float)value;
    if (rule->attribute[attribute].type == ATTRIBUTE_float)
        memcpy(word, &real, sizeof real);
    else
        *word = (uint32_t)value;
}

void build_node(struct build *b, const char *name, const struct node *node)
{
    struct node n = *node;
    const struct op_rule *rule = &op_rules[n.op];
    n.place = b->place;
    strcpy(n.name, name);
    for (uint32_t i = 0; i < rule->attributes; i++)
        for (size_t c = 0; c < sizeof constants / sizeof constants[0]; c++)
            if (strcmp(rule->attribute[i].name, constants[c].name) == 0)
                set_constant(&n, i, constants[c].of(b->cfg));
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
    b->graph->tensor[head].type = b->cfg->head_type;
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
                            .ids = true,
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
    BUILD(b, linear, "LOGITS", .y = logits, .w = head, .x = hidden);
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
    BUILD(b, embed, "EMBED", .y = x, .w = embed, .tokens = tokens);
    b->place = PLACE_LAYER;
    layer(b, x);
    b->place = PLACE_EPILOGUE;
    const uint32_t norm_f =
        build_weight(b, "norm_f", ends->norm_f, PACKING_VECTOR, b->cfg->hidden_size, 1);
    const uint32_t hidden = build_hidden(b);
    BUILD(b, rmsnorm, "NORM_F", .y = hidden, .x = x, .norm = norm_f);
    if (b->graph->step != STEP_DECODE)
        return;
    const uint32_t head = build_head(b, embed), logits = build_logits(b);
    BUILD(b, linear, "HEAD", .y = logits, .w = head, .x = hidden);
}
