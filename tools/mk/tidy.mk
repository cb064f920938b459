# clang-tidy, with one stamp a file, so that only what changed is looked at again.

tidied_cuda := $(wildcard $(addsuffix /*.c,runtime/engine/cuda $(addprefix tests/,kernels/cuda simt gpu)))
# train_scan.c has vectors that only gcc knows.
tidied      := $(filter-out %/train_scan.c $(if $(cuda_headers),,$(tidied_cuda)),$(wildcard $(addsuffix /*.c,\
                 gen gen/* tools/* runtime/* runtime/engine/* kernels/* tests/* tests/kernels/*)))
## clang-tidy over every C file of ours
tidy: $(tidied:%.c=build/tidy/%.ok)
	@echo "tidy: $(words $^) files, no finding"
build/tidy/%.ok: %.c .clang-tidy | deps-test
	@mkdir -p $(@D); echo "  TIDY  $<"
	@clang-tidy --quiet $< -- -std=gnu11 -D_GNU_SOURCE= -I. -march=native $(TEST_DEFINES) \
	  $(if $(cuda_headers),-isystem $(CUDA_HOME)/include -DCUDA_TARGETS='"sm_90a"') \
	  >$@.log 2>/dev/null || { cat $@.log; exit 1; }
	@touch $@
