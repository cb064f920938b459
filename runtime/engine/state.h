/* What a text has left in a model: copies of it in memory.
 *
 * The state is what one token leaves for the next: convolution windows and SSM states, which have a
 * fixed size, and of keys and values those of the positions so far, rounded up to whole blocks of
 * CACHE_BLOCK; of a window's ring, which is full at some point, at most all of it. */
#ifndef RUNTIME_ENGINE_STATE_H
#define RUNTIME_ENGINE_STATE_H

#include "runtime/engine/session.h"

/* Bytes of a state after `position` tokens. */
uint64_t state_bytes(uint64_t position);

/* Where the state lies in its arena: first what has a fixed size, then the used part of every head
 * of keys or values. Rows of no bytes are left out; returns how many there are. */
u32 state_rows_at(uint64_t position, struct state_rows rows[2]);

/* The state piece by piece, in the order of the rows. */
struct state_walk {
    uint64_t at, bytes; /* the piece: at most STATE_PIECE bytes of the state arena */
    struct state_rows rows[2];
    u32 count, part, row;
    uint64_t done; /* bytes of that row */
};
struct state_walk state_walk_begin(uint64_t position);
bool state_walk_next(struct state_walk *walk); /* false: there is no other */

/* A copy of the state. */
struct snapshot {
    uint8_t *at; /* state_bytes(position) bytes of session->snapshot, reserved by
                    session_options.snapshot_bytes */
    uint64_t position;
};

/* For sessions without state_files only: the history would not follow.
 *
 * Copies the session's state into snapshot->at and sets snapshot->position. Any number of times,
 * after sealing, too: neither allocates nor, on the CPU, makes a system call. */
void state_copy_out(struct session *session, struct snapshot *snapshot);

/* The session goes on behind the copied text as if it had never gone further: the next step has the
 * bits of a session that was not interrupted. There are no logits until then. Costs what
 * state_copy_out() does: one pass over state_bytes(). */
void state_copy_in(struct session *session, const struct snapshot *snapshot);

#endif
