/* NAME VERB [options]: finds the verb; `run` if none is given. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/model.h"
#include "runtime/base/stack.h"
#include "runtime/base/streams.h"
#include "runtime/cli/verb.h"
#include "runtime/engine/processor.h"

static const struct verb {
    const char *name;
    int (*function)(int argc, char **argv);
    const char *does;
} verbs[] = {
    {"run", verb_run, "continue a prompt (the default)"},
    {"stream", verb_stream, "read a text of any length in fixed memory; bits per byte"},
    {"logits", verb_logits, "token ids in, a float32 .npy of their logits out"},
    {"tokenize", verb_tokenize, "text to token ids, and back with --decode"},
    {"info", verb_info, "dimensions, memory plan, operations, digests"},
    {"selftest", verb_selftest, "same bits for all chunk sizes and thread counts"},
    {"bench", verb_bench,
     "speed of prefill and decode, beside what the machine gives in the same moments"},
    {"latency", verb_latency, "how long the first token and each one behind it take"},
    {"perplexity", verb_perplexity,
     "how well it foretells a text; how far it is from another model"},
    {"sweep", verb_sweep, "speed and memory at growing depths of one text"},
    {"profile", verb_profile, "a window of steps for a profiler to capture"},
    {"state", verb_state, "save the state that a text leaves, look at a saved one"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static int help(void)
{
    printf("Usage: %s [VERB] [OPTION...]\n\n", model.name);
    for (int i = 0; i < VERBS; i++)
        printf("  %-10s %s\n", verbs[i].name, verbs[i].does);
    printf("\n'%s VERB --help' lists the options of a verb.\n", model.name);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    processor_require(processor_needs);
    streams_require();
    stack_require();
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
                     strcmp(argv[1], "help") == 0))
        return help();
    bool named = argc > 1 && argv[1][0] != '-';
    const char *name = named ? argv[1] : "run";
    for (int i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, name) != 0)
            continue;
        char shown[128]; /* argp prints argv[0] as the program's name */
        snprintf(shown, sizeof shown, "%s %s", model.name, name);
        argc -= named;
        argv += named;
        argv[0] = shown;
        return verbs[i].function(argc, argv);
    }
    die(EXIT_USAGE,
        "unknown verb '%s'; the verbs are run, stream, logits, tokenize, info, selftest, "
        "bench, latency, sweep, perplexity, profile, state",
        name);
}
