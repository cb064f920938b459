#!/bin/sh
# tools/bench/profile.sh: its tables, on stored reports in the format of 'nsys stats'; its calls of nsys,
# on a stand-in that answers with these reports; what it says when something is missing.
#
#   tests/gpu/profile.sh BINARIES TOOLS
set -u
binaries=$1
model=fable-mamba
data=tests/data/profile
folder=build/tests/profile
rm -rf "$folder"
mkdir -p "$folder/reports" "$folder/path" "$folder/cpu" "$folder/cuda"

check() {
    if cmp -s "$folder/expected" "$folder/got"; then
        echo "ok: $1"
    else
        echo "FAIL: $1"
        diff "$folder/expected" "$folder/got"
    fi
}

tools/bench/profile.sh --table $data >"$folder/got" 2>&1
cp $data/expected.txt "$folder/expected"
check "tables of stored reports"

# Under a graph: NVTX ranges, but no kernel inside any of them.
cp $data/*.csv "$folder/reports"
echo "SKIPPED: run.sqlite does not contain NV Tools Extension (NVTX) data." \
    >"$folder/reports/nvtx_kern_sum.csv"
{
    sed -n '/^operations/q;p' $data/expected.txt
    echo "layers and operations are not told apart inside a CUDA graph: profile with --no-graph"
} >"$folder/expected"
tools/bench/profile.sh --table "$folder/reports" >"$folder/got" 2>&1
check "tables without ranges of operations"

sed 's/Kernel Name/Symbol/' $data/nvtx_kern_sum.csv >"$folder/reports/nvtx_kern_sum.csv"
tools/bench/profile.sh --table "$folder/reports" >"$folder/got" 2>&1
echo "exit code $?" >>"$folder/got"
{
    echo "profile: $folder/reports/nvtx_kern_sum.csv: no column 'Kernel Name'; is it of another" \
        "version of nsys?"
    echo "exit code 1"
} >"$folder/expected"
check "a report with other columns is refused"

rm "$folder/reports/nvtx_sum.csv"
tools/bench/profile.sh --table "$folder/reports" >"$folder/got" 2>&1
echo "exit code $?" >>"$folder/got"
{
    echo "profile: $folder/reports/nvtx_sum.csv is missing; profile again, or make it with 'nsys" \
        "stats --report nvtx_sum --format csv --output - REPORT.nsys-rep'"
    echo "exit code 1"
} >"$folder/expected"
check "a missing report is named"

# A PATH of links to what the script uses, nsys not among it.
for command in awk basename dirname mkdir sh cat echo cp; do
    ln -sf "$(command -v $command)" "$folder/path/$command"
done
PATH="$folder/path" tools/bench/profile.sh "$binaries/$model" >"$folder/got" 2>&1
echo "exit code $?" >>"$folder/got"
{
    echo "profile: nsys is not installed or not in PATH: install the package nsight-systems (or" \
        "cuda-nsight-systems) from NVIDIA; 'make trace' shows the ranges without it"
    echo "exit code 1"
} >"$folder/expected"
check "a missing nsys is said, and what to do"

# The stand-in notes how it was called, runs the program, and answers with the stored reports.
cat >"$folder/path/nsys" <<'STANDIN'
#!/bin/sh
echo "$@" >>"$NSYS_CALLS"
if [ "$1" = profile ]; then
    for word in "$@"; do
        case $word in --output=*) : >"${word#--output=}.nsys-rep" ;; esac
    done
    while [ "${1#-}" != "$1" ] || [ "$1" = profile ]; do shift; done
    exec "$@"
fi
while [ "$1" != --report ]; do shift; done
cat "tests/data/profile/$2.csv"
STANDIN
chmod +x "$folder/path/nsys"
NSYS_CALLS=$folder/calls
export NSYS_CALLS
where=$(cd build && pwd)
for backend in cpu cuda; do
    cp "$binaries/$model" "$folder/$backend/stand-in"
    PATH="$folder/path" tools/bench/profile.sh "$folder/$backend/stand-in" -q --capture decode:1..3 \
        -m "$where/cpu/$model.weights" >"$folder/got" 2>&1
    code=$?
    cp $data/expected.txt "$folder/expected"
    if ! sed -n 1p "$folder/got" | grep -q '^fable-mamba: the window is decode 1\.\.3, 2 steps$'; then
        echo "FAIL: the program under the stand-in (exit code $code): $(sed -n 1p "$folder/got")"
    fi
    sed -i -e 1d -e '/^$/{N;/the report:/d}' "$folder/got"
    check "a run under a stand-in for nsys, backend $backend"
done
if grep -q -- '--capture-range=nvtx --nvtx-capture=capture@ingot .* -q --capture decode:1..3' \
    "$folder/calls" && grep -q -- '--capture-range=cudaProfilerApi ' "$folder/calls"; then
    echo "ok: the window is a range on the CPU and the profiler's on a GPU"
else
    echo "FAIL: nsys was called with"
    cat "$folder/calls"
fi
rm -rf build/profile/cpu-stand-in build/profile/cuda-stand-in
