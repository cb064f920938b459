#include "runtime/engine/cuda/random_weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/engine/cuda/launcher.h"
#include "runtime/engine/cuda/random.cuh"

extern "C" {
#include "runtime/base/model.h"
}

enum { WORD_BYTES = 64 };

/* How the values of a tensor spread (tools/pack/random_weights.h), and how it lies
 * (gen/graph/packing.h). */
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
    snprintf(word, WORD_BYTES, " %s ", name);
}

static enum format type_of(const struct model_weight *weight)
{
    enum format format;
    if (!format_find(weight->type, &format))
        die(EXIT_FAILED, "random weights: tensor '%s' has a type '%s'; add it to %s", weight->name,
            weight->type, __FILE__);
    return format;
}

static void start(struct random_fill *params, cudaStream_t stream)
{
    void *arguments[] = {params};
    CUDA_CHECK(cudaLaunchKernel((const void *)random_fill_kernel,
                                dim3(RANDOM_BLOCKS(params->first, params->elements)),
                                dim3(RANDOM_THREADS), arguments, 0, stream));
}

/* A[padded rows / 16][cols][16]: -exp(log(n + 1)), rounded as the packer does, state by state. */
static void fill_decays(struct random_fill *params, u32 states, cudaStream_t stream)
{
    f32 *const to = (f32 *)params->to;
    params->cols = params->head = 1;
    params->line = LINE_F32;
    params->line_stride = (uint64_t)LINE_F32 * states;
    params->row_stride = 1;
    for (u32 n = 0; n < states; n++) {
        params->to = to + (uint64_t)n * LINE_F32;
        params->middle = -(f32)exp((double)(f32)log((double)n + 1));
        start(params, stream);
    }
}

/* Run after run of the rows. */
static void fill_runs(struct random_fill *params, const struct spread *rows, cudaStream_t stream)
{
    for (u32 i = 0; i < SPREAD_RUNS && rows->run[i].groups > 0; i++) {
        const u32 groups = rows->run[i].groups, size = rows->run[i].size;
        params->elements = (uint64_t)groups * size * params->cols;
        params->line = size;
        params->line_stride = spread_pad(size) * params->row_stride;
        start(params, stream);
        params->first += params->elements;
        params->to = (char *)params->to + format_bytes(params->type, groups, params->line_stride);
    }
}

/* Tensor `index` of the weight file, at `to`. */
static void fill_tensor(const struct model_weight *weight, void *to, u32 index, uint64_t seed,
                        cudaStream_t stream)
{
    char word[WORD_BYTES];
    word_of(weight, word);
    const enum role_values values = values_of(weight, word);
    const u32 cols = weight->cols;
    const bool matrix = values == BY_COLUMNS;
    const struct spread whole_rows = {{{1, weight->rows}}}, whole_cols = {{{1, cols}}};
    const struct spread *const rows = weight->row_spread ? weight->row_spread : &whole_rows;
    const struct spread *const heads = weight->col_spread ? weight->col_spread : &whole_cols;
    struct random_fill params = {};
    params.to = to;
    params.seed = seed;
    params.tensor = index;
    params.type = type_of(weight);
    params.cols = cols;
    params.head = heads->run[0].size;
    params.head_stride = (u32)spread_pad(params.head);
    params.row_stride = matrix ? spread_padded(heads) : 1;
    params.col_stride = matrix ? 1 : spread_padded(rows);
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
        params.elements = weight->rows;
        fill_decays(&params, cols, stream);
        return;
    }
    fill_runs(&params, rows, stream);
}

void random_weights_fill(const struct model *of, void *image, uint64_t seed, cudaStream_t stream)
{
    CUDA_CHECK(cudaMemsetAsync(image, 0, of->weights_bytes, stream)); /* pads */
    u32 index = 0;
    for (u32 i = 0; i < of->weight_count; i++) {
        const struct model_weight *const weight = &of->weights[i];
        char *const to = (char *)image + weight->at;
        for (u32 e = 0; e < model_weight_tensors(weight); e++, index++)
            fill_tensor(weight, to + e * weight->bytes, index, seed, stream);
    }
}
