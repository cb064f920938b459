/* Matrix products of many rows through cuBLASLt: one plan per shape, made before the arenas are
 * sealed and kept.
 *
 * A plan holds the descriptors and the algorithm, all in place. The library is asked for algorithms
 * once per plan, among those that add every element of the result in one piece (reduction scheme
 * mask NONE) within the fixed workspace; the first that it says it can carry out is taken, and it
 * is never asked again. With one stream, one workspace, the same library and the same device the
 * same product therefore has the same bits every time. After the PREPARE pass nothing allocates. */
#ifndef RUNTIME_ENGINE_CUDA_MATMUL_H
#define RUNTIME_ENGINE_CUDA_MATMUL_H

#include <cublasLt.h>

#include "kernels/cuda/launch.h"

enum {
    MATMUL_PLANS_MOST = 64, /* shapes of a model: a generated one has about ten */
    MATMUL_ALIGNMENT = 64,  /* of every operand: arenas and the buffers in them */
    MATMUL_ANSWERS = 8,     /* that the library is asked for, the best first */
};

/* The room that a library for these devices makes use of; 256-byte aligned device memory. */
#define MATMUL_WORKSPACE_BYTES (UINT64_C(32) << 20)

/* y = x W^T, row-major, is to the column-major library y^T = W x^T with W stored transposed. */
struct matmul_plan {
    struct matmul key; /* the shape; pointers and name are those of the first product */
    cublasLtMatmulDescOpaque_t product;
    cublasLtMatrixLayoutOpaque_t w, x, y;
    cublasLtMatmulAlgo_t algorithm;
};

struct matmul_plans {
    cublasLtHandle_t library;
    void *workspace;
    size_t workspace_bytes;
    u32 count;
    struct matmul_plan plan[MATMUL_PLANS_MOST];
};

/* The first answer that says of itself that it can be carried out, or NULL. */
static inline const cublasLtMatmulHeuristicResult_t *
matmul_first(const cublasLtMatmulHeuristicResult_t *answers, int count)
{
    for (int i = 0; i < count; i++)
        if (answers[i].state == CUBLAS_STATUS_SUCCESS)
            return &answers[i];
    return NULL;
}

#ifdef __cplusplus
extern "C" {
#endif

/* `workspace` is device memory of the caller's, 256-byte aligned, MATMUL_WORKSPACE_BYTES or less,
 * and only these products use it. Every failure here and later ends the program with EXIT_FAILED,
 * the operation, and cuBLAS's text. */
void matmul_open(struct matmul_plans *plans, void *workspace, size_t workspace_bytes);

void matmul_close(struct matmul_plans *plans);

#ifdef __cplusplus
}
#endif

#endif
