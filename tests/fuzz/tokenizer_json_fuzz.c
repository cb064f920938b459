/* libFuzzer entry: a valid tokenizer.json with a piece replaced (or, if the first byte is 0, any
 * bytes at all) is compiled; what compiles must open and encode. Run from the root of the repo.
 *
 * Input: mode (128 and up: the file whose symbols are characters), two bytes of position, bytes to
 * take out, then the bytes to put in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tokenizer.h"
#include "tools/tokenizer_json.h"

enum { ROWS = 300, BASE_MOST = 1 << 14, EDIT_HEAD = 4 };

static const char *const paths[2] = {"tests/data/tokenizers/broken/base.json",
                                     "tests/data/tokenizers/broken/chars.json"};
static char bases[2][BASE_MOST];
static size_t bases_bytes[2];
static void *block;

static void prepare(void)
{
    block = aligned_alloc(TOKENIZER_ALIGN, tokenizer_scratch_bytes());
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(paths[i], "rb");
        if (file == NULL || block == NULL)
            abort();
        bases_bytes[i] = fread(bases[i], 1, BASE_MOST, file);
        fclose(file);
        if (bases_bytes[i] == 0 || bases_bytes[i] == BASE_MOST)
            abort();
    }
}

static void use(const struct tokenizer_blob *blob)
{
    static const char text[] = "the  he <|endoftext|> \xC3\xA9t\xCC\x81 it's 12 !? \n\n x";
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
    const char *base = bases[input[0] >> 7];
    const size_t base_bytes = bases_bytes[input[0] >> 7];
    size_t at = input[0] == 0 ? 0 : (input[1] | (size_t)input[2] << 8) % base_bytes;
    size_t taken = input[0] == 0 ? base_bytes : input[3];
    taken = taken < base_bytes - at ? taken : base_bytes - at;
    size_t put = input_bytes - EDIT_HEAD;
    char *json = malloc(base_bytes + put);
    if (json == NULL)
        abort();
    memcpy(json, base, at);
    memcpy(json + at, input + EDIT_HEAD, put);
    memcpy(json + at + put, base + at + taken, base_bytes - at - taken);
    struct tokenizer_blob blob;
    char message[TOKENIZER_JSON_MESSAGE];
    struct tokenizer_text edited = {"fuzz", json, base_bytes - taken + put};
    int code = tokenizer_compile_memory(&edited, NULL, ROWS, &blob, message);
    if (code == 0)
        use(&blob);
    else if (code != 4 || strncmp(message, "fuzz: ", 6) != 0)
        abort();
    free(blob.bytes);
    free(json);
    return 0;
}
