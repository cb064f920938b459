/* Text to token ids and back, from the tables that the pack tool compiled out of tokenizer.json.
 *
 * Everything lives in one block that the caller gives: after tokenizer_open nothing allocates and
 * nothing makes a system call. Ids equal those of Hugging Face `tokenizers`, with or without the
 * ids that its post-processor puts around a text (BOS, EOS).
 *
 * The encoder takes input of any length in fixed memory, in pieces cut anywhere, even inside a
 * character. It holds back what later input could still change: white space that a token with
 * lstrip may take, the start of an added token, combining marks, a word that may go on. The ids do
 * not depend on the cuts. Two limits keep the memory fixed; both depend on the text alone:
 *   - a pre-token ("word") of more than TOKENIZER_WINDOW bytes after normalisation is cut behind
 *     the last whole character (with NFC: behind the last whole composed sequence) that fits, and
 *     each part is merged on its own; so is white space that a token with lstrip would take from
 *     further back. Models of characters (Llama-2) need no pre-tokens: their text is cut, without
 *     any effect on the ids, wherever two characters meet that no merge joins, such as a letter
 *     and the space behind it; so what is cut is a stretch of that size without such a place;
 *   - a character followed by combining marks of more than TOKENIZER_RUN bytes in all is
 *     normalised in parts of at most TOKENIZER_RUN bytes;
 *   - white space to be stripped, or a match to be replaced, of more than TOKENIZER_WINDOW bytes
 *     is taken for text, or replaced, in parts. */
#ifndef RUNTIME_TOKENIZER_TOKENIZER_H
#define RUNTIME_TOKENIZER_TOKENIZER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TOKENIZER_WINDOW = 65536,
    TOKENIZER_RUN = 16384,
    TOKENIZER_MESSAGE = 512, /* bytes of a buffer for error messages */
    TOKENIZER_ALIGN = 64     /* of the block; the tables need 16 */
};

struct tokenizer; /* at the start of the caller's block */

/* Bytes of the block that tokenizer_open needs; the same for all tables. */
uint64_t tokenizer_scratch_bytes(void);

/* Opens tables[bytes], which must stay mapped and unchanged, and sets everything up in
 * block[block_bytes]. Every offset and index of the tables is checked, so that damaged tables are
 * refused or give wrong ids, never a stray access. Compiles the pre-token pattern; where the system
 * allows it, to machine code (the only memory outside the block: one mapping by PCRE2's JIT, made
 * here). Returns NULL with the reason in message. */
struct tokenizer *tokenizer_open(const void *tables, uint64_t bytes, void *block,
                                 uint64_t block_bytes, char message[TOKENIZER_MESSAGE]);

/* Gives the JIT's mappings back. The block is the caller's again. */
void tokenizer_close(struct tokenizer *tokenizer);

/* Matches with PCRE2's interpreter from now on, as a system without JIT would. */
void tokenizer_interpret(struct tokenizer *tokenizer);

/* Rows of the vocabulary: every id is below this. */
uint32_t tokenizer_rows(const struct tokenizer *tokenizer);

/* How many ids it puts before a text (BOS): 0 or more. */
uint32_t tokenizer_ids_before(const struct tokenizer *tokenizer);

/* The id of the token that prints exactly text[bytes], an added token before any other; false when
 * there is none. Looks at every token: for start-up, not for inner loops. */
bool tokenizer_find(const struct tokenizer *tokenizer, const void *text, uint64_t bytes,
                    uint32_t *id);

/* What the token prints, *bytes of it; the bytes need not be whole characters. NULL with *bytes 0
 * when the id is out of range or the row has no token. */
const uint8_t *tokenizer_text(const struct tokenizer *tokenizer, uint32_t id, uint64_t *bytes);

/* True when the id is a special token such as <|endoftext|>. */
bool tokenizer_special(const struct tokenizer *tokenizer, uint32_t id);

/* Whole text at once: ids[capacity] receives the ids, *count how many the text has; `add_special`:
 * together with those that the tokenizer puts around a text. False with the reason in message: not
 * valid UTF-8 (offset and bytes), or more than capacity ids (*count then says how many there are).
 * Ends the stream that was open, if any. */
bool tokenizer_encode(struct tokenizer *tokenizer, const void *text, uint64_t bytes,
                      bool add_special, uint32_t *ids, uint64_t capacity, uint64_t *count,
                      char message[TOKENIZER_MESSAGE]);

/* A stream: begin, then feed and take in turn, then finish and take until nothing comes.
 *
 *     tokenizer_begin(t, add_special);
 *     while (there is input) {
 *         tokenizer_feed(t, text, bytes, &fed, message);    text += fed; bytes -= fed;
 *         while (tokenizer_take(t, ids, capacity, &count, message) && count > 0)
 *             use(ids, count);
 *     }
 *     tokenizer_finish(t, message);                         and take as above
 */
void tokenizer_begin(struct tokenizer *tokenizer, bool add_special);

/* Accepts the first *fed bytes of text, all of them when there is room; after a take that gave no
 * ids there is room for at least one byte. False when the bytes are not valid UTF-8: the message
 * gives the offset in the stream and the bytes; what came before them has been accepted. */
bool tokenizer_feed(struct tokenizer *tokenizer, const void *text, uint64_t bytes, uint64_t *fed,
                    char message[TOKENIZER_MESSAGE]);

/* No more input. False when the stream ends inside a character. */
bool tokenizer_finish(struct tokenizer *tokenizer, char message[TOKENIZER_MESSAGE]);

/* Up to capacity ids that no later input can change; *count 0 when there are none for now, or,
 * after tokenizer_finish, none at all. False only when PCRE2 gives up on the pattern of the tables.
 */
bool tokenizer_take(struct tokenizer *tokenizer, uint32_t *ids, uint64_t capacity, uint64_t *count,
                    char message[TOKENIZER_MESSAGE]);

/* Streaming decode: bytes of a character that is not complete yet are held back; bytes that cannot
 * become a character print U+FFFD: one for each longest wrong start where tokens are byte-level, as
 * Hugging Face does; one for each byte where single bytes stand in for unknown characters. (There
 * Hugging Face replaces every byte of a run of such tokens when one of them is wrong, which would
 * mean to hold back the run. No encoded text has such a run.) */
struct tokenizer_decoder {
    uint8_t held[4];
    uint32_t held_bytes;
    bool print_special; /* otherwise special tokens print nothing */
    bool text_starts;   /* nothing is printed yet */
    bool space_follows; /* a word has ended: a ' ', if anything follows */
};

/* `text_starts`: the first token is the first of its text. Some tokenizers put a space before a
 * text and take it away again here; a continuation keeps it, and goes on behind a whole word where
 * tokens say where words end. */
void tokenizer_decode_begin(struct tokenizer_decoder *decoder, bool print_special,
                            bool text_starts);

/* Room that tokenizer_decode_one needs at `text` for any id of these tables. */
uint64_t tokenizer_decode_bytes(const struct tokenizer *tokenizer);

/* Writes what id completes to text, *bytes of it (valid UTF-8, perhaps none; not terminated). A row
 * without a token prints nothing. False when the id is not below tokenizer_rows. */
bool tokenizer_decode_one(const struct tokenizer *tokenizer, struct tokenizer_decoder *decoder,
                          uint32_t id, uint8_t *text, uint64_t *bytes);

/* At the end: prints U+FFFD for what was held back. Returns the bytes. */
enum { TOKENIZER_DECODE_END = 9 };
uint64_t tokenizer_decode_end(const struct tokenizer *tokenizer, struct tokenizer_decoder *decoder,
                              uint8_t text[TOKENIZER_DECODE_END]);

#endif
