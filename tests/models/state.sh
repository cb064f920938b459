#!/bin/sh
# States saved in one process and loaded in another: for every tiny model, on both backends, the rows
# of logits behind the state have the bits of a run that was not interrupted, and no token goes
# through twice; also with a window whose ring has been round. Killed at random moments of 200 saves,
# or with no room on the disk, what was saved last is there.
#
#   tests/models/state.sh BINARIES TOOLS
set -u
binaries=$1 tools=$2
interpreted=$(echo "$binaries" | sed 's|build/cpu|build/simt|')
folder=build/tests/state
rm -rf "$folder"
mkdir -p "$folder"
seq 1 131 | awk '{ print ($1 * 7919 + 13) % 300 }' >"$folder/all"

# resume BACKEND MODEL AT TOKENS DECODED: rows from AT on, in one process and in two.
resume() {
    on=$1 model=$2 at=$3 tokens=$4 decoded=$5
    case $on in
    simt) binary=$interpreted/$model weights=build/cuda/$model.weights ;;
    *) binary=$binaries/$model weights=build/cpu/$model.weights ;;
    esac
    [ -x "$binary" ] || return
    head -n "$tokens" "$folder/all" >"$folder/ids"
    head -n "$at" "$folder/all" >"$folder/first"
    rm -f "$folder/state"
    "$binary" logits -q -m "$weights" --ids "$folder/ids" --decode "$decoded" -o "$folder/whole" &&
        "$binary" logits -q -m "$weights" --ids "$folder/first" -o "$folder/start" \
            --save-state "$folder/state" &&
        "$binary" logits -q -m "$weights" --ids "$folder/ids" --decode "$decoded" \
            -o "$folder/rest" --load-state "$folder/state"
    code=$?
    # Behind the header of 128 bytes, the rows of the two parts are those of the whole.
    for array in whole start rest; do
        tail -c +129 "$folder/$array" >"$folder/$array.rows"
    done
    cat "$folder/start.rows" "$folder/rest.rows" >"$folder/parts.rows"
    if [ $code -eq 0 ] && [ -s "$folder/rest.rows" ] &&
        cmp -s "$folder/whole.rows" "$folder/parts.rows"; then
        echo "ok: $model, $on: $((tokens - at + decoded)) rows behind $at tokens of a state have the same bits"
    else
        echo "FAIL: $model, $on: exit $code, or other bits behind $at tokens"
    fi
}

models=$(find build/tests/config -name '*.ini' ! -name 'saved-*' | sed 's|.*/||; s|\.ini$||' | sort)
for model in $models; do
    resume cpu "$model" 77 131 4
done
# There the bits depend on the chunks, of 32 here.
for model in $models; do
    case $model in
    *mixtral-w*) resume simt "$model" 96 100 2 ;;
    *) resume simt "$model" 32 35 2 ;;
    esac
done

[ -x "$interpreted/llama-a-f32" ] || echo "skip: states on CUDA (no models over the interpreter in $interpreted)"

# What the steps say to a profiler: how many tokens each takes.
model=fable-mamba
binary=$binaries/$model weights=build/cpu/$model.weights
"$binary" run -q -m $weights -p "Once upon a time" -n 0 --save-state "$folder/state" >"$folder/out"
if [ -e "$tools/libtrace.so" ]; then
    NVTX_INJECTION64_PATH=$PWD/$tools/libtrace.so INGOT_TRACE_FILE=$folder/trace "$binary" run -q \
        -m $weights -p "Once upon a time there was a fox" -n 0 --load-state "$folder/state" \
        >"$folder/out" 2>"$folder/err"
    taken=$(grep '"cat":"step"' "$folder/trace" | sed -n 's/.*"name":"\([a-z]*\)".*payload":\([0-9]*\).*/\1 \2/p' |
        tr '\n' ' ')
    if [ "$taken" = "prefill 4 head 1 " ]; then
        echo "ok: behind a state of 4 tokens, 4 of 8 go through a step"
    else
        echo "FAIL: steps behind a state of 4 tokens of 8: $taken"
    fi
else
    echo "skip: tokens that go through steps (no NVTX headers)"
fi

# Killed at random moments of 200 saves; what it left is whole, and never older than before.
"$tools/fables" --seed 5 --bytes 100000 >"$folder/text"
"$binary" stream -q -m $weights -f "$folder/text" --interval 1000000 2>"$folder/expected"
# Each life saves at least once before it is killed, so 200 lives are enough on any machine.
killed=0 last=0 bad=0 load=
kept() { stat -c %i "$folder/kept" 2>/dev/null; }
while { [ $killed -lt 40 ] || [ "$last" -lt 3200 ]; } && [ $killed -lt 200 ] && [ $bad -eq 0 ]; do
    before=$(kept)
    # shellcheck disable=SC2086 # an option and its file, or nothing
    "$binary" stream -q -b 16 -m $weights -f "$folder/text" --save-every 16 \
        --save-state "$folder/kept" $load 2>"$folder/err" &
    pid=$!
    while [ "$(kept)" = "$before" ] && kill -0 $pid 2>/dev/null; do :; done
    sleep "0.0$(awk -v seed="$killed" 'BEGIN { srand(seed); printf "%02d", int(rand() * 40) }')"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    killed=$((killed + 1))
    [ -e "$folder/kept" ] || continue
    load="--load-state $folder/kept"
    at=$("$binary" state info "$folder/kept" -m $weights --json | sed -n 's/.*"tokens": *\([0-9]*\).*/\1/p')
    [ "${at:-0}" -ge "$last" ] || bad=1
    last=${at:-0}
done
# shellcheck disable=SC2086 # as above
"$binary" stream -q -m $weights -f "$folder/text" --interval 1000000 $load --save-state "$folder/kept" \
    2>"$folder/err"
figures() { sed 's/, [^,]* tok.s//; s/, resident.*//' "$1"; }
if [ $bad -eq 0 ] && [ "$last" -ge 3200 ] && [ "$(figures "$folder/err")" = "$(figures "$folder/expected")" ]; then
    echo "ok: killed $killed times in $((last / 16)) saves and more, a stream ends with the figures of one that was not"
else
    echo "FAIL: killed $killed times: $bad, behind $last tokens; $(cat "$folder/err")"
fi
if [ -z "$(find "$folder" -name '*.partial.*')" ]; then
    echo "ok: nothing of the killed ones is left"
else
    echo "FAIL: left: $(find "$folder" -name '*.partial.*')"
fi

# No room: the message, exit 1, and the state of before.
cp "$folder/kept" "$folder/before"
(ulimit -f 64 && exec "$binary" stream -q -m $weights -f "$folder/text" --save-every 100 \
    --save-state "$folder/kept") >/dev/null 2>"$folder/err"
code=$?
if [ $code -eq 1 ] && cmp -s "$folder/kept" "$folder/before" &&
    grep -q "kept: cannot write: File too large; the state is not saved" "$folder/err"; then
    echo "ok: no room for a state: exit 1, and what was there stays"
else
    echo "FAIL: no room for a state: exit $code: $(cat "$folder/err")"
fi

# Ctrl-C saves what was read.
mkfifo "$folder/endless"
"$binary" stream -q -m $weights -f "$folder/endless" --save-state "$folder/stopped" 2>"$folder/err" &
pid=$!
exec 3>"$folder/endless"
cat "$folder/text" >&3
sleep 1
kill -INT $pid
wait $pid
code=$?
exec 3>&-
at=$("$binary" state info "$folder/stopped" -m $weights --json 2>&1 | sed -n 's/.*"tokens": *\([0-9]*\).*/\1/p')
if [ $code -eq 130 ] && [ "${at:-0}" -gt 1000 ]; then
    echo "ok: a stream that is interrupted saves the $at tokens that it has read"
else
    echo "FAIL: interrupted stream: exit $code, a state of ${at:-no} tokens: $(cat "$folder/err")"
fi
# A reader that goes away leaves a state all the same.
rm -f "$folder/state"
"$binary" run -q -m $weights -p "Once upon a time" -n 100 --save-state "$folder/state" | true
if "$binary" state info "$folder/state" -m $weights >"$folder/out" 2>&1; then
    echo "ok: a run whose reader went away has saved its state"
else
    echo "FAIL: a run whose reader went away: $(cat "$folder/out")"
fi
