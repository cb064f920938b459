#!/bin/sh
# Deep models over long texts: the logits are as near to exact ones as those of transformers in f32.
# Both are compared with tests/reference64; the error is the root of the mean square over 16 rows
# from the whole text, and ours may be at most FACTOR times theirs. Measured over 67 seeds of seven
# families, it was 0.74 to 1.41 times theirs, and over all rows of a text 0.90 to 1.27 times.
#
#   tests/models/precision.sh BINARIES TOOLS
#
# tests/data/deep and tests/references/make_deep.py say what is stored; weights and texts are made
# from a seed.
set -u
binaries=$1 tools=$2
FACTOR=1.5
suffix=${binaries##*/cpu}
sweep=build/tests$suffix/sweep

# judge SEED NAME DIR: the last line has the errors, or says what was wrong
judge() {
    stored=tests/data/deep/$2
    $sweep weights "$1" 0 "$3" "$3/deep-$2.ini" &&
        $sweep text "$1" 0 "$3" "$3/deep-$2.ini" "$(cat "$stored/tokens")" &&
        "$tools/pack" --no-tokenizer "$3/deep-$2.ini" "$3" -o "$3/weights" &&
        "$binaries/deep-$2" logits -q -m "$3/weights" --ids "$3/ids" -o "$3/logits.npy" &&
        $sweep beside "$3" "$3/logits.npy" "$stored/$1.npy" "$FACTOR"
}

# one NAME: a line for each seed
one() {
    dir=build/sweep/deep-$1$suffix
    rm -rf "$dir"
    mkdir -p "$dir/sources"
    cp "tests/data/deep/$1/config.json" "$dir"
    kv=
    grep -q num_attention_heads "$dir/config.json" && kv='--kv-type f32'
    # shellcheck disable=SC2086 # two words or none
    if ! "$tools/gen" import --prefill-chunk 64 $kv "$dir" >"$dir/deep-$1.ini" 2>"$dir/log" ||
        ! make -s MODEL="deep-$1" CONFIG="$dir/deep-$1.ini" SOURCES="$dir/sources" \
            "$binaries/deep-$1" >>"$dir/log" 2>&1; then
        echo "FAIL: deep $1 does not build: $(tail -n 1 "$dir/log")"
        return
    fi
    for stored in "tests/data/deep/$1"/*.npy; do
        seed=$(basename "$stored" .npy)
        verdict=ok
        judge "$seed" "$1" "$dir" >"$dir/log" 2>&1 || verdict=FAIL
        echo "$verdict: deep $1, weights and text of seed $seed: $(tail -n 1 "$dir/log")"
    done
}

if [ "${3:-}" = one ]; then
    one "$4"
    exit
fi
for config in tests/data/deep/*/config.json; do basename "${config%/config.json}"; done |
    xargs -P "$(nproc)" -I NAME sh "$0" "$binaries" "$tools" one NAME
