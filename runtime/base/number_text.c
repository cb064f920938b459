#include "runtime/base/number_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct number_text number_text_bytes(uint64_t bytes)
{
    struct number_text out;
    if (bytes < 1000)
        snprintf(out.text, sizeof out.text, "%u bytes", (unsigned)bytes);
    else if (bytes < 1000000)
        snprintf(out.text, sizeof out.text, "%.1f kB", (double)bytes / 1e3);
    else if (bytes < 1000000000)
        snprintf(out.text, sizeof out.text, "%.1f MB", (double)bytes / 1e6);
    else
        snprintf(out.text, sizeof out.text, "%.2f GB", (double)bytes / 1e9);
    return out;
}

struct number_text number_text_grouped(uint64_t number)
{
    char digits[24];
    size_t count = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number), at = 0;
    struct number_text out;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            out.text[at++] = ',';
        out.text[at++] = digits[i];
    }
    out.text[at] = '\0';
    return out;
}

struct number_text number_text_rate(double per, double seconds)
{
    struct number_text out = {"-"};
    if (!(seconds > 0.0))
        return out;
    double rate = per / seconds;
    int decimals = rate < 9.995 ? 2 : rate < 99.95 ? 1 : 0;
    snprintf(out.text, sizeof out.text, "%.*f", decimals, rate);
    return out;
}

/* 15 digits are kept by every double: where they are enough, they are those of the shortest text,
 * and %g leaves out the zeros behind it. */
struct number_text number_text_real(double value)
{
    struct number_text out;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out.text, sizeof out.text, "%.*g", digits, value);
        if (strtod(out.text, NULL) == value)
            break;
    }
    return out;
}
