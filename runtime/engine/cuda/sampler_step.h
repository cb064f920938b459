/* A sampler step: the device chooses the next token from a row of logits, hands it to the host
 * through a ring, and decides whether there is another. Plain C, read by the host and by kernels.
 *
 *   sampler step, decode, sampler step, decode, ...   each launched by the host, or
 *   while (continue) { sampler step, decode }         a conditional node of a graph
 *
 * What is chosen: exactly the token of sample_next() of runtime/engine/sample.h for the same
 * logits, options and position; none if a logit is not finite. Whatever a sampler step needs lies
 * in `struct sampler_step` in device memory and is read there, so that a captured graph stays valid
 * for any options.
 *
 * The host, before the first sampler step of a text and while no sampler step is on its way: zeroes
 * the ring, fills struct sampler_step, copies it to the device. It launches a sampler step only
 * while the ring has a free entry. A decode step after the end is harmless: it consumes a token
 * that nobody asked for, in a text that is over. */
#ifndef RUNTIME_ENGINE_CUDA_SAMPLER_STEP_H
#define RUNTIME_ENGINE_CUDA_SAMPLER_STEP_H

#include <stdbool.h>

#include "runtime/engine/sample.h"

enum {
    SAMPLER_RING = 1024,          /* entries; a power of two */
    SAMPLER_THREADS = 512,        /* of the one block that samples */
    SAMPLER_GREEDY_THREADS = 256, /* of each block that looks for the largest logit */
    SAMPLER_GREEDY_LOGITS = 16,   /* per thread of those */
    SAMPLER_EOS_MOST = 8,         /* ids that end a text */
};

/* An eos that no token has. */
#define SAMPLER_NO_EOS UINT32_MAX

enum sampler_end {
    SAMPLER_GOING,
    SAMPLER_EOS,        /* an end of text was chosen; it is not in the ring and not counted */
    SAMPLER_LIMIT,      /* `limit` tokens are made */
    SAMPLER_NOT_FINITE, /* a logit was NaN or infinite: no token was chosen */
    SAMPLER_STOPPED,    /* the host set SAMPLER_STOP */
    SAMPLER_FULL, /* no free entry for another token: once the host has taken some and set ring.end
                     back to SAMPLER_GOING, the next sampler step goes on */
};

struct sampler_token {
    uint64_t time_ns; /* the device's clock when the token was chosen */
    u32 id;
    u32 zero;
};

/* In sampler_ring.host: the text ends with the next sampler step, or the one after, whose token
 * still counts.
 */
#define SAMPLER_STOP (UINT64_C(1) << 32)

/* Memory that both sides see (pinned, mapped). Counters run modulo 2^32.
 *
 * Device: writes the entry, releases `made`, and, when it ends, releases `end` after that. Asks for
 * `host` when its kernel starts, which may be while the one before it runs, and once more only if
 * by that answer the ring is full.
 * Host: acquires `end`, then `made`, reads entries below it, releases `host`. */
struct sampler_ring {
    u32 made; /* tokens written: number i lies in entry i % SAMPLER_RING */
    u32 end;  /* enum sampler_end; written only when a text ends or pauses */
    u32 zero[14];
    uint64_t host; /* by the host alone: tokens read, and SAMPLER_STOP */
    u32 zero_host[14];
    struct sampler_token tokens[SAMPLER_RING];
};

struct sampler_step {
    struct sample_options sample;
    u32 eos[SAMPLER_EOS_MOST]; /* each of these ids ends a text, or is SAMPLER_NO_EOS */
    u32 vocab;                 /* ids below it can be chosen; at most the model's */
    u32 end;        /* enum sampler_end: after all but GOING and FULL a sampler step does nothing */
    uint64_t limit; /* most tokens of this text, at least 1; UINT64_MAX: no limit */

    /* what sampler steps advance */
    uint64_t position; /* tokens consumed before the next decode step */
    uint64_t made;     /* tokens chosen, without the end of text */
};

/* One sampler step: two kernels behind what the run's stream has. All pointers are device
 * addresses. */
struct sampler_launch {
    struct sampler_step *sampler;
    struct sampler_ring *ring;
    const f32 *logits; /* [vocab] */
    u32 *tokens; /* [0] receives the token chosen, also the end of text, or 0 if there is none */
    struct step *step; /* position <- sampler.position, the decode step's own */
    u32 vocab;         /* of the model: at least sampler.vocab; the shape of the launch */
    bool looping;      /* the sampler step is in the body of a conditional node */
    uint64_t loop;     /* then the node's cudaGraphConditionalHandle */
};

/* As everywhere in C, the function has the name of what it takes; it hides no constructor. */
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#endif

/* runtime/engine/cuda/sampler_step.cu. Uses WORK_SAMPLER_BYTES(vocab) of run.work; `op` is for
 * messages. */
void sampler_launch(run *r, u32 op, const struct sampler_launch *t);

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif

#endif
