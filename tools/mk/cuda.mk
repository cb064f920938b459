# The CUDA backend: what of it is compiled how. Included by the Makefile.
#
#   make MODEL=x BACKEND=cuda              build/cuda/x and build/cuda/x.weights
#        CUDA_ARCH="90a 121a" CUDA_PTX=90  which GPUs: machine code for these, PTX for later ones
#   make MODEL=x BACKEND=simt              build/simt/x: the same sources without nvcc and without a
#                                          GPU, over the interpreter of tests/simt; for tests
CUDA_HOME ?= /usr/local/cuda
CUDA_ARCH ?= 90a 121a
CUDA_PTX  ?= 90
NVCC      ?= $(CUDA_HOME)/bin/nvcc
cuda_headers := $(wildcard $(CUDA_HOME)/include/cuda_runtime.h)
# cuBLASLt comes as a shared library only; the binary finds that of the toolkit it was built with.
cuda_libraries := -L$(CUDA_HOME)/lib64 -Wl,-rpath,$(abspath $(CUDA_HOME))/lib64 -lcublasLt \
                  -lcudart_static -lstdc++ -ldl -lrt
# tools/bench/driver_watch.c asks the program whether it is sealed.
tell_sealed := -Wl,--export-dynamic-symbol=arena_is_sealed

ifeq ($(BACKEND),cpu)
backend_lib     := $(wildcard runtime/engine/cpu/*.c kernels/cpu/*.c)
model_files     := decode.c prefill.c instances.c ops.c
weights_backend := cpu
else
cuda_targets    := $(strip $(addprefix sm_,$(CUDA_ARCH)) $(addprefix compute_,$(CUDA_PTX)))
backend_lib     := $(wildcard runtime/engine/cuda/*.c runtime/engine/cuda/*.cu)
model_files     := decode.c prefill.c instances.cu ops.c
weights_backend := cuda
backend_cflags  := -isystem $(CUDA_HOME)/include -DCUDA_TARGETS='"$(cuda_targets)"'
ifeq ($(cuda_targets),)
$(error CUDA_ARCH and CUDA_PTX are both empty: name a GPU, as in CUDA_ARCH=90a)
endif
ifeq ($(cuda_headers),)
$(error BACKEND=$(BACKEND) needs the CUDA toolkit, version 13 or later, and there is no \
  $(CUDA_HOME)/include/cuda_runtime.h: say where it is with CUDA_HOME=DIR)
endif

$(OUT)/obj/%.cu.o: %.cu $(OUT)/cuda.record | deps
	@mkdir -p $(@D); echo "  CUDA  $<"
	@$(call compile_cu,$<)
$(OUT)/obj/models/$(MODEL)/instances.cu.o: build/made/$(MODEL).stamp $(OUT)/cuda.record
	@mkdir -p $(@D); echo "  CUDA  "$(sources)/instances.cu
	@$(call compile_cu,$(sources)/instances.cu)
endif

ifeq ($(BACKEND),cuda)
ifeq ($(wildcard $(NVCC)),)
$(error BACKEND=cuda needs nvcc, and there is no $(NVCC): give NVCC=PATH)
endif
# A kernel that spills registers or has arrays in memory, or that nvcc has any doubt about, does not
# build in the tests.
nvcc_flags = -std=c++17 -O3 --fmad=false -lineinfo -I. $(if $(WERROR),-Werror=all-warnings) \
             -Xptxas=-warn-spills,-warn-lmem-usage$(if $(WERROR),$(comma)-Werror) \
             $(foreach a,$(CUDA_ARCH),-gencode=arch=compute_$(a)$(comma)code=sm_$(a)) \
             $(foreach a,$(CUDA_PTX),-gencode=arch=compute_$(a)$(comma)code=compute_$(a))
compile_cu = $(NVCC) $(nvcc_flags) -I$(sources) -MMD -MP -MF $(@:.o=.d) -c $(1) -o $@
$(OUT)/cuda.record: used := $(call recorded,$(filter-out -Xptxas=%,$(nvcc_flags))) $(call version,$(NVCC))
backend_link := $(cuda_libraries) $(tell_sealed)
endif

ifeq ($(BACKEND),simt)
# What to warn of in a .cu file is for nvcc to say.
compile_cu      = $(SIMT_CXX) $(SIMT_CXXFLAGS) -w $(MARCH) -I$(sources) -x c++ -c $(1) -o $@
$(OUT)/cuda.record: used = $(simt_used)
backend_objects = $(TESTS)/libsimt.a
backend_link   := -lstdc++ -lrt
endif

# ---- tests ---------------------------------------------------------------------------------------
# simt-model-mamba-a-bf16: a tiny model over the interpreter, and its weights.
simt_families := $(addprefix llama-a-,$(types)) mixtral-a-bf16 phi-b-f16 $(addsuffix -f32,llama-b llama-c \
                 phi-a phi-b mixtral-a mixtral-w deepseek-a deepseek-b jamba-a jamba-b mamba2-a mamba2-b llama-e \
                 phi-c deepseek-c mamba2-c)
simt_models := $(if $(cuda_headers),$(tiny_models) $(simt_families))
$(TESTS)/cuda_runtime_test: $(OUT)/obj/runtime/engine/cuda/targets.o
simt-model-%: build/tests/config/%.ini
	@$(MAKE) -s BACKEND=simt MODEL=$* CONFIG=$< SOURCES=build/tests/models/$* \
	  CHECKPOINT=$(call tiny_source,$*) all
# One after the other, and after the same models for the CPU: they share what they are made of.
.PHONY: simt-models
simt-models: $(addprefix tiny-model-,$(filter $(tiny_models) $(tiny_families),$(simt_models))) \
             $(TESTS)/libsimt.a
	@for m in $(simt_models); do $(MAKE) -s simt-model-$$m || exit 1; done
	@$(if $(simt_models),$(MAKE) -s BACKEND=simt all && $(MAKE) -s BACKEND=simt MODEL=mamba-a-bf16 \
	  CONFIG=build/tests/config/mamba-a-bf16.ini SOURCES=build/tests/models/mamba-a-bf16 reopened)
test-parts: simt-models
