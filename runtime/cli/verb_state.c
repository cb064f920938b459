/* state: saves what a text leaves in the model, and says what a saved state is. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/json.h"
#include "runtime/base/number_text.h"
#include "runtime/base/out.h"
#include "runtime/cli/options.h"
#include "runtime/engine/state_file.h"

struct state_info_options {
    struct common_options common;
    const char *file;
    bool json;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct state_info_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->common;
        return 0;
    case OPTION_JSON:
        options->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0 && strcmp(argument, "info") != 0)
            argp_error(state, "unexpected argument '%s'; expected info or save", argument);
        if (state->arg_num == 0)
            return 0;
        if (options->file)
            argp_error(state, "unexpected argument '%s'; one file at a time", argument);
        options->file = argument;
        return 0;
    case ARGP_KEY_END:
        if (!options->file)
            die(EXIT_USAGE, "'state info FILE' looks at a file, 'state save FILE' writes one");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"json", OPTION_JSON, NULL, 0, "One JSON object instead of lines", 1}, {0}};
static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .args_doc = "info FILE\nsave FILE [OPTION of 'stream'...]",
    .children = children,
    .doc = "'state save' reads a text and saves what it leaves in the model: it is 'stream "
           "--save-state FILE'. 'state info' says what a file is, and checks every byte of it, and "
           "that it is for this binary and its weights.\v"
           "Needs no GPU. Exit codes: 0; 1 failure at run time; 2 usage; 4 a file that is damaged, "
           "or the state of another model, of other weights or of another backend; 130 "
           "interrupted."};

static struct out out;

/* Where there is a weight file, the state must be that of these weights. */
static void check_weights(const struct state_file *file, const struct common_options *common)
{
    const char *path = common->weights ? common->weights : session_default_weights();
    if (!common->weights && access(path, F_OK) != 0)
        return;
    struct weights_source weights;
    weights_open(&weights, path);
    state_file_require_weights(file, &weights);
    weights_close(&weights);
}

static void print_lines(const struct state_file *file)
{
    const struct state_file_header *header = &file->header;
    out_print(&out, "%s: the state of %s after %s token%s\n", file->path, model.name,
              number_text_grouped(header->position).text, header->position == 1 ? "" : "s");
    out_print(&out, "  backend        %.16s\n", header->backend);
    out_print(&out, "  weights digest %016" PRIx64 "\n", header->weights_digest);
    out_print(&out, "  config digest  %016" PRIx64 "%016" PRIx64 ", of all that decides numbers\n",
              header->config_digest[1], header->config_digest[0]);
    out_print(&out, "  bytes          %s: of fixed size %s, keys and values %s\n",
              number_text_grouped(header->file_bytes).text,
              number_text_grouped(header->fixed_bytes).text,
              number_text_grouped(header->heads * header->head_bytes).text);
    out_print(&out, "  state digest   %016" PRIx64 ", every byte as saved\n", header->state_digest);
}

static void print_json(const struct state_file *file)
{
    const struct state_file_header *header = &file->header;
    struct json json;
    json_begin(&json, &out);
    json_open(&json, NULL, '{');
    json_add_integer(&json, "schema", 1);
    json_add_string(&json, "model", model.name);
    json_add_string(&json, "backend", backend_name);
    json_add_integer(&json, "tokens", header->position);
    json_add_integer(&json, "file_bytes", header->file_bytes);
    json_add_integer(&json, "fixed_bytes", header->fixed_bytes);
    json_add_integer(&json, "cache_bytes", header->heads * header->head_bytes);
    json_add_integer(&json, "scored_bytes", header->score.bytes);
    json_add_real(&json, "scored_bits", header->score.bits);
    json_close(&json, '}');
}

static int show(int argc, char **argv)
{
    static struct state_info_options options;
    static uint8_t buffer[STATE_PIECE];
    static struct history history;
    struct state_file file;
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    out_open(&out, STDOUT_FILENO, "standard output");
    state_file_open(&file, options.file);
    state_file_history(&file, &history);
    state_file_check(&file, buffer);
    check_weights(&file, &options.common);
    if (options.json)
        print_json(&file);
    else
        print_lines(&file);
    state_file_close(&file);
    out_flush(&out);
    return out.closed ? EXIT_FAILED : EXIT_SUCCESS;
}

/* argv: "NAME state", "save", FILE, options of stream. */
int verb_state(int argc, char **argv)
{
    static char option[] = "--save-state";
    if (argc < 3 || strcmp(argv[1], "save") != 0)
        return show(argc, argv);
    argv[1] = option;
    return verb_stream(argc, argv);
}
