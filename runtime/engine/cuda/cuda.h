/* What the files of the CUDA backend share: the device of this process, its memory, its steps. */
#ifndef RUNTIME_ENGINE_CUDA_CUDA_H
#define RUNTIME_ENGINE_CUDA_CUDA_H

#include "runtime/engine/backend.h"
#include "runtime/engine/cuda/device.h"
#include "runtime/engine/cuda/graph.h"
#include "runtime/engine/cuda/launcher.h"
#include "runtime/engine/cuda/matmul.h"
#include "runtime/engine/cuda/memory.h"
#include "runtime/engine/cuda/sampler_step.h"

enum cuda_step { STEP_DECODE, STEP_PREFILL, STEP_HEAD, CUDA_STEPS };

/* Pinned memory: the host's ends of what it exchanges with the device. */
struct exchange {
    struct step *step;            /* the front of the io arena, in its layout: step .. */
    u32 *tokens;                  /* .. and tokens, [model.chunk] */
    f32 *logits;                  /* [model.logit_rows][model.vocab_pad] */
    struct sampler_step *sampler; /* of a text that begins */
    struct sampler_ring *ring;    /* both sides see it */
};

struct cuda {
    struct device device;
    uint64_t available; /* device_memory_left() when it was opened */
    struct launcher launcher;
    struct matmul_plans matmuls;
    struct device_memory memory;
    void *pinned;  /* all of struct exchange */
    void *staging; /* STAGING_BYTES, pinned; kept after loading for state files, else NULL */
    struct exchange exchange;
    cudaEvent_t sent; /* the last copy from exchange has been made */
    run run;
    struct sampler_step *sampler; /* on the device, in the work arena */
    struct graph_mode mode;       /* as asked for, but for what CUDA refused in the default mode */
    struct graph steps[2][CUDA_STEPS]; /* without and with PDL; zero: not captured */
};
extern struct cuda cuda;

/* Sends the first `tokens` ids of the exchange and its step to the io arena. */
void cuda_send(u32 tokens);

/* Waits until the exchange may be written again: the device has what was sent. */
void cuda_await_sent(void);

/* Runs a step behind what the stream holds, as the mode says. */
void cuda_step(enum cuda_step step);

/* Rows of logits in the exchange, after everything in the stream is done. */
const f32 *cuda_logits(u32 rows);

/* Gives back what backend_generate_open(), backend_bench_open() and backend_canary_open() made. */
void cuda_generate_close(void);
void cuda_bench_close(void);
void cuda_canary_close(void);

/* For --check, with launches by the host alone: cuda_watch_open() after the warm-up; then reset
 * before a text, and the other two around every step, with what the device finds in its struct
 * step. These three do nothing without. */
void cuda_watch_open(void);
void cuda_watch_reset(void);
void cuda_watch_begin(const struct step *step);
void cuda_watch_end(void);

#endif
