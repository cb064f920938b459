/* Mamba-1, as transformers computes it: h is the residual stream, u = RMSNorm(h),
 *   (x, z) = in_proj(u);  x = silu(conv(x));  (dt, B, C) = x_proj(x);  dt = softplus(dt_proj(dt));
 *   s = exp(A dt) s + dt B x;  y = (s C + D x) silu(z);  h = h + out_proj(y).
 * Convolution and scan work in place on the x half of xz. In decode the norm, in_proj and conv are
 * one operation, and so are dt_proj and the scan. */
#include "gen/families/mamba.h"
#include "gen/families/mixer.h"

const struct build_ends mamba_ends = {"backbone.embeddings.weight", "backbone.embedding.weight",
                                      "backbone.norm_f.weight"};

static void layer(struct build *b, uint32_t x)
{
    const struct cfg *cfg = b->cfg;
    const struct mixer_sources sources = {
        MIXER_SOURCES(MAMBA_MIXER),
        .entrance.norm = MAMBA_NORM,
        .entrance.in_bias = cfg->use_bias ? MAMBA_MIXER "in_proj.bias" : NULL,
        .entrance.conv_bias = cfg->use_conv_bias ? MAMBA_MIXER "conv1d.bias" : NULL,
        .out_bias = cfg->use_bias ? MAMBA_MIXER "out_proj.bias" : NULL,
    };
    const struct mixer_sizes sizes = {.inner = cfg->intermediate_size,
                                      .states = cfg->state_size,
                                      .taps = cfg->conv_kernel,
                                      .rank = cfg->time_step_rank};
    struct mixer m;
    mixer_tensors(b, &sources, sizes, &m);
    if (b->graph->step == STEP_DECODE)
        mixer_decode(b, &m, x);
    else
        mixer_prefill(b, &m, x);
}

void family_mamba(const struct cfg *cfg, struct graph *graph)
{
    struct build b = {.cfg = cfg, .graph = graph};
    graph->layer_meaning = "x += out_proj(scan(conv(in_proj(norm(x)))))";
    build_stack(&b, &mamba_ends, layer);
}
