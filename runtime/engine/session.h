/* One sequence of tokens going through the model: the memory, the host's team, and the steps.
 *
 * Tokens go in either by chunks (session_prefill, then session_head for the rows whose logits are
 * wanted) or one by one (session_decode). Whatever the mixture, the state carries over; if
 * backend_same_in_chunks, the logits of a position have the same bits. */
#ifndef RUNTIME_ENGINE_SESSION_H
#define RUNTIME_ENGINE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/model.h"
#include "runtime/engine/arena.h"
#include "runtime/engine/backend.h"
#include "runtime/engine/history.h"
#include "runtime/engine/team.h"
#include "runtime/engine/weights.h"
#include "runtime/tokenizer/tokenizer.h"

struct session_options {
    const char *weights; /* path; NULL: beside the binary */
    bool random_weights; /* no file: made from random_seed, if backend_has_random_weights */
    uint64_t random_seed;
    u32 threads;             /* 0: by default */
    u32 chunk;               /* most tokens of a prefill step; 0: as built */
    struct graph_mode mode;  /* how a backend that has graphs runs */
    bool text;               /* a tokenizer is needed */
    bool quiet;              /* do not print the plan */
    bool variants;           /* backend_variant() will be asked for */
    bool check;              /* look at what every operation makes: finite.h */
    uint64_t host_bytes;     /* what the caller takes from the io arena, by arena_rounded() */
    uint64_t snapshot_bytes; /* room for copies of the state: state.h */
    bool state_files;        /* states will be saved or loaded: state_file.h */
};

struct session {
    struct pool pool;
    struct weights_source weights;
    struct memory_plan plan;
    struct arena io;   /* on the host; its rest is the caller's */
    uint8_t *snapshot; /* snapshot_bytes of them, zero or not; on CUDA an address of the device */
    struct tokenizer *tokenizer; /* NULL unless asked for */
    struct history *history;     /* of the tokens consumed; NULL without state_files */
    u32 chunk;                   /* most tokens of a prefill step of this session */
    u32 rows;                    /* tokens of the last step */
    u32 processors;              /* that this process could use when it started */
    uint64_t position;           /* tokens consumed since the last reset */
};

/* Most tokens of a prefill step when so many were asked for (0: as built): no more than the context
 * holds. */
u32 session_chunk(u32 asked);

/* Opens the weight file, compares the plan with the memory that is available, reserves the arenas,
 * starts the threads, and loads and checks the weights, in this order. Exits with a message on any
 * failure (EXIT_MEMORY, EXIT_MISMATCH, EXIT_PROCESSOR, EXIT_FAILED). The session must not move
 * afterwards. */
void session_open(struct session *session, const struct session_options *options);

void session_close(struct session *session);

/* The start of a text: zero state, position 0. */
void session_reset(struct session *session);

/* Before anything is loaded: exits with EXIT_FAILED if what has that name has more tokens than the
 * model's context; `more`: it has at least so many. `name` is for the message. */
void session_require_room(const char *name, uint64_t tokens, bool more);

/* Exits with EXIT_USAGE if no text can begin without tokens: the model has no id for that. */
void session_require_begin(void);

/* Ends the program: the text is longer than the model's context. */
_Noreturn void session_full(void);

/* Ends the program: the logits after the token at that position are not all finite. */
_Noreturn void session_not_finite(uint64_t position);

/* Consumes ids[count], 1 ..= session->chunk, all of them below model.vocab. Row i of the chunk can
 * be turned into logits until the next step. */
void session_prefill(struct session *session, const u32 *ids, u32 count);

/* The steps end the program if a logit is not finite.
 *
 * Logits of rows [first, first + rows) of the last prefill, 1 ..= model.logit_rows of them: returns
 * [rows][model.vocab_pad], valid until the next step. */
const f32 *session_head(struct session *session, u32 first, u32 rows);

/* Consumes one token; returns its row of logits [model.vocab_pad], valid until the next step. */
const f32 *session_decode(struct session *session, u32 id);

/* Consumes the token that begins a text of no tokens; returns its logits as session_decode() does.
 * Exits as session_require_begin() does. */
const f32 *session_begin_text(struct session *session);

/* Opens the tokenizer of a loaded weight file, in a block of tokenizer_scratch_bytes() taken from
 * `io`. Exits with EXIT_MISMATCH if the file holds none, or one that does not fit the model. */
struct tokenizer *session_tokenizer(const struct weights_source *weights, struct arena *io);

/* Bytes of weights that one decode step streams. */
uint64_t session_decode_weight_bytes(void);

/* Path of the weight file that lies beside this binary: its own path with ".weights" behind. */
const char *session_default_weights(void);

/* clock_now() in seconds. */
double session_seconds(void);

/* What the code was compiled for: "avx512", "avx2" or "aarch64". */
const char *session_isa(void);

/* One line on stderr: threads, instruction set, and where the planned memory goes. */
void session_note_plan(const struct memory_plan *plan, u32 threads);

#endif
