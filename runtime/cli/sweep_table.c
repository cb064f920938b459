#include "runtime/cli/sweep_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/number_text.h"
#include "runtime/measure/stats.h"

enum { COLUMNS = 8, CELL_BYTES = 40 };

/* The last one only with a text. The widths are those of lines for people. */
static const struct {
    const char *heading;
    int width;
} columns[COLUMNS] = {
    {"depth", 13}, {"prefill tok/s", 15}, {"decode tok/s", 14}, {"first token", 13},
    {"state", 12}, {"keys, values", 14},  {"resident", 12},     {"bits/byte", 11},
};

static double median(const double *values, u32 count)
{
    double sorted[SWEEP_REPETITIONS];
    if (count == 0 || !(values[0] > 0)) /* 0: there was no such probe */
        return NAN;
    memcpy(sorted, values, count * sizeof *values);
    return stats_median(sorted, count);
}

static struct number_text shown(const char *format, double value)
{
    struct number_text said = {"-"};
    if (isfinite(value))
        snprintf(said.text, sizeof said.text, format, value);
    return said;
}

static struct number_text seconds(double value)
{
    return value < 1e-3 ? shown("%.1f us", 1e6 * value)
           : value < 1  ? shown("%.2f ms", 1e3 * value)
                        : shown("%.2f s", value);
}

static void print_row(struct sweep_table *table, const struct sweep_row *row)
{
    const struct number_text cells[COLUMNS] = {
        number_text_grouped(row->position),
        number_text_rate(row->prefill, 1),
        shown("%.1f", median(row->decode, row->repetitions)),
        seconds(median(row->first_token, row->repetitions)),
        number_text_bytes(row->state_bytes),
        number_text_bytes(row->cache_bytes),
        number_text_bytes(row->resident_bytes),
        shown("%.4f", row->bits_per_byte),
    };
    const bool md = table->format == RECORD_MD;
    for (int i = 0; i < COLUMNS - !table->score; i++)
        out_print(table->out, md ? "| %*s " : "%*s", md ? 0 : columns[i].width, cells[i].text);
    out_text(table->out, md ? "|\n" : "\n");
}

static void print_heading(struct sweep_table *table)
{
    const bool md = table->format == RECORD_MD;
    const int count = COLUMNS - !table->score;
    for (int i = 0; i < count; i++)
        out_print(table->out, md ? "| %*s " : "%*s", md ? 0 : columns[i].width, columns[i].heading);
    out_text(table->out, md ? "|\n" : "\n");
    for (int i = 0; md && i < count; i++)
        out_text(table->out, i + 1 < count ? "|--:" : "|--:|\n");
}

static void csv_real(struct out *out, double value)
{
    out_text(out, ",");
    if (isfinite(value))
        out_text(out, number_text_real(value).text);
}

static void print_csv(struct out *out, const struct sweep_row *row)
{
    out_print(out, "%" PRIu64 ",%" PRIu64, row->position, row->tokens);
    csv_real(out, row->prefill);
    csv_real(out, median(row->decode, row->repetitions));
    csv_real(out, median(row->first_token, row->repetitions));
    out_print(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, row->state_bytes,
              row->cache_bytes, row->resident_bytes, row->peak_bytes);
    csv_real(out, row->bits_per_byte);
    out_text(out, "\n");
}

void sweep_table_row(struct sweep_table *table, const struct sweep_row *row)
{
    if (table->format == RECORD_JSON || table->format == RECORD_JSONL)
        return;
    if (table->format == RECORD_CSV) {
        if (!table->started)
            out_text(table->out,
                     "position,tokens,prefill_tokens_per_second,decode_tokens_per_second,"
                     "first_token_seconds,state_bytes,cache_bytes,resident_bytes,peak_bytes,"
                     "bits_per_byte\n");
        print_csv(table->out, row);
    } else {
        if (!table->started)
            print_heading(table);
        print_row(table, row);
    }
    table->started = true;
    out_flush(table->out);
}

void sweep_section_write(struct json *json, const void *section)
{
    const struct sweep_section *sweep = section;
    json_add_string(json, "sweep_tokens", sweep->tokens);
    json_open(json, "sweep", '[');
    for (u32 i = 0; i < sweep->count; i++) {
        const struct sweep_row *row = &sweep->rows[i];
        json_open(json, NULL, '{');
        json_add_integer(json, "position", row->position);
        json_add_integer(json, "tokens", row->tokens);
        json_add_real(json, "prefill_tokens_per_second", row->prefill);
        json_add_real(json, "decode_tokens_per_second", median(row->decode, row->repetitions));
        json_add_real(json, "first_token_seconds", median(row->first_token, row->repetitions));
        json_add_integer(json, "state_bytes", row->state_bytes);
        json_add_integer(json, "cache_bytes", row->cache_bytes);
        json_add_integer(json, "resident_bytes", row->resident_bytes);
        json_add_integer(json, "peak_bytes", row->peak_bytes);
        json_add_real(json, "bits_per_byte", row->bits_per_byte);
        json_close(json, '}');
    }
    json_close(json, ']');
}
