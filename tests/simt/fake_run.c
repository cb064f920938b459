#include "tests/simt/fake_run.h"

#include "runtime/engine/cuda/cuda.h"

struct cuda cuda; /* fake_hooks.c looks at it */

run *fake_run(void)
{
    return &cuda.run;
}
