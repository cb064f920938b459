/* tokenize: text to token ids, and back. */
#include "runtime/cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/cli/ids.h"
#include "runtime/cli/options.h"
#include "runtime/cli/prompt.h"
#include "runtime/cli/text.h"
#include "runtime/engine/session.h"

struct tokenize_options {
    const char *weights;
    const char *file;
    char *argument;
    bool decode;
    bool no_bos;
    bool no_escape;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct tokenize_options *options = state->input;
    switch (key) {
    case 'm':
        options->weights = argument;
        return 0;
    case 'f':
        options->file = argument;
        return 0;
    case OPTION_DECODE:
        options->decode = true;
        return 0;
    case OPTION_NO_BOS:
        options->no_bos = true;
        return 0;
    case 'e':
        options->no_escape = false;
        return 0;
    case OPTION_NO_ESCAPE:
        options->no_escape = true;
        return 0;
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case ARGP_KEY_ARG:
        if (options->argument)
            argp_error(state, "more than one text; put quotes around it");
        options->argument = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->argument && options->file)
            die(EXIT_USAGE, "a text and --file exclude each other");
        if (options->argument && options->decode)
            die(EXIT_USAGE, "--decode reads token ids from --file or standard input");
        if (options->no_bos && options->decode)
            die(EXIT_USAGE, "--no-bos and --decode exclude each other");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"file", 'f', "FILE", 0, "Read FILE (default: standard input)", 1},
    {"decode", OPTION_DECODE, NULL, 0, "Token ids in, text out, special tokens included", 1},
    {"no-bos", OPTION_NO_BOS, NULL, 0,
     "Leave out the ids that the tokenizer puts around a text (BOS, EOS)", 1},
    {"escape", 'e', NULL, 0, "Backslashes in TEXT as in 'run --prompt' (default)", 1},
    {"no-escape", OPTION_NO_ESCAPE, NULL, 0, "A backslash in TEXT is a backslash", 1},
    {NULL, 'h', NULL, 0, "Give this help list", -1},
    {"weights", 'm', "FILE", 0, "Weight file (default: this binary's path + .weights)", 2},
    {"model", 0, NULL, OPTION_ALIAS, NULL, 2},
    {0},
};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .args_doc = "[TEXT]",
    .doc = "Prints the token ids of a text on one line, or with --decode the text of ids.\v"
           "Exit codes: 0; 1 failure at run time; 2 usage, a TEXT that is not UTF-8 included; 4 a "
           "weight file that does not fit or is damaged, a file that is not UTF-8 or holds "
           "something that is no token id; 130 interrupted."};

enum { IDS_AT_ONCE = 4096 };

static struct weights_source weights;
static struct text text;
static struct out out;

static struct tokenizer *open_tokenizer(const char *path)
{
    weights_open(&weights, path ? path : session_default_weights());
    weights_map(&weights);
    struct arena io = arena_reserve("io", arena_rounded(tokenizer_scratch_bytes()));
    return session_tokenizer(&weights, &io);
}

static void open_text(const struct tokenize_options *options)
{
    char *argument = options->argument;
    if (argument)
        text_open_memory(&text, argument,
                         options->no_escape ? strlen(argument) : prompt_unescape(argument), "TEXT");
    else
        text_open_file(&text, options->file ? options->file : "-");
}

static void encode(struct tokenizer *tokenizer, const struct tokenize_options *options)
{
    text_begin(&text, tokenizer, !options->no_bos);
    static u32 ids[IDS_AT_ONCE];
    arena_seal();
    const char *between = "";
    for (u32 count; (count = text_tokens(&text, ids, IDS_AT_ONCE)) > 0 && !out.closed;)
        for (u32 i = 0; i < count; i++) {
            out_print(&out, "%s%u", between, ids[i]);
            between = " ";
        }
    out_text(&out, "\n");
}

static void decode(const struct tokenizer *tokenizer, const struct tokenize_options *options)
{
    uint64_t count;
    u32 *ids = ids_read(options->file ? options->file : "-", tokenizer_rows(tokenizer), &count);
    struct tokenizer_decoder decoder;
    tokenizer_decode_begin(&decoder, true, true);
    for (uint64_t i = 0; i < count && !out.closed; i++) {
        uint64_t bytes = 0;
        uint8_t *room = out_room(&out, tokenizer_decode_bytes(tokenizer));
        tokenizer_decode_one(tokenizer, &decoder, ids[i], room, &bytes);
        out_filled(&out, bytes);
    }
    uint8_t *room = out_room(&out, TOKENIZER_DECODE_END);
    out_filled(&out, tokenizer_decode_end(tokenizer, &decoder, room));
}

int verb_tokenize(int argc, char **argv)
{
    static struct tokenize_options options;
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    if (!options.decode)
        open_text(&options);
    struct tokenizer *tokenizer = open_tokenizer(options.weights);
    out_open(&out, STDOUT_FILENO, "standard output");
    if (options.decode)
        decode(tokenizer, &options);
    else
        encode(tokenizer, &options);
    out_flush(&out);
    if (out.closed)
        return EXIT_FAILED;
    return interrupt_asked() ? EXIT_INTERRUPTED : EXIT_SUCCESS;
}
