#!/bin/sh
# A steady decode makes no system call but the write of its text, and nothing maps memory once text
# comes out: counted with strace, as the difference between a long run and a short one.
#
#   tests/models/syscalls.sh [BINARIES [TOOLS [MODEL]]]
set -u
binaries=${1:-build/cpu} model=${3:-fable-mamba}
binary=$binaries/$model weights=build/cpu/$model.weights
[ -f "$weights" ] || weights=$binary.weights
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

case $binaries in
*-san)
    echo "skip: system calls (a sanitizer makes its own, and does not run under strace)"
    exit 0
    ;;
esac
if ! command -v strace >/dev/null || ! strace -o /dev/null true 2>/dev/null; then
    echo "skip: system calls are not counted (strace is missing or may not trace)"
    exit 0
fi
if [ ! -x "$binary" ] || [ ! -f "$weights" ]; then
    echo "FAIL: $binary or $weights is not built"
    exit 1
fi

# trace THREADS TOKENS: the calls of one run, one per line: "name(arguments..."
trace() {
    strace -f -qq -o "$scratch/raw" "$binary" run -q -m "$weights" -t "$1" -n "$2" --ignore-eos \
        -p "Once upon a time" >"$scratch/text" || return 1
    sed 's/^[0-9]* *//' "$scratch/raw" | grep -v -e 'resumed>' -e '^+++' -e '^---' >"$scratch/calls"
}

# Prints how many calls of each name a run of TOKENS makes.
count() {
    trace "$1" "$2" || return 1
    sed 's/(.*//' "$scratch/calls" | sort | uniq -c | awk '{print $2, $1}' >"$scratch/count-$2"
}

# Where there are fewer processors than threads, one that waits gives its processor away
# (kernels/cpu/team.h): only there sched_yield may grow.
yields() {
    [ "$(nproc)" -lt "$1" ] && echo sched_yield || echo none
}

# Prints the calls of which 300 tokens take more or fewer than 100, write, futex and $1 aside.
grown() {
    awk -v allowed="$1" 'FILENAME ~ /100$/ { short[$1] = $2; next } { long[$1] = $2 }
         END { for (name in long) if (name !~ /^(write|futex)$/ && name != allowed &&
                                      long[name] != short[name] + 0)
                   print name, long[name] - short[name]
               for (name in short) if (!(name in long)) print name, -short[name] }' \
        "$scratch/count-100" "$scratch/count-300"
}

# Prints how many more calls of this name 300 tokens take than 100.
more() {
    awk -v name="$1" '$1 == name { n[FILENAME ~ /300$/] = $2 } END { print n[1] - n[0] }' \
        "$scratch/count-100" "$scratch/count-300"
}

check() {
    threads=$1 attempts=$2 most_sleeps=$3
    while [ "$attempts" -gt 0 ]; do
        attempts=$((attempts - 1))
        if ! count "$threads" 100 || ! count "$threads" 300; then
            echo "FAIL: $binary does not run under strace with $threads threads"
            return
        fi
        others=$(grown "$(yields "$threads")") writes=$(more write) sleeps=$(more futex)
        [ -z "$others" ] && [ "$sleeps" -le "$most_sleeps" ] && break
    done
    if [ -n "$others" ]; then
        echo "FAIL: 200 more tokens with $threads threads make these calls:" "$others"
    elif [ "$writes" -gt 200 ] || [ "$sleeps" -gt "$most_sleeps" ]; then
        echo "FAIL: 200 more tokens with $threads threads make $writes writes, $sleeps sleeps"
    else
        echo "ok: 200 more tokens with $threads threads make $writes writes, $sleeps sleeps, no more"
    fi
    # The first write to stdout is the prompt's: from there on no memory may come or go.
    if sed -n '/^write(1,/,$p' "$scratch/calls" | grep -E '^(mmap|munmap|mremap|brk|madvise)\('; then
        echo "FAIL: memory is mapped while text comes out, with $threads threads"
    else
        echo "ok: no mapping call from the first text to the end, with $threads threads"
    fi
}

# A thread that waits for one whose processor was given to another program sleeps, and is woken:
# up to two calls. On a quiet machine there are none; on a busy one some. One attempt of forty with
# far less than one a token shows that the program itself asks for none.
check 1 1 0
check 2 40 20
