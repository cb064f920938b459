/* libFuzzer entry: valid tokenizer tables with single bytes changed (or, if the first byte is 0,
 * any bytes at all) are opened and used: a stray access or an id out of range is a finding. Run
 * from the root of the repo.
 *
 * Input: mode (its rest by 4: bytes, characters, a map of characters, ends of words), then changes
 * of three bytes each: two bytes of place, one of value; the last 16 bytes are put into the text.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tokenizer/tokenizer.h"
#include "tools/pack/tokenizer_json.h"

enum { ROWS = 300, TEXT_BYTES = 16 };

static struct tokenizer_blob valids[4];
static void *block;

static void prepare(void)
{
    char message[TOKENIZER_JSON_MESSAGE];
    block = aligned_alloc(TOKENIZER_ALIGN, tokenizer_scratch_bytes());
    if (block == NULL ||
        tokenizer_compile("tests/data/tokenizers/broken/base.json", ROWS, &valids[0], message) !=
            0 ||
        tokenizer_compile("tests/data/tokenizers/broken/chars.json", ROWS, &valids[1], message) !=
            0 ||
        tokenizer_compile("tests/data/tokenizers/sentencepiece/squeezing.model", 420, &valids[2],
                          message) != 0 ||
        tokenizer_compile("tests/data/tokenizers/broken/words.json", ROWS, &valids[3], message) !=
            0)
        abort();
}

static void use(struct tokenizer *tokenizer, const uint8_t *extra)
{
    char text[] = "the  he <|endoftext|> \xC3\xA9t\xCC\x81 it's .               . 12 !? \n\n x";
    char message[TOKENIZER_MESSAGE];
    uint32_t ids[256];
    uint64_t count = 0, bytes;
    for (size_t i = 0; i < TEXT_BYTES; i++)
        text[32 + i] = (char)(extra[i] & 0x7F);
    uint8_t *printed = malloc(tokenizer_decode_bytes(tokenizer));
    struct tokenizer_decoder decoder;
    if (printed == NULL)
        return;
    (void)tokenizer_encode(tokenizer, text, sizeof text - 1, true, ids, 256, &count, message);
    tokenizer_decode_begin(&decoder, true, true);
    for (uint64_t i = 0; i < count && i < 256; i++) {
        if (!tokenizer_decode_one(tokenizer, &decoder, ids[i], printed, &bytes))
            abort();
    }
    free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_bytes)
{
    if (block == NULL)
        prepare();
    if (input_bytes < 1 + TEXT_BYTES)
        return 0;
    bool any = input[0] == 0;
    const struct tokenizer_blob valid = valids[input[0] % 4];
    size_t changes = input_bytes - 1 - TEXT_BYTES;
    size_t size = any ? changes : valid.size;
    void *tables;
    if (size == 0)
        return 0;
    if (posix_memalign(&tables, 16, size) != 0)
        abort();
    memcpy(tables, any ? input + 1 : valid.bytes, size);
    for (size_t i = 1; !any && i + 3 <= 1 + changes; i += 3)
        ((uint8_t *)tables)[(input[i] | (size_t)input[i + 1] << 8) % size] = input[i + 2];
    char message[TOKENIZER_MESSAGE];
    struct tokenizer *tokenizer =
        tokenizer_open(tables, size, block, tokenizer_scratch_bytes(), message);
    if (tokenizer != NULL) {
        use(tokenizer, input + input_bytes - TEXT_BYTES);
        tokenizer_close(tokenizer);
    }
    free(tables);
    return 0;
}
