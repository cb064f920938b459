/* What the tests of CUDA kernels stand on: random data in memory that the interpreter knows,
 * matrices in the CUDA layout, and a launcher that interprets.
 *
 * Linked in, fixture_launch.cc is the launch() of kernels/cuda/launch.h: it runs the kernel to its
 * end. Buffers lie between bands that the interpreter does not know, so an access beside them is
 * a finding. */
#ifndef TESTS_KERNELS_CUDA_KERNEL_FIXTURE_H
#define TESTS_KERNELS_CUDA_KERNEL_FIXTURE_H

#include <check.h>

#include "kernels/cuda/launch.h"
#include "tests/fixtures/random_values.h"
#include "tests/simt/simt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `count` floats, all NaN, on a 256-byte boundary. Ends the program if there is no memory. */
f32 *fixture_new(size_t count, enum simt_kind kind, const char *name);

/* The same of `bytes` bytes. */
void *fixture_new_bytes(size_t bytes, enum simt_kind kind, const char *name);
void fixture_free(void *buffer);

/* A random matrix, and the same as the weight file has it: row-major, [PAD(rows)][PAD(cols)]. */
struct fixture_matrix {
    enum format type;
    u32 rows, cols;
    double *values; /* [rows][cols], exact */
    void *packed;   /* SIMT_WEIGHTS */
};

/* Its elements are those of fixture_element. */
struct fixture_matrix fixture_matrix_new(enum format type, uint64_t seed, u32 rows, u32 cols,
                                         f32 scale);
void fixture_matrix_free(struct fixture_matrix *matrix);

/* A step in memory that kernels may read. */
struct step *fixture_step_new(struct step step);

/* Launches so far, and the shape of the last one. */
u32 fixture_launches(void);
struct launch fixture_last_launch(void);

/* Half the distance from 1 to the next f32. */
static const double unit = 0x1p-24;

/* The interpreter has found no mistake so far; `name` is that of the case. */
static inline void no_findings(const char *name)
{
    ck_assert_msg(simt_findings() == 0, "%s: %s", name, simt_report());
}

/* Per element: Check's own assertions write to a file each time. */
#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg(__VA_ARGS__);                                                             \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif
