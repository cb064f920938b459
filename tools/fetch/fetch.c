/* fetch: the checkpoint of a config comes from the hub into a directory. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/stack.h"
#include "runtime/base/streams.h"
#include "tools/fetch/fetch_http.h"
#include "tools/fetch/fetch_run.h"

enum { OPTION_ATTEMPTS = 256, OPTION_BACKOFF, OPTION_TIMEOUT };

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "Where the files go (default checkpoints/NAME)", 0},
    {"attempts", OPTION_ATTEMPTS, "N", 0,
     "Give up after N attempts without a new megabyte (default 5)", 0},
    {"backoff", OPTION_BACKOFF, "MS", 0,
     "Wait MS milliseconds before the second attempt, twice as long before each further (default "
     "1000)",
     0},
    {"timeout", OPTION_TIMEOUT, "S", 0,
     "An attempt has failed after S seconds without a byte (default 30)", 0},
    {0},
};

static const char description[] =
    "Downloads the checkpoint that section [hub] of CONFIG.ini names: config.json, "
    "generation_config.json, the tokenizer and the weights as safetensors.\v"
    "Every file is checked against the size and digest that the hub lists. What is already there "
    "is not fetched again; what another program has in the hub's cache becomes a link to it; a "
    "download that was interrupted goes on where it stopped.\n\n"
    "Environment, read as huggingface_hub reads it: HF_TOKEN (or HF_TOKEN_PATH, or HF_HOME/token) "
    "for "
    "gated models, shown to no host but HF_ENDPOINT's (default https://huggingface.co), and to "
    "none "
    "with HF_HUB_DISABLE_IMPLICIT_TOKEN; HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME or "
    "XDG_CACHE_HOME for the cache; HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE takes what the cache or "
    "DIR has and uses no network: 1, ON, YES and TRUE mean yes.\n\n"
    "Exit codes: 0 the checkpoint is complete; 1 the network, the hub or the disk failed; 2 usage; "
    "3 no memory; 4 the config has no [hub], or what came is not what was listed; 130 interrupted "
    "(Ctrl-C, SIGTERM, SIGHUP).";

static uint32_t number(const char *option, const char *text, uint32_t most)
{
    char *end;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < 1 || value > most)
        die(EXIT_USAGE, "%s: '%s' is not a whole number from 1 to %u", option, text, most);
    return (uint32_t)value;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct fetch_request *request = state->input;
    switch (key) {
    case 'o':
        request->directory = argument;
        return 0;
    case OPTION_ATTEMPTS:
        request->patience.attempts = number("--attempts", argument, 1000);
        return 0;
    case OPTION_BACKOFF:
        request->patience.backoff = number("--backoff", argument, 60000);
        return 0;
    case OPTION_TIMEOUT:
        request->timeout = number("--timeout", argument, 3600);
        return 0;
    case ARGP_KEY_ARG:
        if (request->config != NULL)
            argp_error(state, "one argument too many: '%s'", argument);
        request->config = argument;
        return 0;
    case ARGP_KEY_END:
        if (request->config == NULL)
            argp_error(state, "expected a config");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int count, char **values)
{
    static const struct argp argp = {options, parse_option, "CONFIG.ini", description,
                                     NULL,    NULL,         NULL};
    struct fetch_request request = {.patience = {.attempts = 5, .backoff = 1000}, .timeout = 30};
    streams_require();
    stack_require();
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, count, values, 0, NULL, &request);
    interrupt_catch();
    http_open();
    fetch_run(&request);
    http_close();
    return EXIT_SUCCESS;
}
