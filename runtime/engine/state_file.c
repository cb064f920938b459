/* State files: what they hold, and whether they fit this binary. */
#include "runtime/engine/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"

#define REMEDY "; save it again with --save-state, or leave --load-state out"

/* Keys that change no number of a state: how much fits, and where it lies. */
static bool numberless(const char *key)
{
    static const char *const keys[] = {"context",        "prefill_chunk", "logit_rows",
                                       "weights_memory", "state_memory",  "scratch_memory",
                                       "io_memory"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

void state_config_digest(uint64_t digest[2])
{
    XXH3_state_t all;
    XXH3_128bits_reset(&all);
    for (u32 i = 0; i < model.key_count; i++) {
        const struct model_key *key = &model.keys[i];
        if (numberless(key->key))
            continue;
        XXH3_128bits_update(&all, key->key, strlen(key->key) + 1);
        XXH3_128bits_update(&all, key->value, strlen(key->value) + 1);
    }
    const XXH128_hash_t hash = XXH3_128bits_digest(&all);
    digest[0] = hash.low64;
    digest[1] = hash.high64;
}

/* Positions of the ring of a window; 0: the cache is none. */
static uint64_t ring(void)
{
    return model.window > 0 ? model.cache_bytes / model.cache_position_bytes : 0;
}

void state_file_layout(struct state_file_header *header, uint64_t position)
{
    struct state_rows rows[2];
    const u32 count = state_rows_at(position, rows);
    header->position = position;
    header->fixed_bytes = model.state_bytes - model.cache_bytes;
    header->heads = model.cache_heads;
    header->head_bytes = model.cache_bytes > 0 ? rows[count - 1].bytes : 0;
    header->ring = ring();
    header->file_bytes = STATE_FILE_HEADER + sizeof(struct history) + model.vocab * sizeof(f32) +
                         state_bytes(position);
}

/* ---- opening ------------------------------------------------------------------------------- */

static uint64_t size_of(const struct state_file *file)
{
    struct stat facts;
    if (fstat(file->file, &facts) != 0)
        die(EXIT_FAILED, "%s: cannot be examined: %s", file->path, strerror(errno));
    if (!S_ISREG(facts.st_mode))
        die(EXIT_MISMATCH, "%s: not a regular file; a state file is needed", file->path);
    return (uint64_t)facts.st_size;
}

/* The header by itself: kind, version, digest. `block` is its 4096 bytes. */
static void check_block(struct state_file *file, uint8_t *block)
{
    struct state_file_header *header = &file->header;
    memcpy(header, block, sizeof *header);
    if (memcmp(header->magic, STATE_FILE_MAGIC, sizeof header->magic) != 0)
        die(EXIT_MISMATCH, "%s: not a state file: it does not start with '%s'", file->path,
            STATE_FILE_MAGIC);
    if (header->version != STATE_FILE_VERSION)
        die(EXIT_MISMATCH, "%s: state file of version %u, this binary reads version %d" REMEDY,
            file->path, header->version, STATE_FILE_VERSION);
    memset(block + offsetof(struct state_file_header, header_digest), 0,
           sizeof header->header_digest);
    const uint64_t digest = XXH3_64bits(block, STATE_FILE_HEADER);
    if (digest != header->header_digest)
        die(EXIT_MISMATCH,
            "%s: the header is damaged: digest %016" PRIx64 ", expected %016" PRIx64 REMEDY,
            file->path, digest, header->header_digest);
}

/* The header against the binary: backend, config, layout. */
static void check_fit(const struct state_file *file)
{
    const struct state_file_header *header = &file->header;
    if (strncmp(header->backend, backend_name, sizeof header->backend) != 0)
        die(EXIT_MISMATCH, "%s: saved by the backend '%.16s', this binary is for '%s'" REMEDY,
            file->path, header->backend, backend_name);
    uint64_t digest[2];
    state_config_digest(digest);
    if (header->config_digest[0] != digest[0] || header->config_digest[1] != digest[1])
        die(EXIT_MISMATCH,
            "%s: the state of another config: saved by %.64s, digest %016" PRIx64 "%016" PRIx64
            "; this binary is %s, digest %016" PRIx64 "%016" PRIx64 REMEDY,
            file->path, header->model, header->config_digest[1], header->config_digest[0],
            model.name, digest[1], digest[0]);
    if (header->ring != ring())
        die(EXIT_MISMATCH,
            "%s: its window is a ring of %" PRIu64 " positions, that of this binary one of %" PRIu64
            "; set the prefill_chunk that saved it in config/%s.ini, or save it again",
            file->path, header->ring, ring(), model.name);
    if (model.context > 0 && header->position > model.context)
        die(EXIT_MISMATCH,
            "%s: the state of %" PRIu64 " tokens, but the context holds %" PRIu64
            ": set a larger 'context' in config/%s.ini and run 'make MODEL=%s%s'",
            file->path, header->position, model.context, model.name, model.name, backend_make);
}

/* Sizes against the binary and the file. The digest has been checked, so only a wrong writer gets
 * here with nonsense; nothing of it is trusted all the same. */
static void check_sizes(const struct state_file *file)
{
    const struct state_file_header *header = &file->header;
    const bool possible = header->position > 0 && header->position <= INT64_MAX / 2;
    struct state_file_header expected = {.file_bytes = 0};
    if (possible)
        state_file_layout(&expected, header->position);
    if (!possible || header->header_bytes != STATE_FILE_HEADER ||
        header->fixed_bytes != expected.fixed_bytes || header->heads != expected.heads ||
        header->head_bytes != expected.head_bytes || header->file_bytes != expected.file_bytes)
        die(EXIT_MISMATCH,
            "%s: the header's sizes are not those of a state of this model after %" PRIu64
            " tokens" REMEDY,
            file->path, header->position);
    const uint64_t found = size_of(file);
    if (found != header->file_bytes)
        die(EXIT_MISMATCH, "%s: %s: %" PRIu64 " bytes, expected %" PRIu64 REMEDY, file->path,
            found < header->file_bytes ? "cut short" : "bytes follow its end", found,
            header->file_bytes);
}

void state_file_open(struct state_file *file, const char *path)
{
    *file = (struct state_file){.path = path};
    file->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* waits for no FIFO */
    if (file->file < 0)
        die(EXIT_MISMATCH, "%s: cannot open the state file: %s; --save-state makes one", path,
            strerror(errno));
    size_of(file);
    _Alignas(struct state_file_header) uint8_t block[STATE_FILE_HEADER];
    const int stopped = weights_read(file->file, block, sizeof block, 0);
    if (stopped == ENODATA)
        die(EXIT_MISMATCH, "%s: cut short: the header alone takes %d bytes" REMEDY, path,
            STATE_FILE_HEADER);
    if (stopped)
        die(EXIT_FAILED, "%s: cannot read: %s", path, strerror(stopped));
    check_block(file, block);
    check_fit(file);
    check_sizes(file);
}

void state_file_close(struct state_file *file)
{
    close(file->file);
    file->file = -1;
}

void state_file_require_weights(const struct state_file *file, const struct weights_source *weights)
{
    const uint64_t saved = file->header.weights_digest, here = weights->header.weights_digest;
    if (saved != here)
        die(EXIT_MISMATCH,
            "%s: the state of other weights: digest %016" PRIx64 ", that of %s is %016" PRIx64
            "; name the weights that it was saved with (--weights), or leave --load-state out",
            file->path, saved, weights->path, here);
}

/* ---- reading ------------------------------------------------------------------------------- */

static void read_piece(const struct state_file *file, void *to, uint64_t bytes, uint64_t from)
{
    const int stopped = weights_read(file->file, to, bytes, from);
    if (stopped == EINTR)
        die(EXIT_INTERRUPTED, "%s: interrupted while it was read", file->path);
    if (stopped)
        die(EXIT_FAILED, "%s: cannot read: %s", file->path,
            stopped == ENODATA ? "it became shorter meanwhile" : strerror(stopped));
}

static void check_section(const struct state_file *file, const char *name, uint64_t digest,
                          uint64_t expected)
{
    if (digest != expected)
        die(EXIT_MISMATCH,
            "%s: the %s is damaged: digest %016" PRIx64 ", expected %016" PRIx64 REMEDY, file->path,
            name, digest, expected);
}

enum { LOGITS_AT = STATE_FILE_HEADER + (int)sizeof(struct history) };

static uint64_t state_at(void)
{
    return LOGITS_AT + model.vocab * sizeof(f32);
}

void state_file_history(const struct state_file *file, struct history *history)
{
    read_piece(file, history, sizeof *history, STATE_FILE_HEADER);
    check_section(file, "token history", XXH3_64bits(history, sizeof *history),
                  file->header.history_digest);
    if (history->tokens != file->header.position || !history_sound(history))
        die(EXIT_MISMATCH, "%s: the token history is not that of %" PRIu64 " tokens" REMEDY,
            file->path, file->header.position);
}

static void read_logits(const struct state_file *file, f32 *logits)
{
    read_piece(file, logits, model.vocab * sizeof *logits, LOGITS_AT);
    check_section(file, "row of logits", XXH3_64bits(logits, model.vocab * sizeof *logits),
                  file->header.logits_digest);
}

static void read_state(const struct state_file *file, struct session *session)
{
    XXH3_state_t digest;
    XXH3_64bits_reset(&digest);
    struct state_walk walk = state_walk_begin(file->header.position);
    for (uint64_t from = state_at(); state_walk_next(&walk); from += walk.bytes) {
        void *to = backend_state_room(session, walk.at);
        read_piece(file, to, walk.bytes, from);
        XXH3_64bits_update(&digest, to, walk.bytes);
        backend_state_filled(session, walk.at, walk.bytes);
    }
    check_section(file, "state", XXH3_64bits_digest(&digest), file->header.state_digest);
}

const f32 *state_file_load(const struct state_file *file, struct session *session)
{
    read_state(file, session);
    f32 *logits = backend_logits_room(session);
    read_logits(file, logits);
    backend_logits_filled(session);
    session->position = file->header.position;
    session->rows = 0;
    return logits;
}

void state_file_check(const struct state_file *file, void *buffer)
{
    XXH3_state_t digest;
    XXH3_64bits_reset(&digest);
    for (uint64_t at = LOGITS_AT, bytes; at < state_at(); at += bytes) {
        bytes = state_at() - at < STATE_PIECE ? state_at() - at : STATE_PIECE;
        read_piece(file, buffer, bytes, at);
        XXH3_64bits_update(&digest, buffer, bytes);
    }
    check_section(file, "row of logits", XXH3_64bits_digest(&digest), file->header.logits_digest);
    XXH3_64bits_reset(&digest);
    struct state_walk walk = state_walk_begin(file->header.position);
    for (uint64_t from = state_at(); state_walk_next(&walk); from += walk.bytes) {
        read_piece(file, buffer, walk.bytes, from);
        XXH3_64bits_update(&digest, buffer, walk.bytes);
    }
    check_section(file, "state", XXH3_64bits_digest(&digest), file->header.state_digest);
}
