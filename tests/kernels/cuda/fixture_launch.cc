/* The launch() of kernel tests. In a file of its own, so that a program with the real one can use
 * the rest of the fixture. */
#include "tests/kernels/cuda/kernel_fixture.h"

static u32 launches;
static struct launch last;

void launch(run *r, u32 op, const struct launch *l)
{
    (void)r, (void)op;
    launches++;
    last = *l;
    const struct simt_kernel *kernel = simt_kernel_of(l->kernel);
    if (kernel && kernel->params_bytes != l->params_bytes)
        simt_find("%s takes %zu bytes of parameters, %zu were given", l->name, kernel->params_bytes,
                  l->params_bytes);
    simt_launch(l->kernel, l->blocks, l->threads, l->shared_bytes, l->params);
}

u32 fixture_launches(void)
{
    return launches;
}

struct launch fixture_last_launch(void)
{
    return last;
}
