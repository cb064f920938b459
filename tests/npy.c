#include "tests/npy.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void npy_read(const char *path, struct npy *a)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s is missing", path);
    unsigned char magic[10];
    char header[512] = "";
    ck_assert_uint_eq(fread(magic, 1, sizeof magic, f), sizeof magic);
    ck_assert_mem_eq(magic, "\x93NUMPY\x01\x00", 8);
    size_t header_bytes = (size_t)magic[8] + 256u * magic[9];
    ck_assert_uint_lt(header_bytes, sizeof header);
    ck_assert_uint_eq(fread(header, 1, header_bytes, f), header_bytes);
    ck_assert_ptr_nonnull(strstr(header, "'<f4'"));
    const char *shape = strstr(header, "'shape': (");
    ck_assert_ptr_nonnull(shape);
    ck_assert_int_eq(sscanf(shape, "'shape': (%" SCNu64 ", %" SCNu64 ")", &a->rows, &a->cols), 2);
    ck_assert_uint_le(a->rows, NPY_ROWS);
    ck_assert_uint_le(a->cols, NPY_COLS);
    size_t count = (size_t)(a->rows * a->cols);
    ck_assert_uint_eq(fread(a->values, sizeof a->values[0], count, f), count);
    ck_assert_int_eq(fgetc(f), EOF);
    ck_assert_int_eq(fclose(f), 0);
}
