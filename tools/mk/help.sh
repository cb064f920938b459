#!/bin/sh
# What a line "## text" in the makefiles says of the target or the variable below it.
#
#   tools/mk/help.sh FILE...             all of it, for who calls make
#   tools/mk/help.sh --targets FILE...   the targets' names: the Makefile declares them phony
set -eu
targets=0
if [ "$1" = --targets ]; then
    targets=1
    shift
fi
awk -v targets=$targets '
    /^## / { text = substr($0, 4); next }
    /^ifeq / { next } # a default that depends
    text && /^[a-z][a-z-]*:/ {
        sub(/:.*/, "")
        if (targets) print
        else made = made sprintf("  %-16s %s\n", $0, text)
    }
    text && /^[A-Z_]+ *[?:]?= */ {
        name = $1
        sub(/^[A-Z_]+ *[?:]?= */, "")
        if (/\$\([a-z]/) $0 = "" # worked out
        gsub(/\$\(|\)/, "")
        set = set sprintf("  %-16s %s\n", name, text ($0 == "" ? "" : " (" $0 ")"))
    }
    { text = "" }
    END {
        if (!targets) printf "make [TARGET] [VARIABLE=value ...]\n\n%s\nVariables:\n\n%s", made, set
    }
' "$@"
