#include "runtime/measure/perplexity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"

/* ---- memory ---------------------------------------------------------------------------------- */

static uint64_t capacity_of(const struct perplexity *perplexity, u32 chunk)
{
    const bool whole = perplexity->windows.kind == WINDOWS_NONE;
    return 1 + (whole ? (uint64_t)chunk : perplexity->windows.window);
}

static uint64_t rows_bytes(void)
{
    return model.logit_rows * logprobs_row_bytes();
}

uint64_t perplexity_bytes(const struct perplexity *perplexity, u32 chunk)
{
    uint64_t bytes = arena_rounded(capacity_of(perplexity, chunk) * sizeof(u32)) +
                     arena_rounded(model.logit_rows * sizeof(double)) +
                     arena_rounded(model.logit_rows * sizeof(struct score_pair));
    if (perplexity->against != NULL)
        bytes += arena_rounded(rows_bytes()) +
                 arena_rounded(divergence_bytes(perplexity->against->header.rows));
    return bytes;
}

void perplexity_begin(struct perplexity *perplexity)
{
    struct arena *io = &perplexity->session->io;
    perplexity->capacity = (u32)capacity_of(perplexity, perplexity->session->chunk);
    perplexity->ids = arena_take(io, (uint64_t)perplexity->capacity * sizeof(u32));
    perplexity->bits = arena_take(io, model.logit_rows * sizeof(double));
    perplexity->pairs = arena_take(io, model.logit_rows * sizeof(struct score_pair));
    if (perplexity->against != NULL) {
        const uint64_t rows = perplexity->against->header.rows;
        perplexity->rows = arena_take(io, rows_bytes());
        divergence_begin(&perplexity->divergence, rows, arena_take(io, divergence_bytes(rows)));
    }
    loss_begin(&perplexity->loss);
    XXH3_64bits_reset(&perplexity->ids_digest);
}

/* ---- scoring --------------------------------------------------------------------------------- */

/* What the next token of the text prints: nothing, if it was put there. */
static const uint8_t *token_text(const struct perplexity *perplexity, u32 id, uint64_t *bytes)
{
    const uint8_t *text = tokenizer_text(perplexity->session->tokenizer, id, bytes);
    if (perplexity->loss.seen < perplexity->begins)
        *bytes = 0;
    return text;
}

static void pass(struct perplexity *perplexity, const u32 *ids, u32 count)
{
    for (u32 i = 0; i < count; i++) {
        uint64_t bytes;
        const uint8_t *text = token_text(perplexity, ids[i], &bytes);
        loss_pass(&perplexity->loss, text, bytes);
    }
}

/* Compares with what the base model said at the same places; fills bits, too. */
static void compare(struct perplexity *perplexity, const f32 *logits, u32 rows, const u32 *targets)
{
    const struct score_pair *pairs = perplexity->pairs;
    logprobs_read(perplexity->against, targets, rows, perplexity->rows);
    score_against(perplexity->session, logits, perplexity->rows + sizeof(struct logprobs_row),
                  logprobs_row_bytes(), rows, targets, perplexity->pairs);
    for (u32 row = 0; row < rows; row++) {
        if (!isfinite(pairs[row].divergence))
            die(EXIT_MISMATCH, "%s: row %" PRIu64 " has logits that are not finite",
                perplexity->against->path, perplexity->against->row - rows + row);
        divergence_add(&perplexity->divergence, &pairs[row]);
        perplexity->bits[row] = pairs[row].bits;
    }
}

/* Scores ids[from + 1 ..= to] by rows [from, to) of the last chunk, whose first token has
 * `position` tokens in front of it in its piece. */
static void score_chunk(struct perplexity *perplexity, const u32 *ids, u32 from, u32 to,
                        uint64_t position)
{
    for (u32 rows; from < to; from += rows) {
        rows = to - from < model.logit_rows ? to - from : model.logit_rows;
        const u32 *targets = ids + from + 1;
        const f32 *logits = session_head(perplexity->session, from, rows);
        if (perplexity->against != NULL)
            compare(perplexity, logits, rows, targets);
        else
            score_logits(perplexity->session, logits, rows, targets, perplexity->bits);
        for (u32 row = 0; row < rows; row++) {
            uint64_t bytes;
            const uint8_t *text = token_text(perplexity, targets[row], &bytes);
            loss_add(&perplexity->loss, text, bytes, perplexity->bits[row],
                     position + from + 1 + row);
            if (perplexity->save != NULL)
                logprobs_write(perplexity->save, targets[row],
                               logits + (size_t)row * model.vocab_pad);
        }
    }
}

static void say_progress(struct perplexity *perplexity)
{
    const double now = session_seconds();
    if (!perplexity->progress || now - perplexity->said < 1.0)
        return;
    perplexity->said = now;
    const struct batches *scored = &perplexity->loss.scored;
    const struct loss_result so_far = loss_summarize(&perplexity->loss, false, false);
    char line[128];
    const int length =
        snprintf(line, sizeof line, "\r%s tokens scored, %.4f bits per byte \r",
                 number_text_grouped(scored->values).text, so_far.bits_per_byte.value);
    if (length < 0 || write(STDERR_FILENO, line, (size_t)length) < 0)
        perplexity->progress = false;
}

/* ---- the pieces of a text -------------------------------------------------------------------- */

/* Fills ids up to the capacity, from index `have` on; returns how many there are. */
static u32 fill(struct perplexity *perplexity, u32 have)
{
    const bool first = perplexity->loss.seen == 0 && have == 0;
    const u32 got = perplexity->tokens(perplexity->context, perplexity->ids + have,
                                       perplexity->capacity - have);
    XXH3_64bits_update(&perplexity->ids_digest, perplexity->ids + have, got * sizeof(u32));
    if (first && got > 0)
        perplexity->begin_id = perplexity->ids[0];
    return have + got;
}

/* Puts tokens ids[0 .. count) through the model, but for the last, which foretells nothing, and
 * scores those from `from` on, at least 1. False if it was interrupted. */
static bool run_piece(struct perplexity *perplexity, u32 count, u32 from)
{
    const u32 *ids = perplexity->ids;
    session_reset(perplexity->session);
    for (u32 at = 0; at + 1 < count;) {
        const u32 left = count - 1 - at;
        const u32 rows = left < perplexity->session->chunk ? left : perplexity->session->chunk;
        session_prefill(perplexity->session, ids + at, rows);
        if (from <= at + rows)
            score_chunk(perplexity, ids + at, from > at ? from - 1 - at : 0, rows, at);
        at += rows;
        if (interrupt_asked())
            return false;
        say_progress(perplexity);
    }
    return true;
}

static bool run_strided(struct perplexity *perplexity)
{
    const u32 window = (u32)perplexity->windows.window, stride = (u32)perplexity->windows.stride;
    u32 *ids = perplexity->ids;
    u32 have = 0, known = 0; /* known: tokens at the start of ids that an earlier piece had */
    for (;;) {
        have = fill(perplexity, have);
        if (interrupt_asked())
            return false;
        const u32 count = have < window ? have : window;
        const u32 from = known > 0 ? known : 1;
        if (known == 0)
            pass(perplexity, ids, count < 1 ? count : 1);
        if (!run_piece(perplexity, count, from))
            return false;
        if (have <= window)
            return true;
        known = window - stride;
        have -= stride;
        memmove(ids, ids + stride, have * sizeof *ids);
    }
}

static bool run_halves(struct perplexity *perplexity)
{
    const u32 window = (u32)perplexity->windows.window, from = window / 2 + 1;
    u32 *ids = perplexity->ids;
    for (u32 have = 0;;) {
        have = fill(perplexity, have);
        if (interrupt_asked())
            return false;
        pass(perplexity, ids, have < window ? have : from);
        if (have < window)
            return true;
        if (perplexity->begins > 0)
            ids[0] = perplexity->begin_id;
        if (!run_piece(perplexity, window, from))
            return false;
        have -= window;
        memmove(ids, ids + window, have * sizeof *ids);
    }
}

static bool run_whole(struct perplexity *perplexity)
{
    const u32 chunk = perplexity->session->chunk;
    u32 *ids = perplexity->ids;
    session_reset(perplexity->session);
    u32 have = fill(perplexity, 0);
    pass(perplexity, ids, have < 1 ? have : 1);
    for (uint64_t position = 0;; position += chunk) {
        const bool last = have <= chunk;
        const u32 rows = last ? have - (have > 0) : chunk;
        if (interrupt_asked())
            return false;
        if (rows > 0) {
            session_prefill(perplexity->session, ids, rows);
            score_chunk(perplexity, ids, 0, rows, position);
        }
        if (last)
            return !interrupt_asked();
        say_progress(perplexity);
        ids[0] = ids[chunk];
        have = fill(perplexity, 1);
    }
}

bool perplexity_run(struct perplexity *perplexity)
{
    static bool (*const runs[])(struct perplexity *) = {
        [WINDOWS_NONE] = run_whole, [WINDOWS_STRIDED] = run_strided, [WINDOWS_HALVES] = run_halves};
    const bool complete = runs[perplexity->windows.kind](perplexity);
    if (perplexity->said > 0.0 && write(STDERR_FILENO, "\n", 1) < 0)
        perplexity->progress = false;
    return complete;
}

void perplexity_end(struct perplexity *perplexity)
{
    const uint64_t digest = XXH3_64bits_digest(&perplexity->ids_digest);
    if (perplexity->against != NULL)
        logprobs_require_end(perplexity->against, perplexity->loss.seen, digest);
    if (perplexity->save == NULL)
        return;
    struct logprobs_header header = {.weights_digest =
                                         perplexity->session->weights.header.weights_digest,
                                     .kind = perplexity->windows.kind,
                                     .window = perplexity->windows.window,
                                     .stride = perplexity->windows.stride,
                                     .begins = perplexity->begins,
                                     .tokens = perplexity->loss.seen,
                                     .ids_digest = digest};
    logprobs_vocabulary(perplexity->session->tokenizer, header.vocabulary_digest);
    logprobs_commit(perplexity->save, &header);
}
