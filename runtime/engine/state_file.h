/* The state file: what a run needs to go on behind a text, in another process, with the bits of a
 * run that never stopped. Little-endian, without gaps:
 *
 *   0       struct state_file_header, zero-padded to 4096 bytes
 *   4096    struct history of the text
 *           f32 logits[vocab] after its last token
 *           the state of fixed size: convolution windows and SSM states, as in the state arena
 *           the caches, head by head: the used blocks of each, as in the state arena
 *
 * A file serves any binary of the same config, backend and weights, on any processor or GPU, with
 * any number of threads; `context` may differ unless a window makes a ring of the cache. The draws
 * of a sampler depend on its options and the position alone, so nothing of it is kept. */
#ifndef RUNTIME_ENGINE_STATE_FILE_H
#define RUNTIME_ENGINE_STATE_FILE_H

#include "runtime/base/partial.h"
#include "runtime/engine/history.h"
#include "runtime/engine/state.h"

#define STATE_FILE_MAGIC "INGOTSTA"
enum { STATE_FILE_VERSION = 1, STATE_FILE_HEADER = 4096 };

/* What `stream` has counted in front of the last token: the bytes and bits of the tokens that were
 * foretold. */
struct state_score {
    uint64_t bytes;
    double bits;
};

struct state_file_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;     /* STATE_FILE_HEADER */
    char backend[16];          /* "cpu" or "cuda", zero-padded: the order inside a cache */
    char model[64];            /* the config's name, zero-padded; only for messages */
    uint64_t config_digest[2]; /* state_config_digest() */
    uint64_t weights_digest;   /* that of the weight file's header */
    uint64_t file_bytes;
    uint64_t position;    /* tokens of the text, at least 1 */
    uint64_t fixed_bytes; /* of the state of fixed size */
    uint64_t heads;       /* as model.cache_heads */
    uint64_t head_bytes;  /* of these in the file */
    uint64_t ring;        /* positions of the ring of a window; 0: none */
    struct state_score score;
    uint64_t history_digest, logits_digest, state_digest; /* XXH3-64 of the sections' bytes */
    uint64_t header_digest; /* of the 4096 header bytes with this field zero */
};

/* XXH3-128 (low, high) of what decides a state's numbers: all keys of the config but those that
 * only say how much fits and where it lies. */
void state_config_digest(uint64_t digest[2]);

/* Fills the sizes and `ring` of the header of a state of this model after `position` tokens. */
void state_file_layout(struct state_file_header *header, uint64_t position);

/* A file that is read. */
struct state_file {
    const char *path;
    int file;
    struct state_file_header header;
};

/* Opens the file and checks its header and its size against this binary; needs no session. Exits
 * with EXIT_MISMATCH and a message that says what was found, what was expected and what to do.
 * `path` must outlive it. */
void state_file_open(struct state_file *file, const char *path);

/* Exits with EXIT_MISMATCH unless the state was made with weights of that digest. */
void state_file_require_weights(const struct state_file *file,
                                const struct weights_source *weights);

/* Reads the history, and checks it. Exits as state_file_open() does. */
void state_file_history(const struct state_file *file, struct history *history);

/* Reads logits and state into a session that was opened with state_files and reset, and checks
 * them; it stands behind the text then, but for session->history. Returns the logits of its last
 * token, valid until the next step. Exits as state_file_open() does; allocates nothing. */
const f32 *state_file_load(const struct state_file *file, struct session *session);

/* Reads and checks logits and state without a session, through `buffer` of STATE_PIECE bytes. */
void state_file_check(const struct state_file *file, void *buffer);

void state_file_close(struct state_file *file);

/* A file that is written, once or often: whole or not there, whenever the process ends. */
struct state_writer {
    const char *path;
    struct partial partial;
    uint64_t saves; /* so far */
};

/* Looks whether the file can be made, and removes what killed processes left beside it. Before
 * sealing: allocates. Exits with EXIT_FAILED. */
void state_writer_open(struct state_writer *writer, const char *path);

/* Saves the session, which was opened with state_files and has consumed a token. `logits` are those
 * of its last token; NULL: the row of the last chunk is made into them. Written aside, synced and
 * renamed: when it returns, the file survives a loss of power. Exits with EXIT_FAILED if it cannot
 * be written, and what was there before stays. Allocates nothing. */
void state_save(struct state_writer *writer, struct session *session, const f32 *logits,
                const struct state_score *score);

#endif
