#!/bin/sh
# What the scripts for a GPU share: a kit, the libraries it needs, verdicts. Sourced by them, not run.
#
# kit_open NAME KIT      sets $name, $kit, $logs and $log, or ends with 1 where there is no kit
# library_find LIBRARY   if the loader does not, puts its folder into LD_LIBRARY_PATH, and says which
# device_require         ends with 6 without a GPU, 1 if the first program fails; else names the GPU
# ok, fail, skip TEXT    a verdict; fail shows the end of $log
# check WHAT COMMAND...  passes if the command does, in two minutes
# verdicts SECONDS       sums up; 0 if none failed, 1 if one did, 77 if all were skipped
#
# 'timeout --foreground' leaves a program in the group of the script, so that whoever ends the script
# in the middle ends the program with it.
passed=0 failed=0 skipped=0

kit_open() {
    name=$1 kit=$2 logs=$2/logs log=$2/logs/device.log
    if [ ! -x "$kit/gpu_probe" ]; then
        echo "$name: $kit holds no program: run 'make gpu-kit' where nvcc is, and bring $kit here" >&2
        exit 1
    fi
    mkdir -p "$logs" || exit 1
    # A CUDA context does not survive a fork.
    export CK_FORK=no
}

# The folders that may hold CUDA's libraries: those of toolkits, then of Python's packages.
library_folders() {
    ls -d "${CUDA_HOME:-/usr/local/cuda}/lib64" /usr/local/cuda*/lib64 /usr/local/cuda*/targets/*/lib \
        /opt/cuda*/lib64 2>/dev/null
    python3 -c 'import sys; print("\n".join(p for p in sys.path if p))' 2>/dev/null |
        while read -r folder; do
            ls -d "$folder"/nvidia/*/lib 2>/dev/null
        done
}

library_find() {
    needed=$1
    ldd "$kit/gpu_probe" 2>/dev/null | grep -q "$needed => not found" || return 0
    folder=$(library_folders | while read -r folder; do
        [ ! -e "$folder/$needed" ] || echo "$folder"
    done | head -n 1)
    if [ -z "$folder" ]; then
        echo "$name: there is no $needed, in no toolkit's and no Python package's folder"
        return 1
    fi
    echo "$name: $needed is that of $folder"
    export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

device_require() {
    "$kit/gpu_probe" --rounds 1 clock_tick >"$log" 2>&1
    case $? in
    0) sed -n '1,2p' "$log" ;;
    6)
        cat "$log" >&2
        echo "$name: there is no GPU on this machine that these programs run on;" \
            "nothing was tested or measured" >&2
        exit 6
        ;;
    *)
        cat "$log" >&2
        echo "$name: the first program failed; nothing else was tried" >&2
        exit 1
        ;;
    esac
}

ok() {
    passed=$((passed + 1))
    echo "ok: $*"
}
fail() {
    failed=$((failed + 1))
    echo "FAIL: $*"
    sed 's/^/    /' "$log" | tail -n 20
}
skip() {
    skipped=$((skipped + 1))
    echo "skip: $*"
}
check() {
    what=$1
    shift
    timeout --foreground 120 "$@" >"$log" 2>&1
    code=$?
    if [ $code -eq 0 ]; then ok "$what"; else fail "$what: exit code $code: $*"; fi
}

verdicts() {
    echo "$name: $passed passed, $failed failed, $skipped skipped, in $1 s"
    [ $failed -eq 0 ] || return 1
    [ $passed -gt 0 ] || return 77
}
