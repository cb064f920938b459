/* The host side of a kernel launch: what an operation of the CUDA backend says about one kernel or
 * one matrix product. The generated step functions, compiled for the host, call the operations;
 * each operation calls launch() or matmul(), which put the work behind everything asked for before.
 *
 * A launch's shape never depends on the values of a step: those lie in device memory and are read
 * by the kernel, so a step that was captured once is right for every token. */
#ifndef KERNELS_CUDA_LAUNCH_H
#define KERNELS_CUDA_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/formats.h"
#include "runtime/base/run.h"

/* One kernel with one parameter struct, passed by value. */
struct launch {
    const void *kernel; /* the __global__ function */
    const char *name;   /* its symbol, for messages */
    u32 blocks, threads;
    u32 shared_bytes; /* dynamic shared memory of a block */
    const void *params;
    size_t params_bytes;
};

/* One matrix product: y[row][m] = (add ? y[row][m] : 0) + sum over k of x[row][k] w[m][k] for all
 * `rows` rows and m < M, accumulated in f32. Strides count elements. All pointers are device
 * addresses, 64-byte aligned. x has the type of w; the caller has converted it. */
struct matmul {
    const char *name; /* the kernel's symbol, for messages */
    enum format type;
    u32 rows; /* the most rows of the kernel: rows beyond the step's own are computed as well */
    u32 M, K;
    u32 w_stride, x_stride, y_stride;
    const void *w; /* [M][w_stride] */
    const void *x; /* [rows][x_stride] */
    f32 *y;        /* [rows][y_stride] */
    bool add;
};

#ifdef __cplusplus
extern "C" {
/* As everywhere in C, a function has the name of what it takes; it hides no constructor of worth.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif

/* Executes, records or prepares the launch, as the run's launcher is set to. Ends the program with
 * the name of operation `op` (an index into model.ops) and CUDA's text if CUDA refuses. */
void launch(run *r, u32 op, const struct launch *l);

/* The same for a matrix product. */
void matmul(run *r, u32 op, const struct matmul *m);

#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif

/* Launches `kernel` with `params`, an lvalue of the struct that the kernel takes. */
#define LAUNCH(r, op, kernel_, blocks_, threads_, shared_, params_)                                \
    do {                                                                                           \
        struct launch launch_;                                                                     \
        launch_.kernel = (const void *)(kernel_);                                                  \
        launch_.name = #kernel_;                                                                   \
        launch_.blocks = (blocks_);                                                                \
        launch_.threads = (threads_);                                                              \
        launch_.shared_bytes = (shared_);                                                          \
        launch_.params = &(params_);                                                               \
        launch_.params_bytes = sizeof(params_);                                                    \
        launch((r), (op), &launch_);                                                               \
    } while (0)

#endif
