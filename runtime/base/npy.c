#include "runtime/base/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"

static void write_header(struct npy *npy, uint64_t rows)
{
    /* The format asks for a header that ends on a multiple of 64 bytes, padded by spaces and closed
     * by a newline; two blocks hold any shape. */
    char header[128];
    int length = snprintf(header, sizeof header,
                          "%c%s%c%c%c%c{'descr': '<f4', 'fortran_order': False, 'shape': (%" PRIu64
                          ", %u), }",
                          0x93, "NUMPY", 1, 1, 1, 1, rows, npy->columns);
    memset(header + length, ' ', sizeof header - (size_t)length);
    header[7] = 0; /* version 1.0, then the length of what follows, little-endian */
    header[8] = sizeof header - 10;
    header[9] = 0;
    header[sizeof header - 1] = '\n';
    out_write(&npy->out, header, sizeof header);
}

void npy_open(struct npy *npy, const char *path, uint64_t rows, u32 columns)
{
    npy->path = path;
    npy->columns = columns;
    int file = STDOUT_FILENO;
    if (path) {
        if (!partial_open(&npy->partial, path))
            die(EXIT_FAILED, "%s: cannot be created: %s", npy->partial.name, strerror(errno));
        file = npy->partial.file;
    }
    out_open(&npy->out, file, path ? path : "standard output");
    npy->out.aside = path ? npy->partial.name : NULL;
    write_header(npy, rows);
}

void npy_row(struct npy *npy, const f32 *row)
{
    out_write(&npy->out, row, npy->columns * sizeof *row);
}

void npy_close(struct npy *npy)
{
    out_flush(&npy->out);
    if (!npy->path)
        return;
    const char *failed = partial_commit(&npy->partial);
    if (failed)
        die(EXIT_FAILED, "%s: cannot %s: %s", npy->path, failed, strerror(errno));
}

void npy_abandon(struct npy *npy)
{
    if (npy->path)
        partial_abandon(&npy->partial);
}
