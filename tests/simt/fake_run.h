/* The run of a program that has no session. At any call the fake CUDA runtime takes for weights
 * what this run's weights are. */
#ifndef TESTS_SIMT_FAKE_RUN_H
#define TESTS_SIMT_FAKE_RUN_H

#include "runtime/base/run.h"

#ifdef __cplusplus
extern "C" {
#endif

run *fake_run(void);

#ifdef __cplusplus
}
#endif
#endif
