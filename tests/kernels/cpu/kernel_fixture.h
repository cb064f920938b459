/* What the kernel tests stand on: random data, guarded buffers, packed matrices, a team.
 *
 * Nothing here uses kernels/cpu/simd.h: packing is written a second time, scalar, so that a mistake
 * in the kernels' idea of the layout shows. */
#ifndef TESTS_KERNELS_CPU_KERNEL_FIXTURE_H
#define TESTS_KERNELS_CPU_KERNEL_FIXTURE_H

#include "kernels/cpu/panels.h"
#include "runtime/engine/team.h"
#include "tests/fixtures/random_values.h"

/* `count` floats on a 64-byte boundary between two bands of NaN; the floats are NaN as well, so
 * that what is not written, or read before it is written, shows. Ends the program if there is no
 * memory. Freed by fixture_free. */
f32 *fixture_new(size_t count);
void fixture_free(f32 *buffer);

/* Whether both bands of a buffer from fixture_new are untouched. */
bool fixture_intact(const f32 *buffer);

/* A random matrix as a checkpoint has it, rows x cols, and the same packed in panels. */
struct fixture_matrix {
    enum format type;
    u32 rows, cols;
    double *values; /* [rows][cols], exact */
    void *packed;   /* 64-byte aligned */
    size_t packed_bytes;
};

/* Its elements are those of fixture_element. */
struct fixture_matrix fixture_matrix_new(enum format type, uint64_t seed, u32 rows, u32 cols,
                                         f32 scale);
void fixture_matrix_free(struct fixture_matrix *matrix);

/* `count` of them, of the seeds from `seed` on: their packed forms one behind another, for free();
 * one[count] <- each. */
void *fixture_experts_new(enum format type, uint64_t seed, u32 count, u32 rows, u32 cols,
                          struct fixture_matrix *one);

/* Runs `work` on a team of `threads` threads. */
void fixture_run(u32 threads, struct step step, team_work *work, void *context);

#endif
