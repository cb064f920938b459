#include "runtime/measure/latency.h"

#include <math.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/interrupt.h"

const char latency_includes[] =
    "first token: from the call, with zeroing the state, tokenizing the prompt, prefill, the "
    "logits of its last position and the choice, until the host has the id; tokenize: the "
    "tokenizer alone; token: from one choice to the next, one decode step with its logits and the "
    "greedy choice, by the host's clock on a CPU and by the device's on a GPU; never loading, "
    "detokenizing or printing";

/* ---- measuring ------------------------------------------------------------------------------- */

bool latency_first_token(struct session *session, const struct latency_prompt *prompt, u32 *ids,
                         struct latency_first *first)
{
    *first = (struct latency_first){0};
    const uint64_t start = clock_now();
    session_reset(session);
    prompt->begin(prompt->context);
    u32 last = 0;
    for (;;) {
        const uint64_t before = clock_now();
        const u32 count = prompt->next(prompt->context, ids, session->chunk);
        first->tokenize += clock_since(before);
        if (interrupt_asked())
            return false;
        if (count == 0)
            break;
        session_prefill(session, ids, count);
        first->tokens += count;
        last = count;
    }
    const f32 *logits = last > 0 ? session_head(session, last - 1, 1) : session_begin_text(session);
    backend_generate_begin(session, logits);
    const bool chosen = backend_generate_next(session, &first->id);
    first->seconds = clock_since(start);
    backend_generate_end(session);
    return chosen;
}

u32 latency_part(u32 tokens)
{
    const u32 part = (tokens + LATENCY_PARTS - 1) / LATENCY_PARTS;
    return part > LATENCY_PART_LEAST ? part : LATENCY_PART_LEAST;
}

uint64_t latency_positions(u32 tokens)
{
    const u32 part = latency_part(tokens);
    return tokens + 2 * (((uint64_t)tokens + part - 1) / part) + 1;
}

/* Generates `count` tokens behind `id`, which the last of them replaces. */
static void generate_part(struct session *session, struct figure *figure, u32 *id, u32 count)
{
    backend_generate_begin(session, session_decode(session, *id));
    uint64_t before = 0;
    for (u32 i = 0; i <= count && !interrupt_asked(); i++) {
        if (!backend_generate_next(session, id))
            break;
        const uint64_t now = backend_token_time();
        if (i > 0)
            figure_sample(figure, 1e-9 * (double)(now - before));
        before = now;
    }
    backend_generate_end(session);
}

void latency_tokens(struct session *session, struct canary *canary, struct figure *figure,
                    const struct latency_first *first)
{
    const u32 part = latency_part(figure->most);
    u32 id = first->id;
    while (figure->count < figure->most && !interrupt_asked()) {
        const u32 left = figure->most - figure->count;
        generate_part(session, figure, &id, left < part ? left : part);
        canary_run(canary, figure->count < figure->most ? CANARY_BETWEEN : CANARY_AFTER,
                   figure->name, figure->count);
    }
}

/* ---- what the times say ---------------------------------------------------------------------- */

const double latency_shares[LATENCY_QUANTILES] = {0.5, 0.9, 0.95, 0.99, 0.999};

/* Fewer draws of a series that is long enough to need no more. */
enum { MANY_TOKENS = 100000, FEWER_DRAWS = 200 };

static struct stats_draws draws_for(uint64_t tokens)
{
    return (struct stats_draws){.draws = tokens > MANY_TOKENS ? FEWER_DRAWS : STATS_DRAWS};
}

uint64_t latency_bytes(u32 tokens)
{
    const struct stats_draws how = draws_for(tokens);
    const uint64_t bootstrap = stats_bootstrap_scratch(tokens, &how),
                   changes = 2 * (uint64_t)tokens;
    return (tokens + (bootstrap > changes ? bootstrap : changes)) * sizeof(double);
}

static void find_quantiles(struct latency *latency, double *sorted, double *scratch)
{
    const struct figure *figure = latency->figure;
    const struct stats_draws how = draws_for(figure->count);
    memcpy(sorted, figure->samples, figure->count * sizeof *sorted);
    stats_sort(sorted, figure->count);
    latency->least = sorted[0];
    latency->most = sorted[figure->count - 1];
    for (u32 i = 0; i < LATENCY_QUANTILES; i++) {
        const double share = latency_shares[i];
        latency->quantiles[i] = latency->intervals[i].low = latency->intervals[i].high =
            (double)NAN;
        if (i > 0 && round((1 - share) * figure->count) < 1)
            continue;
        latency->quantiles[i] = stats_quantile(sorted, figure->count, share);
        if (figure->count >= FIGURE_LEAST_SAMPLES)
            latency->intervals[i] = stats_bootstrap(figure->samples, figure->count,
                                                    stats_quantile_of, &share, &how, scratch);
    }
    latency->mean = stats_mean(figure->samples, figure->count);
    latency->mean_interval = latency->intervals[0]; /* unknown, if it stays so */
    if (figure->count >= FIGURE_LEAST_SAMPLES)
        latency->mean_interval =
            stats_bootstrap(figure->samples, figure->count, stats_mean_of, NULL, &how, scratch);
}

/* The machine explains a step if its canary made at least half of it, in the same direction. */
static void find_changes(struct latency *latency, double *scratch)
{
    const struct figure *figure = latency->figure;
    const struct stats_change_rule rule = {0};
    struct stats_change found[LATENCY_CHANGES];
    latency->change_count =
        stats_changes(figure->samples, figure->count, &rule, found, LATENCY_CHANGES, scratch);
    for (u32 i = 0; i < latency->change_count; i++) {
        struct latency_change *change = &latency->changes[i];
        change->change = found[i];
        change->canary = canary_step(latency->canary, figure->name, (int64_t)found[i].at);
        const double step = log(found[i].after / found[i].before);
        change->machine = log(change->canary) / step >= 0.5;
    }
}

void latency_analyze(struct latency *latency, void *memory)
{
    const struct figure *figure = latency->figure;
    double *sorted = memory, *scratch = sorted + figure->count;
    find_quantiles(latency, sorted, scratch);
    latency->autocorrelation = stats_autocorrelation(figure->samples, figure->count, 1);
    latency->slow =
        stats_runs_above(figure->samples, figure->count, LATENCY_SLOW * latency->quantiles[0]);
    find_changes(latency, scratch);
}

/* ---- the record ------------------------------------------------------------------------------ */

static void write_interval(struct json *json, const char *key, struct stats_interval interval)
{
    const double ends[] = {interval.low, interval.high};
    json_add_reals(json, key, ends, 2);
}

static void write_each(struct json *json, const struct latency *latency)
{
    static const char *const names[LATENCY_QUANTILES] = {"p50", "p90", "p95", "p99", "p99_9"};
    static const char *const intervals[LATENCY_QUANTILES] = {
        "p50_interval", "p90_interval", "p95_interval", "p99_interval", "p99_9_interval"};
    json_open(json, "each", '{');
    json_add_real(json, "min", latency->least);
    json_add_real(json, "mean", latency->mean);
    for (u32 i = 0; i < LATENCY_QUANTILES; i++)
        json_add_real(json, names[i], latency->quantiles[i]);
    json_add_real(json, "max", latency->most);
    write_interval(json, "mean_interval", latency->mean_interval);
    for (u32 i = 0; i < LATENCY_QUANTILES; i++)
        write_interval(json, intervals[i], latency->intervals[i]);
    json_close(json, '}');
}

static void write_jitter(struct json *json, const struct latency *latency)
{
    const double median = latency->quantiles[0];
    json_open(json, "jitter", '{');
    json_add_real(json, "p99_minus_p50", latency->quantiles[3] - median);
    json_add_real(json, "max_over_median", latency->most / median);
    json_add_real(json, "autocorrelation", latency->autocorrelation);
    json_open(json, "slow", '{');
    json_add_real(json, "from_seconds", LATENCY_SLOW * median);
    json_add_integer(json, "tokens", latency->slow.above);
    json_add_integer(json, "runs", latency->slow.runs);
    json_add_integer(json, "longest", latency->slow.longest);
    json_add_integer(json, "longest_at", latency->slow.at);
    json_close(json, '}');
    json_close(json, '}');
}

static void write_changes(struct json *json, const struct latency *latency)
{
    json_open(json, "changes", '[');
    for (u32 i = 0; i < latency->change_count; i++) {
        const struct latency_change *change = &latency->changes[i];
        json_open(json, NULL, '{');
        json_add_integer(json, "at", change->change.at);
        json_add_real(json, "before", change->change.before);
        json_add_real(json, "after", change->change.after);
        json_add_real(json, "p", change->change.p);
        json_add_real(json, "canary_step", change->canary);
        json_add_string(json, "cause", change->machine ? "machine" : "program");
        json_close(json, '}');
    }
    json_close(json, ']');
}

void latency_write(struct json *json, const void *context)
{
    const struct latency *latency = context;
    json_open(json, "latency", '{');
    json_add_integer(json, "tokens", latency->figure->count);
    json_open(json, "first_token", '{');
    json_add_integer(json, "prompt_tokens", (uint64_t)latency->first->n_prompt);
    json_add_real(json, "seconds", latency->first->median);
    if (latency->tokenize != NULL)
        json_add_real(json, "tokenize_seconds", latency->tokenize->median);
    else
        json_add_null(json, "tokenize_seconds");
    json_close(json, '}');
    write_each(json, latency);
    write_jitter(json, latency);
    write_changes(json, latency);
    if (latency->series != NULL)
        json_add_string(json, "series", latency->series);
    else
        json_add_null(json, "series");
    json_close(json, '}');
}
