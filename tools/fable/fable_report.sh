#!/bin/sh
# Measures the default model in its own binary, on stories of a seed that no training used: bits per
# byte of a long text (stream), and recall by distance: each quiz item's story is continued by the
# likeliest tokens (run --temp 0) and must go on with the answer, letter by letter.
#
#   tools/fable/fable_report.sh BINARY FABLES [ITEMS]       e.g. build/cpu/fable-mamba build/tools/fables 400
set -eu
binary=$1 fables=$2 items=${3:-400} seed=900002

# The story ends inside a line, so the binary must not be given the newline that ends a quiz line.
continuation() {
    printf '%b' "$1" | "$binary" run -q -f - --no-echo --temp 0 -n 12
}

"$fables" --seed "$seed" --bytes 1000000 | "$binary" stream -n 0 --interval 1000000 2>&1 |
    grep 'bits/byte' | tail -n 1

"$fables" --seed "$seed" --quiz "$items" |
    while IFS="$(printf '\t')" read -r fact _ words answer story; do
        case $(continuation "$story") in
        " $answer"[!a-z]*) right=1 ;;
        *) right=0 ;;
        esac
        echo "$fact $words $right"
    done |
    awk '{ bucket = $2 < 8 ? 0 : int(log($2 / 8) / log(2)) + 1
           count[bucket]++; right[bucket] += $3; kinds[$1]++; known[$1] += $3 }
         END { for (b = 0; b < 12; b++)
                   if (count[b])
                       printf "%4d-%-4d words %6.1f%% of %d\n", b ? 8 * 2 ^ (b - 1) : 0, 8 * 2 ^ b - 1,
                              100 * right[b] / count[b], count[b]
               for (k in kinds)
                   printf "%-15s %6.1f%% of %d\n", k, 100 * known[k] / kinds[k], kinds[k] }'
