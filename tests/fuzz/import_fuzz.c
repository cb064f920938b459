/* libFuzzer entry: any bytes as a config.json. What the import accepts must be a config that the
 * reader accepts too. */
#include <stdlib.h>
#include <string.h>

#include "gen/front/import.h"

static void check_accepted(const struct cfg *cfg, const struct import_left *left,
                           struct diagnostics *diagnostics)
{
    char *text = NULL;
    size_t size = 0;
    struct cfg again;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL)
        abort();
    import_print(cfg, left, memory);
    if (fclose(memory) != 0 || !cfg_parse(text, size, cfg->name, diagnostics, &again) ||
        memcmp(cfg, &again, sizeof again) != 0)
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static FILE *to;
    if (to == NULL)
        to = fopen("/dev/null", "w");
    if (to == NULL)
        abort();
    struct diagnostics diagnostics = {.to = to, .file = "fuzz"};
    struct import_left left;
    struct cfg cfg;
    memset(&cfg, 0, sizeof cfg);
    const struct import_choices choices = {.all_types = NULL};
    if (!import_choose(&choices, &diagnostics, &cfg))
        abort();
    if (import_parse((const char *)bytes, size, &diagnostics, &cfg, &left))
        check_accepted(&cfg, &left, &diagnostics);
    else if (diagnostics.errors == 0)
        abort(); /* refused without a reason */
    return 0;
}
