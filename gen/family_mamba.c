/* Mamba-1, as transformers computes it: h is the residual stream, u = RMSNorm(h),
 *   (x, z) = in_proj(u);  x = silu(conv(x));  (dt, B, C) = x_proj(x);  dt = softplus(dt_proj(dt));
 *   s = exp(A dt) s + dt B x;  y = (s C + D x) silu(z);  h = h + out_proj(y).
 * Convolution and scan work in place on the x half of xz. In decode the norm, in_proj and conv are
 * one operation, and so are dt_proj and the scan. */
#include "gen/mixer.h"

static const char embed_source[] = "backbone.embeddings.weight";
static const char embed_alias[] = "backbone.embedding.weight";

#define MIXER "backbone.layers.%u.mixer."

static void layer(struct build *b, uint32_t x)
{
    const struct cfg *cfg = b->cfg;
    const struct mixer_sources sources = {
        MIXER_SOURCES(MIXER),
        .norm = "backbone.layers.%u.norm.weight",
        .in_bias = cfg->use_bias ? MIXER "in_proj.bias" : NULL,
        .conv_bias = cfg->use_conv_bias ? MIXER "conv1d.bias" : NULL,
        .out_bias = cfg->use_bias ? MIXER "out_proj.bias" : NULL,
    };
    const struct mixer_sizes sizes = {.inner = cfg->intermediate_size,
                                      .states = cfg->state_size,
                                      .taps = cfg->conv_kernel,
                                      .rank = cfg->time_step_rank};
    struct mixer m;
    b->place = PLACE_LAYER;
    mixer_tensors(b, &sources, sizes, &m);
    if (b->graph->step == STEP_DECODE)
        mixer_decode(b, &m, x);
    else
        mixer_prefill(b, &m, x);
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
