#!/bin/sh
# Nothing allocates after sealing, first token to last, in any verb that computes; and a run's peak
# memory is its plan and at most 8 MB.
#
#   tests/models/memory.sh BINARIES TOOLS
set -u
binaries=$1 tools=$2
model=fable-mamba
weights=build/cpu/$model.weights
guarded=$binaries/$model-guarded
folder=build/tests/memory
mkdir -p "$folder"

if [ ! -x "$guarded" ]; then
    echo "skip: the guard against allocation (a sanitizer's allocator is in its place)"
else
    "$tools/fables" --seed 4 --bytes 200000 >"$folder/text"
    awk 'BEGIN { for (i = 0; i < 600; i++) print i % 300 }' >"$folder/ids"
    guard() {
        what=$1
        shift
        if "$guarded" "$@" -q -m "$weights" >"$folder/out" 2>"$folder/err"; then
            echo "ok: no allocation after sealing in $what"
        else
            echo "FAIL: exit code $? of $what: $(tail -n 1 "$folder/err")"
        fi
    }
    guard "run, greedy, 1,000 tokens" run -p "Once upon a time" -n 1000 --ignore-eos
    guard "run, sampled, 2 threads" run -t 2 -n 500 --ignore-eos --temp 0.9 --top-k 40 --top-p 0.9 \
        --min-p 0.02 -s 3 -f "$folder/text"
    guard "bench, two depths, thread counts, a text" bench -p 300 -n 20 -pg 30,5 -d 0,500 -t 1,2 -r 2 \
        -o jsonl --record "$folder/record.json" -f "$folder/text"
    guard "stream and its continuation" stream -n 300 --ignore-eos -f "$folder/text"
    guard "logits" logits --ids "$folder/ids" --decode 100 -o "$folder/logits.npy"
fi

# The summary line ends in "memory P MB planned, Q MB peak".
for threads in 1 2; do
    "$binaries/$model" run -t $threads -p "Once" -n 400 --ignore-eos -m "$weights" \
        2>"$folder/err" >"$folder/out"
    sed -n 's/.*memory \([0-9.]*\) MB planned, \([0-9.]*\) MB peak.*/\1 \2/p' "$folder/err" |
        awk -v threads=$threads -v sanitized="$([ -x "$guarded" ] || echo yes)" '
            sanitized { print "skip: peak memory (a sanitizer adds its own)"; next }
            { print ($2 <= $1 + 8 ? "ok" : "FAIL") ": peak memory " $2 " MB, plan " $1 \
                  " MB and at most 8 MB, with " threads " threads" }
            END { if (!NR) print "FAIL: the summary line names no memory" }'
done
