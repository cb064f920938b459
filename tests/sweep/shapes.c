/* The config of a random model. Widths are odd as often as not; nothing is a multiple of anything
 * that is none by the rules of its family. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/philox.h"
#include "tests/sweep/sweep.h"

struct draws draws_of(uint64_t seed, uint64_t number)
{
    return (struct draws){.seed = seed << 32 | number, .at = 0};
}

double draw(struct draws *d)
{
    return philox_uniform(d->seed, d->at++);
}

uint32_t draw_count(struct draws *d, uint32_t least, uint32_t most)
{
    const double low = log(least + 0.5), high = log(most + 1.0);
    const double value = most < 3 * least + 8 ? least + draw(d) * (most - least + 1.0)
                                              : exp(low + draw(d) * (high - low));
    const uint32_t count = (uint32_t)value;
    return count < least ? least : count > most ? most : count;
}

static const char *draw_flag(struct draws *d)
{
    return draw(d) < 0.5 ? "true" : "false";
}

/* A divisor of `of`. */
static uint32_t draw_divisor(struct draws *d, uint32_t of)
{
    uint32_t divisor = draw_count(d, 1, of);
    while (of % divisor != 0)
        divisor--;
    return divisor;
}

/* Heads, their keys' and their width: a multiple of `unit` that need not have to do with the width
 * of the stream. */
static void attention(struct draws *d, FILE *f, uint32_t unit)
{
    const uint32_t heads = draw_count(d, 1, 14);
    fprintf(f, " \"num_attention_heads\": %u, \"num_key_value_heads\": %u, \"head_dim\": %u,\n",
            heads, draw_divisor(d, heads), unit * draw_count(d, 1, 160 / unit));
    fprintf(
        f, " \"attention_bias\": false, \"mlp_bias\": false, \"max_position_embeddings\": 4096,\n");
}

static void rotation(struct draws *d, FILE *f, double part)
{
    fprintf(f, " \"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": %.1f",
            floor(exp(log(100) + draw(d) * log(1e5))));
    if (part > 0)
        fprintf(f, ", \"partial_rotary_factor\": %.17g", part);
    fprintf(f, "},\n");
}

static void window(struct draws *d, FILE *f)
{
    const uint32_t positions = draw_count(d, 1, 70);
    if (draw(d) < 0.5)
        fprintf(f, " \"sliding_window\": %u,\n", positions);
    else
        fprintf(f, " \"sliding_window\": null,\n");
}

/* The name of the key for their count differs from family to family. */
static void experts(struct draws *d, FILE *f, const char *key)
{
    const uint32_t count = draw(d) < 0.1 ? 1 : draw_count(d, 1, 24);
    fprintf(f, " \"%s\": %u, \"num_experts_per_tok\": %u,\n", key, count,
            draw_count(d, 1, count < 16 ? count : 16));
}

/* A Mistral is a Llama that may have a window. */
static void llama(struct draws *d, FILE *f)
{
    const bool mistral = draw(d) < 0.5;
    fprintf(f, " \"model_type\": \"%s\", \"hidden_act\": \"silu\", \"rms_norm_eps\": %g,\n",
            mistral ? "mistral" : "llama", draw(d) < 0.5 ? 1e-5 : 1e-6);
    attention(d, f, 2);
    rotation(d, f, 0);
    if (mistral)
        window(d, f);
}

/* An even number of elements of a head is turned, not always a whole part of it. */
static void phi(struct draws *d, FILE *f)
{
    const uint32_t heads = draw_count(d, 1, 12);
    const uint32_t head_dim = draw_count(d, 2, 112);
    const uint32_t rotary = 2 * draw_count(d, 1, head_dim / 2);
    fprintf(f,
            " \"model_type\": \"phi\", \"hidden_act\": \"gelu_new\", \"layer_norm_eps\": 1e-5,\n");
    fprintf(f, " \"num_attention_heads\": %u, \"num_key_value_heads\": %u, \"head_dim\": %u,\n",
            heads, draw_divisor(d, heads), head_dim);
    fprintf(f,
            " \"hidden_size\": %u, \"qk_layernorm\": false, \"max_position_embeddings\": 4096,\n",
            heads * head_dim);
    rotation(d, f, (rotary + 0.25) / head_dim);
}

static void mixtral(struct draws *d, FILE *f)
{
    fprintf(f, " \"model_type\": \"mixtral\", \"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-5,\n");
    attention(d, f, 2);
    rotation(d, f, 0);
    window(d, f);
    experts(d, f, "num_local_experts");
}

static void deepseek(struct draws *d, FILE *f)
{
    fprintf(f,
            " \"model_type\": \"deepseek\", \"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-6,\n");
    attention(d, f, 2);
    rotation(d, f, 0);
    experts(d, f, "n_routed_experts");
    fprintf(f,
            " \"n_shared_experts\": %u, \"moe_intermediate_size\": %u, \"scoring_func\": "
            "\"softmax\",\n",
            draw_count(d, 0, 3), draw_count(d, 1, 90));
    fprintf(f, " \"first_k_dense_replace\": %u, \"moe_layer_freq\": %u, \"norm_topk_prob\": %s,\n",
            draw_count(d, 0, 3), draw_count(d, 1, 3), draw_flag(d));
}

static void jamba(struct draws *d, FILE *f)
{
    const uint32_t attends = draw_count(d, 1, 4), routes = draw_count(d, 1, 3);
    fprintf(f, " \"model_type\": \"jamba\", \"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-6,\n");
    attention(d, f, 1); /* nothing is turned */
    experts(d, f, "num_experts");
    fprintf(f, " \"attn_layer_period\": %u, \"attn_layer_offset\": %u,\n", attends,
            draw_count(d, 0, attends - 1));
    fprintf(f, " \"expert_layer_period\": %u, \"expert_layer_offset\": %u,\n", routes,
            draw_count(d, 0, routes - 1));
    fprintf(f, " \"mamba_d_state\": %u, \"mamba_d_conv\": %u, \"mamba_expand\": %u,\n",
            draw_count(d, 1, 70), draw_count(d, 2, 16), draw_count(d, 1, 3));
    fprintf(f, " \"mamba_dt_rank\": %u, \"mamba_conv_bias\": %s, \"mamba_proj_bias\": %s,\n",
            draw_count(d, 1, 80), draw_flag(d), draw_flag(d));
    fprintf(f, " \"pad_token_id\": 0,\n");
}

static void mamba(struct draws *d, FILE *f)
{
    fprintf(
        f, " \"model_type\": \"mamba\", \"hidden_act\": \"silu\", \"layer_norm_epsilon\": 1e-5,\n");
    fprintf(f, " \"state_size\": %u, \"conv_kernel\": %u, \"time_step_rank\": %u,\n",
            draw_count(d, 1, 70), draw_count(d, 2, 16), draw_count(d, 1, 80));
    fprintf(f, " \"use_bias\": %s, \"use_conv_bias\": %s, \"residual_in_fp32\": true,\n",
            draw_flag(d), draw_flag(d));
    fprintf(f, " \"pad_token_id\": 0,\n");
}

/* The width of the stream is that of the heads, or half of it. Heads are no narrower than streams
 * are: the norm of a group of two channels multiplies errors of f32, in transformers as here. */
static void mamba2(struct draws *d, FILE *f)
{
    const uint32_t heads = draw_count(d, 1, 14), head_dim = draw_count(d, 5, 96);
    const uint32_t expand = heads * head_dim % 2 == 0 ? draw_count(d, 1, 2) : 1;
    const bool limited = draw(d) < 0.5;
    fprintf(
        f,
        " \"model_type\": \"mamba2\", \"hidden_act\": \"silu\", \"layer_norm_epsilon\": 1e-5,\n");
    fprintf(f, " \"num_heads\": %u, \"head_dim\": %u, \"n_groups\": %u,\n", heads, head_dim,
            draw_divisor(d, heads));
    fprintf(f, " \"expand\": %u, \"hidden_size\": %u,\n", expand, heads * head_dim / expand);
    fprintf(f, " \"state_size\": %u, \"conv_kernel\": %u, \"time_step_limit\": [%s],\n",
            draw_count(d, 1, 144), draw_count(d, 2, 16), limited ? "0.01, 0.5" : "0.0, Infinity");
    fprintf(f, " \"use_bias\": %s, \"use_conv_bias\": %s, \"residual_in_fp32\": true,\n",
            draw_flag(d), draw_flag(d));
    fprintf(f, " \"pad_token_id\": 0,\n");
}

static const struct family {
    const char *name;
    void (*write)(struct draws *d, FILE *f);
    bool has_width, has_inner; /* left to say */
    bool attends, chooses;     /* experts */
} FAMILIES[] = {
    {"mamba", mamba, true, true, false, false},     {"llama", llama, true, true, true, false},
    {"jamba", jamba, true, true, true, true},       {"mixtral", mixtral, true, true, true, true},
    {"phi", phi, false, true, true, false},         {"deepseek", deepseek, true, true, true, true},
    {"mamba2", mamba2, false, false, false, false},
};

static void write_config(struct draws *d, const struct family *family, const char *tied, FILE *f)
{
    const uint32_t vocab = draw_count(d, 3, 600);
    fprintf(f, "{\n");
    family->write(d, f);
    if (family->has_width)
        fprintf(f, " \"hidden_size\": %u,\n", draw_count(d, 5, 200));
    if (family->has_inner)
        fprintf(f, " \"intermediate_size\": %u,\n", draw_count(d, 1, 300));
    fprintf(f, " \"num_hidden_layers\": %u, \"vocab_size\": %u, \"tie_word_embeddings\": %s,\n",
            draw_count(d, 1, 6), vocab, tied);
    fprintf(f, " \"bos_token_id\": 1, \"eos_token_id\": 2, \"torch_dtype\": \"float32\"\n}\n");
}

static const char *draw_type(struct draws *d)
{
    static const char *const types[] = {"f32", "bf16", "f16"};
    return types[draw_count(d, 0, 2)];
}

/* A type for every class of weights that the model has. */
static void write_options(struct draws *d, const struct family *family, bool tied, FILE *f)
{
    const uint32_t chunk = draw_count(d, 1, 90);
    fprintf(f, "--projection-type %s --embedding-type %s --prefill-chunk %u --logit-rows %u",
            draw_type(d), draw_type(d), chunk, draw_count(d, 1, chunk < 16 ? chunk : 16));
    if (!tied)
        fprintf(f, " --head-type %s", draw_type(d));
    if (family->chooses)
        fprintf(f, " --expert-type %s --router-type %s", draw_type(d), draw_type(d));
    if (family->attends)
        fprintf(f, " --kv-type f32 --context %u", draw_count(d, 10, 300));
    fputc('\n', f);
}

bool sweep_shape(uint64_t seed, uint64_t number, const char *directory)
{
    struct draws d = draws_of(seed, number);
    const char *const tied = draw_flag(&d);
    const struct family *family = &FAMILIES[number % (sizeof FAMILIES / sizeof FAMILIES[0])];
    char path[4096];
    snprintf(path, sizeof path, "%s/config.json", directory);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return false;
    write_config(&d, family, tied, f);
    if (fclose(f) != 0)
        return false;
    snprintf(path, sizeof path, "%s/options", directory);
    f = fopen(path, "w");
    if (f == NULL)
        return false;
    write_options(&d, family, strcmp(tied, "true") == 0, f);
    return fclose(f) == 0;
}
