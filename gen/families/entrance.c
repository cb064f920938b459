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

void entrance_decode(struct build *b, const struct entrance *e, uint32_t xz, uint32_t x)
{
    BUILD_NODE(b, OP_NORM_LINEAR_CONV, "IN_PROJ", xz, x, e->norm, e->in_proj, e->in_bias, e->conv,
               e->taps, e->conv_bias);
}

void entrance_prefill(struct build *b, const struct entrance *e, uint32_t xz, uint32_t x)
{
    const uint32_t xn = build_scratch(b, "xn");
    BUILD_NODE(b, OP_RMSNORM, "NORM", xn, x, e->norm);
    if (e->in_bias == GRAPH_NONE)
        BUILD_NODE(b, OP_LINEAR, "IN_PROJ", xz, e->in_proj, xn);
    else
        BUILD_NODE(b, OP_LINEAR_BIAS, "IN_PROJ", xz, e->in_proj, e->in_bias, xn);
    if (e->conv_bias == GRAPH_NONE)
        BUILD_NODE(b, OP_CONV_SILU, "CONV", xz, e->conv, e->taps);
    else
        BUILD_NODE(b, OP_CONV_SILU_BIAS, "CONV", xz, e->conv, e->taps, e->conv_bias);
}
