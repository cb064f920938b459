#!/bin/sh
# Every test of the CUDA backend on the GPU of this machine, in less than ten minutes.
#
#   tools/bench/check_gpu.sh [KIT [STEP...]]   KIT: what 'make gpu-kit' made, build/gpu; STEP: one or more of
#       loader     every program finds its libraries; what driver there is
#       while      a WHILE graph by itself, {with PDL or not} x {source graph kept or not}
#       probe      the probe's kernels do what they are timed at
#       modes      the default model tells the same story in every mode
#       digests    tiny models: the same bits in every mode, those of the interpreter
#       kernels    the test of every kernel: the vectors that the interpreter runs
#       logits     tiny models against transformers
#       watch      no allocating call after sealing, and memory that stays
#       sanitizer  what the interpreter cannot see: real memory, real races
#       ncu        what the hardware counts of matrix-vector products; only when asked for
#
# Needs that folder, this repository's tests/data, the CUDA toolkit's libraries, and, for the last two,
# compute-sanitizer and Nsight Compute. Prints a line per check, "ok: ...", "FAIL: ..." or "skip: ... (reason)", then how
# many of each. Exits with 0 if none failed, 1 if one did, 77 if all were skipped, 6 without a GPU.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tools/bench/gpu_steps.sh
kit_open check-gpu "${1:-build/gpu}"
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- loader while probe modes digests kernels logits watch sanitizer
began=$(date +%s)
tiny='mamba-a-f32 mamba-b-f32 mamba-a-bf16 mamba-c-f16 mamba2-a-f32 llama-a-f32 llama-a-bf16 phi-a-f32
    mixtral-a-f32 deepseek-a-f32 jamba-a-f32'

step_loader() {
    log=$logs/loader.log
    for program in gpu_probe fable-mamba mamba-a-f32; do
        ldd "$kit/$program" >"$log" 2>&1
        if [ ! -x "$kit/$program" ] || grep -q 'not found' "$log"; then
            fail "$program finds its libraries"
        else
            ok "$program finds its libraries:$(sed -n 's/.*libcublasLt[^ ]* =>//p' "$log")"
        fi
    done
    {
        uname -a
        ldconfig -p | grep -E 'libcuda|libcublas|libnvidia'
        grep -E 'MemTotal|MemAvailable' /proc/meminfo
        ls -l /dev/nvidia* /usr/local
    } >"$logs/machine.log" 2>&1
    log=$logs/driver.log
    if nvidia-smi >"$log" 2>&1; then
        ok "nvidia-smi: $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader |
            head -n 1)"
    else
        skip "what nvidia-smi says (there is none, or it failed)"
    fi
}

step_while() {
    for edges in no-pdl pdl; do
        for source in kept destroyed; do
            log=$logs/while-$edges-$source.log
            check "a loop on the device, $edges, its source graph $source" \
                timeout --foreground 20 "$kit/gpu_loop" $edges $source
        done
    done
}

step_probe() {
    log=$logs/probe.log
    check "the probe's kernels do what they are timed at" "$kit/gpu_probe" --rounds 1 \
        --bytes 268435456
}

# story FILE OPTION...: a text by the default model.
story() {
    file=$1
    shift
    timeout --foreground 60 "$kit/fable-mamba" run -q -p "Once upon a time" -n 200 --temp 0.8 --seed 7 \
        "$@" >"$file" 2>"$log" && [ -s "$file" ]
}
step_modes() {
    log=$logs/modes.log
    if ! story "$logs/story" --no-graph --no-pdl; then
        fail "fable-mamba tells a story without graphs"
        return
    fi
    for mode in --loop "--loop --no-pdl" --graph "--graph --no-pdl" --no-graph --loop; do
        # shellcheck disable=SC2086 # a mode is a list of options
        if story "$logs/story.again" $mode && cmp "$logs/story" "$logs/story.again" >>"$log" 2>&1; then
            ok "fable-mamba tells the same story with $mode"
        else
            fail "fable-mamba tells another story with $mode than without graphs"
        fi
    done
}

step_digests() {
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
}

step_kernels() {
    for test in "$kit"/tests/*; do
        log=$logs/$(basename "$test").log
        check "kernels: $(basename "$test")" "$test"
    done
}

# Products of many rows take activations in the weights' type, so 16-bit weights have the bound of
# their rounding: three times what the interpreter shows for bf16, an eighth of that for f16, which has
# three bits more.
step_logits() {
    for model in $tiny; do
        case $model in
        *-bf16) bound=3e-2 ;;
        *-f16) bound=4e-3 ;;
        *) bound=1e-4 ;;
        esac
        log=$logs/$model.log
        prompt=tests/data/references/${model%-*}.prompt.txt
        if timeout --foreground 60 "$kit/$model" logits -q --ids "$prompt" --decode 64 \
            -o "$logs/$model.npy" >"$log" 2>&1 &&
            "$kit/compare_logits" "$logs/$model.npy" "tests/data/references/$model.npy" "$bound" \
                >>"$log" 2>&1; then
            ok "$model against transformers: $(tail -n 1 "$log")"
        else
            fail "$model against transformers"
        fi
    done
}

# From the first token to the thousandth no function of the driver that allocates or gives back is
# called. The watch ends the program at such a call; its last line has to say that there were calls to
# look at.
watched() {
    what=$1
    shift
    log=$logs/watch-$(echo "$what" | tr -c 'a-z0-9\n' -).log
    if timeout --foreground 120 env LD_PRELOAD="$watch" "$@" >"$logs/watched" 2>"$log" &&
        grep -q 'driver watch: .* after it none in [1-9][0-9]* calls' "$log"; then
        ok "no allocating call after sealing: $what:$(sed -n 's/.* after it none in/ none in/p' "$log")"
    else
        fail "no allocating call after sealing: $what"
    fi
}
memory_used() {
    nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits | head -n 1
}
step_watch() {
    watch=$kit/driver_watch.so
    case $watch in */*) ;; *) watch=./$watch ;; esac
    for mode in --loop --graph --no-graph --no-pdl; do
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
        return
    fi
    "$kit/fable-mamba" run -q -p "Once" -n 200000 --ignore-eos >/dev/null 2>"$log" &
    long=$!
    sleep 4
    first=$(memory_used)
    sleep 6
    second=$(memory_used)
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
}

# Not every machine lets it look: asked once.
step_sanitizer() {
    for sanitizer in "$(command -v compute-sanitizer)" /usr/local/cuda/bin/compute-sanitizer ''; do
        [ ! -x "$sanitizer" ] || break
    done
    log=$logs/sanitizer.log
    if [ -z "$sanitizer" ]; then
        skip "the sanitizer (there is no compute-sanitizer)"
        return
    elif ! timeout --foreground 60 "$sanitizer" --tool memcheck "$kit/gpu_probe" --rounds 1 clock_tick \
        >"$log" 2>&1; then
        skip "the sanitizer (it does not run here: $(grep -m 1 -i 'error' "$log" || tail -n 1 "$log"))"
        return
    fi
    for tool in memcheck racecheck; do
        log=$logs/$tool-model.log
        check "$tool of a model without graphs" "$sanitizer" --tool $tool --error-exitcode 9 \
            "$kit/mamba-a-bf16" logits -q --ids tests/data/references/mamba-a.prompt.txt --decode 4 \
            --digest --no-graph
        for test in layernorm norm_linear_gelu mlp_kernels route_kernels rope_kernels \
            attention_kernels experts_kernels norm_qkv decode_rows decode_scan prefill_kernels \
            prefill_scan sample_kernels decode_kernels; do
            if [ $(($(date +%s) - began)) -gt 480 ]; then
                skip "$tool of $test (eight of the ten minutes are over)"
                continue
            fi
            log=$logs/$tool-$test.log
            check "$tool of $test" "$sanitizer" --tool $tool --error-exitcode 9 "$kit/tests/$test"
        done
    done
}

step_ncu() {
    for ncu in "$(command -v ncu)" /usr/local/cuda/bin/ncu /opt/nvidia/nsight-compute/*/ncu ''; do
        [ ! -x "$ncu" ] || break
    done
    log=$logs/ncu.log
    model=$kit/mamba-2.8b
    [ -x "$model" ] || model=$kit/fable-mamba
    if [ -z "$ncu" ]; then
        skip "products in Nsight Compute (there is no ncu)"
    elif "$ncu" --kernel-name regex:gemv --launch-skip 16 --launch-count 4 --set full -f -o "$logs/gemv" \
        "$model" profile -q --no-graph --random-weights 1 --capture decode:0..1 >"$log" 2>&1 &&
        "$ncu" --import "$logs/gemv.ncu-rep" --page details >"$log" 2>&1; then
        ok "products in Nsight Compute: $(grep -c 'DRAM Throughput' "$log") kernels"
        grep -E '^ *gemv|DRAM Throughput|Duration|Registers Per Thread' "$log"
    elif grep -q ERR_NVGPUCTRPERM "$log"; then
        skip "products in Nsight Compute (this machine does not let it count)"
    else
        fail "products in Nsight Compute"
    fi
}

for step in "$@"; do
    case $step in
    loader | while | probe | modes | digests | kernels | logits | watch | sanitizer | ncu) ;;
    *)
        echo "check-gpu: '$step' is no step; see the head of $0" >&2
        exit 2
        ;;
    esac
done
library_find libcublasLt.so.13
# Where there is no GPU, this tells why.
if [ "$1" = loader ]; then
    step_loader
    shift
fi
device_require
for step in "$@"; do
    "step_$step"
done
verdicts $(($(date +%s) - began))
