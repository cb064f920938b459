#!/bin/sh
# The speeds that bench reports are those that a clock outside of it sees: tokens of a long run less
# those of a short one, over the difference of their times, against the figure of that same long run.
# For a machine that does nothing else meanwhile: a median of pairs has to be within 3%.
#
#   tests/full/bench_outside.sh [BINARY [PAIRS]]     build/cpu/fable-mamba, 7
set -u
cd "$(dirname "$0")/../.." || exit 1
binary=${1:-build/cpu/fable-mamba} pairs=${2:-7}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# seconds OPTION...: how long the program takes, by the clock of the shell; its record in $scratch/json.
seconds() {
    began=$(date +%s%N)
    "$binary" bench -q -r 1 --no-warmup -o json "$@" >"$scratch/json" || exit 1
    ended=$(date +%s%N)
    echo "$began $ended" | awk '{ printf "%.6f", ($2 - $1) / 1e9 }'
}

# compare NAME SHORT LONG LIST OTHER: tokens given by the option LIST; 0 by OTHER.
compare() {
    name=$1 short=$2 long=$3 list=$4 other=$5
    : >"$scratch/ratios"
    left=$pairs
    while [ "$left" -gt 0 ]; do
        left=$((left - 1))
        little=$(seconds "$list" "$short" "$other" 0) || exit 1
        much=$(seconds "$list" "$long" "$other" 0) || exit 1
        said=$(sed -n 's/.*"median": \([0-9.e+]*\).*/\1/p' "$scratch/json")
        echo "$little $much $said" | awk -v tokens=$((long - short)) \
            '{ print tokens / ($2 - $1) / $3 }' >>"$scratch/ratios"
    done
    sort -g "$scratch/ratios" | awk -v name="$name" -v long="$long" '{ ratio[NR] = $1 } END {
        middle = ratio[int((NR + 1) / 2)]
        printf "%s: %s of %d tokens, from outside over what bench says: %.4f (%.4f to %.4f)\n",
            (middle > 0.97 && middle < 1.03) ? "ok" : "FAIL", name, long, middle, ratio[1], ratio[NR] }' |
        tee "$scratch/verdict"
    grep -q '^ok' "$scratch/verdict" || failed=1
}
failed=0
compare decode 1000 21000 -n -p
compare prefill 1024 65536 -p -n
exit $failed
