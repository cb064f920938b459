#!/bin/sh
# make: what it makes anew, and in which places. Most of it in a copy of this tree, whose path, like
# those of its config and checkpoints, has characters that a shell would take for its own.
#
#   tests/unit/build.sh BINARIES TOOLS
set -u
binaries=$1 tools=$2
folder=$PWD/build/tests/build
rm -rf "$folder"
mkdir -p "$folder"
check() { # what, then a command
    what=$1
    shift
    if "$@"; then echo "ok: $what"; else echo "FAIL: $what"; fi
}

# ---- two installations at once: apt-get refuses the second -----------------------------------------
bin=$folder/bin
mkdir "$bin"
for command in cat clang clang-format clang-tidy command echo env find flock head id ln make mkdir qemu-aarch64 rm \
    shellcheck sleep sh touch uname aarch64-linux-gnu-gcc; do
    path=$(command -v $command) && [ -x "$path" ] && ln -s "$path" "$bin/$command"
done
printf '#!/bin/sh\nPATH=%s exec cc "$@"\n' "$PATH" >"$bin/cc"
cat >"$bin/apt-get" <<'APT'
#!/bin/sh
here=${0%/*}
mkdir "$here/running" || { touch "$here/refused"; exit 100; }
sleep 0.2
case $* in *strace*) echo x >>"$here/installed"; ln -s sh "$here/strace" ;; esac
rm -r "$here/running"
APT
# shellcheck disable=SC2016 # for the fake
printf '#!/bin/sh\n[ "$1" != -n ] || shift\nexec "$@"\n' >"$bin/sudo"
chmod +x "$bin/cc" "$bin/apt-get" "$bin/sudo"
PATH=$bin tools/deps.sh test 2>"$folder/deps1" &
first=$!
PATH=$bin tools/deps.sh test 2>"$folder/deps2"
second=$?
wait $first
check "two installations at once: one after the other, the second has nothing left" \
    test "$?$second" = 00 -a ! -e "$bin/refused" -a "$(cat "$bin/installed")" = x

# ---- what cannot be meant --------------------------------------------------------------------------
refused() { # what, a text that stderr has, then a command
    what=$1 text=$2
    shift 2
    if "$@" >"$folder/out" 2>&1; then
        echo "FAIL: $what: taken"
    elif grep -qF "$text" "$folder/out"; then
        echo "ok: $what"
    else
        echo "FAIL: $what: found '$(cat "$folder/out")', expected '$text'"
    fi
}
for model in "a b" ../a config/phi-2.ini ""; do
    refused "MODEL='$model'" "MODEL=$model: expected one name" make LOCKED=1 -n MODEL="$model"
done
refused "a seed and a checkpoint" "exclude each other" \
    tools/mk/weights.sh record "$folder/record" config/phi-2.ini 1 models nowhere
refused "a seed that is no number" "RANDOM_WEIGHTS=1x: expected" \
    tools/mk/weights.sh record "$folder/record" config/phi-2.ini 1x "" nowhere
check "neither leaves a record" test ! -e "$folder/record"

# ---- make help -------------------------------------------------------------------------------------
# A target is declared internal, in a line .PHONY, or has a line in help; so has every variable with ?=.
makefiles="Makefile $(echo tools/mk/*.mk)"
make LOCKED=1 -s help >"$folder/help"
sed -n 's/^  \([A-Za-z_-]*\) .*/\1/p' "$folder/help" | sort >"$folder/helped"
# shellcheck disable=SC2086 # the files are words
sed -n 's/^\.PHONY: //p' $makefiles | tr ' ' '\n' | sort - "$folder/helped" >"$folder/known"
# shellcheck disable=SC2086
sed -nE 's/^([a-z][a-z -]*):([^=].*)?$/\1/p; s/^([A-Z_]+) *\?=.*/\1/p' $makefiles | tr ' ' '\n' | sort -u |
    comm -23 - "$folder/known" >"$folder/unknown"
check "make help has every target and variable" \
    test "$(wc -l <"$folder/known")" -gt 50 -a -z "$(cat "$folder/unknown")"
sed 's/^/    without a line: /' "$folder/unknown"
grep -ohE '(^ *|`)make [a-z][a-z-]*([^a-z/-]|$)' README.md .ci/run | sed 's/[^a-z-]*$//; s/.* //' |
    sort -u | comm -23 - "$folder/helped" >"$folder/unknown"
check "and what README.md and .ci/run call" test -z "$(cat "$folder/unknown")"
sed 's/^/    not in make help: /' "$folder/unknown"

# ---- weights beside every binary -------------------------------------------------------------------
for place in "$binaries" build/simt; do
    if [ -x "$place/fable-mamba" ]; then
        "$place/fable-mamba" info >"$folder/info"
        check "$place/fable-mamba finds its weights" grep -q "weights  .*digest" "$folder/info"
    fi
done
case $binaries in *-san)
    echo "skip: make in a copy of the tree (the same without a sanitizer)"
    exit 0
    ;;
esac

# ---- in the copy -----------------------------------------------------------------------------------
tree="$folder/it's a (copy)"
config="my configs (1)/it's/m.ini" a="check points/it's (a)" b="check points/b"
mkdir -p "$(dirname "$tree/$config")" "$tree/check points"
cp -r GNUmakefile Makefile config gen kernels runtime tools "$tree"
cp -rL tests/data/checkpoints/mamba-a "$tree/$a"
cp -rL tests/data/checkpoints/mamba-a "$tree/$b"
# Another weight, as large, and older: as downloaded last week.
printf '\100' | dd of="$tree/$b/model.safetensors" bs=1 seek=$(($(stat -c %s "$tree/$b/model.safetensors") - 1)) \
    conv=notrunc 2>"$folder/dd"
touch -d '9 days ago' "$tree/$b"/*
"$tools/gen" import "$tree/$a" --type f32 >"$tree/$config"
cd "$tree" || exit 1

# A build of this tree alone: not by the make that runs the tests, nor with its compiler. What it says is in ../said.
unset MAKEFLAGS MAKELEVEL CC
build() {
    make -s CFLAGS=-O0 MODEL=m CONFIG="$config" SOURCES=build/m "$@" >../said 2>&1 && return
    code=$?
    tail -n 5 ../said | sed 's/^/    /'
    return $code
}
digest() { build/cpu/m info --json | sed -n 's/^ *"digest": "\(.*\)",/\1/p'; }
says_nothing() { [ ! -s ../said ]; }
made() { [ "$(grep -c "^  $1 " ../said)" -eq "$2" ]; }

check "a path with spaces, a quote and parentheses: the tree, config and checkpoint" build CHECKPOINT="$a"
of_a=$(digest)
check "nothing changed: nothing is made" build CHECKPOINT="$a"
check "and nothing said" says_nothing
check "without CHECKPOINT: as the last time" build
check "and nothing said" says_nothing
build CHECKPOINT="$b"
of_b=$(digest)
check "another checkpoint, with older dates" test -n "$of_a" -a -n "$of_b" -a "$of_a" != "$of_b"
build RANDOM_WEIGHTS=1
of_seed=$(digest)
check "random weights instead" test -n "$of_seed" -a "$of_seed" != "$of_a" -a "$of_seed" != "$of_b"
build RANDOM_WEIGHTS=2
check "with another seed" test "$of_seed" != "$(digest)"
build CHECKPOINT="$a"
check "and back" test "$of_a" = "$(digest)"
cp -p "$a/model.safetensors" blob-a
cp -p "$b/model.safetensors" "$a/"
build CHECKPOINT="$a"
check "another file in the same place, with an older date" test "$of_b" = "$(digest)"
ln -sf "$PWD/blob-a" "$a/model.safetensors"
build CHECKPOINT="$a"
check "a link to another file" test "$of_a" = "$(digest)"
if build CHECKPOINT=nowhere >../refused; then code=0; else code=$?; fi
check "a checkpoint that is not there" test $code -ne 0 -a -n "$(grep 'no checkpoint at nowhere: give' ../said)"

sed 's/^prefill_chunk.*/prefill_chunk = 64/' "$config" >../other.ini
cp ../other.ini "$config"
touch -d '9 days ago' "$config"
build CHECKPOINT="$b"
check "a config that changed, with an older date" grep -q "prefill_chunk *64" <<INFO
$(build/cpu/m info)
INFO
made GEN 1 && made PACK 1 || echo "FAIL: made of another config: $(cat ../said)"
rm -r build/m
check "the generated sources are gone" build
rm build/m/model.h
check "one of them is gone" build
made GEN 1 || echo "FAIL: made: $(cat ../said)"

cp runtime/base/utf8.c ../utf8.c
echo '#include "runtime/base/gone.h"' >>runtime/base/utf8.c
echo 'int gone(void);' >runtime/base/gone.h
echo 'int extra(void); int extra(void) { return 1; }' >runtime/base/extra.c
check "a header more, and a source" build
cp ../utf8.c runtime/base/utf8.c
rm runtime/base/gone.h runtime/base/extra.c
check "a header less, and a source" build
check "an archive without what is gone" test -z "$(ar t build/cpu/libruntime.a | grep extra)"

rm build/cpu/obj/runtime/base/[a-m]*.o build/cpu/libruntime.a
count=$(find runtime/base -maxdepth 1 -name '[a-m]*.c' | wc -l)
make -s CFLAGS=-O0 MODEL=m CONFIG="$config" SOURCES=build/m >../first 2>&1 &
build
code=$?
wait $!
check "two makes at once wait for each other" test "$?$code" = 00 -a \
    "$(cat ../first ../said | grep -c '^  CC ')" -eq "$count" -a \
    -n "$(grep -h 'waiting for another make' ../first ../said)"

object=build/cpu/obj/runtime/base/utf8.o
build $object
check "other flags" build CFLAGS=-O1 $object
made CC 1 || echo "FAIL: made with other flags: $(cat ../said)"
check "another compiler" build CFLAGS=-O1 CC=clang $object
made CC 1 || echo "FAIL: made by another compiler: $(cat ../said)"
check "both as before" build CFLAGS=-O1 CC=clang $object
check "and nothing said" says_nothing
