/* libFuzzer entry: a sound state file with bytes changed, or cut. Whatever is accepted must be a
 * state of this model: it is read into buffers of the model's sizes from end to end.
 *
 * Input: a byte of flags, two bytes of length, then changes of three bytes: two of place, one of
 * value. With flag 1 the digests of the sections are made good again, with flag 2 that of the
 * header, so that what stands behind them is reached; with flag 4 the file is cut to the length.
 * die() is this file's own: it comes back here. */
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
#include "runtime/engine/state_file.h"

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

static uint8_t *sound, buffer[STATE_PIECE];
static char path[64];
static int file;

/* Where the sections begin, in a file of this model. */
static uint64_t logits_at(void)
{
    return STATE_FILE_HEADER + sizeof(struct history);
}

static void make_good(uint8_t *bytes, uint64_t count, unsigned flags)
{
    struct state_file_header header;
    const uint64_t state_at = logits_at() + model.vocab * sizeof(f32);
    memcpy(&header, bytes, sizeof header);
    if (flags & 1) {
        header.history_digest = XXH3_64bits(bytes + STATE_FILE_HEADER, sizeof(struct history));
        header.logits_digest = XXH3_64bits(bytes + logits_at(), model.vocab * sizeof(f32));
        header.state_digest = XXH3_64bits(bytes + state_at, count - state_at);
    }
    header.header_digest = 0;
    memcpy(bytes, &header, sizeof header);
    if (flags & 2) {
        header.header_digest = XXH3_64bits(bytes, STATE_FILE_HEADER);
        memcpy(bytes, &header, sizeof header);
    }
}

static uint64_t prepare(void)
{
    static struct state_file_header header = {.version = STATE_FILE_VERSION,
                                              .header_bytes = STATE_FILE_HEADER};
    static struct history history;
    if (sound)
        return header.file_bytes;
    for (u32 id = 0; id < 100; id++) {
        if (id == 0)
            history_begin(&history);
        history_add(&history, &id, 1);
    }
    memcpy(header.magic, STATE_FILE_MAGIC, sizeof header.magic);
    snprintf(header.backend, sizeof header.backend, "%s", backend_name);
    state_config_digest(header.config_digest);
    state_file_layout(&header, history.tokens);
    sound = calloc(1, header.file_bytes);
    file = memfd_create("state", MFD_CLOEXEC);
    if (sound == NULL || file < 0)
        abort();
    memcpy(sound, &header, sizeof header);
    memcpy(sound + STATE_FILE_HEADER, &history, sizeof history);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return header.file_bytes;
}

static void load(void)
{
    static struct state_file read;
    static struct history history;
    read.file = -1;
    if (setjmp(refused) == 0) {
        state_file_open(&read, path);
        state_file_history(&read, &history);
        state_file_check(&read, buffer);
        uint64_t from, to;
        (void)history_same(&history, &history, &from, &to);
    }
    if (read.file >= 0)
        state_file_close(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const uint64_t count = prepare();
    if (size < 3 || count == 0)
        return 0;
    uint8_t *bytes = malloc(count);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, sound, count);
    for (size_t at = 3; at + 3 <= size; at += 3)
        bytes[(input[at] + 256u * input[at + 1]) % count] = input[at + 2];
    make_good(bytes, count, input[0]);
    uint64_t kept = count;
    if (input[0] & 4)
        kept = (input[1] + 256u * input[2]) % count;
    if (ftruncate(file, 0) || pwrite(file, bytes, kept, 0) != (ssize_t)kept)
        abort();
    free(bytes);
    load();
    return 0;
}
