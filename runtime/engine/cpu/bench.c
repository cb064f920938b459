/* What the measuring verbs time on the CPU. */
#include "runtime/engine/backend.h"

#include <string.h>

#include "kernels/cpu/bandwidth.h"
#include "kernels/cpu/multiply_adds.h"
#include "runtime/engine/session.h"

/* More than any cache, so that memory is what is read; and some milliseconds of arithmetic. */
enum { READ_MOST = 1 << 30, MULTIPLY_ADD_STEPS = 1 << 21 };

static struct {
    const void *buffer; /* as large as the weights, or READ_MOST */
    uint64_t bytes;
    u32 sum; /* keeps the work alive */
} job;

const u32 backend_bench_ahead = 0;

static uint64_t read_bytes(void)
{
    const uint64_t most = READ_MOST;
    return (model.weights_bytes < most ? model.weights_bytes : most) / LINE_BYTES * LINE_BYTES;
}

uint64_t backend_bench_bytes(void)
{
    return arena_rounded(read_bytes());
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
    job.bytes = read_bytes();
    job.buffer = arena_take(&session->io, job.bytes);
    team_run(&session->pool, fill_buffer, NULL);
}

static void read_buffer(run *r, void *context)
{
    (void)context;
    const u32 sum = bandwidth_read(r, job.buffer, job.bytes);
    if (r->rank == 0)
        job.sum += sum;
}

double backend_bench_read(struct session *session)
{
    const double start = session_seconds();
    team_run(&session->pool, read_buffer, NULL);
    return (session_seconds() - start) / (double)job.bytes;
}

static void do_multiply_adds(run *r, void *context)
{
    (void)context;
    const u32 sum = multiply_adds(r, MULTIPLY_ADD_STEPS);
    if (r->rank == 0)
        job.sum += sum;
}

double backend_bench_multiply_adds(struct session *session)
{
    const double start = session_seconds();
    team_run(&session->pool, do_multiply_adds, NULL);
    return (session_seconds() - start) /
           ((double)session->pool.used * (double)multiply_adds_step * (double)MULTIPLY_ADD_STEPS);
}

bool backend_bench_memory(const struct session *session, uint64_t *planned, uint64_t *taken,
                          bool *shared)
{
    (void)session, (void)planned, (void)taken, (void)shared;
    return false;
}

double backend_bench_decode(struct session *session, const u32 *ids, u32 tokens, double *each)
{
    const double start = session_seconds();
    double before = start;
    for (u32 i = 0; i < tokens; i++) {
        session_decode(session, ids[i]);
        const double now = session_seconds();
        each[i] = now - before;
        before = now;
    }
    return before - start;
}
