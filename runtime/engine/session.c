#include "runtime/engine/session.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/die.h"
#include "runtime/base/digest.h"
#include "runtime/base/number_text.h"
#include "runtime/base/out.h"
#include "runtime/engine/finite.h"
#include "runtime/engine/trace.h"

const char *session_default_weights(void)
{
    static const char suffix[] = ".weights";
    static char path[PATH_MAX + sizeof suffix];
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
    if (length <= 0)
        die(EXIT_FAILED,
            "cannot find the path of this binary: %s; name the weight file with "
            "--weights",
            strerror(errno));
    memcpy(path + length, suffix, sizeof suffix);
    return path;
}

double session_seconds(void)
{
    return 1e-9 * (double)clock_now();
}

uint64_t session_decode_weight_bytes(void)
{
    uint64_t sum = 0;
    for (u32 i = 0; i < model.op_count; i++)
        if (strcmp(model.ops[i].step, "decode") == 0)
            sum += model.ops[i].weight_bytes * model.ops[i].times;
    return sum;
}

struct tokenizer *session_tokenizer(const struct weights_source *weights, struct arena *io)
{
    if (!weights->tokenizer)
        die(EXIT_MISMATCH,
            "%s: holds no tokenizer (weights made without a checkpoint), so text cannot be read or "
            "written; use 'logits', 'selftest' or 'bench', or pack a checkpoint",
            weights->path);
    char message[TOKENIZER_MESSAGE];
    uint64_t bytes = tokenizer_scratch_bytes();
    struct tokenizer *tokenizer = tokenizer_open(weights->tokenizer, weights->tokenizer_bytes,
                                                 arena_take(io, bytes), bytes, message);
    if (!tokenizer)
        die(EXIT_MISMATCH, "%s: %s", weights->path, message);
    if (tokenizer_rows(tokenizer) > model.vocab)
        die(EXIT_MISMATCH, "%s: its tokenizer has %u ids, the model has %u; pack it again",
            weights->path, tokenizer_rows(tokenizer), model.vocab);
    if (tokenizer_decode_bytes(tokenizer) > OUT_BYTES)
        die(EXIT_MISMATCH,
            "%s: its tokenizer has a token of %" PRIu64 " bytes; at most %d are "
            "printed",
            weights->path, tokenizer_decode_bytes(tokenizer), OUT_BYTES);
    return tokenizer;
}

u32 session_chunk(u32 asked)
{
    const u32 chunk = asked ? asked : model.chunk;
    return model.context && chunk > model.context ? (u32)model.context : chunk;
}

void session_open(struct session *session, const struct session_options *options)
{
    memset(session, 0, sizeof *session);
    session->processors = team_processors();
    session->chunk = session_chunk(options->chunk);
    struct session_options whole = *options;
    if (options->text)
        whole.host_bytes += arena_rounded(tokenizer_scratch_bytes());
    if (options->state_files)
        whole.host_bytes += arena_rounded(sizeof(struct history));
    whole.threads = backend_threads(options->threads, session->processors);
    trace_open();
    if (options->random_weights)
        session->weights = (struct weights_source){
            .path = "--random-weights",
            .file = -1,
            .header.weights_digest =
                XXH3_64bits(&options->random_seed, sizeof options->random_seed),
        };
    else
        weights_open(&session->weights,
                     options->weights ? options->weights : session_default_weights());
    backend_open(session, &whole);
    memory_load_code();
    if (options->state_files)
        session->history = arena_take(&session->io, sizeof *session->history);
    if (options->text)
        session->tokenizer = session_tokenizer(&session->weights, &session->io);
}

void session_close(struct session *session)
{
    backend_close(session);
    team_stop(&session->pool);
    if (session->tokenizer)
        tokenizer_close(session->tokenizer);
    weights_close(&session->weights);
}

void session_reset(struct session *session)
{
    backend_reset(session);
    session->position = 0;
    session->rows = 0;
    if (session->history)
        history_begin(session->history);
}

void session_require_room(const char *name, uint64_t tokens, bool more)
{
    if (model.context && tokens > model.context)
        die(EXIT_FAILED,
            "%s: %s%" PRIu64 " tokens, but the context holds %" PRIu64
            ": set a larger 'context' in config/%s.ini and run 'make MODEL=%s%s'",
            name, more ? "more than " : "", more ? tokens - 1 : tokens, model.context, model.name,
            model.name, backend_make);
}

void session_full(void)
{
    die(EXIT_FAILED,
        "the context is full: %" PRIu64 " tokens; set a larger 'context' in config/%s.ini and "
        "run 'make MODEL=%s%s'",
        model.context, model.name, model.name, backend_make);
}

void session_not_finite(uint64_t position)
{
    die(EXIT_FAILED,
        "logits at position %" PRIu64
        " are not finite: the weights lead out of the range of f32, or are damaged; --check names "
        "the operation where that begins",
        position);
}

/* The step's boundary: the only place where token ids and positions are checked. */
static void check_step(const struct session *session, const u32 *ids, u32 count)
{
    for (u32 i = 0; i < count; i++)
        if (ids[i] >= model.vocab)
            die(EXIT_FAILED, "token id %u at position %" PRIu64 " is outside the vocabulary of %u",
                ids[i], session->position + i, model.vocab);
    if (model.context && session->position + count > model.context)
        session_full();
}

static void consumed(struct session *session, const u32 *ids, u32 count)
{
    if (session->history)
        history_add(session->history, ids, count);
    session->rows = count;
    session->position += count;
}

void session_prefill(struct session *session, const u32 *ids, u32 count)
{
    if (count == 0 || count > session->chunk)
        die(EXIT_FAILED, "internal error: a chunk of %u tokens, at most %u", count, session->chunk);
    check_step(session, ids, count);
    trace_begin(TRACE_PREFILL, count);
    backend_prefill(session, ids, count);
    trace_end();
    consumed(session, ids, count);
}

const f32 *session_head(struct session *session, u32 first, u32 rows)
{
    if (rows == 0 || rows > model.logit_rows || first + rows > session->rows)
        die(EXIT_FAILED, "internal error: logits of rows %u to %u of %u", first, first + rows,
            session->rows);
    trace_begin(TRACE_HEAD, rows);
    const f32 *logits = backend_head(session, first, rows);
    trace_end();
    const u32 finite = finite_rows(&session->pool, logits, rows);
    if (finite < rows)
        session_not_finite(session->position - session->rows + first + finite);
    return logits;
}

void session_require_begin(void)
{
    if (model.bos == MODEL_NO_ID)
        die(EXIT_USAGE,
            "there is no text to continue, and %s has no token that begins one (bos_token_id = "
            "none); give a text",
            model.name);
}

const f32 *session_begin_text(struct session *session)
{
    session_require_begin();
    return session_decode(session, model.bos);
}

const f32 *session_decode(struct session *session, u32 id)
{
    check_step(session, &id, 1);
    trace_begin(TRACE_DECODE, session->position);
    const f32 *logits = backend_decode(session, id);
    trace_end();
    if (finite_rows(&session->pool, logits, 1) == 0)
        session_not_finite(session->position);
    consumed(session, &id, 1);
    return logits;
}

const char *session_isa(void)
{
#if defined(__AVX512F__)
    return "avx512";
#elif defined(__AVX2__)
    return "avx2";
#else
    return "aarch64";
#endif
}

void session_note_plan(const struct memory_plan *plan, u32 threads)
{
    note("%u thread%s, %s; memory %s: weights %s, tokenizer %s, state %s, scratch %s, io %s, "
         "threads %s%s",
         threads, threads == 1 ? "" : "s", session_isa(),
         number_text_bytes(memory_plan_bytes(plan)).text, number_text_bytes(plan->weights).text,
         number_text_bytes(plan->tokenizer).text, number_text_bytes(plan->state).text,
         number_text_bytes(plan->scratch).text, number_text_bytes(plan->io).text,
         number_text_bytes(plan->threads).text, memory_note_snapshot(plan).text);
}
