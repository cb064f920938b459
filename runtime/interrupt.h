/* Ctrl-C: the first one asks for an orderly end, the second one kills. */
#ifndef RUNTIME_INTERRUPT_H
#define RUNTIME_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT only sets a flag (once; the next one has its default effect) and interrupts a
 * blocked read; SIGPIPE is ignored, so that a reader that went away shows as EPIPE. */
void interrupt_catch(void);

bool interrupt_asked(void);

#endif
