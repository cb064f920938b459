#!/bin/sh
# Runs Check programs, as many at a time as there are processors, then test scripts one after the
# other, for they measure memory, system calls and time; sums them up.
#
#   tests/all.sh LOG_DIR BINARIES TOOLS PROGRAM ... -- SCRIPT ...
#
# A Check program ends in Check's summary line, and prints "skip: ... (reason)" for what it leaves out
# (all of it: then without a summary). A script is given the folders of the models' binaries
# and of the tools, and prints one line a finding: "ok: ...", "FAIL: ..." or "skip: ... (reason)"; it
# fails also when it exits non-zero or prints none of these. All output is kept in LOG_DIR; what
# failed is shown. Exits 1 if anything failed. Signals that nohup or a shell's & ignores have their
# effect again: tests send them.
set -u

run_program() {
    env --default-signal "$1" >"$log" 2>&1
    code=$?
    summary='^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\)$'
    line=$(sed -n "s/$summary/\1 \2 \3/p" "$log" | tail -n 1)
    read -r checks failures errors <<NUMBERS
${line:-0 0 0}
NUMBERS
    skips=$(grep -c '^skip: ' "$log")
    [ $code -eq 0 ] && [ $((checks + skips)) -gt 0 ] && return 0
    [ $((failures + errors)) -gt 0 ] || errors=1 checks=$((checks + 1))
    return 1
}

run_script() {
    env --default-signal sh "$1" "$binaries" "$tools" >"$log" 2>&1
    code=$?
    failures=$(grep -c '^FAIL: ' "$log")
    checks=$(($(grep -c '^ok: ' "$log") + failures))
    skips=$(grep -c '^skip: ' "$log")
    errors=0
    [ "$failures" -gt 0 ] && return 1
    [ $code -eq 0 ] && [ $((checks + skips)) -gt 0 ] && return 0
    errors=1 checks=$((checks + 1))
    return 1
}

# One of them: its output in NAME.log, its counts in NAME.count, what to show in one piece.
run_one() {
    name=$(basename "$2")
    log=$logs/$name.log
    start=$(date +%s)
    if "run_$1" "$2"; then verdict=ok; else verdict=FAIL; fi
    echo "$checks $failures $errors $skips" >"$logs/$name.count"
    {
        grep '^skip: ' "$log"
        printf '%-4s %-28s %4ds\n' $verdict "$name" $(($(date +%s) - start))
        [ $verdict = ok ] || tail -n 60 "$log" | sed 's/^/    /'
    } >"$logs/$name.shown"
    cat "$logs/$name.shown"
}

if [ "$1" = --one ]; then
    logs=$2 binaries=$3 tools=$4
    run_one program "$5"
    exit 0
fi

logs=$1 binaries=$2 tools=$3
shift 3
mkdir -p "$logs" || exit 1
rm -f "$logs"/*.count
programs='' expected=0
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    programs="$programs $1" expected=$((expected + 1))
    shift
done
[ $# -gt 0 ] && shift
expected=$((expected + $#))
# shellcheck disable=SC2086 # the programs are words
[ -z "$programs" ] ||
    printf '%s\n' $programs | xargs -n 1 -P "$(nproc)" "$0" --one "$logs" "$binaries" "$tools"
for script in "$@"; do run_one script "$script"; done

checks=0 failures=0 errors=0 skips=0 counted=0
for count in "$logs"/*.count; do
    [ -e "$count" ] || continue
    read -r one_checks one_failures one_errors one_skips <"$count"
    checks=$((checks + one_checks)) failures=$((failures + one_failures))
    errors=$((errors + one_errors)) skips=$((skips + one_skips)) counted=$((counted + 1))
done
# What left no count never ended.
errors=$((errors + expected - counted)) checks=$((checks + expected - counted))
good=$((checks - failures - errors))
percent=$((checks > 0 ? good * 100 / checks : 0))
echo "$percent%: Checks: $checks, Failures: $failures, Errors: $errors"
echo "$good passed, $((failures + errors)) failed, $skips skipped"
[ $((failures + errors)) -eq 0 ] && [ "$checks" -gt 0 ]
