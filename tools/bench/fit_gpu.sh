#!/bin/sh
# Every model at its real size on the GPU of this machine: whether it fits as its plan says.
#
#   tools/bench/fit_gpu.sh [KIT [MODEL...]]   KIT: what 'make gpu-kit' made, build/gpu;
#                                       MODEL: those of config/ that are in it
#
# Makes random weights on the device, decodes 256 tokens, and compares the device's memory that has
# gone with the plan: at most 512 MiB more, for code and for CUDA itself; on a device that shares the
# host's memory also 512 MiB less, as other programs take and give back some of it. Prints a line per model,
# "ok: ...", "FAIL: ..." or "skip: ... (reason)", then how many of each. A model that does not fit the
# memory that is free is skipped. Exits with 0 if none failed, 1 if one did, 77 if all were
# skipped, 6 without a GPU.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tools/bench/gpu_steps.sh
kit_open fit-gpu "${1:-build/gpu}"
[ $# -gt 0 ] && shift
room=$((512 << 20))
library_find libcublasLt.so.13
device_require
log=$logs/fit.log
began=$(date +%s)

# number KEY FILE: of a JSON object, the last of that key, rounded to an integer.
number() {
    sed -n 's/.*"'"$1"'": *\([0-9.e+]*\).*/\1/p' "$2" | awk 'END { if (NR) printf "%.0f", $1 }'
}
gigabytes() {
    awk -v bytes="$1" 'BEGIN { printf "%.2f GB", bytes / 1e9 }'
}
[ $# -gt 0 ] || set -- config/*.ini
for model in "$@"; do
    model=$(basename "$model" .ini)
    if [ ! -x "$kit/$model" ]; then
        skip "$model ($kit has no program of that name)"
        continue
    fi
    timeout --foreground 600 "$kit/$model" bench -q -o json --random-weights 1 -n 256 -p 64 -r 1 \
        >"$kit/logs/$model.json" 2>"$log"
    code=$?
    planned=$(number device_bytes_planned "$kit/logs/$model.json")
    taken=$(number device_bytes_taken "$kit/logs/$model.json")
    least=$planned
    grep -q '"device_memory_shared": true' "$kit/logs/$model.json" && least=$((planned - room))
    speed=$(number median "$kit/logs/$model.json")
    if [ $code -eq 3 ]; then
        skip "$model ($(tail -n 1 "$log"))"
    elif [ $code -ne 0 ] || [ -z "$planned" ] || [ -z "$taken" ]; then
        fail "$model: exit code $code"
    elif [ "$taken" -lt "$least" ] || [ "$taken" -gt $((planned + room)) ]; then
        fail "$model: $(gigabytes "$taken") of the device's memory have gone, planned are" \
            "$(gigabytes "$planned")"
    else
        ok "$model: 256 tokens, $speed a second; $(gigabytes "$taken") of the device's memory," \
            "$(gigabytes "$planned") of them planned"
    fi
done
verdicts $(($(date +%s) - began))
