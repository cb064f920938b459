# Speed, beside the bandwidth and the fused multiply-adds that this machine gives in the same run.

## the model of make bench; its weights are random, which does not change the speed
BENCH        ?= mamba-130m
## only so many of its layers, where it is too large for this machine
BENCH_LAYERS ?=
## what it measures: options of the verb
BENCH_OPTIONS ?= -r 15
bench_model  := $(BENCH)$(if $(BENCH_LAYERS),-$(BENCH_LAYERS)-layers)
bench_config := $(if $(BENCH_LAYERS),build/bench/$(bench_model).ini,config/$(BENCH).ini)
## prefill and decode of BENCH beside what the machine gives; at the defaults a minute
bench: deps $(bench_config)
	@$(MAKE) -s MODEL=$(bench_model) CONFIG=$(bench_config) CHECKPOINT= RANDOM_WEIGHTS=1 \
	  $(if $(BENCH_LAYERS),SOURCES=build/bench/$(bench_model)) all
	@$(OUT)/$(bench_model) bench $(BENCH_OPTIONS)
build/bench/$(BENCH)-$(BENCH_LAYERS)-layers.ini: config/$(BENCH).ini
	@mkdir -p $(@D); sed 's/^\(num_hidden_layers *= *\).*/\1$(BENCH_LAYERS)/' $< >$@

## every operation of BENCH in place
bench-ops: deps
	@$(MAKE) -s MODEL=$(BENCH) $(OUT)/$(BENCH)-ops
	@$(OUT)/$(BENCH)-ops
$(OUT)/$(MODEL)-ops: $(TESTS)/obj/tests/models/bench_kernels.o $(MODEL_OBJECTS) $(OUT)/libruntime.a
	@$(CC) $(FLAGS) $^ -o $@ $(RUNTIME_LIBS)
