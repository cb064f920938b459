/* Binaries of the CUDA backend over the fake runtime of tests/simt, run as children. */
#ifndef TESTS_GPU_CHILD_H
#define TESTS_GPU_CHILD_H

#include "tests/child.h"

/* FAKE_CUDA of the children from now on: which GPU there is, and what goes wrong. */
void gpu(const char *environment);

/* The child's code, and that its messages have these words. */
void assert_ends(const struct child *child, int code, const char *words);

/* How often a child called a function of CUDA, from the fake's report=FILE. */
long gpu_calls(const char *report, const char *call);

/* How often a kernel was executed: lines of the fake's trace=FILE that have this name. */
long gpu_executions(const char *trace, const char *kernel);

#endif
