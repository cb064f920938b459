/* models/mamba2-2.7b/instances.cu: made from config/mamba2-2.7b.ini; edit that, `make models`.
 *
 * One line makes one operation: its CUDA kernels, whose loops see only these constants, and the
 * function that launches them; the macros are explained in kernels/cuda/kernels.cuh. */
#error "mamba2 models have no CUDA kernels yet: build with BACKEND=cpu"
