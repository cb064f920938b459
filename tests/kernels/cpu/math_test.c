/* math.h against double precision, over every 61st f32 (61 is prime to the powers of two, so all
 * exponents and all low bits are met), and exactly at the extremes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/cpu/math.h"
#include "tests/fixtures/run.h"

enum { STRIDE = 61 };

static uint32_t bits_of(f32 value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static f32 from_bits(uint32_t bits)
{
    f32 value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* One function under test: `above` and `below` bound the arguments whose error is stated. */
struct function {
    const char *name;
    vf (*approximate)(vf x);
    double (*exact)(double x);
    f32 above, below;
    double smallest; /* results smaller than this are allowed this absolute error instead */
    double ulps;
};

static vf call_exp(vf x)
{
    return vf_exp(x);
}

static vf call_exp2_below(vf x)
{
    return vf_exp2_below(x);
}

static vf call_softplus(vf x)
{
    return vf_softplus(x);
}

static vf call_silu(vf x)
{
    return vf_silu(x);
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double silu(double x)
{
    return x / (1 + exp(-x));
}

static const struct function functions[] = {
    {"exp", call_exp, exp, -86.98f, 88.7228f, 0, 1.5},
    {"exp2_below", call_exp2_below, exp2, -125.5f, 127.9999f, 0, 1.5},
    {"softplus", call_softplus, softplus, -86.98f, 3e38f, 0, 3},
    {"silu", call_silu, silu, -80.0f, 3e38f, 0x1p-125, 3},
};

static f32 at(const struct function *f, f32 x)
{
    return f->approximate(vf_splat(x))[0];
}

/* |got - exact| in units of the last place that an f32 of exact's size has. */
static double ulps(f32 got, double exact)
{
    int exponent;
    frexp(exact, &exponent);
    return fabs(got - exact) / ldexp(1, exponent - 24);
}

START_TEST(error_within_bound)
{
    const struct function *f = &functions[_i];
    double worst = 0;
    f32 worst_at = 0;
    for (uint64_t first = 0; first < 0x100000000u; first += STRIDE * VF_LANES) {
        vf x;
        for (int l = 0; l < VF_LANES; l++)
            x[l] = from_bits((uint32_t)(first + (uint64_t)l * STRIDE));
        const vf y = f->approximate(x);
        for (int l = 0; l < VF_LANES; l++) {
            if (!(x[l] > f->above && x[l] < f->below))
                continue;
            const double exact = f->exact(x[l]);
            if (fabs(exact) < f->smallest)
                continue;
            const double error = ulps(y[l], exact);
            if (!(error <= worst))
                worst = error, worst_at = x[l];
        }
    }
    printf("%-12s worst %.4f ulp at %a\n", f->name, worst, worst_at);
    ck_assert_msg(worst <= f->ulps, "%s: %.4f ulp at %a, bound %.1f", f->name, worst, worst_at,
                  f->ulps);
}
END_TEST

START_TEST(nan_passes_through)
{
    static const uint32_t nans[] = {0x7fc00000, 0xffc00000, 0x7fc00001, 0x7fffffff, 0xffc5a5a5};
    for (size_t i = 0; i < sizeof nans / sizeof nans[0]; i++)
        ck_assert_msg(isnan(at(&functions[_i], from_bits(nans[i]))), "%s(nan %08x)",
                      functions[_i].name, nans[i]);
}
END_TEST

/* Bit for bit. */
static void same(const char *what, f32 got, f32 expected)
{
    ck_assert_msg(bits_of(got) == bits_of(expected), "%s: %a, expected %a", what, got, expected);
}

START_TEST(extremes)
{
    const struct function *e = &functions[0], *e2 = &functions[1], *sp = &functions[2],
                          *si = &functions[3];
    static const f32 low[] = {-86.99f, -87.5f, -104, -1e4f, -3e8f, -3.4e38f, -INFINITY};
    for (size_t i = 0; i < sizeof low / sizeof low[0]; i++) {
        same("exp, far below", at(e, low[i]), 0);
        same("exp2, far below", at(e2, low[i] * 1.5f), 0);
        same("softplus, far below", at(sp, low[i]), 0);
    }
    static const f32 high[] = {88.73f, 89, 90, 1e4f, 3.4e38f, INFINITY};
    for (size_t i = 0; i < sizeof high / sizeof high[0]; i++) {
        same("exp, far above", at(e, high[i]), INFINITY);
        same("softplus, far above", at(sp, high[i]), high[i]);
        same("silu, far above", at(si, high[i]), high[i]);
    }
    same("exp(0)", at(e, 0), 1);
    same("exp(-0)", at(e, -0.0f), 1);
    same("exp2(128) overflows", at(e2, 128), INFINITY);
    same("silu(0)", at(si, 0), 0);
    same("softplus(20.5) is its argument", at(sp, 20.5f), 20.5f);
    for (int n = -125; n < 128; n++)
        same("exp2 of an integer", at(e2, (f32)n), ldexpf(1, n));
}
END_TEST

/* silu falls to -0 as exp(-x) grows to infinity; nothing in between is large or NaN. */
START_TEST(silu_far_below)
{
    for (f32 x = -80; x > -200; x -= 0.25f) {
        const f32 y = at(&functions[3], x);
        ck_assert_msg(y <= 0 && y > -2e-33f, "silu(%g) is %g", x, y);
    }
    same("silu(-1e4)", at(&functions[3], -1e4f), -0.0f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("math");
    TCase *tests = tcase_create("math");
    const int count = sizeof functions / sizeof functions[0];
    tcase_set_timeout(tests, 240);
    tcase_add_loop_test(tests, error_within_bound, 0, count);
    tcase_add_loop_test(tests, nan_passes_through, 0, count);
    tcase_add_test(tests, extremes);
    tcase_add_test(tests, silu_far_below);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
