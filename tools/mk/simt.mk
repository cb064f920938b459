# Kernels without a GPU: the CUDA sources compiled by g++ for the interpreter of tests/simt/simt.h, and
# by nvcc to see that they compile. Included by the Makefile.
#
#   simt_programs            every NAME_test.cc of tests/simt and tests/kernels/cuda is a Check program $(TESTS)/NAME_test,
#                            linked with what it uses of the other sources of tests/simt
#   make nvcc-check CU=...   compiles .cu files for every GPU: no warning, no spilled register
CUDA_HOME ?= /usr/local/cuda
SIMT_CXX  := g++
NVCC      ?= $(CUDA_HOME)/bin/nvcc

# -fsanitize=thread is for its calls before each load and store alone: simt_hooks.c answers them, and
# programs are linked without it. AddressSanitizer excludes it, and the hooks look at bounds anyway.
SIMT_CXXFLAGS := -std=c++17 -O2 -g -ffp-contract=off -fno-math-errno -fno-exceptions \
                 -fno-rtti -pthread -Wall -Wextra -Wshadow $(if $(WERROR),-Werror) -I. -isystem $(CUDA_HOME)/include \
                 -DINGOT_SIMT -fsanitize=thread --param tsan-instrument-func-entry-exit=0 -MMD -MP \
                 $(if $(SAN),-fsanitize=undefined -fno-sanitize=null$(comma)alignment -fno-sanitize-recover=all)

simt_rooms    := tests/simt tests/kernels/cuda
simt_tests    := $(wildcard $(simt_rooms:%=%/*_test.cc))
simt_programs := $(if $(cuda_headers),$(patsubst %.cc,$(TESTS)/%,$(notdir $(simt_tests))))
cuda_fixture  := $(filter-out $(simt_tests),$(wildcard $(addprefix tests/kernels/cuda/*,.c .cc)))
simt_sources  := $(filter-out $(simt_tests),$(wildcard $(simt_rooms:%=%/*.c) $(simt_rooms:%=%/*.cc)))
simt_objects  := $(patsubst tests/%,$(TESTS)/obj/%.o,$(basename $(simt_sources)))

# What of CUDA's headers is used here comes with the toolkit, also where there is no nvcc.
simt_used := $(call recorded,$(SIMT_CXXFLAGS) $(MARCH)) $(call version,$(SIMT_CXX))
$(TESTS)/simt.record: used := $(simt_used)
$(TESTS)/obj/%.o: tests/%.cc $(TESTS)/simt.record | deps-test
	@mkdir -p $(@D); echo "  CXX   $<"
	@$(SIMT_CXX) $(SIMT_CXXFLAGS) $(MARCH) $(TEST_DEFINES) -c $< -o $@
$(TESTS)/obj/cuda/%.o: %.cu $(TESTS)/simt.record | deps-test
	@mkdir -p $(@D); echo "  CXX   $<"
	@$(SIMT_CXX) $(SIMT_CXXFLAGS) $(MARCH) $(TEST_DEFINES) -I$(<D) -x c++ -c $< -o $@
$(TESTS)/libsimt.a: $(simt_objects)
$(if $(simt_programs),$(foreach t,$(simt_tests:%.cc=%),$(eval $(TESTS)/$(notdir $(t)): $(t:tests/%=$(TESTS)/obj/%.o))))
$(simt_programs): $(TESTS)/libsimt.a $(TEST_LIBS)
	@echo "  LINK  $@"; $(SIMT_CXX) $(filter-out -std=%,$(FLAGS)) $(filter %.o,$^) $(filter %.a,$^) -o $@ -lcheck -lsubunit -lrt $(TOOL_LIBS)

# ---- does nvcc take it ----------------------------------------------------------------------------
CU         ?= tests/simt/device_check.cu
nvcc_archs := sm_90a sm_121a
NVCC_FLAGS := -std=c++17 -O3 --fmad=false -I. -Werror all-warnings -Xptxas -v,-warn-spills,-warn-lmem-usage,-Werror
nvcc_made  := $(foreach a,$(nvcc_archs),$(CU:%.cu=build/nvcc/$(a)/%.o))
.PHONY: nvcc-check
nvcc-check: $(if $(wildcard $(NVCC)),$(nvcc_made))
	@$(if $^,echo "ok: nvcc $(nvcc_archs): $(CU)",echo "skip: nvcc-check (there is no $(NVCC))")
define nvcc_rule
build/nvcc/$(1)/%.o: %.cu
	@mkdir -p $$(@D); echo "  NVCC  $(1) $$<"
	@$$(NVCC) $$(NVCC_FLAGS) -arch=$(1) -I$$(<D) -MMD -MP -MF $$(@:.o=.d) -c $$< -o $$@ >$$@.log 2>&1 || \
	  { cat $$@.log; exit 1; }
endef
$(foreach a,$(nvcc_archs),$(eval $(call nvcc_rule,$(a))))

# ---- the fake CUDA runtime and cuBLASLt ------------------------------------------------------------
# Host code, which needs no hook at its loads and stores and is fast without.
$(TESTS)/obj/simt/fake_cu%.o: tests/simt/fake_cu%.cc $(TESTS)/simt.record | deps-test
	@mkdir -p $(@D); echo "  CXX   $<"
	@$(SIMT_CXX) $(filter-out -fsanitize=thread,$(SIMT_CXXFLAGS)) -Wconversion $(MARCH) $(TEST_DEFINES) -c $< -o $@
$(TESTS)/obj/simt/fake_hooks.o $(TESTS)/obj/simt/fake_run.o: FLAGS += -isystem $(CUDA_HOME)/include

# ---- programs that need more than the interpreter ---------------------------------------------------
$(TESTS)/sample_kernels_test: $(TESTS)/obj/cuda/runtime/engine/cuda/sampler_step.o
$(TESTS)/prefill_matmul_test: $(TESTS)/obj/cuda/runtime/engine/cuda/matmul.o
$(TESTS)/device_memory_test $(TESTS)/memory_probe_test: \
  $(patsubst %,$(TESTS)/obj/cuda/runtime/engine/cuda/%.o,device launcher memory memory_probe read targets)
$(TESTS)/obj/cuda/%.o: %.c | deps-test
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(FLAGS) -isystem $(CUDA_HOME)/include -DCUDA_TARGETS='"sm_90a compute_90"' $(MARCH) -c $< -o $@
$(TESTS)/random_weights_test: | $(patsubst %,build/tests/config/%.ini,llama-b-f32 phi-b-f16 mixtral-a-bf16 \
                                             jamba-a-bf16 deepseek-a-f16 mamba2-b-bf16 llama-e-bf16 phi-c-f16 \
                                             deepseek-c-f32 mamba2-c-bf16)
