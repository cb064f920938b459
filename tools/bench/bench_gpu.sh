#!/bin/sh
# What the GPU of this machine gives, and what models reach on it, with random weights of the real
# shapes made on the device.
#
#   tools/bench/bench_gpu.sh [OPTION...] [KIT [MODEL...]]
#       KIT      what 'make gpu-kit' made, build/gpu
#       MODEL    mamba-130m mamba-1.4b mamba-2.8b
#       -r N     rounds (3); 0 measures the machine alone
#       -q       quick: fewer tokens and repetitions
#       -n       no peer beside it
#       -c       goes on with the measures of the machine that are there
#       -o DIR   the reports go there (models/MODEL/results)
#
# Measures the constants of the machine first. Then, round after round, every way to run a model, and
# its peer on the same shapes where python3 can import torch and transformers. Keeps the parts in
# KIT/bench, and writes GPU.json and GPU.md of each model, GPU being the device's name. Exits with 0, 1
# if a measurement failed, 6 without a GPU.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tools/bench/gpu_steps.sh
rounds=3 sizes="-n 512 -p 2048 -r 5" limit=300 peer=yes go_on='' results=''
while getopts r:qnco: option; do
    case $option in
    r) rounds=$OPTARG ;;
    q) sizes="-n 128 -p 512 -r 3" limit=60 ;;
    n) peer='' ;;
    c) go_on=yes ;;
    o) results=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
case $rounds in
'' | *[!0-9]*)
    echo "bench-gpu: -r $rounds: expected a number of rounds" >&2
    exit 2
    ;;
esac
kit_open bench-gpu "${1:-build/gpu}"
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- mamba-130m mamba-1.4b mamba-2.8b
parts=$kit/bench
[ -n "$go_on" ] || rm -rf "$parts"
mkdir -p "$parts"
library_find libcublasLt.so.13
device_require

failed=0
# What a part says first: the measures of the machine, or the figures.
tell() {
    awk -F '": |[",]+' '/{$/ && NF > 2 { of = $2 } $2 == "unit" { unit = $4 } $2 == "name" { of = $4 }
        $2 == "median" { if (unit == "tokens/s") said = said sprintf(", %s %.1f", of, $3)
                         else printf "%-14s %12.3f %s\n", of, $3, unit }
        $2 ~ /^share_of_/ { said = said sprintf(" (%.1f%% of the peak)", $3 * 100) }
        END { if (said != "") print file ": " substr(said, 3) ", in tokens/s" }' \
        file="$(basename "$1" .json)" "$1"
}
# measure FILE COMMAND...: a part, or nothing and a message.
measure() {
    file=$parts/$1
    shift
    if timeout --foreground $limit "$@" >"$file.new" 2>"$file.log"; then
        mv "$file.new" "$file"
        tell "$file"
        return
    fi
    echo "bench-gpu: exit code $?: $*" >&2
    tail -n 5 "$file.log" >&2
    rm -f "$file.new"
    failed=1
}

if [ ! -s "$parts/probe.json" ]; then
    measure probe.json "$kit/gpu_probe" --json
    [ $failed -eq 0 ] || exit 1
    if command -v nvidia-smi >/dev/null 2>&1; then
        nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem,power.limit,vbios_version \
            --format=csv >"$parts/nvidia-smi.csv" 2>/dev/null
    fi
fi
if [ -n "$peer" ] && [ "$rounds" -gt 0 ] &&
    ! python3 -c 'import torch, transformers' 2>"$parts/peer.log"; then
    peer=''
    echo "bench-gpu: no peer beside it: python3 cannot import torch and transformers"
fi

# The ways that say most come first, for all models, should the time not be enough.
for round in $(seq "$rounds"); do
    for mode in loop graph no-graph loop,no-pdl graph,no-pdl; do
        for model in "$@"; do
            # shellcheck disable=SC2046,SC2086 # a mode and sizes are lists of options
            measure "$model.$mode.$round.json" "$kit/$model" bench -q -o json --random-weights 1 \
                $sizes $(echo "$mode" | sed 's/^/--/; s/,/ --/g')
        done
    done
    # Once, in the middle: it takes as long as all of ours together.
    for model in "$@"; do
        [ -z "$peer" ] || [ "$round" -ne $(((rounds + 1) / 2)) ] ||
            measure "$model.peer.$round.json" python3 tools/peers/run_transformers.py bench \
                "config/$model.ini" --device cuda --ways eager,graph,compiled --n-gen 128 --n-prompt 2048 \
                --repetitions 5
    done
done
[ "$rounds" -gt 0 ] || exit $failed
for model in "$@"; do
    report=models/$model/results
    [ -z "$results" ] || report=$results/$model
    mkdir -p "$report"
    python3 tools/bench/bench_report.py "$parts" "$model" "$report" || failed=1
done
exit $failed
