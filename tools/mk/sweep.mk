# Random models of every family, made and judged by a program of its own.

$(TESTS)/sweep: $(call objects,$(TESTS)/obj,$(wildcard tests/sweep/*.c tests/reference64/*.c)) \
                $(TOOLS)/libtools.a $(TOOLS)/libgen.a
	@echo "  LINK  $@"; $(CC) $(FLAGS) $^ -o $@ $(TOOL_LIBS)

## which random models make sweep draws
SEED  ?= 1
## the first of them
FIRST ?= 0
## how many
CASES ?= 100
## random shapes of every family against float64; on CUDA with BACKEND=simt
sweep: deps-test
	@$(MAKE) -s $(TESTS)/sweep $(TOOLS)/gen $(TOOLS)/pack $(OUT)/libruntime.a $(OUT)/obj/runtime/cli/main.o \
	  $(backend_objects)
	@tests/sweep/sweep.sh $(OUT) $(TOOLS) $(SEED) $(FIRST) $$(($(FIRST) + $(CASES) - 1))
