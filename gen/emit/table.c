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
static struct phrase count_text(uint64_t count)
{
    return count < 1000000000 ? phrase("%.1f M", (double)count / 1e6)
                              : phrase("%.2f B", (double)count / 1e9);
}

/* Three digits: "131 kB", "1.34 GB". */
static struct phrase bytes_text(uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double size = (double)bytes;
    uint32_t unit = 0;
    for (; size >= 999.5 && unit < 4; unit++)
        size /= 1000;
    const int decimals = unit == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
    return bytes == 0 ? phrase("0") : phrase("%.*f %s", decimals, size, units[unit]);
}

/* Tokens per second at most, from bandwidths of data sheets. */
static struct phrase rate_text(const struct budget *budget, const char *preset)
{
    const double bandwidth = budget_bandwidth(preset)->bytes_per_second;
    const double rate = 1 / budget_floor(budget, budget_contexts[TABLE_CONTEXT], bandwidth);
    return rate < 99.95 ? phrase("%.1f", rate)
                        : phrase("%s", number_text_grouped((uint64_t)(rate + 0.5)).text);
}

static void print_row(const struct entry *entry, FILE *to)
{
    const struct budget *budget = &entry->budget;
    fprintf(to, "| %s | %s | %s | %s | %s | %s |", entry->name, count_text(budget->parameters).text,
            count_text(budget->active).text, bytes_text(budget->weights).text,
            bytes_text(budget->constant).text, bytes_text(budget->position).text);
    for (uint32_t i = 0; i < BUDGET_CONTEXTS; i++)
        fprintf(to, " %s%s |", bytes_text(budget_state(budget, budget_contexts[i])).text,
                budget_beyond(budget, budget_contexts[i]) ? "*" : "");
    fprintf(to, " %s | %s | %s |\n",
            bytes_text(budget_step(budget, budget_contexts[TABLE_CONTEXT])).text,
            rate_text(budget, "gb10").text, rate_text(budget, "h200").text);
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
