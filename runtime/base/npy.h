/* A float32 .npy array written row by row; its shape is known in advance. */
#ifndef RUNTIME_BASE_NPY_H
#define RUNTIME_BASE_NPY_H

#include <stdint.h>

#include "runtime/base/out.h"
#include "runtime/base/partial.h"
#include "runtime/base/run.h"

struct npy {
    struct out out;
    const char *path; /* NULL: standard output */
    struct partial partial;
    u32 columns;
};

/* Starts a [rows][columns] array in C order: format version 1.0, little-endian. To a file it is
 * written beside it under another name. Exits with EXIT_FAILED if it cannot be created. */
void npy_open(struct npy *npy, const char *path, uint64_t rows, u32 columns);

/* For an array whose rows are known only when nothing may be allocated any more: npy_check() exits
 * as above if the file cannot be created and leaves nothing, npy_start() starts it then. */
void npy_check(struct npy *npy, const char *path);
void npy_start(struct npy *npy, uint64_t rows, u32 columns);

/* Appends one row of npy->columns floats. */
void npy_row(struct npy *npy, const f32 *row);

/* Flushes; a file is synced and renamed to its path. Exits with EXIT_FAILED if that fails, and
 * then the path holds what it held before. */
void npy_close(struct npy *npy);

/* Gives up: removes what was written aside. */
void npy_abandon(struct npy *npy);

#endif
