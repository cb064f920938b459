#!/bin/sh
# A model with attention holds as many positions as it was built for, and says so; with a window
# smaller than that it takes a text of any length.
#
#   tests/models/context.sh BINARIES TOOLS
set -u
binaries=$1
model=llama-a-f16
positions=400
ids=build/tests/context.ids

# says WHAT PATTERN: whether the last output has a line with that text
says() {
    if echo "$output" | grep -qF "$2"; then
        echo "ok: $1"
    else
        echo "FAIL: $1: expected '$2', found:"
        echo "$output"
    fi
}

# logits TOKENS DECODED: status and output of a run over that many tokens
logits() {
    seq 1 "$1" >"$ids"
    output=$("$binaries/$model" logits -q -m "build/cpu/$model.weights" --ids "$ids" \
        --decode "$2" --digest 2>&1)
    status=$?
}

output=$("$binaries/$model" info -m "build/cpu/$model.weights")
says 'info shows the cache' "keys and values of $positions positions"
output=$("$binaries/$model" info --json -m "build/cpu/$model.weights")
says 'info --json shows the context' "\"context\": $positions"
logits "$positions" 0
says 'a text as long as the context' 'logits '

# refuses WHAT NAME TOKENS ARGUMENTS..: one line and exit code 1, before anything is loaded: of a run
# that goes on, the memory is shown first.
refuses() {
    what=$1 wanted="$model: $2: $3 tokens, but the context holds $positions: set a larger 'context' in"
    shift 3
    output=$("$binaries/$model" "$@" -m "build/cpu/$model.weights" 2>&1 </dev/null)
    status=$?
    says "$what" "$wanted config/$model.ini and run 'make MODEL=$model'"
    [ "$status" -eq 1 ] || echo "FAIL: $what: exit code $status, expected 1"
    [ "$(echo "$output" | wc -l)" -eq 1 ] || echo "FAIL: $what: more than one line: $output"
}

text=build/tests/context.txt
seq 1 300 >"$text"
tokens=$("$binaries/$model" tokenize -m "build/cpu/$model.weights" -f "$text" | wc -w)
refuses 'a long text to read' "$text" "$tokens" stream -f "$text"
printf %s "$(cat "$text")" >"$text" # run leaves the last newline out
tokens=$("$binaries/$model" tokenize -m "build/cpu/$model.weights" -f "$text" | wc -w)
refuses 'a long file to continue' "$text" "$tokens" run -f "$text"
refuses 'a long prompt' --prompt "$tokens" run -p "$(cat "$text")"
seq 1 1000000 >"$text"
refuses 'an endless file' "$text" "more than $((positions + 1000000))" run -f "$text"
for rows in "$((positions + 1)) 0" "$((positions - 1)) 2"; do
    seq 1 "${rows% *}" >"$ids"
    refuses "logits of $rows tokens" "$ids" $((positions + 1)) logits --ids "$ids" \
        --decode "${rows#* }" -o /dev/null
done
refuses 'a window to capture' --capture $((positions + 1)) profile --capture "decode:7..$((positions + 1))"
refuses 'a prefill to measure' pp$((positions + 1)) $((positions + 1)) bench -p 4,$((positions + 1)) -n 1
refuses 'a decode to measure behind others' "tg10 @ d$((positions - 9))" $((positions + 1)) \
    bench -p 0 -n 10 -d 0,$((positions - 9))
refuses 'a prefill and a decode to measure' "pp9+tg5 @ d$((positions - 13))" $((positions + 1)) \
    bench -p 0 -n 0 -pg 9,5 -d $((positions - 13))
output=$("$binaries/$model" run -q -m "build/cpu/$model.weights" -p 'To the end' --ignore-eos -n -2 \
    2>&1) && output="$output code 0"
says 'until the context is full' 'code 0'
output=$("$binaries/$model" bench -q -m "build/cpu/$model.weights" -p 64 -n 50 -d $((positions - 64)) -r 2 2>&1)
says 'bench up to the end of the context' "| pp64 @ d$((positions - 64)) "
says 'repeated, because it starts anew' "| tg50 @ d$((positions - 64)) "

model=llama-c-f16 # without a token that begins a text, and without one that ends it
output=$("$binaries/$model" run -q -m "build/cpu/$model.weights" </dev/null 2>&1)
status=$?
says 'nothing to begin with' "no text to continue, and $model has no token that begins one"
[ "$status" -eq 2 ] || echo "FAIL: nothing to begin with: exit code $status, expected 2"
output=$("$binaries/$model" run -m "build/cpu/$model.weights" -p 'a' -n 150 --no-echo 2>&1)
says 'nothing ends a text' 'generated 150 tokens'

model=mixtral-w-f32
output=$("$binaries/$model" info -m "build/cpu/$model.weights")
says 'info shows the window' 'keys and values of a sliding window'
for _ in 1 2 3 4; do seq 1 500; done >"$ids"
output=$("$binaries/$model" logits -q -m "build/cpu/$model.weights" --ids "$ids" --decode 100 \
    --digest 2>&1)
says 'a text longer than any context' 'logits '
# bench counts what info says that steps move, but for the keys and values that they write (512 bytes): of
# 12 tokens behind 3, which begin to leave positions behind.
moved=$(for at in 4 5 6 7 8 9 10 11 12 13 14 15; do
    "$binaries/$model" info --json --at $at -m "build/cpu/$model.weights" |
        sed -n 's/.*"step_bytes": \([0-9]*\).*/\1/p'
done | awk '{ sum += $1 - 512 } END { printf "%.3f", sum / NR }')
output=$("$binaries/$model" bench -q -m "build/cpu/$model.weights" -p 0 -n 12 -d 3 -r 1 -o json |
    sed -n 's/.*"bytes_per_token": \([0-9.]*\).*/\1/p' | awk '{ printf "%.3f", $1 }')
says 'bench counts the keys and values that a window sees' "$moved"
