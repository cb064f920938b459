#!/bin/sh
# bench when it cannot come to its end: interrupted, without room on the disk, without a reader. What was
# measured is kept and says that it is not complete, or a message says why not; no file is half-written.
#
#   tests/models/bench.sh BINARIES TOOLS
set -u
binaries=$1
folder=build/tests/bench
rm -rf "$folder"
mkdir -p "$folder"
export ASAN_OPTIONS=detect_leaks=0 # it cannot look for leaks under strace
record=$folder/record/x.json

# bench OPTION...: into $folder/out and $folder/err
bench() {
    $before "$binaries/fable-mamba" bench -q -m build/cpu/fable-mamba.weights -p 16 -n 4 -r 2 "$@" \
        >"$folder/out" 2>"$folder/err"
}
before=''

# verdict WHAT CODE EXPECTED TEXT FILE: exit code, and a text in a file; nothing half-written.
verdict() {
    left=$(find "$folder" -name '*.partial.*')
    if [ "$2" -eq "$3" ] && [ -z "$left" ] && grep -qF "$4" "$5"; then
        echo "ok: bench $1: exit $3"
    else
        echo "FAIL: bench $1: exit $2, expected $3 and '$4' in $5; left: $left; said:"
        cat "$folder/out" "$folder/err"
    fi
    rm -rf "$folder/record"
    mkdir -p "$folder/record"
}
mkdir -p "$folder/record"

bench -o md --record "$record"
verdict "to its end" $? 0 '"complete": true' "$record"
"$binaries/fable-mamba" bench -q -m build/cpu/fable-mamba.weights -p 16 -n 4 -o csv >/dev/full 2>"$folder/err"
verdict "without room on the disk for its output" $? 1 \
    'cannot write to standard output: No space left on device' "$folder/err"
(ulimit -f 1 && exec "$binaries/fable-mamba" bench -q -m build/cpu/fable-mamba.weights -p 16 -n 4 -o csv \
    --record "$record") >/dev/null 2>"$folder/err"
verdict "without room on the disk for its record" $? 1 'x.json' "$folder/err"
bench --record "$folder/none/x.json"
verdict "with a record that cannot be made" $? 1 'none/x.json' "$folder/err"

if ! strace -o "$folder/trace" true 2>/dev/null; then
    echo "skip: bench interrupted (strace cannot trace here)"
    exit 0
fi
# In JSON lines the first write is the head, the second the figure that was measured first.
for signal in SIGINT SIGTERM SIGHUP; do
    before="strace -f -qq -o $folder/trace -e trace=write -e inject=write:signal=$signal:when=2"
    bench -o jsonl --record "$record"
    code=$?
    cp "$folder/out" "$folder/lines"
    grep -q '"name": "tg4"' "$record" && echo "FAIL: a figure behind the end on $signal"
    grep -q '"name": "pp16"' "$record" || echo "FAIL: the figure before $signal is not there"
    verdict "on $signal" $code 130 '"complete": false' "$record"
    if tail -n 1 "$folder/lines" | grep -q '"complete": false' && [ "$(wc -l <"$folder/lines")" -eq 3 ]; then
        echo "ok: head, the figure and a tail that says so"
    else
        echo "FAIL: on $signal these lines:"
        cat "$folder/lines"
    fi
done
before="strace -f -qq -o $folder/trace -e trace=write -e inject=write:error=EPIPE:when=2"
bench -o jsonl --record "$record"
code=$?
grep -q '"name": "tg4"' "$record" && echo "FAIL: it went on without a reader"
verdict "whose reader goes away" $code 1 '"complete": false' "$record"
