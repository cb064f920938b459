#include "runtime/cuda/random_weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/cuda/random.cuh"
#include "runtime/cuda/launcher.h"
#include "runtime/die.h"

extern "C" {
#include "runtime/model.h"
}

enum { WORD_BYTES = 64 };

#define PAD(count) (((uint64_t)(count) + LINE_F32 - 1) / LINE_F32 * LINE_F32)

/* How the values of a tensor spread (tools/random_weights.h), and how it lies (gen/layout.h). */
enum role_values { BY_COLUMNS, ONES, BIASES, BY_TAPS, TIME_STEPS, DECAYS };

/* What a tensor is: the last word of model_weight.name, without the number of an expert. */
static const struct role {
    const char *names; /* each between blanks */
    enum role_values values;
} roles[] = {
    {" embed head in_proj x_proj dt_proj out_proj q_proj k_proj v_proj o_proj gate_proj up_proj "
     "down_proj router shared_gate shared_up shared_down fc1 fc2 ",
     BY_COLUMNS},
    {" norm norm_f mlp_norm dt_norm b_norm c_norm y_norm D ", ONES},
    {" in_proj_bias conv_bias out_proj_bias norm_bias norm_f_bias q_bias k_bias v_bias o_bias "
     "fc1_bias fc2_bias head_bias ",
     BIASES},
    {" conv_taps ", BY_TAPS},
    {" dt_bias ", TIME_STEPS},
    {" A ", DECAYS},
};

static enum role_values values_of(const struct model_weight *weight, const char *word)
{
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strstr(roles[i].names, word))
            return roles[i].values;
    die(EXIT_FAILED, "random weights: no rule for a tensor '%s'; add one to %s", weight->name,
        __FILE__);
}

/* The tensor's word between two blanks. */
static void word_of(const struct model_weight *weight, char word[WORD_BYTES])
{
    const char *const space = strrchr(weight->name, ' ');
    const char *const name = space ? space + 1 : weight->name;
    snprintf(word, WORD_BYTES, " %.*s ", (int)strcspn(name, "["), name);
}

/* Equal groups of rows, each padded on its own: x and z of a Mamba layer. Mamba-2 has them, and
 * more, as one group. */
static u32 groups_of(const struct model *of, const char *word)
{
    const bool entrance = strcmp(word, " in_proj ") == 0 || strcmp(word, " in_proj_bias ") == 0;
    return entrance && strcmp(of->model_type, "mamba2") != 0 ? 2 : 1;
}

static enum weight_type type_of(const struct model_weight *weight)
{
    if (strcmp(weight->type, "f32") == 0)
        return WEIGHT_F32;
    return strcmp(weight->type, "f16") == 0 ? WEIGHT_F16 : WEIGHT_BF16;
}

static void start(struct random_fill *params, cudaStream_t stream)
{
    void *arguments[] = {params};
    CUDA_CHECK(cudaLaunchKernel((const void *)random_fill_kernel,
                                dim3(RANDOM_BLOCKS(params->elements)), dim3(RANDOM_THREADS),
                                arguments, 0, stream));
}

/* A[padded rows / 16][cols][16]: -exp(log(n + 1)), rounded as the packer does, state by state. */
static void fill_decays(struct random_fill *params, u32 states, cudaStream_t stream)
{
    f32 *const to = (f32 *)params->to;
    params->elements /= states;
    params->cols = 1;
    params->line = LINE_F32;
    params->line_stride = (uint64_t)LINE_F32 * states;
    params->row_stride = 1;
    for (u32 n = 0; n < states; n++) {
        params->to = to + (uint64_t)n * LINE_F32;
        params->middle = -(f32)exp((double)(f32)log((double)n + 1));
        start(params, stream);
    }
}

static void fill_tensor(const struct model *of, void *image, u32 index, uint64_t seed,
                        cudaStream_t stream)
{
    const struct model_weight *const weight = &of->weights[index];
    char word[WORD_BYTES];
    word_of(weight, word);
    const enum role_values values = values_of(weight, word);
    const u32 rows = weight->rows, cols = weight->cols;
    const bool matrix = values == BY_COLUMNS;
    struct random_fill params = {};
    params.to = (char *)image + weight->at;
    params.elements = (uint64_t)rows * cols;
    params.seed = seed;
    params.tensor = index;
    params.type = type_of(weight);
    params.cols = cols;
    params.line = rows / groups_of(of, word);
    params.row_stride = matrix ? PAD(cols) : 1;
    params.col_stride = matrix ? 1 : PAD(rows);
    params.line_stride = PAD(params.line) * params.row_stride;
    switch (values) {
    case ONES:
        params.middle = 1;
        break;
    case BY_COLUMNS:
        params.spread = (f32)sqrt(3.0 / cols);
        break;
    case BY_TAPS:
        params.spread = (f32)sqrt(1.0 / cols);
        break;
    case TIME_STEPS:
        params.middle = -2;
        params.spread = 2.3f;
        break;
    case BIASES:
        params.spread = 0.1f;
        break;
    case DECAYS:
        fill_decays(&params, cols, stream);
        return;
    }
    start(&params, stream);
}

void random_weights_fill(const struct model *of, void *image, uint64_t seed, cudaStream_t stream)
{
    CUDA_CHECK(cudaMemsetAsync(image, 0, of->weights_bytes, stream)); /* pads */
    for (u32 i = 0; i < of->weight_count; i++)
        fill_tensor(of, image, i, seed, stream);
}
