#include "runtime/cli/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/die.h"

struct report_text report_bytes(uint64_t bytes)
{
    struct report_text out;
    if (bytes < 1000)
        snprintf(out.text, sizeof out.text, "%u bytes", (u32)bytes);
    else if (bytes < 1000000)
        snprintf(out.text, sizeof out.text, "%.1f kB", (double)bytes / 1e3);
    else if (bytes < 1000000000)
        snprintf(out.text, sizeof out.text, "%.1f MB", (double)bytes / 1e6);
    else
        snprintf(out.text, sizeof out.text, "%.2f GB", (double)bytes / 1e9);
    return out;
}

struct report_text report_grouped(uint64_t number)
{
    char digits[24];
    size_t count = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number), at = 0;
    struct report_text out;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            out.text[at++] = ',';
        out.text[at++] = digits[i];
    }
    out.text[at] = '\0';
    return out;
}

struct report_text report_rate(double per, double seconds)
{
    struct report_text out = {"-"};
    if (!(seconds > 0.0))
        return out;
    double rate = per / seconds;
    int decimals = rate < 9.995 ? 2 : rate < 99.95 ? 1 : 0;
    snprintf(out.text, sizeof out.text, "%.*f", decimals, rate);
    return out;
}

const char *report_isa(void)
{
#if defined(__AVX512F__)
    return "avx512";
#elif defined(__AVX2__)
    return "avx2";
#else
    return "aarch64";
#endif
}

void report_plan(const struct memory_plan *plan, u32 threads)
{
    note("%u thread%s, %s; memory %s: weights %s, tokenizer %s, state %s, scratch %s, io %s, "
         "threads %s",
         threads, threads == 1 ? "" : "s", report_isa(), report_bytes(memory_plan_bytes(plan)).text,
         report_bytes(plan->weights).text, report_bytes(plan->tokenizer).text,
         report_bytes(plan->state).text, report_bytes(plan->scratch).text,
         report_bytes(plan->io).text, report_bytes(plan->threads).text);
}
