/* Writing state files. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"
#include "runtime/engine/state_file.h"

static _Noreturn void refuse(struct state_writer *writer, const char *what)
{
    const int reason = errno;
    partial_abandon(&writer->partial);
    die(EXIT_FAILED, "%s: cannot %s: %s; %s", writer->path, what, strerror(reason),
        writer->saves > 0 ? "it holds the state that was saved last"
                          : "the state is not saved, and what was there before stays");
}

static void write_at(struct state_writer *writer, const void *bytes, uint64_t count, uint64_t at)
{
    for (uint64_t done = 0; done < count;) {
        const ssize_t wrote = pwrite(writer->partial.file, (const uint8_t *)bytes + done,
                                     count - done, (off_t)(at + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote == 0)
            errno = ENOSPC;
        if (wrote <= 0)
            refuse(writer, "write");
        done += (uint64_t)wrote;
    }
}

void state_writer_open(struct state_writer *writer, const char *path)
{
    *writer = (struct state_writer){.path = path};
    if (!partial_open(&writer->partial, path))
        die(EXIT_FAILED, "%s: cannot be created: %s", writer->partial.name, strerror(errno));
    partial_abandon(&writer->partial);
}

/* Behind the header, in order; fills the digests. */
static void write_sections(struct state_writer *writer, struct session *session, const f32 *logits,
                           struct state_file_header *header)
{
    uint64_t at = STATE_FILE_HEADER;
    write_at(writer, session->history, sizeof *session->history, at);
    at += sizeof *session->history;
    const uint64_t logits_bytes = model.vocab * sizeof *logits;
    write_at(writer, logits, logits_bytes, at);
    at += logits_bytes;
    header->history_digest = XXH3_64bits(session->history, sizeof *session->history);
    header->logits_digest = XXH3_64bits(logits, logits_bytes);
    XXH3_state_t digest;
    XXH3_64bits_reset(&digest);
    struct state_walk walk = state_walk_begin(session->position);
    for (; state_walk_next(&walk); at += walk.bytes) {
        const void *from = backend_state_read(session, walk.at, walk.bytes);
        XXH3_64bits_update(&digest, from, walk.bytes);
        write_at(writer, from, walk.bytes, at);
    }
    header->state_digest = XXH3_64bits_digest(&digest);
}

static void write_header(struct state_writer *writer, const struct state_file_header *header)
{
    _Alignas(struct state_file_header) uint8_t block[STATE_FILE_HEADER] = {0};
    memcpy(block, header, sizeof *header);
    const uint64_t digest = XXH3_64bits(block, sizeof block);
    memcpy(block + offsetof(struct state_file_header, header_digest), &digest, sizeof digest);
    write_at(writer, block, sizeof block, 0);
}

void state_save(struct state_writer *writer, struct session *session, const f32 *logits,
                const struct state_score *score)
{
    if (logits == NULL)
        logits = session_head(session, session->rows - 1, 1);
    if (!partial_reopen(&writer->partial))
        refuse(writer, "write aside");
    struct state_file_header header = {
        .version = STATE_FILE_VERSION,
        .header_bytes = STATE_FILE_HEADER,
        .weights_digest = session->weights.header.weights_digest,
        .score = *score,
    };
    memcpy(header.magic, STATE_FILE_MAGIC, sizeof header.magic);
    snprintf(header.backend, sizeof header.backend, "%s", backend_name);
    snprintf(header.model, sizeof header.model, "%s", model.name);
    state_config_digest(header.config_digest);
    state_file_layout(&header, session->position);
    write_sections(writer, session, logits, &header);
    write_header(writer, &header);
    const char *failed = partial_commit(&writer->partial);
    if (failed)
        refuse(writer, failed);
    writer->saves++;
}
