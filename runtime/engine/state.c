#include "runtime/engine/state.h"

#include "runtime/base/die.h"

/* Positions of which each head of the cache holds its keys, or its values, after so many tokens. */
static uint64_t cached(uint64_t position)
{
    const uint64_t capacity = model.cache_bytes / model.cache_position_bytes;
    if (position >= capacity)
        return capacity;
    return (position + CACHE_BLOCK - 1) / CACHE_BLOCK * CACHE_BLOCK;
}

u32 state_rows_at(uint64_t position, struct state_rows rows[2])
{
    const uint64_t fixed = model.state_bytes - model.cache_bytes;
    u32 count = 0;
    if (fixed > 0)
        rows[count++] = (struct state_rows){.bytes = fixed, .pitch = fixed, .rows = 1};
    if (model.cache_bytes > 0 && position > 0)
        rows[count++] = (struct state_rows){
            .at = fixed,
            .bytes = cached(position) * (model.cache_position_bytes / model.cache_heads),
            .pitch = model.cache_bytes / model.cache_heads,
            .rows = model.cache_heads,
        };
    return count;
}

uint64_t state_bytes(uint64_t position)
{
    struct state_rows rows[2];
    uint64_t bytes = 0;
    const u32 count = state_rows_at(position, rows);
    for (u32 i = 0; i < count; i++)
        bytes += rows[i].rows * rows[i].bytes;
    return bytes;
}

struct state_walk state_walk_begin(uint64_t position)
{
    struct state_walk walk = {.at = 0};
    walk.count = state_rows_at(position, walk.rows);
    return walk;
}

bool state_walk_next(struct state_walk *walk)
{
    if (walk->part == walk->count)
        return false;
    const struct state_rows *rows = &walk->rows[walk->part];
    const uint64_t left = rows->bytes - walk->done;
    walk->at = rows->at + walk->row * rows->pitch + walk->done;
    walk->bytes = left < STATE_PIECE ? left : STATE_PIECE;
    walk->done += walk->bytes;
    if (walk->done < rows->bytes)
        return true;
    walk->done = 0;
    if (++walk->row == rows->rows) {
        walk->row = 0;
        walk->part++;
    }
    return true;
}

void state_copy_out(struct session *session, struct snapshot *snapshot)
{
    struct state_rows rows[2];
    uint8_t *at = snapshot->at;
    const u32 count = state_rows_at(session->position, rows);
    for (u32 i = 0; i < count; i++) {
        backend_state_out(session, &rows[i], at);
        at += rows[i].rows * rows[i].bytes;
    }
    snapshot->position = session->position;
}

void state_copy_in(struct session *session, const struct snapshot *snapshot)
{
    struct state_rows rows[2];
    const uint8_t *at = snapshot->at;
    if (session->history)
        die(EXIT_FAILED, "internal error: a snapshot does not hold the tokens of a text");
    const u32 count = state_rows_at(snapshot->position, rows);
    for (u32 i = 0; i < count; i++) {
        backend_state_in(session, &rows[i], at);
        at += rows[i].rows * rows[i].bytes;
    }
    session->position = snapshot->position;
    session->rows = 0;
}
