/* Stored arrays of the tests. */
#ifndef TESTS_NPY_H
#define TESTS_NPY_H

#include <stdint.h>

enum { NPY_ROWS = 6000, NPY_COLS = 512 };

struct npy {
    uint64_t rows, cols;
    float values[NPY_ROWS * NPY_COLS];
};

/* Reads a two-dimensional little-endian float32 .npy of version 1.0; fails the test otherwise. */
void npy_read(const char *path, struct npy *array);

#endif
