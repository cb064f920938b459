#!/bin/sh
# What a weight file is made from, as a record that changes when it does; and the packing itself.
#
#   tools/mk/weights.sh record RECORD CONFIG SEED CHECKPOINT DEFAULT
#   tools/mk/weights.sh pack RECORD PACK BACKEND CONFIG OUTPUT
#
# The record's first line is "random SEED" or "checkpoint DIRECTORY". The files of a checkpoint are
# told apart by where they really lie, by size and by date: a link into a cache is as good as a file,
# and older dates are other dates. Without a seed and a checkpoint the record stays with what it says,
# or starts with the directory DEFAULT.
set -eu

# Size, date and place of every file that pack may read.
list_files() {
    for file in "$1"/*.json "$1"/*.safetensors "$1"/*.model; do
        [ -e "$file" ] || continue
        TZ=UTC0 stat -L -c '%s %y' "$file"
        readlink -f "$file"
    done
}

record() {
    file=$1 config=$2 seed=$3 checkpoint=$4 default=$5
    if [ -n "$seed" ] && [ -n "$checkpoint" ]; then
        echo "RANDOM_WEIGHTS=$seed and CHECKPOINT=$checkpoint exclude each other: give one of them" >&2
        return 1
    fi
    case $seed in *[!0-9]*)
        echo "RANDOM_WEIGHTS=$seed: expected a whole number, the seed" >&2
        return 1
        ;;
    esac
    if [ -z "$seed$checkpoint" ] && [ ! -d "$default" ] && [ -e "$file" ]; then
        seed=$(sed -n '1s/^random //p' "$file")
        checkpoint=$(sed -n '1s/^checkpoint //p' "$file")
        [ -n "$seed" ] || [ -d "$checkpoint" ] || return 0 # removed since it was packed
    fi
    checkpoint=${checkpoint:-$default}
    if [ -z "$seed" ] && [ ! -d "$checkpoint" ]; then
        echo "no checkpoint at $checkpoint: give CHECKPOINT=DIR (config.json, *.safetensors," \
            "tokenizer.json) or RANDOM_WEIGHTS=SEED" >&2
        return 1
    fi
    {
        if [ -n "$seed" ]; then echo "random $seed"; else echo "checkpoint $checkpoint"; fi
        cksum <"$config"
        [ -n "$seed" ] || list_files "$checkpoint"
    } | "$(dirname "$0")/record.sh" "$file"
}

pack() {
    read -r kind from <"$1"
    if [ "$kind" = random ]; then
        "$2" --backend "$3" --random "$from" "$4" -o "$5"
    else
        "$2" --backend "$3" "$4" "$from" -o "$5"
    fi
}

"$@"
