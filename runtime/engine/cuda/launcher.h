/* Where the launches of the operations go. The generated step functions are called with a run whose
 * launcher says what becomes of them: nothing but preparation, execution, or nodes of a graph. */
#ifndef RUNTIME_ENGINE_CUDA_LAUNCHER_H
#define RUNTIME_ENGINE_CUDA_LAUNCHER_H

#include <cuda_runtime_api.h>

#include "kernels/cuda/launch.h"
#include "runtime/engine/trace.h"

enum launch_pass {
    PASS_PREPARE, /* load kernels, set their attributes, choose algorithms; launch nothing */
    PASS_RUN,     /* launch into the stream */
    PASS_TRY,     /* the same, but a launch that CUDA refuses ends no program */
    PASS_CAPTURE, /* the same, while the stream is being captured: no call that capture forbids */
};

/* The first call that CUDA refused of what need not succeed. */
struct refusal {
    const char *call;   /* NULL: none */
    const char *kernel; /* of a launch, else NULL */
    u32 op;             /* then its operation */
    cudaError_t error;
};

struct launcher {
    cudaStream_t stream;
    enum launch_pass pass;
    bool pdl;                     /* a kernel may start before the one before it has ended */
    void (*enter)(u32 op);        /* before every launch of PASS_RUN; NULL: nothing */
    u32 shared_bytes_most;        /* dynamic shared memory that a block of this device can have */
    struct matmul_plans *matmuls; /* runtime/engine/cuda/matmul.h */
    struct refusal refused;       /* of this capture, or of what is tried */
};

/* Before a kernel or a matrix product of operation `op` is launched. */
static inline void launcher_enter(const struct launcher *launcher, u32 op)
{
    if (launcher->pass != PASS_RUN)
        return;
    trace_launch(op);
    if (launcher->enter)
        launcher->enter(op);
}

#ifdef __cplusplus
extern "C" {
#endif

/* Whether CUDA did what was asked for; the first call that it did not is remembered in
 * launcher->refused. */
bool cuda_did(struct launcher *launcher, cudaError_t error, const char *call);

/* Ends the program if `error` is not cudaSuccess: "CALL: CUDA's text (its name)", of `call` what
 * stands before its arguments, with EXIT_FAILED, or EXIT_MEMORY when memory is what was missing. */
void cuda_check(cudaError_t error, const char *call);

/* The same for what operation `op` asked for, with the operation's and the kernel's names. */
void cuda_check_op(cudaError_t error, u32 op, const char *name, const char *call);

#ifdef __cplusplus
}
#endif

#define CUDA_CHECK(call) cuda_check((call), #call)

#endif
