# All configs at once: which there are, what they need, their sources.

## the models that have a config
list:
	@for c in config/*.ini; do n=$$(basename $$c .ini); \
	  printf '%-16s %s\n' "$$n" "$$(sed -n '1s/^# *//p' $$c)"; done

## what every model needs, as README.md shows it
table: $(TOOLS)/gen
	@$(TOOLS)/gen table $(sort $(wildcard config/*.ini))

## writes the sources of every config anew, and the digests of those that are not committed
models: $(TOOLS)/gen
	@tools/mk/models.sh write $(TOOLS)/gen
