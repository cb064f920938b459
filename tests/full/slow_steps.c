/* A model's decode, of which a share is done twice: linked in front of a binary (--wrap=decode), it
 * plants a slowdown of known size that is made of the same work. The share is that in percent
 * behind the last '-' of the program's name: fable-mamba-5 does 5 steps of 100 twice. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/run.h"

void __real_decode(run *r);
void __wrap_decode(run *r);

void __wrap_decode(run *r)
{
    static __thread int share = -1, due; /* percent; every thread of the team counts the same */
    if (share < 0) {
        const char *dash = strrchr(program_invocation_short_name, '-');
        share = dash != NULL ? atoi(dash + 1) : 0;
    }
    __real_decode(r);
    due += share;
    if (due >= 100) {
        due -= 100;
        __real_decode(r);
    }
}
