#!/bin/sh
# SIGINT, SIGTERM and SIGHUP in the middle of writing a file: exit 130, and nothing half-written is
# left; SIGKILL leaves a partial file, and the next start removes it. strace sends the signals, at the
# first write.
#
#   tests/models/interrupts.sh BINARIES TOOLS
set -u
binaries=$1 tools=$2
folder=build/tests/interrupts
rm -rf "$folder"
mkdir -p "$folder"
config=config/fable-mamba.ini
export ASAN_OPTIONS=detect_leaks=0 # it cannot look for leaks under strace

if ! strace -o "$folder/trace" true 2>/dev/null; then
    echo "skip: signals in the middle of writing (strace cannot trace here)"
    exit 0
fi

# The signal at the first write, or whatever `call` is, of a run of the command; the exit code of the run.
call="write"
struck() {
    signal=$1
    shift
    strace -f -qq -o "$folder/trace" -e trace="$call" \
        -e inject="$call":signal="$signal":when=1 "$@" \
        >"$folder/out" 2>"$folder/err"
}

# Files that should not be there, of all that a program writes in a folder of its own.
leftovers() { find "$1" -name '*.partial.*'; }

# A program that writes FOLDER/FILE: what it is, the path, the command.
check() {
    what=$1 path=$2
    shift 2
    place=$(dirname "$path")
    for signal in SIGINT SIGTERM SIGHUP; do
        mkdir -p "$place"
        struck $signal "$@"
        code=$?
        if [ $code -eq 130 ] && [ -z "$(leftovers "$place")" ]; then
            echo "ok: $what on $signal: exit 130, no partial file"
        else
            echo "FAIL: $what on $signal: exit $code, left: $(leftovers "$place")"
        fi
        rm -rf "$place"
    done
    mkdir -p "$place"
    (ulimit -f 1 && exec "$@") >/dev/null 2>&1
    code=$?
    if [ $code -eq 1 ] && [ -z "$(leftovers "$place")" ]; then
        echo "ok: $what on a limit of file sizes: exit 1, no partial file"
    else
        echo "FAIL: $what on a limit of file sizes: exit $code, left: $(leftovers "$place")"
    fi
    struck SIGKILL "$@"
    left=$(leftovers "$place")
    touch "$path.partial.$$" # of a process that lives
    "$@" >"$folder/out" 2>"$folder/err"
    code=$?
    if [ -n "$left" ] && [ $code -eq 0 ] && [ -e "$path" ] &&
        [ "$(leftovers "$place")" = "$path.partial.$$" ]; then
        echo "ok: $what removes what a killed one left, and no other's"
    else
        echo "FAIL: $what, exit $code, left before: $left; after: $(leftovers "$place")"
    fi
}

check pack "$folder/pack/x.weights" "$tools/pack" --random 1 $config -o "$folder/pack/x.weights"
check gen "$folder/gen/model.h" "$tools/gen" $config -o "$folder/gen"
seq 1 200 >"$folder/ids"
check logits "$folder/logits/x.npy" "$binaries/fable-mamba" logits -q -m build/cpu/fable-mamba.weights \
    --ids "$folder/ids" -o "$folder/logits/x.npy"

check "perplexity --save-logprobs" "$folder/logprobs/x.logits" "$binaries/fable-mamba" perplexity -q \
    -m build/cpu/fable-mamba.weights "$folder/ids" --save-logprobs "$folder/logprobs/x.logits"

call="pwrite64" # into the file, in any order
check "state save" "$folder/state/x.state" "$binaries/fable-mamba" state save "$folder/state/x.state" -q \
    -m build/cpu/fable-mamba.weights -f "$folder/ids"
call="write"

# Nothing is written but lines, and many of them.
for signal in SIGINT SIGTERM SIGHUP; do
    struck $signal "$binaries/fable-mamba" selftest -q -m build/cpu/fable-mamba.weights
    code=$?
    if [ $code -eq 130 ] && [ "$(wc -l <"$folder/out")" -eq 2 ]; then
        echo "ok: selftest on $signal: exit 130 behind the line that it was at"
    else
        echo "FAIL: selftest on $signal: exit $code, said: $(cat "$folder/out" "$folder/err")"
    fi
done
strace -f -qq -o "$folder/trace" -e trace=write -e inject=write:error=EPIPE:when=1 \
    "$binaries/fable-mamba" selftest -q -m build/cpu/fable-mamba.weights >"$folder/out" 2>"$folder/err"
code=$?
if [ $code -eq 1 ] && [ ! -s "$folder/out" ]; then
    echo "ok: selftest whose reader went away: exit 1"
else
    echo "FAIL: selftest whose reader went away: exit $code, said: $(cat "$folder/out" "$folder/err")"
fi

# A large file takes minutes to load.
strace -f -qq -o "$folder/trace" -e trace=pread64 -e inject=pread64:signal=SIGTERM:when=3 \
    "$binaries/fable-mamba" run -q -t 1 -m build/cpu/fable-mamba.weights -p Once -n 1 \
    >"$folder/out" 2>"$folder/err"
code=$?
if [ $code -eq 130 ] && grep -q "fable-mamba.weights: interrupted while it was read" "$folder/err"; then
    echo "ok: SIGTERM while the weights are loaded: exit 130"
else
    echo "FAIL: exit $code on SIGTERM while the weights are loaded: $(cat "$folder/err")"
fi
