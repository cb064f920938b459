/* The options that the measuring verbs have in common. */
#ifndef RUNTIME_CLI_MEASURE_OPTIONS_H
#define RUNTIME_CLI_MEASURE_OPTIONS_H

#include <argp.h>

#include "runtime/measure/record.h"

/* -o, --record, --pin, --mlock, --prefault: struct record_options. */
extern const struct argp measure_argp;

#endif
