#!/bin/sh
# The README's two commands as users give them: on clean clones of the last commit, by every compiler
# that is installed, with other flags, on one processor, and in 512 MB of memory. Part of make test-full; takes an hour.
#
#   tests/full/builds.sh [run]      run: without 'make test'
#
# 'make run' must tell the same story, and the self-test find the same digest, whoever compiled it;
# warnings are errors. The tests run without the CUDA toolkit's, which no compiler of the host changes.
set -u
what=${1:-all}
folder=$PWD/build/full
rm -rf "$folder"
mkdir -p "$folder"
failed=0
unset MAKEFLAGS MAKELEVEL
if ! git clone -q . "$folder/tree" 2>"$folder/clone.log"; then
    echo "skip: clean clones (this tree is no git repository)"
    exit 0
fi

report() { # what it was, its exit code, its log
    if [ "$2" -eq 0 ]; then
        echo "ok: $1"
    else
        echo "FAIL: $1: exit $2: $(tail -n 3 "$3")"
        failed=1
    fi
}
# make run in a new build folder: the name for the files, then the command that runs make.
story() {
    name=$1
    shift
    rm -rf "$folder/tree/build"
    (cd "$folder/tree" && "$@" -s WERROR=1 run >"$folder/$name.log" 2>&1 &&
        build/cpu/fable-mamba run -q -p "Once upon a time" -n 300 >"$folder/$name.story" &&
        build/cpu/fable-mamba selftest 2>>"$folder/$name.log" | grep '^logits' >>"$folder/$name.story")
    code=$?
    [ -e "$folder/story" ] || cp "$folder/$name.story" "$folder/story"
    [ $code -ne 0 ] || cmp "$folder/$name.story" "$folder/story" >>"$folder/$name.log" 2>&1 || code=1
    report "$name: make run" $code "$folder/$name.log"
}
tests() {
    name=$1
    shift
    [ "$what" = all ] || return 0
    (cd "$folder/tree" && "$@" -s CUDA_HOME=none test) >"$folder/$name.test.log" 2>&1
    report "$name: make test" $? "$folder/$name.test.log"
}

compilers=$(for path in $(echo "$PATH" | tr : ' '); do ls "$path"; done 2>/dev/null |
    grep -E '^(gcc|clang)-[0-9]+$' | sort -u -t - -k 1,1 -k 2n)
newest=$(echo "$compilers" | grep clang | tail -n 1)
[ -n "$newest" ] || echo "skip: other compilers (no gcc-N or clang-N is installed)"
story cc make
for compiler in $compilers; do
    story "$compiler" make CC="$compiler"
    case $compiler in gcc-12 | clang-14 | "$newest") tests "$compiler" make CC="$compiler" ;; esac
done
story fast-math make CFLAGS="-O3 -ffast-math"
story one-processor taskset -c "$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')" make
tests one-processor taskset -c "$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')" make

# Real memory where a cgroup can be made, otherwise address space.
group=/sys/fs/cgroup/memory
[ -d $group ] || group=/sys/fs/cgroup
group=$group/ingot-builds-$$
if mkdir "$group" 2>/dev/null && { echo 512M >"$group/memory.max" || echo 512M >"$group/memory.limit_in_bytes"; } \
    2>/dev/null; then
    # shellcheck disable=SC2016 # for the inner shell
    story 512-MB sh -c 'echo $$ >"$0/cgroup.procs" && exec make "$@"' "$group"
else
    # shellcheck disable=SC2016 # for the inner shell
    story 512-MB-of-addresses sh -c 'ulimit -v 524288 && exec make "$@"' sh
fi
rmdir "$group" 2>/dev/null
exit $failed
