/* What the verbs' command lines have in common. */
#ifndef RUNTIME_CLI_OPTIONS_H
#define RUNTIME_CLI_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/number_list.h"
#include "runtime/base/run.h"
#include "runtime/engine/generate.h"
#include "runtime/engine/session.h"

/* Keys of options without a short form. */
enum option_key {
    OPTION_TEMPERATURE = 0x100,
    OPTION_TOP_K,
    OPTION_TOP_P,
    OPTION_MIN_P,
    OPTION_IGNORE_EOS,
    OPTION_NO_ECHO,
    OPTION_INTERVAL,
    OPTION_IDS,
    OPTION_CHUNK,
    OPTION_DEPTHS,
    OPTION_FROM,
    OPTION_TO,
    OPTION_DOUBLE,
    OPTION_REPEAT,
    OPTION_DECODE,
    OPTION_DIGEST,
    OPTION_JSON,
    OPTION_CAPTURE,
    OPTION_NO_GRAPH,
    OPTION_GRAPH,
    OPTION_LOOP,
    OPTION_NO_PDL,
    OPTION_CHECK,
    OPTION_RANDOM_WEIGHTS,
    OPTION_NO_BOS,
    OPTION_NO_ESCAPE,
    OPTION_BANDWIDTH,
    OPTION_AT,
    OPTION_LOAD_STATE,
    OPTION_SAVE_STATE,
    OPTION_SAVE_EVERY,
    OPTION_APPEND,
    OPTION_RECORD,
    OPTION_PIN,
    OPTION_MLOCK,
    OPTION_PREFAULT,
    OPTION_PROMPT_TOKENS,
    OPTION_SERIES,
    OPTION_WINDOW,
    OPTION_STRIDE,
    OPTION_LIKE_LLAMA_CPP,
    OPTION_SAVE_LOGPROBS,
    OPTION_AGAINST,
    OPTION_PROMPT_GEN,
    OPTION_NO_WARMUP,
    OPTION_DELAY,
    OPTION_PROGRESS
};

/* --weights, --random-weights, --threads, --quiet, --check, --no-graph and its kin, and the flags
 * that are fixed when the binary is built. */
struct common_options {
    const char *weights; /* NULL: beside the binary */
    bool random_weights; /* none are read: they are made from random_seed */
    uint64_t random_seed;
    u32 threads;                      /* 0: by default */
    struct number_list *threads_list; /* given: --threads is a list, which goes there instead */
    u32 chunk;                        /* --batch-size; 0: as built */
    struct graph_mode mode;
    bool check;
    bool quiet;
};
extern const struct argp common_argp;

/* What these say about a session. */
struct session_options options_session(const struct common_options *common);

/* --temp, --top-k, --top-p, --min-p, --seed, --n-predict, --ignore-eos: struct generate_options. */
extern const struct argp generate_argp;

/* Sets what is not given on the command line. */
void generate_defaults(struct generate_options *options);

/* The whole number that `text` spells, within [least, most]; otherwise exits with EXIT_USAGE:
 * "--threads: 'x' is not a whole number from 1 to 256". `option` is the name to show. */
int64_t option_integer(const char *option, const char *text, int64_t least, int64_t most);

/* Says which seed was drawn, if one was and `quiet` is not set. */
void generate_note(const struct generate_options *options, bool quiet);

/* Parses the command line of one verb; exits with EXIT_USAGE on a mistake. */
void options_parse(const struct argp *argp, int argc, char **argv, void *input);

#endif
