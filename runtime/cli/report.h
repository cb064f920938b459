/* Numbers for people. */
#ifndef RUNTIME_REPORT_H
#define RUNTIME_REPORT_H

#include <stdint.h>

#include "runtime/engine/arena.h"
#include "runtime/base/run.h"

struct report_text {
    char text[32];
};

/* "817 bytes", "45.1 kB", "258.3 MB", "5.53 GB": decimal units, as GB/s are. */
struct report_text report_bytes(uint64_t bytes);

/* "2,771,968" */
struct report_text report_grouped(uint64_t number);

/* `per` / seconds with three digits ("1830", "54.1"); "-" if no time passed. */
struct report_text report_rate(double per, double seconds);

/* What the code was compiled for: "avx512", "avx2" or "aarch64". */
const char *report_isa(void);

/* One line on stderr: threads, instruction set, and where the planned memory goes. */
void report_plan(const struct memory_plan *plan, u32 threads);

#endif
