/* Ctrl-C: the first one asks for an orderly end, the second one kills. */
#ifndef RUNTIME_INTERRUPT_H
#define RUNTIME_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/* From now on SIGINT only sets a flag (once; the next one has its default effect) and interrupts a
 * blocked read; SIGPIPE is ignored, so that a reader that went away shows as EPIPE. */
void interrupt_catch(void);

bool interrupt_asked(void);

/* From now on SIGINT also sets *word to 1, for who watches memory and not this process. NULL: none.
 */
void interrupt_word(uint32_t *word);

#endif
