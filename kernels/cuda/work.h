/* How much of the device workspace run.work one operation needs. Plain C: the generator reserves
 * the largest need of a model's operations, the kernels index by the same constants.
 *
 * One operation at a time uses the workspace, and nothing in it survives the operation. Every macro
 * is a uint64_t; multiply by constants that the generator has bounded. */
#ifndef KERNELS_CUDA_WORK_H
#define KERNELS_CUDA_WORK_H

#include <stdint.h>

#include "kernels/formats.h"

/* Tokens that one block of the scan walks; chunks are cut into pieces of this many. */
enum { SCAN_STEPS = 64 };

/* Rows of a group of one expert that one block multiplies; groups are cut into tiles of as many. */
enum { EXPERT_TILE_ROWS = 64 };

#define WORK_LINE(count) (((uint64_t)(count) + 15) / 16 * 16)

/* LINEAR with COUNT CHUNK or LOGITS: the rows that the product reads, in elements of the weights.
 */
#define WORK_LINEAR_BYTES(rows_most, K, format) format_bytes(format, rows_most, WORK_LINE(K))

/* SCAN with COUNT CHUNK: the end state and the sum of dt of every piece. Up to SCAN_HELD states of
 * a channel are held in registers; with more the tokens are walked one by one, without pieces. */
enum { SCAN_HELD = 64 };
#define WORK_SCAN_BYTES(rows_most, I, N)                                                           \
    ((N) > SCAN_HELD                                                                               \
         ? 0                                                                                       \
         : ((uint64_t)(rows_most) + SCAN_STEPS - 1) / SCAN_STEPS * WORK_LINE(I) * ((N) + 1) * 4)

/* ATTENTION with COUNT ONE: one block takes ATTENTION_HEADS query heads that share their keys, of H
 * / KV = `shared`, and every ATTENTION_SPLITS-th span of ATTENTION_SPAN positions. */
enum { ATTENTION_SPAN = 256 };

#define ATTENTION_HEADS(shared)                                                                    \
    ((shared) % 8 == 0   ? 8                                                                       \
     : (shared) % 7 == 0 ? 7                                                                       \
     : (shared) % 6 == 0 ? 6                                                                       \
     : (shared) % 5 == 0 ? 5                                                                       \
     : (shared) % 4 == 0 ? 4                                                                       \
     : (shared) % 3 == 0 ? 3                                                                       \
     : (shared) % 2 == 0 ? 2                                                                       \
                         : 1)
#define ATTENTION_GROUPS(H, KV) ((H) / ATTENTION_HEADS((H) / (KV)))

/* As many as make 256 blocks, two for each of 132 SMs, but at least 8, and no more than there are
 * spans in a cache of C positions. */
#define ATTENTION_SPLITS_MOST(H, KV)                                                               \
    (ATTENTION_GROUPS(H, KV) > 32 ? 8 : 256 / ATTENTION_GROUPS(H, KV))
#define ATTENTION_SPANS(C) (((C) + ATTENTION_SPAN - 1) / ATTENTION_SPAN)
#define ATTENTION_SPLITS(H, KV, C)                                                                 \
    (ATTENTION_SPANS(C) < ATTENTION_SPLITS_MOST(H, KV) ? ATTENTION_SPANS(C)                        \
                                                       : ATTENTION_SPLITS_MOST(H, KV))

/* For each split and head: sums over its values, the largest score, the sum of exponentials. */
#define WORK_ATTENTION_BYTES(H, KV, HD, C)                                                         \
    ((uint64_t)ATTENTION_SPLITS(H, KV, C) * (H) * ((HD) + 2) * 4)

/* NORM_EXPERTS_SWIGLU: the logits of a router that not every block reads for itself. */
#define WORK_LOGITS_BYTES(E) (WORK_LINE(E) * 4)

/* Tiles of the groups of `rows` rows: every expert may begin one that stays unfilled. */
#define WORK_TILES(rows, E) (((uint64_t)(rows) + EXPERT_TILE_ROWS - 1) / EXPERT_TILE_ROWS + (E)-1)

/* GATHER, with `rows` K times the most tokens: 16 bytes for a tile, and of each row where it comes
 * from and where it has gone. */
#define WORK_GROUPS_BYTES(rows, E) (WORK_LINE(WORK_TILES(rows, E) * 4 + (uint64_t)(rows)*2) * 4)

/* EXPERTS_SWIGLU, and EXPERTS_ADD with COUNT CHUNK: the groups, the rows that the products read in
 * elements of the weights, and of EXPERTS_ADD the products. */
#define WORK_EXPERTS_SWIGLU_BYTES(rows, D, E, format)                                              \
    (WORK_GROUPS_BYTES(rows, E) + WORK_LINEAR_BYTES(rows, D, format))
#define WORK_EXPERTS_ADD_BYTES(rows, F, D, E, format)                                              \
    (WORK_GROUPS_BYTES(rows, E) + WORK_LINEAR_BYTES(rows, F, format) +                             \
     WORK_LINEAR_BYTES(rows, D, FORMAT_F32))

/* A sampler step over the ids of a model: two orders of the candidates and their sums; some bytes
 * of room for the smallest vocabulary. */
#define WORK_SAMPLER_BYTES(vocab) ((uint64_t)(vocab)*24 + 256)

#endif
