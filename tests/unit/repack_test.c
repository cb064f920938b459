/* Conversions over every 16-bit value and every boundary between two of them; packings of single
 * blocks against the formulas of gen/graph/packing.h. */
#include <math.h>
#include <stdlib.h>

#include "tests/fixtures/run.h"
#include "tools/pack/convert.h"
#include "tools/pack/repack.h"

/* One 16-bit format, described by its numbers alone. */
struct float16 {
    int fraction_bits, bias, exponents; /* exponents: the code of infinity and NaN */
    uint16_t (*narrow)(f32 value);
    f32 (*widen)(uint16_t bits);
};

static const struct float16 f16_format = {10, 15, 31, convert_to_f16, convert_from_f16};
static const struct float16 bf16_format = {7, 127, 255, convert_to_bf16, convert_from_bf16};

/* The value of a magnitude, from the definition of the format; infinity's code gives the next power
 * of two, which is where rounding to infinity is measured from. */
static double value_of(const struct float16 *float16, uint32_t magnitude)
{
    const int exponent = (int)(magnitude >> float16->fraction_bits);
    const double fraction = (double)(magnitude & ((1U << float16->fraction_bits) - 1));
    const double unit = ldexp(1, -float16->fraction_bits);
    return exponent == 0 ? ldexp(fraction * unit, 1 - float16->bias)
                         : ldexp(1 + fraction * unit, exponent - float16->bias);
}

static void check_format(const struct float16 *float16)
{
    const uint32_t infinity = (uint32_t)float16->exponents << float16->fraction_bits;
    for (uint32_t magnitude = 0; magnitude < infinity; magnitude++) {
        const double value = value_of(float16, magnitude);
        const f32 middle = (f32)((value + value_of(float16, magnitude + 1)) / 2);
        const uint32_t even = magnitude + (magnitude & 1);
        for (uint32_t sign = 0; sign <= 0x8000; sign += 0x8000) {
            const f32 direction = sign == 0 ? 1 : -1;
            ck_assert(float16->widen((uint16_t)(sign | magnitude)) == direction * (f32)value);
            ck_assert_uint_eq(float16->narrow(direction * (f32)value), sign | magnitude);
            ck_assert_uint_eq(float16->narrow(direction * middle), sign | even);
            ck_assert_uint_eq(float16->narrow(direction * nextafterf(middle, 0)), sign | magnitude);
            ck_assert_uint_eq(float16->narrow(direction * nextafterf(middle, INFINITY)),
                              sign | (magnitude + 1));
        }
    }
    for (uint32_t sign = 0; sign <= 0x8000; sign += 0x8000) {
        const f32 direction = sign == 0 ? 1 : -1;
        ck_assert(isinf(float16->widen((uint16_t)(sign | infinity))));
        ck_assert_uint_eq(float16->narrow(direction * INFINITY), sign | infinity);
        ck_assert_uint_eq(float16->narrow(direction * 0x1.fffffep127F), sign | infinity);
        ck_assert_uint_eq(float16->narrow(direction * 0x1p-149F), sign);
        for (uint32_t nan = infinity + 1; nan < 0x8000; nan++) {
            ck_assert(isnan(float16->widen((uint16_t)(sign | nan))));
            const uint16_t again = float16->narrow(float16->widen((uint16_t)(sign | nan)));
            ck_assert_uint_gt(again & 0x7fff, infinity);
            ck_assert_uint_eq(again & 0x8000, sign);
        }
    }
    /* A NaN whose fraction lies in the dropped bits only must not become infinity. */
    ck_assert_uint_gt(float16->narrow(convert_from_bits(0x7f800001)), infinity);
}

START_TEST(f16_is_exact_and_rounds_to_even)
{
    check_format(&f16_format);
}
END_TEST

START_TEST(bf16_is_exact_and_rounds_to_even)
{
    check_format(&bf16_format);
}
END_TEST

START_TEST(finds_what_does_not_fit)
{
    const f32 nan = convert_from_bits(0xffc00000);
    const struct {
        f32 value;
        bool fits[3]; /* F32, F16, BF16 */
    } cases[] = {{0, {true, true, true}},
                 {-65504, {true, true, true}},
                 {nextafterf(65520, 0), {true, true, true}},
                 {65520, {true, false, true}},
                 {-0x1.fep127F, {true, false, true}},
                 {0x1.fefffep127F, {true, false, true}},
                 {0x1.ffp127F, {true, false, false}},
                 {-0x1.fffffep127F, {true, false, false}},
                 {INFINITY, {false, false, false}},
                 {-INFINITY, {false, false, false}},
                 {nan, {false, false, false}}};
    static const enum format types[] = {FORMAT_F32, FORMAT_F16, FORMAT_BF16};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t t = 0; t < 3; t++) {
            const f32 values[] = {1, -2, cases[i].value, 4};
            ck_assert_uint_eq(repack_find_unfit(types[t], values, 4), cases[i].fits[t] ? 4 : 2);
        }
}
END_TEST

/* Every width of a panel, columns around the tile's edges, every type. */
START_TEST(panels_follow_the_formula)
{
    static const u32 widths[] = {16, 32, 48, 64}, columns[] = {1, 2, 5, 16, 17, 31, 32, 33, 80};
    const u32 rows = widths[_i % 4], cols = columns[_i / 4];
    f32 *values = malloc((uint64_t)rows * cols * sizeof(f32));
    const u32 stored = (cols + 15) / 16 * 16;
    void *panel = malloc((uint64_t)rows * stored * sizeof(f32));
    ck_assert(values != NULL && panel != NULL);
    for (u32 i = 0; i < rows * cols; i++)
        values[i] = (f32)i * 0.37F - 9;

    repack_panel(panel, FORMAT_F32, values, rows, cols);
    for (u32 r = 0; r < rows; r++)
        for (u32 k = 0; k < stored; k++)
            ck_assert(((f32 *)panel)[k * rows + r] == (k < cols ? values[r * cols + k] : 0));

    repack_panel(panel, FORMAT_F16, values, rows, cols);
    for (u32 r = 0; r < rows; r++)
        for (u32 k = 0; k < stored; k++)
            ck_assert_uint_eq(((uint16_t *)panel)[k * rows + r],
                              k < cols ? convert_to_f16(values[r * cols + k]) : 0);

    repack_panel(panel, FORMAT_BF16, values, rows, cols);
    for (u32 r = 0; r < rows; r++)
        for (u32 k = 0; k < stored; k++)
            ck_assert_uint_eq(((uint16_t *)panel)[k / 2 * rows * 2 + r * 2 + k % 2],
                              k < cols ? convert_to_bf16(values[r * cols + k]) : 0);
    free(values);
    free(panel);
}
END_TEST

/* The order of the CUDA backend. */
START_TEST(rows_follow_one_another)
{
    enum { ROWS = 3, COLS = 18, STORED = 32 };
    f32 values[ROWS][COLS], packed[ROWS][STORED];
    uint16_t halves[ROWS][STORED];
    for (u32 i = 0; i < ROWS * COLS; i++)
        values[i / COLS][i % COLS] = (f32)i * 0.37F - 9;
    repack_rows(packed, FORMAT_F32, values[0], ROWS, COLS);
    for (u32 i = 0; i < ROWS * STORED; i++)
        ck_assert(packed[i / STORED][i % STORED] ==
                  (i % STORED < COLS ? values[i / STORED][i % STORED] : 0));
    static const enum format types[] = {FORMAT_F16, FORMAT_BF16};
    for (u32 t = 0; t < 2; t++) {
        repack_rows(halves, types[t], values[0], ROWS, COLS);
        for (u32 i = 0; i < ROWS * STORED; i++) {
            const f32 value = i % STORED < COLS ? values[i / STORED][i % STORED] : 0;
            ck_assert_uint_eq(halves[i / STORED][i % STORED],
                              t == 0 ? convert_to_f16(value) : convert_to_bf16(value));
        }
    }
}
END_TEST

START_TEST(columns_are_transposed_in_place)
{
    enum { ROWS = 5, COLS = 4, PADDED = 16 };
    f32 values[ROWS][COLS], columns[2][PADDED];
    for (u32 i = 0; i < ROWS * COLS; i++)
        values[i / COLS][i % COLS] = (f32)i;
    for (u32 i = 0; i < 2 * PADDED; i++)
        columns[i / PADDED][i % PADDED] = -1;
    repack_columns(columns[0], PADDED, 3, values[0], ROWS, COLS, 1, 2);
    for (u32 c = 0; c < 2; c++)
        for (u32 r = 0; r < PADDED; r++)
            ck_assert(columns[c][r] == (r < 3 || r >= 3 + ROWS ? -1 : values[r - 3][1 + c]));
}
END_TEST

START_TEST(decay_is_the_rounded_exponential)
{
    f32 values[] = {0, 1, -3.5F, 19.5F, 88, -200};
    f32 expected[6];
    for (int i = 0; i < 6; i++)
        expected[i] = (f32)-exp((double)values[i]);
    repack_decay(values, 6);
    for (int i = 0; i < 6; i++)
        ck_assert(values[i] == expected[i]);
    ck_assert(values[0] == -1 && values[1] == -2.7182817F);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("repack");
    TCase *formats = tcase_create("formats");
    tcase_add_test(formats, f16_is_exact_and_rounds_to_even);
    tcase_add_test(formats, bf16_is_exact_and_rounds_to_even);
    tcase_add_test(formats, finds_what_does_not_fit);
    suite_add_tcase(suite, formats);
    TCase *packings = tcase_create("packings");
    tcase_add_loop_test(packings, panels_follow_the_formula, 0, 36);
    tcase_add_test(packings, rows_follow_one_another);
    tcase_add_test(packings, columns_are_transposed_in_place);
    tcase_add_test(packings, decay_is_the_rounded_exponential);
    suite_add_tcase(suite, packings);
    return tests_run(suite);
}
