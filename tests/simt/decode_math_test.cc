/* kernels/cuda/math.cuh has the bits of kernels/cpu/math.h: over every 61st f32 (61 is prime to the
 * powers of two, so all exponents and all low bits are met), and around every place where a
 * function changes its mind. */
#include <math.h>

#include "kernels/cuda/math.cuh"
#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_math.h"

enum { STRIDE = 61 };

static f32 call_exp2_below(f32 x)
{
    return k_exp2_below(x);
}

static f32 call_exp(f32 x)
{
    return k_exp(x);
}

static f32 call_softplus(f32 x)
{
    return k_softplus(x);
}

static f32 call_silu(f32 x)
{
    return k_silu(x);
}

static f32 call_gelu_new(f32 x)
{
    return k_gelu_new(x);
}

static const struct function {
    const char *name;
    f32 (*cuda)(f32 x), (*cpu)(f32 x);
    f32 most; /* the largest argument that is promised a result */
} functions[] = {
    {"exp2_below", call_exp2_below, cpu_exp2_below, 128.0f},
    {"exp", call_exp, cpu_exp, INFINITY},
    {"softplus", call_softplus, cpu_softplus, INFINITY},
    {"silu", call_silu, cpu_silu, INFINITY},
    {"gelu_new", call_gelu_new, cpu_gelu_new, INFINITY},
};

static void check(const struct function *f, u32 bits)
{
    const f32 x = as_f32(bits);
    if (x > f->most)
        return;
    const f32 cuda = f->cuda(x), cpu = f->cpu(x);
    if (as_u32(cuda) != as_u32(cpu) &&
        !(isnan(cuda) && isnan(cpu))) /* 70 million: no assertion each */
        ck_abort_msg("%s(%a): %a, the CPU has %a", f->name, x, cuda, cpu);
}

START_TEST(same_bits_as_the_cpu)
{
    const struct function *const f = &functions[_i];
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STRIDE)
        check(f, (u32)bits);
    static const f32 edges[] = {0.0f,   0x1p-149f, 86.98f,   88.7228f,  89.0f, 125.5f,
                                126.0f, 127.5f,    128.0f,   1.0f,      0.5f,  1.5f,
                                20.0f,  3e38f,     INFINITY, 0x1p-126f, 87.5f, 0.34657359f};
    for (u32 i = 0; i < sizeof edges / sizeof edges[0]; i++)
        for (int step = -64; step <= 64; step++) {
            check(f, as_u32(edges[i]) + (u32)step);
            check(f, (as_u32(edges[i]) + (u32)step) ^ 0x80000000u);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode_math");
    TCase *tests = tcase_create("decode_math");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, same_bits_as_the_cpu, 0, sizeof functions / sizeof functions[0]);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
