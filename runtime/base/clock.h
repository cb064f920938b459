/* The one clock that everything measured here is read from.
 *
 * CLOCK_MONOTONIC: it only goes forward, is read without a system call on every kernel (of
 * CLOCK_MONOTONIC_RAW that is true since Linux 5.3 only), costs some 20 ns, and its seconds are
 * real ones: NTP slews it by at most 500 parts in a million, where the raw counter is off by what
 * its crystal is. The stamps of perf, strace and other programs are of the same clock. */
#ifndef RUNTIME_BASE_CLOCK_H
#define RUNTIME_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds since some moment in the past. Allocates nothing, makes no system call. */
uint64_t clock_now(void);

/* Seconds since `start`, which clock_now() returned. */
double clock_since(uint64_t start);

/* Nanoseconds between two readings that differ, the least of several attempts. */
uint64_t clock_resolution(void);

/* "CLOCK_MONOTONIC". */
extern const char clock_name[];

/* For tests: from now on clock_now() returns what `source` does; NULL: the true clock again. */
void clock_replace(uint64_t (*source)(void));

#endif
