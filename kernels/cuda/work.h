/* How much of the device workspace run.work one operation needs. Plain C: the generator reserves
 * the largest need of a model's operations, the kernels index by the same constants.
 *
 * One operation at a time uses the workspace, and nothing in it survives the operation. Every macro
 * is a uint64_t; multiply by constants that the generator has bounded. */
#ifndef KERNELS_CUDA_WORK_H
#define KERNELS_CUDA_WORK_H

#include <stdint.h>

/* Tokens that one block of the scan walks; chunks are cut into pieces of this many. */
enum { SCAN_STEPS = 64 };

#define WORK_LINE(count) (((uint64_t)(count) + 15) / 16 * 16)

/* LINEAR with COUNT CHUNK or LOGITS: the rows that the product reads, in elements of the weights.
 */
#define WORK_LINEAR_BYTES(rows_most, K, element_bytes)                                             \
    ((uint64_t)(rows_most)*WORK_LINE(K) * (element_bytes))

/* SCAN with COUNT CHUNK: the end state and the sum of dt of every piece. */
#define WORK_SCAN_BYTES(rows_most, I, N)                                                           \
    (((uint64_t)(rows_most) + SCAN_STEPS - 1) / SCAN_STEPS * WORK_LINE(I) * ((N) + 1) * 4)

/* A turn over the ids of a model: two orders of the candidates and their sums; some bytes of room
 * for the smallest vocabulary. */
#define WORK_TURN_BYTES(vocab) ((uint64_t)(vocab)*24 + 256)

#endif
