/* What one thread of a step sees: the four arenas, the varying values, and its place in the team.
 *
 * The generated model.h completes the arena types, so a kernel call with the wrong weight or the
 * wrong buffer does not compile. Each thread of the team owns one `run`; all of them execute the
 * same generated decode(), prefill() or head() at the same time. */
#ifndef RUNTIME_BASE_RUN_H
#define RUNTIME_BASE_RUN_H

#include <stdalign.h> /* generated types say alignas, in C and in CUDA */
#include <stddef.h>
#include <stdint.h>

typedef float f32;
typedef struct {
    uint16_t bits;
} f16; /* IEEE binary16 */
typedef struct {
    uint16_t bits;
} bf16; /* the upper half of an IEEE binary32 */
typedef uint32_t u32;

/* Rows of activations and weights are padded with zeros to whole lines of this many f32. */
enum { LINE_F32 = 16, LINE_BYTES = 64 };

struct weights;  /* model.h: read-only, the image of the weight file */
struct state;    /* arena.h: what one token leaves for the next */
union scratch;   /* arena.h: the planned buffers of decode and prefill, overlaid */
struct io;       /* arena.h: tokens in, hidden rows and logits out; starts with struct step */
struct team;     /* kernels/cpu/team.h */
struct launcher; /* runtime/engine/cuda: where the launches of the CUDA backend go */

/* A layer of a model with several kinds of them. */
struct model_layer {
    u32 kind;  /* from 1 up */
    u32 index; /* among the layers of its kind */
};

/* The only values that differ between two executions of a step. They live in the io arena. */
struct step {
    u32 tokens;        /* prefill: tokens of this chunk, 1 ..= CHUNK, read from io->tokens */
    u32 logit_first;   /* head: first row of io->hidden to turn into logits */
    u32 logit_rows;    /* head: how many rows, 1 ..= LOGIT_ROWS, written to io->logits from row 0 */
    u32 zero;          /* keeps position aligned */
    uint64_t position; /* tokens consumed before this step */
};

typedef struct run run;

/* Called by rank 0 after operation `op` (an index into model.ops), while all ranks wait: every
 * write of the operation is visible to it, and nothing of the next has begun. */
typedef void op_hook(run *r, u32 op);

struct run {
    const struct weights *weights;
    struct state *state;
    union scratch *scratch;
    struct io *io;
    const struct step *step; /* == (const struct step *)io */
    struct team *team;
    u32 rank;    /* this thread, 0 .. threads-1 */
    u32 threads; /* of the team */

    op_hook *after_op; /* CPU only; NULL: none. The same for all ranks */

    /* CUDA only, where the pointers above are device addresses. */
    struct launcher *launcher;
    void *work; /* model.work_bytes for the operation that is executing */
};

#endif
