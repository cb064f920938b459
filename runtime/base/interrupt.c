#include "runtime/base/interrupt.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t asked;

static void note(int signal_number)
{
    (void)signal_number;
    asked = 1;
}

void interrupt_catch(void)
{
    struct sigaction once;
    memset(&once, 0, sizeof once);
    once.sa_handler = note;
    once.sa_flags = (int)SA_RESETHAND; /* and no SA_RESTART: a read of a terminal returns */
    sigemptyset(&once.sa_mask);
    sigaction(SIGINT, &once, NULL);
    sigaction(SIGTERM, &once, NULL);
    struct sigaction before;
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup's */
        sigaction(SIGHUP, &once, NULL);

    struct sigaction ignored;
    memset(&ignored, 0, sizeof ignored);
    ignored.sa_handler = SIG_IGN;
    sigemptyset(&ignored.sa_mask);
    sigaction(SIGPIPE, &ignored, NULL);
    sigaction(SIGXFSZ, &ignored, NULL); /* a limit shows as EFBIG, and a partial file is removed */
}

bool interrupt_asked(void)
{
    return asked;
}
