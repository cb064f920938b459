#include "gen/families/in_proj.h"

/* The convolution of a part of xz, whose state is the last inputs. */
static void convolution(struct build *b, const struct in_proj_sources *from,
                        const struct in_proj_sizes *sizes, uint32_t xz)
{
    const uint32_t C = sizes->channels, K = sizes->taps;
    const uint32_t taps = build_weight(b, "conv_taps", from->taps, PACKING_TAPS, C, K);
    build_note(b, taps, "oldest first");
    const uint32_t bias = build_vector(b, "conv_bias", from->conv_bias, C);
    if (sizes->channel_spread.run[0].groups > 0) {
        build_spread_rows(b, taps, sizes->channel_spread);
        build_spread_rows(b, bias, sizes->channel_spread);
    }
    const uint32_t conv = build_rows(b, ROLE_STATE, "conv", K - 1,
                                     (uint32_t)parts_width(&b->graph->tensor[taps].parts));
    build_note(b, conv, "the last inputs of conv, oldest first");
    BUILD(b, conv_silu, "CONV", .xz = xz, .conv = conv, .taps = taps, .bias = bias,
          .part = sizes->parts.count - 2);
    build_when_fused(b, "IN_PROJ", NULL);
}

uint32_t in_proj_add(struct build *b, const struct in_proj_sources *from,
                     const struct in_proj_sizes *sizes, uint32_t xz, uint32_t x)
{
    const uint32_t D = b->cfg->hidden_size, xn = build_scratch(b, "xn");
    const uint32_t norm = build_vector(b, "norm", from->norm, D);
    const uint32_t in_proj = build_matrix(b, "in_proj", from->in_proj, sizes->rows, D);
    const uint32_t bias = build_vector(b, "in_proj_bias", from->in_bias, sizes->rows);
    struct tensor *const w = &b->graph->tensor[in_proj];
    w->row_spread = sizes->row_spread;
    w->parts = sizes->parts;
    if (bias != GRAPH_NONE)
        b->graph->tensor[bias].row_spread = sizes->row_spread;
    build_norm(b, "NORM", xn, x, norm, GRAPH_NONE);
    BUILD(b, linear, "IN_PROJ", .y = xz, .w = in_proj, .bias = bias, .x = xn);
    convolution(b, from, sizes, xz);
    return in_proj;
}
