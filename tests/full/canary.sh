#!/bin/sh
# Whether `latency` names the part of a measurement that a competing process has disturbed: busy loops
# start half way. Judged by timing, on a machine that is quiet otherwise: not for make test.
#
#   tests/full/canary.sh [BINARY WEIGHTS]
set -u
binary=${1:-build/cpu/fable-mamba} weights=${2:-build/cpu/fable-mamba.weights}
folder=build/tests/canary
rm -rf "$folder"
mkdir -p "$folder"
half=4 # seconds
loops=
trap 'for loop in $loops; do kill "$loop" 2>/dev/null; done' EXIT

# run TOKENS: the table and the series of a measurement.
run() {
    "$binary" latency -q -m "$weights" -n "$1" -r 1 --pin --series "$folder/series.npy" \
        >"$folder/table" 2>"$folder/err"
}

# Of tokens [from, to), how many percent are called disturbed.
share() {
    sed -n 's/^disturbed: samples \([0-9]*\) to \([0-9]*\) of token,.*/\1 \2/p' "$folder/table" |
        awk -v from="$1" -v to="$2" '
            { a = $1 > from ? $1 : from; b = $2 + 1 < to ? $2 + 1 : to; if (b > a) sum += b - a }
            END { print (to > from) ? int(100 * sum / (to - from)) : 0 }'
}

# The seconds of each token as text.
seconds() { od -An -v -t f4 -w4 -j 128 "$folder/series.npy"; }

if ! run 20000; then
    echo "FAIL: latency does not run: $(tail -n 1 "$folder/err")"
    exit 1
fi
tokens=$(seconds | awk -v half=$half '{ sum += $1 } END { printf "%d\n", 2 * half / (sum / NR) }')
[ "$tokens" -gt 9000000 ] && tokens=9000000
run "$tokens"
quiet=$(share 0 "$tokens")
if [ "$quiet" -gt 10 ]; then
    echo "skip: a competitor's disturbance ($quiet% are disturbed without one: the machine is busy)"
    exit 0
fi
echo "ok: without a competitor $quiet% of $tokens tokens are called disturbed"

run "$tokens" &
measured=$!
sleep $half
for _ in $(seq $((2 * $(nproc)))); do
    (while :; do :; done) &
    loops="$loops $!"
done
wait $measured
for loop in $loops; do kill "$loop" 2>/dev/null; done
loops=
# It came when the tokens before had taken so long; the canary's part, and the start, take the rest.
came=$(seconds | awk -v half=$half '{ sum += $1; if (sum < 0.9 * half) n = NR } END { print n + 0 }')
part=$((tokens / 32 + 1))
before=$(share 0 $((came - 2 * part))) behind=$(share $((came + 3 * part)) "$tokens")
if [ "$before" -le 10 ] && [ "$behind" -ge 90 ]; then
    echo "ok: a competitor from about token $came of $tokens: $before% disturbed before, $behind% behind"
else
    echo "FAIL: a competitor from about token $came of $tokens: $before% disturbed before," \
        "$behind% behind: $(grep '^disturbed' "$folder/table" | tr '\n' ' ')"
    exit 1
fi
