/* What a measurement may ask of the system, so that less disturbs it. */
#ifndef RUNTIME_MEASURE_PLACEMENT_H
#define RUNTIME_MEASURE_PLACEMENT_H

#include "runtime/engine/session.h"

/* All before arena_seal(), and each exits with EXIT_FAILED and a remedy if the system refuses.
 *
 * Gives every thread of the team a processor to itself. A team as large as the processors has that
 * anyway. */
void placement_pin(struct session *session);

/* Keeps everything that is mapped in memory (mlockall(2)): nothing is swapped out. */
void placement_lock(void);

/* Brings every readable page that is mapped into memory, libraries and stacks included (arenas are
 * there anyway), so that none is first touched while something is measured. */
void placement_prefault(void);

#endif
