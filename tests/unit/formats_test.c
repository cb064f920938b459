/* The rows of kernels/formats.def, and the bytes that a matrix takes: of these formats, and of
 * layouts with scales and zero points, whose sizes are known from elsewhere. */
#include "kernels/formats.h"
#include "tests/fixtures/run.h"

START_TEST(names_are_found_again)
{
    static const struct {
        enum format format;
        const char *name, *enumerator;
    } rows[] = {
        {FORMAT_F32, "f32", "F32"}, {FORMAT_F16, "f16", "F16"}, {FORMAT_BF16, "bf16", "BF16"}};
    enum format format;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_uint_eq(rows[i].format, i); /* the numbers that weight files hold */
        ck_assert_str_eq(format_name(rows[i].format), rows[i].name);
        ck_assert_str_eq(format_enumerator(rows[i].format), rows[i].enumerator);
        ck_assert(format_find(rows[i].name, &format));
        ck_assert_int_eq(format, rows[i].format);
    }
    ck_assert(!format_find("F32", &format));
    ck_assert(!format_find("", &format));
    ck_assert_str_eq(format_name((enum format)1000), "?");
}
END_TEST

START_TEST(elements_take_their_bits)
{
    ck_assert_uint_eq(format_bytes(FORMAT_F32, 3, 16), 192);
    ck_assert_uint_eq(format_bytes(FORMAT_F16, 3, 16), 96);
    ck_assert_uint_eq(format_bytes(FORMAT_BF16, 50280, 768), 77230080);
    ck_assert_uint_eq(format_bytes(FORMAT_F32, UINT64_C(1) << 24, 65536), UINT64_C(1) << 42);
    ck_assert_uint_eq(format_bytes(FORMAT_F32, 0, 16), 0);
    ck_assert_uint_eq(format_bytes((enum format)1000, 3, 16), 0);
}
END_TEST

/* Bits per weight of 32 rows of 4096, as published for these formats: 4.5 for NF4 (a scale of 32
 * bits for 64), MXFP4 4.25 (8 bits for 32), NVFP4 4.5 (8 for 16), 4-bit integers with f16 scales
 * and byte zero points for 128 4.1875, 8 bits with an f32 scale per row 8 + 32 / 4096. */
START_TEST(scales_and_zero_points_count)
{
    static const struct {
        struct format_layout layout;
        double bits;
    } rows[] = {{{4, 64, 32, 0}, 4.5},
                {{4, 32, 8, 0}, 4.25},
                {{4, 16, 8, 0}, 4.5},
                {{4, 128, 16, 8}, 4.1875},
                {{8, FORMAT_ROW, 32, 0}, 8.0078125}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_uint_eq(format_layout_bytes(rows[i].layout, 32, 4096),
                          (uint64_t)(rows[i].bits * 4096 / 8 * 32));
    /* Short last blocks: of 48 columns one and a half. */
    const struct format_layout short_blocks = {4, 32, 16, 8};
    ck_assert_uint_eq(format_layout_bytes(short_blocks, 2, 48), 2 * (24 + 2 * 3));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("formats");
    TCase *each = tcase_create("rows");
    tcase_add_test(each, names_are_found_again);
    tcase_add_test(each, elements_take_their_bits);
    tcase_add_test(each, scales_and_zero_points_count);
    suite_add_tcase(suite, each);
    return tests_run(suite);
}
