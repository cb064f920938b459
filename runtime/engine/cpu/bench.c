/* What `bench` measures on the CPU. */
#include "runtime/engine/backend.h"

#include <string.h>

#include "kernels/cpu/bandwidth.h"
#include "runtime/base/philox.h"
#include "runtime/engine/session.h"

static struct {
    const void *buffer; /* as large as the weights */
    uint64_t bytes;
    u32 sum; /* keeps the reads alive */
} job;

uint64_t backend_bench_bytes(void)
{
    return arena_rounded(model.weights_bytes);
}

/* Every thread writes what it will read, so that the pages are near it. */
static void fill_buffer(run *r, void *context)
{
    (void)context;
    u32 lines = (u32)(job.bytes / 4096) + 1;
    u32 first, last;
    team_share(r, lines, &first, &last);
    uint64_t at = (uint64_t)first * 4096, end = (uint64_t)last * 4096;
    if (end > job.bytes)
        end = job.bytes;
    if (at < end)
        memset((uint8_t *)(uintptr_t)job.buffer + at, 1, end - at);
}

void backend_bench_open(struct session *session, u32 tokens)
{
    (void)tokens;
    job.buffer = arena_take(&session->io, model.weights_bytes);
    job.bytes = model.weights_bytes / LINE_BYTES * LINE_BYTES;
    team_run(&session->pool, fill_buffer, NULL);
}

static void read_buffer(run *r, void *context)
{
    (void)context;
    u32 sum = bandwidth_read(r, job.buffer, job.bytes);
    if (r->rank == 0)
        job.sum += sum;
}

double backend_bench_read(struct session *session)
{
    double start = session_seconds();
    team_run(&session->pool, read_buffer, NULL);
    return (session_seconds() - start) / (double)job.bytes;
}

bool backend_bench_memory(const struct session *session, uint64_t *planned, uint64_t *taken,
                          bool *shared)
{
    (void)session, (void)planned, (void)taken, (void)shared;
    return false;
}

double backend_bench_decode(struct session *session, u32 tokens, double *each)
{
    double start = session_seconds(), before = start;
    for (u32 i = 0; i < tokens; i++) {
        session_decode(session, (u32)(philox_uniform(1, i) * model.vocab));
        double now = session_seconds();
        each[i] = now - before;
        before = now;
    }
    return before - start;
}
