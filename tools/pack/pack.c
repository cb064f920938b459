/* pack: a checkpoint directory becomes a weight file in the layout of one model's binary. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/stack.h"
#include "runtime/base/streams.h"
#include "tools/pack/pack_run.h"

enum { OPTION_RANDOM = 256, OPTION_NO_TOKENIZER, OPTION_BACKEND };

struct arguments {
    struct pack_request request;
    bool random;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "The weight file to write", 0},
    {"backend", OPTION_BACKEND, "NAME", 0, "The binary's backend: cpu (default) or cuda", 0},
    {"random", OPTION_RANDOM, "SEED", 0, "Random weights instead of a checkpoint", 0},
    {"no-tokenizer", OPTION_NO_TOKENIZER, NULL, 0,
     "Leave the tokenizer out; the binary then takes token ids only", 0},
    {0},
};

static const char usage[] = "CONFIG.ini CHECKPOINT -o FILE\n--random SEED CONFIG.ini -o FILE";

static const char description[] =
    "Packs the weights and the tokenizer of a checkpoint directory (config.json, "
    "model.safetensors or its shards, tokenizer.json or tokenizer.model) for the binary of "
    "CONFIG.ini.\v"
    "The checkpoint is read as transformers reads it: names of tensors with or without the outer "
    "'model.' or 'backbone.'; a table that is both embedding and head under either name; every "
    "shard of the index, whichever tensors it holds. Left out with a note are tensors that are "
    "computed and not learned, such as rotary frequencies. Anything else that has no place in the "
    "model is an error.\n\n"
    "Exit codes: 0 done; 1 the file cannot be written; 2 usage; 3 no memory; 4 the config or the "
    "checkpoint is wrong; 130 interrupted "
    "(Ctrl-C, SIGTERM, SIGHUP). Unless it is 0, an older FILE is left as it was.";

static void parse_seed(struct arguments *arguments, const char *text, struct argp_state *state)
{
    char *end;
    errno = 0;
    arguments->request.seed = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        argp_error(state, "--random %s: expected a whole number from 0 to 2^64 - 1", text);
    arguments->random = true;
}

static void parse_backend(struct arguments *arguments, const char *text, struct argp_state *state)
{
    if (strcmp(text, "cpu") != 0 && strcmp(text, "cuda") != 0)
        argp_error(state, "--backend %s: expected cpu or cuda", text);
    arguments->request.backend = strcmp(text, "cpu") == 0 ? BACKEND_CPU : BACKEND_CUDA;
}

static void check_arguments(const struct arguments *arguments, struct argp_state *state)
{
    const struct pack_request *request = &arguments->request;
    if (request->config == NULL)
        argp_error(state, "expected a config");
    if (request->output == NULL)
        argp_error(state, "expected -o FILE");
    if (arguments->random && request->checkpoint != NULL)
        argp_error(state, "--random takes no checkpoint, found '%s'", request->checkpoint);
    if (!arguments->random && request->checkpoint == NULL)
        argp_error(state, "expected a checkpoint directory, or --random SEED");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct pack_request *request = &arguments->request;
    switch (key) {
    case 'o':
        request->output = argument;
        break;
    case OPTION_RANDOM:
        parse_seed(arguments, argument, state);
        break;
    case OPTION_BACKEND:
        parse_backend(arguments, argument, state);
        break;
    case OPTION_NO_TOKENIZER:
        request->no_tokenizer = true;
        break;
    case ARGP_KEY_ARG:
        if (request->config == NULL)
            request->config = argument;
        else if (request->checkpoint == NULL)
            request->checkpoint = argument;
        else
            argp_error(state, "one argument too many: '%s'", argument);
        break;
    case ARGP_KEY_END:
        check_arguments(arguments, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int main(int count, char **values)
{
    static const struct argp argp = {options, parse_option, usage, description, NULL, NULL, NULL};
    struct arguments arguments = {0};
    streams_require();
    stack_require();
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, count, values, 0, NULL, &arguments);
    return pack_run(&arguments.request, stderr);
}
