/* UTF-8: validation that says exactly where and what, and the few steps that the tokenizer needs.
 */
#ifndef RUNTIME_BASE_UTF8_H
#define RUNTIME_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

enum utf8_verdict {
    UTF8_WHOLE,      /* every byte belongs to a complete character */
    UTF8_INCOMPLETE, /* the text ends inside a character that more bytes could complete */
    UTF8_INVALID     /* some bytes can never be part of valid UTF-8 */
};

struct utf8_result {
    enum utf8_verdict verdict;
    uint64_t good;      /* bytes of complete, valid characters from the start */
    uint32_t bad_bytes; /* bytes after them that show the fault, 1 to 4; 0 when UTF8_WHOLE */
};

/* Bytes of the character that starts with `lead`: 1 to 4, or 0 when no character can. */
uint32_t utf8_length(uint8_t lead);

/* True when `next` may be byte number `index` (1 to 3) of a character that starts with `lead`.
 * Overlong forms, surrogates and code points above U+10FFFF are excluded at index 1. */
bool utf8_continues(uint8_t lead, uint32_t index, uint8_t next);

/* Reads text[bytes] from the start. Costs one pass; runs of ASCII go eight bytes at a time. */
struct utf8_result utf8_check(const uint8_t *text, uint64_t bytes);

/* The code point at text[0]; the text must be valid there. *length receives its bytes. */
uint32_t utf8_decode(const uint8_t *text, uint32_t *length);

/* Start of the character that ends just before `end`; text[begin..end) is valid and not empty. */
uint64_t utf8_before(const uint8_t *text, uint64_t end);

/* The largest cut <= at that lies between two characters of the valid text. */
uint64_t utf8_floor(const uint8_t *text, uint64_t at);

#endif
