#include "gen/front/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void number_double(double value, char text[NUMBER_MAX])
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, NUMBER_MAX, "%.*g", digits, value);
        if (strtod(text, NULL) >= value && strtod(text, NULL) <= value)
            return;
    }
}

void number_float(float value, char text[NUMBER_MAX])
{
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, NUMBER_MAX, "%.*g", digits, (double)value);
        if (strtof(text, NULL) >= value && strtof(text, NULL) <= value)
            break;
    }
    strcat(text, strpbrk(text, ".e") != NULL ? "f" : ".0f");
}

static void scaled(uint64_t bytes, uint64_t unit, const char *const names[], char text[NUMBER_MAX])
{
    if (bytes < unit) {
        snprintf(text, NUMBER_MAX, "%llu B", (unsigned long long)bytes);
        return;
    }
    double value = (double)bytes / (double)unit;
    int power = 0;
    for (; value >= (double)unit - 0.05 && power < 3; power++)
        value /= (double)unit;
    snprintf(text, NUMBER_MAX, "%.1f %s", value, names[power]);
}

void number_decimal_bytes(uint64_t bytes, char text[NUMBER_MAX])
{
    static const char *const names[] = {"kB", "MB", "GB", "TB"};
    scaled(bytes, 1000, names, text);
}

void number_binary_bytes(uint64_t bytes, char text[NUMBER_MAX])
{
    static const char *const names[] = {"KiB", "MiB", "GiB", "TiB"};
    scaled(bytes, 1024, names, text);
}
