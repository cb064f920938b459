#!/bin/sh
# A million tokens through `stream`: memory at the end as after 1,000 tokens, and the last tenth as
# fast as the first.
#
#   tests/models/stream.sh BINARIES TOOLS
#
# Speed is taken from the process's own processor time, so that what else the machine does hardly
# matters: the medians over the first and the last hundred intervals of 1,000 tokens. A machine that
# is shared changes its speed by a tenth and more from minute to minute all the same, in either
# direction, so it may take five runs to see one that is steady.
set -u
binaries=$1 tools=$2
model=fable-mamba
folder=build/tests/stream
case $binaries in
*-san)
    echo "skip: a million tokens (a sanitizer has its own memory and speed)"
    exit 0
    ;;
esac
rm -rf "$folder"
mkdir -p "$folder"
mkfifo "$folder/reports"
"$tools/fables" --seed 90210 --bytes 4500000 >"$folder/text"

# Intervals end with a step, so steps must divide them: 1,000 tokens in chunks of 200.
stream_text() {
    "$binaries/$model" stream -q -t 1 --batch-size 200 --interval 1000 -m "build/cpu/$model.weights" \
        <"$folder/text" 2>"$folder/reports" &
    pid=$!
    # One line an interval: tokens, resident kB, nanoseconds on the processor so far.
    while read -r _ tokens rest; do
        case $tokens in
        end:) echo "${rest%% tokens*}" | tr -d ', ' >"$folder/total" ;;
        *)
            resident=$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
            read -r time _ <"/proc/$pid/schedstat"
            echo "$(echo "$tokens" | tr -d ,) ${resident:-0} ${time:-0}"
            ;;
        esac
    done <"$folder/reports" >"$folder/intervals"
    wait $pid || echo "FAIL: stream ended with exit code $?"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
for run in 1 2 3 4 5; do
    stream_text
    awk 'NR > 1 { print $3 - before } { before = $3 }' "$folder/intervals" >"$folder/times"
    first=$(head -n 100 "$folder/times" | median)
    last=$(head -n 1000 "$folder/times" | tail -n 100 | median)
    steady=$(awk -v first="${first:-0}" -v last="${last:-0}" \
        'BEGIN { print (last > 0 && first / last >= 0.95) ? "ok" : "FAIL" }')
    [ "$steady" = FAIL ] || break
done

total=$(cat "$folder/total" 2>/dev/null)
if [ "${total:-0}" -ge 1000000 ]; then
    echo "ok: $total tokens"
else
    echo "FAIL: ${total:-no} tokens, expected 1,000,000 and more"
fi

awk 'NR == 1 { first = $2 } $2 > 0 { last = $2 } $2 > most { most = $2 }
     END { verdict = last == first && most == first ? "ok" : "FAIL"
           print verdict ": resident memory " first " kB after 1,000 tokens, at most " most \
               " kB, at the end " last " kB" }' "$folder/intervals"

awk -v steady="$steady" -v run="$run" -v first="${first:-0}" -v last="${last:-0}" 'BEGIN {
    printf "%s: speed of the last tenth %.3f of the first, in run %d (%.1f and %.1f us of processor per token)\n",
        steady, (last > 0 ? first / last : 0), run, last / 1e6, first / 1e6 }'
