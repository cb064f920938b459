#!/bin/sh
# The verb `sweep` on real models, on both backends: what is tried at a depth leaves the text alone
# (the bits per byte of all of it are those of a sweep that tries nothing), a context ends it with a
# message, a window and a fixed state do not. Interrupted, killed, without a reader or room on the
# disk it keeps what it measured, or says that it cannot. Measuring allocates nothing and makes no
# system call.
#
#   tests/models/depths.sh BINARIES TOOLS
set -u
binaries=$1 tools=$2
interpreted=$(echo "$binaries" | sed 's|build/cpu|build/simt|')
folder=build/tests/depths
rm -rf "$folder"
mkdir -p "$folder"
"$tools/fables" --seed 7 --bytes 60000 >"$folder/text"

# use BACKEND MODEL: the model of the next runs; false: it is not built.
use() {
    model=$2
    case $1 in
    simt) binary=$interpreted/$model weights=build/cuda/$model.weights ;;
    *) binary=$binaries/$model weights=build/cpu/$model.weights ;;
    esac
    [ -x "$binary" ]
}
sweep() { "$binary" sweep -q -m "$weights" "$@"; }

# column NUMBER: of the CSV, on one line
column() { tail -n +2 "$folder/csv" | cut -d, -f"$1" | tr '\n' ' '; }

# undisturbed BACKEND MODEL DEPTHS: with probes of more than a chunk, which is 32 tokens
undisturbed() {
    use "$@" || return
    sweep -f "$folder/text" --depths "$3" -n 0 -p 0 -o csv >"$folder/csv"
    code=$? alone=$(column 10)
    sweep -f "$folder/text" --depths "$3" -n 3 -p 35 -r 1 -o csv >"$folder/csv"
    code=$code,$?
    if [ $code = 0,0 ] && [ "$(echo "$alone" | wc -w)" -ge 2 ] && [ "$(column 10)" = "$alone" ]; then
        echo "ok: $model, $1: the text behind each depth has the bits of one that is left alone"
    else
        echo "FAIL: $model, $1: exit $code, bits per byte $alone alone, $(column 10) with probes"
    fi
}
for model in mamba-a-f32 mamba2-a-f32 llama-a-f32 jamba-a-bf16 mixtral-w-f32; do
    undisturbed cpu $model 41,64,100,150
done
for model in llama-a-f32 jamba-b-f32; do undisturbed simt $model 36,60; done
use simt llama-a-f32 || echo "skip: a sweep on CUDA (no models over the interpreter in $interpreted)"

# The context is 400 positions; a window of the same model has none.
use cpu llama-a-f32
sweep --from 100 --to 1K -n 8 -p 12 -o csv >"$folder/csv" 2>"$folder/err"
code=$?
wanted="the context holds 400 tokens: the sweep ends at 388, with room for 12 more; for greater depths set a larger 'context' in config/llama-a-f32.ini"
if [ $code -eq 0 ] && [ "$(column 1)" = "100 200 388 " ] && grep -qF "$wanted" "$folder/err"; then
    echo "ok: a sweep ends with the context, and says so"
else
    echo "FAIL: exit $code at depths $(column 1): $(cat "$folder/err")"
fi
per=$("$binary" info -m "$weights" --json | sed -n 's/.*"bytes_per_position": \([0-9]*\).*/\1/p')
blocks=$(tail -n +2 "$folder/csv" | awk -F, '{ printf "%d ", int(($1 + 63) / 64) * 64 * per }' per="$per")
if [ "${per:-0}" -gt 0 ] && [ "$(column 7)" = "$blocks" ]; then
    echo "ok: keys and values grow by whole blocks of positions"
else
    echo "FAIL: bytes of keys and values: $(column 7), expected $blocks"
fi
use cpu mixtral-w-f32
sweep --depths 100,1K,2K -n 8 -p 12 -o csv >"$folder/csv" 2>"$folder/err"
code=$?
if [ $code -eq 0 ] && [ "$(column 1)" = "100 1000 2000 " ] && [ ! -s "$folder/err" ] &&
    [ "$(column 7 | cut -d' ' -f2)" = "$(column 7 | cut -d' ' -f3)" ]; then
    echo "ok: a sweep goes on behind a window, whose keys and values stop growing"
else
    echo "FAIL: exit $code at depths $(column 1), keys and values $(column 7): $(cat "$folder/err")"
fi

use cpu fable-mamba
sweep --depths 100,10K -o csv >"$folder/csv"
state=$(column 6)
if [ "$state" = "${state%% *} ${state%% *} " ] && [ "$(column 7)" = "0 0 " ]; then
    echo "ok: a fixed state stays as large as it is"
else
    echo "FAIL: state $state, keys and values $(column 7)"
fi

resident=$(column 8)
case $binaries in
*-san) echo "skip: resident memory of a sweep (a sanitizer has its own)" ;;
*)
    if [ "$resident" = "${resident%% *} ${resident%% *} " ]; then
        echo "ok: so does all resident memory: ${resident%% *} bytes"
    else
        echo "FAIL: resident memory at the depths: $resident"
    fi
    ;;
esac

# ---- ends of all kinds ---------------------------------------------------------------------------

# figures FILE: how many the JSON lines hold; heads and tails by the same name
parts() { grep -c "^{\"part\": \"$2\",.*}\$" "$1"; }
# wait_rows FILE: until two depths are in it
wait_rows() { while [ "$(parts "$1" figure)" -lt 6 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.02; done; }

for signal in INT TERM HUP; do
    rm -f "$folder/lines" "$folder/record"
    "$binary" sweep -q -m "$weights" --depths 100,200,1000M -o jsonl --record "$folder/record" >"$folder/lines" 2>"$folder/err" &
    pid=$!
    touch "$folder/lines"
    wait_rows "$folder/lines"
    kill -$signal $pid
    wait $pid
    code=$?
    if [ $code -eq 130 ] && [ "$(parts "$folder/lines" tail)" -eq 1 ] &&
        grep -q '"part": "tail".*"complete": false' "$folder/lines" &&
        grep -q '"complete": false' "$folder/record" &&
        [ "$(grep -c '"position": .*00,$' "$folder/record")" -eq 4 ]; then
        echo "ok: SIG$signal keeps two rows, in the lines and in the record"
    else
        echo "FAIL: SIG$signal: exit $code, $(cat "$folder/lines" "$folder/record" "$folder/err" 2>&1)"
    fi
done

rm -f "$folder/lines" "$folder/record"
"$binary" sweep -q -m "$weights" --depths 100,200,1000M -o jsonl --record "$folder/record" >"$folder/lines" 2>"$folder/err" &
pid=$!
touch "$folder/lines"
wait_rows "$folder/lines"
kill -9 $pid
wait $pid 2>"$folder/killed"
if [ "$(parts "$folder/lines" head)" -eq 1 ] && [ "$(parts "$folder/lines" figure)" -ge 6 ] &&
    [ "$(parts "$folder/lines" tail)" -eq 0 ] && [ ! -e "$folder/record" ]; then
    echo "ok: killed, it leaves the lines of two rows, and no record"
else
    echo "FAIL: killed: $(cat "$folder/lines")"
fi

{
    sweep --from 100 --to 1M --double -o csv --record "$folder/record" 2>"$folder/err"
    echo $? >"$folder/code"
} | head -n 1 >"$folder/csv"
if [ "$(cat "$folder/code")" -eq 1 ] && [ ! -s "$folder/err" ] &&
    grep -q '"complete": false' "$folder/record"; then
    echo "ok: without a reader it ends with exit code 1, and the record has what was measured"
else
    echo "FAIL: without a reader: exit $(cat "$folder/code"): $(cat "$folder/err")"
fi

sweep --depths 100 -o csv >/dev/full 2>"$folder/err"
code=$?
if [ $code -eq 1 ] && grep -q "standard output: No space left on device" "$folder/err"; then
    echo "ok: no room for the rows: exit code 1 and a message"
else
    echo "FAIL: no room for the rows: exit $code: $(cat "$folder/err")"
fi
mkdir -p "$folder/full"
{
    (ulimit -f 1 && sweep --from 100 --to 5K --double --record "$folder/full/record" 2>"$folder/err")
    echo $? >"$folder/code"
} | cat >"$folder/table" # a file would have the same limit
code=$(cat "$folder/code")
if [ "$code" -eq 1 ] && [ -z "$(ls "$folder/full")" ] && [ "$(wc -l <"$folder/table")" -ge 7 ] &&
    grep -q "^fable-mamba: --record $folder/full/record: " "$folder/err"; then
    echo "ok: no room for the record: exit code 1, a message, nothing half-written, and the rows are out"
else
    echo "FAIL: no room for the record: exit $code, $(ls "$folder/full"): $(cat "$folder/err")"
fi

# ---- what measuring costs ------------------------------------------------------------------------

guarded=$binaries/fable-mamba-guarded
if [ -x "$guarded" ]; then
    if "$guarded" sweep -q -m "$weights" -f "$folder/text" --depths 40,300,2K -r 2 -o jsonl \
        --record "$folder/record" >"$folder/lines" 2>"$folder/err"; then
        echo "ok: no allocation after sealing in a sweep"
    else
        echo "FAIL: a sweep under the guard: $(tail -n 1 "$folder/err")"
    fi
else
    echo "skip: the guard against allocation (a sanitizer's allocator is in its place)"
fi

# calls ARGUMENTS..: the system calls of a run, by name; sleeping and waking aside
calls() {
    strace -f -qq -o "$folder/calls" "$binary" sweep -q -t 1 -m "$weights" -o csv "$@" >"$folder/csv" &&
        sed 's/^[0-9]* *//; s/(.*//' "$folder/calls" | grep -v -e '^+++' -e '^---' | sort | uniq -c
}
case $binaries in
*-san) echo "skip: system calls (a sanitizer makes its own, and does not run under strace)" ;;
*)
    if ! strace -o /dev/null true 2>/dev/null; then
        echo "skip: system calls are not counted (strace is missing or may not trace)"
    elif [ "$(calls --depths 400,1000 -n 4 -p 4 -r 1)" = "$(calls --depths 400,5000 -n 400 -p 400 -r 1)" ]; then
        echo "ok: prefill, decode and first token make no system call"
    else
        calls --depths 400,1000 -n 4 -p 4 -r 1 >"$folder/few"
        calls --depths 400,5000 -n 400 -p 400 -r 1 >"$folder/many"
        echo "FAIL: more tokens make more system calls: $(diff "$folder/few" "$folder/many")"
    fi
    ;;
esac
