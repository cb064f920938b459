#!/bin/sh
# nvcc builds every reference model for every target, with no warning, no spilled register and no
# array in memory: the flags that turn these into an error are those of tools/mk/cuda.mk, and three
# builds that must fail show it. Then the order of loads in the machine code, where there is a
# cuobjdump.
#
#   tests/gpu/nvcc.sh BINARIES TOOLS
set -u
CUDA_HOME=${CUDA_HOME:-/usr/local/cuda}
NVCC=${NVCC:-$CUDA_HOME/bin/nvcc}
if [ ! -f "$CUDA_HOME/include/cuda_runtime.h" ]; then
    echo "skip: the programs of tests/simt (no CUDA headers in $CUDA_HOME/include)"
fi
if [ ! -x "$NVCC" ]; then
    echo "skip: nvcc.sh (there is no $NVCC)"
    exit 0
fi
log=$(mktemp) || exit 1
trap 'rm -f "$log" "$log.cu" "$log.cubin"' EXIT
flags="-std=c++20 -O3 --fmad=false -I. -arch=sm_90a -cubin -o $log.cubin"
strict="-Werror all-warnings -Xptxas -v,-warn-spills,-warn-lmem-usage,-Werror"

for config in config/*.ini; do
    model=$(basename "$config" .ini)
    if make -s WERROR=1 BACKEND=cuda ISA=native SAN= MODEL="$model" binary >"$log" 2>&1; then
        echo "ok: build/cuda/$model"
    else
        echo "FAIL: build/cuda/$model does not build:"
        tail -n 30 "$log"
    fi
done

# The rest of what a machine with a GPU is given: its programs, and tests of kernels (all of them in
# 'make test-full').
kit=build/nvcc/programs
if make -s build/nvcc/kit/norm_groups_kernel.o build/nvcc/kit/ssd_kernel.o >"$log" 2>&1 &&
    make -s WERROR=1 BACKEND=cuda ISA=native SAN= KIT=$kit \
        $kit/compare_logits $kit/gpu_probe $kit/gpu_loop $kit/tests/mma >"$log" 2>&1; then
    echo "ok: the programs and tests of the kit"
else
    echo "FAIL: the programs or tests of the kit do not build:"
    tail -n 30 "$log"
fi

# Under the watch, whose fake driver finds it no GPU: the binary says when it is sealed, and asks it.
env LD_PRELOAD=build/tools/libdriverwatch.so LD_LIBRARY_PATH=build/tests/driver \
    build/cuda/fable-mamba bench --random-weights 1 >"$log" 2>&1
if [ $? -eq 6 ] && grep -qE "^driver watch: [3-9][0-9][0-9] functions" "$log"; then
    echo "ok: the driver's watch stands before build/cuda/fable-mamba"
else
    echo "FAIL: build/cuda/fable-mamba under the driver's watch: $(cat "$log")"
fi

# 64 values alive across a barrier in blocks that leave a thread 32 registers.
cat >"$log.cu" <<'SPILL'
__global__ void __launch_bounds__(1024, 2) spilling_kernel(volatile float *p)
{
    float v[64];
#pragma unroll
    for (int i = 0; i < 64; i++)
        v[i] = p[i * 1024 + threadIdx.x];
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 64; i++)
        p[i * 1024 + threadIdx.x] = v[63 - i];
}
SPILL
# shellcheck disable=SC2086 # the flags are words
if "$NVCC" $flags $strict "$log.cu" >"$log" 2>&1; then
    echo "FAIL: a kernel with spilled registers was built"
elif grep -q 'spill' "$log"; then
    echo "ok: a spilled register stops a build"
else
    echo "FAIL: a spilling kernel did not build, but not for that: $(head -n 3 "$log")"
fi

# An array whose elements the compiler cannot name.
cat >"$log.cu" <<'ARRAY'
__global__ void array_kernel(volatile float *p, volatile int *at)
{
    float v[64] = {};
    for (int i = 0; i < 64; i++)
        v[*at] += p[i];
    p[0] = v[*at];
}
ARRAY
# shellcheck disable=SC2086 # the flags are words
if "$NVCC" $flags $strict "$log.cu" >"$log" 2>&1; then
    echo "FAIL: a kernel with an array in memory was built"
elif grep -qi 'local memory' "$log"; then
    echo "ok: an array in memory stops a build"
else
    echo "FAIL: a kernel with an array did not build, but not for that: $(head -n 3 "$log")"
fi

printf 'static __global__ void unused_kernel(int *p) { int idle; *p = 1; }\n' >"$log.cu"
# shellcheck disable=SC2086
if "$NVCC" $flags $strict "$log.cu" >"$log" 2>&1; then
    echo "FAIL: a kernel with a warning was built"
else
    echo "ok: a warning stops a build"
fi

# The weights that a GEMV asks for before it waits are held in registers, four for each 16 bytes. When
# ptxas moves the loads behind the wait, as it does with ld.global.nc, the registers go with them.
# shellcheck disable=SC2086
if ! "$NVCC" $flags $strict -Ibuild/models/mamba-2.8b build/models/mamba-2.8b/kernels.cu >"$log" 2>&1; then
    echo "FAIL: mamba-2.8b does not build: $(head -n 3 "$log")"
fi
for kernel in norm_gemv_conv_bf16_10240x2560x4_kernel gemv_bf16_50288x2560_kernel; do
    registers=$(sed -n "/Compiling entry function '$kernel'/,/Used/s/.*Used \([0-9]*\) registers.*/\1/p" "$log")
    if [ "${registers:-0}" -ge 96 ]; then
        echo "ok: $kernel keeps its first weights in $registers registers"
    else
        echo "FAIL: $kernel uses ${registers:-no} registers, expected 96 or more: are its weights still loaded before the wait?"
    fi
done

# ---- machine code ----------------------------------------------------------------------------------
CUOBJDUMP=${CUOBJDUMP:-$CUDA_HOME/bin/cuobjdump}
command -v "$CUOBJDUMP" >/dev/null || CUOBJDUMP=cuobjdump
if ! command -v "$CUOBJDUMP" >/dev/null; then
    echo "skip: the order of loads (there is no cuobjdump in $CUDA_HOME/bin or PATH)"
    exit 0
fi

# What a block stages comes in one round trip: all loads in front of the first store (tests/gpu/sass.awk).
for object in build/cuda/obj/models/*/kernels.cu.o; do
    model=$(basename "$(dirname "$object")")
    [ -f "config/$model.ini" ] || continue
    "$CUOBJDUMP" -sass "$object" 2>"$log" | awk -f tests/gpu/sass.awk >>"$log"
    if grep -qE '^looked at [1-9]' "$log" && [ "$(wc -l <"$log")" -eq 1 ]; then
        echo "ok: $model: no load waits for a store to shared memory ($(tail -n 1 "$log"))"
    else
        echo "FAIL: $model: loads behind a store to shared memory: $(cat "$log")"
    fi
done

cat >"$log.cu" <<'APART'
extern "C" __global__ void apart_kernel(const float4 *x, float4 *y)
{
    extern __shared__ float4 staged[];
    asm volatile("griddepcontrol.wait;" ::: "memory");
    staged[threadIdx.x] = x[threadIdx.x];
    __threadfence_block();
    staged[threadIdx.x + 128] = x[threadIdx.x + 128];
    __syncthreads();
    y[threadIdx.x] = staged[threadIdx.x ^ 1];
}
APART
# shellcheck disable=SC2086 # the flags are words
if "$NVCC" $flags "$log.cu" >"$log" 2>&1 &&
    "$CUOBJDUMP" -sass "$log.cubin" | awk -f tests/gpu/sass.awk | grep -q '^apart_kernel 1$'; then
    echo "ok: a load behind a store to shared memory is found"
else
    echo "FAIL: a load behind a store to shared memory is not found"
fi

# The sampler step asks for the host's word, once, before it waits for the kernel in front.
# shellcheck disable=SC2086
if "$NVCC" $flags runtime/engine/cuda/sampler_step.cu >"$log" 2>&1 &&
    "$CUOBJDUMP" -sass -fun sampler_kernel "$log.cubin" | sed -n '1,/ACQBULK/p' |
    grep -c 'LD.*\.64.*STRONG\.SYS' | grep -qx 1; then
    echo "ok: the sampler step asks for the host's word in front of its wait"
else
    echo "FAIL: the sampler step does not ask for the host's word in front of its wait"
fi
