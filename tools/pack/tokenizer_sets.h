/* Patterns of pre-tokenizers in PCRE2's words, and the sets of characters that they are made of. */
#ifndef TOOLS_PACK_TOKENIZER_SETS_H
#define TOOLS_PACK_TOKENIZER_SETS_H

#include <stdbool.h>
#include <stddef.h>

/* The set that text[bytes] starts with by name, as Oniguruma writes it: \s, \S, \d, \w, or \p{X}
 * of a general category or Han; `*others`: all characters but these, as \D, \W, \P{X} and \p{^X}
 * ask for. Gives its members in a class, *length the bytes of the name; NULL when there is none.
 * `marks`: for text where U+2581 stands for ' ', written ' '. */
const char *set_find(const char *text, size_t bytes, bool marks, size_t *length, bool *others);

/* ByteLevel's own pattern. */
extern const char set_byte_level[];
/* A digit, and a byte whose symbol is one; the same of punctuation. */
extern const char set_digit[], set_digit_byte[];
extern const char set_punctuation[], set_punctuation_byte[];
/* White space, and the same where ' ' is written for U+2581. */
extern const char set_space[], set_space_of_marks[];
/* Words, and what is neither that nor white space. */
extern const char set_words[];
/* A space or mark with what follows it up to the next one. */
extern const char set_spaced[];
/* White space up to the end of a line or of the text, \s+$. A run of it that ends otherwise is
 * skipped as a whole: looking again from each place in it would be quadratic. */
extern const char set_final_space[];

#endif
