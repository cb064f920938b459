#include "tools/measure/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "runtime/base/number_text.h"

static const char unknown[] = "\xe2\x80\x93"; /* an en dash */

static struct report_text text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static struct report_text text(const char *format, ...)
{
    struct report_text made;
    va_list values;
    va_start(values, format);
    vsnprintf(made.text, sizeof made.text, format, values);
    va_end(values);
    return made;
}

struct report_text report_bytes(double bytes)
{
    if (!(bytes >= 0 && bytes < 0x1p63))
        return text("%s", unknown);
    return text("%s", number_text_bytes((uint64_t)(bytes + 0.5)).text);
}

struct report_text report_count(double number)
{
    if (!(number >= 0 && number < 0x1p63))
        return text("%s", unknown);
    return text("%s", number_text_grouped((uint64_t)(number + 0.5)).text);
}

struct report_text report_digits(double value)
{
    if (!isfinite(value))
        return text("%s", unknown);
    if (fabs(value) >= 999.5)
        return value < 0 ? text("%.0f", value) : report_count(value);
    const int digits = fabs(value) >= 99.95    ? 0
                       : fabs(value) >= 9.995  ? 1
                       : fabs(value) >= 0.9995 ? 2
                                               : 3;
    return text("%.*f", digits, value);
}

struct report_text report_seconds(double seconds)
{
    if (!isfinite(seconds))
        return text("%s", unknown);
    if (seconds >= 0.9995)
        return text("%s s", report_digits(seconds).text);
    if (seconds >= 0.9995e-3)
        return text("%s ms", report_digits(1e3 * seconds).text);
    return text("%s \xc2\xb5s", report_digits(1e6 * seconds).text);
}

struct report_text report_percent(double share, int digits)
{
    return isfinite(share) ? text("%.*f%%", digits, 100 * share) : text("%s", unknown);
}

struct report_text report_row(char table, size_t number)
{
    return text("%c%zu", table, number);
}
