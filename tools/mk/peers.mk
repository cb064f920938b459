# Beside other programs: llama.cpp and transformers, with the same weights, on this machine.
#
# Optional, never part of a test: it needs Python, 6 GB of other people's programs and the room of three
# copies of every model's weights. All of it lies in build/peers.

## how often make peers measures every program, in turn
ROUNDS  ?= 3
## how make peers calls this machine (its processor)
MACHINE ?=

# MODELS, if the caller says any: configs, or those of tools/peers. Other targets have other defaults.
peers_models := $(if $(filter command environment,$(origin MODELS)),$(MODELS),mamba-130m tinyllama-1.1b mixtral-1.5b)
peers_python := build/peers/venv/bin/python
peers_model  := build/peers/$(MODEL)
peers_weights := $(peers_model)/checkpoint/model.safetensors

## speed and memory beside llama.cpp and transformers, into doc/peers-MACHINE.md
peers: peers-ready
	@python3 tools/peers/measure.py build/peers $(OUT) doc --rounds $(ROUNDS) \
	  --machine $(call quoted,$(MACHINE)) $(peers_models)
## installs them and makes their files of its models: only measuring is left then
peers-ready: deps
	@tools/peers/install.sh build/peers
	@for model in $(peers_models); do \
	  config=config/$$model.ini; [ -e $$config ] || config=tools/peers/$$model.ini; \
	  $(MAKE) -s MODEL=$$model CONFIG=$$config $(OUT)/$$model build/peers/$$model/agreement.json || exit 1; \
	done

# Random weights, three times the same.
$(peers_weights): tools/peers/checkpoint.py $(filter config/%.ini tools/peers/%.ini,$(CONFIG))
	@echo "  PEERS $(@D)"; rm -rf $(@D); $(peers_python) $< $(config) $(@D)
$(peers_model)/model.gguf: tools/peers/to_gguf.py $(peers_weights)
	@echo "  PEERS $@"; $(peers_python) $< build/peers/llama.cpp/vendor/llama.cpp $(peers_model)/checkpoint $@
$(peers_model)/model.weights: $(peers_weights) $(TOOLS)/pack
	@echo "  PACK  $@"; $(TOOLS)/pack --no-tokenizer $(config) $(peers_model)/checkpoint -o $@
# Nothing is measured before all compute the same.
$(peers_model)/agreement.json: tools/peers/agree.py $(peers_model)/model.gguf $(peers_model)/model.weights \
                               $(OUT)/$(MODEL)
	@$(peers_python) $< build/peers $(MODEL) $(OUT)/$(MODEL) $@
