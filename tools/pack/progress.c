#include "tools/pack/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { CELLS = 40 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void progress_start(struct progress *p, uint64_t total)
{
    const double start = now();
    *p = (struct progress){.total = total, .started = start, .drawn = start};
    p->shown = isatty(STDERR_FILENO) == 1;
}

static void draw(const struct progress *p)
{
    char cells[CELLS + 1];
    const double part = p->total == 0 ? 1 : (double)p->done / (double)p->total;
    for (int i = 0; i < CELLS; i++)
        cells[i] = i < (int)(part * (double)CELLS) ? '#' : '.';
    cells[CELLS] = '\0';
    fprintf(stderr, "\r[%s] %3d%% %.2f of %.2f GB", cells, (int)(part * 100),
            (double)p->done * 1e-9, (double)p->total * 1e-9);
    fflush(stderr);
}

void progress_add(struct progress *p, uint64_t bytes)
{
    p->done += bytes;
    if (!p->shown)
        return;
    const double time = now();
    if (time - p->drawn >= 0.1) {
        p->drawn = time;
        draw(p);
    }
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}

double progress_seconds(const struct progress *p)
{
    return now() - p->started;
}
