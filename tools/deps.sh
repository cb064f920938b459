#!/bin/sh
# Checks that the distribution's packages that a target needs are there, and installs the missing ones.
#
#   tools/deps.sh build [CC]   compiler and libraries of the generator, the pack tool and the binaries
#   tools/deps.sh fetch [CC]   these, and what 'make fetch' needs
#   tools/deps.sh measure [CC] those of build, and what draws pictures of measurements
#   tools/deps.sh test [CC]    all of these, and what 'make test' and 'make test-full' need
#
# Each package is probed by what it provides (a command, a header, a static library), so the check takes
# milliseconds and does not care how a thing was installed. Installing is left to apt-get, as root or
# through sudo without a password; otherwise the command to type is printed and the exit code is 1.
set -u

set=${1:-build} cc=${2:-cc}
need_command() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need_header() { [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ] || missing="$missing $2"; }
need_library() {
    # gcc answers with the bare name when it does not know the file.
    # shellcheck disable=SC2086 # the compiler may be several words
    [ "$($cc -print-file-name="$1" 2>/dev/null)" != "$1" ] || missing="$missing $2"
}

# What of the set is missing, into $missing.
probe() {
    missing=
    case "${cc##* }" in
    cc) need_command cc gcc ;;
    */*) [ -x "${cc##* }" ] || { echo "deps.sh: there is no compiler $cc" >&2 && exit 1; } ;;
    *) need_command "${cc##* }" "${cc##* }" ;; # in the package of that name
    esac
    need_command make make
    [ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
    need_header ini.h libinih-dev
    need_header jansson.h libjansson-dev
    need_header xxhash.h libxxhash-dev
    need_library libpcre2-8.a libpcre2-dev
    need_library libutf8proc.a libutf8proc-dev
    case "$set" in fetch | test)
        # Where libcurl's headers lie depends on the architecture: the compiler knows.
        echo '#include <curl/curl.h>' | $cc -E - >/dev/null 2>&1 || missing="$missing libcurl4-openssl-dev"
        need_header nettle/sha2.h nettle-dev
        ;;
    esac
    case "$set" in measure | test) need_command gnuplot gnuplot-nox ;; esac
    case "$set" in
    build | fetch | measure) ;;
    test)
        need_command xmllint libxml2-utils
        need_header check.h check
        need_command strace strace
        need_command clang clang
        need_command clang-format clang-format
        need_command clang-tidy clang-tidy
        need_command shellcheck shellcheck
        need_command mandoc mandoc
        [ -n "$(find /usr/lib/llvm-*/lib/clang /usr/lib/clang -name 'libclang_rt.fuzzer-*' 2>/dev/null |
            head -n 1)" ] || missing="$missing libclang-rt-14-dev"
        if [ "$(uname -m)" = x86_64 ]; then
            need_command aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
            [ -e /usr/aarch64-linux-gnu/include/stdio.h ] || missing="$missing libc6-dev-arm64-cross"
            need_command qemu-aarch64 qemu-user
        fi
        ;;
    *)
        echo "deps.sh: '$set' is no set of packages; expected build, fetch, measure or test" >&2
        exit 2
        ;;
    esac
}
probe
[ -n "$missing" ] || exit 0

# One apt-get at a time: meanwhile another may have installed it.
exec 9<"$0"
flock 9
probe
[ -n "$missing" ] || exit 0

echo "missing packages:$missing" >&2
if ! command -v apt-get >/dev/null 2>&1; then
    echo "install them (Debian's names) with this distribution's package manager, then run make again" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo=sudo
else
    echo "type:  sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi
echo "+ $sudo apt-get update && $sudo apt-get install -y --no-install-recommends$missing" >&2
# shellcheck disable=SC2086 # the list is words, and sudo may be nothing
$sudo apt-get update -qq >&2 &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -o DPkg::Lock::Timeout=600 -y -qq \
        --no-install-recommends $missing >&2
