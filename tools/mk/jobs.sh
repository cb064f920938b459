#!/bin/sh
# tools/mk/jobs.sh: how many compilers at a time: one for each processor, and for each 400 MB of the
# memory that is there or that the container may use; the largest file takes 350.
set -u
# The process's own group of a hierarchy, and all above it: in FOLDER, what FILE says.
limits() { # hierarchy, folder, file
    group=$(sed -n "s,^[0-9]*:$1:,,p" /proc/self/cgroup)
    while cat "$2$group/$3"; [ -n "${group%/}" ]; do group=${group%/*}; done
}
{
    awk '/^MemAvailable:/ { printf "%.0f\n", $2 * 1024 }' /proc/meminfo
    limits '' /sys/fs/cgroup memory.max
    limits memory /sys/fs/cgroup/memory memory.limit_in_bytes
} 2>/dev/null | awk -v processors="$(nproc)" '
    BEGIN { jobs = processors }
    /^[0-9]+$/ && $1 < jobs * 400e6 { jobs = int($1 / 400e6) }
    END { print jobs < 1 ? 1 : jobs }'
