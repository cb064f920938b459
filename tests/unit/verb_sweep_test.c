/* The verb `sweep`: which depths, what is measured there by a clock that the test holds, and that
 * measuring leaves the text alone. The fake model's state is a hash of all its tokens. */
#include "runtime/measure/sweep.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/interrupt.h"
#include "tests/fixtures/fake_binary.h"
#include "tests/fixtures/fake_model.h"

/* ---- what is measured --------------------------------------------------------------------- */

/* A clock that goes on by a millisecond whenever it is read. */
static uint64_t readings;
static uint64_t count_readings(void)
{
    return ++readings * 1000000;
}

struct source {
    u32 next, end;
    bool interrupts;
};

static u32 ids_in_order(void *context, u32 *ids, u32 count)
{
    struct source *source = context;
    u32 got = 0;
    for (; got < count && source->next < source->end; got++)
        ids[got] = source->next++ * 7 % FAKE_VOCAB;
    if (source->interrupts)
        raise(SIGINT);
    return got;
}

static const uint64_t positions[] = {40, 100, 101, 333};
enum { POSITIONS = sizeof positions / sizeof *positions };

static struct session session;
static struct sweep sweep;
static struct sweep_row rows[POSITIONS];

/* Runs a sweep over the first `tokens` of the text; returns its rows. */
static u32 run_sweep(struct sweep_options *options, struct source *source)
{
    options->positions = positions;
    options->count = POSITIONS;
    options->source = ids_in_order;
    options->context = source;
    const uint64_t bytes = sweep_bytes(options, FAKE_CHUNK);
    struct session_options whole = {.weights = wordless,
                                    .threads = 2,
                                    .quiet = true,
                                    .host_bytes = bytes + backend_bench_bytes(),
                                    .snapshot_bytes = sweep_snapshot_bytes(options)};
    session_open(&session, &whole);
    sweep_open(&sweep, &session, options, arena_take(&session.io, bytes));
    backend_bench_open(&session, options->generate);
    session_reset(&session);
    clock_replace(count_readings);
    u32 count = 0;
    while (count < POSITIONS && !sweep.ended && sweep_measure(&sweep, count, &rows[count]))
        count++;
    clock_replace(NULL);
    return count;
}

/* What the model foretells behind the text and one token more. */
static uint64_t end_digest(void)
{
    const uint64_t digest = XXH3_64bits(session_decode(&session, 5), FAKE_VOCAB * sizeof(f32));
    session_close(&session);
    return digest;
}

START_TEST(speeds_are_those_of_the_clock)
{
    struct sweep_options options = {.generate = 10, .prompt = 35, .repetitions = 3};
    struct source source = {.end = UINT32_MAX};
    ck_assert_uint_eq(run_sweep(&options, &source), POSITIONS);
    /* Steps of an interval in chunks of 32, each of one millisecond. */
    static const struct {
        uint64_t tokens;
        u32 steps;
    } expected[POSITIONS] = {{40, 2}, {60, 2}, {1, 1}, {232, 8}};
    for (u32 i = 0; i < POSITIONS; i++) {
        ck_assert_uint_eq(rows[i].position, positions[i]);
        ck_assert_uint_eq(rows[i].tokens, expected[i].tokens);
        ck_assert_double_eq_tol(rows[i].prefill,
                                (double)expected[i].tokens / (1e-3 * expected[i].steps), 1e-6);
        ck_assert_uint_eq(rows[i].repetitions, 3);
        for (u32 k = 0; k < 3; k++) {
            ck_assert_double_eq_tol(rows[i].decode[k], 1000, 1e-6); /* one reading a token */
            ck_assert_double_eq_tol(rows[i].first_token[k], 1e-3, 1e-12);
        }
        ck_assert_uint_eq(rows[i].state_bytes, FAKE_STATE_BYTES);
        ck_assert_uint_eq(rows[i].cache_bytes, 0);
        ck_assert_uint_gt(rows[i].resident_bytes, 1000000);
        ck_assert_uint_ge(rows[i].peak_bytes, rows[i].resident_bytes);
        ck_assert(isnan(rows[i].bits_per_byte));
    }
    session_close(&session);
}
END_TEST

START_TEST(probes_leave_the_text_alone)
{
    struct sweep_options without = {.repetitions = 1};
    struct source source = {.end = UINT32_MAX};
    ck_assert_uint_eq(run_sweep(&without, &source), POSITIONS);
    ck_assert_uint_eq(session.position, 333);
    const uint64_t expected = end_digest();
    for (u32 kind = 1; kind < 4; kind++) {
        struct sweep_options with = {
            .generate = kind & 1 ? 9 : 0, .prompt = kind & 2 ? 33 : 0, .repetitions = 2};
        struct source again = {.end = UINT32_MAX};
        ck_assert_uint_eq(run_sweep(&with, &again), POSITIONS);
        ck_assert_uint_eq(session.position, 333);
        ck_assert_uint_eq(end_digest(), expected);
    }
}
END_TEST

START_TEST(probes_are_made_of_the_last_tokens)
{
    struct sweep_options options = {.generate = 38, .repetitions = 1};
    struct source source = {.end = UINT32_MAX};
    ck_assert_uint_eq(run_sweep(&options, &source), POSITIONS);
    for (u32 i = 0; i < 38; i++)
        ck_assert_uint_eq(sweep.recent[i], (333 - 38 + i) * 7 % FAKE_VOCAB);
    session_close(&session);
}
END_TEST

START_TEST(a_text_may_end_anywhere)
{
    static const struct {
        u32 tokens, rows;
    } cases[] = {{0, 0}, {1, 1}, {39, 1}, {40, 1}, {41, 2}, {101, 3}, {333, 4}, {334, 4}};
    struct sweep_options options = {.generate = 4, .prompt = 4, .repetitions = 1};
    struct source source = {.end = cases[_i].tokens};
    const u32 count = run_sweep(&options, &source);
    ck_assert_uint_eq(count, cases[_i].rows);
    ck_assert(sweep.ended == (cases[_i].tokens < 334));
    if (count > 0) {
        const uint64_t last = cases[_i].tokens < 333 ? cases[_i].tokens : 333;
        ck_assert_uint_eq(rows[count - 1].position, last);
        ck_assert_uint_eq(rows[count - 1].repetitions, last >= 4); /* else too few tokens to try */
    }
    session_close(&session);
}
END_TEST

START_TEST(an_interrupt_ends_it_without_a_row)
{
    struct sweep_options options = {.generate = 4, .prompt = 4, .repetitions = 1};
    struct source source = {.end = UINT32_MAX, .interrupts = true};
    interrupt_catch();
    ck_assert_uint_eq(run_sweep(&options, &source), 0);
    ck_assert_uint_eq(session.position, 32);
    session_close(&session);
}
END_TEST

/* ---- the command line --------------------------------------------------------------------- */

/* The first column of the CSV without its heading, with a blank behind each. */
static void depths_of(const struct child *child, char *shown, size_t room)
{
    shown[0] = '\0';
    const char *line = strchr(child->out, '\n');
    while (line && line[1] != '\0') {
        const size_t used = strlen(shown);
        snprintf(shown + used, room - used, "%.*s ", (int)strcspn(line + 1, ","), line + 1);
        line = strchr(line + 1, '\n');
    }
}

static const struct {
    const char *arguments[4];
    const char *depths;
} depths[] = {
    {{"--to", "20K"}, "1000 2000 5000 10000 20000 "},
    {{"--from", "64", "--to", "700"}, "64 100 200 500 700 "},
    {{"--from", "100", "--to=900", "--double"}, "100 200 400 800 900 "},
    {{"--depths", "64,1k,1025,2K"}, "64 1000 1025 2000 "},
    {{"--depths", "33"}, "33 "},
};

START_TEST(depths_are_spread_or_listed)
{
    char shown[256];
    const char *const *more = depths[_i].arguments;
    const struct child *child =
        CHILD(fake, "sweep", "-q", "-m", wordless, "-o", "csv", "-n", "0", "-p", "0", more[0],
              more[1] ? more[1] : "-q", more[2] ? more[2] : "-q", more[3] ? more[3] : "-q");
    ck_assert_msg(child->code == 0, "%s", child->err);
    depths_of(child, shown, sizeof shown);
    ck_assert_str_eq(shown, depths[_i].depths);
}
END_TEST

static const struct {
    const char *arguments[3];
    const char *message;
} mistakes[] = {
    {{"--depths", "1K,500"}, "--depths: 500 does not lie behind 1000"},
    {{"--depths", "1K,,2K"},
     "--depths: ',2K' is not a depth; expected a whole number from 1 to 1000000000000, with K for "
     "thousands or M for millions"},
    {{"--depths", "0"},
     "--depths: '0' is not a depth; expected a whole number from 1 to 1000000000000, with K for "
     "thousands or M for millions"},
    {{"--to", "1G"},
     "--to: '1G' is not a depth; expected a whole number from 1 to 1000000000000, with K for "
     "thousands or M for millions"},
    {{"--to", "18446744073709551616K"},
     "--to: '18446744073709551616K' is not a depth; expected a whole number from 1 to "
     "1000000000000, with K for thousands or M for millions"},
    {{"--to", "1K,2K"}, "--to: '1K,2K': expected one depth; a list is for --depths"},
    {{"--to", "500"}, "--from 1000 lies behind --to 500"},
    {{"--depths=1K", "--double"}, "--depths lists them all: leave --from, --to and --double out"},
    {{"--depths", "31"},
     "a depth of 31 is too small: what is tried there consists of 32 tokens of the text before "
     "it; give a greater one, or fewer with -n and -p"},
    {{"--repeat"}, "--repeat needs a file to read again: name it with --file"},
    {{"-r", "101"}, "--repetitions: '101' is not a whole number from 1 to 100"},
    {{"-o", "xml"}, "--output: 'xml' is not known; expected table, md, csv, json or jsonl"},
};

START_TEST(mistakes_are_named)
{
    char message[512];
    const char *const *more = mistakes[_i].arguments;
    snprintf(message, sizeof message, "fake: %s\n", mistakes[_i].message);
    assert_refused(CHILD(fake, "sweep", "-m", wordless, more[0], more[1]), 2, message);
}
END_TEST

START_TEST(a_text_is_read_again_if_asked_for)
{
    const char *path = child_scratch("text");
    static const char text[] = "the fox and the hound, and the fox again and again";
    fake_write(path, text, sizeof text - 1);
    const struct child *child = CHILD(fake, "sweep", "-m", llama, "-q", "-f", path, "--depths",
                                      "5,9,700", "-n", "2", "-p", "2", "--repeat", "-o", "csv");
    char shown[256];
    ck_assert_msg(child->code == 0, "%s", child->err);
    depths_of(child, shown, sizeof shown);
    ck_assert_str_eq(shown, "5 9 700 ");
    child = CHILD(fake, "sweep", "-m", llama, "-q", "-f", path, "--depths", "5,9,700", "-n", "2",
                  "-p", "2", "-o", "csv");
    ck_assert_int_eq(child->code, 0);
    ck_assert_ptr_nonnull(strstr(child->err, " tokens; no greater depth is reached (--repeat reads "
                                             "it again)"));
    child = CHILD(fake, "sweep", "-m", llama, "-q", "-f", "/dev/null", "--no-bos", "--depths", "5",
                  "-n", "2", "-p", "2", "--repeat", "-o", "csv");
    ck_assert_int_eq(child->code, 1);
    ck_assert_str_eq(child->err, "fake: /dev/null is empty: there is nothing to measure\n");
}
END_TEST

int main(void)
{
    fake_binary_make();
    Suite *suite = suite_create("verb_sweep");
    TCase *measuring = add_case(suite, "measuring");
    tcase_add_test(measuring, speeds_are_those_of_the_clock);
    tcase_add_test(measuring, probes_leave_the_text_alone);
    tcase_add_test(measuring, probes_are_made_of_the_last_tokens);
    tcase_add_loop_test(measuring, a_text_may_end_anywhere, 0, 8);
    tcase_add_test(measuring, an_interrupt_ends_it_without_a_row);
    TCase *command = add_case(suite, "command");
    tcase_add_loop_test(command, depths_are_spread_or_listed, 0, sizeof depths / sizeof *depths);
    tcase_add_loop_test(command, mistakes_are_named, 0, sizeof mistakes / sizeof *mistakes);
    tcase_add_test(command, a_text_is_read_again_if_asked_for);
    return tests_run(suite);
}
