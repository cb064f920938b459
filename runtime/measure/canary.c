#include "runtime/measure/canary.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/clock.h"

/* Fixed: what they take can be compared between records of the same machine. 2^22 dependent
 * multiply-adds are some 17 million cycles. */
enum { CHAIN = 1 << 22 };

/* ---- cycles --------------------------------------------------------------------------------- */

static void open_counter(struct canary *canary)
{
    struct perf_event_attr what = {.type = PERF_TYPE_HARDWARE,
                                   .size = sizeof what,
                                   .config = PERF_COUNT_HW_CPU_CYCLES,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};
    canary->counter = (int)syscall(SYS_perf_event_open, &what, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
#if defined(__x86_64__)
    static const char ticks[] = "ticks of the time stamp counter";
#else
    static const char ticks[] = "ticks of cntvct_el0";
#endif
    if (canary->counter >= 0)
        snprintf(canary->counted, sizeof canary->counted,
                 "cycles of the calling thread in user mode");
    else
        snprintf(canary->counted, sizeof canary->counted,
                 "%s, of constant rate (perf_event_open: %s)", ticks, strerror(errno));
}

static uint64_t read_counter(const struct canary *canary)
{
    uint64_t count = 0;
    if (canary->counter >= 0)
        return read(canary->counter, &count, sizeof count) == sizeof count ? count : 0;
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#endif
}

/* ---- the work ------------------------------------------------------------------------------- */

/* Where the chain starts and what it comes to: the compiler can neither know nor leave it out. */
struct chain {
    double start, end;
};

static void compute(run *r, void *context)
{
    struct chain *chain = context;
    double value = chain->start;
    for (u32 i = 0; i < CHAIN; i++)
        value = __builtin_fma(value, 0.999, 0.001);
    if (r->rank == 0)
        chain->end = value;
}

/* Seconds of both parts, and the cycles of rank 0. By all threads, however many are in use. */
static struct canary_time work(struct canary *canary)
{
    struct canary_time time = {.index = -1};
    struct pool *pool = &canary->session->pool;
    const u32 used = pool->used;
    struct chain chain = {.start = 1.5};
    team_use(pool, pool->started);
    const uint64_t cycles = read_counter(canary);
    const uint64_t start = clock_now();
    team_run(pool, compute, &chain);
    const uint64_t middle = clock_now();
    time.compute = 1e-9 * (double)(middle - start);
    time.memory = backend_canary_read(canary->session);
    time.cycles = (double)(read_counter(canary) - cycles);
    team_use(pool, used);
    return time;
}

uint64_t canary_bytes(u32 most)
{
    return most * sizeof(struct canary_time);
}

void canary_open(struct canary *canary, struct session *session, void *memory, u32 most)
{
    *canary = (struct canary){.session = session, .times = memory, .most = most};
    open_counter(canary);
    backend_canary_open(session);
    work(canary);
}

void canary_run(struct canary *canary, enum canary_when when, const char *figure, int64_t index)
{
    if (canary->count == canary->most)
        return;
    struct canary_time *time = &canary->times[canary->count++];
    *time = work(canary);
    time->when = when;
    time->figure = figure;
    time->index = index;
}

void canary_close(struct canary *canary)
{
    if (canary->counter >= 0)
        close(canary->counter);
    canary->counter = -1;
}

/* ---- what the times say -------------------------------------------------------------------- */

struct fastest {
    double compute, memory;
};

static struct fastest fastest_of(const struct canary *canary)
{
    struct fastest fastest = {INFINITY, INFINITY};
    for (u32 i = 0; i < canary->count; i++) {
        fastest.compute = fmin(fastest.compute, canary->times[i].compute);
        fastest.memory = fmin(fastest.memory, canary->times[i].memory);
    }
    return fastest;
}

static bool is_slow(const struct canary_time *time, const struct fastest *fastest)
{
    return time->compute >= CANARY_SLOW * fastest->compute ||
           time->memory >= CANARY_SLOW * fastest->memory;
}

/* What was measured between two runs. */
static struct canary_range between(const struct canary_time *a, const struct canary_time *b,
                                   const struct fastest *fastest)
{
    const bool same = a->figure != NULL && b->figure != NULL && strcmp(a->figure, b->figure) == 0;
    return (struct canary_range){.figure = b->figure,
                                 .from = same ? a->index : 0,
                                 .to = b->index,
                                 .compute = fmax(a->compute, b->compute) / fastest->compute,
                                 .memory = fmax(a->memory, b->memory) / fastest->memory};
}

u32 canary_disturbed(const struct canary *canary, struct canary_range *ranges, u32 room)
{
    const struct fastest fastest = fastest_of(canary);
    u32 count = 0;
    for (u32 i = 1; i < canary->count; i++) {
        const struct canary_time *a = &canary->times[i - 1], *b = &canary->times[i];
        if (b->figure == NULL || (!is_slow(a, &fastest) && !is_slow(b, &fastest)))
            continue;
        const struct canary_range range = between(a, b, &fastest);
        struct canary_range *last = count > 0 ? &ranges[count - 1] : NULL;
        if (range.from >= range.to)
            continue;
        if (last != NULL && strcmp(last->figure, range.figure) == 0 && last->to == range.from) {
            last->to = range.to;
            last->compute = fmax(last->compute, range.compute);
            last->memory = fmax(last->memory, range.memory);
        } else if (count < room) {
            ranges[count++] = range;
        }
    }
    return count;
}

double canary_step(const struct canary *canary, const char *figure, int64_t index)
{
    for (u32 i = 1; i < canary->count; i++) {
        const struct canary_time *before = &canary->times[i - 1], *behind = &canary->times[i];
        if (behind->figure != NULL && strcmp(behind->figure, figure) == 0 && behind->index > index)
            return fmax(behind->compute / before->compute, behind->memory / before->memory);
    }
    return 1;
}

enum { MOST_RANGES = 64 };

static void write_ranges(struct json *json, const struct canary *canary)
{
    struct canary_range ranges[MOST_RANGES];
    const u32 count = canary_disturbed(canary, ranges, MOST_RANGES);
    json_open(json, "disturbed", '[');
    for (u32 i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        json_add_string(json, "figure", ranges[i].figure);
        json_add_integer(json, "from", (uint64_t)ranges[i].from);
        json_add_integer(json, "to", (uint64_t)ranges[i].to);
        json_add_real(json, "compute", ranges[i].compute);
        json_add_real(json, "memory", ranges[i].memory);
        json_close(json, '}');
    }
    json_close(json, ']');
}

void canary_write(struct json *json, const struct canary *canary)
{
    static const char *const names[] = {
        [CANARY_BEFORE] = "before", [CANARY_BETWEEN] = "between", [CANARY_AFTER] = "after"};
    json_add_string(json, "canary_counter", canary->counted);
    json_open(json, "canary", '[');
    for (u32 i = 0; i < canary->count; i++) {
        const struct canary_time *time = &canary->times[i];
        json_open(json, NULL, '{');
        json_add_string(json, "when", names[time->when]);
        if (time->figure != NULL)
            json_add_string(json, "figure", time->figure);
        else
            json_add_null(json, "figure");
        if (time->index >= 0)
            json_add_integer(json, "index", (uint64_t)time->index);
        else
            json_add_null(json, "index");
        json_add_real(json, "seconds", time->compute + time->memory);
        json_add_real(json, "compute_seconds", time->compute);
        json_add_real(json, "memory_seconds", time->memory);
        json_add_real(json, "cycles", time->cycles);
        json_close(json, '}');
    }
    json_close(json, ']');
    write_ranges(json, canary);
}

void canary_print(struct out *out, const struct canary *canary)
{
    struct canary_range ranges[MOST_RANGES];
    const u32 count = canary_disturbed(canary, ranges, MOST_RANGES);
    for (u32 i = 0; i < count; i++)
        out_print(out,
                  "disturbed: samples %lld to %lld of %s, while the machine was slower (the same "
                  "work took up to %.2f times as long in the processor, %.2f times from memory)\n",
                  (long long)ranges[i].from, (long long)ranges[i].to - 1, ranges[i].figure,
                  ranges[i].compute, ranges[i].memory);
}
