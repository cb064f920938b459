#!/bin/sh
# Builds models, measures them in turn and the same way, and writes a report of what was found.
#
#   tools/measure/report.sh LIMIT DIR BINARIES TOOLS TEXT WORDS MODEL...
#
#   LIMIT      seconds that a measurement may take
#   DIR        report.html, report.md, and below it records/ and steps.txt, made anew
#   BINARIES   where make puts binaries, such as build/cpu
#   TEXT       a file whose perplexity is measured; WORDS say what it is
#   MODEL      a config/MODEL.ini, or a tiny model of the tests, such as llama-a-bf16
#
# Run by make, whose name is in MAKE. A model of config/ takes the weights of its last build, else its
# checkpoint in models/ or checkpoints/, else random ones. One measurement of every model follows the
# other, so a machine that becomes slower meanwhile does so for all. A step that fails, or takes
# longer than its limit, is left out, and the report says so. Exit codes: 0 the report is complete;
# 1 a step failed, or there is no report; 2 usage; 130 interrupted, with a report of what was measured.
set -u

[ $# -ge 7 ] || { sed -n '2,/^set -u/{s/^# \{0,1\}//;/^set -u/!p}' "$0" >&2; exit 2; }
limit=$1 dir=$2 binaries=$3 tools=$4 text=$5 words=$6
shift 6
make=${MAKE:-make}
build_limit=1800
failures=0 interrupted=0
tab=$(printf '\t')

say() { echo "report: $*" >&2; }

# step MODEL NAME SECONDS COMMAND...: its last line on stderr is the reason if it fails.
step() {
    of=$1 what=$2 seconds=$3
    shift 3
    [ $interrupted = 0 ] || return 1
    before=$(date +%s)
    timeout --foreground "$seconds" "$@" >"$dir/step.out" 2>"$dir/step.err" </dev/null
    code=$?
    if [ $code = 0 ]; then
        say "$of: $what, $(($(date +%s) - before)) s"
        return 0
    fi
    reason=$(tail -n 1 "$dir/step.err" | tr '\t' ' ')
    [ $code != 124 ] || reason="took longer than $seconds s"
    failures=$((failures + 1))
    say "$of: $what failed: ${reason:-exit code $code}"
    echo "$of$tab$what$tab$code$tab$reason" >>"$dir/steps.txt"
    return 1
}

build() {
    if [ ! -e "config/$1.ini" ]; then
        step "$1" build $build_limit "$make" -s "tiny-model-$1"
    elif [ -e "$binaries/$1.weights.inputs" ] || [ -d "models/$1/checkpoint" ]; then
        step "$1" build $build_limit "$make" -s "MODEL=$1" all
    elif [ -d "checkpoints/$1" ]; then
        step "$1" build $build_limit "$make" -s "MODEL=$1" "CHECKPOINT=checkpoints/$1" all
    else
        step "$1" build $build_limit "$make" -s "MODEL=$1" RANDOM_WEIGHTS=1 all
    fi
}

# Whether a model's weights are random: such a file has no tokenizer, either.
random() { grep -q '^random' "$binaries/$1.weights.inputs" 2>/dev/null; }

# measure NAME VERB OPTION...: of every model that was built, into records/MODEL.NAME.json.
measure() {
    name=$1 verb=$2
    shift 2
    for built in $models; do
        [ "$verb" != perplexity ] || ! random "$built" || continue
        step "$built" "$verb" "$limit" "$binaries/$built" "$verb" "$@" \
            --record "$dir/records/$built.$name.json"
    done
}

mkdir -p "$dir/records" || exit 1
rm -f "$dir"/records/*.json
: >"$dir/steps.txt" || exit 1
trap 'interrupted=1' INT TERM HUP

models=''
for model in "$@"; do
    build "$model" || continue
    models="$models $model"
    echo "$model${tab}weights${tab}0$tab$(head -n 1 "$binaries/$model.weights.inputs")" >>"$dir/steps.txt"
done
set --
measure bench-1 bench -p 128 -n 32 -r 3
measure latency latency -n 128 -r 3
measure sweep sweep --depths 256,512,1024,1984,4096 -n 16
measure bench-2 bench -p 128 -n 32 -r 3
measure perplexity perplexity "$text"

for built in $models; do
    for record in "$dir/records/$built".*.json; do
        [ ! -e "$record" ] || set -- "$@" "$record"
    done
done
if [ $# = 0 ]; then
    say "nothing was measured: $dir/steps.txt says why"
    [ $interrupted = 0 ] && exit 1
    exit 130
fi
"$tools/report" -o "$dir" --steps "$dir/steps.txt" --text "$words" "$@" || exit 1
rm -f "$dir/step.out" "$dir/step.err"
say "$dir/report.html and report.md"
[ $interrupted = 0 ] || exit 130
[ $failures = 0 ] || { say "$failures steps failed: the report says which"; exit 1; }
