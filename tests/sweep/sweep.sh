#!/bin/sh
# Random models of all families: each is imported, built, packed, passes selftest, and has the logits
# that tests/reference64 computes in double from the same files.
#
#   tests/sweep/sweep.sh BINARIES TOOLS [SEED FIRST LAST]     cases FIRST to LAST of a seed
#
# The folders of cases that fail stay in build/sweep. `make sweep SEED=1 FIRST=17 CASES=1` makes the
# case 17 again; with BACKEND=simt for CUDA, over the interpreter.
set -u
binaries=$1 tools=$2 seed=${3:-1} first=${4:-0} last=${5:-6}
suffix=${binaries##*/}
suffix=${suffix#cpu}
suffix=${suffix#simt}
sweep=build/tests$suffix/sweep

# options DIR: those of `gen import`. On CUDA, weights of 16 bits round what prefill reads, except routers.
options() {
    case $binaries in
    */simt*) sed -E 's/(projection|expert|embedding|head)-type b?f[0-9]+/\1-type f32/g' "$1/options" ;;
    *) cat "$1/options" ;;
    esac
}

# judge NUMBER NAME DIR: everything that a case goes through; the last line says what was wrong
judge() {
    backend=cpu made=cpu
    case $binaries in */simt*) backend=simt made=cuda ;; esac
    # shellcheck disable=SC2046 # options are words
    "$tools/gen" import $(options "$3") "$3" >"$3/$2.ini" &&
        $sweep weights "$seed" "$1" "$3" "$3/$2.ini" &&
        $sweep text "$seed" "$1" "$3" "$3/$2.ini" &&
        make -s BACKEND=$backend MODEL="$2" CONFIG="$3/$2.ini" SOURCES="$3/sources" \
            "$binaries/$2" &&
        "$tools/pack" --backend $made --no-tokenizer "$3/$2.ini" "$3" -o "$3/weights" &&
        "$binaries/$2" selftest -m "$3/weights" &&
        "$binaries/$2" logits -q -m "$3/weights" --ids "$3/ids" -o "$3/logits.npy" &&
        $sweep compare "$3" "$3/logits.npy"
}

# run_case NUMBER: prints one line
run_case() {
    name=sweep-$seed-$1
    dir=build/sweep/$name$suffix
    rm -rf "$dir"
    mkdir -p "$dir/sources"
    $sweep shape "$seed" "$1" "$dir" || return 1
    family=$(sed -n 's/.*"model_type": "\([a-z0-9]*\)".*/\1/p' "$dir/config.json")
    if judge "$1" "$name" "$dir" >"$dir/log" 2>&1; then
        echo "ok: case $1 of seed $seed, $family: from exact by $(tail -n 1 "$dir/log")"
        rm -rf "$dir" "${binaries:?}/$name" "${binaries:?}/obj/models/$name" \
            "build/made/$name.stamp"
    else
        echo "FAIL: case $1 of seed $seed, $family, see $dir/log: $(tail -n 1 "$dir/log")"
        return 1
    fi
}

if [ "${6:-}" = one ]; then
    run_case "$first"
    exit
fi
seq "$first" "$last" |
    xargs -P "$(nproc)" -I NUMBER sh "$0" "$binaries" "$tools" "$seed" NUMBER NUMBER one
