/* A turn: the device chooses the next token from a row of logits, hands it to the host through a
 * ring, and decides whether there is another. Plain C, read by the host and by kernels.
 *
 *   turn, decode, turn, decode, ...            each launched by the host, or
 *   while (continue) { turn, decode }          a conditional node of a graph
 *
 * What is chosen: exactly the token of sample_next() of runtime/engine/sample.h for the same
 * logits, options and position; none if a logit is not finite. Whatever a turn needs lies in
 * `struct turn` in device memory and is read there, so that a captured graph stays valid for any
 * options.
 *
 * The host, before the first turn of a text and while no turn is on its way: zeroes the ring, fills
 * struct turn, copies it to the device. It launches a turn only while the ring has a free entry. A
 * decode step after the end is harmless: it consumes a token that nobody asked for, in a text that
 * is over. */
#ifndef RUNTIME_CUDA_SAMPLER_STEP_H
#define RUNTIME_CUDA_SAMPLER_STEP_H

#include <stdbool.h>

#include "runtime/engine/sample.h"

enum {
    TURN_RING = 1024,          /* entries; a power of two */
    TURN_THREADS = 512,        /* of the one block that samples */
    TURN_GREEDY_THREADS = 256, /* of each block that looks for the largest logit */
    TURN_GREEDY_LOGITS = 16,   /* per thread of those */
    TURN_EOS_MOST = 8,         /* ids that end a text */
};

/* An eos that no token has. */
#define TURN_NO_EOS UINT32_MAX

enum turn_end {
    TURN_GOING,
    TURN_EOS,        /* an end of text was chosen; it is not in the ring and not counted */
    TURN_LIMIT,      /* `limit` tokens are made */
    TURN_NOT_FINITE, /* a logit was NaN or infinite: no token was chosen */
    TURN_STOPPED,    /* the host set TURN_STOP */
    TURN_FULL, /* no free entry for another token: once the host has taken some and set ring.end
                     back to TURN_GOING, the next turn goes on */
};

struct turn_token {
    uint64_t time_ns; /* the device's clock when the token was chosen */
    u32 id;
    u32 zero;
};

/* In turn_ring.host: the text ends with the next turn, or the one after, whose token still counts.
 */
#define TURN_STOP (UINT64_C(1) << 32)

/* Memory that both sides see (pinned, mapped). Counters run modulo 2^32.
 *
 * Device: writes the entry, releases `made`, and, when it ends, releases `end` after that. Asks for
 * `host` when its kernel starts, which may be while the one before it runs, and once more only if
 * by that answer the ring is full.
 * Host: acquires `end`, then `made`, reads entries below it, releases `host`. */
struct turn_ring {
    u32 made; /* tokens written: number i lies in entry i % TURN_RING */
    u32 end;  /* enum turn_end; written only when a text ends or pauses */
    u32 zero[14];
    uint64_t host; /* by the host alone: tokens read, and TURN_STOP */
    u32 zero_host[14];
    struct turn_token tokens[TURN_RING];
};

struct turn {
    struct sample_options sample;
    u32 eos[TURN_EOS_MOST]; /* each of these ids ends a text, or is TURN_NO_EOS */
    u32 vocab;              /* ids below it can be chosen; at most the model's */
    u32 end;                /* enum turn_end: after all but GOING and FULL a turn does nothing */
    uint64_t limit;         /* most tokens of this text, at least 1; UINT64_MAX: no limit */

    /* what turns advance */
    uint64_t position; /* tokens consumed before the next decode step */
    uint64_t made;     /* tokens chosen, without the end of text */
};

/* One turn: two kernels behind what the run's stream has. All pointers are device addresses. */
struct turn_launch {
    struct turn *turn;
    struct turn_ring *ring;
    const f32 *logits; /* [vocab] */
    u32 *tokens; /* [0] receives the token chosen, also the end of text, or 0 if there is none */
    struct step *step; /* position <- turn.position, the decode step's own */
    u32 vocab;         /* of the model: at least turn.vocab; the shape of the launch */
    bool looping;      /* the turn is in the body of a conditional node */
    uint64_t loop;     /* then the node's cudaGraphConditionalHandle */
};

/* As everywhere in C, the function has the name of what it takes; it hides no constructor. */
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#endif

/* runtime/engine/cuda/sampler_step.cu. Uses WORK_TURN_BYTES(vocab) of run.work; `op` is for
 * messages. */
void turn_launch(run *r, u32 op, const struct turn_launch *t);

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif

#endif
