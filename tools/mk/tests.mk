# The tests: Check programs and scripts, by rooms.
#
# A program $(TESTS)/NAME_test comes from tests/ROOM/NAME_test.c and is linked with whatever it uses
# of the other sources in the rooms of test_lib. Scripts, tests/ROOM/NAME.sh, look at binaries of OUT.

test_mains    := $(wildcard $(addsuffix /*_test.c,$(addprefix tests/,unit kernels/cpu models golden)))
test_scripts  := $(wildcard $(addsuffix /*.sh,$(addprefix tests/,unit models gpu sweep)))
test_lib      := $(filter-out $(test_mains) %/kernel_digest.c,$(wildcard $(addsuffix /*.c,\
                   $(addprefix tests/,fixtures unit kernels/cpu golden reference64))))
test_programs := $(patsubst %.c,$(TESTS)/%,$(notdir $(test_mains)))
TEST_LIBS     := $(TESTS)/libtests.a $(TOOLS)/libtools.a $(TOOLS)/libgen.a $(OUT)/libruntime.a
TEST_DEFINES  := -DTEST_OUT='"$(OUT)"' -DTEST_TOOLS='"$(TOOLS)"' -DTEST_DIR='"$(TESTS)"' \
                 -DTEST_SIMT='"$(subst build/cpu,build/simt,$(OUT))"'

$(TESTS)/obj/tests/%.o: tests/%.c $(TESTS)/flags.record | deps-test
	@mkdir -p $(@D); echo "  CC    $<"
	@$(CC) $(FLAGS) $(MARCH) $(TEST_DEFINES) -c $< -o $@
$(TESTS)/libtests.a: $(call objects,$(TESTS)/obj,$(test_lib))

# Each program needs the object of its own source, in whichever room that lies.
own_object = $(TESTS)/$(basename $(notdir $(1))): $(call objects,$(TESTS)/obj,$(1))
$(foreach t,$(test_mains),$(eval $(call own_object,$(t))))
# These look at the operations of a model that is linked with them: of the default one and, as
# NAME_hybrid_test, of one with layers of several kinds. The runtime names a model; where a test
# brings none, it is the fake one of libtests.a.
model_tests  := $(addprefix $(TESTS)/,poison_test trace_test)
hybrid_tests := $(model_tests:%_test=%_hybrid_test)
hybrid       := jamba-a-bf16
$(model_tests): $(MODEL_OBJECTS) $(OUT)/libruntime.a
$(hybrid_tests): $(TESTS)/%_hybrid_test: $(TESTS)/obj/tests/models/%_test.o $(OUT)/libruntime.a \
                                         tiny-model-$(hybrid)
$(hybrid_tests): more := $(call objects,$(OUT)/obj/models/$(hybrid),$(model_files))
$(filter-out $(model_tests),$(test_programs)): $(TEST_LIBS)
$(test_programs) $(hybrid_tests):
	@echo "  LINK  $@"; $(CC) $(FLAGS) -Wl,--start-group $(filter %.o %.a,$^) $(more) -Wl,--end-group -o $@ \
	  -lcheck -lsubunit -lrt $(TOOL_LIBS)

# Every reference model without its kernels, for 'info': the descriptor over steps that do nothing.
described := $(patsubst config/%.ini,$(TESTS)/info/%,$(wildcard config/*.ini))
$(TESTS)/described/%/tables.o: config/%.ini $(TOOLS)/gen $(TESTS)/flags.record | deps-test
	@mkdir -p $(@D); $(TOOLS)/gen $< -o $(@D) && $(CC) $(FLAGS) -I$(@D) -c $(@D)/tables.c -o $@
$(described): $(TESTS)/info/%: $(TESTS)/described/%/tables.o $(TESTS)/obj/tests/models/no_steps.o $(OUT)/obj/runtime/cli/main.o $(OUT)/libruntime.a
	@mkdir -p $(@D); $(CC) $(FLAGS) $^ -o $@ $(RUNTIME_LIBS)
$(TESTS)/budget_test: | $(described)
$(TESTS)/fetch_test $(TESTS)/fetch_files_test: | $(TOOLS)/fetch
$(TESTS)/fetch_settings_test: $(TOOLS)/obj/tools/fetch/fetch_settings.o
$(TESTS)/profile_test: | $(trace_libraries)
$(TESTS)/cuda_runtime_test: $(OUT)/obj/runtime/engine/cuda/targets.o

# Libraries in the place of NVIDIA's: one that works, and some of which a function fails.
fake_nvml := $(addprefix $(TESTS)/libnvml-fake,.so -init.so -temperature.so)
$(fake_nvml): $(TESTS)/libnvml-fake%.so: tests/models/fake_nvml.c | deps-test
	@mkdir -p $(@D); echo "  CC    $@"; $(CC) $(FLAGS) -fPIC -shared -DFAKE_NVML_FAILS='"$(*:-%=%)"' $< -o $@
$(TESTS)/nvml_test: $(OUT)/obj/runtime/engine/cuda/nvml.o | $(fake_nvml)

# Digests of every kernel over fixed data: what the builds for other ISAs must print too.
$(TESTS)/kernel_digest: $(call objects,$(TESTS)/obj,$(wildcard tests/kernels/cpu/kernel_*.c) \
                          $(addprefix tests/fixtures/,fake_model.c random_values.c))
# A binary over the fake model, for the command line's tests; and the default model: both with a guard
# against allocation after sealing, except under a sanitizer.
guard := $(if $(SAN),,$(TESTS)/obj/tests/models/alloc_guard.o)
$(TESTS)/fake: $(OUT)/obj/runtime/cli/main.o $(TESTS)/obj/tests/fixtures/fake_model.o $(guard)
$(OUT)/$(MODEL)-guarded: $(OUT)/obj/runtime/cli/main.o $(MODEL_OBJECTS) $(guard)
$(TESTS)/fake $(OUT)/$(MODEL)-guarded: guarded := $(if $(guard),-Wl$(comma)--wrap=arena_seal)
$(TESTS)/kernel_digest $(TESTS)/fake $(OUT)/$(MODEL)-guarded: $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(FLAGS) $(guarded) $(filter %.o,$^) $(OUT)/libruntime.a -o $@ $(RUNTIME_LIBS)

## all tests; about 20 minutes on 2 processors
test: deps-test
	@$(MAKE) -s WERROR=1 test-parts
.PHONY: test-parts
test-parts: all $(TOOLS)/fables $(if $(SAN),,$(OUT)/$(MODEL)-guarded) $(test_programs) $(hybrid_tests) \
            $(addprefix $(TESTS)/,fake kernel_digest sweep)
	@tests/all.sh $(TESTS)/logs $(OUT) $(TOOLS) $(test_programs) $(hybrid_tests) $(simt_programs) -- \
	  $(test_scripts)

# The sanitizers, random shapes, the kit's tests by nvcc, clang-tidy, a minute of every fuzz target, and
# both of the README's commands by every compiler, on one processor and in little memory.
## test and everything else that takes long
test-full: test
	@$(MAKE) -s test SAN=1
	@$(MAKE) -s sweep
	@$(if $(cuda_headers),$(MAKE) -s sweep BACKEND=simt CASES=7)
	@$(MAKE) -s nvcc-kit
	@$(MAKE) -s tidy
	@$(MAKE) -s fuzz
	@tests/full/canary.sh $(OUT)/fable-mamba build/cpu/fable-mamba.weights
	@tests/full/bench_outside.sh
	@$(MAKE) -s compare-run
	@tests/full/builds.sh
