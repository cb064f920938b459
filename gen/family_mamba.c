/* Mamba-1, as transformers computes it: h is the residual stream, u = RMSNorm(h),
 *   (x, z) = in_proj(u);  x = silu(conv(x));  (dt, B, C) = x_proj(x);  dt = softplus(dt_proj(dt));
 *   s = exp(A dt) s + dt B x;  y = (s C + D x) silu(z);  h = h + out_proj(y).
 * Convolution and scan work in place on the x half of xz. */
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
                       .type = packing == PACKING_PANELS ? b->cfg->linear_type : DTYPE_F32,
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
    uint32_t embed = weight(b, "embed", "backbone.embeddings.weight", PACKING_PANELS,
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
    uint32_t head = weight(b, "head", "lm_head.weight", PACKING_PANELS, b->cfg->vocab_size,
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

/* in_proj, with a bias when the config has one: u -> (x, z). */
static void project_in(struct build *b, uint32_t xz, uint32_t xn)
{
    uint32_t I = b->cfg->intermediate_size;
    uint32_t in_proj = weight(b, "in_proj", "backbone.layers.%u.mixer.in_proj.weight",
                              PACKING_PANELS, 2 * I, b->cfg->hidden_size);
    struct tensor *w = &b->graph->tensor[in_proj];
    w->groups = w->parts = 2;
    w->part[0] = w->part[1] = I;
    note(b, in_proj, "x at row 0, z at row %u", (uint32_t)number_pad(I, GRAPH_PAD));
    if (!b->cfg->use_bias) {
        NODE(b, OP_LINEAR, "IN_PROJ", xz, in_proj, xn);
        return;
    }
    uint32_t bias = weight(b, "in_proj_bias", "backbone.layers.%u.mixer.in_proj.bias",
                           PACKING_VECTOR, 2 * I, 1);
    b->graph->tensor[bias].groups = 2;
    NODE(b, OP_LINEAR_BIAS, "IN_PROJ", xz, in_proj, bias, xn);
}

static void convolve(struct build *b, uint32_t xz)
{
    uint32_t I = b->cfg->intermediate_size, K = b->cfg->conv_kernel;
    uint32_t taps =
        weight(b, "conv_taps", "backbone.layers.%u.mixer.conv1d.weight", PACKING_TAPS, I, K);
    uint32_t state = rows_of(b, ROLE_STATE, "conv", K - 1, I);
    note(b, taps, "oldest first");
    note(b, state, "the last inputs of conv, oldest first");
    if (!b->cfg->use_conv_bias) {
        NODE(b, OP_CONV_SILU, "CONV", xz, state, taps);
        return;
    }
    uint32_t bias =
        weight(b, "conv_bias", "backbone.layers.%u.mixer.conv1d.bias", PACKING_VECTOR, I, 1);
    NODE(b, OP_CONV_SILU_BIAS, "CONV", xz, state, taps, bias);
}

/* x_proj, dt_proj and the scan: x -> y, in place. */
static void select_and_scan(struct build *b, uint32_t xz)
{
    uint32_t I = b->cfg->intermediate_size, N = b->cfg->state_size, R = b->cfg->time_step_rank;
    uint32_t x_proj =
        weight(b, "x_proj", "backbone.layers.%u.mixer.x_proj.weight", PACKING_PANELS, R + 2 * N, I);
    struct tensor *w = &b->graph->tensor[x_proj];
    w->parts = 3;
    w->part[0] = R;
    w->part[1] = w->part[2] = N;
    note(b, x_proj, "dt %u, B %u, C %u", R, N, N);
    uint32_t dt_proj =
        weight(b, "dt_proj", "backbone.layers.%u.mixer.dt_proj.weight", PACKING_PANELS, I, R);
    uint32_t dt_bias =
        weight(b, "dt_bias", "backbone.layers.%u.mixer.dt_proj.bias", PACKING_VECTOR, I, 1);
    uint32_t A = weight(b, "A", "backbone.layers.%u.mixer.A_log", PACKING_DECAY, I, N);
    uint32_t D = weight(b, "D", "backbone.layers.%u.mixer.D", PACKING_VECTOR, I, 1);
    uint32_t xdb = scratch(b, "xdb"), dt = scratch(b, "dt");
    uint32_t state = rows_of(b, ROLE_STATE, "ssm", N, I);
    note(b, A, "-exp(A_log)");
    note(b, state, "the states of every channel");
    NODE(b, OP_LINEAR, "X_PROJ", xdb, x_proj, xz);
    NODE(b, OP_LINEAR_SOFTPLUS, "DT_PROJ", dt, dt_proj, dt_bias, xdb);
    NODE(b, OP_SCAN, "SCAN", xz, state, dt, xdb, A, D);
}

/* out_proj onto the residual stream: x += out_proj(y). */
static void project_out(struct build *b, uint32_t x, uint32_t xz)
{
    uint32_t d = b->cfg->hidden_size;
    uint32_t out_proj = weight(b, "out_proj", "backbone.layers.%u.mixer.out_proj.weight",
                               PACKING_PANELS, d, b->cfg->intermediate_size);
    if (!b->cfg->use_bias) {
        NODE(b, OP_LINEAR_ADD, "OUT_PROJ", x, out_proj, xz);
        return;
    }
    uint32_t bias =
        weight(b, "out_proj_bias", "backbone.layers.%u.mixer.out_proj.bias", PACKING_VECTOR, d, 1);
    NODE(b, OP_LINEAR_ADD_BIAS, "OUT_PROJ", x, out_proj, bias, xz);
}

static void layer(struct build *b, uint32_t x)
{
    b->place = PLACE_LAYER;
    uint32_t norm =
        weight(b, "norm", "backbone.layers.%u.norm.weight", PACKING_VECTOR, b->cfg->hidden_size, 1);
    uint32_t xn = scratch(b, "xn"), xz = scratch(b, "xz");
    NODE(b, OP_RMSNORM, "NORM", xn, x, norm);
    project_in(b, xz, xn);
    convolve(b, xz);
    select_and_scan(b, xz);
    project_out(b, x, xz);
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
