/* Mamba-2, as transformers computes it: h is the residual stream, u = RMSNorm(h),
 *   (z, x B C, dt) = in_proj(u);  x B C = silu(conv(x B C));  dt = softplus(dt + bias), limited;
 *   of each head: S = exp(A dt) S + dt x B;  y = (S C + D x) silu(z);
 *   h = h + out_proj(norm(y)), the norm by groups.
 * The convolution works in place on the middle of zxbcdt, the heads write y over z. */
#include "gen/families/families.h"
#include "gen/families/mamba_block.h"
#include "gen/front/number.h"

/* What kernels see: heads and states come in whole lines of 16, pads of zeros included. */
static uint32_t padded(uint32_t size)
{
    return (uint32_t)number_pad(size, GRAPH_PAD);
}

/* in_proj: u -> (z, x B C, dt), and the convolution of x, B and C. */
static void zxbcdt_of(struct build *b, uint32_t zxbcdt, uint32_t x)
{
    const struct cfg *cfg = b->cfg;
    const uint32_t I = cfg->intermediate_size, H = cfg->num_heads, P = cfg->head_dim;
    const uint32_t G = cfg->n_groups, N = cfg->state_size;
    const uint32_t W = I + 2 * G * N; /* of the convolution */
    const struct in_proj_sources sources = {
        .norm = BACKBONE_NORM,
        .in_proj = BACKBONE_BLOCK "in_proj.weight",
        .in_bias = cfg->use_bias ? BACKBONE_BLOCK "in_proj.bias" : NULL,
        .taps = BACKBONE_BLOCK "conv1d.weight",
        .conv_bias = cfg->use_conv_bias ? BACKBONE_BLOCK "conv1d.bias" : NULL,
    };
    const struct in_proj_sizes sizes = {
        .rows = I + W + H,
        .parts = {3, {H * padded(P), H * padded(P) + 2 * G * padded(N), H}},
        .row_spread = {{{2 * H, P}, {2 * G, N}, {1, H}}},
        .channels = W,
        .taps = cfg->conv_kernel,
        .channel_spread = {{{H, P}, {2 * G, N}}},
    };
    const uint32_t in_proj = in_proj_add(b, &sources, &sizes, zxbcdt, x);
    build_note(b, in_proj, "z %u, x B C %u, dt %u", sizes.parts.of[0], sizes.parts.of[1], H);
}

/* The heads, whose states are rows of a head's channels, so that vectors run along them. */
static void heads(struct build *b, uint32_t zxbcdt)
{
    const struct cfg *cfg = b->cfg;
    const uint32_t H = cfg->num_heads;
    const struct tensor states = {
        .name = "ssm",
        .note = "the states [head][state][channel]",
        .role = ROLE_STATE,
        .place = b->place,
        .type = FORMAT_F32,
        .rank = 3,
        .dim = {H, padded(cfg->state_size), padded(cfg->head_dim)},
    };
    const uint32_t A = build_weight(b, "A", BACKBONE_BLOCK "A_log", PACKING_RATE, H, 1);
    build_note(b, A, "-exp(A_log)");
    const uint32_t D = build_vector(b, "D", BACKBONE_BLOCK "D", H);
    const uint32_t dt_bias = build_vector(b, "dt_bias", BACKBONE_BLOCK "dt_bias", H);
    const uint32_t ssm = graph_tensor(b->graph, &states);
    BUILD(b, ssd, "SSD", .zx = zxbcdt, .ssm = ssm, .A = A, .D = D, .dt_bias = dt_bias);
}

/* x = x + out_proj(norm(y)), y where z was. */
static void output(struct build *b, uint32_t zxbcdt, uint32_t x)
{
    const struct cfg *cfg = b->cfg;
    const uint32_t I = cfg->intermediate_size, width = cfg->hidden_size;
    const struct spread spread = {{{cfg->num_heads, cfg->head_dim}}};
    const char *const bias = cfg->use_bias ? BACKBONE_BLOCK "out_proj.bias" : NULL;
    const uint32_t y_norm = build_vector(b, "y_norm", BACKBONE_BLOCK "norm.weight", I);
    const uint32_t out_proj =
        build_matrix(b, "out_proj", BACKBONE_BLOCK "out_proj.weight", width, I);
    const uint32_t out_bias = build_vector(b, "out_proj_bias", bias, width);
    build_spread_rows(b, y_norm, spread);
    build_spread_cols(b, out_proj, spread);
    BUILD(b, rmsnorm_groups, "Y_NORM", .x = zxbcdt, .norm = y_norm);
    BUILD(b, linear, "OUT_PROJ", .y = x, .w = out_proj, .bias = out_bias, .x = zxbcdt,
          .epilogue = EPILOGUE_ADD);
}

static void block(struct build *b, uint32_t x)
{
    const uint32_t zxbcdt = build_scratch(b, "zxbcdt");
    build_meaning(b, "x += out_proj(norm(heads(conv(in_proj(norm(x))))))");
    zxbcdt_of(b, zxbcdt, x);
    heads(b, zxbcdt);
    output(b, zxbcdt, x);
}

const struct family family_mamba2 = {"mamba2", {BACKBONE_ENDS}, {{"mamba2", {block}}}, NULL};
