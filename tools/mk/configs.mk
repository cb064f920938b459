# All configs at once: which there are, what they need, the sources that are committed.

## the models that have a config
list:
	@for c in config/*.ini; do n=$$(basename $$c .ini); \
	  printf '%-16s %s\n' "$$n" "$$(sed -n '1s/^# *//p' $$c)"; done

## what every model needs, as README.md shows it
table: $(TOOLS)/gen
	@$(TOOLS)/gen table $(sort $(wildcard config/*.ini))

## writes the committed sources of every config anew
models: $(TOOLS)/gen
	@for c in config/*.ini; do $(TOOLS)/gen $$c -o models/$$(basename $$c .ini) || exit 1; done
