/* Which model for which use: a rule for each, and what follows from it. */
#include "tools/measure/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 4 };

/* A model's place under a rule: the smaller the value the better. */
struct candidate {
    const struct report_model *model;
    double value, low, high; /* low, high: its 95% interval; the value where it has none */
    struct report_text shown;
    struct report_text rows[ROWS]; /* that it rests on */
    size_t row_count;
    enum report_verb verb; /* of a timed ranking: what measured it */
};

struct ranking {
    const struct report *report;
    bool timed; /* the values depend on how fast the machine was */
    struct candidate list[REPORT_MODELS];
    size_t count;
    struct {
        const struct report_model *model;
        const char *why;
    } out[REPORT_MODELS]; /* not considered */
    size_t out_count;
};

static struct candidate *add(struct ranking *ranking, const struct report_model *model,
                             double value, struct report_text shown)
{
    struct candidate *candidate = &ranking->list[ranking->count++];
    *candidate = (struct candidate){
        .model = model, .value = value, .low = value, .high = value, .shown = shown};
    return candidate;
}

static void rest_on(struct candidate *candidate, char table, size_t row)
{
    candidate->rows[candidate->row_count++] = report_row(table, row);
}

static void leave_out(struct ranking *ranking, const struct report_model *model, const char *why)
{
    ranking->out[ranking->out_count].model = model;
    ranking->out[ranking->out_count++].why = why;
}

/* Best first; equals stay in the order of the models. */
static void sort(struct ranking *ranking)
{
    for (size_t i = 1; i < ranking->count; i++) {
        const struct candidate moved = ranking->list[i];
        size_t at = i;
        for (; at > 0 && ranking->list[at - 1].value > moved.value; at--)
            ranking->list[at] = ranking->list[at - 1];
        ranking->list[at] = moved;
    }
}

/* The record of this model and verb during which its canaries told of a neighbour; NULL: none. */
static const struct report_record *disturbed_record(const struct report *report,
                                                    const struct candidate *candidate)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct report_record *record = &report->records[i];
        if (&report->models[record->model] == candidate->model && record->verb == candidate->verb &&
            json_array_size(json_object_get(record->root, "disturbed")) > 0)
            return record;
    }
    return NULL;
}

/* How far apart times may be by the machine alone: as its canaries, between records and inside of
 * disturbed ones. */
static double margin_of(const struct ranking *ranking)
{
    size_t slow, fast;
    const double drift = report_drift(ranking->report, &slow, &fast);
    double margin = isfinite(drift) ? drift : 1;
    if (!ranking->timed)
        return 1;
    for (size_t i = 0; i < ranking->count; i++) {
        const struct report_record *record = disturbed_record(ranking->report, &ranking->list[i]);
        if (record != NULL && record->canary_high > margin * record->canary_low)
            margin = record->canary_high / record->canary_low;
    }
    return margin;
}

/* How many of the sorted candidates are as good as the first: no interval behind its own, or, of
 * times, no further from it than the machine from itself. */
static size_t count_tied(const struct ranking *ranking)
{
    size_t tied = 1;
    const double margin = margin_of(ranking);
    const struct candidate *best = &ranking->list[0];
    while (tied < ranking->count && (ranking->list[tied].low <= best->high ||
                                     ranking->list[tied].value <= best->value * margin))
        tied++;
    return tied;
}

static void say_candidate(struct page *page, const struct ranking *ranking,
                          const struct candidate *candidate)
{
    page_text(page, ", %s ", candidate->shown.text);
    for (size_t i = 0; i < candidate->row_count; i++) {
        page_text(page, "%s", i ? " " : "");
        page_reference(page, candidate->rows[i].text);
    }
    const struct report_record *disturbed =
        ranking->timed ? disturbed_record(ranking->report, candidate) : NULL;
    if (disturbed == NULL)
        return;
    page_text(page, " (disturbed ");
    page_reference(page, report_row('K', (size_t)(disturbed - ranking->report->records) + 1).text);
    page_text(page, ")");
}

static void say_ranking(struct page *page, struct ranking *ranking, const char *what)
{
    page_paragraph(page);
    if (*what != '\0')
        page_text(page, "%s: ", what);
    if (ranking->count == 0) {
        page_text(page, "%s claim, because no model has the data for it.", *what ? "no" : "No");
    } else {
        sort(ranking);
        const size_t tied = count_tied(ranking);
        if (tied > 1)
            page_text(page, "a tie of ");
        for (size_t i = 0; i < ranking->count; i++) {
            if (i > 0)
                page_text(page, i == tied ? "; then " : i < tied ? " and " : "; ");
            if (i < tied)
                page_strong(page, "%s", ranking->list[i].model->name);
            else
                page_text(page, "%s", ranking->list[i].model->name);
            say_candidate(page, ranking, &ranking->list[i]);
        }
        page_text(page, ".");
        if (ranking->count == 1)
            page_text(page, " There is no other to compare it with.");
    }
    for (size_t i = 0; i < ranking->out_count; i++)
        page_text(page, "%s%s (%s)", i ? "; " : " Not considered: ", ranking->out[i].model->name,
                  ranking->out[i].why);
    page_text(page, "%s", ranking->out_count ? "." : "");
    page_paragraph_end(page);
}

static void say_rule(struct page *page, const char *heading, const char *rule)
{
    page_subsection(page, heading);
    page_paragraph_muted(page);
    page_text(page, "Rule: %s", rule);
    page_paragraph_end(page);
}

/* ---- long documents -------------------------------------------------------------------------- */

/* The point of a sweep at a position, from 0; -1: none with a decode speed. */
static int point_at(const struct report_model *model, double position)
{
    for (size_t i = 0; i < json_array_size(model->sweep); i++) {
        const json_t *point = json_array_get(model->sweep, i);
        if (report_number(point, "position") == position &&
            report_number(point, "decode_tokens_per_second") > 0)
            return (int)i;
    }
    return -1;
}

/* The least and the greatest position at which all of these were measured; false: there are not
 * two. */
static bool common_positions(const struct report *report, const bool *chosen, double *first,
                             double *last)
{
    const struct report_model *model = NULL;
    size_t found = 0;
    for (size_t m = 0; m < report->model_count && model == NULL; m++)
        model = chosen[m] ? &report->models[m] : NULL;
    for (size_t i = 0; model != NULL && i < json_array_size(model->sweep); i++) {
        const double position = report_number(json_array_get(model->sweep, i), "position");
        bool all = true;
        for (size_t m = 0; m < report->model_count; m++)
            all &= !chosen[m] || point_at(&report->models[m], position) >= 0;
        if (!all)
            continue;
        *first = found++ == 0 ? position : fmin(*first, position);
        *last = found == 1 ? position : fmax(*last, position);
    }
    return found >= 2;
}

static void say_speed_kept(struct page *page, const struct report *report, const bool *chosen)
{
    struct ranking ranking = {.report = report, .timed = true};
    double first = 0, last = 0;
    const bool common = common_positions(report, chosen, &first, &last);
    for (size_t m = 0; m < report->model_count && common; m++) {
        const struct report_model *model = &report->models[m];
        if (!chosen[m])
            continue;
        const int from = point_at(model, first), to = point_at(model, last);
        const double before =
            report_number(json_array_get(model->sweep, (size_t)from), "decode_tokens_per_second");
        const double after =
            report_number(json_array_get(model->sweep, (size_t)to), "decode_tokens_per_second");
        struct candidate *candidate =
            add(&ranking, model, before / after, report_percent(after / before, 0));
        candidate->verb = REPORT_SWEEP;
        rest_on(candidate, 'C', model->sweep_row + (unsigned)from);
        rest_on(candidate, 'C', model->sweep_row + (unsigned)to);
    }
    char what[160];
    snprintf(what, sizeof what, "Of their decode speed at position %s, these have left at %s",
             report_count(first).text, report_count(last).text);
    say_ranking(page, &ranking, common ? what : "Decode speed at two positions");
}

/* Chooses the models with the most positions and, of these, the fewest bytes for each. */
static void choose_longest(const struct report *report, bool *chosen, double *most, double *fewest)
{
    *most = 0;
    *fewest = INFINITY;
    for (size_t m = 0; m < report->model_count; m++) {
        const double context = report->models[m].context;
        *most = fmax(*most, context == 0 ? INFINITY : context);
    }
    for (int pass = 0; pass < 2; pass++)
        for (size_t m = 0; m < report->model_count; m++) {
            const struct report_model *model = &report->models[m];
            const double context = model->context == 0 ? INFINITY : model->context;
            if (pass == 0 && context == *most)
                *fewest = fmin(*fewest, model->per_position);
            chosen[m] = pass == 1 && context == *most && model->per_position == *fewest;
        }
}

static void advise_long(struct page *page, const struct report *report)
{
    bool chosen[REPORT_MODELS] = {false};
    double most, fewest;
    choose_longest(report, chosen, &most, &fewest);
    say_rule(
        page, "Long documents",
        "the models that hold the most positions; of these, those that add the fewest bytes for "
        "each "
        "token; of these, the one that keeps the greatest share of its decode speed. Fitting is "
        "not "
        "understanding: whether a model makes use of what is far back, only the loss by position "
        "says.");
    page_paragraph(page);
    const char *before = "";
    for (size_t m = 0; m < report->model_count; m++) {
        if (!chosen[m])
            continue;
        page_text(page, "%s", before);
        page_strong(page, "%s", report->models[m].name);
        page_text(page, " ");
        page_reference(page, report_row('A', m + 1).text);
        page_text(page, " ");
        page_reference(page, report_row('M', m + 1).text);
        before = ", ";
    }
    page_text(page,
              *before ? ": %s positions, and %s for each."
                      : "No claim: no model says how many "
                        "positions it holds.%.0s%.0s",
              isinf(most) ? "any number of" : report_count(most).text, report_bytes(fewest).text);
    page_paragraph_end(page);
    say_speed_kept(page, report, chosen);
}

/* ---- the other uses -------------------------------------------------------------------------- */

static void advise_streaming(struct page *page, const struct report *report)
{
    struct ranking ranking = {.report = report, .timed = true};
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_model *model = &report->models[m];
        const struct report_latency latency = report_latency(model);
        if (model->context != 0) {
            leave_out(&ranking, model, "its positions come to an end");
            continue;
        }
        if (!isfinite(latency.p99)) {
            leave_out(&ranking, model, "its latency was not measured");
            continue;
        }
        struct candidate *candidate =
            add(&ranking, model, latency.p99, report_seconds(latency.p99));
        if (isfinite(latency.p99_low) && isfinite(latency.p99_high)) {
            candidate->low = latency.p99_low;
            candidate->high = latency.p99_high;
        }
        candidate->verb = REPORT_LATENCY;
        rest_on(candidate, 'L', m + 1);
        rest_on(candidate, 'A', m + 1);
    }
    say_rule(
        page, "Streams without an end",
        "of the models that hold any number of positions, the one with the shortest time from one "
        "token to the next that 99% do not exceed.");
    say_ranking(page, &ranking, "");
}

static void say_memory(struct page *page, const struct report *report, double positions,
                       const char *what)
{
    struct ranking ranking = {.report = report};
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_model *model = &report->models[m];
        const double bytes = report_memory_at(model, positions);
        if (!isfinite(bytes)) {
            leave_out(&ranking, model, "its record does not say");
            continue;
        }
        rest_on(add(&ranking, model, bytes, report_bytes(bytes)), 'T', m + 1);
    }
    say_ranking(page, &ranking, what);
}

static void advise_memory(struct page *page, const struct report *report)
{
    say_rule(
        page, "Little memory",
        "the fewest bytes in all: weights, state, scratch and io, as planned, also where the model "
        "would have to be built anew for so many positions.");
    say_memory(page, report, 4096, "For 4,096 tokens");
    say_memory(page, report, 100000, "For 100,000 tokens");
}

static void advise_quality(struct page *page, const struct report *report)
{
    struct ranking ranking = {.report = report};
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_model *model = &report->models[m];
        const json_t *quality = report_quality(model);
        const double bits = report_number(quality, "bits_per_byte");
        const double error = report_number(json_object_get(quality, "error"), "bits_per_byte");
        if (!isfinite(bits) || !isfinite(error) || report_guesses(model)) {
            leave_out(&ranking, model,
                      model->random      ? "random weights"
                      : !isfinite(bits)  ? "not measured"
                      : !isfinite(error) ? "its figure has no error"
                                         : "no better than a guess");
            continue;
        }
        struct report_text shown;
        snprintf(shown.text, sizeof shown.text, "%.4f bits per byte", bits);
        struct candidate *candidate = add(&ranking, model, bits, shown);
        candidate->low = bits - 1.96 * error;
        candidate->high = bits + 1.96 * error;
        rest_on(candidate, 'Q', m + 1);
    }
    say_rule(page, "Quality",
             "the fewest bits per byte of the same text, of the models whose weights are trained "
             "and that "
             "do better than a guess among their vocabulary.");
    say_ranking(page, &ranking, "");
}

/* The model's figure of a kind at the start of a text, of the same name as in `like`. */
static const struct report_figure *figure_of(const struct report_model *model, const char *kind,
                                             const char *like)
{
    for (size_t i = 0; i < model->figure_count; i++) {
        const struct report_figure *figure = &model->figures[i];
        if (strcmp(figure->kind, kind) == 0 && figure->depth <= 0 && figure->median > 0 &&
            (like == NULL || strcmp(figure->name, like) == 0))
            return figure;
    }
    return NULL;
}

static void advise_cost(struct page *page, const struct report *report)
{
    struct ranking ranking = {.report = report, .timed = true};
    const char *prompt = NULL, *text = NULL;
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_model *model = &report->models[m];
        const struct report_figure *read = figure_of(model, "prefill", prompt);
        const struct report_figure *write = figure_of(model, "decode", text);
        if (read == NULL || write == NULL) {
            leave_out(&ranking, model, "no figures of the same names");
            continue;
        }
        if (!isfinite(read->low) || !isfinite(write->low)) {
            leave_out(&ranking, model, "too few samples for an interval");
            continue;
        }
        prompt = read->name;
        text = write->name;
        const double threads =
            report_number(json_object_get(report->records[0].root, "run"), "threads");
        const double cost = threads * (1000 / read->median + 1000 / write->median);
        struct candidate *candidate = add(&ranking, model, cost, report_seconds(cost));
        candidate->low = threads * (1000 / read->high + 1000 / write->high);
        candidate->high = threads * (1000 / read->low + 1000 / write->low);
        candidate->verb = REPORT_BENCH;
        rest_on(candidate, 'S', read->row);
        rest_on(candidate, 'S', write->row);
    }
    say_rule(
        page, "Cost",
        "the fewest processor seconds for 1,000 tokens read and 1,000 written: threads times the "
        "sum of both, at the start of a text. Tokens of two tokenizers are not the same amount of "
        "text; energy is not measured.");
    say_ranking(page, &ranking, "");
}

void report_advice(struct page *page, const struct report *report)
{
    page_section(page, "advice", "Which model for what");
    page_paragraph(page);
    page_text(
        page,
        "Each claim follows from the rule above it and rests on the rows that it names. Two "
        "models tie where their 95%% intervals overlap and, in times, where they differ by less "
        "than the machine did (");
    page_reference(page, "K1");
    page_text(page,
              " and on); \"disturbed\" are times during which a neighbour took a part of it.");
    page_paragraph_end(page);
    advise_long(page, report);
    advise_streaming(page, report);
    advise_memory(page, report);
    advise_quality(page, report);
    advise_cost(page, report);
}
