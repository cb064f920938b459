#!/bin/sh
# Installs the peers into FOLDER, once: a second call with the same versions does nothing.
#
#   tools/peers/install.sh FOLDER
#
#   FOLDER/venv        torch and transformers, requirements.txt
#   FOLDER/llama.cpp   sources, as the source package of llama-cpp-python has them, with its bindings;
#                      and in FOLDER/llama.cpp/build llama-bench, built for this processor
#
# Packages come from the index that pip is set up for; nothing else is fetched. Needs python3 with
# venv, cmake, a C++ compiler; takes 6 GB and, on 2 cores, 20 minutes.
set -eu

folder=$1
here=$(cd "$(dirname "$0")" && pwd)
package=llama-cpp-python
version=0.3.36

fail() {
    echo "peers: $*" >&2
    exit 1
}

for command in python3 cmake c++; do
    command -v $command >/dev/null 2>&1 || fail "there is no $command: install it, then run 'make peers' again"
done
mkdir -p "$folder"

# The stamp is written last: what an interrupted install has left is made anew.
if ! cmp -s "$here/requirements.txt" "$folder/venv/installed.txt"; then
    echo "  PIP   $folder/venv"
    rm -rf "$folder/venv"
    python3 -m venv "$folder/venv" || fail "python3 cannot make a venv: install python3-venv"
    "$folder/venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt" ||
        fail "pip could not install $here/requirements.txt; without a network it needs" \
            "PIP_FIND_LINKS=FOLDER with these wheels"
    cp "$here/requirements.txt" "$folder/venv/installed.txt"
fi

[ "$(cat "$folder/llama.cpp/installed.txt" 2>/dev/null)" != "$version" ] || exit 0
echo "  PIP   $folder/llama.cpp"
rm -rf "$folder/llama.cpp" "$folder/download"
"$folder/venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary $package \
    -d "$folder/download" $package==$version ||
    fail "pip could not get the source package of $package $version; without a network it needs" \
        "PIP_FIND_LINKS=FOLDER with llama_cpp_python-$version.tar.gz"
mkdir "$folder/llama.cpp"
tar -xzf "$folder/download/"*.tar.gz -C "$folder/llama.cpp" --strip-components=1
rm -r "$folder/download"
# The package does not know its commit, but its list of changes does.
commit=$(sed -n 's/.*llama\.cpp@\([0-9a-f]*\).*/\1/p' "$folder/llama.cpp/CHANGELOG.md" | head -n 1)
echo "  CMAKE $folder/llama.cpp: 140 files"
(
    cd "$folder/llama.cpp"
    cmake -S vendor/llama.cpp -B build -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_BUILD_TESTS=OFF \
        -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_OPENSSL=OFF \
        -DLLAMA_BUILD_NUMBER=0 -DLLAMA_BUILD_COMMIT="${commit:-unknown}"
    cmake --build build --target llama-bench -j "$(nproc)"
) >"$folder/llama.cpp/build.log" 2>&1 || fail "llama.cpp does not build: see $folder/llama.cpp/build.log"
echo "$version" >"$folder/llama.cpp/installed.txt"
