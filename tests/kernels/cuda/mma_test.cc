/* mma_bf16 and mma_f16 of device.h against a plain product in double: which lane has which element.
 * Values are so few-digit that every order of adding them is exact. */
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels/cuda/device.h"
#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { SEEDS = 20, ROWS = 16, COLS = 8, DEPTH = 16 };

struct mma_params {
    const uint16_t *a; /* [ROWS][DEPTH] */
    const uint16_t *b; /* [COLS][DEPTH]: column by column */
    f32 *c;            /* [ROWS][COLS] */
};

DEVICE u32 pair(const uint16_t *at)
{
    return at[0] | (u32)at[1] << 16;
}

template <bool bf> DEVICE void multiply(const struct mma_params *p)
{
    pdl_wait();
    const u32 g = warp_lane() / 4, t = warp_lane() % 4;
    u32 a[4], b[2];
    f32 c[4];
    for (u32 i = 0; i < 4; i++)
        a[i] = pair(p->a + (g + i % 2 * 8) * DEPTH + i / 2 * 8 + 2 * t);
    for (u32 i = 0; i < 2; i++)
        b[i] = pair(p->b + g * DEPTH + i * 8 + 2 * t);
    for (u32 i = 0; i < 4; i++)
        c[i] = p->c[(g + i / 2 * 8) * COLS + 2 * t + i % 2];
    if (bf)
        mma_bf16(c, a, b);
    else
        mma_f16(c, a, b);
    for (u32 i = 0; i < 4; i++)
        p->c[(g + i / 2 * 8) * COLS + 2 * t + i % 2] = c[i];
}

KERNEL(multiply_bf16_kernel, struct mma_params, WARP)
{
    multiply<true>(&p);
}

KERNEL(multiply_f16_kernel, struct mma_params, WARP)
{
    multiply<false>(&p);
}

/* A whole number of at most 7 binary digits. */
static f32 small(uint64_t *state)
{
    return (f32)(int)(fixture_random(state) % 255) - 127.0f;
}

static uint16_t bits_of(bool bf, f32 value)
{
    return bf ? __bfloat16_as_ushort(__float2bfloat16(value))
              : __half_as_ushort(__float2half(value));
}

static void run_case(bool bf, uint64_t seed)
{
    static f32 values_a[ROWS][DEPTH], values_b[COLS][DEPTH], before[ROWS][COLS];
    uint16_t *const a = (uint16_t *)fixture_new_bytes(sizeof values_a / 2, SIMT_ORDINARY, "a");
    uint16_t *const b = (uint16_t *)fixture_new_bytes(sizeof values_b / 2, SIMT_ORDINARY, "b");
    f32 *const c = fixture_new(ROWS * COLS, SIMT_ORDINARY, "c");
    for (u32 i = 0; i < ROWS * DEPTH; i++)
        a[i] = bits_of(bf, values_a[i / DEPTH][i % DEPTH] = small(&seed));
    for (u32 i = 0; i < COLS * DEPTH; i++)
        b[i] = bits_of(bf, values_b[i / DEPTH][i % DEPTH] = small(&seed));
    for (u32 i = 0; i < ROWS * COLS; i++)
        c[i] = before[i / COLS][i % COLS] = small(&seed);
    const struct mma_params params = {a, b, c};
    simt_launch(bf ? (const void *)multiply_bf16_kernel : (const void *)multiply_f16_kernel, 1,
                WARP, 0, &params);
    ck_assert_msg(simt_findings() == 0, "%s", simt_report());
    for (u32 row = 0; row < ROWS; row++)
        for (u32 col = 0; col < COLS; col++) {
            double exact = before[row][col];
            for (u32 k = 0; k < DEPTH; k++)
                exact += (double)values_a[row][k] * values_b[col][k];
            ck_assert_msg(c[row * COLS + col] == exact, "%s row %u column %u: %g, expected %g",
                          bf ? "bf16" : "f16", row, col, c[row * COLS + col], exact);
        }
    fixture_free(a), fixture_free(b), fixture_free(c);
}

START_TEST(every_lane_has_its_elements)
{
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        run_case(true, seed);
        run_case(false, seed);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mma");
    TCase *tests = tcase_create("mma");
    tcase_add_test(tests, every_lane_has_its_elements);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
