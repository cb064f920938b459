#!/bin/sh
# tools/measure/report.sh with a make and models that are scripts: models are measured in turn; one that
# cannot be built, fails or hangs takes no other's place, and the report says what is missing.
#
#   tests/unit/report.sh BINARIES TOOLS
set -u
tools=$2
work=build/tests/report
rm -rf "$work"
mkdir -p "$work/bin"

# In place of make: MODEL=NAME makes a program that hands out the records of tests/data/report.
cat >"$work/make" <<'MAKE'
#!/bin/sh
for word in "$@"; do
    case $word in MODEL=*) model=${word#MODEL=} ;; tiny-model-*) model=${word#tiny-model-} ;; esac
done
echo "$*" >>build/tests/report/built
[ "$model" != raven ] || { echo "there is no raven" >&2; exit 2; }
cp build/tests/report/model "build/tests/report/bin/$model"
case $* in *RANDOM_WEIGHTS=1*) echo "random 1" ;; *) echo "checkpoint here" ;; esac \
    >"build/tests/report/bin/$model.weights.inputs"
MAKE
cat >"$work/model" <<'MODEL'
#!/bin/sh
model=$(basename "$0")
for record in "$@"; do :; done
echo "$model $1" >>build/tests/report/order
case $model.$1 in
heron.latency) echo "heron: not enough memory" >&2; exit 3 ;;
crane.sweep) sleep 60 ;;
esac
name=$(basename "$record" .json)
cp "tests/data/report/$(echo "$name" | sed 's/-/./').json" "$record"
MODEL
chmod +x "$work/make" "$work/model"

check() {
    if [ "$2" = "$3" ]; then echo "ok: $1"; else printf 'FAIL: %s\n  found    %s\n  expected %s\n' "$1" "$2" "$3"; fi
}
holds() {
    if grep -qF -- "$2" "$work/report.md"; then echo "ok: $1"; else echo "FAIL: $1: report.md lacks: $2"; fi
}

MAKE=$work/make tools/measure/report.sh 2 "$work" "$work/bin" "$tools" text.txt "a text" \
    heron raven crane >"$work/out" 2>"$work/err"
check "a step that fails: exit 1" $? 1
check "each is built" "$(cut -d' ' -f2 "$work/built" | tr '\n' ' ')" \
    "tiny-model-heron tiny-model-raven tiny-model-crane "
check "one model after the other" "$(tr '\n' ' ' <"$work/order")" \
    "$(for verb in bench latency sweep bench perplexity; do printf 'heron %s crane %s ' $verb $verb; done)"
holds "a failed build is in the report" "| raven | build | there is no raven (exit code 2) |"
holds "so is a measurement that failed" "| heron | latency | heron: not enough memory (exit code 3) |"
holds "and one that took too long" "| crane | sweep | took longer than 2 s (exit code 124) |"
holds "where the weights come from" "| checkpoint here |"
check "nothing else is" "$(grep -c '^| <a id="X' "$work/report.md")" 3
check "two rounds of every model" "$(grep -c '| tg128 |.*| 6 |' "$work/report.md")" 2
