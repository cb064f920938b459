# Fuzz targets, tests/fuzz/NAME_fuzz.c, by clang's libFuzzer under ASan and UBSan: fuzz-NAME.

## how long each fuzz target runs
FUZZ_SECONDS ?= 60
FUZZ_FLAGS   := -std=gnu11 -D_GNU_SOURCE= -g -O1 -march=native -ffp-contract=off -pthread -I. -w \
                -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz_targets := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
fuzz_lib     := $(sort $(gen_lib) $(pack_lib) $(runtime_lib) $(measure_lib) $(wildcard tests/fixtures/fake_[mw]*.c))

## every fuzz target for FUZZ_SECONDS
fuzz: $(addprefix fuzz-,$(fuzz_targets))
	@echo "fuzz: $(fuzz_targets): $(FUZZ_SECONDS) s each, no finding"
.PHONY: $(addprefix fuzz-,$(fuzz_targets))
$(addprefix fuzz-,$(fuzz_targets)): fuzz-%: build/fuzz/%
	@mkdir -p build/fuzz/corpus-$*; echo "  FUZZ  $*"
	@$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
	  -artifact_prefix=build/fuzz/$*- build/fuzz/corpus-$* >build/fuzz/$*.log 2>&1 || \
	  { tail -n 40 build/fuzz/$*.log; exit 1; }
	@sed -n 's/^stat::number_of_executed_units: */  FUZZ  $*: runs without a finding: /p' build/fuzz/$*.log
$(fuzz_targets:%=build/fuzz/%): build/fuzz/%: build/fuzz/obj/tests/fuzz/%_fuzz.o build/fuzz/libfuzz.a
	@echo "  LINK  $@"; clang $(FUZZ_FLAGS) -fsanitize=fuzzer $^ -o $@ $(TOOL_LIBS)
build/fuzz/libfuzz.a: $(call objects,build/fuzz/obj,$(fuzz_lib))
build/fuzz/flags.record: used := $(call recorded,$(FUZZ_FLAGS)) $(call version,clang)
build/fuzz/obj/%.o: %.c build/fuzz/flags.record | deps-test
	@mkdir -p $(@D); clang $(FUZZ_FLAGS) -MMD -MP -c $< -o $@
