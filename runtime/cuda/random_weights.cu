#include "runtime/cuda/random_weights.h"

#include <math.h>
#include <string.h>

#include "kernels/cuda/random.cuh"
#include "runtime/cuda/launcher.h"
#include "runtime/die.h"

extern "C" {
#include "runtime/model.h"
}

#define PAD(count) (((uint64_t)(count) + LINE_F32 - 1) / LINE_F32 * LINE_F32)

/* How the values of a tensor spread (tools/random_weights.h), and how it lies (gen/layout.h). */
enum role_values { ONES, BY_COLUMNS, BY_TAPS, TIME_STEPS, BIASES, DECAYS };

static const struct role {
    const char *name; /* the last word of model_weight.name */
    enum role_values values;
    u32 groups; /* of Mamba: equal groups of rows, each padded on its own */
} roles[] = {
    {"embed", BY_COLUMNS, 1},
    {"head", BY_COLUMNS, 1},
    {"norm", ONES, 1},
    {"norm_f", ONES, 1},
    {"in_proj", BY_COLUMNS, 2},
    {"in_proj_bias", BIASES, 2},
    {"conv_taps", BY_TAPS, 1},
    {"conv_bias", BIASES, 1},
    {"x_proj", BY_COLUMNS, 1},
    {"dt_proj", BY_COLUMNS, 1},
    {"dt_bias", TIME_STEPS, 1},
    {"A", DECAYS, 1},
    {"D", ONES, 1},
    {"y_norm", ONES, 1},
    {"out_proj", BY_COLUMNS, 1},
    {"out_proj_bias", BIASES, 1},
};

static const struct role *role_of(const struct model_weight *weight)
{
    const char *const space = strrchr(weight->name, ' ');
    const char *const name = space ? space + 1 : weight->name;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    die(EXIT_FAILED, "random weights: no rule for a tensor '%s'; add one to %s", weight->name,
        __FILE__);
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
    const struct role *const role = role_of(weight);
    const u32 rows = weight->rows, cols = weight->cols;
    const bool matrix = role->values == BY_COLUMNS, grouped = strcmp(of->model_type, "mamba") == 0;
    struct random_fill params = {};
    params.to = (char *)image + weight->at;
    params.elements = (uint64_t)rows * cols;
    params.seed = seed;
    params.tensor = index;
    params.type = type_of(weight);
    params.cols = cols;
    params.line = rows / (grouped ? role->groups : 1);
    params.row_stride = matrix ? PAD(cols) : 1;
    params.col_stride = matrix ? 1 : PAD(rows);
    params.line_stride = PAD(params.line) * params.row_stride;
    switch (role->values) {
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
