#include "runtime/base/number_list.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "runtime/base/die.h"

/* What one call looks at. */
struct reader {
    struct number_list *list;
    const char *option, *text, *at;
    uint64_t least, most;
};

static _Noreturn void refuse(const struct reader *reader)
{
    die(EXIT_USAGE,
        "%s: '%s': expected whole numbers from %" PRIu64 " to %" PRIu64
        " between commas, or ranges of them as in 1-4, 128-1024+128 or 1-64*2",
        reader->option, reader->text, reader->least, reader->most);
}

static void add(const struct reader *reader, uint64_t number)
{
    struct number_list *list = reader->list;
    if (number < reader->least || number > reader->most)
        refuse(reader);
    for (uint32_t i = 0; i < list->count; i++)
        if (list->at[i] == number)
            return;
    if (list->count == NUMBER_LIST_MOST)
        die(EXIT_USAGE, "%s: '%s': more than %d numbers", reader->option, reader->text,
            NUMBER_LIST_MOST);
    list->at[list->count++] = number;
}

/* The digits at reader->at. */
static uint64_t number(struct reader *reader)
{
    char *end;
    if (!isdigit((unsigned char)*reader->at))
        refuse(reader);
    errno = 0;
    const uint64_t value = strtoull(reader->at, &end, 10);
    if (errno != 0)
        refuse(reader);
    reader->at = end;
    return value;
}

/* Whether that character comes next, which is then behind. */
static bool comes(struct reader *reader, char character)
{
    if (*reader->at != character)
        return false;
    reader->at++;
    return true;
}

static void range(struct reader *reader, uint64_t first)
{
    const uint64_t last = number(reader);
    const bool times = comes(reader, '*');
    const bool stepped = times || comes(reader, '+');
    const uint64_t by = stepped ? number(reader) : 1;
    const bool stands = times ? first == 0 || by < 2 : by == 0; /* it would have no end */
    if (last > reader->most || first > last || stands)
        refuse(reader);
    for (uint64_t at = first; at <= last;) {
        add(reader, at);
        if (times ? at > UINT64_MAX / by : at > UINT64_MAX - by)
            break;
        at = times ? at * by : at + by;
    }
}

void number_list_add(struct number_list *list, const char *option, const char *text, uint64_t least,
                     uint64_t most)
{
    struct reader reader = {list, option, text, text, least, most};
    do {
        const uint64_t first = number(&reader);
        if (comes(&reader, '-'))
            range(&reader, first);
        else
            add(&reader, first);
    } while (comes(&reader, ','));
    if (*reader.at != '\0')
        refuse(&reader);
}

void number_list_sort(struct number_list *list)
{
    for (uint32_t i = 1; i < list->count; i++) {
        const uint64_t moved = list->at[i];
        uint32_t to = i;
        for (; to > 0 && list->at[to - 1] > moved; to--)
            list->at[to] = list->at[to - 1];
        list->at[to] = moved;
    }
}

uint64_t number_list_most(const struct number_list *list)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < list->count; i++)
        most = list->at[i] > most ? list->at[i] : most;
    return most;
}
