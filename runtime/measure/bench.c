#include "runtime/measure/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/base/clock.h"
#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/measure/stats.h"
#include "runtime/measure/work.h"

/* A model that fits in cache takes microseconds: a sample lasts at least this long. */
static const double LEAST_SECONDS = 0.02;

enum { NAME_BYTES = 96 };

/* ---- what is measured ------------------------------------------------------------------------ */

/* The test of that number; false: there is none. */
static bool test_at(const struct bench_plan *plan, u32 index, struct bench_test *test)
{
    for (u32 i = 0; i < plan->prompts.count; i++)
        if (plan->prompts.at[i] > 0 && index-- == 0) {
            *test = (struct bench_test){.prompt = (u32)plan->prompts.at[i]};
            return true;
        }
    for (u32 i = 0; i < plan->gens.count; i++)
        if (plan->gens.at[i] > 0 && index-- == 0) {
            *test = (struct bench_test){.gen = (u32)plan->gens.at[i]};
            return true;
        }
    if (index < plan->pair_count)
        *test = plan->pairs[index];
    return index < plan->pair_count;
}

u32 bench_figures(const struct bench_plan *plan)
{
    struct bench_test test;
    u32 tests = 0;
    while (test_at(plan, tests, &test))
        tests++;
    return tests * plan->depths.count * plan->threads.count;
}

/* Positions that a test takes. */
static uint64_t length(const struct bench_test *test)
{
    return (uint64_t)test->prompt + test->gen + (test->gen > 0 ? backend_bench_ahead : 0);
}

uint64_t bench_positions(const struct bench_plan *plan)
{
    struct bench_test test;
    uint64_t most = 0;
    for (u32 i = 0; test_at(plan, i, &test); i++)
        most = length(&test) > most ? length(&test) : most;
    return number_list_most(&plan->depths) + most;
}

u32 bench_longest_gen(const struct bench_plan *plan)
{
    struct bench_test test;
    u32 most = 0;
    for (u32 i = 0; test_at(plan, i, &test); i++)
        most = test.gen > most ? test.gen : most;
    return most;
}

/* As llama-bench names them: "pp512+tg128 @ d4096". `threads` 0: not said. */
static void name_figure(char name[NAME_BYTES], const struct bench_test *test, uint64_t depth,
                        u32 threads)
{
    int at = 0;
    if (test->prompt > 0)
        at += snprintf(name, NAME_BYTES, "pp%u%s", test->prompt, test->gen > 0 ? "+" : "");
    if (test->gen > 0)
        at += snprintf(name + at, NAME_BYTES - (size_t)at, "tg%u", test->gen);
    if (depth > 0)
        at += snprintf(name + at, NAME_BYTES - (size_t)at, " @ d%" PRIu64, depth);
    if (threads > 0)
        snprintf(name + at, NAME_BYTES - (size_t)at, " @ t%u", threads);
}

void bench_require_room(const struct bench_plan *plan)
{
    struct bench_test test;
    char name[NAME_BYTES];
    for (u32 d = 0; d < plan->depths.count; d++)
        for (u32 i = 0; test_at(plan, i, &test); i++) {
            name_figure(name, &test, plan->depths.at[d], 0);
            session_require_room(name, plan->depths.at[d] + length(&test), false);
        }
}

/* ---- memory ---------------------------------------------------------------------------------- */

static uint64_t each_bytes(const struct bench_plan *plan)
{
    return arena_rounded((uint64_t)plan->repetitions * bench_longest_gen(plan) * sizeof(double));
}

static uint64_t repetitions_bytes(const struct bench_plan *plan)
{
    return arena_rounded(plan->repetitions * sizeof(double));
}

static uint64_t peaks_bytes(const struct bench_plan *plan)
{
    return arena_rounded((uint64_t)bench_figures(plan) * plan->repetitions * sizeof(double));
}

/* In front, and behind every figure. */
static u32 canaries(const struct bench_plan *plan)
{
    return 1 + bench_figures(plan);
}

uint64_t bench_bytes(const struct bench_plan *plan)
{
    return each_bytes(plan) + 2 * repetitions_bytes(plan) + 2 * peaks_bytes(plan) +
           arena_rounded(canary_bytes(canaries(plan)));
}

void bench_open(struct bench *bench, const struct bench_plan *plan, struct session *session,
                struct record *record, const u32 *ids, void *memory)
{
    uint8_t *at = memory;
    *bench = (struct bench){.plan = plan,
                            .session = session,
                            .record = record,
                            .ids = ids,
                            .snapshot.at = session->snapshot};
    bench->each = (double *)(void *)at;
    at += each_bytes(plan);
    bench->beside = (double *)(void *)at;
    at += repetitions_bytes(plan);
    bench->ratios = (double *)(void *)at;
    at += repetitions_bytes(plan);
    bench->reads.values = (double *)(void *)at;
    at += peaks_bytes(plan);
    bench->multiply_adds.values = (double *)(void *)at;
    at += peaks_bytes(plan);
    canary_open(&bench->canary, session, at, canaries(plan));
}

/* ---- passes ---------------------------------------------------------------------------------- */

static bool stopped(const struct bench *bench)
{
    return interrupt_asked() || bench->record->out.closed;
}

/* Consumes the next `count` tokens of the text. */
static void consume(struct bench *bench, uint64_t count)
{
    struct session *session = bench->session;
    while (count > 0 && !interrupt_asked()) {
        const u32 some = count < session->chunk ? (u32)count : session->chunk;
        session_prefill(session, bench->ids + session->position, some);
        count -= some;
    }
}

static void restore(struct bench *bench)
{
    if (bench->snapshot.position > 0)
        state_copy_in(bench->session, &bench->snapshot);
    else
        session_reset(bench->session);
}

/* Goes on to that depth, with all threads, and keeps what is there. */
static void reach(struct bench *bench, uint64_t depth)
{
    team_use(&bench->session->pool, bench->session->pool.started);
    restore(bench);
    consume(bench, depth - bench->session->position);
    if (depth > 0)
        state_copy_out(bench->session, &bench->snapshot);
}

/* Seconds of a prefill: prompt tokens only, and the logits of the last, which a user gets with
 * them. */
static double time_prefill(struct bench *bench, u32 tokens)
{
    const uint64_t start = clock_now();
    consume(bench, tokens);
    if (!interrupt_asked())
        session_head(bench->session, bench->session->rows - 1, 1);
    return clock_since(start);
}

/* Tokens per second of whole passes. each[test->gen] receives the seconds of the tokens of the
 * last. */
static double take_sample(struct bench *bench, const struct bench_test *test, double *each)
{
    struct session *session = bench->session;
    const uint64_t start = clock_now();
    double tokens = 0, seconds = 0;
    do {
        restore(bench);
        backend_wait(session);
        if (test->prompt > 0)
            seconds += time_prefill(bench, test->prompt);
        if (test->gen > 0)
            seconds +=
                backend_bench_decode(session, bench->ids + session->position, test->gen, each);
        tokens += (double)test->prompt + (double)test->gen;
    } while (clock_since(start) < LEAST_SECONDS && !stopped(bench));
    return tokens / seconds;
}

/* How often a second, of what takes the seconds that `one` returns. */
static double take_peak(struct session *session, double (*one)(struct session *session))
{
    const uint64_t start = clock_now();
    double seconds = 0, calls = 0;
    do {
        seconds += one(session);
        calls++;
    } while (clock_since(start) < LEAST_SECONDS);
    return calls / seconds;
}

/* Whatever is put off until something first runs happens here. */
static void warm_up(struct bench *bench, const struct bench_test *test)
{
    const u32 most = bench->session->chunk;
    double each;
    restore(bench);
    if (test->prompt > 0) {
        backend_bench_multiply_adds(bench->session);
        time_prefill(bench, test->prompt < most ? test->prompt : most);
    }
    if (test->gen > 0) {
        backend_bench_read(bench->session);
        backend_bench_decode(bench->session, bench->ids + bench->session->position, 1, &each);
    }
}

/* ---- figures --------------------------------------------------------------------------------- */

/* The median of what the figure did of its peak, sample by sample: `work` for each token. */
static double share(struct bench *bench, const struct figure *figure, double work)
{
    for (u32 i = 0; i < figure->count; i++)
        bench->ratios[i] = figure->samples[i] * work / bench->beside[i];
    return stats_median(bench->ratios, figure->count);
}

static double median_sample(struct bench *bench, const double *values, u32 count)
{
    memcpy(bench->ratios, values, count * sizeof *values);
    return stats_median(bench->ratios, count);
}

static void add_prefill(struct bench *bench, struct figure *figure, u32 tokens, uint64_t depth)
{
    const double work = work_prefill_multiply_adds(depth, tokens) / tokens;
    const double speed = median_sample(bench, figure->samples, figure->count);
    const double peak = median_sample(bench, bench->beside, figure->count);
    figure_scalar(figure, "multiply_adds_per_token", work, NULL, 1);
    figure_scalar(figure, "multiply_adds_per_second", speed * work, "GMA/s", 1e-9);
    figure_scalar(figure, "multiply_adds_peak", peak, NULL, 1);
    figure_scalar(figure, "share_of_multiply_adds", share(bench, figure, work), "% of peak", 100);
}

static void add_decode(struct bench *bench, struct figure *figure, u32 tokens, uint64_t depth)
{
    const double work = work_decode_bytes(depth + backend_bench_ahead, tokens) / tokens;
    const double speed = median_sample(bench, figure->samples, figure->count);
    const double peak = median_sample(bench, bench->beside, figure->count);
    const uint64_t all = (uint64_t)figure->count * tokens;
    figure_scalar(figure, "bytes_per_token", work, NULL, 1);
    figure_scalar(figure, "bytes_per_second", speed * work, "GB/s", 1e-9);
    figure_scalar(figure, "read_peak", peak, NULL, 1);
    figure_scalar(figure, "share_of_read", share(bench, figure, work), "% of read", 100);
    stats_sort(bench->each, all);
    figure_scalar(figure, "token_seconds_p50", stats_quantile(bench->each, all, 0.50), NULL, 1);
    figure_scalar(figure, "token_seconds_p99", stats_quantile(bench->each, all, 0.99), NULL, 1);
    figure_scalar(figure, "token_seconds_max", bench->each[all - 1], NULL, 1);
}

/* In front of each sample, the peak that it is compared with. */
static void take_beside(struct bench *bench, u32 repetition, const struct bench_test *test)
{
    const bool decode = test->gen > 0;
    struct bench_series *all = decode ? &bench->reads : &bench->multiply_adds;
    const double peak =
        take_peak(bench->session, decode ? backend_bench_read : backend_bench_multiply_adds);
    bench->beside[repetition] = peak;
    if (bench->session->pool.used == bench->session->pool.started)
        all->values[all->count++] = peak;
}

static const char *kind(const struct bench_test *test)
{
    return test->prompt == 0 ? "decode" : test->gen == 0 ? "prefill" : "both";
}

static const struct figure *measure(struct bench *bench, const struct bench_test *test,
                                    uint64_t depth, u32 threads)
{
    const struct bench_plan *plan = bench->plan;
    const bool both = test->prompt > 0 && test->gen > 0;
    char name[NAME_BYTES];
    name_figure(name, test, depth, plan->threads.count > 1 ? threads : 0);
    struct figure *figure =
        record_figure(bench->record, plan->repetitions, kind(test), "tokens/s", "%s", name);
    figure->n_prompt = test->prompt;
    figure->n_gen = test->gen;
    figure->depth = (int64_t)depth;
    if (bench->begun++ > 0 && plan->delay_seconds > 0)
        nanosleep(&(struct timespec){.tv_sec = plan->delay_seconds}, NULL);
    if (plan->progress)
        note("figure %u of %u: %s", bench->begun, bench_figures(plan), name);
    if (plan->warm_up && !stopped(bench))
        warm_up(bench, test);
    for (u32 i = 0; i < plan->repetitions && !stopped(bench); i++) {
        if (!both)
            take_beside(bench, i, test);
        const double sample = take_sample(bench, test, bench->each + (uint64_t)i * test->gen);
        if (!stopped(bench))
            figure_sample(figure, sample);
    }
    figure_scalar(figure, "threads", threads, plan->threads.count > 1 ? "threads" : NULL, 1);
    if (figure->count > 0 && !both && test->prompt > 0)
        add_prefill(bench, figure, test->prompt, depth);
    if (figure->count > 0 && !both && test->gen > 0)
        add_decode(bench, figure, test->gen, depth);
    record_done(bench->record, figure);
    return figure;
}

static void run_canary(struct bench *bench, enum canary_when when, const struct figure *figure)
{
    team_use(&bench->session->pool, bench->session->pool.started);
    canary_run(&bench->canary, when, figure ? figure->name : NULL,
               figure ? (int64_t)figure->count : -1);
}

static bool run_figures(struct bench *bench)
{
    const struct bench_plan *plan = bench->plan;
    struct bench_test test;
    run_canary(bench, CANARY_BEFORE, NULL);
    for (u32 d = 0; d < plan->depths.count; d++) {
        reach(bench, plan->depths.at[d]);
        for (u32 t = 0; t < plan->threads.count; t++)
            for (u32 i = 0; test_at(plan, i, &test); i++) {
                if (stopped(bench))
                    return false;
                team_use(&bench->session->pool, (u32)plan->threads.at[t]);
                const struct figure *figure =
                    measure(bench, &test, plan->depths.at[d], (u32)plan->threads.at[t]);
                const bool last = bench->begun == bench_figures(plan);
                run_canary(bench, last ? CANARY_AFTER : CANARY_BETWEEN, figure);
            }
    }
    return !stopped(bench);
}

bool bench_run(struct bench *bench)
{
    const bool complete = run_figures(bench);
    canary_close(&bench->canary);
    return complete;
}
