# The sources of the backends, and how those of CUDA are compiled: by nvcc, or with BACKEND=simt by g++,
# without a GPU, for the interpreter of tests/simt (simt.mk).

## where the CUDA toolkit is, version 13 or later
CUDA_HOME ?= /usr/local/cuda
## GPUs with machine code of their own
CUDA_ARCH ?= 90a 121a
## the PTX for later ones
CUDA_PTX  ?= 90
## the compiler of CUDA
NVCC      ?= $(CUDA_HOME)/bin/nvcc
cuda_headers := $(wildcard $(CUDA_HOME)/include/cuda_runtime.h)
# cuBLASLt comes as a shared library only; the binary finds that of the toolkit it was built with.
cuda_libraries := -L$(CUDA_HOME)/lib64 -Wl,-rpath,$(abspath $(CUDA_HOME))/lib64 -lcublasLt \
                  -lcudart_static -lstdc++ -ldl -lrt
# tools/bench/driver_watch.c asks the program whether it is sealed.
tell_sealed := -Wl,--export-dynamic-symbol=arena_is_sealed

ifeq ($(BACKEND),cpu)
backend_lib     := $(wildcard runtime/engine/cpu/*.c kernels/cpu/*.c)
model_files     := step.c kernels.c tables.c
weights_backend := cpu
else
cuda_targets    := $(strip $(addprefix sm_,$(CUDA_ARCH)) $(addprefix compute_,$(CUDA_PTX)))
backend_lib     := $(wildcard runtime/engine/cuda/*.c runtime/engine/cuda/*.cu)
model_files     := step.c kernels.cu tables.c
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
$(OUT)/obj/models/$(MODEL)/kernels.cu.o: build/made/$(MODEL).stamp $(OUT)/cuda.record
	@mkdir -p $(@D); echo "  CUDA  "$(sources)/kernels.cu
	@$(call compile_cu,$(sources)/kernels.cu)
endif

ifeq ($(BACKEND),cuda)
ifeq ($(wildcard $(NVCC)),)
$(error BACKEND=cuda needs nvcc, and there is no $(NVCC): give NVCC=PATH)
endif
# A kernel that spills registers or has arrays in memory, or that nvcc has any doubt about, does not
# build in the tests.
nvcc_flags = -std=c++20 -O3 --fmad=false -lineinfo -I. $(if $(WERROR),-Werror=all-warnings) \
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
backend_link   := -lstdc++ -ldl -lrt
endif
