# What is done with measurements: pictures, comparisons, reports.

measure_programs := plot report compare
measure_lib := $(filter-out $(measure_programs:%=tools/measure/%.c),$(wildcard tools/measure/*.c)) \
               $(wildcard runtime/measure/stats*.c)
$(TOOLS)/libmeasure.a: $(call objects,$(TOOLS)/obj,$(measure_lib))
$(addprefix $(TESTS)/,picture_test record_read_test record_picture_test compare_test): $(TOOLS)/libmeasure.a

$(measure_programs:%=$(TOOLS)/%): $(TOOLS)/%: $(TOOLS)/obj/tools/measure/%.o $(TOOLS)/libmeasure.a $(TOOLS)/libgen.a
	@echo "  LINK  $@"; $(HOST_CC) $(FLAGS) $^ -o $@ $(TOOL_LIBS)
$(TESTS)/report_test: | $(TOOLS)/report
$(TESTS)/compare_test: | $(TOOLS)/compare
$(TESTS)/record_picture_test: | $(TOOLS)/plot

## the models of make report: configs, or tiny ones of the tests
MODELS ?= fable-mamba mamba-130m mamba2-130m tinyllama-1.1b
## the folder where make report puts report.html and report.md
REPORT ?= build/report
## the text of its perplexities, a file; without one, fables that no model has seen
TEXT   ?=
## seconds that one of its measurements may take
REPORT_LIMIT ?= 300
report_text  := $(or $(TEXT),$(REPORT)/fables.txt)
report_words := $(or $(TEXT),60 kB of fables of a seed that no training used: all that fable-mamba knows$(comma) \
                  and nothing that other models were made for)
## builds MODELS, measures them in turn, and compares them on one page
report: deps-measure $(TOOLS)/report $(TOOLS)/fables
	@mkdir -p $(call quoted,$(REPORT))
	@$(if $(TEXT),,$(TOOLS)/fables --seed 900002 --bytes 60000 >$(call quoted,$(report_text)))
	+@$(if $(findstring n,$(firstword -$(MAKEFLAGS))),:,MAKE='$(MAKE)' tools/measure/report.sh) $(REPORT_LIMIT) \
	  $(call quoted,$(REPORT)) $(OUT) $(TOOLS) $(call quoted,$(report_text)) $(call quoted,$(report_words)) $(MODELS)

# A binary that does a share of its steps twice, and a program that takes the memory's time.
$(OUT)/$(MODEL)-planted: $(OUT)/obj/runtime/cli/main.o $(MODEL_OBJECTS) $(TESTS)/obj/tests/full/slow_steps.o $(OUT)/libruntime.a
	@echo "  LINK  $@"; $(CC) $(FLAGS) -Wl,--wrap=decode $^ -o $@ $(RUNTIME_LIBS)
$(TESTS)/neighbour: $(TESTS)/obj/tests/full/neighbour.o
	@echo "  LINK  $@"; $(CC) $(FLAGS) $^ -o $@
## finds slowdowns that are planted, and none where there is none
compare-run: all $(OUT)/$(MODEL)-planted $(TESTS)/neighbour $(TOOLS)/compare
	@tests/full/compare_run.sh $(OUT)/$(MODEL)-planted $(OUT)/$(MODEL).weights $(TESTS)/neighbour $(TOOLS)/compare $(TIMES)

## how far make sweep-picture reads
SWEEP_TO    ?= 1M
## the folder of its records and its picture
SWEEP_OUT   ?= models/fable-mamba/results
sweep_llama := MODEL=llama-small CONFIG=tools/measure/llama-small.ini SOURCES=build/sweep/llama-small \
               CHECKPOINT= RANDOM_WEIGHTS=1
## fable-mamba and a Llama of its size to ever greater depths, in one picture
sweep-picture: deps-measure $(TOOLS)/plot
	@$(MAKE) -s MODEL=fable-mamba all
	@$(MAKE) -s $(sweep_llama) all
	@mkdir -p $(call quoted,$(SWEEP_OUT))
	@for m in fable-mamba llama-small; do $(OUT)/$$m sweep --to $(SWEEP_TO) \
	  --record $(call quoted,$(SWEEP_OUT))/sweep-$$m.json || exit 1; done
	@$(TOOLS)/plot $(call quoted,$(SWEEP_OUT))/sweep-fable-mamba.json \
	  $(call quoted,$(SWEEP_OUT))/sweep-llama-small.json -o $(call quoted,$(SWEEP_OUT))/sweep.svg
