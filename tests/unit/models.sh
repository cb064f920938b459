#!/bin/sh
# The committed sources, and the pinned digests of the others, are what gen makes of the configs; so
# a change of a byte of any model is seen.
#
#   tests/unit/models.sh BINARIES TOOLS
set -u
tools/mk/models.sh check "${2:-build/tools}/gen"
sed '/^#/d; s/ .*//' models/digests.txt | while read -r name; do
    [ -f "config/$name.ini" ] || echo "FAIL: models/digests.txt has $name, config/ does not"
done
