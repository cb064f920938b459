# ingot: one language model in, one binary out. `make help` says what can be made.
#
# Here is what every build goes through: objects, libraries, programs, one model. tools/mk has the
# rest, a file a subject. What has changed is found by time stamps, or by records.mk.

## the model: one of 'make list'
MODEL          ?= fable-mamba
## its config, where that lies elsewhere
CONFIG         ?= config/$(MODEL).ini
## the folder of its generated sources
SOURCES        ?= $(call sources_of,$(MODEL))
## the folder of its checkpoint; with neither this nor a seed: as the last time
CHECKPOINT     ?=
## a seed: random weights of the real shapes, without a checkpoint
RANDOM_WEIGHTS ?=
## cpu, cuda, or simt: the sources of cuda in an interpreter, for tests
BACKEND        ?= cpu
## native, avx2, avx512 or aarch64
ISA            ?= native
## 1: under ASan and UBSan
SAN            ?=
## what 'make run' continues
PROMPT         ?= Once upon a time there was a fox named Mia.

# Those of one model of each family are committed.
sources_of = $(if $(wildcard models/$(1)/model.h),models,build/models)/$(1)

ifneq ($(words $(MODEL)) $(notdir $(MODEL)),1 $(MODEL))
$(error MODEL=$(MODEL): expected one name without blanks or '/', as in 'make list'; CONFIG=FILE names a \
  config elsewhere)
endif
ifeq ($(filter $(BACKEND),cpu cuda simt),)
$(error BACKEND=$(BACKEND) is not known; expected cpu, cuda or simt)
endif
ifeq ($(filter $(ISA),native avx2 avx512 aarch64),)
$(error ISA=$(ISA) is not known; expected native, avx2, avx512 or aarch64)
endif

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

OUT   := build/$(BACKEND)$(addprefix -,$(filter-out native,$(ISA)))$(if $(SAN),-san)
TOOLS := build/tools$(if $(SAN),-san)
TESTS := build/tests$(addprefix -,$(filter-out native,$(ISA)))$(if $(SAN),-san)
# The objects of sources, below a folder.
objects = $(patsubst %.c,$(1)/%.o,$(patsubst %.cc,$(1)/%.o,$(patsubst %.cu,$(1)/%.cu.o,$(2))))

include tools/mk/flags.mk tools/mk/cuda.mk tools/mk/trace.mk tools/mk/records.mk

## the binary and the weights of MODEL
all: binary weights
## the binary alone
binary: $(OUT)/$(MODEL)
## builds MODEL and lets it tell a story
run: deps
	@$(MAKE) -s all
	@$(OUT)/$(MODEL) run -p "$(PROMPT)" -n 420
## every target and every variable
help:
	@tools/mk/help.sh $(filter Makefile tools/mk/%,$(MAKEFILE_LIST))
.PHONY: $(shell tools/mk/help.sh --targets Makefile tools/mk/*.mk) deps deps-test deps-fetch deps-measure
deps deps-test deps-fetch deps-measure:
	@tools/deps.sh $(or $(patsubst deps-%,%,$(filter deps-%,$@)),build) $(call quoted,$(HOST_CC))

# ---- objects and libraries ------------------------------------------------------------------------
$(TOOLS)/obj/%.o: %.c $(TOOLS)/flags.record | deps
	@mkdir -p $(@D); echo "  CC    $<"
	@$(HOST_CC) $(FLAGS) -c $< -o $@
$(OUT)/obj/%.o: %.c $(OUT)/flags.record | deps $(if $(filter aarch64,$(ISA)),build/cross-include)
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(FLAGS) $(backend_cflags) $(MARCH) -c $< -o $@
# What checks the processor, and says that it is another, must run on any: no -march.
$(addprefix $(OUT)/obj/runtime/,cli/main.o engine/processor.o $(addprefix base/,die.o visible.o utf8.o)): \
  MARCH := $(cross_include)

# The record of a measurement says how the kernels were compiled.
$(OUT)/obj/runtime/measure/fingerprint.o: backend_cflags += -DBUILD_FLAGS='"$(filter -O% -f% -m% -g%,$(FLAGS) $(MARCH))"'

gen_lib     := $(wildcard gen/*/*.c runtime/base/*.c)
pack_lib    := $(filter-out %/pack.c,$(wildcard tools/pack/*.c)) $(wildcard runtime/tokenizer/*.c)
runtime_lib := $(filter-out %/main.c,$(wildcard runtime/*/*.c)) $(backend_lib)
$(TOOLS)/libgen.a: $(call objects,$(TOOLS)/obj,$(gen_lib))
$(TOOLS)/libtools.a: $(call objects,$(TOOLS)/obj,$(pack_lib))
$(OUT)/libruntime.a: $(call objects,$(OUT)/obj,$(runtime_lib))
%.a: build/sources.record
	@rm -f $@; ar rcs $@ $(filter %.o,$^)

# ---- the generator and the tools --------------------------------------------------------------------
programs  := gen pack fetch fables
# The only program that talks to a network, and the only one that needs these libraries.
fetch_lib := $(wildcard tools/fetch/*.c)
$(TOOLS)/fetch: TOOL_LIBS += -lcurl -lnettle
$(call objects,$(TOOLS)/obj,$(fetch_lib)): | deps-fetch
$(TOOLS)/gen: $(TOOLS)/obj/gen/main.o $(TOOLS)/libgen.a
$(TOOLS)/pack: $(TOOLS)/obj/tools/pack/pack.o $(TOOLS)/libtools.a $(TOOLS)/libgen.a
$(TOOLS)/fetch: $(call objects,$(TOOLS)/obj,$(fetch_lib)) $(TOOLS)/libtools.a $(TOOLS)/libgen.a
$(TOOLS)/fables: $(TOOLS)/obj/tools/fable/fables.o
$(programs:%=$(TOOLS)/%):
	@echo "  LINK  $@"; $(HOST_CC) $(FLAGS) $^ -o $@ $(TOOL_LIBS)

# ---- one model --------------------------------------------------------------------------------------
config/%.ini:
	@echo "there is no $@: 'make list' shows the models, and 'build/tools/gen import DIR >$@'" \
	      "makes the config of a checkpoint" >&2; exit 1
# Every time gen looks whether the sources are what it makes of the config: they may be changed or gone.
config  := $(call quoted,$(CONFIG))
sources := $(call quoted,$(SOURCES))
config_file := $(filter config/%.ini,$(CONFIG))
MODEL_OBJECTS := $(call objects,$(OUT)/obj/models/$(MODEL),$(model_files))
build/made/$(MODEL).stamp: $(TOOLS)/gen $(config_file) FORCE
	@[ "$$(cat $@ 2>/dev/null)" = $(config)' -> '$(sources) ] && \
	  $< $(config) --check $(sources) 2>/dev/null || { \
	  echo "  GEN   "$(config)' -> '$(sources) && mkdir -p $(@D) $(sources) && \
	  $< $(config) -o $(sources) && echo $(config)' -> '$(sources) >$@; }
$(subst $(space),\ ,$(SOURCES))/%: build/made/$(MODEL).stamp ;
$(filter-out %.cu.o,$(MODEL_OBJECTS)): $(OUT)/obj/models/$(MODEL)/%.o: build/made/$(MODEL).stamp \
                                                                      $(OUT)/flags.record
	@mkdir -p $(@D); echo "  CC    "$(sources)/$*.c
	@$(CC) $(FLAGS) $(MARCH) -I$(sources) -c $(sources)/$*.c -o $@
$(OUT)/$(MODEL): $(OUT)/obj/runtime/cli/main.o $(MODEL_OBJECTS) $(OUT)/libruntime.a $(backend_objects)
	@echo "  LINK  $@"; $(CC) $(FLAGS) $^ -o $@ $(RUNTIME_LIBS) $(backend_link)

include tools/mk/weights.mk tools/mk/configs.mk tools/mk/tests.mk tools/mk/simt.mk tools/mk/gpu.mk \
        tools/mk/tiny.mk tools/mk/sweep.mk tools/mk/bench.mk tools/mk/measure.mk tools/mk/peers.mk \
        tools/mk/fuzz.mk tools/mk/tidy.mk

## the rules of the code that need no arguing
lint:
	@tools/lint.sh
## removes all that was built
clean:
	@rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
