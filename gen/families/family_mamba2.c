/* Mamba-2, as transformers computes it: h is the residual stream, u = RMSNorm(h),
 *   (z, x B C, dt) = in_proj(u);  x B C = silu(conv(x B C));  dt = softplus(dt + bias), limited;
 *   of each head: S = exp(A dt) S + dt x B;  y = (S C + D x) silu(z);
 *   h = h + out_proj(norm(y)), the norm by groups.
 * The convolution works in place on the middle of zxbcdt, the heads write y over z. In decode the
 * norm, in_proj and conv are one operation, and so are the norm by groups and out_proj. */
#include "gen/families/entrance.h"
#include "gen/families/mamba.h"
#include "gen/front/number.h"

/* The tensors of one layer; GRAPH_NONE for a bias that the config does not have. */
struct layer {
    struct entrance entrance;
    uint32_t A, D, dt_bias, y_norm, out_proj, out_bias;
    uint32_t ssm; /* the state */
};

/* What kernels see: heads and states come in whole lines of 16, pads of zeros included. */
static uint32_t padded(uint32_t size)
{
    return (uint32_t)number_pad(size, GRAPH_PAD);
}

/* The states of every head: rows of its channels, so that vectors run along them. */
static uint32_t states_of(struct build *b)
{
    const struct cfg *cfg = b->cfg;
    struct tensor t = {
        .name = "ssm",
        .note = "the states [head][state][channel]",
        .role = ROLE_STATE,
        .place = b->place,
        .type = FORMAT_F32,
        .rank = 3,
        .dim = {cfg->num_heads, padded(cfg->state_size), padded(cfg->head_dim)},
    };
    return graph_tensor(b->graph, &t);
}

/* in_proj: u -> (z, x B C, dt), and the convolution of x, B and C. */
static void layer_entrance(struct build *b, struct layer *l)
{
    const struct cfg *cfg = b->cfg;
    const uint32_t I = cfg->intermediate_size, H = cfg->num_heads, P = cfg->head_dim;
    const uint32_t G = cfg->n_groups, N = cfg->state_size;
    const uint32_t W = I + 2 * G * N; /* of the convolution */
    const struct entrance_sources sources = {
        .norm = MAMBA_NORM,
        .in_proj = MAMBA_MIXER "in_proj.weight",
        .in_bias = cfg->use_bias ? MAMBA_MIXER "in_proj.bias" : NULL,
        .taps = MAMBA_MIXER "conv1d.weight",
        .conv_bias = cfg->use_conv_bias ? MAMBA_MIXER "conv1d.bias" : NULL,
    };
    const struct entrance_sizes sizes = {
        .rows = I + W + H,
        .row_spread = {{{2 * H, P}, {2 * G, N}, {1, H}}},
        .channels = W,
        .channel_spread = {{{H, P}, {2 * G, N}}},
        .taps = cfg->conv_kernel,
    };
    entrance_tensors(b, &sources, sizes, &l->entrance);
    struct tensor *w = &b->graph->tensor[l->entrance.in_proj];
    w->parts = 3;
    w->part[0] = H * padded(P), w->part[1] = H * padded(P) + 2 * G * padded(N), w->part[2] = H;
    build_note(b, l->entrance.in_proj, "z %u, x B C %u, dt %u", w->part[0], w->part[1], H);
}

static void layer_tensors(struct build *b, struct layer *l)
{
    const struct cfg *cfg = b->cfg;
    const uint32_t I = cfg->intermediate_size, H = cfg->num_heads;
    const struct spread heads = {{{H, cfg->head_dim}}};
    layer_entrance(b, l);
    l->A = build_weight(b, "A", MAMBA_MIXER "A_log", PACKING_RATE, H, 1);
    build_note(b, l->A, "-exp(A_log)");
    l->D = build_weight(b, "D", MAMBA_MIXER "D", PACKING_VECTOR, H, 1);
    l->dt_bias = build_weight(b, "dt_bias", MAMBA_MIXER "dt_bias", PACKING_VECTOR, H, 1);
    l->ssm = states_of(b);
    l->y_norm = build_weight(b, "y_norm", MAMBA_MIXER "norm.weight", PACKING_VECTOR, I, 1);
    build_spread_rows(b, l->y_norm, heads);
    l->out_proj = build_weight(b, "out_proj", MAMBA_MIXER "out_proj.weight", PACKING_MATRIX,
                               cfg->hidden_size, I);
    build_spread_cols(b, l->out_proj, heads);
    l->out_bias = build_optional(b, cfg->use_bias, "out_proj_bias", MAMBA_MIXER "out_proj.bias",
                                 cfg->hidden_size);
}

/* One token: few operations, as each of them ends in a barrier or costs a launch. */
static void layer_of_decode(struct build *b, const struct layer *l, uint32_t zxbcdt, uint32_t x)
{
    entrance_decode(b, &l->entrance, zxbcdt, x);
    BUILD(b, ssd, "SSD", .zx = zxbcdt, .ssm = l->ssm, .A = l->A, .D = l->D, .dt_bias = l->dt_bias);
    BUILD(b, norm_linear_add, "OUT_PROJ", .y = x, .x = zxbcdt, .norm = l->y_norm, .w = l->out_proj,
          .bias = l->out_bias);
}

/* Many tokens: every product by itself, as a large matrix product. */
static void layer_of_prefill(struct build *b, const struct layer *l, uint32_t zxbcdt, uint32_t x)
{
    entrance_prefill(b, &l->entrance, zxbcdt, x);
    BUILD(b, ssd, "SSD", .zx = zxbcdt, .ssm = l->ssm, .A = l->A, .D = l->D, .dt_bias = l->dt_bias);
    BUILD(b, rmsnorm_groups, "Y_NORM", .x = zxbcdt, .norm = l->y_norm);
    BUILD(b, linear, "OUT_PROJ", .y = x, .w = l->out_proj, .bias = l->out_bias, .x = zxbcdt,
          .epilogue = EPILOGUE_ADD);
}

static void layer(struct build *b, uint32_t x)
{
    struct layer l;
    layer_tensors(b, &l);
    const uint32_t zxbcdt = build_scratch(b, "zxbcdt");
    if (b->graph->step == STEP_DECODE)
        layer_of_decode(b, &l, zxbcdt, x);
    else
        layer_of_prefill(b, &l, zxbcdt, x);
}

void family_mamba2(const struct cfg *cfg, struct graph *graph)
{
    struct build b = {.cfg = cfg, .graph = graph};
    graph->layer_meaning = "x += out_proj(norm(heads(conv(in_proj(norm(x))))))";
    build_stack(&b, &mamba_ends, layer);
}
