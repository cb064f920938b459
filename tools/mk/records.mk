# What has no time stamp: compilers with their versions, flags, which files there are. A record changes
# when its text does, and what depends on it is made anew.

# What -march=native means depends on the processor.
$(TOOLS)/flags.record: used := $(call recorded,$(FLAGS)) $(call version,$(HOST_CC))
$(OUT)/flags.record:   used := $(call recorded,$(FLAGS) $(backend_cflags) $(nvtx_flags) $(MARCH)) \
                               $(call version,$(CC)) "$$(grep -m 1 -E '^(flags|Features)' /proc/cpuinfo)"
$(TESTS)/flags.record: used := $(call recorded,$(FLAGS) $(nvtx_flags) $(MARCH)) $(call version,$(CC))
build/sources.record:  used := $(sort $(wildcard $(addsuffix /*.c*,gen gen/* tools/* runtime/* \
                                                   runtime/*/* kernels/* tests/* tests/*/*)))
%.record: FORCE
	@printf '%s\n' $(used) | tools/mk/record.sh $@
.PHONY: FORCE
