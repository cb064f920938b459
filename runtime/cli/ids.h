/* Token ids as text: decimal numbers between white space. */
#ifndef RUNTIME_CLI_IDS_H
#define RUNTIME_CLI_IDS_H

#include <stdint.h>

#include "runtime/base/run.h"

/* All ids of a file ("-": standard input), *count of them, valid until the next call; to be called
 * before sealing only. Exits with EXIT_FAILED if the file cannot be read, and with
 * EXIT_MISMATCH, naming the line, at anything that is not a number below `vocab`. */
u32 *ids_read(const char *path, u32 vocab, uint64_t *count);

#endif
