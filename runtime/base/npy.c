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

static _Noreturn void refuse(const struct npy *npy)
{
    die(EXIT_FAILED, "%s: cannot be created: %s", npy->partial.name, strerror(errno));
}

static void start(struct npy *npy, int file, uint64_t rows, u32 columns)
{
    npy->columns = columns;
    out_open(&npy->out, file, npy->path ? npy->path : "standard output");
    npy->out.aside = npy->path ? npy->partial.name : NULL;
    write_header(npy, rows);
}

void npy_open(struct npy *npy, const char *path, uint64_t rows, u32 columns)
{
    npy->path = path;
    if (path && !partial_open(&npy->partial, path))
        refuse(npy);
    start(npy, path ? npy->partial.file : STDOUT_FILENO, rows, columns);
}

void npy_check(struct npy *npy, const char *path)
{
    npy->path = path;
    if (!partial_open(&npy->partial, path))
        refuse(npy);
    partial_abandon(&npy->partial);
}

void npy_start(struct npy *npy, uint64_t rows, u32 columns)
{
    if (!partial_reopen(&npy->partial))
        refuse(npy);
    start(npy, npy->partial.file, rows, columns);
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
