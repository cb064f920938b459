/* What NVIDIA's management library says of a GPU. It comes with the driver and is loaded at run
 * time, so that nothing is needed to build and nothing is missing where it is not there. */
#ifndef RUNTIME_ENGINE_CUDA_NVML_H
#define RUNTIME_ENGINE_CUDA_NVML_H

#include "runtime/engine/backend.h"

/* Reads what `library`, "libnvidia-ml.so.1" or the path of another with its functions, says of the
 * GPU at this PCI address ("0000:3B:00.0"). Loads the library the first time. */
void nvml_read(const char *library, const char *address, struct gpu_reading *reading);

#endif
