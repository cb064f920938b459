/* libFuzzer entry: any bytes as a config. What the reader accepts must print and read back the
 * same. */
#include <stdlib.h>
#include <string.h>

#include "gen/front/cfg.h"

static void check_round_trip(const struct cfg *cfg, struct diagnostics *diagnostics)
{
    char text[4096];
    size_t used = 0;
    const char *section = "";
    struct cfg again;
    for (uint32_t i = 0; i < KEYS; i++) {
        if (!cfg_has(cfg, &cfg_keys[i]))
            continue;
        if (strcmp(section, cfg_keys[i].section) != 0)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "[%s]\n", cfg_keys[i].section);
        section = cfg_keys[i].section;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s = %s\n", cfg_keys[i].name,
                                 cfg_value(cfg, &cfg_keys[i]).text);
    }
    if (!cfg_parse(text, used, cfg->name, diagnostics, &again) ||
        memcmp(cfg, &again, sizeof again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static FILE *to;
    if (to == NULL)
        to = fopen("/dev/null", "w");
    if (to == NULL)
        abort();
    struct diagnostics diagnostics = {.to = to, .file = "fuzz"};
    struct cfg cfg;
    if (cfg_parse((const char *)bytes, size, "fuzz", &diagnostics, &cfg))
        check_round_trip(&cfg, &diagnostics);
    else if (diagnostics.errors == 0)
        abort(); /* refused without a reason */
    return 0;
}
