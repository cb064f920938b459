/* The file of logits that a model gave for every scored token of a text, from which another model's
 * distributions are compared with its own: `perplexity --save-logprobs` and `--against`.
 * ingot-logprobs(5) describes it. Little-endian, without gaps:
 *
 *   0       struct logprobs_header, zero-padded to 4096 bytes
 *   4096    a row for each scored token, in the order of the text: struct logprobs_row, then
 *           f32 logits[vocab], as the model computed them
 *
 * Logits, not log-probabilities: those follow from them, in double, and equal models then have a
 * divergence of exactly 0. */
#ifndef RUNTIME_MEASURE_LOGPROBS_H
#define RUNTIME_MEASURE_LOGPROBS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/out.h"
#include "runtime/base/partial.h"
#include "runtime/base/run.h"
#include "runtime/engine/session.h"
#include "runtime/measure/windows.h"

#define LOGPROBS_MAGIC "INGOTLGP"
enum { LOGPROBS_VERSION = 1, LOGPROBS_HEADER = 4096 };

struct logprobs_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;   /* LOGPROBS_HEADER */
    char model[64];          /* the config's name, zero-padded; only for messages, as the digests */
    uint64_t weights_digest; /* of the weight file */
    uint64_t vocabulary_digest[2]; /* logprobs_vocabulary() */
    uint64_t vocab;                /* logits of a row */
    uint64_t kind;                 /* enum windows_kind */
    uint64_t window, stride;       /* of struct windows */
    uint64_t begins;               /* ids that the tokenizer put before the text */
    uint64_t tokens;               /* of the text */
    uint64_t ids_digest;           /* XXH3-64 of their ids, u32 each */
    uint64_t rows;
    uint64_t file_bytes;
    uint64_t header_digest; /* XXH3-64 of the 4096 header bytes with this field zero */
};

struct logprobs_row {
    uint64_t digest; /* XXH3-64, seeded with the row's number, of all of the row that follows */
    uint32_t target; /* the token that came */
    uint32_t zero;
};

/* XXH3-128 (low, high) of what every id of a tokenizer prints. */
void logprobs_vocabulary(const struct tokenizer *tokenizer, uint64_t digest[2]);

/* Bytes of a row, and of a file of so many; UINT64_MAX where that is more than a file can have. */
uint64_t logprobs_row_bytes(void);
uint64_t logprobs_file_bytes(uint64_t rows);

/* ---- reading --------------------------------------------------------------------------------- */

struct logprobs_reader {
    const char *path;
    int file;
    uint64_t row; /* the next */
    struct logprobs_header header;
};

/* Opens the file and checks its header and size, as far as that needs no tokenizer. Exits with
 * EXIT_MISMATCH and a message that says what was found, what was expected and what to do. `path`
 * must outlive the reader. */
void logprobs_open(struct logprobs_reader *reader, const char *path);

/* The same for what is read there: the vocabulary, and how the text is cut. */
void logprobs_require(const struct logprobs_reader *reader, const struct tokenizer *tokenizer,
                      const struct windows *windows);

/* Reads the next rows, which must be those of the targets, behind one another at `memory`, and
 * checks their digests. Exits with EXIT_MISMATCH, naming the row, or EXIT_INTERRUPTED. */
void logprobs_read(struct logprobs_reader *reader, const u32 *targets, u32 rows, void *memory);

/* At the end of a text of so many tokens: exits with EXIT_MISMATCH unless it was that of the
 * file. */
void logprobs_require_end(const struct logprobs_reader *reader, uint64_t tokens,
                          uint64_t ids_digest);

/* ---- writing --------------------------------------------------------------------------------- */

struct logprobs_writer {
    const char *path;
    uint64_t rows; /* so far */
    struct partial partial;
    struct out out;
};

/* Creates the file beside its name. Exits with EXIT_FAILED. Before sealing: allocates. A write that
 * fails later removes it and exits with EXIT_FAILED, and what had that name before stays. */
void logprobs_create(struct logprobs_writer *writer, const char *path);

/* Appends the row of a token. */
void logprobs_write(struct logprobs_writer *writer, u32 target, const f32 *logits);

/* Writes the header and gives the file its name, when it is complete and on the disk. Of `header`
 * the caller fills weights_digest, vocabulary_digest, kind, window, stride, begins, tokens,
 * ids_digest. */
void logprobs_commit(struct logprobs_writer *writer, struct logprobs_header *header);

/* Gives up: nothing of it is left. */
void logprobs_abandon(struct logprobs_writer *writer);

#endif
