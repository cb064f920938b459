#include "gen/front/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct phrase number_double(double value)
{
    struct phrase made = phrase("%.1g", value);
    for (int digits = 2; digits <= 17 && islessgreater(strtod(made.text, NULL), value); digits++)
        made = phrase("%.*g", digits, value);
    return made;
}

struct phrase number_float(float value)
{
    struct phrase made = phrase("%.1g", (double)value);
    for (int digits = 2; digits <= 9 && islessgreater(strtof(made.text, NULL), value); digits++)
        made = phrase("%.*g", digits, (double)value);
    phrase_add(&made, strpbrk(made.text, ".e") != NULL ? "f" : ".0f");
    return made;
}

static struct phrase scaled(uint64_t bytes, uint64_t unit, const char *const names[])
{
    if (bytes < unit)
        return phrase("%" PRIu64 " B", bytes);
    double value = (double)bytes / (double)unit;
    int power = 0;
    for (; value >= (double)unit - 0.05 && power < 3; power++)
        value /= (double)unit;
    return phrase("%.1f %s", value, names[power]);
}

struct phrase number_decimal_bytes(uint64_t bytes)
{
    static const char *const names[] = {"kB", "MB", "GB", "TB"};
    return scaled(bytes, 1000, names);
}

struct phrase number_binary_bytes(uint64_t bytes)
{
    static const char *const names[] = {"KiB", "MiB", "GiB", "TiB"};
    return scaled(bytes, 1024, names);
}
