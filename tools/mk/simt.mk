# Kernels without a GPU: the CUDA sources compiled by g++ for the interpreter of tests/simt/simt.h, and by
# nvcc to see that they compile.
#
# Every NAME_test.cc of tests/simt and tests/kernels/cuda is a Check program $(TESTS)/NAME_test, linked
# with what it uses of the other sources there.

SIMT_CXX  := g++
# -fsanitize=thread is for its calls before each load and store alone: simt_hooks.c answers them, and
# programs are linked without it. AddressSanitizer excludes it, and the hooks look at bounds anyway.
# Under UBSan, which looks at bounds, too, g++ warns of those of branches that it folds only later.
SIMT_CXXFLAGS := -std=c++20 -O2 -g -ffp-contract=off -fno-math-errno -fno-exceptions \
                 -fno-rtti -pthread -Wall -Wextra -Wshadow $(if $(WERROR),-Werror) -I. \
                 -isystem $(CUDA_HOME)/include \
                 -DDEVICE_HEADER='"tests/simt/simt_device.h"' -MMD -MP \
                 -fsanitize=thread --param tsan-instrument-func-entry-exit=0 \
                 $(if $(SAN),-fsanitize=undefined -fno-sanitize=null$(comma)alignment -fno-sanitize-recover=all \
                   -Wno-array-bounds)

simt_rooms    := tests/simt tests/kernels/cuda
simt_tests    := $(wildcard $(simt_rooms:%=%/*_test.cc))
simt_programs := $(if $(cuda_headers),$(patsubst %.cc,$(TESTS)/%,$(notdir $(simt_tests))))
simt_lib      := $(filter-out $(simt_tests),$(wildcard $(simt_rooms:%=%/*.c) $(simt_rooms:%=%/*.cc)))

# What of CUDA's headers is used here comes with the toolkit, also where there is no nvcc.
simt_used := $(call recorded,$(SIMT_CXXFLAGS) $(MARCH)) $(call version,$(SIMT_CXX))
$(TESTS)/simt.record: used := $(simt_used)
$(TESTS)/obj/tests/%.o: tests/%.cc $(TESTS)/simt.record | deps-test
	@mkdir -p $(@D); echo "  CXX   $<"
	@$(SIMT_CXX) $(SIMT_CXXFLAGS) $(MARCH) $(TEST_DEFINES) -c $< -o $@
$(TESTS)/obj/%.cu.o: %.cu $(TESTS)/simt.record | deps-test
	@mkdir -p $(@D); echo "  CXX   $<"
	@$(SIMT_CXX) $(SIMT_CXXFLAGS) $(MARCH) $(TEST_DEFINES) -I$(<D) -x c++ -c $< -o $@
$(TESTS)/libsimt.a: $(call objects,$(TESTS)/obj,$(simt_lib) runtime/engine/cuda/random_weights.cu \
                                                tools/bench/gpu_probe_measures.cu)
$(foreach t,$(if $(cuda_headers),$(simt_tests)),$(eval $(call own_object,$(t))))
$(simt_programs): $(TESTS)/libsimt.a $(TEST_LIBS)
	@echo "  LINK  $@"; $(SIMT_CXX) $(filter-out -std=%,$(FLAGS)) $(filter %.o,$^) $(filter %.a,$^) -o $@ \
	  -lcheck -lsubunit -lrt $(TOOL_LIBS)
test-parts: $(simt_programs)

# ---- does nvcc take it ----------------------------------------------------------------------------
## the .cu files of make nvcc-check
CU         ?= tests/simt/device_check.cu
nvcc_archs := sm_90a sm_121a
NVCC_FLAGS := -std=c++20 -O3 --fmad=false -I. -Werror all-warnings \
              -Xptxas -v,-warn-spills,-warn-lmem-usage,-Werror
nvcc_made  := $(foreach a,$(nvcc_archs),$(CU:%.cu=build/nvcc/$(a)/%.o))
## CU compiled for every GPU: no warning, no spilled register
nvcc-check: $(if $(wildcard $(NVCC)),$(nvcc_made))
	@$(if $^,echo "ok: nvcc $(nvcc_archs): $(CU)",echo "skip: nvcc-check (there is no $(NVCC))")
define nvcc_rule
build/nvcc/$(1)/%.o: %.cu
	@mkdir -p $$(@D); echo "  NVCC  $(1) $$<"
	@$$(NVCC) $$(NVCC_FLAGS) -arch=$(1) -I$$(<D) -MMD -MP -MF $$(@:.o=.d) -c $$< -o $$@ >$$@.log 2>&1 || \
	  { cat $$@.log; exit 1; }
endef
$(foreach a,$(nvcc_archs),$(eval $(call nvcc_rule,$(a))))

# ---- objects and programs that need more than the others -------------------------------------------
# The fake CUDA runtime and cuBLASLt are host code, which needs no hook at its loads and stores and is
# fast without.
$(TESTS)/obj/tests/simt/fake_cu%.o: tests/simt/fake_cu%.cc $(TESTS)/simt.record | deps-test
	@mkdir -p $(@D); echo "  CXX   $<"
	@$(SIMT_CXX) $(filter-out -fsanitize=thread,$(SIMT_CXXFLAGS)) -Wconversion $(MARCH) $(TEST_DEFINES) \
	  -c $< -o $@
$(addprefix $(TESTS)/obj/tests/simt/,fake_hooks.o fake_run.o): FLAGS += -isystem $(CUDA_HOME)/include
$(TESTS)/obj/runtime/%.o: runtime/%.c $(TESTS)/flags.record | deps-test
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(FLAGS) -isystem $(CUDA_HOME)/include -DCUDA_TARGETS='"sm_90a compute_90"' $(MARCH) -c $< -o $@
cuda_object = $(call objects,$(TESTS)/obj,$(addprefix runtime/engine/cuda/,$(1)))
$(TESTS)/sample_kernels_test: $(call cuda_object,sampler_step.cu)
$(TESTS)/prefill_matmul_test: $(call cuda_object,matmul.cu)
$(TESTS)/device_memory_test $(TESTS)/memory_probe_test: \
  $(call cuda_object,device.c launcher.c memory.c memory_probe.c read.cu targets.c)
$(TESTS)/random_weights_test: | $(patsubst %,build/tests/config/%.ini,llama-b-f32 phi-b-f16 mixtral-a-bf16 \
                                             jamba-a-bf16 deepseek-a-f16 mamba2-b-bf16 llama-e-bf16 \
                                             phi-c-f16 deepseek-c-f32 mamba2-c-bf16)
