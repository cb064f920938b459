#include "runtime/engine/processor.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/model.h"

#if defined(__x86_64__)
/* Bits of `needs` that this processor has; __builtin_cpu_supports() takes literals only. */
static unsigned present(void)
{
    __builtin_cpu_init();
    return (__builtin_cpu_supports("avx2") ? PROCESSOR_AVX2 : 0) |
           (__builtin_cpu_supports("fma") ? PROCESSOR_FMA : 0) |
           (__builtin_cpu_supports("avx512f") ? PROCESSOR_AVX512F : 0) |
           (__builtin_cpu_supports("avx512bw") ? PROCESSOR_AVX512BW : 0) |
           (__builtin_cpu_supports("avx512dq") ? PROCESSOR_AVX512DQ : 0) |
           (__builtin_cpu_supports("avx512vl") ? PROCESSOR_AVX512VL : 0);
}
#else
/* Every aarch64 processor has what the kernels use. */
static unsigned present(void)
{
    return 0;
}
#endif

static const char *const names[] = {"avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"};

void processor_require(unsigned needs)
{
    unsigned missing = needs & ~present();
    if (missing == 0)
        return;
    char list[128] = "";
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (missing >> i & 1)
            snprintf(list + strlen(list), sizeof list - strlen(list), " %s", names[i]);
    die(EXIT_PROCESSOR,
        "this binary was built for a processor with%s, which this one has not; build it here "
        "with 'make MODEL=%s', or anywhere with 'make ISA=avx2 MODEL=%s'",
        list, model.name, model.name);
}
