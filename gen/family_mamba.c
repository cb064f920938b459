/* Mamba-1, as transformers computes it: h is the residual stream, u = RMSNorm(h),
 *   (x, z) = in_proj(u);  x = silu(conv(x));  (dt, B, C) = x_proj(x);  dt = softplus(dt_proj(dt));
 *   s = exp(A dt) s + dt B x;  y = (s C + D x) silu(z);  h = h + out_proj(y).
 * Convolution and scan work in place on the x half of xz. In decode the norm, in_proj and conv are
 * one operation, and so are dt_proj and the scan. */
#include <stdarg.h>
#include <string.h>

#include "gen/graph.h"
#include "gen/number.h"

struct build {
    const struct cfg *cfg;
    struct graph *graph;
    enum place place; /* of what is added next */
};

static uint32_t weight(struct build *b, const char *name, const char *source, enum packing packing,
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
                       .groups = 1};
    strcpy(t.name, name);
    return graph_tensor(b->graph, &t);
}

static uint32_t scratch(struct build *b, const char *name)
{
    struct tensor t = {.role = ROLE_SCRATCH, .place = b->place, .type = DTYPE_F32};
    strcpy(t.name, name);
    return graph_tensor(b->graph, &t);
}

/* A buffer of known shape: [count] rows of PAD(width) f32. */
static uint32_t rows_of(struct build *b, enum role role, const char *name, uint64_t count,
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

/* The states of every channel, by lines of channels: a scan reads them in sequence. */
static uint32_t states_of(struct build *b, const char *name, uint32_t channels, uint32_t states)
{
    struct tensor t = {.role = ROLE_STATE,
                       .place = b->place,
                       .type = DTYPE_F32,
                       .rank = 3,
                       .dim = {number_pad(channels, GRAPH_PAD) / GRAPH_PAD, states, GRAPH_PAD}};
    strcpy(t.name, name);
    return graph_tensor(b->graph, &t);
}

__attribute__((format(printf, 3, 4))) static void note(struct build *b, uint32_t tensor,
                                                       const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(b->graph->tensor[tensor].note, sizeof b->graph->tensor[tensor].note, text, arguments);
    va_end(arguments);
}

static void node(struct build *b, enum op op, const char *name, const uint32_t *operands)
{
    struct node n = {.op = op, .place = b->place};
    strcpy(n.name, name);
    memcpy(n.operand, operands, strlen(op_rules[op].access) * sizeof *operands);
    graph_node(b->graph, &n);
}
#define NODE(B, OP, NAME, ...) node(B, OP, NAME, (const uint32_t[]){__VA_ARGS__})

static uint32_t embedding(struct build *b)
{
    uint32_t embed = weight(b, "embed", "backbone.embeddings.weight", PACKING_MATRIX,
                            b->cfg->vocab_size, b->cfg->hidden_size);
    b->graph->tensor[embed].type = b->cfg->embedding_type;
    b->graph->tensor[embed].alias = "backbone.embedding.weight";
    return embed;
}

/* The head is the embedding when they are tied. */
static uint32_t head_weight(struct build *b, uint32_t embed)
{
    if (b->cfg->tie_word_embeddings)
        return embed;
    uint32_t head = weight(b, "head", "lm_head.weight", PACKING_MATRIX, b->cfg->vocab_size,
                           b->cfg->hidden_size);
    b->graph->tensor[head].type = b->cfg->embedding_type;
    return head;
}

static uint32_t hidden_rows(struct build *b)
{
    return rows_of(b, ROLE_IO, "hidden", b->cfg->prefill_chunk, b->cfg->hidden_size);
}

static uint32_t logits_rows(struct build *b)
{
    return rows_of(b, ROLE_IO, "logits", b->cfg->logit_rows, b->cfg->vocab_size);
}

/* The tensors of one layer; GRAPH_NONE for a bias that the config does not have. */
struct layer {
    uint32_t norm, in_proj, in_bias, taps, conv_bias, x_proj, dt_proj, dt_bias, A, D, out_proj,
        out_bias;
    uint32_t conv, ssm; /* the state */
};

static uint32_t optional_vector(struct build *b, bool wanted, const char *name, const char *source,
                                uint32_t rows)
{
    return wanted ? weight(b, name, source, PACKING_VECTOR, rows, 1) : GRAPH_NONE;
}

/* in_proj: u -> (x, z), and the convolution of x. */
static void layer_entrance(struct build *b, struct layer *l)
{
    const struct cfg *cfg = b->cfg;
    const uint32_t I = cfg->intermediate_size, K = cfg->conv_kernel;
    l->norm =
        weight(b, "norm", "backbone.layers.%u.norm.weight", PACKING_VECTOR, cfg->hidden_size, 1);
    l->in_proj = weight(b, "in_proj", "backbone.layers.%u.mixer.in_proj.weight", PACKING_MATRIX,
                        2 * I, cfg->hidden_size);
    struct tensor *w = &b->graph->tensor[l->in_proj];
    w->groups = w->parts = 2;
    w->part[0] = w->part[1] = I;
    note(b, l->in_proj, "x at row 0, z at row %u", (uint32_t)number_pad(I, GRAPH_PAD));
    l->in_bias = optional_vector(b, cfg->use_bias, "in_proj_bias",
                                 "backbone.layers.%u.mixer.in_proj.bias", 2 * I);
    if (l->in_bias != GRAPH_NONE)
        b->graph->tensor[l->in_bias].groups = 2;
    l->taps = weight(b, "conv_taps", "backbone.layers.%u.mixer.conv1d.weight", PACKING_TAPS, I, K);
    note(b, l->taps, "oldest first");
    l->conv_bias = optional_vector(b, cfg->use_conv_bias, "conv_bias",
                                   "backbone.layers.%u.mixer.conv1d.bias", I);
    l->conv = rows_of(b, ROLE_STATE, "conv", K - 1, I);
    note(b, l->conv, "the last inputs of conv, oldest first");
}

/* x_proj, dt_proj and the scan. */
static void layer_selection(struct build *b, struct layer *l)
{
    const uint32_t I = b->cfg->intermediate_size, N = b->cfg->state_size;
    const uint32_t R = b->cfg->time_step_rank;
    l->x_proj =
        weight(b, "x_proj", "backbone.layers.%u.mixer.x_proj.weight", PACKING_MATRIX, R + 2 * N, I);
    struct tensor *w = &b->graph->tensor[l->x_proj];
    w->parts = 3;
    w->part[0] = R;
    w->part[1] = w->part[2] = N;
    note(b, l->x_proj, "dt %u, B %u, C %u", R, N, N);
    l->dt_proj =
        weight(b, "dt_proj", "backbone.layers.%u.mixer.dt_proj.weight", PACKING_MATRIX, I, R);
    l->dt_bias =
        weight(b, "dt_bias", "backbone.layers.%u.mixer.dt_proj.bias", PACKING_VECTOR, I, 1);
    l->A = weight(b, "A", "backbone.layers.%u.mixer.A_log", PACKING_DECAY, I, N);
    note(b, l->A, "-exp(A_log), by lines of channels");
    l->D = weight(b, "D", "backbone.layers.%u.mixer.D", PACKING_VECTOR, I, 1);
    l->ssm = states_of(b, "ssm", I, N);
    note(b, l->ssm, "the states, by lines of channels");
}

static void layer_tensors(struct build *b, struct layer *l)
{
    const struct cfg *cfg = b->cfg;
    layer_entrance(b, l);
    layer_selection(b, l);
    l->out_proj = weight(b, "out_proj", "backbone.layers.%u.mixer.out_proj.weight", PACKING_MATRIX,
                         cfg->hidden_size, cfg->intermediate_size);
    l->out_bias = optional_vector(b, cfg->use_bias, "out_proj_bias",
                                  "backbone.layers.%u.mixer.out_proj.bias", cfg->hidden_size);
}

/* One token: few operations, as each of them ends in a barrier or costs a launch. */
static void layer_of_decode(struct build *b, const struct layer *l, uint32_t xz, uint32_t x)
{
    const uint32_t xdb = scratch(b, "xdb");
    NODE(b, OP_NORM_LINEAR_CONV, "IN_PROJ", xz, x, l->norm, l->in_proj, l->in_bias, l->conv,
         l->taps, l->conv_bias);
    NODE(b, OP_LINEAR, "X_PROJ", xdb, l->x_proj, xz);
    NODE(b, OP_DT_SCAN, "SCAN", xz, l->ssm, xdb, l->dt_proj, l->dt_bias, l->A, l->D);
}

/* Many tokens: every product by itself, as a large matrix product. */
static void layer_of_prefill(struct build *b, const struct layer *l, uint32_t xz, uint32_t x)
{
    const uint32_t xn = scratch(b, "xn"), xdb = scratch(b, "xdb"), dt = scratch(b, "dt");
    NODE(b, OP_RMSNORM, "NORM", xn, x, l->norm);
    if (l->in_bias == GRAPH_NONE)
        NODE(b, OP_LINEAR, "IN_PROJ", xz, l->in_proj, xn);
    else
        NODE(b, OP_LINEAR_BIAS, "IN_PROJ", xz, l->in_proj, l->in_bias, xn);
    if (l->conv_bias == GRAPH_NONE)
        NODE(b, OP_CONV_SILU, "CONV", xz, l->conv, l->taps);
    else
        NODE(b, OP_CONV_SILU_BIAS, "CONV", xz, l->conv, l->taps, l->conv_bias);
    NODE(b, OP_LINEAR, "X_PROJ", xdb, l->x_proj, xz);
    NODE(b, OP_LINEAR_SOFTPLUS, "DT_PROJ", dt, l->dt_proj, l->dt_bias, xdb);
    NODE(b, OP_SCAN, "SCAN", xz, l->ssm, dt, xdb, l->A, l->D);
}

static void layer(struct build *b, uint32_t x)
{
    b->place = PLACE_LAYER;
    struct layer l;
    layer_tensors(b, &l);
    const uint32_t xz = scratch(b, "xz");
    if (b->graph->step == STEP_DECODE)
        layer_of_decode(b, &l, xz, x);
    else
        layer_of_prefill(b, &l, xz, x);
    if (l.out_bias == GRAPH_NONE)
        NODE(b, OP_LINEAR_ADD, "OUT_PROJ", x, l.out_proj, xz);
    else
        NODE(b, OP_LINEAR_ADD_BIAS, "OUT_PROJ", x, l.out_proj, l.out_bias, xz);
}

/* Tokens to normalised hidden rows; decode goes on to the logits. */
static void stack(struct build *b)
{
    struct tensor tokens = {.name = "tokens",
                            .role = ROLE_IO,
                            .type = DTYPE_U32,
                            .rank = 1,
                            .dim = {b->cfg->prefill_chunk},
                            .parts = 1,
                            .part = {1}};
    uint32_t io_tokens = graph_tensor(b->graph, &tokens);
    uint32_t embed = embedding(b);
    uint32_t x = scratch(b, "x");
    NODE(b, OP_EMBED, "EMBED", x, embed, io_tokens);
    layer(b, x);
    b->place = PLACE_EPILOGUE;
    uint32_t norm_f =
        weight(b, "norm_f", "backbone.norm_f.weight", PACKING_VECTOR, b->cfg->hidden_size, 1);
    uint32_t hidden = hidden_rows(b);
    NODE(b, OP_RMSNORM, "NORM_F", hidden, x, norm_f);
    if (b->graph->step != STEP_DECODE)
        return;
    uint32_t head = head_weight(b, embed), logits = logits_rows(b);
    NODE(b, OP_LINEAR, "HEAD", logits, head, hidden);
}

void family_mamba(const struct cfg *cfg, struct graph *graph)
{
    struct build b = {.cfg = cfg, .graph = graph, .place = PLACE_PROLOGUE};
    graph->layer_meaning = "x += out_proj(scan(conv(in_proj(norm(x)))))";
    if (graph->step != STEP_HEAD) {
        stack(&b);
        return;
    }
    b.place = PLACE_EPILOGUE;
    uint32_t hidden = hidden_rows(&b);
    uint32_t head = head_weight(&b, cfg->tie_word_embeddings ? embedding(&b) : 0);
    uint32_t logits = logits_rows(&b);
    NODE(&b, OP_LINEAR, "LOGITS", logits, head, hidden);
}
