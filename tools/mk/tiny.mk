# The models of the tests: tiny checkpoints of tests/data, imported and built as a user would.
#
#   tiny-model-mamba-a-bf16   binary and weights of tests/data/checkpoints/mamba-a in bf16
#   simt-model-mamba-a-bf16   the same for BACKEND=simt
#   saved-model-phi           a folder of tests/data/saved as README.md says
#   other-isa-avx2            the default model and tiny ones for another instruction set

types       := f32 bf16 f16
tiny_models := $(foreach m,mamba-a mamba-b mamba-c mamba2-a mamba2-b,$(addprefix $(m)-,$(types))) \
               mamba-c-stored-bf16-f32 mamba-c-stored-f16-f32 mamba-a-original-f32 mamba-a-sharded-f32
tiny_families := $(addprefix llama-a-,$(types)) llama-b-bf16 llama-c-f16 phi-a-bf16 phi-b-f16 mixtral-a-bf16 \
                 mixtral-a-f32 deepseek-a-bf16 deepseek-b-f16 jamba-a-bf16 jamba-b-f16 mixtral-w-f32 \
                 llama-d-f32 llama-e-bf16 phi-c-f16 mixtral-b-bf16 deepseek-c-f32 jamba-c-f16 mamba2-c-bf16 \
                 llama-c-mixed mixtral-a-mixed
tiny_type    = $(lastword $(subst -, ,$(1)))
# Mixed: classes that meet in an operation, or lie beside each other, have different types.
mixed_types  = --embedding-type bf16 --head-type f32 --projection-type f16 \
               $(if $(filter mixtral%,$(1)),--expert-type bf16 --router-type f32)
tiny_types   = $(if $(filter %-mixed,$(1)),$(call mixed_types,$(1)),--type $(call tiny_type,$(1)))
tiny_source  = tests/data/checkpoints/$(patsubst %-$(call tiny_type,$(1)),%,$(1))
tiny_variables = MODEL=$(1) CONFIG=build/tests/config/$(1).ini SOURCES=build/tests/models/$(1)

build/tests/config/%.ini: $(TOOLS)/gen
	@mkdir -p $(@D); $(TOOLS)/gen import $(call tiny_source,$*) $(call tiny_types,$*) \
	  --prefill-chunk 32 --logit-rows 8 \
	  $(if $(filter mamba%,$*),,--kv-type f32 --context 400) >$@
tiny-model-%: build/tests/config/%.ini $(OUT)/libruntime.a $(TOOLS)/pack
	@$(MAKE) -s $(call tiny_variables,$*) CHECKPOINT=$(call tiny_source,$*) all

# With nothing done to a folder that README.md does not say.
saved_models := $(patsubst tests/data/saved/%/,saved-model-%,$(wildcard tests/data/saved/*/))
build/tests/config/saved-%.ini: tests/data/saved/%/config.json $(TOOLS)/gen
	@mkdir -p $(@D); $(TOOLS)/gen import tests/data/saved/$* >$@
saved-model-%: build/tests/config/saved-%.ini $(OUT)/libruntime.a $(TOOLS)/pack
	@$(MAKE) -s $(call tiny_variables,saved-$*) CHECKPOINT=tests/data/saved/$* all

# For the instruction sets that this machine can execute or emulate.
other_isas  := $(if $(filter x86_64,$(shell uname -m)),avx2 avx512 aarch64)
bits_models := llama-a-f16 llama-e-bf16 phi-a-bf16 mixtral-a-bf16 deepseek-a-bf16 jamba-a-bf16 \
               mamba2-a-f16 mamba2-b-bf16
other_isa    = ISA=$* SAN= \
               $(if $(filter aarch64,$*),HOST_CC=$(call quoted,$(HOST_CC)) CC=aarch64-linux-gnu-gcc)
other-isa-%: build/made/$(MODEL).stamp $(addprefix tiny-model-,$(bits_models))
	@$(MAKE) -s $(other_isa) binary build/tests-$*/kernel_digest
	@for m in $(bits_models); do $(MAKE) -s $(other_isa) $(call tiny_variables,$$m) binary || exit 1; done

# Over the interpreter.
simt_families := $(addprefix llama-a-,$(types)) mixtral-a-bf16 mixtral-a-mixed llama-c-mixed \
                 phi-b-f16 $(addsuffix -f32,llama-b llama-c phi-a phi-b mixtral-a mixtral-w deepseek-a deepseek-b jamba-a jamba-b mamba2-a mamba2-b \
                 llama-e phi-c deepseek-c mamba2-c)
simt_models   := $(if $(cuda_headers),$(tiny_models) $(simt_families))
simt-model-%: build/tests/config/%.ini
	@$(MAKE) -s BACKEND=simt $(call tiny_variables,$*) CHECKPOINT=$(call tiny_source,$*) all
# One after the other, and after the same models for the CPU: they share what they are made of.
.PHONY: simt-models
simt-models: $(addprefix tiny-model-,$(filter $(tiny_models) $(tiny_families),$(simt_models))) \
             $(TESTS)/libsimt.a
	@for m in $(simt_models); do $(MAKE) -s simt-model-$$m || exit 1; done
	@$(if $(simt_models),$(MAKE) -s BACKEND=simt all && \
	  $(MAKE) -s BACKEND=simt $(call tiny_variables,mamba-a-bf16) reopened)
ifeq ($(BACKEND),simt)
# Opens and closes a session of MODEL twice.
.PHONY: reopened
reopened: $(OUT)/reopened
$(OUT)/reopened: $(TESTS)/obj/tests/models/reopened.o $(MODEL_OBJECTS) $(OUT)/libruntime.a $(backend_objects)
	@echo "  LINK  $@"; $(CC) $(FLAGS) $^ -o $@ $(RUNTIME_LIBS) $(backend_link)
endif

test-parts: $(addprefix other-isa-,$(other_isas)) $(addprefix tiny-model-,$(tiny_models) $(tiny_families)) \
            $(saved_models) simt-models
# Configs made on the way are kept.
.SECONDARY: $(patsubst %,build/tests/config/%.ini,$(tiny_models) $(tiny_families) $(simt_models) $(kit_tiny) \
              $(saved_models:saved-model-%=saved-%))
