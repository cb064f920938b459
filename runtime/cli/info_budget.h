/* The part of `info` that compares lengths of text: what they hold, what a decode step moves, and
 * how fast that can be at best. */
#ifndef RUNTIME_CLI_INFO_BUDGET_H
#define RUNTIME_CLI_INFO_BUDGET_H

#include "runtime/base/budget.h"
#include "runtime/base/json.h"
#include "runtime/base/out.h"

/* What was asked on the command line. */
struct info_question {
    struct bandwidth bandwidth; /* name NULL: no floors */
    uint64_t at;                /* the only length; 0: the built context and budget_contexts */
};

/* Takes the value of --bandwidth, a preset or a number; otherwise exits with EXIT_USAGE. */
void info_bandwidth(struct info_question *question, const char *text);

void info_print(struct out *out, const struct info_question *question);
void info_json(struct json *json, const struct info_question *question);

#endif
