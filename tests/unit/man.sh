#!/bin/sh
# The manual pages are well-formed: mandoc finds nothing. (That it knows no page of ours which another
# names is no finding: they are not installed.)
set -u
cd "$(dirname "$0")/../.." || exit 1

failed=0
for page in doc/*.[1-8]; do
    found=$(mandoc -T lint "$page" | grep -v 'STYLE: referenced manual not found')
    if [ -z "$found" ]; then
        echo "ok: $page"
    else
        echo "FAIL: $page: $found"
        failed=1
    fi
done
exit $failed
