/* Files of logits: what they hold, whether they fit, and reading them. */
#include "runtime/measure/logprobs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"

#define REMEDY "; save it again with --save-logprobs, or leave --against out"

uint64_t logprobs_row_bytes(void)
{
    return sizeof(struct logprobs_row) + (uint64_t)model.vocab * sizeof(f32);
}

uint64_t logprobs_file_bytes(uint64_t rows)
{
    uint64_t bytes;
    if (__builtin_mul_overflow(rows, logprobs_row_bytes(), &bytes) ||
        __builtin_add_overflow(bytes, LOGPROBS_HEADER, &bytes) || bytes > INT64_MAX)
        return UINT64_MAX;
    return bytes;
}

void logprobs_vocabulary(const struct tokenizer *tokenizer, uint64_t digest[2])
{
    XXH3_state_t all;
    XXH3_128bits_reset(&all);
    for (uint32_t id = 0; id < tokenizer_rows(tokenizer); id++) {
        uint64_t bytes;
        const uint8_t *text = tokenizer_text(tokenizer, id, &bytes);
        XXH3_128bits_update(&all, &bytes, sizeof bytes);
        if (bytes > 0)
            XXH3_128bits_update(&all, text, bytes);
    }
    const XXH128_hash_t hash = XXH3_128bits_digest(&all);
    digest[0] = hash.low64;
    digest[1] = hash.high64;
}

/* Exits if the file ends before, or cannot be read. */
static void read_at(const struct logprobs_reader *reader, void *to, uint64_t bytes, uint64_t from)
{
    const int stopped = weights_read(reader->file, to, bytes, from);
    if (stopped == EINTR)
        die(EXIT_INTERRUPTED, "%s: interrupted while it was read", reader->path);
    if (stopped == ENODATA)
        die(EXIT_MISMATCH, "%s: cut short: it ends before byte %" PRIu64 REMEDY, reader->path,
            from + bytes);
    if (stopped)
        die(EXIT_FAILED, "%s: cannot read: %s", reader->path, strerror(stopped));
}

/* The header by itself: kind of file, version, digest. */
static void check_header(struct logprobs_reader *reader, uint8_t *block)
{
    struct logprobs_header *header = &reader->header;
    memcpy(header, block, sizeof *header);
    if (memcmp(header->magic, LOGPROBS_MAGIC, sizeof header->magic) != 0)
        die(EXIT_MISMATCH, "%s: not a file of logits: it does not start with '%s'" REMEDY,
            reader->path, LOGPROBS_MAGIC);
    if (header->version != LOGPROBS_VERSION)
        die(EXIT_MISMATCH, "%s: logits file of version %u, this binary reads version %d" REMEDY,
            reader->path, header->version, LOGPROBS_VERSION);
    memset(block + offsetof(struct logprobs_header, header_digest), 0,
           sizeof header->header_digest);
    const uint64_t digest = XXH3_64bits(block, LOGPROBS_HEADER);
    if (digest != header->header_digest)
        die(EXIT_MISMATCH,
            "%s: the header is damaged: digest %016" PRIx64 ", expected %016" PRIx64 REMEDY,
            reader->path, digest, header->header_digest);
}

/* Sizes, which only a wrong writer or another model makes differ. */
static void check_sizes(const struct logprobs_reader *reader)
{
    const struct logprobs_header *header = &reader->header;
    struct stat facts;
    if (fstat(reader->file, &facts) != 0)
        die(EXIT_FAILED, "%s: cannot be examined: %s", reader->path, strerror(errno));
    if (header->vocab != model.vocab)
        die(EXIT_MISMATCH,
            "%s: rows of %" PRIu64 " logits, saved by %.64s; %s has %u: only models with the same "
            "vocabulary can be compared",
            reader->path, header->vocab, header->model, model.name, model.vocab);
    if (header->header_bytes != LOGPROBS_HEADER || header->rows == 0 ||
        header->tokens <= header->rows || header->file_bytes != logprobs_file_bytes(header->rows) ||
        header->file_bytes == UINT64_MAX)
        die(EXIT_MISMATCH,
            "%s: the header's sizes are not those of %" PRIu64 " rows of %u logits" REMEDY,
            reader->path, header->rows, model.vocab);
    const uint64_t found = (uint64_t)facts.st_size;
    if (!S_ISREG(facts.st_mode) || found != header->file_bytes)
        die(EXIT_MISMATCH, "%s: %s: %" PRIu64 " bytes, expected %" PRIu64 REMEDY, reader->path,
            found < header->file_bytes ? "cut short" : "bytes follow its end", found,
            header->file_bytes);
}

void logprobs_open(struct logprobs_reader *reader, const char *path)
{
    *reader = (struct logprobs_reader){.path = path};
    reader->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* waits for no FIFO */
    if (reader->file < 0)
        die(EXIT_MISMATCH, "%s: cannot open the file of logits: %s; --save-logprobs makes one",
            path, strerror(errno));
    _Alignas(struct logprobs_header) uint8_t block[LOGPROBS_HEADER];
    read_at(reader, block, sizeof block, 0);
    check_header(reader, block);
    check_sizes(reader);
}

void logprobs_require(const struct logprobs_reader *reader, const struct tokenizer *tokenizer,
                      const struct windows *windows)
{
    const struct logprobs_header *header = &reader->header;
    uint64_t digest[2];
    logprobs_vocabulary(tokenizer, digest);
    if (digest[0] != header->vocabulary_digest[0] || digest[1] != header->vocabulary_digest[1])
        die(EXIT_MISMATCH,
            "%s: saved by %.64s, whose tokens are not those of %s: only models with the same "
            "vocabulary can be compared",
            reader->path, header->model, model.name);
    if (header->kind != (uint64_t)windows->kind || header->window != windows->window ||
        header->stride != windows->stride) {
        const struct windows saved = {
            .kind = header->kind > WINDOWS_HALVES ? WINDOWS_NONE : (enum windows_kind)header->kind,
            .window = header->window,
            .stride = header->stride};
        die(EXIT_MISMATCH,
            "%s: saved in %s, but this is %s: give the same --window and --stride, or "
            "--like-llama-cpp, both times",
            reader->path, windows_describe(&saved).text, windows_describe(windows).text);
    }
}

void logprobs_read(struct logprobs_reader *reader, const u32 *targets, u32 rows, void *memory)
{
    const uint64_t row_bytes = logprobs_row_bytes();
    if (rows > reader->header.rows - reader->row)
        die(EXIT_MISMATCH,
            "%s: made of another text: it has %" PRIu64 " rows, this text needs more", reader->path,
            reader->header.rows);
    read_at(reader, memory, rows * row_bytes, LOGPROBS_HEADER + reader->row * row_bytes);
    for (u32 i = 0; i < rows; i++, reader->row++) {
        const uint8_t *row = (const uint8_t *)memory + i * row_bytes;
        struct logprobs_row head;
        memcpy(&head, row, sizeof head);
        const uint64_t digest = XXH3_64bits_withSeed(row + sizeof head.digest,
                                                     row_bytes - sizeof head.digest, reader->row);
        if (digest != head.digest)
            die(EXIT_MISMATCH,
                "%s: row %" PRIu64 " is damaged: digest %016" PRIx64
                ", expected %016" PRIx64 REMEDY,
                reader->path, reader->row, digest, head.digest);
        if (head.target != targets[i])
            die(EXIT_MISMATCH,
                "%s: made of another text: scored token %" PRIu64 " is %u there, %u here",
                reader->path, reader->row, head.target, targets[i]);
    }
}

void logprobs_require_end(const struct logprobs_reader *reader, uint64_t tokens,
                          uint64_t ids_digest)
{
    const struct logprobs_header *header = &reader->header;
    if (tokens != header->tokens || reader->row != header->rows)
        die(EXIT_MISMATCH,
            "%s: made of another text, of %" PRIu64 " tokens, %" PRIu64
            " of them scored; this one has %" PRIu64 ", %" PRIu64 " scored",
            reader->path, header->tokens, header->rows, tokens, reader->row);
    if (ids_digest != header->ids_digest)
        die(EXIT_MISMATCH,
            "%s: made of another text: tokens that are not scored differ, digest %016" PRIx64
            " there, %016" PRIx64 " here",
            reader->path, header->ids_digest, ids_digest);
}
