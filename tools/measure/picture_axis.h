/* The range of an axis and its ticks. */
#ifndef TOOLS_MEASURE_PICTURE_AXIS_H
#define TOOLS_MEASURE_PICTURE_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum { PICTURE_TICKS = 24, PICTURE_TICK_BYTES = 24 };

struct picture_axis {
    double low, high; /* low < high */
    bool log;         /* then above 0 */
    size_t count;     /* of ticks */
    double at[PICTURE_TICKS];
};

/* An axis that shows [low, high]; finite, above 0 if `log`. `wide`: the range ends at ticks, so
 * that nothing lies at the border; else it is the given one (but for one of no width). */
struct picture_axis picture_axis(double low, double high, bool log, bool wide);

/* The number at a tick: "2.5k", "0.25", and with a unit "350 µs", "1.2 GB". */
void picture_number(char text[PICTURE_TICK_BYTES], double value, const char *unit);

#endif
