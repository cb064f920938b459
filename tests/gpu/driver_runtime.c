/* driver_runtime: what the CUDA runtime, linked statically as into a model's binary, and cuBLASLt,
 * a shared library, ask of the driver at their first call. Exits with 3 if they find no device,
 * which is how the fake driver answers, with 0 if they find one. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <stdbool.h>

bool arena_is_sealed(void);
bool arena_is_sealed(void)
{
    return false;
}

int main(void)
{
    int count;
    cublasLtHandle_t handle;
    bool device = cudaGetDeviceCount(&count) == cudaSuccess;
    return cublasLtCreate(&handle) == CUBLAS_STATUS_SUCCESS || device ? 0 : 3;
}
