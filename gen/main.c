/* gen: the command line of the generator. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/emit/table.h"
#include "gen/front/import.h"
#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/stack.h"
#include "runtime/base/streams.h"

enum {
    OPTION_STOP = 256,
    OPTION_CHECK,
    OPTION_TYPE,
    OPTION_LINEAR,
    OPTION_KEY /* + the place of a key in cfg_keys[] */
};

struct options {
    const char *config; /* the config, or the checkpoint directory of an import */
    bool import;
    bool table;
    char **configs; /* of a table: NULL-terminated */
    const char *out_dir, *check_dir;
    const char *stop_after;
    struct import_choices choices;
    bool chose; /* an option that only an import knows was given */
};

static const struct argp_option option_list[] = {
    {NULL, 'o', "DIR", 0,
     "Write the sources into DIR, which exists; files that would not change are not touched", 1},
    {"check", OPTION_CHECK, "DIR", 0,
     "Write nothing; exit 4 unless DIR holds exactly what would be written", 1},
    {"stop-after", OPTION_STOP, "STAGE", 0,
     "Print what STAGE found and stop: cfg, graph, shape, live, plan", 1},
    {NULL, 0, NULL, 0, "Build choices of an imported config:", 2},
    {"type", OPTION_TYPE, "TYPE", 0,
     "Of all weights: f32, f16 or bf16 (default: the checkpoint's f16 or bf16; else bf16)", 2},
    {"embedding-type", OPTION_KEY + KEY_embedding_type, "TYPE", 0, "As --type, of the embedding",
     2},
    {"head-type", OPTION_KEY + KEY_head_type, "TYPE", 0,
     "As --type, of the head; of a tied one the embedding's", 2},
    {"projection-type", OPTION_KEY + KEY_projection_type, "TYPE", 0,
     "As --type, of the projections of a layer", 2},
    {"expert-type", OPTION_KEY + KEY_expert_type, "TYPE", 0, "As --type, of experts", 2},
    {"router-type", OPTION_KEY + KEY_router_type, "TYPE", 0,
     "As --type, of the router, which chooses experts", 2},
    {"linear-type", OPTION_LINEAR, "TYPE", 0,
     "As --type, of projections, experts and router, where these options say nothing else", 2},
    {"kv-type", OPTION_KEY + KEY_kv_type, "TYPE", 0,
     "f32, f16 or bf16 (default bf16); with attention", 2},
    {"context", OPTION_KEY + KEY_context, "TOKENS", 0,
     "Most positions of a text; with attention (default: what it was trained on, at most 4096)", 2},
    {"prefill-chunk", OPTION_KEY + KEY_prefill_chunk, "TOKENS", 0, "1 to 4096 (default 256)", 2},
    {"logit-rows", OPTION_KEY + KEY_logit_rows, "ROWS", 0, "1 to the prefill chunk (default 16)",
     2},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'o':
        o->out_dir = value;
        return 0;
    case OPTION_CHECK:
        o->check_dir = value;
        return 0;
    case OPTION_STOP:
        o->stop_after = value;
        return 0;
    case OPTION_TYPE:
        o->choices.all_types = value;
        break;
    case OPTION_LINEAR:
        o->choices.linear_type = value;
        break;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0 && strcmp(value, "import") == 0) {
            o->import = true;
            return 0;
        }
        if (state->arg_num == 0 && strcmp(value, "table") == 0) {
            o->table = true;
            o->configs = state->argv + state->next;
            o->config = o->configs[0];
            state->next = state->argc;
            return 0;
        }
        if (o->config != NULL)
            argp_error(state, "one argument too many: '%s'", value);
        o->config = value;
        return 0;
    case ARGP_KEY_END:
        if (o->config == NULL)
            argp_error(state, o->import  ? "import needs the checkpoint's directory"
                              : o->table ? "table needs configs"
                                         : "a config is missing");
        return 0;
    default:
        if (key < OPTION_KEY || key >= OPTION_KEY + KEYS)
            return ARGP_ERR_UNKNOWN;
        o->choices.of[key - OPTION_KEY] = value;
        break;
    }
    o->chose = true;
    return 0;
}

static const char documentation[] =
    "Turns the config of a language model into its C sources.\v"
    "A config is an INI file with the sections [model] (the architecture, under the names of "
    "Hugging Face's config.json), [build] (static choices) and, if it is published, [hub] "
    "(where). 'gen import DIR' writes the config of a checkpoint to stdout; known are Mamba, "
    "Mamba-2, Llama, Mistral (as a Llama), Phi, Mixtral, DeepSeekMoE and Jamba of Hugging Face, "
    "and Mamba and Mamba-2 of state-spaces. 'gen table CONFIG...' writes to stdout what these "
    "models need, in Markdown: parameters, bytes at rest and per token, and the fastest that "
    "GB10 and H200 can decode.\n\n"
    "Generated are model.h, arena.h, step.c, kernels.h, kernels.c, kernels.cu, tables.c, proof.h "
    "and plan.txt; they depend on nothing but the config and this program.\n\n"
    "Exit codes: 0 done; 1 cannot write; 2 usage; 4 the config or checkpoint is not valid, or "
    "--check found a difference; 130 interrupted (Ctrl-C, SIGTERM, SIGHUP): no file is half "
    "written.\n\n"
    "Keys, all of the family required, of [hub] both or none:\n";

enum { HELP_WIDTH = 79 }; /* of argp's lines */

/* argp asks for the text behind the options: the documentation, then every key of keys.def. */
static char *key_list(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)(uintptr_t)text;
    char *list = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&list, &size);
    if (memory == NULL)
        diagnostics_no_memory();
    fputs(text, memory);
    for (uint32_t i = 0; i < KEYS; i++) {
        const struct key *const k = &cfg_keys[i];
        if (i == 0 || strcmp(k->section, cfg_keys[i - 1].section) != 0)
            fprintf(memory, "[%s]\n", k->section);
        const int bytes = fprintf(memory, "  %-23s %s", k->name, cfg_expected(k).text);
        const bool fits = (size_t)bytes + strlen("; only ") + strlen(k->families) < HELP_WIDTH;
        if (k->families[0] != '\0')
            fprintf(memory, fits ? "; only %s" : ";\n                          only %s",
                    k->families);
        fputc('\n', memory);
    }
    return fclose(memory) == 0 ? list : NULL;
}

/* Prints the stage for one step and one kind of layer. */
static void print_stage(const char *stage, const struct cfg *cfg, enum step_kind step,
                        const struct kind *kind)
{
    static struct graph graph;
    static struct plan plan;
    struct diagnostics diagnostics = {.to = stderr, .file = cfg->name};
    graph_build(cfg, step, kind, &graph);
    if (strcmp(stage, "graph") == 0) {
        graph_print(&graph, stdout);
        return;
    }
    if (!graph_shape(&graph, &diagnostics))
        diagnostics_fault(cfg->name, "operands do not fit together, as said above");
    live_find(&graph, &plan);
    plan_solve(&plan);
    if (strcmp(stage, "shape") == 0)
        graph_print(&graph, stdout);
    else if (strcmp(stage, "live") == 0)
        live_print(&plan, &graph, stdout);
    else
        plan_print(&plan, &graph, cfg->name, stdout);
}

/* Whether all that was written to stdout has arrived; says why not, unless nobody reads it. */
static int finish(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_SUCCESS;
    if (errno != EPIPE)
        fprintf(stderr, "gen: cannot write to standard output: %s\n", strerror(errno));
    return EXIT_FAILURE;
}

static int stop_after(const struct options *o, const struct cfg *cfg)
{
    if (strcmp(o->stop_after, "cfg") == 0) {
        for (uint32_t i = 0; i < KEYS; i++)
            if (cfg_has(cfg, &cfg_keys[i]))
                printf("[%s] %s = %s\n", cfg_keys[i].section, cfg_keys[i].name,
                       cfg_value(cfg, &cfg_keys[i]).text);
        return finish();
    }
    static struct steps steps;
    steps_kinds(cfg, &steps);
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        for (uint32_t k = 0; k < (step_rules[step].layers ? steps.kind_count : 1); k++)
            print_stage(o->stop_after, cfg, step, &steps.kind[k]);
    return finish();
}

/* Whether DIR/FILE holds the text; says so if not. */
static bool same(const char *dir, const char *file, const char *text, size_t size)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", dir, file) < 0)
        diagnostics_no_memory();
    bool holds = writer_holds(path, text, size);
    if (!holds)
        fprintf(stderr, "%s: differs from what gen makes of the config: run `make models`\n", path);
    free(path);
    return holds;
}

static int generate(const struct options *o, const struct cfg *cfg)
{
    static struct program program;
    program_make(cfg, &program);
    int code = EXIT_SUCCESS;
    for (uint32_t i = 0; i < emitter_count && code != EXIT_FAILURE; i++) {
        if (interrupt_asked()) {
            fprintf(stderr, "gen: interrupted: run it again for the rest of the files\n");
            code = EXIT_INTERRUPTED;
            break;
        }
        struct writer writer;
        char *text;
        size_t size;
        bool changed;
        const char *file = emitters[i].file;
        writer_open(&writer, file);
        emitters[i].emit(&program, &writer);
        writer_close(&writer, &text, &size);
        if (o->check_dir != NULL) {
            if (!same(o->check_dir, file, text, size))
                code = EXIT_MISMATCH;
        } else if (!writer_store(o->out_dir, file, text, size, &changed)) {
            fprintf(stderr, "gen: cannot write %s/%s: %s\n", o->out_dir, file, strerror(errno));
            code = EXIT_FAILURE;
        }
        free(text);
    }
    program_free(&program);
    return code;
}

static bool usage_is_sound(const struct options *o)
{
    int actions = (o->out_dir != NULL) + (o->check_dir != NULL) + (o->stop_after != NULL);
    if ((o->import || o->table) && actions > 0) {
        fprintf(stderr, "gen: %s writes to stdout: without -o, --check and --stop-after\n",
                o->import ? "import" : "table");
        return false;
    }
    if (!o->import && o->chose) {
        fprintf(stderr, "gen: types, chunk and rows of a config are its [build] keys: edit %s\n",
                o->config);
        return false;
    }
    if (!o->import && !o->table && actions != 1) {
        fprintf(stderr, "gen: expected one of -o DIR, --check DIR, --stop-after STAGE\n");
        return false;
    }
    if (o->stop_after == NULL || cfg_word("cfg graph shape live plan", o->stop_after))
        return true;
    fprintf(stderr, "gen: --stop-after=%s: expected cfg, graph, shape, live or plan\n",
            o->stop_after);
    return false;
}

static int import_config(const struct options *o)
{
    struct diagnostics diagnostics = {.to = stderr, .file = "gen"};
    struct cfg cfg = {.name = "imported"};
    struct import_left left;
    if (!import_choose(&o->choices, &diagnostics, &cfg))
        return EXIT_USAGE;
    if (!import_load(o->config, &diagnostics, &cfg, &left))
        return EXIT_MISMATCH;
    if (!import_types(&o->choices, &left, &diagnostics, &cfg) ||
        !import_cache(&o->choices, &diagnostics, &cfg))
        return EXIT_USAGE;
    import_print(&cfg, &left, stdout);
    return finish();
}

int main(int argc, char **argv)
{
    struct options options = {.config = NULL};
    struct argp argp = {.options = option_list,
                        .parser = parse_option,
                        .args_doc = "CONFIG\nimport DIR\ntable CONFIG...",
                        .doc = documentation,
                        .help_filter = key_list};
    streams_require();
    stack_require();
    interrupt_catch();
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (!usage_is_sound(&options))
        return EXIT_USAGE;
    if (options.import)
        return import_config(&options);
    if (options.table)
        return table_print(options.configs, stdout) ? finish() : EXIT_MISMATCH;
    struct diagnostics diagnostics = {.to = stderr, .file = options.config};
    struct cfg cfg;
    if (!cfg_load(options.config, &diagnostics, &cfg))
        return EXIT_MISMATCH;
    return options.stop_after != NULL ? stop_after(&options, &cfg) : generate(&options, &cfg);
}
