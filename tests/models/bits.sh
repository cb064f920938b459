#!/bin/sh
# One digest of the logits of a prompt and 100 decoded tokens, whatever computes them: prefill chunks
# of 1, 7, 32 and 256, 1, 2 and 4 threads, AVX2, AVX-512 and aarch64 (under qemu-user); for the default
# model with 1,000 tokens, and for tiny models of the other families with 300. The same losses from
# AVX2 and AVX-512.
#
#   tests/models/bits.sh BINARIES TOOLS
set -u
binaries=$1
ids=build/tests/bits.ids
mkdir -p build/tests

# digest FOLDER [RUNNER]: reads options from $options
digest() {
    # shellcheck disable=SC2086 # options and the runner are lists of words
    ${2:-} "$1/$model" logits -q -m "build/cpu/$model.weights" --ids "$ids" --decode 100 --digest \
        $options
}

check() {
    what=$1
    shift
    got=$(digest "$@")
    if [ "$got" = "$want" ]; then
        echo "ok: $model, $what, $options"
    else
        echo "FAIL: $model, $what, $options: logits digest $got, expected $want"
    fi
}

# every MODEL TOKENS CHUNK...: all chunks, teams and instruction sets
every() {
    model=$1 tokens=$2
    shift 2
    awk -v n="$tokens" \
        'BEGIN { for (i = 0; i < n; i++) printf "%d\n", (i * i * 7 + i * 13 + 2) % 509 }' >"$ids"
    options="-t 1"
    want=$(digest "$binaries") || exit 1
    [ -n "$want" ] || exit 1
    echo "digest $model $want"
    for threads in 1 2 4; do
        for chunk in "$@"; do
            options="--chunk $chunk -t $threads"
            check "built for this machine" "$binaries"
        done
    done
    # and token by token, without a prefill
    if "$binaries/$model" selftest -m "build/cpu/$model.weights" >build/tests/bits.selftest 2>&1; then
        echo "ok: $model, selftest"
    else
        echo "FAIL: $model, selftest: $(tail -n 1 build/tests/bits.selftest)"
    fi
    options='--chunk 32 -t 2'
    for isa in avx2 avx512 aarch64; do
        if runs "$isa"; then
            check "built for $isa" "build/cpu-$isa" "$runner"
        fi
    done
}

# runs ISA: whether binaries for it were built and can be executed, by $runner
runs() {
    runner=
    case $1 in
    avx2) needs=avx2 ;;
    avx512) needs=avx512vl ;;
    aarch64) needs='' runner=qemu-aarch64 ;;
    esac
    if [ ! -x "build/cpu-$1/$model" ]; then
        echo "skip: $1 (not built: this machine is $(uname -m))"
        return 1
    fi
    if [ -n "$needs" ] && ! grep -qw "$needs" /proc/cpuinfo; then
        echo "skip: $1 (this processor has no $needs)"
        return 1
    fi
}

every fable-mamba 1000 1 7 32 256
for family in llama-a-f16 llama-e-bf16 phi-a-bf16 mixtral-a-bf16 deepseek-a-bf16 jamba-a-bf16 \
    mamba2-a-f16 mamba2-b-bf16; do
    every "$family" 300 1 7 32
done

case $binaries in *-san) native=build/tests-san ;; *) native=build/tests ;; esac
"$native/kernel_digest" >build/tests/kernels.native || exit 1
model=fable-mamba
for isa in avx2 avx512 aarch64; do
    runs "$isa" || continue
    # shellcheck disable=SC2086 # nothing or one word
    if $runner "build/tests-$isa/kernel_digest" >"build/tests/kernels.$isa" &&
        cmp -s build/tests/kernels.native "build/tests/kernels.$isa"; then
        echo "ok: built for $isa, $(wc -l <"build/tests/kernels.$isa") digests of kernels"
    else
        echo "FAIL: built for $isa, digests of kernels:"
        diff build/tests/kernels.native "build/tests/kernels.$isa"
    fi
done

# The losses of a text, whose exponentials and sums are the runtime's own.
losses() {
    "$1/$model" perplexity -q -m "build/cpu/$model.weights" tests/data/perplexity/fables.txt \
        --window 128 -o json | sed -n '/"perplexity": {/,$p'
}
model=fable-mamba
want=$(losses "$binaries")
for isa in avx2 avx512; do
    runs "$isa" || continue
    if [ -n "$want" ] && [ "$(losses "build/cpu-$isa")" = "$want" ]; then
        echo "ok: $model, perplexity, built for $isa"
    else
        echo "FAIL: $model, perplexity, built for $isa: $(losses "build/cpu-$isa"), expected $want"
    fi
done
