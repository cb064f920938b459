#!/bin/sh
# tools/bench/survey_gpu.sh over the interpreter: a kit of small programs of BACKEND=simt, some of which fail
# or hang, its archive opened and read; cut off in the middle, the archive can be read all the same.
#
#   tests/gpu/survey_gpu.sh BINARIES TOOLS
set -u
binaries=$1
simt=$(echo "$binaries" | sed 's|build/cpu|build/simt|')
tests=$(echo "$binaries" | sed 's|build/cpu|build/tests|')
work=build/tests/survey
rm -rf "$work"
mkdir -p "$work/kit/tests" "$work/found"
kit=$work/kit archive=$work/survey.tar.gz

# program FILE LINE...: a script of the kit.
program() {
    file=$kit/$1
    shift
    { echo '#!/bin/sh' && printf '%s\n' "$@"; } >"$file"
    chmod +x "$file"
}
# expect WHAT CODE TEXT COMMAND...: ends with CODE and says TEXT.
expect() {
    what=$1 code=$2 text=$3
    shift 3
    "$@" >"$work/log" 2>&1
    got=$?
    if [ $got -eq "$code" ] && grep -qF "$text" "$work/log"; then
        echo "ok: $what"
    else
        echo "FAIL: $what: exit code $got, expected $code and '$text'"
        cat "$work/log"
    fi
}
# unpack: the archive, into a fresh folder; its members in their order in $work/members.
unpack() {
    rm -rf "$work/found"
    mkdir -p "$work/found"
    tar -xzf "$archive" -C "$work/found" && tar -tzf "$archive" >"$work/members"
}
# holds WHAT TEXT FILE: of the archive.
holds() {
    if grep -qF -- "$2" "$work/found/$3" 2>/dev/null; then
        echo "ok: $1"
    else
        echo "FAIL: $1: no '$2' in $3 of the archive"
        sed 's/^/    /' "$work/found/$3"
    fi
}

expect "no archive is named" 2 "usage:" tools/bench/survey_gpu.sh -k "$kit"
expect "what is no step" 2 "'loops' is no step" tools/bench/survey_gpu.sh -k "$kit" -o "while loops" "$archive"
expect "an archive that cannot be written" 1 "$work/none/x" tools/bench/survey_gpu.sh -k "$kit" "$work/none/x"
expect "a kit without programs" 1 "run 'make gpu-kit'" tools/bench/survey_gpu.sh -k "$kit" "$archive"
program gpu_probe 'echo "gpu_probe: no CUDA device" >&2' 'exit 6'
expect "a machine without a GPU" 6 "no GPU: 0 steps passed" tools/bench/survey_gpu.sh -k "$kit" "$archive"
unpack
holds "its archive says so" "there is no GPU on this machine" steps/loader.log

# Cut off while a program hangs: that program has to end, too.
program gpu_probe 'echo "Some GPU"'
# shellcheck disable=SC2016 # for the script
program gpu_loop "echo \$\$ >>$work/hangs" 'exec sleep 60'
program fable-mamba 'exit 0'
program mamba-a-f32 'exit 0'
tools/bench/survey_gpu.sh -k "$kit" -o "loader while kernels" "$archive" >"$work/log" 2>&1 &
survey=$!
for _ in $(seq 100); do
    [ -s "$work/hangs" ] && break
    sleep 0.1
done
kill -TERM $survey
wait $survey
code=$?
hanging=$(cat "$work/hangs")
if [ $code -eq 130 ] && unpack && [ -n "$hanging" ] && ! kill -0 "$hanging" 2>/dev/null; then
    echo "ok: cut off, it leaves an archive, and no program behind"
else
    echo "FAIL: cut off: exit code $code, expected 130; program '$hanging'"
    cat "$work/log"
fi
holds "which says so first" "cut off: 1 steps passed" summary.txt
holds "and what there was" "finds its libraries" steps/loader.log
expect "a step that hangs is cut, those behind it are late" 1 "late  kernels" \
    tools/bench/survey_gpu.sh -k "$kit" -s 2 -o "while kernels" "$archive"
unpack
holds "the archive names what was cut" "cut   while" summary.txt

if [ ! -x "$simt/mamba-a-bf16" ] || [ ! -x "$tests/kit/gpu_probe" ]; then
    echo "skip: the survey over the interpreter (there is no CUDA toolkit)"
    exit 0
fi
# Sizes that the interpreter can do come last, and count.
program gpu_probe "[ \"\$1\" = --json ] && set -- --json --rounds 1 --chain 20 clock_tick gap_pdl" \
    "exec $tests/kit/gpu_probe \"\$@\" --bytes 65536"
cp "$tests/kit/gpu_loop" "$kit/gpu_loop"
cp "$tests/mma_test" "$kit/tests/mma"
printf '#!/bin/sh\necho "this test fails"\nexit 1\n' >"$kit/tests/wrong"
chmod +x "$kit/tests/wrong"
cp "$simt/mamba-a-bf16" build/cuda/mamba-a-bf16.weights "$kit/"
program fable-mamba "exec $kit/mamba-a-bf16 \"\$@\" -n 8"
program tiny "exec $kit/mamba-a-bf16 \$(echo \"\$*\" | sed 's/-n [0-9]*/-n 3/; s/-p [0-9]*/-p 4/; s/-r [0-9]*/-r 1/')"
cp build/tools/libdriverwatch.so "$kit/driver_watch.so"
printf '#!/bin/sh\necho "max 0 of 1"\n' >"$kit/compare_logits"
chmod +x "$kit/compare_logits"
tar -czf "$work/kit.tar.gz" -C "$work" kit
expect "the survey over the interpreter" 1 "survey-gpu: " \
    tools/bench/survey_gpu.sh -k "$work/kit.tar.gz" -s 3600 -m tiny "$archive"
cp "$work/log" "$work/survey.log"
unpack
first=$(head -n 1 "$work/members")
if [ "$first" = summary.txt ]; then
    echo "ok: the summary comes first"
else
    echo "FAIL: '$first' comes first, expected summary.txt"
fi
order=$(sed -n 's/^[A-Za-z]*  *\([a-z]*\)  *[0-9]* s, exit.*/\1/p' "$work/found/summary.txt" | tr '\n' ' ')
if [ "$order" = "loader while probe modes digests kernels logits watch bench ncu sanitizer " ]; then
    echo "ok: every step ran, after those that failed, too"
else
    echo "FAIL: steps '$order'"
    cat "$work/found/summary.txt"
fi
holds "a loop on the device" "ok: a loop on the device, pdl, its source graph kept" steps/while.log
holds "the machine's measures" '"clock_tick": {' bench/probe.json
holds "modes" "ok: fable-mamba tells the same story with --loop --no-pdl" steps/modes.log
holds "digests" "ok: mamba-a-bf16: the same bits with and without graphs and PDL" steps/digests.log
holds "a kernel's test that passes" "ok: kernels: mma" steps/kernels.log
holds "a kernel's test that fails" "FAIL: kernels: wrong" summary.txt
holds "and what it said" "this test fails" logs/wrong.log
holds "logits" "ok: mamba-a-bf16 against transformers" steps/logits.log
holds "the watch, which nothing passes here" "FAIL: no allocating call after sealing" summary.txt
holds "measurements of a model" '"mode": "loop"' bench/tiny.loop.1.json
holds "and its speed in the summary" "tokens/s" summary.txt
exit 0
