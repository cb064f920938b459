/* The weight file: header, tensor table, tokenizer tables, weights image. Little-endian.
 *
 *   0              struct weight_file_header, zero-padded to 4096 bytes
 *   table_at       struct weight_file_tensor [tensor_count], 4 KiB aligned, in the order of the
 *                  model's weight table
 *   tokenizer_at   the compiled tokenizer, 4 KiB aligned; absent (0 bytes) in files of random
 *                  weights
 *   weights_at     the image of the weights arena, 4 KiB aligned, to the end of the file
 *
 * Gaps are zero and belong to the section before them, so every byte of the file is under a digest.
 */
#ifndef RUNTIME_ENGINE_WEIGHT_FILE_H
#define RUNTIME_ENGINE_WEIGHT_FILE_H

#include <stdint.h>

#include "kernels/formats.h"

#define WEIGHT_FILE_MAGIC "INGOTWTS"
enum { WEIGHT_FILE_VERSION = 3, WEIGHT_FILE_ALIGN = 4096 };

struct weight_file_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;     /* 4096 */
    char backend[16];          /* "cpu" or "cuda", zero-padded: the order inside a matrix */
    char model[64];            /* the config's name, zero-padded */
    uint64_t config_digest[2]; /* must equal the binary's */
    uint64_t file_bytes;
    uint64_t table_at, table_bytes; /* with padding: table_at + table_bytes == tokenizer_at */
    uint64_t tensor_count;
    uint64_t tokenizer_at, tokenizer_bytes; /* bytes of the tables themselves, without padding */
    uint64_t weights_at, weights_bytes;     /* weights_bytes == the binary's weights arena */
    uint64_t table_digest;                  /* XXH3-64 of the table with its padding */
    uint64_t tokenizer_digest;              /* XXH3-64 of [tokenizer_at, weights_at) */
    uint64_t weights_digest; /* XXH3-64 of the tensor digests in order: what reports show */
    uint64_t header_digest;  /* XXH3-64 of the 4096 header bytes with this field zero */
};

struct weight_file_tensor {
    uint64_t at, bytes; /* in the weights image; must equal the binary's table */
    uint64_t digest;    /* XXH3-64 of those bytes */
    uint32_t format;    /* enum format of kernels/formats.h; must be that of the binary's table */
    uint32_t block;     /* neighbours that share a scale; 0: the format has no scales */
};

#endif
