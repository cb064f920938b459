/* What the fuzz targets of tokenizer files share: a sound file with a piece replaced is compiled;
 * what compiles must open and encode, anything else is refused with a message that names the file.
 *
 * Input: mode (0: any bytes at all), two bytes of position, bytes to take out, then the bytes to
 * put in. */
#ifndef TESTS_FUZZ_TOKENIZER_EDIT_H
#define TESTS_FUZZ_TOKENIZER_EDIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tokenizer/tokenizer.h"
#include "tools/pack/tokenizer_json.h"

enum { EDIT_ROWS = 300, EDIT_BASE_MOST = 1 << 14, EDIT_HEAD = 4 };

struct edit_base {
    char bytes[EDIT_BASE_MOST];
    size_t size; /* 0: not read yet */
};

static inline void edit_read(struct edit_base *base, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        abort();
    base->size = fread(base->bytes, 1, EDIT_BASE_MOST, file);
    fclose(file);
    if (base->size == 0 || base->size == EDIT_BASE_MOST)
        abort();
}

static inline void edit_use(const struct tokenizer_blob *blob, const char *text)
{
    static void *block;
    char message[TOKENIZER_MESSAGE];
    uint32_t ids[256];
    uint64_t count;
    if (block == NULL)
        block = aligned_alloc(TOKENIZER_ALIGN, tokenizer_scratch_bytes());
    if (block == NULL)
        abort();
    struct tokenizer *tokenizer =
        tokenizer_open(blob->bytes, blob->size, block, tokenizer_scratch_bytes(), message);
    if (tokenizer == NULL ||
        !tokenizer_encode(tokenizer, text, strlen(text), true, ids, 256, &count, message))
        abort();
    tokenizer_close(tokenizer);
}

/* Compiles the base, named `name`, with input[input_bytes] (at least EDIT_HEAD) put into it. */
static inline void edit_try(const struct edit_base *base, const char *name, const uint8_t *input,
                            size_t input_bytes, const char *text)
{
    const size_t at = input[0] == 0 ? 0 : (input[1] | (size_t)input[2] << 8) % base->size;
    const size_t asked = input[0] == 0 ? base->size : input[3];
    const size_t taken = asked < base->size - at ? asked : base->size - at;
    const size_t put = input_bytes - EDIT_HEAD;
    char *bytes = malloc(base->size + put);
    if (bytes == NULL)
        abort();
    memcpy(bytes, base->bytes, at);
    memcpy(bytes + at, input + EDIT_HEAD, put);
    memcpy(bytes + at + put, base->bytes + at + taken, base->size - at - taken);
    struct tokenizer_blob blob;
    char message[TOKENIZER_JSON_MESSAGE];
    const struct tokenizer_text edited = {name, bytes, base->size - taken + put};
    const int code = tokenizer_compile_memory(&edited, NULL, EDIT_ROWS, &blob, message);
    const size_t named = strlen(name);
    if (code == 0)
        edit_use(&blob, text);
    else if (code != 4 || strncmp(message, name, named) != 0 ||
             strncmp(message + named, ": ", 2) != 0)
        abort();
    free(blob.bytes);
    free(bytes);
}

#endif
