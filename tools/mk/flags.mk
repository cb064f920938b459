# Compilers, their flags, and the libraries that programs are linked with, for the chosen ISA.

## the compiler, such as clang-19
ifeq ($(origin CC),default)
CC            := cc
endif
## the compiler of the generator and the tools
HOST_CC       ?= $(if $(filter aarch64,$(ISA)),cc,$(CC))
march_native  := $(if $(filter aarch64,$(shell uname -m)),-mcpu=native,-march=native)
march_avx2    := -march=x86-64-v3
march_avx512  := -march=x86-64-v4
march_aarch64 := -march=armv8.2-a
MARCH         := $(march_$(ISA))

comma := ,
space := $() $()
# A path of the user's, which may have any characters, as one word of the shell.
quoted   = '$(subst ','\'',$(subst <start>,,$(subst <start>~/,$(HOME)/,<start>$(1))))'
recorded = $(call quoted,$(filter-out -Werror%,$(1)))
version  = "$$($(1) --version)"

## 1: warnings are errors, as in the tests
WERROR ?=
# pass-failed: a loop that clang does not unroll is slower, not wrong. A function that nobody has
# declared is an operation without its kernel: the compiler shall name it, not the linker.
WARN   := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wno-pass-failed \
          -Werror=implicit-function-declaration $(if $(WERROR),-Werror)
## further options, such as -O3; what the numbers need stands behind them
CFLAGS ?=
# -ffp-contract=off: a fused multiply-add happens where it is written, and nowhere else.
FLAGS  := -std=gnu11 -D_GNU_SOURCE= -O2 -g $(if $(CFLAGS),$(CFLAGS) -std=gnu11 -fno-fast-math) \
          -ffp-contract=off -fno-math-errno -pthread $(WARN) -I. -MMD -MP \
          $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all)

TOOL_LIBS := -linih -ljansson -lxxhash -l:libpcre2-8.a -l:libutf8proc.a -lm
# aarch64 is cross-compiled to be run by qemu-user in the tests. It has no PCRE2 and utf8proc to link
# with, so such a binary does everything but tokenize; build on an aarch64 machine for use.
ifeq ($(ISA),aarch64)
CC            := aarch64-linux-gnu-gcc
cross_include := -idirafter build/cross-include
MARCH         += $(cross_include)
RUNTIME_LIBS  := -static -Wl,--unresolved-symbols=ignore-all -lm
else
RUNTIME_LIBS  := -l:libpcre2-8.a -l:libutf8proc.a -lm
endif
# The headers of these two and of xxHash are the same for every processor.
build/cross-include:
	@mkdir -p $@.new; for h in pcre2.h utf8proc.h xxhash.h; do ln -sf /usr/include/$$h $@.new/; done
	@mv $@.new $@
