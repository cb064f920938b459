#!/bin/sh
# Runs Check programs and test scripts one after the other, then sums them up.
#
#   tests/all.sh LOG_DIR BINARIES TOOLS PROGRAM ... -- SCRIPT ...
#
# A Check program ends in Check's summary line, and prints "skip: ... (reason)" for what it leaves out
# (all of it: then without a summary). A script is given the folders of the models' binaries
# and of the tools, and prints one line a finding: "ok: ...", "FAIL: ..." or "skip: ... (reason)"; it
# fails also when it exits non-zero or prints none of these. All output is kept in LOG_DIR; what
# failed is shown. Exits 1 if anything failed.
set -u
logs=$1 binaries=$2 tools=$3
shift 3
mkdir -p "$logs"
checks=0 failures=0 errors=0 skips=0 broken=0 in_scripts=

run_program() {
    "$1" >"$log" 2>&1
    code=$?
    summary='^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\)$'
    line=$(sed -n "s/$summary/\1 \2 \3/p" "$log" | tail -n 1)
    read -r ran failed erred <<NUMBERS
${line:-0 0 0}
NUMBERS
    skipped=$(grep -c '^skip: ' "$log")
    checks=$((checks + ran)) failures=$((failures + failed)) errors=$((errors + erred))
    skips=$((skips + skipped))
    grep '^skip: ' "$log"
    [ $code -eq 0 ] && [ $((ran + skipped)) -gt 0 ] && return 0
    [ $((failed + erred)) -gt 0 ] || errors=$((errors + 1)) checks=$((checks + 1))
    return 1
}

run_script() {
    sh "$1" "$binaries" "$tools" >"$log" 2>&1
    code=$?
    passed=$(grep -c '^ok: ' "$log")
    failed=$(grep -c '^FAIL: ' "$log")
    skipped=$(grep -c '^skip: ' "$log")
    checks=$((checks + passed + failed)) failures=$((failures + failed)) skips=$((skips + skipped))
    grep '^skip: ' "$log"
    [ "$failed" -gt 0 ] && return 1
    [ $code -eq 0 ] && [ $((passed + skipped)) -gt 0 ] && return 0
    errors=$((errors + 1)) checks=$((checks + 1))
    return 1
}

for what in "$@"; do
    if [ "$what" = -- ]; then
        in_scripts=yes
        continue
    fi
    name=$(basename "$what")
    log=$logs/$name.log
    start=$(date +%s)
    if [ -n "$in_scripts" ]; then run_script "$what"; else run_program "$what"; fi
    good=$?
    printf '%-4s %-28s %4ds\n' "$([ $good -eq 0 ] && echo ok || echo FAIL)" "$name" $(($(date +%s) - start))
    if [ $good -ne 0 ]; then
        broken=1
        tail -n 60 "$log" | sed 's/^/    /'
    fi
done

good=$((checks - failures - errors))
percent=$((checks > 0 ? good * 100 / checks : 0))
echo "$percent%: Checks: $checks, Failures: $failures, Errors: $errors"
echo "$good passed, $((failures + errors)) failed, $skips skipped"
[ $broken -eq 0 ] && [ $checks -gt 0 ]
