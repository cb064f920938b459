#include "gen/mamba.h"

static const char embed_source[] = "backbone.embeddings.weight";
static const char embed_alias[] = "backbone.embedding.weight";

void mamba_entrance_tensors(struct build *b, struct mamba_entrance *e, uint32_t rows,
                            uint32_t groups, uint32_t channels)
{
    const struct cfg *cfg = b->cfg;
    const uint32_t D = cfg->hidden_size, K = cfg->conv_kernel;
    e->norm = build_weight(b, "norm", "backbone.layers.%u.norm.weight", PACKING_VECTOR, D, 1);
    e->in_proj = build_weight(b, "in_proj", MAMBA_MIXER "in_proj.weight", PACKING_MATRIX, rows, D);
    b->graph->tensor[e->in_proj].groups = groups;
    e->in_bias = build_optional(b, cfg->use_bias, "in_proj_bias", MAMBA_MIXER "in_proj.bias", rows);
    if (e->in_bias != GRAPH_NONE)
        b->graph->tensor[e->in_bias].groups = groups;
    e->taps = build_weight(b, "conv_taps", MAMBA_MIXER "conv1d.weight", PACKING_TAPS, channels, K);
    build_note(b, e->taps, "oldest first");
    e->conv_bias =
        build_optional(b, cfg->use_conv_bias, "conv_bias", MAMBA_MIXER "conv1d.bias", channels);
    e->conv = build_rows(b, ROLE_STATE, "conv", K - 1, channels);
    build_note(b, e->conv, "the last inputs of conv, oldest first");
}

void mamba_entrance_decode(struct build *b, const struct mamba_entrance *e, uint32_t xz, uint32_t x)
{
    BUILD_NODE(b, OP_NORM_LINEAR_CONV, "IN_PROJ", xz, x, e->norm, e->in_proj, e->in_bias, e->conv,
               e->taps, e->conv_bias);
}

void mamba_entrance_prefill(struct build *b, const struct mamba_entrance *e, uint32_t xz,
                            uint32_t x)
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

/* Tokens to normalised hidden rows; decode goes on to the logits. */
static void stack(struct build *b, void (*layer)(struct build *b, uint32_t x))
{
    uint32_t io_tokens = build_tokens(b);
    uint32_t embed = build_embedding(b, embed_source, embed_alias);
    uint32_t x = build_scratch(b, "x");
    BUILD_NODE(b, OP_EMBED, "EMBED", x, embed, io_tokens);
    b->place = PLACE_LAYER;
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

void mamba_graph(struct build *b, void (*layer)(struct build *b, uint32_t x))
{
    if (b->graph->step != STEP_HEAD) {
        b->place = PLACE_PROLOGUE;
        stack(b, layer);
        return;
    }
    b->place = PLACE_EPILOGUE;
    uint32_t hidden = build_hidden(b);
    uint32_t head = build_head(
        b, b->cfg->tie_word_embeddings ? build_embedding(b, embed_source, embed_alias) : 0);
    uint32_t logits = build_logits(b);
    BUILD_NODE(b, OP_LINEAR, "LOGITS", logits, head, hidden);
}
