/* Random weights made by a kernel against those that the packer writes: the same image, byte for
 * byte, so a model of random weights is the same model whether its file exists or not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/engine/cuda/random_weights.h"
#include "runtime/engine/weight_file.h"
#include "tests/fixtures/run.h"
#include "tests/simt/fake_cuda.h"
#include "tests/simt/simt.h"

extern "C" {
#include "runtime/base/die.h"
#include "runtime/base/model.h"
#pragma GCC diagnostic push
/* C++ warns of designated ones, too, and of a function with the name of a struct */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wshadow"
#include "tests/unit/configs.h"
#pragma GCC diagnostic pop
#include "tools/pack/image.h"
#include "tools/pack/random_weights.h"

void cuda_check(cudaError_t error, const char *call)
{
    if (error != cudaSuccess)
        ck_abort_msg("%s: %s", call, cudaGetErrorString(error));
}
}

enum { WEIGHTS_MOST = 512 };

/* What the generator would say of the layout. */
static struct model describe(const struct layout *layout, struct model_weight *weights)
{
    ck_assert_uint_le(layout->count, WEIGHTS_MOST);
    struct model described = {};
    for (u32 i = 0; i < layout->count; i++) {
        const struct layout_weight *const w = &layout->weight[i];
        if (w->expert > 0)
            continue;
        struct model_weight *const row = &weights[described.weight_count++];
        row->name = w->member;
        row->type = format_name(w->type);
        row->rows = w->rows;
        row->cols = w->cols;
        row->row_spread = &w->row_spread;
        row->col_spread = &w->col_spread;
        row->at = w->at;
        row->bytes = w->bytes;
        row->experts = w->experts;
    }
    described.model_type = layout->cfg.model_type;
    described.weights = weights;
    described.tensor_count = layout->count;
    described.weights_bytes = layout->weights_bytes;
    return described;
}

/* The image of the file that the packer writes. */
static char *packed_image(const struct layout *layout, uint64_t seed)
{
    char path[] = "/tmp/ingot-random-XXXXXX";
    const int made = mkstemp(path);
    ck_assert_int_ge(made, 0);
    close(made);
    struct diagnostics report = {stderr, "random", 0};
    struct random_weights random = {layout, seed};
    struct progress progress;
    progress_start(&progress, layout->weights_bytes);
    struct image image = {};
    image.layout = layout;
    image.backend = BACKEND_CUDA;
    image.read = random_weights_read;
    image.context = &random;
    image.path = path;
    image.progress = &progress;
    struct image_written written;
    ck_assert_int_eq(image_write(&image, &written, &report), EXIT_SUCCESS);
    progress_end(&progress);
    FILE *const file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    struct weight_file_header header;
    ck_assert_uint_eq(fread(&header, sizeof header, 1, file), 1);
    ck_assert_uint_eq(header.weights_bytes, layout->weights_bytes);
    char *const bytes = (char *)malloc(header.weights_bytes);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_int_eq(fseek(file, (long)header.weights_at, SEEK_SET), 0);
    ck_assert_uint_eq(fread(bytes, header.weights_bytes, 1, file), 1);
    fclose(file);
    unlink(path);
    return bytes;
}

static void compare(struct layout *layout, uint64_t seed, uint64_t schedule)
{
    struct model_weight weights[WEIGHTS_MOST];
    fake_reset();
    fake_protect(false);
    simt_schedule(schedule);
    const struct model described = describe(layout, weights);
    char *const expected = packed_image(layout, seed);
    void *made = NULL;
    cudaStream_t stream;
    ck_assert_int_eq(cudaMalloc(&made, layout->weights_bytes), cudaSuccess);
    ck_assert_int_eq(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
    random_weights_fill(&described, made, seed, stream);
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
    for (u32 i = 0; i < layout->count; i++) {
        const struct layout_weight *const w = &layout->weight[i];
        ck_assert_msg(memcmp((char *)made + w->at, expected + w->at, w->bytes) == 0,
                      "%s differs from the packed file", w->name);
    }
    ck_assert_uint_eq(fake_findings(), 0);
    cudaFree(made);
    cudaStreamDestroy(stream);
    free(expected);
    layout_free(layout);
}

static void compare_design(const struct cfg *cfg, uint64_t seed, uint64_t schedule)
{
    struct layout layout;
    layout_make(cfg, &layout);
    compare(&layout, seed, schedule);
}

START_TEST(same_as_packed)
{
    compare_design(&plain_cfg, 1, 0);
    compare_design(&plain_cfg, 0x123456789abcdef0u, 0);
}
END_TEST

START_TEST(awkward_shapes)
{
    compare_design(&odd_cfg, 7, 0);
}
END_TEST

/* A tiny model of every family; the Makefile has made their configs. */
static const char *const families[] = {
    "llama-b-f32",   "phi-b-f16",    "mixtral-a-bf16", "jamba-a-bf16",   "deepseek-a-f16",
    "mamba2-b-bf16", "llama-e-bf16", "phi-c-f16",      "deepseek-c-f32", "mamba2-c-bf16",
};

START_TEST(every_family)
{
    struct diagnostics report = {stderr, "random", 0};
    struct layout layout;
    char path[256];
    snprintf(path, sizeof path, "build/tests/config/%s.ini", families[_i]);
    ck_assert_msg(layout_load(path, &report, &layout), "%s", path);
    compare(&layout, 5, 0);
}
END_TEST

START_TEST(any_schedule)
{
    for (uint64_t schedule = 1; schedule <= 3; schedule++)
        compare_design(&odd_cfg, 3, schedule);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("random_weights");
    TCase *const cases = tcase_create("all");
    tcase_add_test(cases, same_as_packed);
    tcase_add_test(cases, awkward_shapes);
    tcase_add_loop_test(cases, every_family, 0, sizeof families / sizeof *families);
    tcase_add_test(cases, any_schedule);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
