/* Ctrl-C, SIGTERM and SIGHUP: the first asks for an orderly end, the same a second time kills. */
#ifndef RUNTIME_BASE_INTERRUPT_H
#define RUNTIME_BASE_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP (unless nohup had it ignored) only set a flag (once; the
 * next one has its default effect) and interrupt a blocked read; SIGPIPE is ignored, so that a
 * reader that went away shows as EPIPE, and SIGXFSZ, so that a limit shows as EFBIG. */
void interrupt_catch(void);

bool interrupt_asked(void);

#endif
