/* Every operation of a model, in place: where a step's time goes, and how near each one comes to
 * what the machine can do.
 *
 *   bench_kernels [THREADS [ROUNDS]]     defaults: 2 threads, 9 rounds
 *
 * Linked with the objects of one model; weights are random. Every round measures everything, so
 * that other load on the machine meets all alike. Printed are the median and the best call of each
 * operation, also as a part of the same figure of its yardstick by the same threads: for decode the
 * bandwidth of reading the weights, for the rest the rate of a loop of nothing but fused
 * multiply-adds. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kernels/cpu/bandwidth.h"
#include "kernels/cpu/multiply_adds.h"
#include "runtime/base/model.h"
#include "runtime/engine/team.h"

enum {
    MOST_ROUNDS = 50,
    MOST_OPS = 64,
    MOST_CALLS = 5000, /* of one operation */
    SLICES = 24,       /* the bandwidth is read in pieces, each about as long as an operation */
    FMA_STEPS = 20000,
    HUGE_PAGE = 2 << 20,
};

/* Seconds of every call of one thing. */
struct times {
    double seconds[MOST_CALLS];
    u32 count;
};

static struct times of_op[MOST_OPS], of_slice, of_fma, of_decode, of_prefill;
static double op_began;
static struct pool pool;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void note(struct times *times, double seconds)
{
    if (times->count < MOST_CALLS)
        times->seconds[times->count++] = seconds;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts; then best and median are the first and the middle one. */
static double median(struct times *times)
{
    qsort(times->seconds, times->count, sizeof times->seconds[0], ascending);
    return times->seconds[times->count / 2];
}

static void note_op(run *r, u32 op)
{
    (void)r;
    const double end = now();
    note(&of_op[op], end - op_began);
    op_began = now();
}

static void run_decode(run *r, void *context)
{
    (void)context;
    op_began = now();
    model.decode(r);
}

static void run_prefill(run *r, void *context)
{
    (void)context;
    op_began = now();
    model.prefill(r);
}

static void run_head(run *r, void *context)
{
    (void)context;
    op_began = now();
    model.head(r);
}

static void run_slices(run *r, void *context)
{
    u32 *sums = context;
    const uint64_t slice = model.weights_bytes / SLICES / LINE_BYTES * LINE_BYTES;
    for (u32 i = 0; i < SLICES; i++) {
        const double began = now();
        sums[r->rank] +=
            bandwidth_read(r, (const char *)(const void *)r->weights + i * slice, slice);
        if (r->rank == 0)
            note(&of_slice, now() - began);
    }
}

static void run_fma(run *r, void *context)
{
    u32 *sums = context;
    const double began = now();
    sums[r->rank] += multiply_adds(r, FMA_STEPS);
    if (r->rank == 0)
        note(&of_fma, now() - began);
}

static void *new_pages(uint64_t bytes)
{
    void *pages =
        mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        perror("bench_kernels");
        exit(EXIT_FAILURE);
    }
    pages = (char *)pages + (HUGE_PAGE - (uintptr_t)pages % HUGE_PAGE) % HUGE_PAGE;
    madvise(pages, bytes, MADV_HUGEPAGE);
    return pages;
}

/* Weights whose f32 and bf16 are all between 0.0078 and 0.031 in size, of either sign. */
static void fill_weights(u32 *words)
{
    u32 random = 1;
    for (uint64_t i = 0; i < model.weights_bytes / sizeof *words; i++) {
        random = random * 1664525 + 1013904223;
        words[i] = 0x3c003c00 | (random >> 8 & 0x80ff) | (random & 0x80ff0000);
    }
}

static double best_rate(const struct times *times, double amount)
{
    return amount / times->seconds[0];
}

static void print_op(u32 op, double yardstick, double best_yardstick)
{
    const struct model_op *o = &model.ops[op];
    const bool decode = !strcmp(o->step, "decode");
    const double amount = decode ? (double)o->weight_bytes : (double)o->flops;
    const double middle = median(&of_op[op]), best = of_op[op].seconds[0];
    printf("%-8s %-9s %-34s %9.1f us  %6.1f %s %3.0f%%   best %9.1f us %3.0f%%\n", o->step, o->name,
           o->kernel, middle * 1e6, amount / middle / 1e9, decode ? "GB/s   " : "GFLOP/s",
           100 * amount / middle / yardstick, best * 1e6, 100 * amount / best / best_yardstick);
}

static void measure(u32 threads, u32 rounds, run *r0)
{
    u32 sums[TEAM_MOST_THREADS] = {0};
    struct step *step = (struct step *)(void *)r0->io;
    for (u32 round = 0; round < rounds; round++) {
        memset((void *)r0->state, 0, model.state_bytes);
        *step = (struct step){.tokens = model.chunk, .logit_rows = model.logit_rows};
        team_run(&pool, run_slices, sums);
        double began = now();
        team_run(&pool, run_decode, NULL);
        note(&of_decode, now() - began);
        team_run(&pool, run_fma, sums);
        began = now();
        team_run(&pool, run_prefill, NULL);
        note(&of_prefill, now() - began);
        team_run(&pool, run_head, NULL);
    }
    const double slice = (double)model.weights_bytes / (double)SLICES;
    const double fma = 2.0 * threads * FMA_STEPS * multiply_adds_step;
    const double bandwidth = slice / median(&of_slice), peak = fma / median(&of_fma);
    const double most_bandwidth = best_rate(&of_slice, slice), most = best_rate(&of_fma, fma);
    printf("%s, %u threads: reads %.1f GB/s (best %.1f), fma %.1f GFLOP/s (best %.1f)\n",
           model.name, threads, bandwidth / 1e9, most_bandwidth / 1e9, peak / 1e9, most / 1e9);
    for (u32 op = 0; op < model.op_count; op++) {
        const bool decode = !strcmp(model.ops[op].step, "decode");
        print_op(op, decode ? bandwidth : peak, decode ? most_bandwidth : most);
    }
    const double weights = (double)model.weights_bytes;
    const double token = median(&of_decode), many = median(&of_prefill) / model.chunk;
    printf("decode %.3f ms/token: %.1f GB/s, %.0f%% of reading (best %.0f%%)\n", token * 1e3,
           weights / token / 1e9, 100 * weights / token / bandwidth,
           100 * best_rate(&of_decode, weights) / most_bandwidth);
    printf("prefill %.3f ms/token: decode / %.2f (best / best: %.2f)\n", many * 1e3, token / many,
           of_decode.seconds[0] / of_prefill.seconds[0] * model.chunk);
}

int main(int argc, char **argv)
{
    const u32 threads = argc > 1 ? (u32)atoi(argv[1]) : 2;
    const u32 rounds = argc > 2 ? (u32)atoi(argv[2]) : 9;
    if (threads < 1 || threads > TEAM_MOST_THREADS || rounds < 1 || rounds > MOST_ROUNDS ||
        model.op_count > MOST_OPS) {
        fprintf(stderr, "usage: bench_kernels [THREADS [ROUNDS, at most %d]]\n", MOST_ROUNDS);
        return 2;
    }
    team_start(&pool, threads);
    run shared = {.weights = new_pages(model.weights_bytes),
                  .state = new_pages(model.state_bytes),
                  .scratch = new_pages(model.scratch_bytes),
                  .io = new_pages(model.io_bytes)};
    fill_weights((u32 *)(void *)shared.weights);
    for (u32 rank = 0; rank < threads; rank++) {
        run *r = &pool.workers[rank].run;
        r->weights = shared.weights;
        r->state = shared.state;
        r->scratch = shared.scratch;
        r->io = shared.io;
        r->step = (const struct step *)(const void *)shared.io;
        r->after_op = note_op;
    }
    measure(threads, rounds, &shared);
    team_stop(&pool);
    return 0;
}
