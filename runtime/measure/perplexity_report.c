#include "runtime/measure/perplexity_report.h"

#include <math.h>
#include <stdio.h>

#include "runtime/base/number_text.h"

static const char *const rules[] = {
    [WINDOWS_NONE] = "one pass", [WINDOWS_STRIDED] = "strided", [WINDOWS_HALVES] = "llama.cpp"};

/* ---- figures --------------------------------------------------------------------------------- */

static void both(struct figure *figure, const char *name, const char *error_name,
                 struct loss_figure value)
{
    figure_scalar(figure, name, value.value, NULL, 1.0);
    figure_scalar(figure, error_name, value.error, NULL, 1.0);
}

void perplexity_figures(const struct perplexity_report *report, struct record *record)
{
    struct figure *figure = record_figure(record, 1, "quality", "bits/byte", "bits per byte");
    figure->lower_is_better = true;
    if (isfinite(report->loss.bits_per_byte.value))
        figure_sample(figure, report->loss.bits_per_byte.value);
    figure_scalar(figure, "error", report->loss.bits_per_byte.error, "standard error", 1.0);
    both(figure, "token_perplexity", "token_perplexity_error", report->loss.token_perplexity);
    both(figure, "word_perplexity", "word_perplexity_error", report->loss.word_perplexity);
    both(figure, "byte_perplexity", "byte_perplexity_error", report->loss.byte_perplexity);
    record_done(record, figure);
    if (report->perplexity->against == NULL)
        return;
    figure = record_figure(record, 1, "quality", "nats", "KL divergence");
    figure->lower_is_better = true;
    if (isfinite(report->divergence.nats.value))
        figure_sample(figure, report->divergence.nats.value);
    figure_scalar(figure, "error", report->divergence.nats.error, "standard error", 1.0);
    both(figure, "top1", "top1_error", report->divergence.same_top);
    both(figure, "dp_mean", "dp_mean_error", report->divergence.change);
    both(figure, "dp_rms", "dp_rms_error", report->divergence.change_rms);
    record_done(record, figure);
}

/* ---- the record ------------------------------------------------------------------------------ */

static void write_positions(struct json *json, const struct loss *loss)
{
    json_open(json, "by_position", '[');
    for (u32 i = 0; i < LOSS_POSITIONS; i++) {
        const struct loss_position *at = &loss->positions[i];
        uint64_t from, to;
        if (at->tokens == 0)
            continue;
        loss_position_range(i, &from, &to);
        json_open(json, NULL, '{');
        json_add_integer(json, "from", from);
        json_add_integer(json, "to", to);
        json_add_integer(json, "tokens", at->tokens);
        json_add_integer(json, "bytes", at->bytes);
        json_add_real(json, "bits_per_token", at->bits / (double)at->tokens);
        json_add_real(json, "bits_per_byte", at->bytes > 0 ? at->bits / (double)at->bytes : NAN);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_error(struct json *json, const struct perplexity_report *report)
{
    const struct loss_result *loss = &report->loss;
    const struct batches *scored = &report->perplexity->loss.scored;
    json_open(json, "error", '{');
    json_add_string(json, "method",
                    report->independent ? "independent tokens, as llama.cpp" : "batch means");
    if (!report->independent) {
        json_add_integer(json, "batches", scored->count);
        json_add_integer(json, "batch_tokens", scored->length);
    }
    json_add_real(json, "token_perplexity", loss->token_perplexity.error);
    json_add_real(json, "word_perplexity", loss->word_perplexity.error);
    json_add_real(json, "byte_perplexity", loss->byte_perplexity.error);
    json_add_real(json, "bits_per_token", loss->token_bits.error);
    json_add_real(json, "bits_per_byte", loss->bits_per_byte.error);
    json_close(json, '}');
}

static void write_pair(struct json *json, const char *name, const char *error_name,
                       struct loss_figure figure)
{
    json_add_real(json, name, figure.value);
    json_add_real(json, error_name, figure.error);
}

static void write_against(struct json *json, const struct perplexity_report *report)
{
    const struct logprobs_reader *against = report->perplexity->against;
    const struct divergence_result *result = &report->divergence;
    if (against == NULL) {
        json_add_null(json, "against");
        return;
    }
    json_open(json, "against", '{');
    json_add_string(json, "file", against->path);
    json_add_string(json, "model", against->header.model);
    json_add_integer(json, "tokens", result->tokens);
    json_add_string(json, "kl_unit", "nats");
    write_pair(json, "kl_mean", "kl_mean_error", result->nats);
    json_add_real(json, "kl_min", result->nats_at.least);
    json_add_real(json, "kl_median", result->nats_at.median);
    json_add_real(json, "kl_p90", result->nats_at.p90);
    json_add_real(json, "kl_p95", result->nats_at.p95);
    json_add_real(json, "kl_p99", result->nats_at.p99);
    json_add_real(json, "kl_p999", result->nats_at.p999);
    json_add_real(json, "kl_max", result->nats_at.most);
    write_pair(json, "top1", "top1_error", result->same_top);
    write_pair(json, "dp_mean", "dp_mean_error", result->change);
    write_pair(json, "dp_rms", "dp_rms_error", result->change_rms);
    json_add_real(json, "dp_min", result->change_at.least);
    json_add_real(json, "dp_p1", result->change_at.p1);
    json_add_real(json, "dp_median", result->change_at.median);
    json_add_real(json, "dp_p99", result->change_at.p99);
    json_add_real(json, "dp_max", result->change_at.most);
    json_add_real(json, "base_token_perplexity", result->base_perplexity);
    write_pair(json, "perplexity_ratio", "perplexity_ratio_error", result->perplexity_ratio);
    json_close(json, '}');
}

static void write_count(struct json *json, const char *key, uint64_t value)
{
    if (value > 0)
        json_add_integer(json, key, value);
    else
        json_add_null(json, key);
}

void perplexity_section(struct json *json, const void *context)
{
    const struct perplexity_report *report = context;
    const struct perplexity *perplexity = report->perplexity;
    const struct loss_result *loss = &report->loss;
    json_open(json, "perplexity", '{');
    json_add_string(json, "file", report->file);
    json_add_string(json, "rule", rules[perplexity->windows.kind]);
    write_count(json, "window", perplexity->windows.window);
    write_count(json, "stride", perplexity->windows.stride);
    json_add_bool(json, "bos", perplexity->begins > 0);
    json_add_integer(json, "text_tokens", loss->tokens);
    json_add_integer(json, "tokens", loss->scored);
    json_add_integer(json, "bytes", loss->bytes);
    json_add_integer(json, "words", loss->words);
    json_add_real(json, "token_perplexity", loss->token_perplexity.value);
    json_add_real(json, "word_perplexity", loss->word_perplexity.value);
    json_add_real(json, "byte_perplexity", loss->byte_perplexity.value);
    json_add_real(json, "bits_per_token", loss->token_bits.value);
    json_add_real(json, "bits_per_byte", loss->bits_per_byte.value);
    write_error(json, report);
    write_positions(json, &perplexity->loss);
    if (report->saved != NULL)
        json_add_string(json, "saved", report->saved);
    else
        json_add_null(json, "saved");
    write_against(json, report);
    json_close(json, '}');
}

/* ---- for people ------------------------------------------------------------------------------ */

/* Opens a table of figures. */
static void print_heading(struct out *out, const struct perplexity_report *report,
                          const char *first)
{
    if (report->md)
        out_print(out, "| %s | value | ± |\n| - | -: | -: |\n", first);
    else
        out_print(out, "%s\n", first);
}

static void print_figure(struct out *out, const struct perplexity_report *report, const char *name,
                         struct loss_figure figure)
{
    if (report->md)
        out_print(out, "| %s | %.6g | ", name, figure.value);
    else
        out_print(out, "  %-22s %12.6g", name, figure.value);
    if (isfinite(figure.error))
        out_print(out, "%s%.3g", report->md ? "" : " ± ", figure.error);
    out_text(out, report->md ? " |\n" : "\n");
}

static void print_value(struct out *out, const struct perplexity_report *report, const char *name,
                        double value)
{
    print_figure(out, report, name, (struct loss_figure){value, NAN});
}

static void print_against(struct out *out, const struct perplexity_report *report)
{
    const struct logprobs_reader *against = report->perplexity->against;
    const struct divergence_result *result = &report->divergence;
    char heading[512];
    snprintf(heading, sizeof heading, "against %s (%.64s)", against->path, against->header.model);
    out_text(out, "\n");
    print_heading(out, report, heading);
    print_figure(out, report, "KL divergence, nats", result->nats);
    print_value(out, report, "KL median", result->nats_at.median);
    print_value(out, report, "KL p99", result->nats_at.p99);
    print_value(out, report, "KL p99.9", result->nats_at.p999);
    print_value(out, report, "KL largest", result->nats_at.most);
    print_figure(out, report, "same likeliest token", result->same_top);
    print_figure(out, report, "dp, mean", result->change);
    print_figure(out, report, "dp, root mean square", result->change_rms);
    print_value(out, report, "its token perplexity", result->base_perplexity);
    print_figure(out, report, "ratio of perplexities", result->perplexity_ratio);
}

void perplexity_print(struct out *out, const void *context)
{
    const struct perplexity_report *report = context;
    const struct loss_result *loss = &report->loss;
    const struct batches *scored = &report->perplexity->loss.scored;
    out_print(out, "\n%s: %s tokens, %s of them scored: %s bytes, %s words; %s%s\n\n", report->file,
              number_text_grouped(loss->tokens).text, number_text_grouped(loss->scored).text,
              number_text_grouped(loss->bytes).text, number_text_grouped(loss->words).text,
              windows_describe(&report->perplexity->windows).text,
              report->perplexity->begins > 0 ? "; BOS in front" : "");
    print_heading(out, report,
                  report->complete ? "the whole text" : "interrupted: the text so far");
    print_figure(out, report, "token perplexity", loss->token_perplexity);
    print_figure(out, report, "word perplexity", loss->word_perplexity);
    print_figure(out, report, "byte perplexity", loss->byte_perplexity);
    print_figure(out, report, "bits per byte", loss->bits_per_byte);
    if (report->perplexity->against != NULL)
        print_against(out, report);
    if (report->independent)
        out_text(out, "\n±: standard errors as llama.cpp has them, of independent tokens\n");
    else
        out_print(out, "\n±: standard errors by batch means, %u batches of %s tokens\n",
                  scored->count, number_text_grouped(scored->length).text);
}
