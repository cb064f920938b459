#!/bin/sh
# The scripts that check and measure a GPU, as far as they go without one: they stop where they must,
# say why, and never call that a pass. The weights that a benchmark makes without a file, over the
# interpreter. The report of a benchmark, from stored parts.
#
#   tests/gpu/gpu_scripts.sh BINARIES TOOLS
set -u
binaries=$1 tools=$2
work=build/tests/gpu_scripts
rm -rf "$work"
mkdir -p "$work/results" "$work/parts"

# expect WHAT CODE TEXT COMMAND...: ends with CODE and says TEXT.
expect() {
    what=$1 code=$2 text=$3
    shift 3
    "$@" >"$work/log" 2>&1
    got=$?
    if [ $got -eq "$code" ] && grep -qF -- "$text" "$work/log"; then
        echo "ok: $what"
    else
        echo "FAIL: $what: exit code $got, expected $code and '$text'"
        cat "$work/log"
    fi
}

# kit CODE: a folder whose probe ends with that code, and has a test that would pass.
kit() {
    rm -rf "$work/kit"
    mkdir -p "$work/kit/tests"
    printf '#!/bin/sh\necho "gpu_probe: what it says" >&2\nexit %s\n' "$1" >"$work/kit/gpu_probe"
    printf '#!/bin/sh\nexit 0\n' >"$work/kit/tests/passes"
    chmod +x "$work/kit/gpu_probe" "$work/kit/tests/passes"
}

for script in check_gpu bench_gpu fit_gpu; do
    expect "$script without a kit" 1 "run 'make gpu-kit'" tools/bench/$script.sh "$work/nothing"
    kit 6
    expect "$script without a GPU" 6 "there is no GPU on this machine" tools/bench/$script.sh "$work/kit"
    expect "$script tells what the program said" 6 "what it says" tools/bench/$script.sh "$work/kit"
    kit 1
    expect "$script with a broken machine" 1 "failed" tools/bench/$script.sh "$work/kit"
done

# A kit in which all is missing but one test and a probe that finds a GPU.
kit 0
expect "check_gpu fails when programs are missing" 1 "FAIL: mamba-a-f32 against transformers" \
    tools/bench/check_gpu.sh "$work/kit"
expect "check_gpu counts" 1 "check-gpu: 3 passed," tools/bench/check_gpu.sh "$work/kit"

# model CALLS: a default model that ends as under the watch, after so many calls of the driver.
model() {
    printf '#!/bin/sh\necho "driver watch: 9 functions, 2 allocating calls before sealing; after it none in %s" >&2\n' \
        "$1" >"$work/kit/fable-mamba"
    chmod +x "$work/kit/fable-mamba"
}
looked="no allocating call after sealing: 1000 tokens with --loop"
model "1 calls: cuLaunchKernel 1"
expect "check_gpu passes what the watch saw" 1 "ok: $looked: none in 1 calls" \
    tools/bench/check_gpu.sh "$work/kit"
model "0 calls"
expect "check_gpu fails where the watch saw nothing" 1 "FAIL: $looked" tools/bench/check_gpu.sh "$work/kit"
printf '#!/bin/sh\nexit 0\n' >"$work/kit/fable-mamba"
expect "check_gpu fails without the watch" 1 "FAIL: $looked" tools/bench/check_gpu.sh "$work/kit"

expect "check_gpu knows its steps" 2 "'loops' is no step" tools/bench/check_gpu.sh "$work/kit" loops
expect "check_gpu does the steps that are named" 0 "check-gpu: 1 passed, 0 failed, 0 skipped" \
    tools/bench/check_gpu.sh "$work/kit" kernels
expect "check_gpu calls it no pass if it had to skip all" 77 "(there is no ncu)" \
    env PATH=/usr/bin:/bin tools/bench/check_gpu.sh "$work/kit" ncu
expect "bench_gpu refuses what is no number of rounds" 2 "-r x: expected" tools/bench/bench_gpu.sh -r x

# A library that the loader does not find is looked for in toolkits and in Python's packages.
# shellcheck disable=SC2317 # called by expect
needs() {
    sh -c '. tools/bench/gpu_steps.sh; name=test kit=$1; library_find libneeded.so.13 && "$kit/gpu_probe"' \
        - "$work/needy"
}
mkdir -p "$work/needy" "$work/toolkit/lib64" "$work/wheel/nvidia/cu13/lib"
echo 'int needed(void); int needed(void) { return 7; }' | cc -shared -fPIC -x c - \
    -Wl,-soname,libneeded.so.13 -o "$work/needy/libneeded.so.13"
echo 'int needed(void); int main(void) { return needed(); }' | cc -x c - -x none \
    "$work/needy/libneeded.so.13" -o "$work/needy/gpu_probe"
expect "a library that is nowhere" 1 "there is no libneeded.so.13" needs
mv "$work/needy/libneeded.so.13" "$work/wheel/nvidia/cu13/lib/"
export PYTHONPATH="$work/wheel"
expect "a library of a Python package is found" 7 "is that of " needs
unset PYTHONPATH
mv "$work/wheel/nvidia/cu13/lib/libneeded.so.13" "$work/toolkit/lib64/"
# shellcheck disable=SC2317 # called by expect
toolkit() (
    export CUDA_HOME="$work/toolkit"
    needs
)
expect "the library of a toolkit is found" 7 "is that of $work/toolkit/lib64" toolkit

# fits CODE PLANNED TAKEN [SHARED]: a model that ends with that code, having said these bytes.
fits() {
    printf '#!/bin/sh\necho "what it says" >&2\n' >"$work/kit/real"
    printf 'echo "{\"median\": 2.5e1, \"device_bytes_planned\": %s, \"device_bytes_taken\": %s, \"device_memory_shared\": %s}"\nexit %s\n' \
        "$2" "$3" "${4:-false}" "$1" >>"$work/kit/real"
    chmod +x "$work/kit/real"
}
fits 0 93000000000 93400000000
expect "fit_gpu passes what the plan says" 0 \
    "ok: real: 256 tokens, 25 a second; 93.40 GB of the device's memory, 93.00 GB of them planned" \
    tools/bench/fit_gpu.sh "$work/kit" real
fits 0 93000000000 93600000000
expect "fit_gpu fails what takes more" 1 "FAIL: real: 93.60 GB" tools/bench/fit_gpu.sh "$work/kit" real
fits 0 93000000000 92000000000
expect "fit_gpu fails what takes less" 1 "FAIL: real: 92.00 GB" tools/bench/fit_gpu.sh "$work/kit" real
fits 0 93000000000 92600000000 true
expect "fit_gpu passes a little less in the host's memory" 0 "ok: real: " tools/bench/fit_gpu.sh "$work/kit" real
fits 0 93000000000 92000000000 true
expect "fit_gpu fails much less in the host's memory" 1 "FAIL: real: 92.00 GB" \
    tools/bench/fit_gpu.sh "$work/kit" real
fits 3 0 0
expect "fit_gpu skips what does not fit, and calls that no pass" 77 "skip: real (what it says)" \
    tools/bench/fit_gpu.sh "$work/kit" real
fits 1 0 0
expect "fit_gpu fails what fails" 1 "FAIL: real: exit code 1" tools/bench/fit_gpu.sh "$work/kit" real
expect "fit_gpu skips by name what the kit has not" 77 "skip: mamba-130m (" \
    tools/bench/fit_gpu.sh "$work/kit" config/mamba-130m.ini

# A model of random weights is the same one with and without a file.
expect "random weights without a file are refused on the CPU" 2 "RANDOM_WEIGHTS=SEED" \
    "$binaries/fable-mamba" bench --random-weights 1
simt=$(echo "$binaries" | sed 's|build/cpu|build/simt|')/mamba-a-bf16
if [ ! -x "$simt" ]; then
    echo "skip: random weights without a file ($simt is not built: there is no CUDA toolkit)"
else
    "$tools/pack" --random 5 --backend cuda build/tests/config/mamba-a-bf16.ini \
        -o "$work/random.weights" 2>"$work/log" || cat "$work/log"
    echo 1 2 3 4 5 >"$work/ids"
    filed=$("$simt" logits -q --ids "$work/ids" --decode 4 --digest -m "$work/random.weights")
    made=$("$simt" logits -q --ids "$work/ids" --decode 4 --digest --random-weights 5)
    other=$("$simt" logits -q --ids "$work/ids" --decode 4 --digest --random-weights 6)
    if [ -n "$filed" ] && [ "$made" = "$filed" ] && [ "$other" != "$filed" ]; then
        echo "ok: random weights made on the device are those of a file, $made"
    else
        echo "FAIL: random weights: digest $made, from a file $filed, of another seed $other"
    fi
    expect "no text comes out of random weights" 4 "without a checkpoint" \
        "$simt" run -q -p x --random-weights 5
    cp "$simt" "$work/kit/simt"
    expect "fit_gpu over the interpreter" 0 "ok: simt: 256 tokens" tools/bench/fit_gpu.sh "$work/kit" simt
    expect "random weights are measured" 0 '"mode": "loop"' \
        "$simt" bench -q -o json --random-weights 5 -n 3 -p 4 -r 1
    expect "behind a text, too" 0 '"name": "pp4+tg2 @ d5"' \
        "$simt" bench -q -o json --random-weights 5 -n 0 -p 0 -pg 4,2 -d 0,5 -r 2
fi

# drops LEAST MOST COMMAND...: how often it tells the system that pages of a file are not needed.
# shellcheck disable=SC2317 # called by expect
drops() {
    least=$1 most=$2
    shift 2
    strace -f -qq -e trace=fadvise64 -o "$work/calls" "$@" >"$work/said" 2>&1 || cat "$work/said"
    found=$(grep -c POSIX_FADV_DONTNEED "$work/calls")
    [ "$found" -ge "$least" ] && [ "$found" -le "$most" ] && echo "$found times, as expected" && return
    echo "$found times, expected $least to $most"
    return 1
}
case $binaries in
*-san) strace=none ;; # a sanitizer does not run under it
*) strace=strace ;;
esac
if ! $strace -o /dev/null true 2>/dev/null || [ ! -x "$simt" ]; then
    echo "skip: the page cache (strace may not trace, or $simt is not built)"
else
    checkpoint=tests/data/checkpoints/mamba-a config=build/tests/config/mamba-a-bf16.ini
    expect "pack for CUDA leaves no pages: of the checkpoint, of the weights" 0 "2 times" \
        drops 2 2 "$tools/pack" --backend cuda $config $checkpoint -o "$work/dropped.weights"
    expect "pack for the CPU leaves what is read next" 0 "0 times" \
        drops 0 0 "$tools/pack" $config $checkpoint -o "$work/kept.weights"
    for gpu in h200:0:0 gb10:20:999; do
        least=${gpu#*:}
        expect "loading on ${gpu%%:*}" 0 "as expected" drops "${least%:*}" "${least#*:}" \
            env FAKE_CUDA="device=${gpu%%:*}" "$simt" run -q -p x -n 1 -m "$work/dropped.weights"
    done
fi

if ! python3 -c 'import json' 2>/dev/null; then
    echo "skip: the report of a benchmark (there is no python3)"
    exit 0
fi
parts=tests/data/bench
expect "a report is written" 0 "$work/results/example-gpu-no-such-thing.md" \
    python3 tools/bench/bench_report.py $parts example "$work/results"
expect "the report is the stored one" 0 "same" \
    sh -c "cmp $work/results/example-gpu-no-such-thing.md $parts/expected.md && echo same"
cp $parts/*.json "$work/parts"
sed -i 's/"schema": 2/"schema": 1/' "$work/parts/example.loop.2.json"
expect "a part of another schema is refused" 1 "schema 1, expected 2" \
    python3 tools/bench/bench_report.py "$work/parts" example "$work/results"
expect "a model that nobody measured" 1 "nothing was measured of other" \
    python3 tools/bench/bench_report.py $parts other "$work/results"
exit 0
