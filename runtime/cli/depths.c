#include "runtime/cli/depths.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/number_text.h"
#include "runtime/cli/options.h"

static const uint64_t most = 1000000000000; /* tokens: some years of them */

void depths_defaults(struct depths *depths)
{
    *depths = (struct depths){.from = 1000, .to = 100000};
}

/* "4096", "100K", "1M"; *end is what follows. */
static uint64_t read_depth(const char *option, const char *text, const char **end)
{
    char *rest;
    errno = 0;
    const unsigned long long digits = strtoull(text, &rest, 10);
    bool spelled = isdigit((unsigned char)text[0]) && errno == 0;
    uint64_t scale = 1;
    if (*rest == 'k' || *rest == 'K' || *rest == 'm' || *rest == 'M')
        scale = tolower((unsigned char)*rest++) == 'k' ? 1000 : 1000000;
    spelled &= *rest == '\0' || *rest == ',';
    if (!spelled || digits < 1 || digits > most / scale)
        die(EXIT_USAGE,
            "%s: '%.64s' is not a depth; expected a whole number from 1 to %" PRIu64
            ", with K for thousands or M for millions",
            option, text, most);
    *end = rest;
    return digits * scale;
}

static uint64_t read_one(const char *option, const char *text)
{
    const char *end;
    const uint64_t depth = read_depth(option, text, &end);
    if (*end != '\0')
        die(EXIT_USAGE, "%s: '%.64s': expected one depth; a list is for --depths", option, text);
    return depth;
}

static void add(struct depths *depths, uint64_t depth)
{
    if (depths->count == SWEEP_ROWS)
        die(EXIT_USAGE, "more than %d depths", SWEEP_ROWS);
    if (depths->count > 0 && depth <= depths->at[depths->count - 1])
        die(EXIT_USAGE, "--depths: %" PRIu64 " does not lie behind %" PRIu64, depth,
            depths->at[depths->count - 1]);
    depths->at[depths->count++] = depth;
}

static void read_list(struct depths *depths, const char *text)
{
    for (const char *at = text;; at++) {
        add(depths, read_depth("--depths", at, &at));
        if (*at == '\0')
            return;
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct depths *depths = state->input;
    switch (key) {
    case OPTION_DEPTHS:
        depths->count = 0;
        depths->listed = true;
        read_list(depths, argument);
        return 0;
    case OPTION_FROM:
        depths->from = read_one("--from", argument);
        depths->spaced = true;
        return 0;
    case OPTION_TO:
        depths->to = read_one("--to", argument);
        depths->spaced = true;
        return 0;
    case OPTION_DOUBLE:
        depths->doubled = depths->spaced = true;
        return 0;
    case ARGP_KEY_END:
        if (depths->listed && depths->spaced)
            die(EXIT_USAGE, "--depths lists them all: leave --from, --to and --double out");
        if (depths->from > depths->to)
            die(EXIT_USAGE, "--from %" PRIu64 " lies behind --to %" PRIu64, depths->from,
                depths->to);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"depths", OPTION_DEPTHS, "LIST", 0, "Measure at these, such as 1K,4096,100K,1M", 2},
    {"to", OPTION_TO, "N", 0,
     "Or measure up to here (default 100K), at 1, 2 and 5 times every power of ten", 2},
    {"from", OPTION_FROM, "N", 0, "from here on (default 1K)", 2},
    {"double", OPTION_DOUBLE, NULL, 0, "or at each depth twice the one before", 2},
    {0},
};
const struct argp depths_argp = {.options = list, .parser = parse};

/* The next of 1, 2, 5, 10, 20, .. behind a depth. */
static uint64_t next_round(uint64_t depth)
{
    static const uint64_t steps[] = {1, 2, 5};
    for (uint64_t power = 1;; power *= 10)
        for (u32 i = 0; i < 3; i++)
            if (steps[i] * power > depth)
                return steps[i] * power;
}

static void spread(struct depths *depths)
{
    uint64_t depth = depths->from;
    for (; depth < depths->to; depth = depths->doubled ? 2 * depth : next_round(depth))
        add(depths, depth);
    add(depths, depths->to);
}

void depths_require(struct depths *depths, u32 least, u32 ahead)
{
    if (!depths->listed)
        spread(depths);
    if (depths->at[0] < least)
        die(EXIT_USAGE,
            "a depth of %" PRIu64 " is too small: what is tried there consists of %u tokens of "
            "the text before it; give a greater one, or fewer with -n and -p",
            depths->at[0], least);
    if (model.context == 0 || depths->at[depths->count - 1] + ahead <= model.context)
        return;
    const uint64_t room = model.context > ahead ? model.context - ahead : 0;
    if (room < least)
        die(EXIT_FAILED,
            "the context holds %" PRIu64 " tokens, too few for %u of the text and %u more; give "
            "fewer with -n and -p",
            model.context, least, ahead);
    while (depths->count > 0 && depths->at[depths->count - 1] >= room)
        depths->count--;
    add(depths, room);
    note("the context holds %s tokens: the sweep ends at %s, with room for %u more; for greater "
         "depths set a larger 'context' in config/%s.ini and run 'make MODEL=%s%s'",
         number_text_grouped(model.context).text, number_text_grouped(room).text, ahead, model.name,
         model.name, backend_make);
}
