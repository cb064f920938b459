#include "tools/measure/picture_axis.h"

#include <math.h>
#include <stdio.h>

enum { INTERVALS = 5 }; /* of an axis in steps of 1, 2 or 5, at most */

static const double steps[] = {1, 2, 5, 10};

/* The largest of 1, 2 and 5 times a power of ten that is at most `value` > 0, or the smallest that
 * is at least it. Rounding in the power counts as equal. */
static double nice(double value, bool up)
{
    const double power = pow(10, floor(log10(value) + 1e-9));
    const double mantissa = value / power;
    int i = 0;
    if (up)
        while (i < 3 && steps[i] < mantissa * (1 - 1e-9))
            i++;
    else
        while (i < 2 && steps[i + 1] <= mantissa * (1 + 1e-9))
            i++;
    return steps[i] * power;
}

static struct picture_axis linear(double low, double high, bool wide)
{
    if (!(low < high)) {
        const double room = low == 0 ? 1 : fabs(low) / 10;
        low -= low == 0 ? 0 : room;
        high += room;
    }
    const double step = nice((high - low) / (double)INTERVALS, true);
    const double first = wide ? floor(low / step + 1e-9) : ceil(low / step - 1e-9);
    const double last = wide ? ceil(high / step - 1e-9) : floor(high / step + 1e-9);
    struct picture_axis axis = {.low = low, .high = high};
    for (int i = 0; i <= (int)(last - first) && axis.count < PICTURE_TICKS; i++)
        axis.at[axis.count++] = (first + i) * step + 0.0; /* not -0 */
    if (wide) {
        axis.low = first * step;
        axis.high = last * step;
    }
    return axis;
}

static struct picture_axis logarithmic(double low, double high, bool wide)
{
    struct picture_axis axis = {.low = low, .high = high, .log = true};
    if (wide || !(low < high)) {
        axis.low = nice(low, false);
        axis.high = nice(high, true);
        if (!(axis.low < axis.high))
            axis.high = nice(axis.low * 1.5, true);
    }
    const int from = (int)floor(log10(axis.low) + 1e-9), to = (int)ceil(log10(axis.high) - 1e-9);
    const int stride = (to - from) / 8 + 1;
    const bool between = to - from <= 2; /* 2 and 5 have ticks, too */
    for (int power = from; power <= to; power += stride)
        for (int i = 0; i < (between ? 3 : 1); i++) {
            const double at = steps[i] * pow(10, power);
            if (at >= axis.low * (1 - 1e-9) && at <= axis.high * (1 + 1e-9) &&
                axis.count < PICTURE_TICKS)
                axis.at[axis.count++] = at;
        }
    return axis;
}

struct picture_axis picture_axis(double low, double high, bool log, bool wide)
{
    return log ? logarithmic(low, high, wide) : linear(low, high, wide);
}

void picture_number(char text[PICTURE_TICK_BYTES], double value, const char *unit)
{
    static const char *const prefixes[] = {"n", "µ", "m", "", "k", "M", "G", "T"};
    const double size = fabs(value);
    int third = size > 0 ? (int)floor((log10(size) + 1e-9) / 3) : 0;
    if (!unit && third < 0) /* 0.25, not 250m */
        third = 0;
    third = third < -3 ? -3 : third > 4 ? 4 : third;
    snprintf(text, PICTURE_TICK_BYTES, "%.4g%s%s%.8s", value / pow(1000, third), unit ? " " : "",
             prefixes[third + 3], unit ? unit : "");
}
