/* For nvcc: every name of kernels/cuda/device.h, used once. */
#include "tests/simt/planted.cuh"
