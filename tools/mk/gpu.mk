# What runs on a machine with a GPU: a kit of programs and models, which may be carried there, where no
# more is needed than the CUDA toolkit, and the scripts of tools/bench that run it.

## the folder of the kit
KIT      := build/gpu
kit_isa  := $(if $(filter x86_64,$(shell uname -m)),avx2,native)

# Programs: every test of tests/kernels/cuda, with the GPU in the interpreter's place.
kit_tests    := $(patsubst tests/kernels/cuda/%_test.cc,%,$(wildcard tests/kernels/cuda/*_test.cc))
gpu_tools    := gpu_probe gpu_loop
kit_programs := $(kit_tests:%=$(KIT)/tests/%) $(gpu_tools:%=$(KIT)/%) \
                $(KIT)/compare_logits $(KIT)/driver_watch.so
# Models: tiny ones of every family that have stored references, the default, and every other one at
# its real size, of which some are measured.
kit_tiny     := mamba-a-f32 mamba-a-bf16 mamba-b-f32 mamba-c-f16 mamba2-a-f32 llama-a-f32 llama-a-bf16 \
                phi-a-f32 mixtral-a-f32 deepseek-a-f32 jamba-a-f32
## its models of real size, which are most of it; so is the code for each kind of GPU (CUDA_ARCH)
KIT_MODELS   ?= $(filter-out fable-mamba,$(patsubst config/%.ini,%,$(wildcard config/*.ini)))

.PHONY: gpu-kit-parts gpu-kit-digests kit-fable-mamba $(addprefix kit-,$(kit_tiny) $(KIT_MODELS))
## every CUDA test on the GPU of this machine, in less than ten minutes
check-gpu: gpu-kit
	@tools/bench/check_gpu.sh $(KIT)
## what that GPU gives, and some models on it; results in models/
bench-gpu: gpu-kit
	@tools/bench/bench_gpu.sh $(KIT)
## every model at its real size on it, with random weights: its memory beside the plan
fit-gpu: gpu-kit
	@tools/bench/fit_gpu.sh $(KIT)
## the most telling of it all in nine minutes, into build/survey.tar.gz
survey-gpu: gpu-kit
	@tools/bench/survey_gpu.sh -k $(KIT) build/survey.tar.gz

# The interpreter's digests are what the GPU has to give: decoding is the same arithmetic.
## the kit alone, for another machine: tools/bench/check_gpu.sh build/gpu
gpu-kit: deps-test
	@$(MAKE) -s BACKEND=cuda ISA=$(kit_isa) gpu-kit-parts
	@$(MAKE) -s gpu-kit-digests
	@echo "$(KIT): $$(du -sh $(KIT) | cut -f1); on a machine with a GPU:" \
	  "tools/bench/{check,bench,fit}_gpu.sh $(KIT), or tools/bench/survey_gpu.sh -k $(KIT) ARCHIVE"
## the kit in one file: tools/bench/survey_gpu.sh -k build/gpu.tar.gz
gpu-kit-archive: gpu-kit
	@tar -czf $(KIT).tar.gz.new --exclude=logs --exclude=bench -C $(dir $(KIT)) $(notdir $(KIT)) && \
	  mv $(KIT).tar.gz.new $(KIT).tar.gz
	@echo "$(KIT).tar.gz: $$(du -h $(KIT).tar.gz | cut -f1)iB"
gpu-kit-digests: $(kit_tiny:%=$(KIT)/%.digest)
$(KIT)/%.digest: simt-model-%
	@mkdir -p $(@D); build/simt/$* selftest -q -m build/cuda/$*.weights | \
	  sed -n 's/^logits  *\([0-9a-f]*\), the same.*/\1/p' >$@ && [ -s $@ ]

ifeq ($(BACKEND),cuda)
# What travels has no symbols of the host; those of the kernels stay.
kit_take = mkdir -p $(KIT) && strip $(OUT)/$(1) -o $(KIT)/$(1)
kit_obj := $(OUT)/kit
gpu-kit-parts: $(kit_programs) $(addprefix kit-,$(kit_tiny) $(KIT_MODELS) fable-mamba)
$(addprefix kit-,$(kit_tiny)): kit-%: tiny-model-%
	@$(call kit_take,$*) && cp build/cuda/$*.weights $(KIT)/
$(addprefix kit-,$(KIT_MODELS)): kit-%:
	@$(MAKE) -s MODEL=$* binary && $(call kit_take,$*)
kit-fable-mamba:
	@$(MAKE) -s MODEL=fable-mamba all && $(call kit_take,fable-mamba) && \
	  cp build/cuda/fable-mamba.weights $(KIT)/

$(kit_obj)/%.o: CUDA_PTX :=
$(kit_obj)/%.o: %.cc $(OUT)/cuda.record | deps-test
	@mkdir -p $(@D); echo "  CUDA  $<"
	@$(call compile_cu,-diag-suppress 177$(comma)68 -x cu $<)
$(kit_obj)/%.cu.o: %.cu $(OUT)/cuda.record | deps-test
	@mkdir -p $(@D); echo "  CUDA  $<"
	@$(call compile_cu,$<)
$(kit_obj)/%.o: %.c $(OUT)/flags.record | deps-test
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(FLAGS) $(MARCH) -c $< -o $@
kit_lib := $(call objects,$(kit_obj),tests/gpu/simt_gpu.cu tests/fixtures/random_values.c \
                                     $(filter tests/kernels/cuda/%,$(simt_lib)))
$(kit_tests:%=$(KIT)/tests/%): $(KIT)/tests/%: $(kit_obj)/tests/kernels/cuda/%_test.o $(kit_lib) \
                                               $(OUT)/libruntime.a
	@mkdir -p $(@D); echo "  LINK  $@"
	@$(CC) $(FLAGS) -s $^ -o $@ -l:libcheck.a -l:libsubunit.a $(RUNTIME_LIBS) -L$(CUDA_HOME)/lib64 \
	  -lcudart_static -lstdc++ -ldl -lrt
$(KIT)/compare_logits: tests/gpu/compare_logits.c $(OUT)/libruntime.a | deps-test
	@mkdir -p $(@D); echo "  LINK  $@"
	@$(CC) $(filter-out -MMD -MP,$(FLAGS)) $(MARCH) -s $^ -o $@ $(RUNTIME_LIBS)
$(KIT)/driver_watch.so: build/tools/libdriverwatch.so
	@mkdir -p $(@D); cp $< $@
$(KIT)/gpu_probe: $(OUT)/obj/tools/bench/gpu_probe_measures.cu.o
$(gpu_tools:%=$(KIT)/%): $(KIT)/%: $(OUT)/obj/tools/bench/%.cu.o $(OUT)/libruntime.a
	@mkdir -p $(@D); echo "  LINK  $@"
	@$(CC) $(FLAGS) -s $(filter %.o,$^) $(OUT)/libruntime.a -o $@ $(RUNTIME_LIBS) $(backend_link)
endif

# ---- tests without a GPU ---------------------------------------------------------------------------
# The watch over the driver is loaded into other programs, and its driver is a fake: no sanitizer.
watch_parts := build/tools/libdriverwatch.so build/tests/driver/libcuda.so.1 build/tests/driver/calls \
               $(if $(cuda_headers),build/tests/driver/runtime)
watch_flags := -std=gnu11 -D_GNU_SOURCE= -O2 -g $(WARN)
build/tools/libdriverwatch.so: tools/bench/driver_watch.c | deps
	@mkdir -p $(@D); echo "  CC    $@"; $(HOST_CC) $(watch_flags) -fPIC -shared -fvisibility=hidden $< -o $@
build/tests/driver/libcuda.so.1: tests/gpu/fake_driver.c | deps-test
	@mkdir -p $(@D); echo "  CC    $@"; $(HOST_CC) $(watch_flags) -fPIC -shared $< -o $@
build/tests/driver/%: tests/gpu/driver_%.c | deps-test
	@mkdir -p $(@D); echo "  CC    $@"; $(HOST_CC) $(watch_flags) $(tell_sealed) -I. \
	  -isystem $(CUDA_HOME)/include $< -o $@ $(if $(filter %/runtime,$@),$(cuda_libraries))
test-parts: $(watch_parts)

# Whether nvcc takes the kit's tests, for one kind of GPU and without linking them.
kit_taken := $(kit_tests:%=build/nvcc/kit/%.o)
## the tests of the kit compiled by nvcc
nvcc-kit: $(if $(wildcard $(NVCC)),$(kit_taken))
	@$(if $^,echo "nvcc takes $(words $^) tests of kernels",echo "skip: nvcc-kit (there is no $(NVCC))")
$(kit_taken): build/nvcc/kit/%.o: tests/kernels/cuda/%_test.cc
	@mkdir -p $(@D); echo "  NVCC  $<"
	@$(NVCC) $(NVCC_FLAGS) -arch=sm_90a -diag-suppress 177$(comma)68 -MMD -MP -MF $(@:.o=.d) -x cu -c $< -o $@ \
	  >$@.log 2>&1 || { cat $@.log; exit 1; }

# The kit's programs over the interpreter, for the scripts' own test.
kit_dry := $(if $(cuda_headers),$(gpu_tools:%=$(TESTS)/kit/%))
test-parts: $(kit_dry)
$(kit_dry): $(TESTS)/kit/%: $(TESTS)/obj/tools/bench/%.cu.o $(TESTS)/libsimt.a $(TEST_LIBS)
	@mkdir -p $(@D); echo "  LINK  $@"
	@$(SIMT_CXX) $(filter-out -std=%,$(FLAGS)) $< $(filter %.a,$^) -o $@ -lrt $(TOOL_LIBS)
