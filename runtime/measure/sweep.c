#include "runtime/measure/sweep.h"

#include <math.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/interrupt.h"
#include "runtime/engine/sample.h"
#include "runtime/measure/score.h"

static u32 larger(u32 a, u32 b)
{
    return a > b ? a : b;
}

u32 sweep_least(const struct sweep_options *options)
{
    return larger(larger(options->generate, options->prompt), 1);
}

u32 sweep_ahead(const struct sweep_options *options)
{
    const u32 decode = options->generate > 0 ? options->generate + backend_bench_ahead : 0;
    return larger(decode, options->prompt);
}

uint64_t sweep_bytes(const struct sweep_options *options, u32 chunk)
{
    return arena_rounded(((uint64_t)chunk + 1) * sizeof(u32)) +
           arena_rounded((uint64_t)sweep_least(options) * sizeof(u32)) +
           arena_rounded(model.logit_rows * sizeof(double)) +
           arena_rounded(options->generate * sizeof(double));
}

uint64_t sweep_snapshot_bytes(const struct sweep_options *options)
{
    return sweep_ahead(options) > 0 ? state_bytes(options->positions[options->count - 1]) : 0;
}

void sweep_open(struct sweep *sweep, struct session *session, const struct sweep_options *options,
                void *memory)
{
    uint8_t *at = memory;
    *sweep = (struct sweep){.session = session,
                            .options = options,
                            .recent_count = sweep_least(options),
                            .snapshot.at = session->snapshot};
    sweep->ids = (u32 *)(void *)at;
    at += arena_rounded(((uint64_t)session->chunk + 1) * sizeof(u32));
    sweep->recent = (u32 *)(void *)at;
    at += arena_rounded((uint64_t)sweep->recent_count * sizeof(u32));
    sweep->bits = (double *)(void *)at;
    at += arena_rounded(model.logit_rows * sizeof(double));
    sweep->each = (double *)(void *)at;
}

static uint64_t start_clock(struct session *session)
{
    backend_wait(session);
    return clock_now();
}

static double stop_clock(struct session *session, uint64_t start)
{
    backend_wait(session);
    return clock_since(start);
}

/* What an interval has come to so far. */
struct tally {
    double seconds;
    double bits;
    uint64_t bytes; /* of the tokens whose bits these are */
};

/* Adds what the rows of the last chunk say about the tokens after them, targets[count]. */
static void score(struct sweep *sweep, const u32 *targets, u32 count, struct tally *tally)
{
    for (u32 first = 0; first < count; first += model.logit_rows) {
        const u32 rows = count - first < model.logit_rows ? count - first : model.logit_rows;
        score_rows(sweep->session, first, rows, targets + first, sweep->bits);
        for (u32 row = 0; row < rows; row++) {
            uint64_t bytes;
            tokenizer_text(sweep->session->tokenizer, targets[first + row], &bytes);
            tally->bits += sweep->bits[row];
            tally->bytes += bytes;
        }
    }
}

/* The last tokens consumed, ids[count] now among them. */
static void remember(struct sweep *sweep, const u32 *ids, u32 count)
{
    const u32 room = sweep->recent_count, kept = count < room ? room - count : 0;
    memmove(sweep->recent, sweep->recent + room - kept, kept * sizeof *ids);
    memcpy(sweep->recent + kept, ids + count - (room - kept), (room - kept) * sizeof *ids);
}

/* Consumes the next `want` tokens of the text, 1 ..= chunk, or those that there are. */
static void consume(struct sweep *sweep, u32 want, struct tally *tally)
{
    const struct sweep_options *options = sweep->options;
    u32 *ids = sweep->ids;
    const u32 asked = want + 1 - sweep->held;
    const u32 got = options->source(options->context, ids + sweep->held, asked);
    const u32 have = sweep->held + got, count = have < want ? have : want;
    sweep->ended = got < asked;
    if (count > 0) {
        const uint64_t start = start_clock(sweep->session);
        session_prefill(sweep->session, ids, count);
        tally->seconds += stop_clock(sweep->session, start);
        if (options->score)
            score(sweep, ids + 1, have > count ? count : count - 1, tally);
        remember(sweep, ids, count);
    }
    sweep->held = have - count;
    if (sweep->held > 0)
        ids[0] = ids[count];
}

/* Tokens per second of decoding behind where the session is. */
static double probe_decode(struct sweep *sweep)
{
    const u32 tokens = sweep->options->generate;
    const double seconds = backend_bench_decode(sweep->session, sweep->recent, tokens, sweep->each);
    return tokens / seconds;
}

/* Seconds to the first token behind a prompt behind where the session is. */
static double probe_first_token(struct sweep *sweep)
{
    struct session *session = sweep->session;
    const u32 prompt = sweep->options->prompt;
    const uint64_t start = start_clock(session);
    u32 rows = 0;
    for (u32 at = 0; at < prompt; at += rows) {
        rows = prompt - at < session->chunk ? prompt - at : session->chunk;
        session_prefill(session, sweep->recent + at, rows);
    }
    const f32 *logits = session_head(session, rows - 1, 1);
    const volatile u32 chosen = sample_greedy(logits, model.vocab);
    (void)chosen;
    return stop_clock(session, start);
}

static void tell(const struct sweep *sweep, enum sweep_part part, const struct sweep_row *row)
{
    if (sweep->options->measured)
        sweep->options->measured(part, row);
}

/* One probe over and over, each time from the state that the text has left; values[repetitions].
 * False: interrupted. */
static bool repeat(struct sweep *sweep, double (*probe)(struct sweep *sweep), double *values)
{
    for (u32 i = 0; i < sweep->options->repetitions && !interrupt_asked(); i++) {
        values[i] = probe(sweep);
        state_copy_in(sweep->session, &sweep->snapshot);
    }
    return !interrupt_asked();
}

/* Both probes. False: interrupted. */
static bool probe(struct sweep *sweep, struct sweep_row *row)
{
    const struct sweep_options *options = sweep->options;
    if (sweep_ahead(options) == 0)
        return !interrupt_asked();
    state_copy_out(sweep->session, &sweep->snapshot);
    if (options->generate > 0) {
        if (!repeat(sweep, probe_decode, row->decode))
            return false;
        tell(sweep, SWEEP_DECODE, row);
    }
    if (options->prompt > 0) {
        if (!repeat(sweep, probe_first_token, row->first_token))
            return false;
        tell(sweep, SWEEP_FIRST_TOKEN, row);
    }
    row->repetitions = options->repetitions;
    return true;
}

bool sweep_measure(struct sweep *sweep, u32 index, struct sweep_row *row)
{
    const uint64_t to = sweep->options->positions[index], from = sweep->session->position;
    struct tally tally = {0};
    while (sweep->session->position < to && !sweep->ended) {
        const uint64_t left = to - sweep->session->position;
        consume(sweep, left < sweep->session->chunk ? (u32)left : sweep->session->chunk, &tally);
        if (interrupt_asked())
            return false;
    }
    const uint64_t position = sweep->session->position;
    if (position == from)
        return false;
    *row = (struct sweep_row){
        .position = position,
        .tokens = position - from,
        .prefill = (double)(position - from) / tally.seconds,
        .bits_per_byte = tally.bytes > 0 ? tally.bits / (double)tally.bytes : NAN,
        .state_bytes = model.state_bytes - model.cache_bytes,
    };
    row->cache_bytes = state_bytes(position) - row->state_bytes;
    row->resident_bytes = memory_resident();
    row->peak_bytes = memory_peak();
    tell(sweep, SWEEP_PREFILL, row);
    return position < sweep->recent_count || probe(sweep, row);
}
