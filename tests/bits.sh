#!/bin/sh
# One digest of the logits of 1,000 prompt tokens and 100 decoded ones, whatever computes them:
# prefill chunks of 1, 7, 32 and 256, 1, 2 and 4 threads, AVX2, AVX-512 and aarch64 (under qemu-user).
#
#   tests/bits.sh BINARIES TOOLS
set -u
binaries=$1
model=fable-mamba
ids=build/tests/bits.ids
mkdir -p build/tests
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "%d\n", (i * i * 7 + i * 13 + 2) % 509 }' >"$ids"

# digest FOLDER [RUNNER]: reads options from $options
digest() {
    # shellcheck disable=SC2086 # options and the runner are lists of words
    ${2:-} "$1/$model" logits -q -m "build/cpu/$model.weights" --ids "$ids" --decode 100 --digest \
        $options
}

options='--chunk 256 -t 1'
want=$(digest "$binaries") || exit 1
[ -n "$want" ] || exit 1
echo "digest $want"

check() {
    what=$1
    shift
    got=$(digest "$@")
    if [ "$got" = "$want" ]; then
        echo "ok: $what, $options"
    else
        echo "FAIL: $what, $options: logits digest $got, expected $want"
    fi
}

for threads in 1 2 4; do
    for chunk in 1 7 32 256; do
        options="--chunk $chunk -t $threads"
        check "built for this machine" "$binaries"
    done
done

build/tests/kernel_digest >build/tests/kernels.native || exit 1
options='--chunk 32 -t 2'
for isa in avx2 avx512 aarch64; do
    runner=
    if [ ! -x "build/cpu-$isa/$model" ]; then
        echo "skip: $isa (not built: this machine is $(uname -m))"
        continue
    fi
    case $isa in
    avx2) needs=avx2 ;;
    avx512) needs=avx512vl ;;
    aarch64) needs='' runner=qemu-aarch64 ;;
    esac
    if [ -n "$needs" ] && ! grep -qw "$needs" /proc/cpuinfo; then
        echo "skip: $isa (this processor has no $needs)"
        continue
    fi
    check "built for $isa" "build/cpu-$isa" "$runner"
    # shellcheck disable=SC2086 # nothing or one word
    if $runner "build/tests-$isa/kernel_digest" >"build/tests/kernels.$isa" &&
        cmp -s build/tests/kernels.native "build/tests/kernels.$isa"; then
        echo "ok: built for $isa, $(wc -l <"build/tests/kernels.$isa") digests of kernels"
    else
        echo "FAIL: built for $isa, digests of kernels:"
        diff build/tests/kernels.native "build/tests/kernels.$isa"
    fi
done
