# What runs on a machine with a GPU, or measures one. Included by the Makefile.
#
#   make gpu-probe         build/cuda/gpu_probe: what the GPU of a machine can give

# The probe shares the runtime's output of text and JSON.
PROBE_ARCH    := 90a 121a
probe_objects := $(addprefix build/cuda/obj/,tools/gpu_probe.cu.o tools/gpu_probe_measures.cu.o)

# ---- tests without a GPU ---------------------------------------------------------------------------
$(TESTS)/libsimt.a: $(addprefix $(TESTS)/obj/cuda/,runtime/cuda/random_weights.o tools/gpu_probe_measures.o)
