#!/bin/sh
# The rules that need no arguing: file, function and line length, format, names, rooms, shell hygiene.
# Prints every finding and exits 1 if there is one. Hand-written sources only, except for the width
# of lines: generated files are read by people too.
set -u
cd "$(dirname "$0")/.." || exit 1

files=$(git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.cu' '*.cuh' '*.cc' '*.def')
ours=$(printf '%s\n' "$files" | grep -v '^models/')
headers=$(printf '%s\n' "$ours" | grep -E '\.(h|cuh)$')
scripts=$(git ls-files --cached --others --exclude-standard '*.sh' .ci/run)
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

# shellcheck disable=SC2086 # the lists are words: no file name of ours has a space
{
    awk 'FNR == 1 && NR > 1 && lines > 600 { print last ": " lines " lines, the cap is 600" }
         { lines = FNR; last = FILENAME }
         END { if (lines > 600) print last ": " lines " lines, the cap is 600" }' $ours
    # A function body is what stands between a { and a } at the start of a line, after a line with ).
    awk '/^\{/ { start = FNR; body = before ~ /\)/ }
         /^\}/ { if (body && FNR - start > 100)
                     print FILENAME ":" start ": function of " FNR - start " lines, the cap is 100"
                 body = 0 }
         { before = $0 }' $ours
    awk 'length($0) > 100 { print FILENAME ":" FNR ": " length($0) " columns, the cap is 100" }' $files
    # Names that say nothing about the role of what they name.
    grep -nHwE '(tmp|temp|buf[0-9]|xb|xb2|utils?|helpers?|managers?|foo|bar)' $ours |
        grep -vE '"[^"]*\<(tmp|temp)\>[^"]*"|--temp' | sed 's/$/   <- a banned name/'
    # The guard of a header is its whole path, so that no two can be the same.
    awk 'function check() { if (guard != wanted) print last ": guard \"" guard "\", expected " wanted }
         FNR == 1 { if (NR > 1) check()
                    wanted = toupper(FILENAME); gsub(/[^A-Z0-9]/, "_", wanted)
                    last = FILENAME; guard = "" }
         /^#ifndef/ && guard == "" { guard = $2 }
         END { check() }' $headers
    # A contract is read by its fields: each starts its own line.
    grep -nHE '^ \*.*[^ ] (Means|Shapes|Split|Grid|Moves|Order|Error|Source) {2,}' $ours |
        sed 's/$/   <- two fields on one line/'
    wc -l Makefile tools/mk/*.mk | awk '$1 > 150 && $2 != "total" { print $2 ": " $1 " lines, the cap is 150" }'
    # What a number format means is said in one place for each backend.
    grep -nHE '[!=]= *FORMAT_' kernels/cpu/* kernels/cuda/* runtime/engine/cuda/* |
        grep -vE '^kernels/(cpu/(panels|cache)\.h|cuda/elements\.cuh):' |
        sed 's/$/   <- panels.h, cache.h and elements.cuh alone tell formats apart/'
    # The user's own flags lack what the numbers need.
    # shellcheck disable=SC2016 # the variable is make's
    grep -nHF '$(CFLAGS)' Makefile tools/mk/*.mk | grep -v ':FLAGS ' |
        sed 's/$/   <- FLAGS is meant/'
    # A tokenizer or weights that several checkpoints share are stored once, the others have links.
    git ls-files -s tests/data | awk '$1 == "100644" && $4 ~ /(tokenizer\.json|\.safetensors)$/ {
        if (first[$2]) print $4 ": the same as " first[$2] ", run tests/references/store_once.py"
        else first[$2] = $4 }'
    # What lies in no room of tests/ is compiled and run by nobody.
    printf '%s\n' "$files" "$scripts" | grep -E '^tests/[^/]*$' | grep -vx tests/all.sh |
        sed 's/$/: belongs in a room of tests/'
    awk -f tools/rooms.awk tools/rooms.txt $files
    clang-format --dry-run $ours 2>&1 | grep -E 'warning:' | sed 's/warning: //'
    shellcheck $scripts
} >"$found"

if [ -s "$found" ]; then
    cat "$found"
    echo "lint: $(wc -l <"$found") lines of findings"
    exit 1
fi
echo "lint: $(printf '%s\n' "$files" | wc -l) sources and $(printf '%s\n' "$scripts" | wc -l) scripts, no finding"
