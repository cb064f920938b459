/* libFuzzer entry: a sound file of logits with bytes changed, or cut. Whatever is accepted is one
 * of this model: its rows are read from end to end into a buffer of the model's size.
 *
 * Input: a byte of flags, two bytes of length, then changes of three bytes: two of place, one of
 * value. With flag 1 the digests of the rows are made good again, with flag 2 that of the header,
 * so that what stands behind them is reached; with flag 4 the file is cut to the length. die() is
 * this file's own: it comes back here. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"
#include "runtime/measure/logprobs.h"

enum { ROWS = 5, READ_ROWS = 2 };

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

static uint8_t *sound, *buffer;
static uint64_t sound_bytes;
static u32 targets[ROWS];
static char path[64];
static int file;

static uint8_t *row_at(uint8_t *bytes, uint64_t row)
{
    return bytes + LOGPROBS_HEADER + row * logprobs_row_bytes();
}

static void make_good(uint8_t *bytes, unsigned flags)
{
    struct logprobs_header header;
    for (uint64_t row = 0; row < ROWS && flags & 1; row++) {
        const uint64_t digest =
            XXH3_64bits_withSeed(row_at(bytes, row) + 8, logprobs_row_bytes() - 8, row);
        memcpy(row_at(bytes, row), &digest, sizeof digest);
    }
    memcpy(&header, bytes, sizeof header);
    if (flags & 2) {
        header.header_digest = 0;
        memcpy(bytes, &header, sizeof header);
        header.header_digest = XXH3_64bits(bytes, LOGPROBS_HEADER);
        memcpy(bytes, &header, sizeof header);
    }
}

static void prepare(void)
{
    if (sound)
        return;
    sound_bytes = logprobs_file_bytes(ROWS);
    sound = calloc(1, sound_bytes);
    buffer = malloc(READ_ROWS * logprobs_row_bytes());
    file = memfd_create("logits", MFD_CLOEXEC);
    if (sound == NULL || buffer == NULL || file < 0)
        abort();
    struct logprobs_header header = {.version = LOGPROBS_VERSION,
                                     .header_bytes = LOGPROBS_HEADER,
                                     .vocab = model.vocab,
                                     .tokens = ROWS + 1,
                                     .rows = ROWS,
                                     .file_bytes = sound_bytes};
    memcpy(header.magic, LOGPROBS_MAGIC, sizeof header.magic);
    memcpy(sound, &header, sizeof header);
    for (u32 row = 0; row < ROWS; row++) {
        targets[row] = row * 3;
        memcpy(row_at(sound, row) + 8, &targets[row], sizeof targets[row]);
    }
    make_good(sound, 3);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
}

static void load(void)
{
    static struct logprobs_reader reader;
    reader.file = -1;
    if (setjmp(refused) == 0) {
        logprobs_open(&reader, path);
        for (u32 row = 0; row < ROWS; row += READ_ROWS)
            logprobs_read(&reader, targets + row, ROWS - row < READ_ROWS ? 1 : READ_ROWS, buffer);
        logprobs_require_end(&reader, ROWS + 1, 0);
    }
    if (reader.file >= 0)
        close(reader.file);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
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
