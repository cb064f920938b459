/* The header of a safetensors file, validated completely before anything is read through it.
 *
 * A file is 8 bytes of little-endian header length, the header (one JSON object), and the data.
 * After a successful parse these hold: every tensor has a known dtype, its shape times the size of
 * its dtype is exactly its byte range, and the ranges cover the data to the end of the file without
 * overlap or hole. All arithmetic on numbers of the file is checked for overflow.
 *
 * Each error is one line of the diagnostics, whose `file` is the path of the file. */
#ifndef TOOLS_PACK_SAFETENSORS_H
#define TOOLS_PACK_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/front/diagnostics.h"

enum {
    SAFETENSORS_DIMS = 8,               /* most dimensions of a tensor */
    SAFETENSORS_NAME = 255,             /* most bytes of a tensor's name */
    SAFETENSORS_PREFIX = 8,             /* bytes before the header */
    SAFETENSORS_HEADER_MAX = 100000000, /* the format's own limit */
};

/* The dtypes that can become weights; any other known dtype is SAFETENSORS_OTHER. */
enum safetensors_dtype { SAFETENSORS_F32, SAFETENSORS_F16, SAFETENSORS_BF16, SAFETENSORS_OTHER };

struct safetensors_tensor {
    char *name;             /* printable UTF-8, at most SAFETENSORS_NAME bytes */
    const char *dtype_name; /* as in the file; static storage */
    enum safetensors_dtype dtype;
    uint32_t dim_count; /* 0 for a scalar */
    uint64_t dims[SAFETENSORS_DIMS];
    uint64_t at, bytes; /* in the file */
};

/* Tensors ascend by `at`. */
struct safetensors {
    struct safetensors_tensor *tensors;
    size_t count;
};

/* The header's length out of the first 8 bytes of a file of `file_bytes` bytes; 0 after an error.
 */
uint64_t safetensors_header_bytes(const uint8_t prefix[SAFETENSORS_PREFIX], uint64_t file_bytes,
                                  struct diagnostics *diagnostics);

/* Parses `header`. True: `s` holds the tensors until safetensors_free(). False: an error was
 * reported and `s` is empty. Memory: that of the parsed JSON, released before returning. */
bool safetensors_parse(struct safetensors *s, const char *header, uint64_t header_bytes,
                       uint64_t file_bytes, struct diagnostics *diagnostics);

/* Opens the file that the diagnostics name, reads and parses its header. Returns a descriptor to
 * read the tensors from, or -1 after reporting an error. */
int safetensors_open(struct safetensors *s, struct diagnostics *diagnostics);

/* Reads exactly bytes [at, at + bytes) of the file. False: errno says why, ENODATA that the file
 * ended. */
bool safetensors_read(int fd, void *into, uint64_t bytes, uint64_t at);

void safetensors_free(struct safetensors *s);

/* Text of a file may reach a terminal: true if it has 1 to `most` bytes and no control character.
 */
bool safetensors_printable(const char *text, size_t most);

/* Writes "F32 [768, 1536]" into `text` and returns it. */
const char *safetensors_describe(const struct safetensors_tensor *tensor, char *text, size_t size);

#endif
