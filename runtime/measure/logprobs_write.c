/* Writing files of logits. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"
#include "runtime/measure/logprobs.h"

static _Noreturn void refuse(struct logprobs_writer *writer, const char *what)
{
    const int reason = errno;
    partial_abandon(&writer->partial);
    die(EXIT_FAILED, "%s: cannot %s: %s; it is not saved, and what was there before stays",
        writer->path, what, strerror(reason));
}

void logprobs_create(struct logprobs_writer *writer, const char *path)
{
    static const uint8_t later[LOGPROBS_HEADER];
    writer->path = path;
    writer->rows = 0;
    if (!partial_open(&writer->partial, path))
        die(EXIT_FAILED, "%s: cannot be created: %s", writer->partial.name, strerror(errno));
    writer->partial.drop = true;
    out_open(&writer->out, writer->partial.file, path);
    writer->out.aside = writer->partial.name;
    out_write(&writer->out, later, sizeof later);
}

void logprobs_write(struct logprobs_writer *writer, u32 target, const f32 *logits)
{
    struct logprobs_row head = {.target = target};
    XXH3_state_t digest;
    XXH3_INITSTATE(&digest);
    XXH3_64bits_reset_withSeed(&digest, writer->rows);
    XXH3_64bits_update(&digest, &head.target, sizeof head - offsetof(struct logprobs_row, target));
    XXH3_64bits_update(&digest, logits, model.vocab * sizeof *logits);
    head.digest = XXH3_64bits_digest(&digest);
    out_write(&writer->out, &head, sizeof head);
    out_write(&writer->out, logits, model.vocab * sizeof *logits);
    writer->rows++;
}

void logprobs_commit(struct logprobs_writer *writer, struct logprobs_header *header)
{
    _Alignas(struct logprobs_header) uint8_t block[LOGPROBS_HEADER] = {0};
    memcpy(header->magic, LOGPROBS_MAGIC, sizeof header->magic);
    header->version = LOGPROBS_VERSION;
    header->header_bytes = LOGPROBS_HEADER;
    snprintf(header->model, sizeof header->model, "%s", model.name);
    header->vocab = model.vocab;
    header->rows = writer->rows;
    header->file_bytes = logprobs_file_bytes(writer->rows);
    header->header_digest = 0;
    memcpy(block, header, sizeof *header);
    header->header_digest = XXH3_64bits(block, sizeof block);
    memcpy(block, header, sizeof *header);
    out_flush(&writer->out);
    for (size_t done = 0; done < sizeof block;) {
        const ssize_t wrote =
            pwrite(writer->partial.file, block + done, sizeof block - done, (off_t)done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote == 0)
            errno = ENOSPC;
        if (wrote <= 0)
            refuse(writer, "write");
        done += (size_t)wrote;
    }
    const char *failed = partial_commit(&writer->partial);
    if (failed)
        refuse(writer, failed);
}

void logprobs_abandon(struct logprobs_writer *writer)
{
    partial_abandon(&writer->partial);
}
