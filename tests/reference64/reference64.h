/* The forward pass of every family in double: what the logits of a checkpoint are, apart from
 * rounding.
 *
 * Written from the published equations, one token after the other against everything that came
 * before it; nothing is fused, packed, cut into blocks or rounded. It shares no code with the
 * generator, the runtime or the kernels: config.json and the tensors of model.safetensors are all
 * that it reads, under Hugging Face's names. tests/models/reference64_test.c holds it to
 * transformers.
 *
 * A checkpoint that it cannot read, or that lacks a tensor, ends the program with a message. Cost:
 * 8 bytes per parameter, and one multiplication and one addition per parameter and token. */
#ifndef TESTS_REFERENCE64_REFERENCE64_H
#define TESTS_REFERENCE64_REFERENCE64_H

#include <stddef.h>
#include <stdint.h>

struct model64;

/* Reads DIRECTORY/config.json and DIRECTORY/model.safetensors. */
struct model64 *model64_open(const char *directory);

uint64_t model64_vocab(const struct model64 *model);

/* logits[count][vocab] <- those after every one of the ids. */
void model64_run(struct model64 *model, const uint32_t *ids, size_t count, double *logits);

/* By how much the last expert chosen led the first one left out, in logits of the router: the least
 * over all choices so far; infinity without one. Where it is as small as an error of f32, another
 * expert is as right a choice. */
double model64_gap(const struct model64 *model);

void model64_close(struct model64 *model);

#endif
