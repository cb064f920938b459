# ingot: one language model in, one binary out.
#
#   make run                               build the default model, print a story
#   make test                              all tests, about 20 minutes; SAN=1 under ASan and UBSan
#   make test-full                         test, sanitizers, random shapes, fuzzing
#   make sweep SEED=1 CASES=100            random shapes of all families against a float64 reference
#   make fetch MODEL=x [DIR=DIR]           the checkpoint of config/x.ini from the hub
#   make MODEL=x CHECKPOINT=DIR            build/cpu/x and build/cpu/x.weights from a checkpoint
#   make MODEL=x RANDOM_WEIGHTS=SEED       the same with random weights of the real shapes
#   make list | table | models | lint | tidy | bench | clean
#
# CC=clang-19, CFLAGS=-O3: another compiler, further options. WERROR=1: warnings are errors, as in tests.
# What has changed is found by time stamps and by records (tools/mk/record.sh) of what has none.

MODEL          ?= fable-mamba
CONFIG         ?= config/$(MODEL).ini
SOURCES        ?= models/$(MODEL)
CHECKPOINT     ?=
BACKEND        ?= cpu
ISA            ?= native
SAN            ?=
RANDOM_WEIGHTS ?=
PROMPT         ?= Once upon a time there was a fox named Mia.

ifneq ($(words $(MODEL)) $(notdir $(MODEL)),1 $(MODEL))
$(error MODEL=$(MODEL): expected one name without blanks or '/', as in 'make list'; CONFIG=FILE names a config elsewhere)
endif
ifeq ($(filter $(BACKEND),cpu cuda simt),)
$(error BACKEND=$(BACKEND) is not known; expected cpu, cuda or simt)
endif
ifeq ($(filter $(ISA),native avx2 avx512 aarch64),)
$(error ISA=$(ISA) is not known; expected native, avx2, avx512 or aarch64)
endif

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:

# ---- what is built where ------------------------------------------------------------------------
san   := $(if $(SAN),-san)
OUT   := build/$(BACKEND)$(addprefix -,$(filter-out native,$(ISA)))$(san)
TOOLS := build/tools$(san)
TESTS := build/tests$(addprefix -,$(filter-out native,$(ISA)))$(san)

ifeq ($(origin CC),default)
CC            := cc
endif
HOST_CC       ?= $(if $(filter aarch64,$(ISA)),cc,$(CC))
march_native  := $(if $(filter aarch64,$(shell uname -m)),-mcpu=native,-march=native)
march_avx2    := -march=x86-64-v3
march_avx512  := -march=x86-64-v4
march_aarch64 := -march=armv8.2-a

comma  := ,
WERROR ?=
# pass-failed: a loop that clang does not unroll is slower, not wrong.
WARN   := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wno-pass-failed $(if $(WERROR),-Werror)
# CFLAGS are the user's, and what correctness needs stands behind them. -ffp-contract=off: a fused
# multiply-add happens where it is written, and nowhere else.
FLAGS  := -std=gnu11 -D_GNU_SOURCE= -O2 -g $(if $(CFLAGS),$(CFLAGS) -std=gnu11 -fno-fast-math) -ffp-contract=off \
          -fno-math-errno -pthread $(WARN) -I. -MMD -MP \
          $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all)
MARCH  := $(march_$(ISA))
# A path of the user's, which may have any characters, as one word of the shell.
quoted = '$(subst ','\'',$(subst <start>,,$(subst <start>~/,$(HOME)/,<start>$(1))))'
recorded = $(call quoted,$(filter-out -Werror%,$(1)))
version  = "$$($(1) --version)"
# aarch64 is cross-compiled to be run by qemu-user in the tests. It has no PCRE2 and utf8proc to link
# with, so such a binary does everything but tokenize; build on an aarch64 machine for use.
ifeq ($(ISA),aarch64)
CC           := aarch64-linux-gnu-gcc
cross_include := -idirafter build/cross-include
MARCH        += $(cross_include)
RUNTIME_LIBS := -static -Wl,--unresolved-symbols=ignore-all -lm
else
RUNTIME_LIBS := -l:libpcre2-8.a -l:libutf8proc.a -lm
endif
TOOL_LIBS    := -linih -ljansson -lxxhash -l:libpcre2-8.a -l:libutf8proc.a -lm

.DEFAULT_GOAL := all
# The tiny models of the tests: a checkpoint of tests/data/checkpoints and a weight type.
types       := f32 bf16 f16
tiny_models := $(foreach m,mamba-a mamba-b mamba-c mamba2-a mamba2-b,$(addprefix $(m)-,$(types))) \
               mamba-c-stored-bf16-f32 mamba-c-stored-f16-f32 mamba-a-original-f32 mamba-a-sharded-f32
tiny_families := $(addprefix llama-a-,$(types)) llama-b-bf16 llama-c-f16 phi-a-bf16 phi-b-f16 mixtral-a-bf16 mixtral-a-f32 \
                     deepseek-a-bf16 deepseek-b-f16 jamba-a-bf16 jamba-b-f16 mixtral-w-f32 llama-d-f32 \
                     llama-e-bf16 phi-c-f16 mixtral-b-bf16 deepseek-c-f32 jamba-c-f16 mamba2-c-bf16
tiny_type    = $(lastword $(subst -, ,$(1)))
tiny_source  = tests/data/checkpoints/$(patsubst %-$(call tiny_type,$(1)),%,$(1))
include tools/mk/cuda.mk
objects = $(patsubst %.c,$(1)/%.o,$(patsubst %.cu,$(1)/%.cu.o,$(2)))
tool_mains   := tools/pack/pack.c tools/fable/fables.c tools/fetch/fetch.c
gen_lib      := $(filter-out gen/main.c,$(wildcard gen/*.c gen/*/*.c))
fetch_lib    := $(filter-out tools/fetch/fetch.c,$(wildcard tools/fetch/*.c))
tool_lib     := $(filter-out tools/pack/pack.c,$(wildcard tools/pack/*.c))
shared_lib   := $(wildcard runtime/tokenizer/tokenizer*.c)
# What the generator has in common with the binaries.
gen_shared   := $(addprefix runtime/base/,interrupt.c partial.c stack.c streams.c utf8.c visible.c budget.c number_text.c)
runtime_lib  := $(filter-out runtime/cli/main.c,$(wildcard $(addsuffix *.c,runtime/base/ runtime/engine/ runtime/tokenizer/ runtime/cli/))) $(backend_lib)
MODEL_OBJECTS := $(call objects,$(OUT)/obj/models/$(MODEL),$(model_files))

.PHONY: all run test test-full bench bench-ops list table models lint tidy clean deps deps-test deps-fetch binary weights fetch
all: binary weights

binary: $(OUT)/$(MODEL)
deps deps-test deps-fetch:
	@tools/deps.sh $(or $(patsubst deps-%,%,$(filter deps-%,$@)),build) $(call quoted,$(HOST_CC))

run: deps
	@$(MAKE) -s all
	@$(OUT)/$(MODEL) run -p "$(PROMPT)" -n 420

# ---- objects ------------------------------------------------------------------------------------
$(TOOLS)/obj/%.o: %.c $(TOOLS)/flags.record | deps
	@mkdir -p $(@D); echo "  CC    $<"
	@$(HOST_CC) $(FLAGS) -c $< -o $@
$(OUT)/obj/%.o: %.c $(OUT)/flags.record | deps $(if $(filter aarch64,$(ISA)),build/cross-include)
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(FLAGS) $(backend_cflags) $(MARCH) -c $< -o $@

# What checks the processor, and says that it is another, must run on any: no -march.
$(addprefix $(OUT)/obj/runtime/,cli/main.o engine/processor.o base/die.o base/visible.o base/utf8.o): MARCH := $(cross_include)

# The headers of these two and of xxHash are the same for every processor.
build/cross-include:
	@mkdir -p $@.new; for h in pcre2.h utf8proc.h xxhash.h; do ln -sf /usr/include/$$h $@.new/; done
	@mv $@.new $@

# ---- the generator and the tools ----------------------------------------------------------------
$(TOOLS)/libgen.a: $(call objects,$(TOOLS)/obj,$(gen_lib) $(gen_shared))
$(TOOLS)/libtools.a: $(call objects,$(TOOLS)/obj,$(tool_lib) $(shared_lib))
$(OUT)/libruntime.a: $(call objects,$(OUT)/obj,$(runtime_lib))
%.a: build/sources.record
	@rm -f $@; ar rcs $@ $(filter %.o,$^)

$(TOOLS)/gen: $(TOOLS)/obj/gen/main.o $(TOOLS)/libgen.a
	@echo "  LINK  $@"; $(HOST_CC) $(FLAGS) $^ -o $@ $(TOOL_LIBS)
$(TOOLS)/pack: $(TOOLS)/obj/tools/pack/pack.o $(TOOLS)/libtools.a $(TOOLS)/libgen.a
	@echo "  LINK  $@"; $(HOST_CC) $(FLAGS) $^ -o $@ $(TOOL_LIBS)
# The only program that talks to a network, and the only one that needs these libraries.
$(call objects,$(TOOLS)/obj,tools/fetch/fetch.c $(fetch_lib)): | deps-fetch
$(TOOLS)/fetch: $(call objects,$(TOOLS)/obj,tools/fetch/fetch.c $(fetch_lib) runtime/base/die.c) $(TOOLS)/libtools.a $(TOOLS)/libgen.a
	@echo "  LINK  $@"; $(HOST_CC) $(FLAGS) $^ -o $@ $(TOOL_LIBS) -lcurl -lnettle
$(TOOLS)/fables: $(TOOLS)/obj/tools/fable/fables.o
	@echo "  LINK  $@"; $(HOST_CC) $(FLAGS) $^ -o $@

# ---- one model ----------------------------------------------------------------------------------
config/%.ini:
	@echo "there is no $@: 'make list' shows the models, and 'build/tools/gen import DIR >$@' makes the" \
	      "config of a checkpoint" >&2; exit 1
# Every time gen looks whether the sources are what it makes of the config: they may be changed or gone.
config  := $(call quoted,$(CONFIG))
sources := $(call quoted,$(SOURCES))
config_file := $(filter config/%.ini,$(CONFIG))
build/made/$(MODEL).stamp: $(TOOLS)/gen $(config_file) FORCE
	@[ "$$(cat $@ 2>/dev/null)" = $(config)' -> '$(sources) ] && $< $(config) --check $(sources) 2>/dev/null || { \
	  echo "  GEN   "$(config)' -> '$(sources) && mkdir -p $(@D) $(sources) && $< $(config) -o $(sources) && \
	  echo $(config)' -> '$(sources) >$@; }
empty :=
$(subst $(empty) $(empty),\ ,$(SOURCES))/%: build/made/$(MODEL).stamp ;
$(filter-out %.cu.o,$(MODEL_OBJECTS)): $(OUT)/obj/models/$(MODEL)/%.o: build/made/$(MODEL).stamp $(OUT)/flags.record
	@mkdir -p $(@D); echo "  CC    "$(sources)/$*.c
	@$(CC) $(FLAGS) $(MARCH) -I$(sources) -c $(sources)/$*.c -o $@
$(OUT)/$(MODEL): $(OUT)/obj/runtime/cli/main.o $(MODEL_OBJECTS) $(OUT)/libruntime.a $(backend_objects)
	@echo "  LINK  $@"; $(CC) $(FLAGS) $^ -o $@ $(RUNTIME_LIBS) $(backend_link)

# Weight files do not depend on the ISA: every variant of a model shares one, and has a link to it.
# Without CHECKPOINT and RANDOM_WEIGHTS they come from where they came the last time, or from
# models/MODEL/checkpoint.
weights_file := build/$(weights_backend)/$(MODEL).weights
weights: $(weights_file) $(OUT)/$(MODEL).weights
$(weights_file).inputs: $(config_file) FORCE
	@tools/mk/weights.sh record $@ $(config) $(call quoted,$(RANDOM_WEIGHTS)) $(call quoted,$(CHECKPOINT)) \
	  models/$(MODEL)/checkpoint
$(weights_file): %: %.inputs $(TOOLS)/pack
	@echo "  PACK  $@"; tools/mk/weights.sh pack $< $(TOOLS)/pack $(weights_backend) $(config) $@
ifneq ($(weights_file),$(OUT)/$(MODEL).weights)
$(OUT)/$(MODEL).weights: $(weights_file)
	@mkdir -p $(@D); ln -sfn ../$(weights_backend)/$(@F) $@
endif

# The checkpoint of a config that says where it is published; then the command that packs it.
DIR ?= checkpoints/$(MODEL)
fetch: $(TOOLS)/fetch $(config_file)
	@$(TOOLS)/fetch $(config) -o $(call quoted,$(DIR))

list:
	@for c in config/*.ini; do n=$$(basename $$c .ini); \
	  printf '%-16s %s\n' "$$n" "$$(sed -n '1s/^# *//p' $$c)"; done

# What every reference model needs, as the README shows it.
table: $(TOOLS)/gen
	@$(TOOLS)/gen table $(sort $(wildcard config/*.ini))

# Regenerates the committed sources of every reference config.
models: $(TOOLS)/gen
	@for c in config/*.ini; do $(TOOLS)/gen $$c -o models/$$(basename $$c .ini) || exit 1; done

include tools/mk/trace.mk

# ---- what has no time stamp ---------------------------------------------------------------------
# Compilers with their versions, flags, and which files there are: a record changes when they do, and
# what depends on it is made anew. What -march=native means depends on the processor.
$(TOOLS)/flags.record: used := $(call recorded,$(FLAGS)) $(call version,$(HOST_CC))
$(OUT)/flags.record:   used := $(call recorded,$(FLAGS) $(backend_cflags) $(nvtx_flags) $(MARCH)) $(call version,$(CC)) \
                               "$$(grep -m 1 -E '^(flags|Features)' /proc/cpuinfo)"
$(TESTS)/flags.record: used := $(call recorded,$(FLAGS) $(nvtx_flags) $(MARCH)) $(call version,$(CC))
build/sources.record:  used := $(sort $(wildcard $(addsuffix *.c*,gen/ gen/*/ tools/*/ runtime/*/ runtime/*/*/ kernels/*/ tests/ \
                                                                  tests/*/)))
%.record: FORCE
	@printf '%s\n' $(used) | tools/mk/record.sh $@
.PHONY: FORCE

# ---- tests --------------------------------------------------------------------------------------
# Programs: tests/ROOM/NAME_test.c, each linked with whatever it uses of the rooms in test_lib.
# Scripts: tests/ROOM/NAME.sh, on the binaries of OUT. Models: the tiny checkpoints, imported and
# built at every weight type.
test_mains  := $(wildcard $(addsuffix /*_test.c,$(addprefix tests/,unit kernels/cpu models golden)))
programs    := $(patsubst %.c,$(TESTS)/%,$(notdir $(test_mains))) $(TESTS)/poison_hybrid_test $(TESTS)/trace_hybrid_test
scripts     := $(wildcard $(addsuffix /*.sh,$(addprefix tests/,unit models gpu sweep)))
test_lib    := $(filter-out $(test_mains) %/kernel_digest.c,$(wildcard \
                 $(addsuffix /*.c,$(addprefix tests/,fixtures unit kernels/cpu golden reference64))))
TEST_LIBS   := $(TESTS)/libtests.a $(TOOLS)/libtools.a $(TOOLS)/libgen.a $(OUT)/libruntime.a
TEST_DEFINES := -DTEST_OUT='"$(OUT)"' -DTEST_TOOLS='"$(TOOLS)"' -DTEST_DIR='"$(TESTS)"' \
                -DTEST_SIMT='"$(subst build/cpu,build/simt,$(OUT))"'
include tools/mk/simt.mk
include tools/mk/gpu.mk

# The default model itself, for tests that look at its operations.
$(TESTS)/poison_test $(TESTS)/trace_test: $(TESTS)/%: $(TESTS)/obj/models/%.o $(MODEL_OBJECTS) $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(FLAGS) $^ -o $@ -lcheck -lsubunit -lrt $(RUNTIME_LIBS)

# The same with layers of several kinds.
hybrid := jamba-a-bf16
$(TESTS)/poison_hybrid_test $(TESTS)/trace_hybrid_test: $(TESTS)/%_hybrid_test: $(TESTS)/obj/models/%_test.o \
                                                        tiny-model-$(hybrid) $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(FLAGS) $< $(call objects,$(OUT)/obj/models/$(hybrid),$(model_files)) \
	  $(OUT)/libruntime.a -o $@ -lcheck -lsubunit -lrt $(RUNTIME_LIBS)

$(TESTS)/obj/%.o: tests/%.c $(TESTS)/flags.record | deps-test
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(FLAGS) $(MARCH) $(TEST_DEFINES) -c $< -o $@
$(TESTS)/libtests.a: $(test_lib:tests/%.c=$(TESTS)/obj/%.o)
# The runtime names a model; where a test brings none, it is the fake one of libtests.a.
test_programs := $(filter-out %/poison_test %/trace_test %_hybrid_test,$(programs))
$(foreach t,$(test_mains:%.c=%),$(eval $(filter $(TESTS)/$(notdir $(t)),$(test_programs)): $(t:tests/%=$(TESTS)/obj/%.o)))
$(test_programs): $(TEST_LIBS)
	@echo "  LINK  $@"; $(CC) $(FLAGS) -Wl,--start-group $^ -Wl,--end-group -o $@ -lcheck -lsubunit -lrt $(TOOL_LIBS)

# Every reference model without its kernels, for 'info': the descriptor over steps that do nothing.
described := $(patsubst config/%.ini,$(TESTS)/info/%,$(wildcard config/*.ini))
$(TESTS)/info/%.o: models/%/ops.c $(TESTS)/flags.record | deps-test
	@mkdir -p $(@D); $(CC) $(FLAGS) -Imodels/$* -c $< -o $@
$(described): %: %.o $(TESTS)/obj/models/no_steps.o $(OUT)/obj/runtime/cli/main.o $(OUT)/libruntime.a
	@$(CC) $(FLAGS) $^ -o $@ $(RUNTIME_LIBS)
$(TESTS)/budget_test: | $(described)
$(TESTS)/fetch_test $(TESTS)/fetch_files_test: | $(TOOLS)/fetch
$(TESTS)/fetch_settings_test: $(TOOLS)/obj/tools/fetch/fetch_settings.o

# Digests of every kernel over fixed data: what the builds for other ISAs must print too.
$(TESTS)/kernel_digest: $(addprefix $(TESTS)/obj/,$(addprefix kernels/cpu/kernel_,digest.o fixture.o instances.o) fixtures/fake_model.o) \
                        $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(FLAGS) $^ -o $@ $(RUNTIME_LIBS)

# Makes and judges the random models of tests/sweep/sweep.sh.
$(TESTS)/sweep: $(patsubst tests/%.c,$(TESTS)/obj/%.o,$(wildcard tests/sweep/*.c tests/reference64/*.c)) \
                $(TOOLS)/libtools.a $(TOOLS)/libgen.a
	@echo "  LINK  $@"; $(CC) $(FLAGS) $^ -o $@ $(TOOL_LIBS)
# Cases FIRST, FIRST + 1, ..; BACKEND=simt for CUDA.
SEED  ?= 1
FIRST ?= 0
CASES ?= 100
.PHONY: sweep
sweep: deps-test
	@$(MAKE) -s $(TESTS)/sweep $(TOOLS)/gen $(TOOLS)/pack $(OUT)/libruntime.a $(OUT)/obj/runtime/cli/main.o \
	  $(backend_objects)
	@tests/sweep/sweep.sh $(OUT) $(TOOLS) $(SEED) $(FIRST) $$(($(FIRST) + $(CASES) - 1))

# A binary over tests/fixtures/fake_model.c, for the command line's tests; guarded, except under a sanitizer.
guard := $(if $(SAN),,$(TESTS)/obj/models/alloc_guard.o)
$(TESTS)/fake: $(OUT)/obj/runtime/cli/main.o $(TESTS)/obj/fixtures/fake_model.o $(guard) $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(FLAGS) $(if $(guard),-Wl$(comma)--wrap=arena_seal) $^ -o $@ $(RUNTIME_LIBS)

# tiny-model-mamba-a-bf16: the binary and weights of tests/data/checkpoints/mamba-a in bf16.
build/tests/config/%.ini: $(TOOLS)/gen
	@mkdir -p $(@D); $(TOOLS)/gen import $(call tiny_source,$*) --linear-type $(call tiny_type,$*) \
	  --embedding-type $(call tiny_type,$*) --prefill-chunk 32 --logit-rows 8 \
	  $(if $(filter mamba%,$*),,--kv-type f32 --context 400) >$@
tiny-model-%: build/tests/config/%.ini $(OUT)/libruntime.a $(TOOLS)/pack
	@$(MAKE) -s MODEL=$* CONFIG=$< SOURCES=build/tests/models/$* CHECKPOINT=$(call tiny_source,$*) all

# saved-model-phi: a folder of tests/data/saved as README.md says, with nothing that it does not say.
saved_models := $(patsubst tests/data/saved/%/,saved-model-%,$(wildcard tests/data/saved/*/))
build/tests/config/saved-%.ini: tests/data/saved/%/config.json $(TOOLS)/gen
	@mkdir -p $(@D); $(TOOLS)/gen import tests/data/saved/$* >$@
saved-model-%: build/tests/config/saved-%.ini $(OUT)/libruntime.a $(TOOLS)/pack
	@$(MAKE) -s MODEL=saved-$* CONFIG=$< SOURCES=build/tests/models/saved-$* \
	  CHECKPOINT=tests/data/saved/$* all

# Made on the way, and kept.
.SECONDARY: $(patsubst %,build/tests/config/%.ini,$(tiny_models) $(tiny_families) $(simt_models) $(kit_tiny) \
              $(saved_models:saved-model-%=saved-%))

# The default model and tiny ones for the other instruction sets that this machine can execute or emulate.
other_isas := $(if $(filter x86_64,$(shell uname -m)),avx2 avx512 aarch64)
bits_models := llama-a-f16 llama-e-bf16 phi-a-bf16 mixtral-a-bf16 deepseek-a-bf16 jamba-a-bf16 mamba2-a-f16 mamba2-b-bf16
other_isa = ISA=$* SAN= $(if $(filter aarch64,$*),HOST_CC=$(call quoted,$(HOST_CC)) CC=aarch64-linux-gnu-gcc)
other-isa-%: build/made/$(MODEL).stamp $(addprefix tiny-model-,$(bits_models))
	@$(MAKE) -s $(other_isa) binary build/tests-$*/kernel_digest
	@for m in $(bits_models); do $(MAKE) -s $(other_isa) MODEL=$$m CONFIG=build/tests/config/$$m.ini \
	  SOURCES=build/tests/models/$$m binary || exit 1; done

# The default model with the guard against allocation after sealing; not under a sanitizer.
$(OUT)/$(MODEL)-guarded: $(TESTS)/obj/models/alloc_guard.o $(OUT)/obj/runtime/cli/main.o $(MODEL_OBJECTS) \
                         $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(FLAGS) -Wl,--wrap=arena_seal $^ -o $@ $(RUNTIME_LIBS)

test: deps-test
	@$(MAKE) -s WERROR=1 test-parts
.PHONY: test-parts
test-parts: all $(TOOLS)/fables $(if $(SAN),,$(OUT)/$(MODEL)-guarded) $(TESTS)/fake $(TESTS)/kernel_digest $(TESTS)/sweep $(programs) $(simt_programs) $(addprefix other-isa-,$(other_isas)) $(addprefix tiny-model-,$(tiny_models) $(tiny_families)) $(saved_models)
	@tests/all.sh $(TESTS)/logs $(OUT) $(TOOLS) $(programs) $(simt_programs) -- $(scripts)

# Speed, beside the bandwidth and the fused multiply-adds that this machine gives in the same run.
# BENCH=mamba-130m has random weights of the real shape: their values do not change the speed.
# BENCH_LAYERS=2: only so many of its layers, for a model that is too large for this machine.
BENCH        ?= mamba-130m
BENCH_LAYERS ?=
bench_model  := $(BENCH)$(if $(BENCH_LAYERS),-$(BENCH_LAYERS)-layers)
bench_config := $(if $(BENCH_LAYERS),build/bench/$(bench_model).ini,config/$(BENCH).ini)
bench: deps $(bench_config)
	@$(MAKE) -s MODEL=$(bench_model) CONFIG=$(bench_config) CHECKPOINT= RANDOM_WEIGHTS=1 \
	  $(if $(BENCH_LAYERS),SOURCES=build/bench/$(bench_model)) all
	@$(OUT)/$(bench_model) bench -r 15
build/bench/$(BENCH)-$(BENCH_LAYERS)-layers.ini: config/$(BENCH).ini
	@mkdir -p $(@D); sed 's/^\(num_hidden_layers *= *\).*/\1$(BENCH_LAYERS)/' $< >$@
bench-ops: deps
	@$(MAKE) -s MODEL=$(BENCH) $(OUT)/$(BENCH)-ops
	@$(OUT)/$(BENCH)-ops
$(OUT)/$(MODEL)-ops: $(TESTS)/obj/models/bench_kernels.o $(MODEL_OBJECTS) $(OUT)/libruntime.a
	@$(CC) $(FLAGS) $^ -o $@ $(RUNTIME_LIBS)

# Everything: the tests again under ASan and UBSan, random shapes, the kit's tests by nvcc, clang-tidy,
# a minute of every fuzz target, and both of the README's commands by every compiler, on one processor and in little memory.
test-full: test
	@$(MAKE) -s test SAN=1
	@$(MAKE) -s sweep
	@$(if $(cuda_headers),$(MAKE) -s sweep BACKEND=simt CASES=7)
	@$(MAKE) -s nvcc-kit
	@$(MAKE) -s tidy
	@$(MAKE) -s fuzz
	@tests/full/builds.sh

FUZZ_SECONDS ?= 60
FUZZ_FLAGS   := -std=gnu11 -D_GNU_SOURCE= -g -O1 -march=native -ffp-contract=off -pthread -I. -w \
                -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz_targets := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
fuzz_lib     := $(gen_lib) $(tool_lib) $(sort $(shared_lib) $(runtime_lib)) tests/fixtures/fake_model.c \
                tests/fixtures/fake_weights.c
.PHONY: fuzz $(addprefix fuzz-,$(fuzz_targets))
fuzz: $(addprefix fuzz-,$(fuzz_targets))
	@echo "fuzz: $(fuzz_targets): $(FUZZ_SECONDS) s each, no finding"
$(addprefix fuzz-,$(fuzz_targets)): fuzz-%: build/fuzz/%
	@mkdir -p build/fuzz/corpus-$*; echo "  FUZZ  $*"
	@$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
	  -artifact_prefix=build/fuzz/$*- build/fuzz/corpus-$* >build/fuzz/$*.log 2>&1 || \
	  { tail -n 40 build/fuzz/$*.log; exit 1; }
	@sed -n 's/^stat::number_of_executed_units: */  FUZZ  $*: runs without a finding: /p' build/fuzz/$*.log
$(fuzz_targets:%=build/fuzz/%): build/fuzz/%: build/fuzz/obj/tests/fuzz/%_fuzz.o build/fuzz/libfuzz.a
	@echo "  LINK  $@"; clang $(FUZZ_FLAGS) -fsanitize=fuzzer $^ -o $@ $(TOOL_LIBS)
build/fuzz/libfuzz.a: $(call objects,build/fuzz/obj,$(fuzz_lib))
build/fuzz/flags.record: used := $(call recorded,$(FUZZ_FLAGS)) $(call version,clang)
build/fuzz/obj/%.o: %.c build/fuzz/flags.record | deps-test
	@mkdir -p $(@D); clang $(FUZZ_FLAGS) -MMD -MP -c $< -o $@

# One stamp a file, so that only what changed is looked at again.
tidied := $(patsubst %.c,build/tidy/%.ok,$(gen_lib) $(tool_lib) $(fetch_lib) $(runtime_lib) gen/main.c \
            runtime/cli/main.c $(tool_mains) $(wildcard $(addsuffix /*.c,$(addprefix tests/,fixtures unit kernels/cpu models golden fuzz reference64 sweep))) \
            $(if $(cuda_headers),$(wildcard runtime/engine/cuda/*.c tests/kernels/cuda/*.c tests/simt/*.c tests/gpu/*.c)))
tidy: $(tidied)
	@echo "tidy: $(words $(tidied)) files, no finding"
build/tidy/%.ok: %.c .clang-tidy | deps-test
	@mkdir -p $(@D); echo "  TIDY  $<"
	@clang-tidy --quiet $< -- -std=gnu11 -D_GNU_SOURCE= -I. -march=native $(TEST_DEFINES) \
	  $(if $(cuda_headers),-isystem $(CUDA_HOME)/include -DCUDA_TARGETS='"sm_90a"') \
	  >$@.log 2>/dev/null || { cat $@.log; exit 1; }
	@touch $@

lint:
	@tools/lint.sh

clean:
	@rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
