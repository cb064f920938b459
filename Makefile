# ingot: one language model in, one binary out.
#
#   make run                               build the default model, print a story
#   make test                              everything that takes minutes; SAN=1 under ASan and UBSan
#   make test-full                         test, sanitizers, fuzzing
#   make fetch MODEL=x [DIR=DIR]           the checkpoint of config/x.ini from the hub
#   make MODEL=x CHECKPOINT=DIR            build/cpu/x and build/cpu/x.weights from a checkpoint
#   make MODEL=x RANDOM_WEIGHTS=SEED       the same with random weights of the real shapes
#   make list | table | models | lint | tidy | bench | clean

MODEL          ?= fable-mamba
CONFIG         ?= config/$(MODEL).ini
SOURCES        ?= models/$(MODEL)
CHECKPOINT     ?= models/$(MODEL)/checkpoint
BACKEND        ?= cpu
ISA            ?= native
SAN            ?=
RANDOM_WEIGHTS ?=
PROMPT         ?= Once upon a time there was a fox named Mia.

ifeq ($(filter $(BACKEND),cpu cuda simt),)
$(error BACKEND=$(BACKEND) is not known; expected cpu, cuda or simt)
endif
ifeq ($(filter $(ISA),native avx2 avx512 aarch64),)
$(error ISA=$(ISA) is not known; expected native, avx2, avx512 or aarch64)
endif

MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
.DELETE_ON_ERROR:
.SECONDARY:

# ---- what is built where ------------------------------------------------------------------------
san   := $(if $(SAN),-san)
OUT   := build/$(BACKEND)$(addprefix -,$(filter-out native,$(ISA)))$(san)
TOOLS := build/tools$(san)
TESTS := build/tests$(addprefix -,$(filter-out native,$(ISA)))$(san)

HOST_CC       := cc
CC            := $(HOST_CC)
march_native  := $(if $(filter aarch64,$(shell uname -m)),-mcpu=native,-march=native)
march_avx2    := -march=x86-64-v3
march_avx512  := -march=x86-64-v4
march_aarch64 := -march=armv8.2-a

comma  := ,
WARN   := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Werror
# -ffp-contract=off: a fused multiply-add happens where it is written, and nowhere else.
CFLAGS := -std=gnu11 -D_GNU_SOURCE= -O2 -g -ffp-contract=off -fno-math-errno -pthread $(WARN) -I. -MMD -MP \
          $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all)
MARCH  := $(march_$(ISA))
# aarch64 is cross-compiled to be run by qemu-user in the tests. It has no PCRE2 and utf8proc to link
# with, so such a binary does everything but tokenize; build on an aarch64 machine for use.
ifeq ($(ISA),aarch64)
CC           := aarch64-linux-gnu-gcc
MARCH        += -idirafter build/cross-include
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
                     deepseek-a-bf16 deepseek-b-f16 jamba-a-bf16 jamba-b-f16 mixtral-w-f32
tiny_type    = $(lastword $(subst -, ,$(1)))
tiny_source  = tests/data/checkpoints/$(patsubst %-$(call tiny_type,$(1)),%,$(1))
include cuda.mk
objects = $(patsubst %.c,$(1)/%.o,$(patsubst %.cu,$(1)/%.cu.o,$(2)))
tool_mains   := tools/pack.c tools/fables.c tools/fetch.c
gen_lib      := $(filter-out gen/main.c,$(wildcard gen/*.c))
fetch_lib    := $(filter-out tools/fetch.c,$(wildcard tools/fetch*.c))
tool_lib     := $(filter-out $(tool_mains) $(fetch_lib) tools/train_scan.c tools/trace_injection.c \
                  tools/driver_watch.c,$(wildcard tools/*.c))
shared_lib   := $(wildcard runtime/tokenizer*.c)
# What the generator has in common with the binaries.
gen_shared   := $(addprefix runtime/,budget.c interrupt.c partial.c streams.c utf8.c visible.c)
runtime_lib  := $(filter-out runtime/main.c,$(wildcard runtime/*.c)) $(backend_lib)
MODEL_OBJECTS := $(call objects,$(OUT)/obj/models/$(MODEL),$(model_files))

.PHONY: all run test test-full bench bench-ops list table models lint tidy clean deps deps-test deps-fetch binary weights fetch
all: binary weights

binary: $(OUT)/$(MODEL)
deps deps-test deps-fetch:
	@tools/deps.sh $(or $(patsubst deps-%,%,$(filter deps-%,$@)),build)

run: deps
	@$(MAKE) -s all
	@$(OUT)/$(MODEL) run -p "$(PROMPT)" -n 420

# ---- objects ------------------------------------------------------------------------------------
$(TOOLS)/obj/%.o: %.c | deps
	@mkdir -p $(@D); echo "  CC    $<"
	@$(HOST_CC) $(CFLAGS) -c $< -o $@
$(OUT)/obj/%.o: %.c | deps $(if $(filter aarch64,$(ISA)),build/cross-include)
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(CFLAGS) $(backend_cflags) $(MARCH) -c $< -o $@

# The check of the processor must run on any: no -march. What it checks for comes from the next file.
$(OUT)/obj/runtime/processor.o: MARCH :=

# The headers of these two and of xxHash are the same for every processor.
build/cross-include:
	@mkdir -p $@.new; for h in pcre2.h utf8proc.h xxhash.h; do ln -sf /usr/include/$$h $@.new/; done
	@mv $@.new $@

# ---- the generator and the tools ----------------------------------------------------------------
$(TOOLS)/libgen.a: $(call objects,$(TOOLS)/obj,$(gen_lib) $(gen_shared))
$(TOOLS)/libtools.a: $(call objects,$(TOOLS)/obj,$(tool_lib) $(shared_lib))
$(OUT)/libruntime.a: $(call objects,$(OUT)/obj,$(runtime_lib))
%.a:
	@rm -f $@; ar rcs $@ $^

$(TOOLS)/gen: $(TOOLS)/obj/gen/main.o $(TOOLS)/libgen.a
	@echo "  LINK  $@"; $(HOST_CC) $(CFLAGS) $^ -o $@ $(TOOL_LIBS)
$(TOOLS)/pack: $(TOOLS)/obj/tools/pack.o $(TOOLS)/libtools.a $(TOOLS)/libgen.a
	@echo "  LINK  $@"; $(HOST_CC) $(CFLAGS) $^ -o $@ $(TOOL_LIBS)
# The only program that talks to a network, and the only one that needs these libraries.
$(call objects,$(TOOLS)/obj,tools/fetch.c $(fetch_lib)): | deps-fetch
$(TOOLS)/fetch: $(call objects,$(TOOLS)/obj,tools/fetch.c $(fetch_lib) runtime/die.c) $(TOOLS)/libtools.a $(TOOLS)/libgen.a
	@echo "  LINK  $@"; $(HOST_CC) $(CFLAGS) $^ -o $@ $(TOOL_LIBS) -lcurl -lnettle
$(TOOLS)/fables: $(TOOLS)/obj/tools/fables.o
	@echo "  LINK  $@"; $(HOST_CC) $(CFLAGS) $^ -o $@

# ---- one model ----------------------------------------------------------------------------------
config/%.ini:
	@echo "there is no $@: 'make list' shows the models, and 'build/tools/gen import DIR >$@' makes the" \
	      "config of a checkpoint" >&2; exit 1
# gen writes only files whose text changes, so running it again touches nothing.
build/made/$(MODEL).stamp: $(CONFIG) $(TOOLS)/gen
	@echo "  GEN   $(CONFIG) -> $(SOURCES)"; mkdir -p $(@D) $(SOURCES)
	@$(TOOLS)/gen $(CONFIG) -o $(SOURCES) && touch $@
$(filter-out %.cu.o,$(MODEL_OBJECTS)): $(OUT)/obj/models/$(MODEL)/%.o: build/made/$(MODEL).stamp
	@mkdir -p $(@D); echo "  CC    $(SOURCES)/$*.c"
	@$(CC) $(CFLAGS) $(MARCH) -I$(SOURCES) -c $(SOURCES)/$*.c -o $@
$(OUT)/$(MODEL): $(OUT)/obj/runtime/main.o $(MODEL_OBJECTS) $(OUT)/libruntime.a $(backend_objects)
	@echo "  LINK  $@"; $(CC) $(CFLAGS) $^ -o $@ $(RUNTIME_LIBS) $(backend_link)

# Weight files do not depend on the ISA: every variant of a model shares one.
weights: build/$(weights_backend)/$(MODEL).weights
checkpoint_files := $(wildcard $(CHECKPOINT)/*.json $(CHECKPOINT)/*.safetensors)
build/$(weights_backend)/$(MODEL).weights: $(CONFIG) $(TOOLS)/pack $(checkpoint_files)
	@mkdir -p $(@D); echo "  PACK  $@"
ifneq ($(RANDOM_WEIGHTS),)
	@$(TOOLS)/pack --backend $(weights_backend) --random $(RANDOM_WEIGHTS) $(CONFIG) -o $@
else ifeq ($(wildcard $(CHECKPOINT)),)
	@echo "no checkpoint at $(CHECKPOINT): give CHECKPOINT=DIR (config.json, *.safetensors," \
	      "tokenizer.json) or RANDOM_WEIGHTS=SEED" >&2; exit 1
else
	@$(TOOLS)/pack --backend $(weights_backend) $(CONFIG) $(CHECKPOINT) -o $@
endif

# The checkpoint of a config that says where it is published; then the command that packs it.
DIR ?= checkpoints/$(MODEL)
fetch: $(TOOLS)/fetch $(CONFIG)
	@$(TOOLS)/fetch $(CONFIG) -o $(DIR)

list:
	@for c in config/*.ini; do n=$$(basename $$c .ini); \
	  printf '%-16s %s\n' "$$n" "$$(sed -n '1s/^# *//p' $$c)"; done

# What every reference model needs, as the README shows it.
table: $(TOOLS)/gen
	@$(TOOLS)/gen table $(sort $(wildcard config/*.ini))

# Regenerates the committed sources of every reference config.
models: $(TOOLS)/gen
	@for c in config/*.ini; do $(TOOLS)/gen $$c -o models/$$(basename $$c .ini) || exit 1; done

include trace.mk

# ---- tests --------------------------------------------------------------------------------------
# Programs: tests/NAME_test.c, each linked with whatever it uses. Scripts: tests/NAME.sh, on the
# binaries of OUT. Models: the tiny checkpoints, imported and built at every weight type.
programs    := $(patsubst tests/%.c,$(TESTS)/%,$(wildcard tests/*_test.c)) \
               $(TESTS)/poison_hybrid_test $(TESTS)/trace_hybrid_test
scripts     := $(filter-out tests/all.sh,$(wildcard tests/*.sh))
test_mains  := $(wildcard tests/*_test.c) tests/alloc_guard.c tests/kernel_digest.c tests/bench_kernels.c \
               tests/no_steps.c tests/reopened.c
test_lib    := $(filter-out $(test_mains),$(wildcard tests/*.c))
TEST_LIBS   := $(TESTS)/libtests.a $(TOOLS)/libtools.a $(TOOLS)/libgen.a $(OUT)/libruntime.a
TEST_DEFINES := -DTEST_OUT='"$(OUT)"' -DTEST_TOOLS='"$(TOOLS)"' -DTEST_DIR='"$(TESTS)"' \
                -DTEST_SIMT='"$(subst build/cpu,build/simt,$(OUT))"'
include gpu.mk
include tests/simt/simt.mk

# The default model itself, for tests that look at its operations.
$(TESTS)/poison_test $(TESTS)/trace_test: $(TESTS)/%: $(TESTS)/obj/%.o $(MODEL_OBJECTS) $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(CFLAGS) $^ -o $@ -lcheck -lsubunit -lrt $(RUNTIME_LIBS)

# The same with layers of several kinds.
hybrid := jamba-a-bf16
$(TESTS)/poison_hybrid_test $(TESTS)/trace_hybrid_test: $(TESTS)/%_hybrid_test: $(TESTS)/obj/%_test.o \
                                                        tiny-model-$(hybrid) $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(CFLAGS) $< $(call objects,$(OUT)/obj/models/$(hybrid),$(model_files)) \
	  $(OUT)/libruntime.a -o $@ -lcheck -lsubunit -lrt $(RUNTIME_LIBS)

$(TESTS)/obj/%.o: tests/%.c | deps-test
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(CFLAGS) $(MARCH) $(TEST_DEFINES) -c $< -o $@
$(TESTS)/libtests.a: $(test_lib:tests/%.c=$(TESTS)/obj/%.o)
# The runtime names a model; where a test brings none, it is the fake one of libtests.a.
$(filter-out %/poison_test %/trace_test %_hybrid_test,$(programs)): $(TESTS)/%: $(TESTS)/obj/%.o $(TEST_LIBS)
	@echo "  LINK  $@"; $(CC) $(CFLAGS) -Wl,--start-group $^ -Wl,--end-group -o $@ -lcheck -lsubunit -lrt $(TOOL_LIBS)

# Every reference model without its kernels, for 'info': the descriptor over steps that do nothing.
described := $(patsubst config/%.ini,$(TESTS)/info/%,$(wildcard config/*.ini))
$(TESTS)/info/%.o: models/%/ops.c | deps-test
	@mkdir -p $(@D); $(CC) $(CFLAGS) -Imodels/$* -c $< -o $@
$(described): %: %.o $(TESTS)/obj/no_steps.o $(OUT)/obj/runtime/main.o $(OUT)/libruntime.a
	@$(CC) $(CFLAGS) $^ -o $@ $(RUNTIME_LIBS)
$(TESTS)/budget_test: | $(described)
$(TESTS)/fetch_test $(TESTS)/fetch_files_test: | $(TOOLS)/fetch

# Digests of every kernel over fixed data: what the builds for other ISAs must print too.
$(TESTS)/kernel_digest: $(addprefix $(TESTS)/obj/,kernel_digest.o kernel_bed.o kernel_instances.o fake_model.o) \
                        $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(CFLAGS) $^ -o $@ $(RUNTIME_LIBS)

# A binary over tests/fake_model.c, for the command line's tests; guarded, except under a sanitizer.
guard := $(if $(SAN),,$(TESTS)/obj/alloc_guard.o)
$(TESTS)/fake: $(OUT)/obj/runtime/main.o $(TESTS)/obj/fake_model.o $(guard) $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(CFLAGS) $(if $(guard),-Wl$(comma)--wrap=arena_seal) $^ -o $@ $(RUNTIME_LIBS)

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

# The default model and tiny ones for the other instruction sets that this machine can execute or emulate.
other_isas := $(if $(filter x86_64,$(shell uname -m)),avx2 avx512 aarch64)
bits_models := llama-a-f16 phi-a-bf16 mixtral-a-bf16 deepseek-a-bf16 jamba-a-bf16 mamba2-a-f16 mamba2-b-bf16
other-isa-%: build/made/$(MODEL).stamp $(addprefix tiny-model-,$(bits_models))
	@$(MAKE) -s ISA=$* SAN= binary build/tests-$*/kernel_digest
	@for m in $(bits_models); do $(MAKE) -s ISA=$* SAN= MODEL=$$m CONFIG=build/tests/config/$$m.ini \
	  SOURCES=build/tests/models/$$m binary || exit 1; done

# The default model with the guard against allocation after sealing; not under a sanitizer.
$(OUT)/$(MODEL)-guarded: $(TESTS)/obj/alloc_guard.o $(OUT)/obj/runtime/main.o $(MODEL_OBJECTS) \
                         $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(CFLAGS) -Wl,--wrap=arena_seal $^ -o $@ $(RUNTIME_LIBS)

test: deps-test
	@$(MAKE) -s test-parts
.PHONY: test-parts
test-parts: all $(TOOLS)/fables $(if $(SAN),,$(OUT)/$(MODEL)-guarded) $(TESTS)/fake $(TESTS)/kernel_digest $(programs) $(simt_programs) $(addprefix other-isa-,$(other_isas)) $(addprefix tiny-model-,$(tiny_models) $(tiny_families)) $(saved_models)
	@tests/all.sh $(TESTS)/logs $(OUT) $(TOOLS) $(programs) $(simt_programs) -- $(scripts)

# Speed, beside the bandwidth and the fused multiply-adds that this machine gives in the same run.
# BENCH=mamba-130m has random weights of the real shape: their values do not change the speed.
# BENCH_LAYERS=2: only so many of its layers, for a model that is too large for this machine.
BENCH        ?= mamba-130m
BENCH_LAYERS ?=
bench_model  := $(BENCH)$(if $(BENCH_LAYERS),-$(BENCH_LAYERS)-layers)
bench_config := $(if $(BENCH_LAYERS),build/bench/$(bench_model).ini,config/$(BENCH).ini)
bench: deps $(bench_config)
	@$(MAKE) -s MODEL=$(bench_model) CONFIG=$(bench_config) RANDOM_WEIGHTS=1 \
	  $(if $(BENCH_LAYERS),SOURCES=build/bench/$(bench_model)) all
	@$(OUT)/$(bench_model) bench -r 15
build/bench/$(BENCH)-$(BENCH_LAYERS)-layers.ini: config/$(BENCH).ini
	@mkdir -p $(@D); sed 's/^\(num_hidden_layers *= *\).*/\1$(BENCH_LAYERS)/' $< >$@
bench-ops: deps
	@$(MAKE) -s MODEL=$(BENCH) $(OUT)/$(BENCH)-ops
	@$(OUT)/$(BENCH)-ops
$(OUT)/$(MODEL)-ops: $(TESTS)/obj/bench_kernels.o $(MODEL_OBJECTS) $(OUT)/libruntime.a
	@$(CC) $(CFLAGS) $^ -o $@ $(RUNTIME_LIBS)

# Everything: the tests again under ASan and UBSan, clang-tidy, a minute of every fuzz target.
test-full: test
	@$(MAKE) -s test SAN=1
	@$(MAKE) -s tidy
	@$(MAKE) -s fuzz

FUZZ_SECONDS ?= 60
FUZZ_FLAGS   := -std=gnu11 -D_GNU_SOURCE= -g -O1 -march=native -ffp-contract=off -pthread -I. -w \
                -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz_targets := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
fuzz_lib     := $(gen_lib) $(tool_lib) $(sort $(shared_lib) $(runtime_lib)) tests/fake_model.c \
                tests/fake_weights.c
.PHONY: fuzz $(addprefix fuzz-,$(fuzz_targets))
fuzz: $(addprefix fuzz-,$(fuzz_targets))
	@echo "fuzz: $(fuzz_targets): $(FUZZ_SECONDS) s each, no finding"
$(addprefix fuzz-,$(fuzz_targets)): fuzz-%: build/fuzz/%
	@mkdir -p build/fuzz/corpus-$*; echo "  FUZZ  $*"
	@$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
	  -artifact_prefix=build/fuzz/$*- build/fuzz/corpus-$* >build/fuzz/$*.log 2>&1 || \
	  { tail -n 40 build/fuzz/$*.log; exit 1; }
	@sed -n 's/^stat::number_of_executed_units: */  FUZZ  $*: runs without a finding: /p' build/fuzz/$*.log
build/fuzz/%: build/fuzz/obj/tests/fuzz/%_fuzz.o build/fuzz/libfuzz.a
	@echo "  LINK  $@"; clang $(FUZZ_FLAGS) -fsanitize=fuzzer $^ -o $@ $(TOOL_LIBS)
build/fuzz/libfuzz.a: $(call objects,build/fuzz/obj,$(fuzz_lib))
build/fuzz/obj/%.o: %.c | deps-test
	@mkdir -p $(@D); clang $(FUZZ_FLAGS) -MMD -MP -c $< -o $@

# One stamp a file, so that only what changed is looked at again.
tidied := $(patsubst %.c,build/tidy/%.ok,$(gen_lib) $(tool_lib) $(fetch_lib) $(runtime_lib) gen/main.c \
            runtime/main.c $(tool_mains) $(wildcard tests/*.c tests/fuzz/*.c) \
            $(if $(cuda_headers),$(wildcard runtime/cuda/*.c tests/simt/*.c tests/gpu/*.c)))
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
