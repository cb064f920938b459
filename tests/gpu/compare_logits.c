/* compare_logits GOT.npy WANT.npy SHARE: whether the rows of WANT, the first ones of GOT, differ by
 * at most SHARE of the largest number in WANT. Prints the difference; exits with 0 or 5. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"

struct array {
    uint64_t rows, cols;
    float *values;
};

/* A two-dimensional little-endian float32 .npy of version 1.0. */
static struct array read_npy(const char *path)
{
    struct array array;
    unsigned char magic[10];
    char header[512] = "";
    FILE *file = fopen(path, "rb");
    if (!file)
        die(EXIT_FAILED, "cannot open %s", path);
    if (fread(magic, 1, sizeof magic, file) != sizeof magic ||
        memcmp(magic, "\x93NUMPY\x01\x00", 8) != 0)
        die(EXIT_MISMATCH, "%s is no .npy of version 1.0", path);
    const size_t header_bytes = magic[8] + 256u * magic[9];
    if (header_bytes >= sizeof header || fread(header, 1, header_bytes, file) != header_bytes)
        die(EXIT_MISMATCH, "%s: its header has %zu bytes, expected at most %zu", path, header_bytes,
            sizeof header - 1);
    const char *const shape = strstr(header, "'shape': (");
    if (!strstr(header, "'<f4'") || !shape ||
        sscanf(shape, "'shape': (%" SCNu64 ", %" SCNu64 ")", &array.rows, &array.cols) != 2 ||
        array.rows > 1 << 16 || array.cols > 1 << 20)
        die(EXIT_MISMATCH, "%s: expected float32 in two dimensions, found %s", path, header);
    const size_t count = (size_t)(array.rows * array.cols);
    array.values = malloc(count * sizeof *array.values);
    if (!array.values || fread(array.values, sizeof *array.values, count, file) != count)
        die(EXIT_MISMATCH, "%s ends before its %zu numbers", path, count);
    fclose(file);
    return array;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die(EXIT_USAGE, "expected GOT.npy WANT.npy SHARE");
    const struct array got = read_npy(argv[1]), want = read_npy(argv[2]);
    const double share = atof(argv[3]);
    if (got.cols != want.cols || got.rows < want.rows || !(share > 0))
        die(EXIT_MISMATCH,
            "%" PRIu64 " rows of %" PRIu64 " numbers against %" PRIu64 " of %" PRIu64, got.rows,
            got.cols, want.rows, want.cols);
    double largest = 0, worst = 0;
    for (size_t i = 0; i < want.rows * want.cols; i++) {
        const double difference = fabs((double)want.values[i] - (double)got.values[i]);
        largest = fmax(largest, fabs((double)want.values[i]));
        worst = difference <= worst ? worst : difference; /* a NaN becomes the worst */
    }
    printf("%.2g of the largest logit, bound %g\n", worst / largest, share);
    free(got.values);
    free(want.values);
    return worst <= share * largest ? EXIT_SUCCESS : EXIT_WRONG;
}
