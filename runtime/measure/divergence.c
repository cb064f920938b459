#include "runtime/measure/divergence.h"

#include <math.h>

#include "runtime/base/die.h"
#include "runtime/engine/arena.h"
#include "runtime/measure/stats.h"

#define LN_2 0x1.62e42fefa39efp-1

enum divergence_column {
    DIVERGENCE_TOKENS,
    DIVERGENCE_NATS,
    DIVERGENCE_NATS_SQUARES,
    DIVERGENCE_CHANGE,
    DIVERGENCE_CHANGE_SQUARES,
    DIVERGENCE_CHANGE_FOURTHS,
    DIVERGENCE_SAME,
    DIVERGENCE_BASE_BITS,
    DIVERGENCE_MORE, /* bits than the base needs */
    DIVERGENCE_MORE_SQUARES,
    DIVERGENCE_COLUMNS
};

uint64_t divergence_bytes(uint64_t tokens)
{
    return 2 * tokens * sizeof(double);
}

void divergence_begin(struct divergence *divergence, uint64_t tokens, void *memory)
{
    *divergence =
        (struct divergence){.nats = memory, .change = (double *)memory + tokens, .most = tokens};
    batches_begin(&divergence->batches, DIVERGENCE_COLUMNS);
}

void divergence_add(struct divergence *divergence, const struct score_pair *pair)
{
    const uint64_t at = divergence->batches.values;
    if (at >= divergence->most)
        die(EXIT_FAILED, "internal error: a divergence too many");
    const double change = pair->probability, more = pair->bits - pair->base_bits;
    divergence->nats[at] = pair->divergence;
    divergence->change[at] = change;
    const double values[DIVERGENCE_COLUMNS] = {
        [DIVERGENCE_TOKENS] = 1.0,
        [DIVERGENCE_NATS] = pair->divergence,
        [DIVERGENCE_NATS_SQUARES] = pair->divergence * pair->divergence,
        [DIVERGENCE_CHANGE] = change,
        [DIVERGENCE_CHANGE_SQUARES] = change * change,
        [DIVERGENCE_CHANGE_FOURTHS] = change * change * (change * change),
        [DIVERGENCE_SAME] = pair->same_top ? 1.0 : 0.0,
        [DIVERGENCE_BASE_BITS] = pair->base_bits,
        [DIVERGENCE_MORE] = more,
        [DIVERGENCE_MORE_SQUARES] = more * more};
    batches_add(&divergence->batches, values);
}

static struct loss_figure mean_of(const struct batches *batches, u32 column, u32 squares,
                                  bool independent)
{
    return (struct loss_figure){batches_ratio(batches, column, DIVERGENCE_TOKENS),
                                independent ? batches_error_independent(batches, column, squares)
                                            : batches_error(batches, column, DIVERGENCE_TOKENS)};
}

static struct divergence_quantiles quantiles(double *values, uint64_t count)
{
    stats_sort(values, count);
    return (struct divergence_quantiles){.least = values[0],
                                         .p1 = stats_quantile(values, count, 0.01),
                                         .median = stats_quantile(values, count, 0.5),
                                         .p90 = stats_quantile(values, count, 0.9),
                                         .p95 = stats_quantile(values, count, 0.95),
                                         .p99 = stats_quantile(values, count, 0.99),
                                         .p999 = stats_quantile(values, count, 0.999),
                                         .most = values[count - 1]};
}

struct divergence_result divergence_summarize(struct divergence *divergence, bool independent)
{
    const struct batches *batches = &divergence->batches;
    const struct divergence_quantiles none = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    const uint64_t count = batches->values;
    struct divergence_result result = {.tokens = count, .nats_at = none, .change_at = none};
    result.nats = mean_of(batches, DIVERGENCE_NATS, DIVERGENCE_NATS_SQUARES, independent);
    result.change = mean_of(batches, DIVERGENCE_CHANGE, DIVERGENCE_CHANGE_SQUARES, independent);
    /* 0 and 1 are their own squares. */
    result.same_top = mean_of(batches, DIVERGENCE_SAME, DIVERGENCE_SAME, independent);
    const struct loss_figure square =
        mean_of(batches, DIVERGENCE_CHANGE_SQUARES, DIVERGENCE_CHANGE_FOURTHS, independent);
    const double rms = sqrt(square.value);
    result.change_rms =
        (struct loss_figure){rms, rms > 0.0 ? 0.5 / rms * square.error : square.error};
    result.base_perplexity = exp2(batches_ratio(batches, DIVERGENCE_BASE_BITS, DIVERGENCE_TOKENS));
    const struct loss_figure more =
        mean_of(batches, DIVERGENCE_MORE, DIVERGENCE_MORE_SQUARES, independent);
    const double ratio = exp2(more.value);
    result.perplexity_ratio = (struct loss_figure){ratio, ratio * LN_2 * more.error};
    if (count > 0) {
        result.nats_at = quantiles(divergence->nats, count);
        result.change_at = quantiles(divergence->change, count);
    }
    return result;
}
