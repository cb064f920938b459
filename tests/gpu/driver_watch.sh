#!/bin/sh
# The watch over the CUDA driver, with a driver that is none (tests/gpu/fake_driver.c): it lets pass
# what may be called after sealing and ends the program at what may not, however the function was
# found, and NVIDIA's libraries find what they call through it.
#
#   tests/gpu/driver_watch.sh BINARIES TOOLS
set -u
driver=build/tests/driver
watch=build/tools/libdriverwatch.so
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

# expect WHAT CODE TEXT COMMAND...: under the watch it ends with CODE and says a line with TEXT.
expect() {
    what=$1 code=$2 text=$3
    shift 3
    env LD_PRELOAD=$watch LD_LIBRARY_PATH=$driver "$@" >"$log" 2>&1
    got=$?
    if [ $got -eq "$code" ] && grep -qE "$text" "$log"; then
        echo "ok: $what"
    else
        echo "FAIL: $what: exit code $got, expected $code and '$text': $(cat "$log")"
    fi
}

for way in plain why again; do
    expect "functions found by $way pass, with their arguments" 0 \
        "watch: [34] functions, 1 allocating calls before sealing; after it none in 3 calls: cuLaunchKernel 2, cuStreamSynchronize 1\$" \
        $driver/calls $way cuLaunchKernel cuStreamSynchronize cuLaunchKernel
    for name in cuMemAlloc cuMemAllocAsync cuMemAllocManaged cuMemHostAlloc cuMemHostRegister \
        cuMemCreate cuMemMap cuArray3DCreate cuStreamCreateWithPriority cuEventCreate \
        cuGraphInstantiateWithFlags cuGraphUpload cuModuleLoadDataEx cuLibraryLoadData cuCtxSetLimit \
        cuMemFree cuMemUnmap cuGraphExecDestroy cuMemPoolTrimTo; do
        expect "$name found by $way ends the program" 134 "after sealing the program called $name\$" \
            $driver/calls $way cuLaunchKernel $name
    done
    expect "what only sounds like allocating passes ($way)" 0 "after it none in 2 calls" \
        $driver/calls $way cuModuleGetLoadingMode cuTensorMapEncodeTiled
done
expect "functions found by dlsym pass" 0 "after it none in 1 calls: cuLaunchKernel 1\$" \
    $driver/calls dlsym cuLaunchKernel
expect "cuMemAlloc_v2 found by dlsym ends the program" 134 "the program called cuMemAlloc_v2\$" \
    $driver/calls dlsym cuMemAlloc_v2
expect "a program that does not seal has nothing after it" 0 "; after it none in 0 calls\$" \
    $driver/calls why - cuMemAlloc cuLaunchKernel
expect "a program that does not say when it seals is refused" 134 "does not export arena_is_sealed" \
    true

# The CUDA runtime asks for several hundred functions before it is told that there is no device.
if [ ! -f "${CUDA_HOME:=/usr/local/cuda}/lib64/libcudart_static.a" ]; then
    echo "skip: the CUDA runtime under the watch (there is none in $CUDA_HOME)"
    exit 0
fi
expect "what NVIDIA's libraries ask for is watched" 3 "watch: [3-9][0-9][0-9] functions" \
    $driver/runtime
