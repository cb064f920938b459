#!/bin/sh
# Every model at its real size on the GPU of this machine: whether it fits as its plan says.
#
#   tools/fit_gpu.sh [KIT [MODEL...]]   KIT: what 'make gpu-kit' made, build/gpu;
#                                       MODEL: those of config/ that are in it
#
# Makes random weights on the device, decodes 256 tokens, and compares the device's memory that has
# gone with the plan: at most 512 MiB more, for code and for CUDA itself. Prints a line per model,
# "ok: ...", "FAIL: ..." or "skip: ... (reason)", then how many of each. A model that does not fit the
# memory that is free is skipped. Exits with 0 if none failed, 1 if one did, 6 without a GPU.
set -u
cd "$(dirname "$0")/.." || exit 1
kit=${1:-build/gpu}
[ $# -gt 0 ] && shift
room=$((512 << 20))
log=$kit/logs/fit.log
passed=0 failed=0 skipped=0
if [ ! -x "$kit/gpu_probe" ]; then
    echo "fit-gpu: $kit holds no program: run 'make gpu-kit' where nvcc is, and bring $kit here" >&2
    exit 1
fi
mkdir -p "$kit/logs"
"$kit/gpu_probe" --rounds 1 clock_tick >"$log" 2>&1
case $? in
0) sed -n '1,2p' "$log" ;;
6)
    cat "$log" >&2
    echo "fit-gpu: there is no GPU on this machine that these programs run on; nothing was tested" >&2
    exit 6
    ;;
*)
    cat "$log" >&2
    echo "fit-gpu: the first program failed; nothing else was tried" >&2
    exit 1
    ;;
esac

# number KEY FILE: of a JSON object, rounded to an integer.
number() {
    sed -n 's/.*"'"$1"'": *\([0-9.e+]*\).*/\1/p' "$2" | awk '{ printf "%.0f", $1 }'
}
gigabytes() {
    awk -v bytes="$1" 'BEGIN { printf "%.2f GB", bytes / 1e9 }'
}
[ $# -gt 0 ] || set -- config/*.ini
for model in "$@"; do
    model=$(basename "$model" .ini)
    if [ ! -x "$kit/$model" ]; then
        skipped=$((skipped + 1))
        echo "skip: $model ($kit has no program of that name)"
        continue
    fi
    timeout 600 "$kit/$model" bench -q --json --random-weights 1 -n 256 -p 64 -r 1 \
        >"$kit/logs/$model.json" 2>"$log"
    code=$?
    planned=$(number device_bytes_planned "$kit/logs/$model.json")
    taken=$(number device_bytes_taken "$kit/logs/$model.json")
    speed=$(number decode_tokens_per_second "$kit/logs/$model.json")
    if [ $code -eq 3 ]; then
        skipped=$((skipped + 1))
        echo "skip: $model ($(tail -n 1 "$log"))"
    elif [ $code -ne 0 ] || [ -z "$planned" ] || [ -z "$taken" ]; then
        failed=$((failed + 1))
        echo "FAIL: $model: exit code $code"
        tail -n 5 "$log" | sed 's/^/    /'
    elif [ "$taken" -lt "$planned" ] || [ "$taken" -gt $((planned + room)) ]; then
        failed=$((failed + 1))
        echo "FAIL: $model: $(gigabytes "$taken") of the device's memory have gone, planned are" \
            "$(gigabytes "$planned")"
    else
        passed=$((passed + 1))
        echo "ok: $model: 256 tokens, $speed a second; $(gigabytes "$taken") of the device's memory," \
            "$(gigabytes "$planned") of them planned"
    fi
done
echo "fit-gpu: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
