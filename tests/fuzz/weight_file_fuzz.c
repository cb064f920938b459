/* libFuzzer entry: a sound weight file with bytes of its header and table changed, or cut. Whatever
 * is accepted must lie inside the file: its sections are read from end to end.
 *
 * Input: a byte of flags, two bytes of length, then changes of three bytes: two of place in the
 * first 64 KiB, one of value. With flag 1 the digests of table and tokenizer are made good again,
 * with flag 2 that of the header, so that what stands behind them is reached; with flag 4 the file
 * is cut to the length. die() is this file's own: it comes back here. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"
#include "runtime/engine/weights.h"
#include "tests/fixtures/fake_model.h"

enum { TOKENIZER_BYTES = 5000 };

static jmp_buf refused;

void die(enum exit_code code, const char *format, ...)
{
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (code != EXIT_MISMATCH || length <= 0)
        abort(); /* a damaged file must be called one, with a reason */
    longjmp(refused, 1);
}

void note(const char *format, ...)
{
    (void)format;
}

static uint8_t *sound;
static uint64_t sound_bytes;
static struct pool pool;
static char path[64];
static int file;

static void prepare(void)
{
    static uint8_t tokenizer[TOKENIZER_BYTES];
    memset(tokenizer, 'T', sizeof tokenizer);
    sound = fake_weights(tokenizer, sizeof tokenizer, &sound_bytes);
    file = memfd_create("weights", MFD_CLOEXEC);
    if (file < 0)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    team_start(&pool, 1);
}

/* Digests as a writer would have made them; the places are those of the sound file. */
static void make_good(uint8_t *bytes, unsigned flags)
{
    const struct weight_file_header *places = (const struct weight_file_header *)sound;
    struct weight_file_header header;
    memcpy(&header, bytes, sizeof header);
    if (flags & 1) {
        header.table_digest = XXH3_64bits(bytes + places->table_at, places->table_bytes);
        header.tokenizer_digest =
            XXH3_64bits(bytes + places->tokenizer_at, places->weights_at - places->tokenizer_at);
        memcpy(bytes, &header, sizeof header);
    }
    if (flags & 2) {
        header.header_digest = 0;
        memcpy(bytes, &header, sizeof header);
        header.header_digest = XXH3_64bits(bytes, WEIGHT_FILE_ALIGN);
        memcpy(bytes, &header, sizeof header);
    }
}

static void load(void)
{
    static struct weights_source source;
    source = (struct weights_source){.file = -1};
    if (setjmp(refused) == 0) {
        weights_open(&source, path);
        weights_load(&source, &pool);
        uint64_t sum = XXH3_64bits(source.image, model.weights_bytes);
        if (source.tokenizer)
            sum += XXH3_64bits(source.tokenizer, source.tokenizer_bytes);
        if (sum == 1) /* never: it keeps the reads */
            abort();
    }
    weights_close(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (sound == NULL)
        prepare();
    if (size < 3)
        return 0;
    uint8_t *bytes = malloc(sound_bytes);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, sound, sound_bytes);
    for (size_t at = 3; at + 3 <= size; at += 3)
        bytes[(input[at] + 256u * input[at + 1]) % sound_bytes] = input[at + 2];
    make_good(bytes, input[0]);
    uint64_t kept = sound_bytes;
    if (input[0] & 4)
        kept = (input[1] + 256u * input[2]) % sound_bytes;
    if (ftruncate(file, 0) || pwrite(file, bytes, kept, 0) != (ssize_t)kept)
        abort();
    free(bytes);
    load();
    return 0;
}
