#include "runtime/engine/cuda/launcher.h"

#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/model.h"

bool cuda_did(struct launcher *launcher, cudaError_t error, const char *call)
{
    if (error != cudaSuccess && !launcher->refused.call)
        launcher->refused = (struct refusal){.call = call, .error = error};
    return error == cudaSuccess;
}

void cuda_check(cudaError_t error, const char *call)
{
    if (error != cudaSuccess)
        die(error == cudaErrorMemoryAllocation ? EXIT_MEMORY : EXIT_FAILED, "%.*s: %s (%s)",
            (int)strcspn(call, "("), call, cudaGetErrorString(error), cudaGetErrorName(error));
}

void cuda_check_op(cudaError_t error, u32 op, const char *name, const char *call)
{
    if (error == cudaSuccess)
        return;
    bool known = op < model.op_count; /* what chooses tokens is no operation of the model */
    die(error == cudaErrorMemoryAllocation ? EXIT_MEMORY : EXIT_FAILED,
        "operation %s of %s, kernel %s: %s: %s (%s)", known ? model.ops[op].name : "TURN",
        known ? model.ops[op].step : "generation", name, call, cudaGetErrorString(error),
        cudaGetErrorName(error));
}

/* Everything that a launch might do only the first time: the kernel is brought to the device, and
 * may have as much shared memory as it asks for. All kernels prefer the same split of a
 * multiprocessor's memory: a change of it waits until no block runs there, so that no kernel could
 * start early (gap_shared and gap_carved of tools/bench/gpu_probe). What L1 loses they hardly use.
 * */
static void prepare(const struct launcher *launcher, u32 op, const struct launch *l)
{
    struct cudaFuncAttributes attributes;
    cuda_check_op(cudaFuncGetAttributes(&attributes, l->kernel), op, l->name,
                  "cudaFuncGetAttributes");
    if (l->shared_bytes > launcher->shared_bytes_most)
        die(EXIT_PROCESSOR,
            "operation %s, kernel %s: needs %u bytes of shared memory per block, this GPU has %u",
            op < model.op_count ? model.ops[op].name : "TURN", l->name, l->shared_bytes,
            launcher->shared_bytes_most);
    cuda_check_op(cudaFuncSetAttribute(l->kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                                       cudaSharedmemCarveoutMaxShared),
                  op, l->name, "cudaFuncSetAttribute");
    if (l->shared_bytes > 0)
        cuda_check_op(cudaFuncSetAttribute(l->kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                           (int)l->shared_bytes),
                      op, l->name, "cudaFuncSetAttribute");
}

void launch(run *r, u32 op, const struct launch *l)
{
    struct launcher *launcher = r->launcher;
    if (launcher->pass == PASS_PREPARE) {
        prepare(launcher, op, l);
        return;
    }
    launcher_enter(launcher, op);
    cudaLaunchAttribute early = {
        .id = cudaLaunchAttributeProgrammaticStreamSerialization,
        .val.programmaticStreamSerializationAllowed = 1,
    };
    cudaLaunchConfig_t how = {
        .gridDim = {l->blocks, 1, 1},
        .blockDim = {l->threads, 1, 1},
        .dynamicSmemBytes = l->shared_bytes,
        .stream = launcher->stream,
        .attrs = &early,
        .numAttrs = launcher->pdl ? 1 : 0,
    };
    void *arguments[] = {(void *)(uintptr_t)l->params};
    const cudaError_t error = cudaLaunchKernelExC(&how, l->kernel, arguments);
    if (launcher->pass == PASS_RUN)
        cuda_check_op(error, op, l->name, "cudaLaunchKernelExC");
    else if (error != cudaSuccess && !launcher->refused.call)
        launcher->refused = (struct refusal){"cudaLaunchKernelExC", l->name, op, error};
}
