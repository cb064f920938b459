#!/bin/sh
# make peers without its peers: the measuring and the table, with programs that only print what the real
# ones would. Whether the real ones compute the same is checked by make peers itself (agree.py).
#
#   tests/unit/peers.sh BINARIES TOOLS
set -u
if ! python3 -c 'import json' 2>/dev/null; then
    echo "skip: make peers (there is no python3)"
    exit 0
fi
work=$PWD/build/tests/peers
rm -rf "$work"
mkdir -p "$work/peers/m" "$work/peers/venv/bin" "$work/peers/llama.cpp/build/bin" "$work/bin" "$work/out"
expect() { # what, exit code, text that is printed, then a command
    what=$1 code=$2 text=$3
    shift 3
    "$@" >"$work/said" 2>&1
    found=$?
    if [ $found -eq "$code" ] && grep -qF -- "$text" "$work/said"; then
        echo "ok: $what"
    else
        echo "FAIL: $what: exit code $found, expected $code and '$text'; printed:"
        sed 's/^/    /' "$work/said"
    fi
}
program() { # FILE: a script of standard input, which knows $WORK
    { printf '#!/bin/sh\nWORK=%s\n' "'$work'" && cat; } >"$work/$1"
    chmod +x "$work/$1"
}

echo 1.2.3 >"$work/peers/llama.cpp/installed.txt"
row='{"error": 0.01, "same_greedy": 47, "positions": 48}'
echo "{\"ingot\": $row, \"llama.cpp\": $row, \"transformers\": $row}" >"$work/peers/m/agreement.json"
program bin/m <<'END'
case $1 in
info) echo '{"memory": {"sum": 2000000000}}' ;;
bench)
    echo x >>"$WORK/runs"
    runs=$(wc -l <"$WORK/runs")
    [ "$runs" != "$(cat "$WORK/stop" 2>/dev/null)" ] || { kill -INT $PPID && sleep 5; }
    cat <<JSON
{"ingot": "9.9", "build": {"compiler": "cc 1", "isa": "none"}, "run": {"threads": 1}, "figures": [
{"kind": "prefill", "median": $((runs * 100))}, {"kind": "decode", "median": 10}]}
JSON
    ;;
esac
END
program peers/llama.cpp/build/bin/llama-bench <<'END'
[ ! -e "$WORK/broken" ] || { echo "no such model" >&2; exit 3; }
head='"build_commit": "abc", "type_k": "f16", "type_v": "f16"'
echo "[{$head, \"n_prompt\": 512, \"n_gen\": 0, \"avg_ts\": 50},"
echo "{$head, \"n_prompt\": 0, \"n_gen\": 128, \"avg_ts\": 20}]"
END
program peers/venv/bin/python <<'END'
echo '{"versions": {"torch": "2", "transformers": "5", "mamba-ssm": "absent: x"}, "device": "cpu",
"attention": "sdpa", "type": "bfloat16", "eager": {"prefill_tokens_per_second": 1, "decode_tokens_per_second": 2.5},
"compiled": {"decode_tokens_per_second": 5}}'
END

# shellcheck disable=SC2317 # called by expect
measure() { # three rounds
    rm -f "$work/runs"
    python3 tools/peers/measure.py "$work/peers" "$work/bin" "$work/out" m --threads 1 --rounds 3 \
        --machine "T 1"
}
# The rates of ingot are 100, 200, 300: the ratios to 50 are 2, 4, 6.
expect "medians, and ratios within a round" 0 \
    "| m | llama.cpp | 50 | 4.00× (2.00 to 6.00) | 20 | 0.50× (0.50 to 0.50) |" \
    measure
expect "both ways of transformers" 0 \
    "| m | transformers, compiled | 1 | 200× (100 to 300) | 5 | 2.00× (2.00 to 2.00) |" \
    cat "$work/out/peers-t-1.md"
expect "rates of ingot, memory and plan" 0 "2.00 planned | 0.01 | 47 of 48 |" cat "$work/out/peers-t-1.md"
expect "versions and types" 0 \
    "- llama.cpp abc (llama-cpp-python 1.2.3), built for this processor: keys and values in f16" \
    cat "$work/out/peers-t-1.md"
expect "the result is complete" 0 '"complete": true' cat "$work/out/peers-t-1.json"
expect "the table is made anew from the result" 0 "same" sh -c "
    python3 tools/peers/table.py '$work/out/peers-t-1.json' '$work/anew.md' &&
    cmp '$work/out/peers-t-1.md' '$work/anew.md' && echo same"
echo 2 >"$work/stop"
expect "Ctrl-C in the second round keeps the first" 130 "1 round, in each" measure
expect "the result says so" 0 '"complete": false' cat "$work/out/peers-t-1.json"
expect "the table, too" 0 "Not complete: interrupted." cat "$work/out/peers-t-1.md"
rm "$work/stop"
touch "$work/broken"
expect "a program that fails ends it with its words" 1 "no such model" measure

# Installing, with a python3 whose pip reaches nothing.
mkdir "$work/tools"
for command in dirname mkdir cmp rm; do ln -s "$(command -v $command)" "$work/tools/$command"; done
# shellcheck disable=SC2317 # called by expect
install() {
    PATH=$work/tools /bin/sh tools/peers/install.sh "$work/installed"
}
program tools/python3 <<'END'
mkdir -p "$3/bin" && printf '#!/bin/sh\nexit 1\n' >"$3/bin/pip"
/bin/chmod +x "$3/bin/pip"
END
expect "a missing program is named" 1 "there is no cmake: install it" install
ln -s /bin/true "$work/tools/cmake"
ln -s /bin/true "$work/tools/c++"
expect "without a network it says what it needs" 1 "PIP_FIND_LINKS=FOLDER with these wheels" install
rm -rf "$work"
exit 0
