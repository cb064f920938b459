#!/bin/sh
# Whether 'compare --run' finds a planted slowdown of 5% and none where there is none, over and over, by
# itself and with a neighbour that loads the memory half of the time. Judged by timing: not for make
# test.
#
#   tests/full/compare_run.sh BINARY WEIGHTS NEIGHBOUR COMPARE [TIMES]
#
# BINARY is a model's binary with tests/full/slow_steps.c in it. TIMES: 20.
set -u
binary=$1 weights=$2 neighbour=$3 compare=$4 times=${5:-20}
if ! [ -x "$binary" ] || ! [ -r "$weights" ]; then
    echo "FAIL: there is no $binary, or no $weights"
    exit 1
fi
folder=$(mktemp -d) || exit 1
beside=
# shellcheck disable=SC2317 # by the trap
stop() {
    [ -z "$beside" ] || kill "$beside" 2>/dev/null
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM
for share in 0 5; do
    cp "$binary" "$folder/steps-$share" || exit 1
done
cp "$folder/steps-0" "$folder/again-0"

failed=0
# Compares TIMES times, by so many pairs at most; what the verdict must be, or must not be, of every one.
check() {
    b=$1 what=$2 wanted=$3 most=$4 right=0 unclear=0 i=0 pairs=
    while [ "$i" -lt "$times" ]; do
        i=$((i + 1))
        said=$("$compare" --run --pairs "$most" "$folder/steps-0" "$folder/$b" -- -p 0 -n 128 -r 5 -t 1 \
            --weights "$weights" 2>"$folder/err")
        line=$(echo "$said" | grep '^| tg128')
        [ -n "$line" ] || { cat "$folder/err" && exit 1; }
        verdict=$(echo "$line" | awk -F ' *[|] *' '{ print $9 }')
        pairs="$pairs $(echo "$line" | awk -F ' *[|] *' '{ print $8 }')"
        case $wanted:$verdict in
        slower:slower*) right=$((right + 1)) ;;
        slower:*) echo "    $line" ;;
        none:slower* | none:faster*) echo "    $line" ;;
        none:*) right=$((right + 1)) ;;
        esac
        case $verdict in unclear*) unclear=$((unclear + 1)) ;; esac
    done
    if [ "$right" = "$times" ]; then
        echo "ok: $what: $right of $times ($unclear unclear); pairs:$pairs"
    else
        echo "FAIL: $what: $right of $times ($unclear unclear); pairs:$pairs"
        failed=1
    fi
}
check again-0 "no slowdown, none found" none 200
check steps-5 "a slowdown of 5% is found" slower 800
"$neighbour" >/dev/null &
beside=$!
check again-0 "beside a neighbour: no slowdown, none found" none 200
check steps-5 "beside a neighbour: a slowdown of 5% is found" slower 800
exit $failed
