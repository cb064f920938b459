/* Ranges that a profiler shows: NVTX, in a domain of its own, "ingot".
 *
 *   load > digests (one per thread)          the weight file
 *   warm-up                                  on a GPU: each kernel once, before the first token
 *   decode | prefill | head                  a step; payload: position, tokens, rows
 *     layer 3                                where the operations of a step are told apart
 *       IN_PROJ gemv_bf16_3072x768           operation and kernel, named as in tables.c
 *   generate                                 steps that the device loops over by itself
 *   capture                                  the window of the verb `profile`
 *
 * A tool attaches itself when the program starts (NVTX_INJECTION64_PATH, as Nsight Systems sets
 * it). Whether one did is found out once, by trace_open(). If none did, or if the program was built
 * without the NVTX headers, trace_on stays false: then each call here costs one branch on it and
 * makes no NVTX call. */
#ifndef RUNTIME_ENGINE_TRACE_H
#define RUNTIME_ENGINE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/run.h"

#ifdef __cplusplus
extern "C" {
#endif

enum trace_range {
    TRACE_LOAD,     /* payload: bytes of the weights arena */
    TRACE_DIGESTS,  /* reading tensors and checking their digests; payload: the thread's rank */
    TRACE_WARM_UP,  /* every step once, before the first token; payload: 0 */
    TRACE_PREFILL,  /* payload: tokens of the chunk */
    TRACE_HEAD,     /* payload: rows of logits */
    TRACE_DECODE,   /* payload: position of the token */
    TRACE_GENERATE, /* payload: position of the first token */
    TRACE_CAPTURE,  /* payload: steps in the window */
    TRACE_RANGES
};

/* A tool is attached. Written by trace_open() alone, while the program has one thread. */
extern bool trace_on;

/* The NVTX headers were there when this program was built. */
bool trace_built(void);

/* Lets a tool attach itself and, if one does, registers every name of the model. Before the threads
 * start and before arena_seal(): a tool allocates here. A second call does nothing. */
void trace_open(void);

/* What run.after_op has to be on the CPU backend: ends the range of operation `op` and begins that
 * of the one after it. NULL if no tool is attached. From this call on, the range of a step begins
 * with that of its first operation. */
op_hook *trace_op_hook(void);

/* The work behind the inline functions; not to be called without a tool. */
void trace_push(enum trace_range range, uint64_t payload);
void trace_pop(void);
void trace_enter(u32 op);
void trace_name(u32 rank);

/* Begins a range on the calling thread, and ends what of layers and operations is open there.
 * Ranges nest; steps are run by one thread only. */
static inline void trace_begin(enum trace_range range, uint64_t payload)
{
    if (__builtin_expect(trace_on, 0))
        trace_push(range, payload);
}

/* Ends the range that this thread began last, and what of layers and operations is open in it. */
static inline void trace_end(void)
{
    if (__builtin_expect(trace_on, 0))
        trace_pop();
}

/* For the CUDA backend, before every launch that is not captured into a graph: a kernel of
 * operation `op` comes next, or for model.op_count one that chooses a token, shown as "sampler".
 * Ends the range of the operation before, if it is another one. */
static inline void trace_launch(u32 op)
{
    if (__builtin_expect(trace_on, 0))
        trace_enter(op);
}

/* Names the calling thread after its rank in the team. */
static inline void trace_thread(u32 rank)
{
    if (__builtin_expect(trace_on, 0))
        trace_name(rank);
}

#ifdef __cplusplus
}
#endif

#endif
