/* Jamba: layers of Mamba or attention, each with an MLP or experts; attention has no positions. */
#include <stdlib.h>
#include <string.h>

#include "tests/reference64/parts.h"

struct layer {
    bool attends, has_experts;
    char prefix[NAME64], mixer[NAME64], name[4][NAME64];
    struct attention64 attention;
    struct mamba64 mamba;
};

static void open_layer(const struct model64 *m, uint64_t number, struct layer *l)
{
    static const char *const matrices[] = {"q_proj", "k_proj", "v_proj", "o_proj"};
    const uint64_t width = count64(m, "hidden_size"), heads = count64(m, "num_attention_heads");
    l->attends = number % count64(m, "attn_layer_period") == count64(m, "attn_layer_offset");
    l->has_experts = count64(m, "num_experts") > 1 && number % count64(m, "expert_layer_period") ==
                                                          count64(m, "expert_layer_offset");
    name64(l->prefix, "model.layers.%u.", (unsigned)number);
    name64(l->mixer, "%smamba.", l->prefix);
    for (uint32_t i = 0; i < 4; i++)
        name64(l->name[i], "%sself_attn.%s", l->prefix, matrices[i]);
    if (l->attends) {
        l->attention = (struct attention64){
            .q = l->name[0],
            .k = l->name[1],
            .v = l->name[2],
            .o = l->name[3],
            .width = width,
            .heads = heads,
            .kv_heads = count64(m, "num_key_value_heads"),
            .head_dim = has64(m, "head_dim") ? count64(m, "head_dim") : width / heads,
        };
        attention64_open(m, &l->attention);
        return;
    }
    l->mamba = (struct mamba64){
        .prefix = l->mixer,
        .width = width,
        .inner = count64(m, "mamba_expand") * width,
        .states = count64(m, "mamba_d_state"),
        .taps = count64(m, "mamba_d_conv"),
        .rank = count64(m, "mamba_dt_rank"),
        .norms = true,
        .epsilon = real64(m, "rms_norm_eps"),
    };
    mamba64_open(&l->mamba);
}

static void feed_forward(struct model64 *m, const struct layer *l, uint64_t width, const double *u,
                         double *out)
{
    const uint64_t inner = count64(m, "intermediate_size");
    char gate[NAME64], up[NAME64], down[NAME64], router[NAME64], expert[NAME64];
    name64(gate, "%sfeed_forward.gate_proj", l->prefix);
    name64(up, "%sfeed_forward.up_proj", l->prefix);
    name64(down, "%sfeed_forward.down_proj", l->prefix);
    name64(router, "%sfeed_forward.router", l->prefix);
    name64(expert, "%sfeed_forward.experts.", l->prefix);
    const struct experts64 e = {
        .router = router,
        .expert = expert,
        .gate = "gate_proj",
        .up = "up_proj",
        .down = "down_proj",
        .width = width,
        .inner = inner,
        .experts = count64(m, "num_experts"),
        .chosen = count64(m, "num_experts_per_tok"),
    };
    if (l->has_experts)
        experts64(m, &e, u, out);
    else
        swiglu64(m, gate, up, down, width, inner, u, out);
}

static void layer_step(struct model64 *m, struct layer *l, double *x)
{
    const uint64_t width = count64(m, "hidden_size");
    const double epsilon = real64(m, "rms_norm_eps");
    double *u = room64(width), *y = room64(width);
    char name[NAME64];
    name64(name, "%sinput_layernorm", l->prefix);
    rmsnorm64(m, name, width, epsilon, x, u);
    if (l->attends)
        attention64_step(m, &l->attention, u, y);
    else
        mamba64_step(m, &l->mamba, u, y);
    for (uint64_t i = 0; i < width; i++)
        x[i] += y[i];
    name64(name, "%spre_ff_layernorm", l->prefix);
    rmsnorm64(m, name, width, epsilon, x, u);
    feed_forward(m, l, width, u, y);
    for (uint64_t i = 0; i < width; i++)
        x[i] += y[i];
    free(u);
    free(y);
}

void jamba64(struct model64 *m, const uint32_t *ids, size_t count, double *logits)
{
    const uint64_t width = count64(m, "hidden_size"), vocab = model64_vocab(m);
    const uint64_t layers = count64(m, "num_hidden_layers");
    const double *table = tensor64(m, "model.embed_tokens.weight", vocab, width);
    const double *head =
        flag64(m, "tie_word_embeddings") ? table : tensor64(m, "lm_head.weight", vocab, width);
    struct layer *layer = calloc(layers, sizeof *layer);
    double *x = room64(width);
    if (layer == NULL)
        fail64(m, "no memory");
    for (uint64_t i = 0; i < layers; i++)
        open_layer(m, i, &layer[i]);
    for (size_t at = 0; at < count; at++) {
        memcpy(x, table + ids[at] * width, width * sizeof *x);
        for (uint64_t i = 0; i < layers; i++)
            layer_step(m, &layer[i], x);
        rmsnorm64(m, "model.final_layernorm", width, real64(m, "rms_norm_eps"), x, x);
        for (uint64_t v = 0; v < vocab; v++)
            for (uint64_t d = 0; d < width; d++)
                logits[at * vocab + v] += head[v * width + d] * x[d];
    }
    for (uint64_t i = 0; i < layers; i++) {
        attention64_close(&layer[i].attention);
        mamba64_close(&layer[i].mamba);
    }
    free(layer);
    free(x);
}
