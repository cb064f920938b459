/* Token ids to text: a lookup per token, and only whole characters leave. */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <string.h>

#include "runtime/base/utf8.h"

static const uint8_t replacement[3] = {0xEF, 0xBF, 0xBD}; /* U+FFFD */

void tokenizer_decode_begin(struct tokenizer_decoder *decoder, bool print_special, bool text_starts)
{
    *decoder = (struct tokenizer_decoder){
        .print_special = print_special, .text_starts = text_starts, .space_follows = !text_starts};
}

uint64_t tokenizer_decode_bytes(const struct tokenizer *tokenizer)
{
    /* each byte of the token may print U+FFFD, and so may the held ones; two ' ' before it */
    return (tokenizer->tables.longest_token + 5) * sizeof replacement;
}

static uint64_t replace(uint8_t *text)
{
    memcpy(text, replacement, sizeof replacement);
    return sizeof replacement;
}

/* Gives up what is held: U+FFFD for all of it, or for each byte. Returns the bytes printed. */
static uint64_t replace_held(struct tokenizer_decoder *decoder, bool each, uint8_t *text)
{
    uint32_t times = each || decoder->held_bytes == 0 ? decoder->held_bytes : 1;
    uint64_t printed = 0;
    for (uint32_t i = 0; i < times; i++)
        printed += replace(text + printed);
    decoder->held_bytes = 0;
    return printed;
}

/* Adds one byte to what is held, or prints what it ends; returns the bytes printed. */
static uint64_t push(struct tokenizer_decoder *decoder, uint8_t byte, bool each, uint8_t *text)
{
    uint64_t printed = 0;
    if (decoder->held_bytes > 0 && !utf8_continues(decoder->held[0], decoder->held_bytes, byte))
        printed = replace_held(decoder, each, text);
    if (decoder->held_bytes == 0 && utf8_length(byte) == 0)
        return printed + replace(text + printed);
    decoder->held[decoder->held_bytes++] = byte;
    if (decoder->held_bytes < utf8_length(decoder->held[0]))
        return printed;
    memcpy(text + printed, decoder->held, decoder->held_bytes);
    printed += decoder->held_bytes;
    decoder->held_bytes = 0;
    return printed;
}

bool tokenizer_decode_one(const struct tokenizer *tokenizer, struct tokenizer_decoder *decoder,
                          uint32_t id, uint8_t *text, uint64_t *bytes)
{
    uint64_t token_bytes;
    const struct tokenizer_header *header = tokenizer->tables.header;
    const uint32_t flags = header->flags;
    *bytes = 0;
    if (id >= tokenizer_rows(tokenizer))
        return false;
    if (!decoder->print_special && tokenizer_special(tokenizer, id))
        return true;
    const uint8_t *token = tokenizer_text(tokenizer, id, &token_bytes);
    if (token == NULL)
        return true;
    const uint32_t of_token = tokenizer->tables.token_flags[id];
    const bool each = (flags & TOKENIZER_CHARS) != 0, first = decoder->text_starts;
    const bool continues = (of_token & TOKEN_CONTINUES) && !first;
    const bool close = continues || (of_token & TOKEN_CLOSE) != 0;
    if ((flags & TOKENIZER_JOIN) && !first && !close)
        *bytes += push(decoder, ' ', each, text);
    if (header->word_end > 0 && decoder->space_follows)
        *bytes += push(decoder, ' ', each, text + *bytes);
    decoder->space_follows = (of_token & TOKEN_ENDS_WORD) != 0;
    if (token_bytes > 0)
        decoder->text_starts = false;
    token_bytes -= of_token & TOKEN_ENDS_WORD ? header->word_end : 0u;
    const bool strip = first && token_bytes > 0 && token[0] == ' ' && (flags & TOKENIZER_STRIP);
    const bool strip_all = first && (flags & TOKENIZER_STRIP_MARKS);
    for (uint64_t i = strip ? 1 : continues ? header->continuation : 0; i < token_bytes; i++) {
        if (!strip_all || token[i] != ' ')
            *bytes += push(decoder, token[i], each, text + *bytes);
    }
    return true;
}

uint64_t tokenizer_decode_end(const struct tokenizer *tokenizer, struct tokenizer_decoder *decoder,
                              uint8_t text[TOKENIZER_DECODE_END])
{
    return replace_held(decoder, (tokenizer->tables.header->flags & TOKENIZER_CHARS) != 0, text);
}
