# What is done with measurements: pictures, comparisons, reports.

measure_programs := plot
measure_lib := $(filter-out $(measure_programs:%=tools/measure/%.c),$(wildcard tools/measure/*.c))
$(TOOLS)/libmeasure.a: $(call objects,$(TOOLS)/obj,$(measure_lib))
$(TESTS)/picture_test: $(TOOLS)/libmeasure.a
