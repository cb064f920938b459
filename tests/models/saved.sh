#!/bin/sh
# Checkpoints as transformers saves them, and as they are published, the way README.md says: imported,
# built and packed by 'make saved-model-NAME' with nothing done to a folder by hand. Their tokens of a
# prompt and the text that follows greedily have to be those of transformers (tests/references says
# how tests/data/saved was made).
#
#   tests/models/saved.sh BINARIES TOOLS
set -u
binaries=$1
work=build/tests/saved
mkdir -p "$work"

# same WHAT WANTED COMMAND...: prints exactly what the file WANTED holds.
same() {
    what=$1 wanted=$2
    shift 2
    if "$@" >"$work/got" 2>"$work/log" && cmp "$work/got" "$wanted" >>"$work/log" 2>&1; then
        echo "ok: $what"
    else
        echo "FAIL: $what: expected '$(cat "$wanted")', found '$(cat "$work/got")'"
        cat "$work/log"
    fi
}

for folder in tests/data/saved/*/; do
    name=$(basename "$folder")
    tried=0
    for prompt in "tests/data/saved/$name".*.prompt; do
        [ -f "$prompt" ] || continue
        tried=$((tried + 1))
        # Without the mark the shell would take newlines from the end.
        text=$(cat "$prompt" && printf .)
        same "$name: ids of prompt $tried" "${prompt%.prompt}.ids" \
            "$binaries/saved-$name" tokenize "${text%.}"
        same "$name: what follows prompt $tried" "${prompt%.prompt}.text" \
            "$binaries/saved-$name" run -q --no-echo -n 16 -p "${text%.}"
    done
    [ $tried -gt 1 ] || echo "FAIL: $name: $tried prompts, expected two or more"
done
