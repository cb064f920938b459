#!/bin/sh
# What the GPU of this machine gives, and what models reach on it, with random weights of the real
# shapes made on the device.
#
#   tools/bench_gpu.sh [KIT [MODEL...]]   KIT: what 'make gpu-kit' made, build/gpu;
#                                         MODEL: mamba-130m mamba-1.4b mamba-2.8b
#
# Measures the constants of the machine first. Then, round after round, every way to run a model, and
# its peer on the same shapes where python3 can import torch and transformers. Keeps the parts in
# KIT/bench, and writes models/MODEL/results/GPU.json and GPU.md, GPU being the device's name. Exits
# with 0, 1 if a measurement failed, 6 without a GPU.
set -u
cd "$(dirname "$0")/.." || exit 1
kit=${1:-build/gpu}
[ $# -gt 0 ] && shift
models=${*:-mamba-130m mamba-1.4b mamba-2.8b}
rounds=3
parts=$kit/bench
if [ ! -x "$kit/gpu_probe" ]; then
    echo "bench-gpu: $kit holds no program: run 'make gpu-kit' where nvcc is, and bring $kit here" >&2
    exit 1
fi
rm -rf "$parts"
mkdir -p "$parts"

"$kit/gpu_probe" --json >"$parts/probe.json" 2>"$parts/probe.log"
code=$?
if [ $code -eq 6 ]; then
    cat "$parts/probe.log" >&2
    echo "bench-gpu: there is no GPU on this machine that these programs run on; nothing was measured" >&2
    exit 6
elif [ $code -ne 0 ]; then
    cat "$parts/probe.log" >&2
    echo "bench-gpu: the probe of the machine failed" >&2
    exit 1
fi
if command -v nvidia-smi >/dev/null 2>&1; then
    nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem,power.limit,vbios_version \
        --format=csv >"$parts/nvidia-smi.csv" 2>/dev/null
fi
peer=
if python3 -c 'import torch, transformers' 2>"$parts/peer.log"; then
    peer=yes
else
    echo "bench-gpu: no peer beside it: python3 cannot import torch and transformers"
fi

failed=0
# measure FILE COMMAND...: a part, or nothing and a message.
measure() {
    file=$parts/$1
    shift
    timeout 300 "$@" >"$file" 2>"$file.log" && return
    echo "bench-gpu: exit code $?: $*" >&2
    tail -n 5 "$file.log" >&2
    rm -f "$file"
    failed=1
}
for model in $models; do
    for round in $(seq $rounds); do
        for mode in no-graph graph,no-pdl graph loop,no-pdl loop; do
            # shellcheck disable=SC2046 # a mode is a list of options
            measure "$model.$mode.$round.json" "$kit/$model" bench -q --json --random-weights 1 \
                -n 512 -p 2048 -r 5 $(echo "$mode" | sed 's/^/--/; s/,/ --/g')
        done
        # Once, in the middle: it takes as long as all of ours together.
        [ -z "$peer" ] || [ "$round" -ne 2 ] || measure "$model.peer.$round.json" python3 tools/peer_mamba.py \
            "config/$model.ini" --decode 128 --prompt 2048
    done
    mkdir -p "models/$model/results"
    python3 tools/bench_report.py "$parts" "$model" "models/$model/results" || failed=1
done
exit $failed
