#include "gen/emit/table.h"

#include <inttypes.h>
#include <stdlib.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"
#include "runtime/base/number_text.h"

enum { EXIT_MISMATCH = 4, TABLE_MODELS = 64 };
enum { TABLE_CONTEXT = 0 }; /* of budget_contexts: what a step is compared at */

/* One model of the table. */
struct entry {
    char name[CFG_NAME_MAX + 1];
    struct budget budget;
};

static bool load(const char *path, struct entry *entry)
{
    static struct program program;
    struct diagnostics diagnostics = {.to = stderr, .file = path};
    struct cfg cfg;
    if (!cfg_load(path, &diagnostics, &cfg))
        return false;
    program_make(&cfg, &program);
    snprintf(entry->name, sizeof entry->name, "%s", cfg.name);
    entry->budget = program_budget(&program);
    program_free(&program);
    return true;
}

/* "129.1 M", "46.70 B": parameters are counted in short scale, as in the names of models. */
static void print_count(uint64_t count, FILE *to)
{
    if (count < 1000000000)
        fprintf(to, " %.1f M |", (double)count / 1e6);
    else
        fprintf(to, " %.2f B |", (double)count / 1e9);
}

/* Three digits: "131 kB", "1.34 GB". */
static void print_bytes(uint64_t bytes, const char *mark, FILE *to)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double size = (double)bytes;
    uint32_t unit = 0;
    for (; size >= 999.5 && unit < 4; unit++)
        size /= 1000;
    const int decimals = unit == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
    if (bytes == 0)
        fputs(" 0 |", to);
    else
        fprintf(to, " %.*f %s%s |", decimals, size, units[unit], mark);
}

/* Tokens per second at most, from bandwidths of data sheets. */
static void print_rate(const struct budget *budget, const char *preset, FILE *to)
{
    const double bandwidth = budget_bandwidth(preset)->bytes_per_second;
    const double rate = 1 / budget_floor(budget, budget_contexts[TABLE_CONTEXT], bandwidth);
    if (rate < 99.95)
        fprintf(to, " %.1f |", rate);
    else
        fprintf(to, " %s |", number_text_grouped((uint64_t)(rate + 0.5)).text);
}

static void print_row(const struct entry *entry, FILE *to)
{
    const struct budget *budget = &entry->budget;
    fprintf(to, "| %s |", entry->name);
    print_count(budget->parameters, to);
    print_count(budget->active, to);
    print_bytes(budget->weights, "", to);
    print_bytes(budget->constant, "", to);
    print_bytes(budget->position, "", to);
    for (uint32_t i = 0; i < BUDGET_CONTEXTS; i++)
        print_bytes(budget_state(budget, budget_contexts[i]),
                    budget_beyond(budget, budget_contexts[i]) ? "*" : "", to);
    print_bytes(budget_step(budget, budget_contexts[TABLE_CONTEXT]), "", to);
    print_rate(budget, "gb10", to);
    print_rate(budget, "h200", to);
    fputc('\n', to);
}

bool table_print(char *const *configs, FILE *to)
{
    static struct entry entries[TABLE_MODELS];
    uint32_t count = 0;
    for (; configs[count] != NULL; count++) {
        if (count == TABLE_MODELS) {
            fprintf(stderr, "gen: more than %d configs in one table\n", TABLE_MODELS);
            return false;
        }
        if (!load(configs[count], &entries[count]))
            return false;
    }
    fputs("| model | parameters | active | weights | state | KV per token | at 4K | at 32K | "
          "at 100K | at 256K | per token | GB10 | H200 |\n"
          "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
          to);
    for (uint32_t i = 0; i < count; i++)
        print_row(&entries[i], to);
    fputs(
        "\n`active`: parameters in the computation of one token, counting only the chosen "
        "experts. `at 4K` to `at 256K`:\nstate, keys and values of 4,096, 32,768, 100,000 and "
        "262,144 tokens; * beyond what the model was trained on.\n`per token`: what a decode step "
        "at 4K must read and write. `GB10`, `H200`: tokens/s that their data sheets' 273\nGB/s "
        "and 4.8 TB/s allow at most, ignoring caches. All figures are for the types in the "
        "configs.\n",
        to);
    return true;
}
