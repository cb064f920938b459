#!/bin/sh
# A million tokens through the default model: memory that does not grow, speed that does not fall.
# And the peak of a run: at most 8 MB above its plan.
#
#   tests/stream.sh [BINARIES [TOOLS [MODEL]]]
set -u
binaries=${1:-build/cpu} model=${3:-fable-mamba}
binary=$binaries/$model weights=build/cpu/$model.weights
[ -f "$weights" ] || weights=$binary.weights
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

if [ ! -x "$binary" ] || [ ! -f "$weights" ]; then
    echo "FAIL: $binary or $weights is not built"
    exit 1
fi

# Words in an order that never repeats; about two tokens each.
words() {
    awk 'BEGIN { n = split("fox crow lamb wolf ant dove river stone basket honey the a and saw found " \
                           "asked gave kept lost near under small old proud kind said then", word, " ")
                 seed = 1
                 for (i = 1; i <= 900000; i++) {
                     seed = (seed * 69069 + 1) % 4294967296
                     printf "%s%s", word[int(seed / 65536) % n + 1], i % 11 ? " " : ".\n"
                 } }'
}

# Reports lines "tokens speed resident", a line per interval of 10,000 tokens.
stream() {
    words | "$binary" stream -q -m "$weights" -t 1 --interval 10000 2>&1 |
        sed -n 's/^[^:]*: \([0-9,]*\) tokens, \([0-9]*\) tok.*resident \([0-9.]*\) MB$/\1 \2 \3/p' |
        tr -d , | head -n 100 >"$scratch/lines"
}

# The best of ten intervals: what the machine gives when nobody else wants it.
best() {
    awk '$2 > most { most = $2 } END { print most + 0 }'
}

attempts=3
while [ $attempts -gt 0 ]; do
    attempts=$((attempts - 1))
    stream
    first=$(head -n 10 "$scratch/lines" | best)
    last=$(tail -n 10 "$scratch/lines" | best)
    [ $((last * 100)) -ge $((first * 95)) ] && break
done
lines=$(wc -l <"$scratch/lines")
tokens=$(tail -n 1 "$scratch/lines" | cut -d ' ' -f 1)
early=$(head -n 1 "$scratch/lines" | cut -d ' ' -f 3)
late=$(tail -n 1 "$scratch/lines" | cut -d ' ' -f 3)
if [ "$lines" -ne 100 ]; then
    echo "FAIL: $lines intervals of 10,000 tokens, expected 100"
elif [ "$early" = "$late" ]; then
    echo "ok: $late MB resident after $tokens tokens, as at the start"
else
    echo "FAIL: $early MB resident at the start, $late MB after $tokens tokens"
fi
if [ $((last * 100)) -ge $((first * 95)) ]; then
    echo "ok: $last tokens a second in the last tenth, $first in the first"
else
    echo "FAIL: $last tokens a second in the last tenth, $first in the first; at least 0.95 of it"
fi

"$binary" run -m "$weights" -n 300 --ignore-eos -p "Once upon a time" 2>&1 >/dev/null |
    sed -n 's/.*memory \([0-9.]*\) MB planned, \([0-9.]*\) MB peak$/\1 \2/p' |
    awk '{ print ($2 - $1 <= 8 ? "ok" : "FAIL") ": a run peaks at " $2 " MB, its plan is " $1 " MB" }
         END { if (NR != 1) print "FAIL: no summary of memory" }'
