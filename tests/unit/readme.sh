#!/bin/sh
# What README.md shows of generated files stands in them: every line of a block behind a paragraph that
# names a file of models/ and ends with a colon.
#
#   tests/unit/readme.sh
set -u
awk 'BEGIN { RS = ""; FS = "\n" }
     file != "" && /^    / { for (i = 1; i <= NF; i++) { sub(/^ +/, "", $i); print file "\t" $i } }
     { file = "" }
     /:$/ && match($0, /`models\/[^`]*`/) { file = substr($0, RSTART + 1, RLENGTH - 2) }' README.md |
    {
        lines=0 missing=0
        while IFS="$(printf '\t')" read -r file line; do
            lines=$((lines + 1))
            sed 's/^ *//' "$file" | grep -qxF -- "$line" || {
                echo "FAIL: README.md shows a line that $file does not have: $line"
                missing=1
            }
        done
        [ $missing -ne 0 ] || [ $lines -lt 10 ] || echo "ok: $lines lines of generated files in README.md"
        [ $lines -ge 10 ] || echo "FAIL: README.md shows $lines lines of generated files, expected 10 or more"
    }
