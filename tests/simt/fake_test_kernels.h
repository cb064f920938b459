/* Kernels for the tests of the fake CUDA runtime, and for nothing else. */
#ifndef TESTS_SIMT_FAKE_TEST_KERNELS_H
#define TESTS_SIMT_FAKE_TEST_KERNELS_H

#include <cuda_runtime_api.h>

#include "runtime/base/run.h"

enum { TEST_THREADS = 64 };

/* y[i] = factor * x[i] + add */
struct test_scale {
    f32 *y;
    const f32 *x;
    f32 factor, add;
    u32 count;
};

/* One thread: *left -= 1, *ring = *ring + 1, and the loop goes on while *left is not 0. */
struct test_turn {
    u32 *left, *ring;
    cudaGraphConditionalHandle handle;
};

/* y[block] = words, by way of the last of `words` words in shared memory */
struct test_shared {
    f32 *y;
    u32 words;
};

/* y[at] = 1, wherever that is */
struct test_stray {
    f32 *y;
    u32 at;
};

extern "C" {
void test_scale_kernel(const struct test_scale p);
void test_turn_kernel(const struct test_turn p);
void test_shared_kernel(const struct test_shared p);
void test_stray_kernel(const struct test_stray p);
}

#endif
