/* The plan at work: after every operation, every byte of scratch that no buffer holds any more, or
 * not yet, becomes NaN. Logits must not change, or something read what was not its own.
 *
 * Linked with the default model, and with one of several kinds of layers. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/model.h"
#include "runtime/engine/session.h"
#include "tests/fixtures/run.h"

enum { PROMPT = 29, DECODED = 8 };

static uint64_t poisoned; /* floats, over the whole run */

/* What an operation of the same step wrote and a later one, or a later layer, reads. */
static bool holds(const struct model_buffer *buffer, u32 op, uint64_t at)
{
    return op >= buffer->first_op && op < buffer->last_op && at >= buffer->at &&
           at < buffer->at + buffer->bytes;
}

static void poison(run *r, u32 op)
{
    f32 *scratch = (f32 *)r->scratch;
    for (uint64_t i = 0; i < model.scratch_bytes / sizeof *scratch; i++) {
        bool alive = false;
        for (u32 b = 0; b < model.buffer_count && !alive; b++)
            alive = holds(&model.buffers[b], op, i * sizeof *scratch);
        if (!alive) {
            scratch[i] = NAN;
            poisoned++;
        }
    }
}

/* Logits of the last token of a prompt and of each decoded one, into rows[1 + DECODED][vocab]. */
static void compute(struct session *session, f32 *rows)
{
    session_reset(session);
    u32 ids[PROMPT];
    for (u32 i = 0; i < PROMPT; i++)
        ids[i] = (i * 37 + 5) % model.vocab;
    session_prefill(session, ids, PROMPT);
    memcpy(rows, session_head(session, PROMPT - 1, 1), model.vocab * sizeof *rows);
    for (u32 i = 0; i < DECODED; i++) {
        rows += model.vocab;
        memcpy(rows, session_decode(session, (i * 91 + 3) % model.vocab),
               model.vocab * sizeof *rows);
    }
}

START_TEST(dead_scratch_is_never_read)
{
    static struct session session;
    char weights[128];
    snprintf(weights, sizeof weights, "build/cpu/%s.weights", model.name);
    session_open(&session,
                 &(struct session_options){.weights = weights, .threads = (u32)_i, .quiet = true});
    size_t bytes = (size_t)model.vocab * (1 + DECODED) * sizeof(f32);
    f32 *want = malloc(bytes), *got = malloc(bytes);
    ck_assert_ptr_nonnull(want);
    ck_assert_ptr_nonnull(got);
    compute(&session, want);
    for (u32 rank = 0; rank < (u32)_i; rank++)
        session.pool.workers[rank].run.after_op = poison;
    compute(&session, got);
    ck_assert_uint_gt(poisoned, 0);
    ck_assert_msg(isfinite(want[0]), "logits are not finite without poison");
    ck_assert_msg(memcmp(want, got, bytes) == 0, "logits change when dead scratch is NaN");
    free(want);
    free(got);
    session_close(&session);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("poison");
    TCase *scratch = tcase_create("scratch");
    tcase_set_timeout(scratch, 120);
    tcase_add_loop_test(scratch, dead_scratch_is_never_read, 1, 3);
    suite_add_tcase(suite, scratch);
    return tests_run(suite);
}
