/* What executes the steps of a session. Exactly one backend is linked into a binary:
 * runtime/engine/cpu or runtime/engine/cuda. It is the one processor or device of this process, so
 * its own data are static; all that verbs see of a session lies in struct session.
 *
 * session.h is the only caller of the steps, where token ids and positions are checked. Generation
 * goes around it on CUDA, where the device takes the steps between tokens that it chose itself;
 * there backend_generate_next() advances session->position. */
#ifndef RUNTIME_ENGINE_BACKEND_H
#define RUNTIME_ENGINE_BACKEND_H

#include <stdbool.h>

#include "runtime/engine/arena.h"
#include "runtime/engine/sample.h"

struct session;
struct session_options;

/* How a backend that has graphs runs its steps. The results have the same bits in every mode. */
enum graph_use {
    GRAPH_DEFAULT, /* a graph per step, and generation by a loop on the device */
    GRAPH_NONE,    /* every kernel is launched by the host */
    GRAPH_STEP,    /* a graph per step, also in generation */
    GRAPH_LOOP,    /* as GRAPH_DEFAULT, asked for */
};
struct graph_mode {
    enum graph_use use;
    bool no_pdl; /* no kernel starts before the one before it has ended */
};

/* "cpu" or "cuda": the backend that a weight file must have been packed for. */
extern const char backend_name[];

/* What 'make MODEL=NAME' needs besides, with a blank before it: "" or " BACKEND=cuda". */
extern const char backend_make[];

/* The steps run on a device with memory of its own, as graphs: --no-graph and its kin apply. */
extern const bool backend_has_graphs;

/* The same logits, bit for bit, whether a text goes in token by token or in chunks. */
extern const bool backend_same_in_chunks;

/* session_options.random_weights can be made where they are used, without a file. */
extern const bool backend_has_random_weights;

/* What the kernels were compiled for: "avx512", or "sm_90a sm_121a compute_90". */
const char *backend_targets(void);

/* The GPU of an open session, or NULL where the host's processors do the work. */
const char *backend_device(void);

/* What the GPU of an open session is and does now, as its driver says (NVML). What it does not say
 * is "" or NaN; `absent` says why, or is "". */
struct gpu_reading {
    char driver[32], cuda[32];        /* versions, of the driver and of the CUDA that it has */
    char throttle[128];               /* why clocks are held down: words with commas; "none" */
    double clock_hz, memory_clock_hz; /* now */
    double most_clock_hz;             /* of which the first may have */
    double temperature;               /* degrees Celsius */
    char absent[160];
};

/* Reads it; false where the host's processors do the work. Makes system calls, and the first time
 * loads libnvidia-ml, so before arena_seal() once. */
bool backend_gpu(struct gpu_reading *reading);

/* Threads of the host's team when `asked` for (0: by default). */
u32 backend_threads(u32 asked, u32 processors);

/* Where the memory of a run goes: `host` bytes of the caller's, `tokenizer` bytes of the weight
 * file in front of the image. Needs no device. */
struct memory_plan backend_plan(uint64_t tokenizer, uint64_t host, u32 threads);

/* Finds the device, compares the plan with its memory, reserves the arenas, starts the host's team,
 * loads and checks the weights, and makes every step ready to run. session->weights is open.
 * Fills plan, pool and io (`host` bytes to take) of the session. Exits with EXIT_PROCESSOR,
 * EXIT_MEMORY, EXIT_MISMATCH or EXIT_FAILED. */
void backend_open(struct session *session, const struct session_options *options);
void backend_close(struct session *session);

/* Zero state: the start of a text. */
void backend_reset(struct session *session);

/* Rows of the state: `rows` times `bytes` bytes, the first at offset `at` of the state arena, each
 * `pitch` behind the one before; in `memory`, which lies in session->snapshot, without gaps. In
 * order with the steps before and after. Neither allocates nor, on the CPU, makes a system call. */
struct state_rows {
    uint64_t at, bytes, pitch;
    u32 rows;
};
void backend_state_out(struct session *session, const struct state_rows *rows, void *memory);
void backend_state_in(struct session *session, const struct state_rows *rows, const void *memory);

/* For state files, in a session opened with state_files: bytes [at, at + bytes) of the state arena,
 * at most STATE_PIECE. backend_state_read() returns them on the host, until the next of these
 * calls; backend_state_room() is where the host puts them, and backend_state_filled() says that it
 * has. */
enum { STATE_PIECE = 1 << 20 };
const void *backend_state_read(struct session *session, uint64_t at, uint64_t bytes);
void *backend_state_room(struct session *session, uint64_t at);
void backend_state_filled(struct session *session, uint64_t at, uint64_t bytes);

/* Where the host puts a row of logits [model.vocab] that no step made, and that it has: afterwards
 * generation can start from it. */
f32 *backend_logits_room(struct session *session);
void backend_logits_filled(struct session *session);

/* The steps; logits are [rows][model.vocab_pad] on the host, valid until the next step. */
void backend_prefill(struct session *session, const u32 *ids, u32 count);
const f32 *backend_head(struct session *session, u32 first, u32 rows);
const f32 *backend_decode(struct session *session, u32 id);

/* How tokens are chosen one after another. */
struct generation_options {
    struct sample_options sample;
    u32 vocab;      /* only ids below it; at most model.vocab */
    bool eos;       /* any id of model.eos ends the text and is not given out */
    uint64_t limit; /* most tokens; UINT64_MAX: none */
};

/* Bytes that backend_generate_open() takes from session->io. */
uint64_t backend_generate_bytes(void);

/* Makes ready what generation needs, and generates one token of no text; before arena_seal(). In
 * the default mode what CUDA refuses is left out, with a note on stderr that says what is done
 * instead; refused what was asked for, it exits with EXIT_FAILED. */
void backend_generate_open(struct session *session, const struct generation_options *options);

/* How tokens are generated from then on: never GRAPH_DEFAULT. For a backend that has graphs. */
struct graph_mode backend_generate_mode(void);

/* Starts from `logits`: the row that session_decode(), or session_head() with one row, returned
 * last. limit is at least 1. */
void backend_generate_begin(struct session *session, const f32 *logits);

/* The next token, which the backend may have chosen already. False when one was chosen that ends
 * the text, or the limit had been reached. */
bool backend_generate_next(struct session *session, u32 *id);

/* When the token that it returned last was chosen, in nanoseconds: by clock_now() as it is returned
 * on the CPU, by the device's own clock on CUDA. */
uint64_t backend_token_time(void);

/* No more tokens are wanted. The state holds nothing that could be continued. */
void backend_generate_end(struct session *session);

/* Tells a profiler that the window to capture starts or ends. */
void backend_profile(bool on);

/* For verbs that measure: bytes that backend_bench_open() takes from session->io; what it makes
 * ready, before arena_seal(), to measure and to decode up to `tokens` tokens at a time. */
uint64_t backend_bench_bytes(void);
void backend_bench_open(struct session *session, u32 tokens);

/* Returns when everything that was asked for has been done. */
void backend_wait(struct session *session);

/* Seconds per byte of reading memory as large as the weights (on the CPU at most 1 GiB), with
 * nothing else to do: what can be read of decode. By the threads in use. */
double backend_bench_read(struct session *session);

/* Seconds per multiply-add with nothing else to do: what prefill could reach. On the CPU fused ones
 * of f32 in registers, by the threads in use. On CUDA those of a square matrix product of the type
 * of the largest weights, as large as they allow and at most 4096 wide. */
double backend_bench_multiply_adds(struct session *session);

/* Memory of a device: what the plan puts there, and what has gone since the device was opened, its
 * code and CUDA's own needs included. `shared`: it is the host's, so that the whole plan lies
 * there, and what other programs took or gave back meanwhile counts. False without a device. */
bool backend_bench_memory(const struct session *session, uint64_t *planned, uint64_t *taken,
                          bool *shared);

/* What `auto` is for the memory of an arena on the GPU of this machine, and why: what a run would
 * find, at the same cost. Needs no GPU. NULL where the host's processors do the work. */
const char *backend_memory_auto(void);

/* Decodes `tokens` tokens, at least 1, behind what the session has consumed, as generation does.
 * Returns the seconds of all, and of each in each[]. On the CPU they are ids[0 .. tokens). On CUDA
 * ids[0] goes first, untimed, and the device chooses the others: a token lasts from one choice to
 * the next, by its clock. The session's position says how many went through. */
double backend_bench_decode(struct session *session, const u32 *ids, u32 tokens, double *each);

/* Positions that backend_bench_decode() needs beyond those of its tokens. */
extern const u32 backend_bench_ahead;

/* For canaries: makes ready, before arena_seal(), what reads the weights; reads them and returns
 * the seconds that took: on the CPU over and over until 128 MiB are read, on CUDA once. */
void backend_canary_open(struct session *session);
double backend_canary_read(struct session *session);

/* For `selftest`: the ways to run a step that must not change its bits. Sets up number `index` and
 * describes it; false if there is none. After arena_seal(), with session_options.variants. */
bool backend_variant(struct session *session, u32 index, char text[32]);

#endif
