#!/bin/sh
# Programs started with a small stack (ulimit -s): where the limit may be raised they raise it and
# write the same, else they say what is missing, and do not end in a fault.
#
#   tests/models/stack.sh BINARIES TOOLS
set -u
binary=$1/fable-mamba tools=$2
weights=build/cpu/fable-mamba.weights
config=config/fable-mamba.ini
folder=build/tests/stack
rm -rf "$folder"
mkdir -p "$folder"

for program in "$binary info" "$binary run -m $weights -q -n 3" \
    "$tools/gen $config --check models/fable-mamba" \
    "$tools/pack --random 1 $config -o $folder/none"; do
    # shellcheck disable=SC2086 # words
    prlimit --stack=65536:65536 $program >"$folder/out" 2>"$folder/said"
    code=$?
    if [ $code -eq 3 ] && [ ! -s "$folder/out" ] && grep -q \
        'is limited to 65536 bytes, and 1048576 .* (ulimit -s 1024)$' "$folder/said"; then
        echo "ok: $program with 64 KiB of stack: exit 3, with the limit"
    else
        echo "FAIL: $program with 64 KiB of stack: exit $code; said: $(head -c 300 "$folder/said")"
    fi
done

seq 1 200 >"$folder/ids"
for program in "$binary run -m $weights -q -p Once -n 40 --temp 0" \
    "$binary logits -m $weights -q --digest --ids $folder/ids"; do
    # shellcheck disable=SC2086 # words
    $program >"$folder/want" 2>"$folder/said"
    # shellcheck disable=SC2086
    prlimit --stack=65536: $program >"$folder/out" 2>"$folder/said"
    code=$?
    if [ $code -eq 0 ] && [ -s "$folder/want" ] && cmp "$folder/want" "$folder/out"; then
        echo "ok: $program raises a limit of 64 KiB that may be raised"
    else
        echo "FAIL: $program, which may raise 64 KiB: exit $code; said: $(head -c 300 "$folder/said")"
    fi
done
