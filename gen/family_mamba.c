/* Mamba-1, as transformers computes it: h is the residual stream, u = RMSNorm(h),
 *   (x, z) = in_proj(u);  x = silu(conv(x));  (dt, B, C) = x_proj(x);  dt = softplus(dt_proj(dt));
 *   s = exp(A dt) s + dt B x;  y = (s C + D x) silu(z);  h = h + out_proj(y).
 * Convolution and scan work in place on the x half of xz. In decode the norm, in_proj and conv are
 * one operation, and so are dt_proj and the scan. */
#include <string.h>

#include "gen/build.h"
#include "gen/number.h"

static const char embed_source[] = "backbone.embeddings.weight";
static const char embed_alias[] = "backbone.embedding.weight";

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

/* The tensors of one layer; GRAPH_NONE for a bias that the config does not have. */
struct layer {
    uint32_t norm, in_proj, in_bias, taps, conv_bias, x_proj, dt_proj, dt_bias, A, D, out_proj,
        out_bias;
    uint32_t conv, ssm; /* the state */
};

/* in_proj: u -> (x, z), and the convolution of x. */
static void layer_entrance(struct build *b, struct layer *l)
{
    const struct cfg *cfg = b->cfg;
    const uint32_t I = cfg->intermediate_size, K = cfg->conv_kernel;
    l->norm = build_weight(b, "norm", "backbone.layers.%u.norm.weight", PACKING_VECTOR,
                           cfg->hidden_size, 1);
    l->in_proj = build_weight(b, "in_proj", "backbone.layers.%u.mixer.in_proj.weight",
                              PACKING_MATRIX, 2 * I, cfg->hidden_size);
    struct tensor *w = &b->graph->tensor[l->in_proj];
    w->groups = w->parts = 2;
    w->part[0] = w->part[1] = I;
    build_note(b, l->in_proj, "x at row 0, z at row %u", (uint32_t)number_pad(I, GRAPH_PAD));
    l->in_bias = build_optional(b, cfg->use_bias, "in_proj_bias",
                                "backbone.layers.%u.mixer.in_proj.bias", 2 * I);
    if (l->in_bias != GRAPH_NONE)
        b->graph->tensor[l->in_bias].groups = 2;
    l->taps =
        build_weight(b, "conv_taps", "backbone.layers.%u.mixer.conv1d.weight", PACKING_TAPS, I, K);
    build_note(b, l->taps, "oldest first");
    l->conv_bias = build_optional(b, cfg->use_conv_bias, "conv_bias",
                                  "backbone.layers.%u.mixer.conv1d.bias", I);
    l->conv = build_rows(b, ROLE_STATE, "conv", K - 1, I);
    build_note(b, l->conv, "the last inputs of conv, oldest first");
}

/* x_proj, dt_proj and the scan. */
static void layer_selection(struct build *b, struct layer *l)
{
    const uint32_t I = b->cfg->intermediate_size, N = b->cfg->state_size;
    const uint32_t R = b->cfg->time_step_rank;
    l->x_proj = build_weight(b, "x_proj", "backbone.layers.%u.mixer.x_proj.weight", PACKING_MATRIX,
                             R + 2 * N, I);
    struct tensor *w = &b->graph->tensor[l->x_proj];
    w->parts = 3;
    w->part[0] = R;
    w->part[1] = w->part[2] = N;
    build_note(b, l->x_proj, "dt %u, B %u, C %u", R, N, N);
    l->dt_proj =
        build_weight(b, "dt_proj", "backbone.layers.%u.mixer.dt_proj.weight", PACKING_MATRIX, I, R);
    l->dt_bias =
        build_weight(b, "dt_bias", "backbone.layers.%u.mixer.dt_proj.bias", PACKING_VECTOR, I, 1);
    l->A = build_weight(b, "A", "backbone.layers.%u.mixer.A_log", PACKING_DECAY, I, N);
    build_note(b, l->A, "-exp(A_log), by lines of channels");
    l->D = build_weight(b, "D", "backbone.layers.%u.mixer.D", PACKING_VECTOR, I, 1);
    l->ssm = states_of(b, "ssm", I, N);
    build_note(b, l->ssm, "the states, by lines of channels");
}

static void layer_tensors(struct build *b, struct layer *l)
{
    const struct cfg *cfg = b->cfg;
    layer_entrance(b, l);
    layer_selection(b, l);
    l->out_proj = build_weight(b, "out_proj", "backbone.layers.%u.mixer.out_proj.weight",
                               PACKING_MATRIX, cfg->hidden_size, cfg->intermediate_size);
    l->out_bias = build_optional(b, cfg->use_bias, "out_proj_bias",
                                 "backbone.layers.%u.mixer.out_proj.bias", cfg->hidden_size);
}

/* One token: few operations, as each of them ends in a barrier or costs a launch. */
static void layer_of_decode(struct build *b, const struct layer *l, uint32_t xz, uint32_t x)
{
    const uint32_t xdb = build_scratch(b, "xdb");
    BUILD_NODE(b, OP_NORM_LINEAR_CONV, "IN_PROJ", xz, x, l->norm, l->in_proj, l->in_bias, l->conv,
               l->taps, l->conv_bias);
    BUILD_NODE(b, OP_LINEAR, "X_PROJ", xdb, l->x_proj, xz);
    BUILD_NODE(b, OP_DT_SCAN, "SCAN", xz, l->ssm, xdb, l->dt_proj, l->dt_bias, l->A, l->D);
}

/* Many tokens: every product by itself, as a large matrix product. */
static void layer_of_prefill(struct build *b, const struct layer *l, uint32_t xz, uint32_t x)
{
    const uint32_t xn = build_scratch(b, "xn"), xdb = build_scratch(b, "xdb"),
                   dt = build_scratch(b, "dt");
    BUILD_NODE(b, OP_RMSNORM, "NORM", xn, x, l->norm);
    if (l->in_bias == GRAPH_NONE)
        BUILD_NODE(b, OP_LINEAR, "IN_PROJ", xz, l->in_proj, xn);
    else
        BUILD_NODE(b, OP_LINEAR_BIAS, "IN_PROJ", xz, l->in_proj, l->in_bias, xn);
    if (l->conv_bias == GRAPH_NONE)
        BUILD_NODE(b, OP_CONV_SILU, "CONV", xz, l->conv, l->taps);
    else
        BUILD_NODE(b, OP_CONV_SILU_BIAS, "CONV", xz, l->conv, l->taps, l->conv_bias);
    BUILD_NODE(b, OP_LINEAR, "X_PROJ", xdb, l->x_proj, xz);
    BUILD_NODE(b, OP_LINEAR_SOFTPLUS, "DT_PROJ", dt, l->dt_proj, l->dt_bias, xdb);
    BUILD_NODE(b, OP_SCAN, "SCAN", xz, l->ssm, dt, xdb, l->A, l->D);
}

static void layer(struct build *b, uint32_t x)
{
    b->place = PLACE_LAYER;
    struct layer l;
    layer_tensors(b, &l);
    const uint32_t xz = build_scratch(b, "xz");
    if (b->graph->step == STEP_DECODE)
        layer_of_decode(b, &l, xz, x);
    else
        layer_of_prefill(b, &l, xz, x);
    if (l.out_bias == GRAPH_NONE)
        BUILD_NODE(b, OP_LINEAR_ADD, "OUT_PROJ", x, l.out_proj, xz);
    else
        BUILD_NODE(b, OP_LINEAR_ADD_BIAS, "OUT_PROJ", x, l.out_proj, l.out_bias, xz);
}

/* Tokens to normalised hidden rows; decode goes on to the logits. */
static void stack(struct build *b)
{
    uint32_t io_tokens = build_tokens(b);
    uint32_t embed = build_embedding(b, embed_source, embed_alias);
    uint32_t x = build_scratch(b, "x");
    BUILD_NODE(b, OP_EMBED, "EMBED", x, embed, io_tokens);
    layer(b, x);
    b->place = PLACE_EPILOGUE;
    uint32_t norm_f =
        build_weight(b, "norm_f", "backbone.norm_f.weight", PACKING_VECTOR, b->cfg->hidden_size, 1);
    uint32_t hidden = build_hidden(b);
    BUILD_NODE(b, OP_RMSNORM, "NORM_F", hidden, x, norm_f);
    if (b->graph->step != STEP_DECODE)
        return;
    uint32_t head = build_head(b, embed), logits = build_logits(b);
    BUILD_NODE(b, OP_LINEAR, "HEAD", logits, head, hidden);
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
    uint32_t hidden = build_hidden(&b);
    uint32_t head = build_head(
        &b, cfg->tie_word_embeddings ? build_embedding(&b, embed_source, embed_alias) : 0);
    uint32_t logits = build_logits(&b);
    BUILD_NODE(&b, OP_LINEAR, "LOGITS", logits, head, hidden);
}
