/* kernels/cuda/math.cuh and what it stands on, in a kernel: the bits of kernels/cpu/math.h. The
 * same program tells of the interpreter and of a GPU; decode_math_test.cc looks at more numbers. */
#include <math.h>
#include <string.h>

#include "kernels/cuda/math.cuh"
#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_math.h"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { THREADS = 256, BLOCKS = 64, FUNCTIONS = 3 };

struct apply {
    const f32 *x;
    f32 *y; /* [FUNCTIONS][BLOCKS * THREADS] */
};

KERNEL(apply_kernel, struct apply, THREADS)
{
    const u32 i = block_index() * THREADS + thread_index(), all = grid_blocks() * THREADS;
    pdl_wait();
    p.y[i] = k_exp(p.x[i]);
    p.y[all + i] = k_softplus(p.x[i]);
    p.y[2 * all + i] = k_silu(p.x[i]);
}

static u32 bits_of(f32 value)
{
    u32 bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

START_TEST(same_bits_as_the_cpu)
{
    static f32 (*const expected[FUNCTIONS])(f32) = {cpu_exp, cpu_softplus, cpu_silu};
    const u32 count = BLOCKS * THREADS;
    f32 *const x = fixture_new(count, SIMT_ORDINARY, "x");
    f32 *const y = fixture_new(FUNCTIONS * count, SIMT_ORDINARY, "y");
    for (u32 i = 0; i < count; i++) { /* all exponents of both signs */
        const u32 bits = (u32)((uint64_t)i * 262147 + _i);
        memcpy(&x[i], &bits, sizeof bits);
    }
    struct apply params = {x, y};
    ck_assert(simt_launch((const void *)apply_kernel, BLOCKS, THREADS, 0, &params));
    for (u32 f = 0; f < FUNCTIONS; f++)
        for (u32 i = 0; i < count; i++) {
            const f32 cuda = y[f * count + i], cpu = expected[f](x[i]);
            if (bits_of(cuda) != bits_of(cpu) && !(isnan(cuda) && isnan(cpu)))
                ck_abort_msg("function %u of %a: %a, the CPU has %a", f, x[i], cuda, cpu);
        }
    ck_assert_msg(simt_findings() == 0, "%s", simt_report());
    fixture_free(x);
    fixture_free(y);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("device_math");
    TCase *const cases = tcase_create("all");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, same_bits_as_the_cpu, 0, 4);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
