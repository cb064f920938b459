/* Mamba-1, as transformers computes it: h is the residual stream, u = RMSNorm(h),
 *   (x, z) = in_proj(u);  x = silu(conv(x));  (dt, B, C) = x_proj(x);  dt = softplus(dt_proj(dt));
 *   s = exp(A dt) s + dt B x;  y = (s C + D x) silu(z);  h = h + out_proj(y). */
#include "gen/families/families.h"
#include "gen/families/mamba_block.h"

static void block(struct build *b, uint32_t x)
{
    const struct cfg *cfg = b->cfg;
    const struct mamba_sources sources = {
        MAMBA_SOURCES(BACKBONE_BLOCK),
        .in_proj.norm = BACKBONE_NORM,
        .in_proj.in_bias = cfg->use_bias ? BACKBONE_BLOCK "in_proj.bias" : NULL,
        .in_proj.conv_bias = cfg->use_conv_bias ? BACKBONE_BLOCK "conv1d.bias" : NULL,
        .out_bias = cfg->use_bias ? BACKBONE_BLOCK "out_proj.bias" : NULL,
    };
    const struct mamba_sizes sizes = {.inner = cfg->intermediate_size,
                                      .states = cfg->state_size,
                                      .taps = cfg->conv_kernel,
                                      .rank = cfg->time_step_rank};
    mamba_block_add(b, &sources, sizes, x);
}

const struct family family_mamba = {"mamba", {BACKBONE_ENDS}, {{"mamba", {block}}}, NULL};
