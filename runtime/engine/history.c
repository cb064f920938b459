#include "runtime/engine/history.h"

#include <string.h>

#include "runtime/base/digest.h"

void history_begin(struct history *history)
{
    memset(history, 0, sizeof *history);
    history->stride = 1;
}

/* Room for another mark. */
static void thin(struct history *history)
{
    for (u32 i = 0; i < HISTORY_MARKS / 2; i++)
        history->mark[i] = history->mark[2 * i + 1];
    memset(history->mark + HISTORY_MARKS / 2, 0, sizeof history->mark / 2);
    history->stride *= 2;
}

void history_add(struct history *history, const u32 *ids, u32 count)
{
    for (u32 i = 0; i < count; i++) {
        history->digest = XXH3_64bits_withSeed(&ids[i], sizeof ids[i], history->digest);
        history->tokens++;
        if (history->tokens % history->stride != 0)
            continue;
        if (history->tokens / history->stride > HISTORY_MARKS)
            thin(history);
        if (history->tokens % history->stride == 0)
            history->mark[history->tokens / history->stride - 1] = history->digest;
    }
}

/* The digest of the first `tokens` tokens, which are a multiple of the stride. */
static uint64_t mark_at(const struct history *history, uint64_t tokens)
{
    return history->mark[tokens / history->stride - 1];
}

bool history_same(const struct history *saved, const struct history *text, uint64_t *from,
                  uint64_t *to)
{
    *from = 0;
    for (uint64_t tokens = saved->stride; tokens <= text->tokens; tokens += saved->stride) {
        *to = tokens - 1;
        if (mark_at(saved, tokens) != mark_at(text, tokens))
            return false;
        *from = tokens;
    }
    if (text->tokens == saved->tokens && text->digest == saved->digest)
        return true;
    if (text->tokens < saved->tokens) /* and, as far as can be seen, the same until then */
        *from = text->tokens;
    *to = text->tokens < saved->tokens ? text->tokens : text->tokens - 1;
    return false;
}

bool history_sound(const struct history *history)
{
    const uint64_t stride = history->stride;
    return stride > 0 && (stride & (stride - 1)) == 0 && history->tokens / stride <= HISTORY_MARKS;
}
