# What is done with measurements: pictures, comparisons, reports.

measure_programs := plot
measure_lib := $(filter-out $(measure_programs:%=tools/measure/%.c),$(wildcard tools/measure/*.c)) \
               $(wildcard runtime/measure/stats*.c)
$(TOOLS)/libmeasure.a: $(call objects,$(TOOLS)/obj,$(measure_lib))
$(TESTS)/picture_test $(TESTS)/record_read_test: $(TOOLS)/libmeasure.a
