/* Words as lm-evaluation-harness counts them: the pieces between runs of white space, of which an
 * empty one at either end is one, too: len(re.split(r"\s+", text)). */
#ifndef RUNTIME_MEASURE_WORDS_H
#define RUNTIME_MEASURE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

struct words {
    uint64_t bytes;
    uint64_t runs;    /* of white space; a text has one word more */
    uint32_t code;    /* of the character that has begun */
    uint32_t follow;  /* bytes of it that are to come */
    bool after_space; /* the character before is white space */
};

/* Counts what follows; `text` may be cut inside a character. All zero is the start of a text. White
 * space is what Python's str patterns take for it. Bytes that are not UTF-8 count as letters. */
void words_count(struct words *words, const uint8_t *text, uint64_t bytes);

#endif
