#!/bin/sh
# Programs started with descriptors 0, 1 or 2 closed: what they open does not become the standard
# input or output, and what they write into files is the same.
#
#   tests/models/closed_streams.sh BINARIES TOOLS
set -u
binary=$1/fable-mamba tools=$2
weights=build/cpu/fable-mamba.weights
config=config/fable-mamba.ini
folder=build/tests/closed_streams
rm -rf "$folder"
mkdir -p "$folder/all" "$folder/none"

expect() { # what, code expected, code found, text expected in a file
    if [ "$2" -eq "$3" ] && grep -q "$4" "$folder/said"; then
        echo "ok: $1: exit $2"
    else
        echo "FAIL: $1: exit $3, expected $2; said: $(head -c 300 "$folder/said")"
    fi
}
unread="standard input: cannot be read: Bad file descriptor"
unwritten="cannot write to standard output: Bad file descriptor"
for verb in tokenize "stream -q" "logits -q --digest --ids -" "run -q -n 1 -f -"; do
    # shellcheck disable=SC2086 # the verb and its options are words
    "$binary" $verb -m $weights 2>"$folder/said" >"$folder/out" <&-
    expect "$verb without a standard input" 1 $? "$unread"
done
for verb in "tokenize" "run -q -n 3" "info --json"; do
    # shellcheck disable=SC2086 # the verb and its options are words
    echo Once | "$binary" $verb -m $weights 2>"$folder/said" >&-
    expect "$verb without a standard output" 1 $? "$unwritten"
done
for way in "import tests/data/saved/jamba" "table $config" "--stop-after=plan $config"; do
    # shellcheck disable=SC2086 # words
    "$tools/gen" $way 2>"$folder/said" >&-
    expect "gen $way without a standard output" 1 $? "^gen: $unwritten"
    # shellcheck disable=SC2086
    "$tools/gen" $way 2>"$folder/said" >/dev/full
    expect "gen $way on a full disk" 1 $? "^gen: cannot write to standard output: No space left"
done

same() { # what, the exit code, two files
    if [ "$2" -eq 0 ] && cmp "$3" "$4"; then
        echo "ok: $1 without descriptors 0, 1 and 2 writes the same file"
    else
        echo "FAIL: $1 without descriptors 0, 1 and 2: exit $2, another file"
    fi
}
seq 1 20 >"$folder/ids"
"$tools/pack" --random 1 $config -o "$folder/all/weights" 2>"$folder/said"
"$tools/pack" --random 1 $config -o "$folder/none/weights" <&- >&- 2>&-
same pack $? "$folder/all/weights" "$folder/none/weights"
"$tools/gen" $config -o "$folder/all" && "$tools/gen" $config -o "$folder/none" <&- >&- 2>&-
same gen $? "$folder/all/tables.c" "$folder/none/tables.c"
"$binary" logits -m $weights --ids "$folder/ids" -o "$folder/all/npy" 2>"$folder/said"
"$binary" logits -m $weights --ids "$folder/ids" -o "$folder/none/npy" <&- >&- 2>&-
same logits $? "$folder/all/npy" "$folder/none/npy"
