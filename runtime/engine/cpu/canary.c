/* What a canary reads on the CPU: the weights, as they lie. */
#include "runtime/engine/backend.h"

#include "kernels/cpu/bandwidth.h"
#include "runtime/base/clock.h"
#include "runtime/engine/session.h"

enum { READ_BYTES = 1 << 27 };

void backend_canary_open(struct session *session)
{
    (void)session;
}

struct read_work {
    const void *memory;
    uint64_t bytes;
    u32 sum; /* keeps the reads alive */
};

static void read_weights(run *r, void *context)
{
    struct read_work *work = context;
    const u32 sum = bandwidth_read(r, work->memory, work->bytes);
    if (r->rank == 0)
        work->sum += sum;
}

double backend_canary_read(struct session *session)
{
    const uint64_t bytes = READ_BYTES;
    const uint64_t all = session->weights.arena.bytes / LINE_BYTES * LINE_BYTES;
    struct read_work work = {session->weights.arena.at, all < bytes ? all : bytes, 0};
    const uint64_t start = clock_now();
    for (uint64_t read = 0; read < bytes; read += work.bytes)
        team_run(&session->pool, read_weights, &work);
    return clock_since(start);
}
