#!/bin/sh
# In a real cgroup (version 1 or 2, whichever this machine has): a plan above the memory limit is
# refused with exit 3 and not killed, page cache is no used memory, and a quota sets the threads.
#
#   tests/models/container.sh BINARIES TOOLS
set -u
binary=$(readlink -f "$1/fable-mamba")
weights=$(readlink -f build/cpu/fable-mamba.weights)
folder=build/tests/container
mkdir -p "$folder"

# The folder of a controller, or of all of them, with one of ours in it; nothing if that is not allowed.
group_of() {
    above=/sys/fs/cgroup
    [ -d "$above/$1" ] && above=$above/$1
    ours=$above/ingot-test-$$
    mkdir "$ours" 2>/dev/null && echo "$ours"
}
inside() { # the group, then the command
    # shellcheck disable=SC2016 # for the inner shell
    sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$@" 2>"$folder/err"
}
refuse() { echo "skip: $1 (cgroups cannot be made here: needs root and the controller)"; }

memory=$(group_of memory)
cpu=$(group_of cpu)
trap 'rmdir ${memory:+"$memory"} $([ "$cpu" = "$memory" ] || echo "$cpu") 2>/dev/null' EXIT
[ -e "$memory/memory.max" ] && limit=$memory/memory.max || limit=$memory/memory.limit_in_bytes

if [ -z "$memory" ] || ! echo 128M 2>/dev/null >"$limit"; then
    refuse "a memory limit"
else
    inside "$memory" "$binary" run -q -m "$weights" -t 256 -p Once -n 1 >"$folder/out"
    code=$?
    said=$(sed -n 's/.*not enough memory: \([0-9]*\) bytes needed.* \([0-9]*\) bytes available.*/\1 \2/p' \
        "$folder/err")
    if [ $code -eq 3 ] && [ "${said##* }" -lt 134217728 ] && [ "${said%% *}" -gt 134217728 ]; then
        echo "ok: exit 3 for a plan above the limit of the cgroup: needed and available $said bytes"
    else
        echo "FAIL: exit $code above the limit of a cgroup: $(cat "$folder/err")"
    fi
    head -c 200000000 /dev/zero >"$folder/cached"
    # shellcheck disable=SC2016 # for the inner shell
    inside "$memory" sh -c 'cat "$0" "$0" >/dev/null && exec "$@"' "$folder/cached" \
        "$binary" run -q -m "$weights" -t 50 -p Once -n 1 >"$folder/out"
    code=$?
    rm "$folder/cached"
    if [ $code -eq 0 ]; then
        echo "ok: a limit full of page cache leaves room"
    else
        echo "FAIL: exit $code in a cgroup full of page cache: $(cat "$folder/err")"
    fi
fi

if [ -e "$cpu/cpu.max" ]; then
    echo "100000 100000" 2>/dev/null >"$cpu/cpu.max"
else
    echo 100000 2>/dev/null >"$cpu/cpu.cfs_quota_us"
fi
if [ -z "$cpu" ] || ! grep -qs '^100000' "$cpu/cpu.max" "$cpu/cpu.cfs_quota_us"; then
    refuse "a quota of one processor"
else
    threads=$(inside "$cpu" "$binary" info --json | sed -n 's/^ *"threads": \([0-9]*\),$/\1/p' | head -n 1)
    if [ "$threads" = 1 ]; then
        echo "ok: 1 thread under a quota of one processor, of $(nproc)"
    else
        echo "FAIL: ${threads:-no} threads under a quota of one processor"
    fi
fi

# Compilers take memory, too.
if [ -z "$memory" ] || ! echo 900M 2>/dev/null >"$limit"; then
    refuse "a memory limit for compilers"
else
    jobs=$(OMP_NUM_THREADS=64 inside "$memory" tools/mk/jobs.sh)
    if [ "$jobs" = 2 ]; then
        echo "ok: 2 compilers at a time in 900 MB, of 64 processors"
    else
        echo "FAIL: $jobs compilers at a time in 900 MB, expected 2"
    fi
fi
