#!/bin/sh
# A binary on a processor that lacks what it was built for: exit 6 and a message, not a crash.
#
#   tests/models/processor.sh BINARIES TOOLS
set -u
binary=build/cpu-avx2/fable-mamba
if [ ! -x "$binary" ] || ! command -v qemu-x86_64 >/dev/null; then
    echo "skip: another processor (needs x86-64 and qemu-user)"
    exit 0
fi
said=$(qemu-x86_64 -cpu Nehalem "$binary" info 2>&1)
code=$?
expected="fable-mamba: this binary was built for a processor with avx2 fma, which this one has not; \
build it here with 'make MODEL=fable-mamba', or anywhere with 'make ISA=avx2 MODEL=fable-mamba'"
if [ $code -eq 6 ] && [ "$said" = "$expected" ]; then
    echo "ok: exit 6 on a processor without AVX2"
else
    echo "FAIL: exit $code on a processor without AVX2: $said"
fi
