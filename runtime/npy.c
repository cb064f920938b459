#include "runtime/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/die.h"

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
        int length = snprintf(npy->aside, sizeof npy->aside, "%s.part-%ld", path, (long)getpid());
        if (length < 0 || (size_t)length >= sizeof npy->aside)
            die(EXIT_FAILED, "%s: the path is too long", path);
        file = open(npy->aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (file < 0)
            die(EXIT_FAILED, "%s: cannot be created: %s", npy->aside, strerror(errno));
    }
    out_open(&npy->out, file, path ? path : "standard output");
    npy->out.aside = path ? npy->aside : NULL;
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
    int file = npy->out.descriptor;
    if (fsync(file) || close(file) || rename(npy->aside, npy->path)) {
        int reason = errno;
        unlink(npy->aside);
        die(EXIT_FAILED, "%s: cannot be completed: %s", npy->path, strerror(reason));
    }
}

void npy_abandon(struct npy *npy)
{
    if (npy->path) {
        close(npy->out.descriptor);
        unlink(npy->aside);
    }
}
