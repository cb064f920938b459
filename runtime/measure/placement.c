#include "runtime/measure/placement.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/base/die.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* older headers lack it */
#endif

void placement_pin(struct session *session)
{
    if (!team_pin(&session->pool))
        die(EXIT_FAILED,
            "--pin: %u threads cannot have a processor each, there are %u; give fewer with "
            "--threads, or leave --pin out",
            session->pool.started, session->processors);
}

void placement_lock(void)
{
    if (mlockall(MCL_CURRENT) != 0)
        die(EXIT_FAILED,
            "--mlock: memory cannot be locked: %s; raise the limit ('ulimit -l unlimited', or "
            "CAP_IPC_LOCK for the container), or leave --mlock out",
            strerror(errno));
}

/* Lines "FROM-TO rwxp ...". A page that is gone or a device's does not count: a hint. What is
 * larger than all memory was mapped for its addresses. */
void placement_prefault(void)
{
    char line[512];
    const uint64_t available = memory_available();
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL)
        die(EXIT_FAILED, "--prefault: /proc/self/maps: %s; leave --prefault out", strerror(errno));
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, to;
        char readable;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %c", &from, &to, &readable) != 3 ||
            readable != 'r' || to - from > available)
            continue;
        void *start = (void *)from; /* NOLINT(performance-no-int-to-ptr): the kernel's text */
        const bool stack = from <= (uintptr_t)line && (uintptr_t)line < to;
        if (madvise(start, to - from, MADV_POPULATE_READ) != 0 && stack)
            die(EXIT_FAILED,
                "--prefault: the kernel cannot: %s (it needs Linux 5.14); leave --prefault out",
                strerror(errno));
    }
    fclose(maps);
}
