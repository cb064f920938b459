/* What the two files of the fake cuBLASLt share: what lies in the library's opaque structs. */
#ifndef TESTS_SIMT_FAKE_CUBLASLT_INNER_H
#define TESTS_SIMT_FAKE_CUBLASLT_INNER_H

#include <cublasLt.h>

#include "tests/simt/fake_cuda_inner.h"

enum : uint64_t {
    DESC = 0xfa4ed35c,
    LAYOUT = 0xfa4e1a40,
    PREFERENCE = 0xfa4e94ef,
    ALGO = 0xfa4ea190
};
struct desc {
    uint64_t magic;
    cublasComputeType_t compute;
    int32_t scale, pointer_mode, trans[3], fill_mode;
    uint32_t epilogue;
};
struct layout {
    uint64_t magic;
    uint32_t type;
    int32_t order;
    uint64_t rows, cols;
    int64_t ld;
    int32_t batch;
    int64_t batch_stride;
};
struct preference {
    uint64_t magic;
    uint32_t search, reduction;
    uint64_t workspace;
    uint32_t alignment[4];
    float waves;
};
struct algo {
    uint64_t magic;
    int32_t id;
    uint32_t splits, reduction;
    uint64_t workspace, shape;
};
static_assert(sizeof(struct desc) <= sizeof(cublasLtMatmulDescOpaque_t));
static_assert(sizeof(struct layout) <= sizeof(cublasLtMatrixLayoutOpaque_t));
static_assert(sizeof(struct preference) <= sizeof(cublasLtMatmulPreferenceOpaque_t));
static_assert(sizeof(struct algo) <= sizeof(cublasLtMatmulAlgo_t));

struct cublasLtContext {
    uint64_t magic;
};

#define LT_ENTER(rules)                                                                            \
    do {                                                                                           \
        cudaError_t refused_ = fake_enter(__func__, CALL_ANYWHERE | (rules));                      \
        if (refused_ != cudaSuccess)                                                               \
            return (cublasStatus_t)refused_;                                                       \
    } while (0)

/* Copies an attribute in or out; the caller's size must be the field's. */
cublasStatus_t fake_field_set(void *field, size_t size, const void *value, size_t given);
cublasStatus_t fake_field_get(const void *field, size_t size, void *value, size_t given,
                              size_t *written);

#endif
