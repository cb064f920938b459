#!/bin/sh
# Every test of the CUDA backend on the GPU of this machine, in less than ten minutes.
#
#   tools/check_gpu.sh [KIT]      KIT: what 'make gpu-kit' made, build/gpu
#
# Needs that folder, this repository's tests/data, the CUDA toolkit's libraries, and, for what it
# finds, compute-sanitizer. Prints a line per check, "ok: ...", "FAIL: ..." or "skip: ... (reason)",
# then how many of each. Exits with 0 if none failed, 1 if one did, 6 without a GPU: not a pass.
set -u
cd "$(dirname "$0")/.." || exit 1
kit=${1:-build/gpu}
logs=$kit/logs
tiny=
passed=0 failed=0 skipped=0
if [ ! -x "$kit/gpu_probe" ]; then
    echo "check-gpu: $kit holds no test: run 'make gpu-kit' where nvcc is, and bring $kit here" >&2
    exit 1
fi
mkdir -p "$logs"
# A CUDA context does not survive a fork.
export CK_FORK=no

ok() {
    passed=$((passed + 1))
    echo "ok: $*"
}
fail() {
    failed=$((failed + 1))
    echo "FAIL: $*"
    sed 's/^/    /' "$log" | tail -n 20
}
skip() {
    skipped=$((skipped + 1))
    echo "skip: $*"
}

# check WHAT COMMAND...: passes if the command does.
check() {
    what=$1
    shift
    if timeout 120 "$@" >"$log" 2>&1; then ok "$what"; else fail "$what: exit code $?: $*"; fi
}

# Is there a GPU? The smallest measure of the probe says so, and says why not.
log=$logs/device.log
"$kit/gpu_probe" --rounds 1 clock_tick >"$log" 2>&1
case $? in
0) sed -n '1,2p' "$log" ;;
6)
    cat "$log" >&2
    echo "check-gpu: there is no GPU on this machine that these programs run on; nothing was tested" >&2
    exit 6
    ;;
*)
    cat "$log" >&2
    echo "check-gpu: the first program failed; nothing else was tried" >&2
    exit 1
    ;;
esac
began=$(date +%s)

# The tests of every kernel: the vectors that the interpreter runs.
for test in "$kit"/tests/*; do
    log=$logs/$(basename "$test").log
    check "kernels: $(basename "$test")" "$test"
done
log=$logs/probe.log
check "the probe's kernels do what they are timed at" "$kit/gpu_probe" --rounds 1 --bytes 268435456

# Tiny models against transformers. Products of many rows take activations in the weights' type, so
# 16-bit weights have the bound of their rounding: three times what the interpreter shows for bf16,
# an eighth of that for f16, which has three bits more.
for model in mamba-a-f32:1e-4 mamba-b-f32:1e-4 mamba-a-bf16:3e-2 mamba-c-f16:4e-3 mamba2-a-f32:1e-4 \
    llama-a-f32:1e-4 llama-a-bf16:3e-2 phi-a-f32:1e-4 mixtral-a-f32:1e-4 deepseek-a-f32:1e-4 \
    jamba-a-f32:1e-4; do
    bound=${model#*:} model=${model%:*}
    tiny="$tiny $model"
    log=$logs/$model.log
    prompt=tests/data/references/${model%-*}.prompt.txt
    if "$kit/$model" logits -q --ids "$prompt" --decode 64 -o "$logs/$model.npy" >"$log" 2>&1 &&
        "$kit/compare_logits" "$logs/$model.npy" "tests/data/references/$model.npy" "$bound" \
            >>"$log" 2>&1; then
        ok "$model against transformers: $(tail -n 1 "$log")"
    else
        fail "$model against transformers"
    fi
done

# The same bits in every way to run a step, twice, and those of the interpreter.
for model in $tiny; do
    log=$logs/$model.selftest
    check "$model: the same bits with and without graphs and PDL" "$kit/$model" selftest -q
    got=$(sed -n 's/^logits  *\([0-9a-f]*\),.*/\1/p' "$log")
    if [ ! -s "$kit/$model.digest" ]; then
        skip "$model: the interpreter's digest ($kit/$model.digest is not in the kit)"
    elif [ "$got" = "$(cat "$kit/$model.digest")" ]; then
        ok "$model: the interpreter's bits, $got"
    else
        fail "$model: digest $got, the interpreter has $(cat "$kit/$model.digest")"
    fi
done
# story FILE OPTION...: a text by the default model.
story() {
    file=$1
    shift
    timeout 60 "$kit/fable-mamba" run -q -p "Once upon a time" -n 200 --temp 0.8 --seed 7 "$@" \
        >"$file" 2>"$log" && [ -s "$file" ]
}
log=$logs/modes.log
if story "$logs/story" --no-graph --no-pdl; then
    for mode in --no-graph "--graph --no-pdl" --graph "--loop --no-pdl" --loop --loop; do
        # shellcheck disable=SC2086 # a mode is a list of options
        if story "$logs/story.again" $mode && cmp "$logs/story" "$logs/story.again" >>"$log" 2>&1; then
            ok "fable-mamba tells the same story with $mode"
        else
            fail "fable-mamba tells another story with $mode than without graphs"
        fi
    done
else
    fail "fable-mamba tells a story without graphs"
fi

# Nothing allocates after sealing: no function of the driver that allocates or gives back is called,
# from the first token to the thousandth. The watch ends the program at such a call; its last line has
# to say that there were calls to look at.
watched() {
    what=$1
    shift
    log=$logs/watch-$(echo "$what" | tr -c 'a-z0-9\n' -).log
    if timeout 120 env LD_PRELOAD="$watch" "$@" >"$logs/watched" 2>"$log" &&
        grep -q 'driver watch: .* after it none in [1-9][0-9]* calls' "$log"; then
        ok "no allocating call after sealing: $what:$(sed -n 's/.* after it none in/ none in/p' "$log")"
    else
        fail "no allocating call after sealing: $what"
    fi
}
watch=$kit/driver_watch.so
case $watch in */*) ;; *) watch=./$watch ;; esac
for mode in --no-graph --no-pdl --graph --loop; do
    watched "1000 tokens with $mode" "$kit/fable-mamba" run -q -p "Once upon a time" -n 1000 \
        --ignore-eos --temp 0.8 --seed 7 $mode
    watched "prefill and scores with $mode" "$kit/fable-mamba" stream -q -n 100 \
        --ignore-eos $mode -f README.md
done
for model in $tiny; do
    watched "chunks and tokens of $model" "$kit/$model" logits -q --decode 64 --digest \
        --ids "tests/data/references/${model%-*}.prompt.txt"
done

# And the device's memory in use, whoever asked for it, stays what it was a few seconds ago.
log=$logs/memory.log
if ! command -v nvidia-smi >/dev/null 2>&1; then
    skip "memory of a long text (there is no nvidia-smi)"
else
    "$kit/fable-mamba" run -q -p "Once" -n 200000 --ignore-eos >/dev/null 2>"$log" &
    long=$!
    sleep 4
    first=$(nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits | head -n 1)
    sleep 6
    second=$(nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits | head -n 1)
    case $first$second in
    '' | *[!0-9]*) skip "memory of a long text (nvidia-smi says '$first', then '$second')" ;;
    *)
        if ! kill -0 $long 2>/dev/null; then
            skip "memory of a long text (it was over before the second look)"
        elif [ "$first" = "$second" ]; then
            ok "memory of a long text stays at $first MiB"
        else
            fail "memory of a long text: $first MiB, then $second MiB"
        fi
        ;;
    esac
    kill -INT $long 2>/dev/null
    wait $long 2>/dev/null
fi

# What the interpreter cannot see: real memory, real races.
sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)
for tool in memcheck racecheck; do
    for test in layernorm norm_linear_gelu mlp_kernels route_kernels rope_kernels attention_kernels \
        experts_kernels norm_qkv decode_rows decode_scan prefill_kernels prefill_scan sample_kernels \
        decode_kernels; do
        if [ -z "$sanitizer" ]; then
            skip "$tool of $test (there is no compute-sanitizer)"
            continue
        elif [ $(($(date +%s) - began)) -gt 480 ]; then
            skip "$tool of $test (eight of the ten minutes are over)"
            continue
        fi
        log=$logs/$tool-$test.log
        check "$tool of $test" "$sanitizer" --tool $tool --error-exitcode 9 "$kit/tests/$test"
    done
    [ -n "$sanitizer" ] || continue
    log=$logs/$tool-model.log
    check "$tool of a model without graphs" "$sanitizer" --tool $tool --error-exitcode 9 \
        "$kit/mamba-a-bf16" logits -q --ids tests/data/references/mamba-a.prompt.txt --decode 4 \
        --digest --no-graph
done

echo "check-gpu: $passed passed, $failed failed, $skipped skipped, in $(($(date +%s) - began)) s"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
