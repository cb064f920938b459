/* Mamba-1, as transformers computes it: h is the residual stream, u = RMSNorm(h),
 *   (x, z) = in_proj(u);  x = silu(conv(x));  (dt, B, C) = x_proj(x);  dt = softplus(dt_proj(dt));
 *   s = exp(A dt) s + dt B x;  y = (s C + D x) silu(z);  h = h + out_proj(y).
 * Convolution and scan work in place on the x half of xz. In decode the norm, in_proj and conv are
 * one operation, and so are dt_proj and the scan. */
#include <string.h>

#include "gen/mamba.h"
#include "gen/number.h"

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
    struct mamba_entrance entrance;
    uint32_t x_proj, dt_proj, dt_bias, A, D, out_proj, out_bias;
    uint32_t ssm; /* the state */
};

/* in_proj: u -> (x, z), and the convolution of x. */
static void layer_entrance(struct build *b, struct layer *l)
{
    const uint32_t I = b->cfg->intermediate_size;
    mamba_entrance_tensors(b, &l->entrance, 2 * I, 2, I);
    struct tensor *w = &b->graph->tensor[l->entrance.in_proj];
    w->parts = 2;
    w->part[0] = w->part[1] = I;
    build_note(b, l->entrance.in_proj, "x at row 0, z at row %u",
               (uint32_t)number_pad(I, GRAPH_PAD));
}

/* x_proj, dt_proj and the scan. */
static void layer_selection(struct build *b, struct layer *l)
{
    const uint32_t I = b->cfg->intermediate_size, N = b->cfg->state_size;
    const uint32_t R = b->cfg->time_step_rank;
    l->x_proj =
        build_weight(b, "x_proj", MAMBA_MIXER "x_proj.weight", PACKING_MATRIX, R + 2 * N, I);
    struct tensor *w = &b->graph->tensor[l->x_proj];
    w->parts = 3;
    w->part[0] = R;
    w->part[1] = w->part[2] = N;
    build_note(b, l->x_proj, "dt %u, B %u, C %u", R, N, N);
    l->dt_proj = build_weight(b, "dt_proj", MAMBA_MIXER "dt_proj.weight", PACKING_MATRIX, I, R);
    l->dt_bias = build_weight(b, "dt_bias", MAMBA_MIXER "dt_proj.bias", PACKING_VECTOR, I, 1);
    l->A = build_weight(b, "A", MAMBA_MIXER "A_log", PACKING_DECAY, I, N);
    build_note(b, l->A, "-exp(A_log), by lines of channels");
    l->D = build_weight(b, "D", MAMBA_MIXER "D", PACKING_VECTOR, I, 1);
    l->ssm = states_of(b, "ssm", I, N);
    build_note(b, l->ssm, "the states, by lines of channels");
}

static void layer_tensors(struct build *b, struct layer *l)
{
    const struct cfg *cfg = b->cfg;
    layer_entrance(b, l);
    layer_selection(b, l);
    l->out_proj = build_weight(b, "out_proj", MAMBA_MIXER "out_proj.weight", PACKING_MATRIX,
                               cfg->hidden_size, cfg->intermediate_size);
    l->out_bias = build_optional(b, cfg->use_bias, "out_proj_bias", MAMBA_MIXER "out_proj.bias",
                                 cfg->hidden_size);
}

/* One token: few operations, as each of them ends in a barrier or costs a launch. */
static void layer_of_decode(struct build *b, const struct layer *l, uint32_t xz, uint32_t x)
{
    const uint32_t xdb = build_scratch(b, "xdb");
    mamba_entrance_decode(b, &l->entrance, xz, x);
    BUILD_NODE(b, OP_LINEAR, "X_PROJ", xdb, l->x_proj, xz);
    BUILD_NODE(b, OP_DT_SCAN, "SCAN", xz, l->ssm, xdb, l->dt_proj, l->dt_bias, l->A, l->D);
}

/* Many tokens: every product by itself, as a large matrix product. */
static void layer_of_prefill(struct build *b, const struct layer *l, uint32_t xz, uint32_t x)
{
    mamba_entrance_prefill(b, &l->entrance, xz, x);
    const uint32_t xdb = build_scratch(b, "xdb"), dt = build_scratch(b, "dt");
    BUILD_NODE(b, OP_LINEAR, "X_PROJ", xdb, l->x_proj, xz);
    BUILD_NODE(b, OP_LINEAR_SOFTPLUS, "DT_PROJ", dt, l->dt_proj, l->dt_bias, xdb);
    BUILD_NODE(b, OP_SCAN, "SCAN", xz, l->ssm, dt, xdb, l->A, l->D);
}

static void layer(struct build *b, uint32_t x)
{
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

void family_mamba(const struct cfg *cfg, struct graph *graph)
{
    struct build b = {.cfg = cfg, .graph = graph};
    graph->layer_meaning = "x += out_proj(scan(conv(in_proj(norm(x)))))";
    mamba_graph(&b, layer);
}
