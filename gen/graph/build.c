#include "gen/graph/build.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "gen/front/number.h"

uint32_t build_weight(struct build *b, const char *name, const char *source, enum packing packing,
                      uint32_t rows, uint32_t cols)
{
    if (source == NULL)
        return GRAPH_NONE;
    struct tensor t = {.role = ROLE_WEIGHT,
                       .place = b->place,
                       .type = packing == PACKING_MATRIX ? b->cfg->projection_type : FORMAT_F32,
                       .parts = {1, {rows}},
                       .source = source,
                       .alias = "",
                       .packing = packing,
                       .matrix_class = CLASS_PROJECTION,
                       .rows = rows,
                       .cols = cols,
                       .row_spread = {{{1, rows}}},
                       .col_spread = {{{1, cols}}},
                       .product_cols = cols};
    strcpy(t.name, name);
    return graph_tensor(b->graph, &t);
}

uint32_t build_vector(struct build *b, const char *name, const char *source, uint32_t rows)
{
    return build_weight(b, name, source, PACKING_VECTOR, rows, 1);
}

uint32_t build_matrix(struct build *b, const char *name, const char *source, uint32_t rows,
                      uint32_t cols)
{
    return build_weight(b, name, source, PACKING_MATRIX, rows, cols);
}

void build_class(struct build *b, uint32_t weight, enum weight_class c)
{
    b->graph->tensor[weight].matrix_class = c;
    b->graph->tensor[weight].type = cfg_class_type(b->cfg, c);
}

void build_spread_rows(struct build *b, uint32_t weight, struct spread spread)
{
    if (weight == GRAPH_NONE)
        return;
    struct tensor *t = &b->graph->tensor[weight];
    t->row_spread = spread;
    t->parts.of[0] = (uint32_t)spread_padded(&spread);
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
    build_class(b, id, CLASS_EXPERT);
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
                       .parts = {1, {width}}};
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

/* An attribute that is the same in every operation of a model; false: none of that name is. */
static bool constant(const struct cfg *cfg, const char *name, double *value)
{
    const struct {
        const char *name;
        double value;
    } constants[] = {
        {"epsilon", cfg_epsilon(cfg)},
        {"heads", cfg->num_attention_heads},
        {"groups", cfg->n_groups},
        {"chosen", cfg->num_experts_per_tok},
        {"experts", cfg_experts(cfg)},
        {"weights", cfg_renorm(cfg) ? ROUTE_RENORM : ROUTE_RAW},
        {"rotary", cfg_rotary_dim(cfg)},
        {"window", cfg_window(cfg)},
        {"scale", 1 / sqrt(cfg->head_dim)},
        {"low", cfg->time_step_limit_low},
        {"high", cfg->time_step_limit_high},
    };
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        if (strcmp(constants[i].name, name) != 0)
            continue;
        *value = constants[i].value;
        return true;
    }
    return false;
}

void build_node(struct build *b, const char *name, const struct node *node)
{
    struct node n = *node;
    const struct op_rule *rule = &op_rules[n.op];
    n.place = b->place;
    strcpy(n.name, name);
    for (uint32_t i = 0; i < rule->attributes; i++) {
        uint32_t *const word = &n.word[rule->operands + i];
        double value;
        if (!constant(b->cfg, rule->attribute[i].name, &value))
            continue;
        const float real = (float)value;
        if (rule->attribute[i].type == ATTRIBUTE_float)
            memcpy(word, &real, sizeof real);
        else
            *word = (uint32_t)value;
    }
    graph_node(b->graph, &n);
}

void build_when_fused(struct build *b, const char *name, const char *result)
{
    struct node *last = &b->graph->node[b->graph->node_count - 1];
    strcpy(last->fused, name);
    if (result != NULL)
        strcpy(b->graph->tensor[last->word[OP_RESULT]].fused, result);
}

void build_norm(struct build *b, const char *name, uint32_t y, uint32_t x, uint32_t weight,
                uint32_t bias)
{
    if (bias == GRAPH_NONE)
        BUILD(b, rmsnorm, name, .y = y, .x = x, .norm = weight);
    else
        BUILD(b, layernorm, name, .y = y, .x = x, .norm = weight, .norm_bias = bias);
}

void build_meaning(struct build *b, const char *formula)
{
    char *const text = b->graph->layer_meaning;
    const size_t used = strlen(text), room = sizeof b->graph->layer_meaning;
    snprintf(text + used, room - used, "%s%s", used > 0 ? ";  " : "", formula);
}

static uint32_t tokens(struct build *b)
{
    struct tensor t = {.name = "tokens",
                       .role = ROLE_IO,
                       .place = b->place,
                       .ids = true,
                       .rank = 1,
                       .dim = {b->cfg->prefill_chunk},
                       .parts = {1, {1}}};
    return graph_tensor(b->graph, &t);
}

static uint32_t embedding(struct build *b, const struct build_ends *ends)
{
    uint32_t embed = build_matrix(b, "embed", ends->embed, b->cfg->vocab_size, b->cfg->hidden_size);
    build_class(b, embed, CLASS_EMBEDDING);
    b->graph->tensor[embed].alias = ends->embed_alias;
    return embed;
}

/* The matrix of the head: the table of embeddings if they are tied. */
static uint32_t head_of(struct build *b, const struct build_ends *ends, uint32_t embed)
{
    if (b->cfg->tie_word_embeddings)
        return embed == GRAPH_NONE ? embedding(b, ends) : embed;
    uint32_t head =
        build_matrix(b, "head", "lm_head.weight", b->cfg->vocab_size, b->cfg->hidden_size);
    build_class(b, head, CLASS_HEAD);
    return head;
}

static uint32_t hidden_rows(struct build *b)
{
    return build_rows(b, ROLE_IO, "hidden", b->cfg->prefill_chunk, b->cfg->hidden_size);
}

/* Tokens through a layer to hidden rows. */
static uint32_t layers(struct build *b, const struct build_ends *ends, build_half *const halves[2],
                       uint32_t embed, uint32_t token_ids)
{
    const uint32_t D = b->cfg->hidden_size;
    const uint32_t x = build_scratch(b, "x");
    BUILD(b, embed, "EMBED", .y = x, .w = embed, .tokens = token_ids);
    b->place = PLACE_LAYER;
    for (uint32_t half = 0; half < 2; half++)
        if (halves[half] != NULL)
            halves[half](b, x);
    b->place = PLACE_EPILOGUE;
    const uint32_t norm_f = build_vector(b, "norm_f", ends->norm_f, D);
    const uint32_t bias = build_vector(b, "norm_f_bias", ends->norm_f_bias, D);
    const uint32_t hidden = hidden_rows(b);
    build_norm(b, "NORM_F", hidden, x, norm_f, bias);
    return hidden;
}

void build_stack(struct build *b, const struct build_ends *ends, build_half *const halves[2])
{
    const struct step_rule *step = &step_rules[b->graph->step];
    uint32_t embed = GRAPH_NONE, hidden;
    if (step->layers) {
        b->place = PLACE_PROLOGUE;
        const uint32_t token_ids = tokens(b);
        embed = embedding(b, ends);
        hidden = layers(b, ends, halves, embed, token_ids);
    } else {
        b->place = PLACE_EPILOGUE;
        hidden = hidden_rows(b);
    }
    if (step->logits == NULL)
        return;
    const uint32_t head = head_of(b, ends, embed);
    const uint32_t bias = build_vector(b, "head_bias", ends->head_bias, b->cfg->vocab_size);
    const uint32_t logits =
        build_rows(b, ROLE_IO, "logits", b->cfg->logit_rows, b->cfg->vocab_size);
    BUILD(b, linear, step->logits, .y = logits, .w = head, .bias = bias, .x = hidden);
}
