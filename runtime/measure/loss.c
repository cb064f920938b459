#include "runtime/measure/loss.h"

#include <math.h>
#include <string.h>

#define LN_2 0x1.62e42fefa39efp-1

enum loss_column {
    LOSS_TOKENS,
    LOSS_BYTES,
    LOSS_RUNS, /* of white space that begin in the token */
    LOSS_BITS,
    LOSS_SQUARES,
    LOSS_COLUMNS
};

void loss_begin(struct loss *loss)
{
    memset(loss, 0, sizeof *loss);
    batches_begin(&loss->scored, LOSS_COLUMNS);
}

/* Counts the token's text; returns the runs of white space that begin in it. */
static uint64_t count(struct loss *loss, const uint8_t *text, uint64_t bytes)
{
    const uint64_t runs = loss->tokens.runs;
    words_count(&loss->tokens, text, bytes);
    loss->seen++;
    return loss->tokens.runs - runs;
}

void loss_pass(struct loss *loss, const uint8_t *text, uint64_t bytes)
{
    loss->unscored_runs += count(loss, text, bytes);
    loss->unscored += bytes;
}

/* 1; 2; 3; 4 to 5; 6 to 7; 8 to 11; 12 to 15; .. */
static u32 position_index(uint64_t position)
{
    const u32 doublings = 63 - (u32)__builtin_clzll(position);
    const u32 upper = doublings > 0 ? (u32)(position >> (doublings - 1)) & 1 : 0;
    return doublings == 0 ? 0 : 2 * doublings - 1 + upper;
}

void loss_position_range(u32 index, uint64_t *from, uint64_t *to)
{
    const u32 doublings = (index + 1) / 2;
    const uint64_t half = doublings > 0 ? 1ull << (doublings - 1) : 0;
    *from = index == 0 ? 1 : index % 2 ? 2 * half : 3 * half;
    *to = index == 0 ? 1 : *from + half - 1;
}

void loss_add(struct loss *loss, const uint8_t *text, uint64_t bytes, double bits,
              uint64_t position)
{
    const double values[LOSS_COLUMNS] = {[LOSS_TOKENS] = 1.0,
                                         [LOSS_BYTES] = (double)bytes,
                                         [LOSS_RUNS] = (double)count(loss, text, bytes),
                                         [LOSS_BITS] = bits,
                                         [LOSS_SQUARES] = bits * bits};
    batches_add(&loss->scored, values);
    struct loss_position *at = &loss->positions[position_index(position)];
    at->tokens++;
    at->bytes += bytes;
    at->bits += bits;
}

/* 2 to the power of a figure. */
static struct loss_figure power(struct loss_figure bits)
{
    const double value = exp2(bits.value);
    return (struct loss_figure){value, value * LN_2 * bits.error};
}

/* Bits for each of so many units, of which the scored tokens have column `units`. */
static struct loss_figure bits_per(const struct loss *loss, double count, u32 units,
                                   bool independent)
{
    const struct batches *scored = &loss->scored;
    struct loss_figure per = {count > 0.0 ? scored->all[LOSS_BITS] / count : NAN, NAN};
    if (independent)
        per.error = batches_error_independent(scored, LOSS_BITS, LOSS_SQUARES) *
                    (double)scored->values / count;
    else
        per.error = batches_error(scored, LOSS_BITS, units) * scored->all[units] / count;
    return per;
}

struct loss_result loss_summarize(const struct loss *loss, bool complete, bool independent)
{
    struct loss_result result = {.tokens = loss->seen, .scored = loss->scored.values};
    result.bytes = (uint64_t)loss->scored.all[LOSS_BYTES];
    result.words = 1 + (uint64_t)loss->scored.all[LOSS_RUNS];
    if (complete && loss->text.bytes >= loss->unscored && loss->text.runs >= loss->unscored_runs) {
        result.bytes = loss->text.bytes - loss->unscored;
        result.words = 1 + loss->text.runs - loss->unscored_runs;
    }
    result.token_bits = bits_per(loss, (double)result.scored, LOSS_TOKENS, independent);
    result.bits_per_byte = bits_per(loss, (double)result.bytes, LOSS_BYTES, independent);
    result.token_perplexity = power(result.token_bits);
    result.byte_perplexity = power(result.bits_per_byte);
    result.word_perplexity = power(bits_per(loss, (double)result.words, LOSS_RUNS, independent));
    return result;
}
