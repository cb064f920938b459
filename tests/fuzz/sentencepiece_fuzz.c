/* libFuzzer entry: a sound tokenizer.model with a piece replaced (or, if the first byte is 0, any
 * bytes at all) is compiled; what compiles must open and encode. Run from the root of the repo.
 *
 * Input: mode, two bytes of position, bytes to take out, then the bytes to put in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tokenizer.h"
#include "tools/tokenizer_json.h"

enum { ROWS = 300, BASE_MOST = 1 << 14, EDIT_HEAD = 4 };

static char base[BASE_MOST];
static size_t base_bytes;
static void *block;

static void prepare(void)
{
    FILE *file = fopen("tests/data/tokenizers/sentencepiece/plain.model", "rb");
    block = aligned_alloc(TOKENIZER_ALIGN, tokenizer_scratch_bytes());
    if (file == NULL || block == NULL)
        abort();
    base_bytes = fread(base, 1, BASE_MOST, file);
    fclose(file);
}

static void use(const struct tokenizer_blob *blob)
{
    static const char text[] = "the  hen <s> \xC3\xA9t\xCC\x81 it's 12 !!! \n\n x";
    char message[TOKENIZER_MESSAGE];
    uint32_t ids[256];
    uint64_t count;
    struct tokenizer *tokenizer =
        tokenizer_open(blob->bytes, blob->size, block, tokenizer_scratch_bytes(), message);
    if (tokenizer == NULL ||
        !tokenizer_encode(tokenizer, text, sizeof text - 1, true, ids, 256, &count, message))
        abort();
    tokenizer_close(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_bytes)
{
    if (block == NULL)
        prepare();
    if (input_bytes < EDIT_HEAD)
        return 0;
    size_t at = input[0] == 0 ? 0 : (input[1] | (size_t)input[2] << 8) % base_bytes;
    size_t taken = input[0] == 0 ? base_bytes : input[3];
    taken = taken < base_bytes - at ? taken : base_bytes - at;
    const size_t put = input_bytes - EDIT_HEAD;
    char *bytes = malloc(base_bytes + put);
    if (bytes == NULL)
        abort();
    memcpy(bytes, base, at);
    memcpy(bytes + at, input + EDIT_HEAD, put);
    memcpy(bytes + at + put, base + at + taken, base_bytes - at - taken);
    struct tokenizer_blob blob;
    char message[TOKENIZER_JSON_MESSAGE];
    struct tokenizer_text edited = {"fuzz.model", bytes, base_bytes - taken + put};
    int code = tokenizer_compile_memory(&edited, NULL, ROWS, &blob, message);
    if (code == 0)
        use(&blob);
    else if (code != 4 || strncmp(message, "fuzz.model: ", 12) != 0)
        abort();
    free(blob.bytes);
    free(bytes);
    return 0;
}
