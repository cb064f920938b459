/* What llama-bench prints (-o json, -o jsonl), as a record of ours. */
#ifndef TOOLS_MEASURE_LLAMA_BENCH_H
#define TOOLS_MEASURE_LLAMA_BENCH_H

#include <stdbool.h>

#include <jansson.h>

enum { LLAMA_BENCH_ERROR = 512 };

/* Whether an object is one of its rows. */
bool llama_bench_is_row(const json_t *object);

/* A new record ("schema": 2, "verb": "bench") of an array of rows, or of one: a figure of each,
 * named as ours are: pp512, tg128, pp512+tg128, with " @ d4096" behind it at a depth, and " @ t2"
 * if rows differ in their threads. Samples are tokens per second from samples_ns, unrounded. The
 * rows of one file must be of one model. It is as complete as llama-bench says anything of: its
 * last row is nowhere marked. NULL, with a message: it cannot be read as such. */
json_t *llama_bench_convert(const json_t *rows, char error[LLAMA_BENCH_ERROR]);

#endif
