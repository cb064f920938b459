#!/bin/sh
# tools/mk/record.sh FILE <TEXT: writes the text into the file, unless it holds just that. What
# depends on the file is then made anew when the text changes, and only then.
set -eu
mkdir -p "$(dirname "$1")"
trap 'rm -f "$1.$$"' EXIT
cat >"$1.$$"
cmp -s "$1.$$" "$1" || mv "$1.$$" "$1"
