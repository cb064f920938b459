#!/bin/sh
# All that a few minutes on a GPU can tell, the most telling first, in one archive.
#
#   tools/bench/survey_gpu.sh [OPTION...] ARCHIVE.tar.gz
#       -k KIT       what 'make gpu-kit' made, or the archive of 'make gpu-kit-archive' (build/gpu)
#       -s SECONDS   for all of it, at most (540); with more, every step may take longer
#       -r ROUNDS    of the measurements (1)
#       -m MODELS    to measure ("mamba-130m mamba-2.8b llama-3-8b mixtral-8x7b")
#       -p           beside their peers, where python3 can import torch and transformers
#       -o STEPS     only these, of: loader while probe modes digests kernels logits watch bench ncu
#                    sanitizer
#
# Steps are those of check_gpu.sh, but: probe measures the machine, bench the models, quickly. Each has its own time; one that fails or hangs does
# not stop the next, and what does not fit the time is late. ARCHIVE is made anew after every step and
# when this script is cut off (SIGINT, SIGTERM, SIGHUP): summary.txt first, then what each step said,
# then the logs of every check and the parts of the measurements; at most 15 MiB (without Nsight's
# report, if need be). Exits with 0 if no
# step failed, 1 if one did or was late, 2 for usage, 6 without a GPU, 130 when cut off.
set -u
usage() {
    echo "usage: tools/bench/survey_gpu.sh [-k KIT] [-s SECONDS] [-r ROUNDS] [-m MODELS] [-p] [-o STEPS]" \
        "ARCHIVE.tar.gz" >&2
    exit 2
}
whole_number() {
    case $1 in '' | *[!0-9]*) usage ;; esac
}
here=$(pwd)
cd "$(dirname "$0")/../.." || exit 1
kit=build/gpu seconds=540 rounds=1 models='mamba-130m mamba-2.8b llama-3-8b mixtral-8x7b' peer=-n
known='loader while probe modes digests kernels logits watch bench ncu sanitizer'
steps=$known
while getopts k:s:r:m:po: option; do
    case $option in
    k) kit=$OPTARG ;;
    s) seconds=$OPTARG ;;
    r) rounds=$OPTARG ;;
    m) models=$OPTARG ;;
    p) peer='' ;;
    o) steps=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -eq 1 ] || usage
whole_number "$seconds"
whole_number "$rounds"
for step in $steps; do
    case " $known " in
    *" $step "*) ;;
    *)
        echo "survey-gpu: '$step' is no step; expected some of: $known" >&2
        exit 2
        ;;
    esac
done
case $1 in /*) archive=$1 ;; *) archive=$here/$1 ;; esac
case $kit in /*) ;; *) kit=$here/$kit ;; esac
began=$(date +%s)
# The rest is for the last program to end in, and for the archive.
deadline=$((began + seconds - seconds / 60))
touch "$archive.new" || exit 1
work=$(mktemp -d) || exit 1
child='' good=0 bad=0 skipped=0 late=0 verdict=unfinished
if [ -f "$kit" ]; then
    mkdir "$work/kit" && tar -xf "$kit" -C "$work/kit" --strip-components=1 || exit 1
    kit=$work/kit
fi
if [ ! -x "$kit/gpu_probe" ]; then
    echo "survey-gpu: $kit holds no program: run 'make gpu-kit' where nvcc is, and bring $kit here" >&2
    rm -rf "$work" "$archive.new"
    exit 1
fi
rm -rf "$kit/logs" "$kit/bench"
mkdir -p "$kit/logs" "$kit/bench" "$work/steps" || exit 1
: >"$work/table"

# pack: the archive as of now, written aside; without what makes it too large.
pack() {
    {
        echo "$verdict: $good steps passed, $bad did not, $skipped were skipped, $late late;" \
            "$(($(date +%s) - began)) s of $seconds; began $(date -u -d "@$began" '+%F %T UTC')"
        cat "$work/table"
        echo
        cat "$work/steps/probe.log" "$work/steps/bench.log" 2>/dev/null
        grep -h -E '^(FAIL|skip|bench-gpu):' "$work"/steps/*.log 2>/dev/null
    } >"$work/summary.txt"
    for left_out in '*.npy' '*.ncu-rep'; do
        tar -czf "$archive.new" --exclude='*.npy' --exclude="$left_out" -C "$work" summary.txt steps \
            -C "$kit" logs bench 2>/dev/null
        [ "$(wc -c <"$archive.new")" -gt 15728640 ] || break
    done
    mv "$archive.new" "$archive"
}

# finish CODE VERDICT
finish() {
    trap '' INT TERM HUP
    verdict=$2
    # 'timeout' passes it on, and kills what has not ended five seconds later. What hangs in the driver
    # stays even then: it is not waited for.
    if [ -n "$child" ]; then
        kill -TERM "$child" 2>/dev/null
        { sleep 7 && kill -KILL "$child"; } >/dev/null 2>&1 &
        wait "$child"
        kill $! 2>/dev/null
    fi
    pack
    cat "$work/summary.txt"
    echo "survey-gpu: $archive, $(wc -c <"$archive") bytes"
    rm -rf "$work"
    exit "$1"
}
trap 'finish 130 "cut off"' INT TERM HUP

# step NAME SECONDS COMMAND...: in the background, as a signal would otherwise wait for its end.
step() {
    step=$1 limit=$2
    shift 2
    case " $steps " in *" $step "*) ;; *) return ;; esac
    [ "$seconds" -le 540 ] || limit=$((limit * seconds / 540))
    left=$((deadline - $(date +%s)))
    [ "$limit" -le $left ] || limit=$left
    if [ "$limit" -lt 1 ]; then
        late=$((late + 1))
        echo "late  $step" >>"$work/table"
        return
    fi
    start=$(date +%s)
    timeout -k 5 "$limit" "$@" >"$work/steps/$step.log" 2>&1 &
    child=$!
    wait $child
    code=$?
    child=''
    case $code in
    0) good=$((good + 1)) said=ok ;;
    77) skipped=$((skipped + 1)) said=skip ;;
    124 | 137) bad=$((bad + 1)) said=cut ;;
    *) bad=$((bad + 1)) said=FAIL ;;
    esac
    printf '%-5s %-10s %4d s, exit code %d; %s\n' $said "$step" $(($(date +%s) - start)) $code \
        "$(tail -n 1 "$work/steps/$step.log" | cut -c 1-150)" >>"$work/table"
    pack
    [ $code -ne 6 ] || finish 6 "no GPU"
}

check() {
    step "$1" "$2" tools/bench/check_gpu.sh "$kit" "$1"
}
check loader 30
check while 45
step probe 70 tools/bench/bench_gpu.sh -r 0 "$kit"
check modes 70
check digests 70
check kernels 100
check logits 60
check watch 100
# shellcheck disable=SC2086 # models and no peer are words
step bench 140 tools/bench/bench_gpu.sh -c -q -r "$rounds" $peer -o "$kit/bench" "$kit" $models
check ncu 60
check sanitizer 240
[ $bad -eq 0 ] && [ $late -eq 0 ] && finish 0 finished
finish 1 finished
