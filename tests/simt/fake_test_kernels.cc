#include "kernels/cuda/device.h"

#include "tests/simt/fake_test_kernels.h"

KERNEL(test_scale_kernel, struct test_scale, TEST_THREADS)
{
    pdl_trigger();
    pdl_wait();
    for (u32 i = block_index() * block_threads() + thread_index(); i < p.count;
         i += grid_blocks() * block_threads())
        p.y[i] = k_fma(p.factor, p.x[i], p.add);
}

KERNEL(test_turn_kernel, struct test_turn, WARP)
{
    pdl_wait();
    if (thread_index() != 0)
        return;
    *p.left -= 1;
    store_release_system(p.ring, *p.ring + 1);
    loop_continue(p.handle, *p.left != 0);
}

KERNEL(test_shared_kernel, struct test_shared, WARP)
{
    u32 *words = (u32 *)shared_memory();
    pdl_wait();
    if (thread_index() == 0) {
        words[p.words - 1] = p.words;
        p.y[block_index()] = (f32)words[p.words - 1];
    }
}

KERNEL(test_stray_kernel, struct test_stray, WARP)
{
    pdl_wait();
    if (thread_index() == 0)
        p.y[p.at] = 1;
}
