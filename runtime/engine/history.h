/* The tokens of a text of any length in fixed memory: a digest over all of them, and digests of its
 * beginnings, from which two texts are seen to part at some token.
 *
 * The digest of n + 1 tokens is XXH3-64 of the last one (4 bytes, little-endian), seeded with the
 * digest of the first n; that of none is 0. Marks are digests of beginnings, `stride` tokens apart.
 * When there is no room for another, every second is dropped: stride is 1 up to HISTORY_MARKS
 * tokens, and always below n / (HISTORY_MARKS / 2). A history is a function of its tokens. */
#ifndef RUNTIME_ENGINE_HISTORY_H
#define RUNTIME_ENGINE_HISTORY_H

#include <stdbool.h>

#include "runtime/base/run.h"

enum { HISTORY_MARKS = 4096 };

struct history {
    uint64_t tokens;
    uint64_t digest;
    uint64_t stride;              /* a power of two */
    uint64_t mark[HISTORY_MARKS]; /* mark[i]: of the first (i + 1) * stride tokens; then zeros */
};

/* The history of no tokens. */
void history_begin(struct history *history);

/* ids[count] follow. Costs about 5 ns a token. */
void history_add(struct history *history, const u32 *ids, u32 count);

/* Whether `text` begins with all tokens of `saved`, which is a sound history. If not, the first
 * token that differs has an index in [*from, *to]; where `text` only ends before `saved` does, both
 * are the number of its tokens. `text` has at most as many tokens as `saved`. */
bool history_same(const struct history *saved, const struct history *text, uint64_t *from,
                  uint64_t *to);

/* What no writer would have left: a stride that is none, or more tokens than marks for them. */
bool history_sound(const struct history *history);

#endif
