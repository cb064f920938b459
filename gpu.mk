# What runs on a machine with a GPU. Included by the Makefile.
#
#   make check-gpu       every CUDA test on the GPU of this machine, in less than ten minutes
#   make bench-gpu       what the GPU gives, and mamba-130m, -1.4b and -2.8b on it; results in models/
#   make gpu-kit         build/gpu alone: all that the two need on another machine, which has no more
#                        than the CUDA toolkit; there: tools/check_gpu.sh build/gpu, or bench_gpu.sh
KIT      := build/gpu
kit_isa  := $(if $(filter x86_64,$(shell uname -m)),avx2,native)

# Programs: a kernel test of tests/simt, with the GPU in the interpreter's place.
kit_tests    := decode_kernels decode_rows decode_scan prefill_kernels prefill_scan sample_kernels \
                device_math probe
kit_programs := $(kit_tests:%=$(KIT)/tests/%) $(KIT)/compare_logits $(KIT)/gpu_probe
# Models: tiny ones that have stored references, the default, and those that are measured.
kit_tiny     := mamba-a-f32 mamba-a-bf16 mamba-b-f32 mamba-c-f16
kit_bench    := mamba-130m mamba-1.4b mamba-2.8b

.PHONY: gpu-kit gpu-kit-parts gpu-kit-digests check-gpu bench-gpu $(addprefix kit-,$(kit_tiny) $(kit_bench) fable-mamba)
check-gpu: gpu-kit
	@tools/check_gpu.sh $(KIT)
bench-gpu: gpu-kit
	@tools/bench_gpu.sh $(KIT)

# The interpreter's digests are what the GPU has to give: decoding is the same arithmetic.
gpu-kit: deps-test
	@$(MAKE) -s BACKEND=cuda ISA=$(kit_isa) gpu-kit-parts
	@$(MAKE) -s gpu-kit-digests
	@echo "$(KIT): $$(du -sh --exclude=obj $(KIT) | cut -f1); on a machine with a GPU:" \
	  "tools/check_gpu.sh $(KIT), tools/bench_gpu.sh $(KIT)"
gpu-kit-digests: $(kit_tiny:%=$(KIT)/%.digest)
$(KIT)/%.digest: simt-model-%
	@mkdir -p $(@D); build/simt/$* selftest -q \
	  -m build/cuda/$*.weights >$@.all && sed -n 's/^logits  *\([0-9a-f]*\),.*/\1/p' $@.all >$@

ifeq ($(BACKEND),cuda)
gpu-kit-parts: $(kit_programs) $(addprefix kit-,$(kit_tiny) $(kit_bench) fable-mamba)
$(addprefix kit-,$(kit_tiny)): kit-%: tiny-model-%
	@cp $(OUT)/$* build/cuda/$*.weights $(KIT)/
$(addprefix kit-,$(kit_bench)): kit-%:
	@$(MAKE) -s MODEL=$* binary && cp $(OUT)/$* $(KIT)/
kit-fable-mamba:
	@$(MAKE) -s MODEL=fable-mamba all && cp $(OUT)/fable-mamba build/cuda/fable-mamba.weights $(KIT)/

$(KIT)/obj/%.o: CUDA_PTX :=
$(KIT)/obj/%.o: tests/simt/%.cc | deps-test
	@mkdir -p $(@D); echo "  CUDA  $<"
	@$(call compile_cu,-diag-suppress 177$(comma)68 -x cu $<)
$(KIT)/obj/%.o: tests/gpu/%.cu | deps-test
	@mkdir -p $(@D); echo "  CUDA  $<"
	@$(call compile_cu,$<)
$(KIT)/obj/%.o: tests/simt/%.c | deps-test
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(CFLAGS) $(MARCH) -c $< -o $@
kit_bed := $(addprefix $(KIT)/obj/,bed.o bed_launch.o bed_math.o simt_gpu.o)
$(KIT)/tests/%: $(KIT)/obj/%_test.o $(kit_bed) $(OUT)/libruntime.a
	@mkdir -p $(@D); echo "  LINK  $@"
	@$(CC) $(CFLAGS) $^ -o $@ -l:libcheck.a -l:libsubunit.a -lm -L$(CUDA_HOME)/lib64 -lcudart_static \
	  -lstdc++ -ldl -lrt
$(KIT)/compare_logits: tests/gpu/compare_logits.c runtime/die.c | deps-test
	@mkdir -p $(@D); echo "  LINK  $@"; $(CC) $(CFLAGS) $(MARCH) $^ -o $@ -lm
$(KIT)/gpu_probe: $(addprefix $(OUT)/obj/tools/,gpu_probe.cu.o gpu_probe_measures.cu.o) $(OUT)/libruntime.a
	@mkdir -p $(@D); echo "  LINK  $@"; $(CC) $(CFLAGS) $^ -o $@ $(RUNTIME_LIBS) $(backend_link)
endif

# ---- tests without a GPU ---------------------------------------------------------------------------
$(TESTS)/libsimt.a: $(addprefix $(TESTS)/obj/cuda/,runtime/cuda/random_weights.o tools/gpu_probe_measures.o)
