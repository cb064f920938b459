#include "gen/families/entrance.h"

static uint32_t bias(struct build *b, const char *name, const char *source, uint32_t rows)
{
    return build_optional(b, source != NULL, name, source, rows);
}

void entrance_tensors(struct build *b, const struct entrance_sources *from,
                      struct entrance_sizes sizes, struct entrance *e)
{
    const uint32_t D = b->cfg->hidden_size, C = sizes.channels, K = sizes.taps;
    e->norm = build_weight(b, "norm", from->norm, PACKING_VECTOR, D, 1);
    e->in_proj = build_weight(b, "in_proj", from->in_proj, PACKING_MATRIX, sizes.rows, D);
    b->graph->tensor[e->in_proj].row_spread = sizes.row_spread;
    e->in_bias = bias(b, "in_proj_bias", from->in_bias, sizes.rows);
    if (e->in_bias != GRAPH_NONE)
        b->graph->tensor[e->in_bias].row_spread = sizes.row_spread;
    e->taps = build_weight(b, "conv_taps", from->taps, PACKING_TAPS, C, K);
    build_note(b, e->taps, "oldest first");
    e->conv_bias = bias(b, "conv_bias", from->conv_bias, C);
    if (sizes.channel_spread.run[0].groups > 0) {
        build_spread_rows(b, e->taps, sizes.channel_spread);
        build_spread_rows(b, e->conv_bias, sizes.channel_spread);
    }
    e->conv = build_rows(b, ROLE_STATE, "conv", K - 1,
                         (uint32_t)tensor_width(&b->graph->tensor[e->taps]));
    build_note(b, e->conv, "the last inputs of conv, oldest first");
}

/* Which part of in_proj's rows is convolved: x of (x, z), x B C of (z, x B C, dt). */
static uint32_t convolved(const struct build *b, const struct entrance *e)
{
    return b->graph->tensor[e->in_proj].parts - 2;
}

void entrance_decode(struct build *b, const struct entrance *e, uint32_t xz, uint32_t x)
{
    BUILD(b, norm_linear_conv, "IN_PROJ", .xz = xz, .x = x, .norm = e->norm, .w = e->in_proj,
          .bias = e->in_bias, .conv = e->conv, .taps = e->taps, .conv_bias = e->conv_bias,
          .part = convolved(b, e));
}

void entrance_prefill(struct build *b, const struct entrance *e, uint32_t xz, uint32_t x)
{
    const uint32_t xn = build_scratch(b, "xn");
    BUILD(b, rmsnorm, "NORM", .y = xn, .x = x, .norm = e->norm);
    BUILD(b, linear, "IN_PROJ", .y = xz, .w = e->in_proj, .bias = e->in_bias, .x = xn);
    BUILD(b, conv_silu, "CONV", .xz = xz, .conv = e->conv, .taps = e->taps, .bias = e->conv_bias,
          .part = convolved(b, e));
}
