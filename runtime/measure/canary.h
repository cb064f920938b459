/* A canary: a fixed piece of work, timed before, between and after what is measured. It does
 * nothing of the model's, so where it becomes slower, the machine has.
 *
 * Its first part computes: every thread of the team the same chain of dependent multiply-adds,
 * which takes a fixed number of cycles. Its second part reads memory: the weights, as decode does;
 * on a GPU those on the device. The parts are timed by themselves, each until the last thread is
 * done: a program that takes a processor away shows in the first, one that loads the memory in the
 * second. A run takes some 10 ms on a CPU, long enough for a scheduler to let a competitor in.
 *
 * Cycles are those of the calling thread in user mode (perf_event_open()), so that they stay what
 * they are while the thread waits or the clock is lowered. Where the system does not count them
 * there are ticks of a counter of constant rate in their place, which say no more than seconds. */
#ifndef RUNTIME_MEASURE_CANARY_H
#define RUNTIME_MEASURE_CANARY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/json.h"
#include "runtime/engine/session.h"

enum canary_when { CANARY_BEFORE, CANARY_BETWEEN, CANARY_AFTER };

struct canary_time {
    enum canary_when when;
    const char *figure;     /* the figure that was being measured; NULL: none */
    int64_t index;          /* its samples that had been taken; below 0: none */
    double compute, memory; /* seconds */
    double cycles;          /* of both parts; NaN: not counted */
};

struct canary {
    struct session *session;
    struct canary_time *times;
    u32 count, most;
    int counter;       /* a file of perf_event_open(); below 0: none */
    char counted[160]; /* what is counted as cycles, and if it is not cycles, why */
};

/* Bytes of the memory that canary_open() takes for at most so many runs. */
uint64_t canary_bytes(u32 most);

/* Before arena_seal(): keeps `memory` and makes the counter ready. Does the work once, unrecorded:
 * the first touch is not timed. */
void canary_open(struct canary *canary, struct session *session, void *memory, u32 most);

/* Does the work and notes the time: `figure`, of which `index` samples have been taken, is being
 * measured; NULL, -1: nothing is yet. The text must outlive the canary. More than canary_open() was
 * told of are not done. Two system calls, outside of its times, where cycles are counted. */
void canary_run(struct canary *canary, enum canary_when when, const char *figure, int64_t index);

void canary_close(struct canary *canary);

/* Samples [from, to) of a figure that were taken while the machine was slower than at its best. */
struct canary_range {
    const char *figure;
    int64_t from, to;
    double compute, memory; /* the slowest run around them over the fastest of all, of each part */
};

/* A part of a run that takes 1.15 times as long as the fastest of all, or longer, is slow, and
 * whatever lies between such a run and its neighbours on both sides is disturbed: when that began
 * and ended is not known better. Returns how many ranges, in order, at most `room`; neighbours of
 * one figure are one. */
#define CANARY_SLOW 1.15
u32 canary_disturbed(const struct canary *canary, struct canary_range *ranges, u32 room);

/* How much slower (above 1) or faster the slower part of the canary was behind sample `index` of a
 * figure than before it: the nearest run on either side. 1 if there is none on one side. */
double canary_step(const struct canary *canary, const char *figure, int64_t index);

/* The members "canary", "canary_counter" and "disturbed" of the record. */
void canary_write(struct json *json, const struct canary *canary);

/* A line for each disturbed range, for people; nothing without. */
void canary_print(struct out *out, const struct canary *canary);

#endif
