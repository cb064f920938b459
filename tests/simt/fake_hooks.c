/* What the fake CUDA runtime sees of a binary that it is linked into: that memory is sealed, and
 * which arena holds the weights. Both are weak: a test without a runtime has neither. */
#include "runtime/engine/cuda/cuda.h"
#include "tests/simt/fake_cuda.h"

#pragma weak arena_is_sealed
#pragma weak cuda

void fake_observe(void)
{
    static const void *weights;
    if (&arena_is_sealed && arena_is_sealed())
        fake_seal();
    if (&cuda && cuda.run.weights != weights) { /* set once they are loaded, or made */
        weights = cuda.run.weights;
        if (weights)
            fake_weights(weights);
    }
}
