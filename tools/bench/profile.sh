#!/bin/sh
# A window of a model's steps in Nsight Systems, then tables of its ranges, kernels, operations and
# layers.
#
#   tools/bench/profile.sh BINARY [OPTION...]    options of 'BINARY profile'; --no-graph tells layers apart
#   tools/bench/profile.sh --table FOLDER        the tables again, from the reports of an earlier run
#
# The report and its CSV files lie in build/profile/BACKEND-MODEL; the report opens in nsys-ui.
set -u
usage() {
    echo "usage: tools/bench/profile.sh BINARY [OPTION...], or tools/bench/profile.sh --table FOLDER" >&2
    exit 2
}
here=$(dirname "$0")
reports="nvtx_sum cuda_gpu_kern_sum nvtx_kern_sum"

table() {
    for report in $reports; do
        [ -r "$1/$report.csv" ] && continue
        echo "profile: $1/$report.csv is missing; profile again, or make it with 'nsys stats" \
            "--report $report --format csv --output - REPORT.nsys-rep'" >&2
        exit 1
    done
    awk -f "$here/profile_table.awk" "$1/nvtx_sum.csv" "$1/cuda_gpu_kern_sum.csv" \
        "$1/nvtx_kern_sum.csv"
}

[ $# -ge 1 ] || usage
if [ "$1" = --table ]; then
    [ $# -eq 2 ] || usage
    table "$2"
    exit
fi
binary=$1
shift
[ -x "$binary" ] || { echo "profile: $binary is no program; build it with make" >&2; exit 1; }
if ! command -v nsys >/dev/null 2>&1; then
    echo "profile: nsys is not installed or not in PATH: install the package nsight-systems (or" \
        "cuda-nsight-systems) from NVIDIA; 'make trace' shows the ranges without it" >&2
    exit 1
fi

# The CPU backend has no profiler to start: there the NVTX range is the window.
backend=$(basename "$(dirname "$binary")")
case $backend in
cuda*) window="--capture-range=cudaProfilerApi" ;;
*) window="--capture-range=nvtx --nvtx-capture=capture@ingot" ;;
esac
folder=build/profile/$backend-$(basename "$binary")
mkdir -p "$folder" || exit 1
# shellcheck disable=SC2086 # the window is one or two words
nsys profile --trace=cuda,nvtx --sample=none --cpuctxsw=none --cuda-graph-trace=node $window \
    --capture-range-end=stop --force-overwrite=true --output="$folder/run" \
    "$binary" profile "$@" || exit
[ -r "$folder/run.nsys-rep" ] || { echo "profile: nsys wrote no $folder/run.nsys-rep" >&2; exit 1; }
for report in $reports; do
    nsys stats --quiet --force-export=true --report "$report" --format csv --output - \
        "$folder/run.nsys-rep" >"$folder/$report.csv" || exit
done
table "$folder" || exit
echo
echo "the report: $folder/run.nsys-rep (nsys-ui opens it); the tables: $folder/*.csv"
