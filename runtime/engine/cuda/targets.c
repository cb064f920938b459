#include <stdlib.h>
#include <string.h>

#include "runtime/engine/cuda/device.h"

/* The targets are written as CUDA writes them: the last digit is the minor number. */
bool device_suits(const char *targets, int major, int minor)
{
    int found = 10 * major + minor;
    for (const char *at = targets; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
        bool ptx = strncmp(at, "compute_", 8) == 0;
        char *end;
        int built = (int)strtol(at + (ptx ? 8 : 3), &end, 10);
        bool alone = *end == 'a'; /* no other compute capability, be it later */
        if (ptx     ? found >= built
            : alone ? found == built
                    : built / 10 == major && built % 10 <= minor)
            return true;
    }
    return false;
}
