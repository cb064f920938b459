/* models/deepseek-moe-16b/instances.cu: made from config/deepseek-moe-16b.ini; edit that, `make
 * models`.
 *
 * One line makes one operation: its CUDA kernels, whose loops see only these constants, and the
 * function that launches them; the macros are explained in kernels/cuda/kernels.cuh. */
#error "deepseek models have no CUDA kernels yet: build with BACKEND=cpu"
