/* What the kernel tests stand on: random data, guarded buffers, packed matrices, a team.
 *
 * Nothing here uses kernels/cpu/simd.h: conversions and packing are written a second time, scalar,
 * so that a mistake in the kernels' idea of the layout shows. */
#ifndef TESTS_KERNELS_CPU_KERNEL_FIXTURE_H
#define TESTS_KERNELS_CPU_KERNEL_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/cpu/panels.h"
#include "runtime/engine/team.h"

/* `count` floats on a 64-byte boundary between two bands of NaN; the floats are NaN as well, so
 * that what is not written, or read before it is written, shows. Ends the program if there is no
 * memory. Freed by fixture_free. */
f32 *fixture_new(size_t count);
void fixture_free(f32 *buffer);

/* Whether both bands of a buffer from fixture_new are untouched. */
bool fixture_intact(const f32 *buffer);

/* Buffers of `rows` rows of `stride` floats: fills columns 0 .. cols-1 with values in
 * [-scale, scale) and the rest with 0. The same seed gives the same values everywhere. */
void fixture_fill(f32 *buffer, uint64_t seed, u32 rows, u32 stride, u32 cols, f32 scale);

/* The next number of the sequence that starts with `*state`. */
uint64_t fixture_random(uint64_t *state);

/* A random matrix as a checkpoint has it, rows x cols, and the same packed in panels. */
struct fixture_matrix {
    enum format type;
    u32 rows, cols;
    double *values; /* [rows][cols], exact */
    void *packed;   /* 64-byte aligned */
    size_t packed_bytes;
};

/* Values are random, about `scale` in size; some are zero, negative zero, or subnormal in f16. */
struct fixture_matrix fixture_matrix_new(enum format type, uint64_t seed, u32 rows, u32 cols,
                                         f32 scale);
void fixture_matrix_free(struct fixture_matrix *matrix);

/* Runs `work` on a team of `threads` threads. */
void fixture_run(u32 threads, struct step step, team_work *work, void *context);

/* FNV-1a over the bits of `count` floats, continuing from `hash` (FIXTURE_HASH to start with). */
#define FIXTURE_HASH 0xcbf29ce484222325u
uint64_t fixture_hash(uint64_t hash, const f32 *values, size_t count);

#endif
