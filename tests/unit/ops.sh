#!/bin/sh
# Every row of kernels/ops.def has its parts; and of a new operation the part that was forgotten is
# named: by the compiler or by the check below, never first by the linker.
#
#   tests/unit/ops.sh BINARIES TOOLS
set -u
folder=$PWD/build/tests/ops
rm -rf "$folder"
mkdir -p "$folder"
ok() { # what, then a command
    what=$1
    shift
    if "$@"; then echo "ok: $what"; else echo "FAIL: $what"; fi
}

# Prints what the rows of $1/kernels/ops.def lack below $1.
lacking() {
    sed -n 's/^OP(\([A-Z_]*\), \([a-z_]*\), "\(.*\)", "\(.*\)",$/\1 \2 \3 \4/p' "$1/kernels/ops.def" |
        while read -r upper name cpu cuda; do
            grep -q "^KERNEL_INLINE void $name(" "$1/kernels/cpu/$cpu" 2>/dev/null ||
                echo "$name: no function $name() in kernels/cpu/$cpu"
            grep -q " ${name}_launch(" "$1/kernels/cuda/$cuda" 2>/dev/null ||
                echo "$name: no function ${name}_launch() in kernels/cuda/$cuda"
            grep -q "define ${upper}_KERNELS(" "$1/kernels/cuda/$cuda" 2>/dev/null ||
                echo "$name: no macro ${upper}_KERNELS in kernels/cuda/$cuda"
            # A fused operation is compared with its parts, whose row is the proof.
            grep -qE "[( ]$name\(r, &|struct ${name}_shape" "$1"/tests/kernels/cpu/*.[ch] ||
                grep -q "WHOLE($name," "$1/kernels/fusions.def" ||
                echo "$name: no test in tests/kernels/cpu"
            grep -qE "^ *DIGEST\((.*, )?${name}[,)]" "$1/tests/kernels/cpu/kernel_digest.c" 2>/dev/null ||
                grep -q "WHOLE($name," "$1/kernels/fusions.def" ||
                echo "$name: no DIGEST in tests/kernels/cpu/kernel_digest.c"
            ! grep -q 'r->work' "$1/kernels/cuda/$cuda" 2>/dev/null ||
                grep -q "case OP_$upper:" "$1/gen/emit/program.c" 2>/dev/null ||
                echo "$name: no case in work_of(), gen/emit/program.c"
            grep -qE "^ *($upper\(|.*${name}_launch<)" "$1"/tests/kernels/cuda/*.cc ||
                echo "$name: no test in tests/kernels/cuda"
            grep -qE "BUILD\([^,]*, $name,|OP_$upper\b" "$1"/gen/families/*.c "$1"/gen/graph/build.c ||
                grep -q "WHOLE($name," "$1/kernels/fusions.def" ||
                echo "$name: no family has it"
        done
}
rows=$(grep -c '^OP(' kernels/ops.def)
lacking . >"$folder/lacking"
sed 's/^/FAIL: /' "$folder/lacking"
ok "the $rows operations of kernels/ops.def have kernels, tests and users" test ! -s "$folder/lacking"

# ---- a new operation, part by part -----------------------------------------------------------------
new=$folder/new
mkdir -p "$new/kernels/cpu" "$new/kernels/cuda" "$new/tests/kernels/cpu" "$new/tests/kernels/cuda" \
    "$new/gen/families" "$new/gen/graph"
: >"$new/tests/kernels/cpu/none.c"
: >"$new/tests/kernels/cuda/none.cc"
: >"$new/gen/graph/build.c"
cp kernels/fusions.def "$new/kernels/"
cp kernels/ops.def "$folder/ops.def"

# What a family, gen and its kernels.c and kernels.cu say of it.
cat >"$new/gen/families/use.c" <<'C'
#include "gen/graph/build.h"
void use(struct build *b, uint32_t x);
void use(struct build *b, uint32_t x) { BUILD(b, twice, "TWICE", .x = x); }
C
cat >"$folder/kernels.c" <<'C'
#include "kernels/cpu/twice.h"
void twice_64(run *r, u32 op, f32 (*x)[64]);
void twice_64(run *r, u32 op, f32 (*x)[64])
{
    static const struct twice_shape shape = {.D = 64, .count = COUNT_ONE, .rows = 1};
    twice(r, &shape, x[0]);
    op_done(r, op);
}
C
cat >"$folder/kernels.cu" <<'C'
#include "kernels/cuda/twice.cuh"
static constexpr twice_shape twice_64_shape = {.D = 64, .count = COUNT_ONE, .rows = 1};
TWICE_KERNELS(twice_64, ONE)
extern "C" void twice_64(run *r, u32 op, f32 (*x)[64])
{
    twice_launch<twice_64_shape>(r, op, twice_64_kernels, x[0]);
}
C
include="-I$new -I."
says() { # what must be said, then a compiler's command
    wanted=$1
    shift
    "$@" >"$folder/log" 2>&1 && return 1
    grep -q "error:" "$folder/log" && grep -qE "$wanted" "$folder/log" && return 0
    sed 's/^/    /' "$folder/log" >&2
    return 1
}
# shellcheck disable=SC2086 # several options
c() { ${CC:-cc} -std=gnu11 -D_GNU_SOURCE= ${MARCH--march=native} -Werror=implicit-function-declaration \
    -fsyntax-only $include "$1"; }
# shellcheck disable=SC2086
cuda() { ${CXX:-g++} -std=c++20 -w -fsyntax-only $include -isystem "${CUDA_HOME:-/usr/local/cuda}/include" \
    '-DDEVICE_HEADER="tests/simt/simt_device.h"' -x c++ "$1"; }
lacks() { lacking "$new" | grep -q "^twice: $1\$"; }

ok "without a row the family names it" says "OP_twice" c "$new/gen/families/use.c"
{
    cat "$folder/ops.def"
    cat <<'DEF'
OP(TWICE, twice, "twice.h", "twice.cuh",
   "twice_{rows}{D}", SIZE(u32, D, "D") SIZE(count, count, "count") SIZE(u32, rows, "rows"),
   OPERAND(x, m, "[t](D)"),
   ,
   8 * t * D, t * D,
   "x = 2 x")
DEF
} >"$new/kernels/ops.def"
ok "a row is all that a family needs" c "$new/gen/families/use.c"
ok "without a file for the CPU the compiler names it" says "kernels/cpu/twice.h" c "$folder/kernels.c"
echo '#include "kernels/cpu/op.h"' >"$new/kernels/cpu/twice.h"
ok "without a function for the CPU the compiler names it" says "twice" c "$folder/kernels.c"
ok "and the check" lacks "no function twice() in kernels/cpu/twice.h"
cat >>"$new/kernels/cpu/twice.h" <<'C'
#include "kernels/cpu/panels.h"
KERNEL_INLINE void twice(const run *r, const struct twice_shape *s, f32 *x)
{
    for (u32 i = 0; i < count_rows(r, s->count) * s->D; i++)
        x[i] = 2 * x[i];
}
C
ok "with it kernels.c is whole" c "$folder/kernels.c"
sed 's/s->count/s->rows_of/' "$new/kernels/cpu/twice.h" >"$folder/twice.h"
mv "$new/kernels/cpu/twice.h" "$folder/right.h"
cp "$folder/twice.h" "$new/kernels/cpu/twice.h"
ok "a size that the row lacks is named" says "twice_shape.*rows_of|rows_of.*twice_shape" c "$folder/kernels.c"
cp "$folder/right.h" "$new/kernels/cpu/twice.h"
if [ -f "${CUDA_HOME:-/usr/local/cuda}/include/cuda_runtime.h" ]; then
    ok "without a file for CUDA the compiler names it" \
        says "kernels/cuda/twice.cuh" cuda "$folder/kernels.cu"
    echo '#include "kernels/cuda/op.cuh"' >"$new/kernels/cuda/twice.cuh"
    ok "without kernels for CUDA the compiler names them" \
        says "TWICE_KERNELS|twice_launch" cuda "$folder/kernels.cu"
    cat >>"$new/kernels/cuda/twice.cuh" <<'C'
struct twice_params { const struct step *step; f32 *x; };
template <twice_shape s> struct twice {
    using params = twice_params;
    static constexpr u32 blocks = s.rows, threads = 64, shared_bytes = 0;
    DEVICE void run(const params *p)
    {
        pdl_trigger();
        pdl_wait();
        if (block_index() < count_rows(s.count, p->step))
            p->x[block_index() * s.D + thread_index()] *= 2;
    }
};
template <twice_shape s>
static inline void twice_launch(run *r, u32 op, const struct kernels &kernels, f32 *x)
{
    kernel_launch<twice<s>>(r, op, kernels.part[0], {r->step, x});
}
#define TWICE_KERNELS(name, ...) KERNELS_1(name, kernel, twice)
C
    ok "with them kernels.cu is whole" cuda "$folder/kernels.cu"
else
    echo "skip: the CUDA part of a new operation (there are no CUDA headers)"
fi

# ---- and a family that has it, from config to objects ------------------------------------------------
sed 's/^    BUILD(b, swiglu, .*/&\n    BUILD(b, twice, "TWICE", .x = gate);/' gen/families/feed_forward.c \
    >"$new/gen/families/feed_forward.c"
model=$folder/tinyllama
mkdir -p "$model"
# shellcheck disable=SC2046,SC2086 # lists of files and options
generate() {
    ${CC:-cc} -std=gnu11 -D_GNU_SOURCE= -O0 -w $include -o "$folder/gen" gen/main.c \
        $(find gen/*/ -name '*.c' ! -name feed_forward.c) "$new/gen/families/feed_forward.c" \
        runtime/base/*.c \
        -linih -ljansson -lxxhash -l:libpcre2-8.a -l:libutf8proc.a -lm &&
        "$folder/gen" -o "$model" config/tinyllama-1.1b.ini >/dev/null
}
ok "gen takes it from its row" generate
include="-I$model -I$new -I."
ok "decode calls it" grep -q "twice_5632(r, DECODE_TWICE" "$model/step.c"
ok "step.c is whole" c "$model/step.c"
ok "and kernels.c" c "$model/kernels.c"
[ ! -f "$new/kernels/cuda/twice.cuh" ] || ok "and kernels.cu" cuda "$model/kernels.cu"
rm "$new/gen/families/feed_forward.c"

# ---- what the compiler cannot know -------------------------------------------------------------------
ok "without a test for the CPU the check names it" lacks "no test in tests/kernels/cpu"
ok "without a test for CUDA the check names it" lacks "no test in tests/kernels/cuda"
ok "without a digest the check names it" lacks "no DIGEST in tests/kernels/cpu/kernel_digest.c"
ok "it needs no workspace" test "$(lacking "$new" | grep -c '^twice: no case')" -eq 0
echo '/* r->work */' >>"$new/kernels/cuda/twice.cuh"
ok "without its workspace the check names it" lacks "no case in work_of(), gen/emit/program.c"
mv "$new/gen/families/use.c" "$folder/"
: >"$new/gen/families/none.c"
ok "without a family the check names it" lacks "no family has it"
