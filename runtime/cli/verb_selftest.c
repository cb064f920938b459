/* selftest: the promises about numbers, checked on this machine with these weights. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/number_text.h"
#include "runtime/base/out.h"
#include "runtime/base/philox.h"
#include "runtime/cli/options.h"
#include "runtime/engine/sample.h"
#include "runtime/engine/session.h"
#include "runtime/engine/state.h"

enum { PROMPT_TOKENS = 40, DECODED_TOKENS = 8, WAYS = 5 };

static error_t parse(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .parser = parse,
    .children = children,
    .doc = "Checks every byte of the weight file against its digests, then the logits of a fixed "
           "prompt: token by token and in chunks of several lengths, with 1 thread up to "
           "--threads, must all give the same bits. On CUDA: each of them with and without graphs "
           "and early starts of kernels; a chunk has bits of its own there. At last a copy of the "
           "state half way, from which the rest must come out the same.\v"
           "Prints one line per variant and the digest of the logits. Exit code 5 if any differs, "
           "else as for 'run'."};

static struct session session;
static struct out out;
static u32 prompt[PROMPT_TOKENS], prompt_tokens;

static void add_rows(XXH3_state_t *state, const f32 *rows, u32 count)
{
    for (u32 row = 0; row < count; row++)
        XXH3_64bits_update(state, rows + (size_t)row * model.vocab_pad, model.vocab * sizeof *rows);
}

/* Digest of all rows of logits of the prompt and a greedy continuation; of some, once interrupted.
 * `chunk` 0: the prompt goes through decode steps. */
static uint64_t digest_logits(u32 chunk)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    session_reset(&session);
    const f32 *last = NULL;
    for (u32 at = 0; at < prompt_tokens && chunk == 0 && !interrupt_asked(); at++) {
        last = session_decode(&session, prompt[at]);
        add_rows(&state, last, 1);
    }
    for (u32 at = 0; at < prompt_tokens && chunk > 0 && !interrupt_asked();) {
        u32 tokens = prompt_tokens - at < chunk ? prompt_tokens - at : chunk;
        session_prefill(&session, prompt + at, tokens);
        for (u32 first = 0; first < tokens; first += model.logit_rows) {
            u32 rows = tokens - first < model.logit_rows ? tokens - first : model.logit_rows;
            const f32 *logits = session_head(&session, first, rows);
            add_rows(&state, logits, rows);
            last = logits + (size_t)(rows - 1) * model.vocab_pad;
        }
        at += tokens;
    }
    for (u32 i = 0; i < DECODED_TOKENS && !interrupt_asked(); i++) {
        last = session_decode(&session, sample_greedy(last, model.vocab));
        add_rows(&state, last, 1);
    }
    return XXH3_64bits_digest(&state);
}

/* One way to feed the prompt, in the variant that is set up: prints a line; true if the digest of
 * all rows of logits is the expected one. The first run of all gives that one. Once interrupted it
 * says nothing. */
static bool check(const char *variant, u32 chunk, uint64_t *expected, bool first)
{
    if (first)
        *expected = digest_logits(chunk); /* and once more: two runs must be the same */
    uint64_t digest = digest_logits(chunk);
    if (interrupt_asked())
        return true;
    bool same = digest == *expected;
    char how[32] = "token by token";
    if (chunk > 0)
        snprintf(how, sizeof how, "chunks of %u", chunk);
    out_print(&out, "%s %-15s %016" PRIx64 "  %s\n", variant, how, digest,
              same ? "same" : "DIFFERENT");
    out_flush(&out);
    return same;
}

/* Every variant of the backend, fed in every way. Where chunks have bits of their own, each length
 * is compared with itself in the first variant. */
static bool check_all(uint64_t *expected)
{
    const u32 chunks[WAYS] = {0, 1, 7, 32, model.chunk};
    uint64_t digests[WAYS] = {0};
    char variant[32];
    bool same = true;
    for (u32 v = 0; backend_variant(&session, v, variant); v++)
        for (u32 i = 0; i < WAYS && !interrupt_asked() && !out.closed; i++) {
            if (chunks[i] > session.chunk || (i > 1 && chunks[i] <= chunks[i - 1]))
                continue;
            bool alone = i == 0 || !backend_same_in_chunks;
            same &= check(variant, chunks[i], &digests[alone ? i : 0], alone && v == 0);
        }
    *expected = digests[0];
    return same;
}

/* Digest of the rows of logits of prompt[from .. to), token by token, taken backwards or not. */
static uint64_t digest_steps(u32 from, u32 to, bool backwards)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (u32 at = from; at < to && !interrupt_asked(); at++)
        add_rows(&state, session_decode(&session, prompt[backwards ? to - 1 - at : at]), 1);
    return XXH3_64bits_digest(&state);
}

/* The second half of the prompt twice: behind the first half, and behind its copy, when another
 * text has gone through. */
static bool check_snapshot(void)
{
    struct snapshot half = {.at = session.snapshot};
    session_reset(&session);
    digest_steps(0, prompt_tokens / 2, false);
    state_copy_out(&session, &half);
    const uint64_t expected = digest_steps(prompt_tokens / 2, prompt_tokens, false);
    session_reset(&session);
    digest_steps(0, prompt_tokens, true);
    state_copy_in(&session, &half);
    const uint64_t digest = digest_steps(prompt_tokens / 2, prompt_tokens, false);
    if (interrupt_asked())
        return true;
    out_print(&out, "from a copy of the state    %016" PRIx64 "  %s\n", digest,
              digest == expected ? "same" : "DIFFERENT");
    out_flush(&out);
    return digest == expected;
}

int verb_selftest(int argc, char **argv)
{
    static struct common_options options;
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    struct session_options whole = options_session(&options);
    whole.variants = true;
    session_require_room("the least text of a selftest", DECODED_TOKENS + 1, false);
    prompt_tokens = PROMPT_TOKENS;
    if (model.context && model.context < PROMPT_TOKENS + DECODED_TOKENS)
        prompt_tokens = (u32)model.context - DECODED_TOKENS;
    whole.snapshot_bytes = state_bytes(prompt_tokens / 2);
    session_open(&session, &whole);
    out_open(&out, STDOUT_FILENO, "standard output");
    for (u32 i = 0; i < prompt_tokens; i++)
        prompt[i] = (u32)(philox_uniform(0, i) * model.vocab);
    arena_seal();

    if (options.random_weights)
        out_print(&out, "weights made from seed %" PRIu64 "\n", options.random_seed);
    else
        out_print(&out, "weights %016" PRIx64 ", every byte of %s as packed\n",
                  session.weights.header.weights_digest, session.weights.path);
    uint64_t expected;
    bool same = check_all(&expected);
    if (!interrupt_asked() && !out.closed)
        same &= check_snapshot();
    if (interrupt_asked())
        return EXIT_INTERRUPTED;
    out_print(&out, "logits  %016" PRIx64 ", %s\n", expected,
              same ? "the same bits in every variant" : "NOT the same bits in every variant");
    out_flush(&out);
    if (!same)
        return EXIT_WRONG;
    return out.closed ? EXIT_FAILED : EXIT_SUCCESS;
}
