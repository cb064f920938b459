/* Headers of safetensors files: what is accepted, and the message of everything that is not. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fixtures/run.h"
#include "tools/pack/safetensors.h"

/* Parses a header in front of `data_bytes` of data. Returns the messages; the caller frees them and
 * the tensors. */
static char *parse(struct safetensors *s, const char *header, uint64_t header_bytes,
                   uint64_t data_bytes)
{
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *to = open_memstream(&text, &text_bytes);
    struct diagnostics diagnostics = {.to = to, .file = "F"};
    const uint64_t file_bytes = SAFETENSORS_PREFIX + header_bytes + data_bytes;
    const bool valid = safetensors_parse(s, header, header_bytes, file_bytes, &diagnostics);
    fclose(to);
    ck_assert_int_eq(valid, diagnostics.errors == 0);
    if (!valid)
        ck_assert_uint_eq(s->count, 0);
    return text;
}

static void expect(const char *header, uint64_t data_bytes, const char *message)
{
    struct safetensors s;
    char *text = parse(&s, header, strlen(header), data_bytes);
    ck_assert_str_eq(text, message);
    safetensors_free(&s);
    free(text);
}

/* The wording of JSON errors belongs to the parser; its place and its beginning are checked. */
static void expect_start(const char *header, const char *start)
{
    struct safetensors s;
    char *text = parse(&s, header, strlen(header), 0);
    ck_assert_msg(strncmp(text, start, strlen(start)) == 0, "%s", text);
    free(text);
}

#define ENTRY(dtype, shape, begin, end)                                                            \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

START_TEST(accepts_what_the_format_allows)
{
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"late\":" ENTRY("F16", "[2,3]", 16, 28) ",\"early\":" ENTRY(
            "F32", "[1,4]", 0, 16) ","
                                   "\"none\":" ENTRY("BF16", "[0,9]", 28, 28) ",\"scalar\":" ENTRY(
                                       "I64", "[]", 28, 36) "}   ";
    struct safetensors s;
    char *text = parse(&s, header, strlen(header), 36);
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(s.count, 4);
    const uint64_t data_at = SAFETENSORS_PREFIX + strlen(header);
    static const char *const names[] = {"early", "late", "none", "scalar"};
    static const uint64_t at[] = {0, 16, 28, 28}, bytes[] = {16, 12, 0, 8};
    for (size_t i = 0; i < s.count; i++) {
        ck_assert_str_eq(s.tensors[i].name, names[i]);
        ck_assert_uint_eq(s.tensors[i].at, data_at + at[i]);
        ck_assert_uint_eq(s.tensors[i].bytes, bytes[i]);
    }
    char shape[64];
    ck_assert_str_eq(safetensors_describe(&s.tensors[1], shape, sizeof shape), "F16 [2, 3]");
    ck_assert_str_eq(safetensors_describe(&s.tensors[3], shape, sizeof shape), "I64 []");
    ck_assert_int_eq(s.tensors[0].dtype, SAFETENSORS_F32);
    ck_assert_int_eq(s.tensors[3].dtype, SAFETENSORS_OTHER);
    safetensors_free(&s);
    free(text);
}
END_TEST

START_TEST(refuses_what_is_not_json)
{
    expect("[]", 0, "F: the header does not start with '{': this is not a safetensors file\n");
    expect(" {}", 0, "F: the header does not start with '{': this is not a safetensors file\n");
    expect_start("{\"a\":", "F: JSON, byte 5: ");
    expect_start("{} {}", "F: JSON, byte 4: ");
    expect_start("{\"a\xff\":1}", "F: JSON, byte ");
}
END_TEST

/* The last of equal keys counts, as in the format's own library; what the others named is then a
 * hole. What nobody asks for may be anything. */
START_TEST(reads_json_as_python_writes_it)
{
    expect("{\"a\":1,\"a\":" ENTRY("F32", "[1]", 0, 4) "}", 4, "");
    expect("{\"a\":" ENTRY("F32", "[1]", 0, 4) ",\"a\":" ENTRY("F32", "[1]", 4, 8) "}", 8,
           "F: bytes 0 to 4 of the data belong to no tensor; \"a\" follows them\n");
    expect("{\"__metadata__\":{\"a\":\"\\ud800\\u0000\",\"a\":\"1\",\"b\":NaN}}", 0, "");
    expect("{\"__metadata__\":null}", 0, "");
    expect("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":7}}", 4, "");
    expect("{\"a\":" ENTRY("F32", "[1000000000000000019884624838656]", 0, 4) "}", 4,
           "F: tensor \"a\": size 0 of the shape is not a count\n");
    expect("{\"a\":" ENTRY("F32", "[1]", 0, 18446744073709551616) "}", 4,
           "F: tensor \"a\": data_offsets is not a pair of byte counts\n");
    expect("{\"a\":" ENTRY("F32", "[1]", 0, NaN) "}", 4,
           "F: tensor \"a\": data_offsets is not a pair of byte counts\n");
}
END_TEST

START_TEST(refuses_malformed_entries)
{
    expect("{\"a\":[]}", 0,
           "F: tensor \"a\": expected an object of dtype, shape and data_offsets\n");
    expect("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4,
           "F: tensor \"a\": data_offsets is not a pair of byte counts\n");
    expect("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"offsets\":[0,4]}}", 4,
           "F: tensor \"a\": data_offsets is not a pair of byte counts\n");
    expect("{\"a\":" ENTRY("F33", "[1]", 0, 4) "}", 4, "F: tensor \"a\": unknown dtype \"F33\"\n");
    expect("{\"a\":" ENTRY("\\n", "[1]", 0, 4) "}", 4, "F: tensor \"a\": unknown dtype \"?\"\n");
    expect("{\"a\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
           "F: tensor \"a\": dtype is missing or not a string\n");
    expect("{\"a\":" ENTRY("F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) "}", 4,
           "F: tensor \"a\": shape is not a list of at most 8 sizes\n");
    expect("{\"a\":" ENTRY("F32", "[1,-1]", 0, 4) "}", 4,
           "F: tensor \"a\": size 1 of the shape is not a count\n");
    expect("{\"a\":" ENTRY("F32", "[1.0]", 0, 4) "}", 4,
           "F: tensor \"a\": size 0 of the shape is not a count\n");
    expect("{\"a\":" ENTRY("F32", "[1]", 0, "4") "}", 4,
           "F: tensor \"a\": data_offsets is not a pair of byte counts\n");
    expect("{\"a\\u001b[1m\":" ENTRY("F32", "[1]", 0, 4) "}", 4,
           "F: a tensor's name is empty, longer than 255 bytes, or holds control characters\n");
    expect("{\"\":" ENTRY("F32", "[1]", 0, 4) "}", 4,
           "F: a tensor's name is empty, longer than 255 bytes, or holds control characters\n");
}
END_TEST

START_TEST(refuses_sizes_that_do_not_add_up)
{
    expect("{\"a\":" ENTRY("F32", "[4294967296,4294967296]", 0, 4) "}", 4,
           "F: tensor \"a\": the shape has more bytes than 64 bits can count\n");
    expect("{\"a\":" ENTRY("F4", "[3]", 0, 1) "}", 1,
           "F: tensor \"a\": the shape does not fill whole bytes\n");
    expect("{\"a\":" ENTRY("F16", "[4]", 0, 16) "}", 16,
           "F: tensor \"a\": data_offsets [0, 16] do not span the 8 bytes of F16 [4]\n");
    expect("{\"a\":" ENTRY("F32", "[1]", 8, 4) "}", 8,
           "F: tensor \"a\": data_offsets [8, 4] do not span the 4 bytes of F32 [1]\n");
    expect("{\"a\":" ENTRY("F32", "[4]", 0, 16) "}", 15,
           "F: tensor \"a\" ends at byte 16 of the data, the file holds 15: it is cut short, fetch "
           "it again\n");
}
END_TEST

START_TEST(refuses_overlap_hole_and_rest)
{
    expect("{\"a\":" ENTRY("F32", "[4]", 0, 16) ",\"b\":" ENTRY("F32", "[2]", 8, 16) "}", 16,
           "F: tensors \"a\" and \"b\" overlap: one ends at byte 16 of the data, the other begins "
           "at 8\n");
    expect("{\"a\":" ENTRY("F32", "[1]", 0, 4) ",\"b\":" ENTRY("F32", "[1]", 0, 4) "}", 4,
           "F: tensors \"a\" and \"b\" overlap: one ends at byte 4 of the data, the other begins "
           "at 0\n");
    expect("{\"a\":" ENTRY("F32", "[1]", 0, 4) ",\"b\":" ENTRY("F32", "[1]", 8, 12) "}", 12,
           "F: bytes 4 to 8 of the data belong to no tensor; \"b\" follows them\n");
    expect("{\"b\":" ENTRY("F32", "[1]", 4, 8) "}", 8,
           "F: bytes 0 to 4 of the data belong to no tensor; \"b\" follows them\n");
    expect("{\"a\":" ENTRY("F32", "[1]", 0, 4) "}", 7, "F: 3 bytes follow the last tensor\n");
    expect("{}", 1, "F: 1 bytes follow the last tensor\n");
}
END_TEST

/* Writes a file of `bytes` bytes that starts with `prefix`, opens it, and compares the message. */
static void expect_file(const char *prefix, size_t prefix_bytes, off_t bytes, const char *message)
{
    char path[] = "/tmp/safetensors_test.XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, prefix, prefix_bytes), (ssize_t)prefix_bytes);
    ck_assert_int_eq(ftruncate(fd, bytes), 0);
    close(fd);
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *to = open_memstream(&text, &text_bytes);
    struct diagnostics diagnostics = {.to = to, .file = path};
    struct safetensors s;
    ck_assert_int_eq(safetensors_open(&s, &diagnostics), -1);
    fclose(to);
    unlink(path);
    ck_assert_msg(strncmp(text, path, strlen(path)) == 0, "%s", text);
    ck_assert_str_eq(text + strlen(path), message);
    free(text);
}

START_TEST(refuses_wrong_lengths)
{
    expect_file("", 0, 0, ": 0 bytes are too few for a safetensors file\n");
    expect_file("\2\0\0", 3, 3, ": 3 bytes are too few for a safetensors file\n");
    expect_file("\0\0\0\0\0\0\0\0{}", 10, 10, ": the header is empty\n");
    expect_file("\3\0\0\0\0\0\0\0{}", 10, 10,
                ": header of 3 bytes in a file of 10: it is cut short, fetch it again\n");
    expect_file("\1\xe1\xf5\5\0\0\0\0{}", 10, 200000000,
                ": header of 100000001 bytes, the format allows at most 100000000\n");
    expect_file("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, 10,
                ": header of 18446744073709551615 bytes, the format allows at most 100000000\n");
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *to = open_memstream(&text, &text_bytes);
    struct diagnostics diagnostics = {.to = to, .file = "/nonexistent/model.safetensors"};
    struct safetensors s;
    ck_assert_int_eq(safetensors_open(&s, &diagnostics), -1);
    diagnostics.file = "/tmp";
    ck_assert_int_eq(safetensors_open(&s, &diagnostics), -1);
    diagnostics.file = TEST_DIR "/safetensors-pipe";
    unlink(diagnostics.file);
    ck_assert_int_eq(mkfifo(diagnostics.file, 0600), 0); /* nobody writes to it */
    ck_assert_int_eq(safetensors_open(&s, &diagnostics), -1);
    unlink(diagnostics.file);
    fclose(to);
    ck_assert_str_eq(text, "/nonexistent/model.safetensors: cannot open: No such file or "
                           "directory\n/tmp: not a regular file\n" TEST_DIR
                           "/safetensors-pipe: not a regular file\n");
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *headers = tcase_create("headers");
    tcase_add_test(headers, accepts_what_the_format_allows);
    tcase_add_test(headers, refuses_what_is_not_json);
    tcase_add_test(headers, reads_json_as_python_writes_it);
    tcase_add_test(headers, refuses_malformed_entries);
    tcase_add_test(headers, refuses_sizes_that_do_not_add_up);
    tcase_add_test(headers, refuses_overlap_hole_and_rest);
    suite_add_tcase(suite, headers);
    TCase *files = tcase_create("files");
    tcase_add_test(files, refuses_wrong_lengths);
    tcase_add_test(files, refuses_what_is_no_file);
    suite_add_tcase(suite, files);
    return tests_run(suite);
}
