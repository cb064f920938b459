#!/bin/sh
# The generated sources of every config of config/. Those of one model of each family are committed in
# models/, because they are meant to be read; of the others models/digests.txt pins the text.
#
#   tools/mk/models.sh write GEN   into models/ and build/models/, and the digests
#   tools/mk/models.sh check GEN   whether all of them are what GEN makes; one line for each
set -u
gen=$2 digests=models/digests.txt
made=$(mktemp -d) || exit 1
trap 'rm -rf "$made"' EXIT
failed=0

# digest FOLDER: of all that gen wrote into it.
digest() {
    for file in "$1"/*; do
        echo "$(basename "$file") $(sha256sum <"$file")"
    done | sha256sum | cut -c 1-32
}

check() {
    if [ -d "models/$1" ]; then
        "$gen" "config/$1.ini" --check "models/$1" || return 1
    else
        mkdir "$made/$1" && "$gen" "config/$1.ini" -o "$made/$1" || return 1
        expected=$(sed -n "s/^$1 *//p" $digests)
        [ "$(digest "$made/$1")" = "$expected" ] ||
            { echo "the text of $1 is not that of $digests: run 'make models'" >&2 && return 1; }
    fi
}

case $1 in
write)
    {
        echo "# The text that gen makes of configs whose sources are not committed; written by 'make models'."
        for config in config/*.ini; do
            name=$(basename "$config" .ini)
            folder=models/$name
            [ -d "$folder" ] || folder=build/models/$name
            mkdir -p "$folder" && "$gen" "$config" -o "$folder" >&2 || exit 1
            [ -d "models/$name" ] || printf '%-16s %s\n' "$name" "$(digest "$folder")"
        done
    } >"$made/digests" || exit 1
    cmp -s "$made/digests" $digests || { cp "$made/digests" $digests.new && mv $digests.new $digests; }
    ;;
check)
    for config in config/*.ini; do
        name=$(basename "$config" .ini)
        if check "$name" 2>"$made/said"; then
            echo "ok: $name is what gen makes of its config"
        else
            echo "FAIL: $name: $(cat "$made/said")"
            failed=1
        fi
    done
    ;;
esac
exit $failed
