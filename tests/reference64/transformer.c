/* Llama (and Mistral), Phi, Mixtral and DeepSeekMoE. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/reference64/parts.h"

enum family { LLAMA, PHI, MIXTRAL, DEEPSEEK };

struct transformer {
    enum family family;
    uint64_t width, layers, head_dim;
    double epsilon;
    char (*prefix)[NAME64]; /* of each layer */
    char (*name)[4][NAME64];
    struct attention64 *attention;
};

static enum family family_of(const struct model64 *m)
{
    const char *type = word64(m, "model_type");
    if (strcmp(type, "llama") == 0 || strcmp(type, "mistral") == 0)
        return LLAMA;
    if (strcmp(type, "phi") == 0)
        return PHI;
    if (strcmp(type, "mixtral") == 0)
        return MIXTRAL;
    if (strcmp(type, "deepseek") == 0)
        return DEEPSEEK;
    fail64(m, "model_type = %s is not known", type);
}

static void open_layer(const struct model64 *m, struct transformer *t, uint64_t layer)
{
    static const char *const matrices[] = {"q_proj", "k_proj", "v_proj", "o_proj"};
    const double part = rope64(m, "partial_rotary_factor");
    struct attention64 *a = &t->attention[layer];
    name64(t->prefix[layer], "model.layers.%u.", (unsigned)layer);
    for (uint32_t i = 0; i < 4; i++)
        name64(t->name[layer][i], "%sself_attn.%s", t->prefix[layer],
               i == 3 && t->family == PHI ? "dense" : matrices[i]);
    *a = (struct attention64){
        .q = t->name[layer][0],
        .k = t->name[layer][1],
        .v = t->name[layer][2],
        .o = t->name[layer][3],
        .width = t->width,
        .heads = count64(m, "num_attention_heads"),
        .kv_heads = count64(m, "num_key_value_heads"),
        .head_dim = t->head_dim,
        .rotary = isnan(part) ? t->head_dim : (uint64_t)((double)t->head_dim * part),
        .theta = rope64(m, "rope_theta"),
        .window = has64(m, "sliding_window") ? count64(m, "sliding_window") : 0,
    };
    attention64_open(m, a);
}

static void mixtral(struct model64 *m, const char *prefix, uint64_t width, const double *u,
                    double *out)
{
    char router[NAME64], expert[NAME64];
    name64(router, "%sblock_sparse_moe.gate", prefix);
    name64(expert, "%sblock_sparse_moe.experts.", prefix);
    const struct experts64 e = {
        .router = router,
        .expert = expert,
        .gate = "w1",
        .up = "w3",
        .down = "w2",
        .width = width,
        .inner = count64(m, "intermediate_size"),
        .experts = count64(m, "num_local_experts"),
        .chosen = count64(m, "num_experts_per_tok"),
        .renormalised = true,
    };
    experts64(m, &e, u, out);
}

static void dense(struct model64 *m, const char *prefix, uint64_t width, uint64_t inner,
                  const double *u, double *out)
{
    char gate[NAME64], up[NAME64], down[NAME64];
    name64(gate, "%sgate_proj", prefix);
    name64(up, "%sup_proj", prefix);
    name64(down, "%sdown_proj", prefix);
    swiglu64(m, gate, up, down, width, inner, u, out);
}

/* Experts, whose probabilities are as they are unless there are several to be divided by their
 * sum, and a shared MLP beside them. */
static void deepseek(struct model64 *m, const char *prefix, uint64_t width, const double *u,
                     double *out)
{
    char router[NAME64], expert[NAME64], shared[NAME64];
    const uint64_t inner = count64(m, "moe_intermediate_size");
    const uint64_t chosen = count64(m, "num_experts_per_tok");
    const uint64_t beside = has64(m, "n_shared_experts") ? count64(m, "n_shared_experts") : 0;
    name64(router, "%smlp.gate", prefix);
    name64(expert, "%smlp.experts.", prefix);
    const struct experts64 e = {
        .router = router,
        .expert = expert,
        .gate = "gate_proj",
        .up = "up_proj",
        .down = "down_proj",
        .width = width,
        .inner = inner,
        .experts = count64(m, "n_routed_experts"),
        .chosen = chosen,
        .renormalised = flag64(m, "norm_topk_prob") && chosen > 1,
    };
    experts64(m, &e, u, out);
    if (beside == 0)
        return;
    double *y = room64(width);
    name64(shared, "%smlp.shared_experts.", prefix);
    dense(m, shared, width, inner * beside, u, y);
    for (uint64_t i = 0; i < width; i++)
        out[i] += y[i];
    free(y);
}

static void feed_forward(struct model64 *m, const struct transformer *t, uint64_t layer,
                         const double *u, double *out)
{
    char prefix[NAME64];
    const uint64_t dense_first =
        t->family == DEEPSEEK ? count64(m, "first_k_dense_replace") : t->layers;
    if (t->family == MIXTRAL) {
        mixtral(m, t->prefix[layer], t->width, u, out);
    } else if (layer >= dense_first && layer % count64(m, "moe_layer_freq") == 0) {
        deepseek(m, t->prefix[layer], t->width, u, out);
    } else {
        name64(prefix, "%smlp.", t->prefix[layer]);
        dense(m, prefix, t->width, count64(m, "intermediate_size"), u, out);
    }
}

/* Both halves read the same norm of the stream. */
static void phi_layer(struct model64 *m, struct transformer *t, uint64_t layer, double *x)
{
    const uint64_t inner = count64(m, "intermediate_size");
    double *u = room64(t->width), *seen = room64(t->width), *h = room64(inner);
    double *y = room64(t->width);
    char name[NAME64];
    name64(name, "%sinput_layernorm", t->prefix[layer]);
    layernorm64(m, name, t->width, t->epsilon, x, u);
    attention64_step(m, &t->attention[layer], u, seen);
    name64(name, "%smlp.fc1", t->prefix[layer]);
    linear64(m, name, inner, t->width, u, h);
    for (uint64_t i = 0; i < inner; i++)
        h[i] = gelu_new64(h[i]);
    name64(name, "%smlp.fc2", t->prefix[layer]);
    linear64(m, name, t->width, inner, h, y);
    for (uint64_t i = 0; i < t->width; i++)
        x[i] += seen[i] + y[i];
    free(u);
    free(seen);
    free(h);
    free(y);
}

static void layer_step(struct model64 *m, struct transformer *t, uint64_t layer, double *x)
{
    double *u = room64(t->width), *y = room64(t->width);
    char name[NAME64];
    name64(name, "%sinput_layernorm", t->prefix[layer]);
    rmsnorm64(m, name, t->width, t->epsilon, x, u);
    attention64_step(m, &t->attention[layer], u, y);
    for (uint64_t i = 0; i < t->width; i++)
        x[i] += y[i];
    name64(name, "%spost_attention_layernorm", t->prefix[layer]);
    rmsnorm64(m, name, t->width, t->epsilon, x, u);
    feed_forward(m, t, layer, u, y);
    for (uint64_t i = 0; i < t->width; i++)
        x[i] += y[i];
    free(u);
    free(y);
}

/* logits[vocab] <- head(norm(x)); x is replaced by its norm. */
static void head(struct model64 *m, const struct transformer *t, const double *table, double *x,
                 double *logits)
{
    const uint64_t vocab = model64_vocab(m);
    const bool tied = has64(m, "tie_word_embeddings") && flag64(m, "tie_word_embeddings");
    const double *w = tied ? table : tensor64(m, "lm_head.weight", vocab, t->width);
    const double *bias = maybe64(m, "lm_head.bias", vocab, 1);
    if (t->family == PHI)
        layernorm64(m, "model.final_layernorm", t->width, t->epsilon, x, x);
    else
        rmsnorm64(m, "model.norm", t->width, t->epsilon, x, x);
    for (uint64_t v = 0; v < vocab; v++) {
        logits[v] = bias != NULL ? bias[v] : 0;
        for (uint64_t i = 0; i < t->width; i++)
            logits[v] += w[v * t->width + i] * x[i];
    }
}

void transformer64(struct model64 *m, const uint32_t *ids, size_t count, double *logits)
{
    struct transformer t = {
        .family = family_of(m),
        .width = count64(m, "hidden_size"),
        .layers = count64(m, "num_hidden_layers"),
    };
    t.epsilon = real64(m, t.family == PHI ? "layer_norm_eps" : "rms_norm_eps");
    t.head_dim =
        has64(m, "head_dim") ? count64(m, "head_dim") : t.width / count64(m, "num_attention_heads");
    t.prefix = calloc(t.layers, sizeof *t.prefix);
    t.name = calloc(t.layers, sizeof *t.name);
    t.attention = calloc(t.layers, sizeof *t.attention);
    if (t.prefix == NULL || t.name == NULL || t.attention == NULL)
        fail64(m, "no memory");
    const uint64_t vocab = model64_vocab(m);
    const double *table = tensor64(m, "model.embed_tokens.weight", vocab, t.width);
    double *x = room64(t.width);
    for (uint64_t i = 0; i < t.layers; i++)
        open_layer(m, &t, i);
    for (size_t at = 0; at < count; at++) {
        memcpy(x, table + ids[at] * t.width, t.width * sizeof *x);
        for (uint64_t i = 0; i < t.layers; i++)
            (t.family == PHI ? phi_layer : layer_step)(m, &t, i, x);
        head(m, &t, table, x, logits + at * vocab);
    }
    for (uint64_t i = 0; i < t.layers; i++)
        attention64_close(&t.attention[i]);
    free(x);
    free(t.prefix);
    free(t.name);
    free(t.attention);
}
