/* models/jamba-v0.1/instances.cu: made from config/jamba-v0.1.ini; edit that, `make models`.
 *
 * One line makes one operation: its CUDA kernels, whose loops see only these constants, and the
 * function that launches them; the macros are explained in kernels/cuda/kernels.cuh. */
#error "jamba models have no CUDA kernels yet: build with BACKEND=cpu"
