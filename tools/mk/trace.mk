# Ranges for profilers (NVTX): the headers, the library that writes a trace without any of NVIDIA's
# tools, and what runs a model under a profiler.

# Binaries for aarch64 are linked statically and run under an emulator: no tool can attach itself.
nvtx_header := $(if $(filter aarch64,$(ISA)),,$(firstword \
                 $(wildcard $(CUDA_HOME)/include/nvtx3/nvToolsExt.h /usr/include/nvtx3/nvToolsExt.h)))
nvtx_flags  := $(if $(filter $(CUDA_HOME)/%,$(nvtx_header)),-isystem $(CUDA_HOME)/include)
$(OUT)/obj/runtime/engine/trace.o $(TESTS)/obj/tests/models/trace_test.o: FLAGS += $(nvtx_flags)

# Loaded into other programs, so without a sanitizer. The second one soon has no room: for its test.
trace_libraries := $(if $(nvtx_header),$(TOOLS)/libtrace.so $(TESTS)/libtrace-small.so)
$(TESTS)/libtrace-small.so: trace_room := -DMOST_EVENTS=100
$(TOOLS)/libtrace.so $(TESTS)/libtrace-small.so: tools/bench/trace_injection.c | deps
	@mkdir -p $(@D); echo "  CC    $@"
	@$(HOST_CC) -std=gnu11 -D_GNU_SOURCE= -O2 -g -fPIC -shared -fvisibility=hidden $(WARN) \
	  $(trace_room) $(nvtx_flags) $< -o $@

## the steps of make trace and make profile, such as prefill:0..2
TRACE_WINDOW ?= decode:4..8
## what make trace writes
TRACE_FILE   ?= $(OUT)/$(MODEL).trace.json
## further ones: --no-graph tells layers and operations of a GPU apart
PROFILE_OPTIONS ?=
## a few steps of MODEL as a timeline for ui.perfetto.dev
ifeq ($(nvtx_header),)
trace:
	@echo "make trace needs the NVTX headers (nvtx3/nvToolsExt.h): install cuda-nvtx of the CUDA toolkit," \
	      "or say where it is with CUDA_HOME=DIR (now $(CUDA_HOME)), then 'make clean trace'" >&2; exit 1
else
trace: all $(TOOLS)/libtrace.so
	@NVTX_INJECTION64_PATH="$$PWD/$(TOOLS)/libtrace.so" INGOT_TRACE_FILE=$(TRACE_FILE) \
	  $(OUT)/$(MODEL) profile --quiet --capture $(TRACE_WINDOW) $(PROFILE_OPTIONS) \
	  --weights build/$(weights_backend)/$(MODEL).weights
	@echo "open https://ui.perfetto.dev in a browser and drop $(TRACE_FILE) onto the page"
endif

## a few steps of MODEL in Nsight Systems, and tables of them
profile: all
	@tools/bench/profile.sh $(OUT)/$(MODEL) --capture $(TRACE_WINDOW) $(PROFILE_OPTIONS) \
	  --weights build/$(weights_backend)/$(MODEL).weights
