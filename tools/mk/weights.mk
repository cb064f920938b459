# The weight file of a model, and where its checkpoint comes from.
#
# Weight files do not depend on the ISA: every variant of a model shares one, and has a link to it.
# Without CHECKPOINT and RANDOM_WEIGHTS they come from where they came the last time, or from
# models/MODEL/checkpoint.

weights_file := build/$(weights_backend)/$(MODEL).weights
## the weights of MODEL alone, of CHECKPOINT or RANDOM_WEIGHTS
weights: $(weights_file) $(OUT)/$(MODEL).weights
$(weights_file).inputs: $(config_file) FORCE
	@tools/mk/weights.sh record $@ $(config) $(call quoted,$(RANDOM_WEIGHTS)) $(call quoted,$(CHECKPOINT)) \
	  models/$(MODEL)/checkpoint
$(weights_file): %: %.inputs $(TOOLS)/pack
	@echo "  PACK  $@"; tools/mk/weights.sh pack $< $(TOOLS)/pack $(weights_backend) $(config) $@
ifneq ($(weights_file),$(OUT)/$(MODEL).weights)
$(OUT)/$(MODEL).weights: $(weights_file)
	@mkdir -p $(@D); ln -sfn ../$(weights_backend)/$(@F) $@
endif

## where 'make fetch' puts a checkpoint
DIR ?= checkpoints/$(MODEL)
## the checkpoint of MODEL from the Hugging Face hub; then says what packs it
fetch: $(TOOLS)/fetch $(config_file)
	@$(TOOLS)/fetch $(config) -o $(call quoted,$(DIR))
