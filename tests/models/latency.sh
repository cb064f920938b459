#!/bin/sh
# The verb `latency` on a whole model: no system call while it measures and nothing allocated; what
# recording a token costs, in instructions; Ctrl-C, a full disk and a reader that went away.
#
#   tests/models/latency.sh BINARIES TOOLS
set -u
binaries=$1
model=fable-mamba
binary=$binaries/$model weights=build/cpu/$model.weights
folder=build/tests/latency
rm -rf "$folder"
mkdir -p "$folder"

# In this shell or a pipe of it; what is to be killed is started by itself.
measure() {
    program=$1
    shift
    "$program" latency -q -m "$weights" -t 1 -r 1 "$@"
}

# ---- system calls: 1,024 tokens are measured in as many parts as 512, with a canary behind each.
# calls TOKENS: how many of each name a run makes.
calls() {
    strace -f -qq -o "$folder/raw" "$binary" latency -q -m "$weights" -t 1 -r 1 -n "$1" -o md \
        >"$folder/out" 2>"$folder/err" || return 1
    sed -e 's/^[0-9]* *//' -e 's/(.*//' "$folder/raw" | sort | uniq -c >"$folder/calls-$1"
}
if [ "${binaries%-san}" != "$binaries" ]; then
    echo "skip: system calls of latency (a sanitizer makes its own)"
elif ! strace -o /dev/null true 2>/dev/null; then
    echo "skip: system calls of latency (strace is missing or may not trace)"
elif ! calls 512 || ! calls 1024; then
    echo "FAIL: latency does not run under strace: $(tail -n 1 "$folder/err")"
elif cmp -s "$folder/calls-512" "$folder/calls-1024"; then
    echo "ok: 512 more tokens that are timed make no system call"
else
    echo "FAIL: 512 more tokens that are timed change the system calls:" \
        "$(diff "$folder/calls-512" "$folder/calls-1024" | tr '\n' ' ')"
fi

# ---- allocation
if [ ! -x "$binary-guarded" ]; then
    echo "skip: allocation in latency (a sanitizer's allocator is in the guard's place)"
else
    for format in table jsonl; do
        if measure "$binary-guarded" -p "Once upon a time" -n 600 -o $format --prefault \
            --record "$folder/r" --series "$folder/s.npy" >"$folder/out" 2>"$folder/err"; then
            echo "ok: no allocation after sealing in latency, -o $format"
        else
            echo "FAIL: latency with the guard: exit $?: $(tail -n 1 "$folder/err")"
        fi
    done
fi

# ---- CUDA, interpreted: the device's stamps
interpreted=build/simt/$model
if [ ! -x "$interpreted" ]; then
    echo "skip: latency on CUDA ($interpreted is not built)"
elif "$interpreted" latency --random-weights 1 -q -r 1 -n 20 --prompt-tokens 3 -o json \
    >"$folder/out" 2>"$folder/err" && grep -q '^  "complete": true' "$folder/out" &&
    grep -q '"tokens": 20,' "$folder/out" && grep -q '"driver": ' "$folder/out"; then
    echo "ok: latency on CUDA (interpreted)"
else
    echo "FAIL: latency on CUDA: exit $?: $(tail -n 1 "$folder/err")"
fi

# ---- what recording costs: valgrind knows no AVX-512, so the binary for AVX2 counts.
# cost NAME: instructions of a function of the program with all that it calls.
cost() {
    sed -n "s/^ *\([0-9,]*\) .*:$1 \[.*/\1/p" "$folder/costs" | head -n 1 | tr -d ,
}
narrow=build/cpu-avx2/$model
if [ "${binaries%-san}" != "$binaries" ] || ! command -v valgrind >/dev/null || [ ! -x $narrow ]; then
    echo "skip: instructions of recording (valgrind or $narrow is missing, or a sanitizer is there)"
elif ! valgrind --tool=callgrind --callgrind-out-file="$folder/callgrind" \
    $narrow latency -q -m "$weights" -t 1 -r 1 -n 16 >"$folder/out" 2>"$folder/err"; then
    echo "FAIL: latency under callgrind: $(tail -n 1 "$folder/err")"
else
    callgrind_annotate --inclusive=yes --threshold=100 "$folder/callgrind" >"$folder/costs" 2>&1
    stamps=$(cost backend_token_time) keeping=$(cost figure_sample)
    steps=$(cost backend_generate_next)
    if [ -z "$stamps" ] || [ -z "$keeping" ] || [ -z "$steps" ]; then
        echo "FAIL: callgrind does not name what records: stamps '$stamps', keeping '$keeping'," \
            "steps '$steps'"
    elif [ $((100 * (stamps + keeping))) -lt "$steps" ]; then
        echo "ok: recording is $((stamps + keeping)) of $steps instructions, less than 1%"
    else
        echo "FAIL: recording is $((stamps + keeping)) of $steps instructions, 1% or more"
    fi
fi

# ---- Ctrl-C, in the middle of more tokens than anybody waits for.
await() { # a pattern in a file
    for _ in $(seq 600); do
        grep -q "$1" "$2" 2>/dev/null && return
        sleep 0.1
    done
}
"$binary" latency -q -m "$weights" -t 1 -r 1 -n 1000000 -o jsonl --record "$folder/cut.json" \
    >"$folder/cut.jsonl" 2>"$folder/err" &
pid=$!
await '"part": "head"' "$folder/cut.jsonl"
sleep 0.5
kill -INT $pid
wait $pid
code=$?
if [ $code -eq 130 ] && grep -q '^  "complete": false,$' "$folder/cut.json" &&
    tail -n 1 "$folder/cut.jsonl" | grep -q '^{"part": "tail", "complete": false, .*}$' &&
    [ -z "$(find "$folder" -name '*.partial.*')" ]; then
    echo "ok: latency on Ctrl-C: exit 130, and the record says that it is not complete"
else
    echo "FAIL: latency on Ctrl-C: exit $code: $(tail -n 1 "$folder/err")"
fi

# ---- a full disk, a reader that went away
says() { # what, code expected, code found, text expected on stderr
    if [ "$2" -eq "$3" ] && grep -q "$4" "$folder/err"; then
        echo "ok: latency, $1: exit $2"
    else
        echo "FAIL: latency, $1: exit $3, expected $2: $(tail -n 1 "$folder/err")"
    fi
}
(ulimit -f 1 && measure "$binary" -n 600 --record "$folder/full.json" 2>"$folder/err") |
    cat >"$folder/out"
# The exit code is the pipe's reader's, so the message and what was printed are looked at.
if [ ! -e "$folder/full.json" ] && [ -z "$(find "$folder" -name '*.partial.*')" ] &&
    grep -q '^token  ' "$folder/out" && grep -q 'cannot write: File too large' "$folder/err"; then
    echo "ok: latency, no room for the record: refused by name, and the table is printed"
else
    echo "FAIL: latency, no room for the record: $(tail -n 1 "$folder/err")"
fi
measure "$binary" -n 20 --record "$folder/kept.json" >/dev/full 2>"$folder/err"
says "a full standard output" 1 $? "cannot write to standard output: No space left on device"
mkfifo "$folder/pipe"
(exec <"$folder/pipe") &
measure "$binary" -n 20 --record "$folder/kept.json" >"$folder/pipe" 2>"$folder/err"
code=$?
if [ $code -eq 1 ] && [ ! -s "$folder/err" ]; then
    echo "ok: latency, a reader that went away: exit 1 without a word"
else
    echo "FAIL: latency, a reader that went away: exit $code: $(tail -n 1 "$folder/err")"
fi
if grep -q '"complete": true' "$folder/kept.json"; then
    echo "ok: latency, the record is whole when nobody reads what is printed"
else
    echo "FAIL: latency has lost its record with its reader"
fi
