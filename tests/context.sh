#!/bin/sh
# A model with attention holds as many positions as it was built for, and says so; with a window
# smaller than that it takes a text of any length.
#
#   tests/context.sh BINARIES TOOLS
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
for text in "$((positions + 1)) 0" "$((positions - 1)) 2"; do
    # shellcheck disable=SC2086 # two words
    logits $text
    says "full after $text tokens" \
        "the context is full: $positions tokens; set a larger 'context' in config/$model.ini"
    [ "$status" -eq 1 ] || echo "FAIL: full after $text tokens: exit code $status, expected 1"
done

model=mixtral-w-f32
output=$("$binaries/$model" info -m "build/cpu/$model.weights")
says 'info shows the window' 'keys and values of a sliding window'
for _ in 1 2 3 4; do seq 1 500; done >"$ids"
output=$("$binaries/$model" logits -q -m "build/cpu/$model.weights" --ids "$ids" --decode 100 \
    --digest 2>&1)
says 'a text longer than any context' 'logits '
