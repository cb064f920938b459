#include "runtime/base/budget.h"

#include <stddef.h>
#include <string.h>

const uint64_t budget_contexts[BUDGET_CONTEXTS] = {4096, 32768, 100000, 262144};

const struct bandwidth budget_bandwidths[BUDGET_BANDWIDTHS] = {
    {"gb10", 273e9, "GB10, data sheet"},
    {"gb10-measured", 232e9, "GB10, a kernel that only reads"},
    {"h200", 4.8e12, "H200, data sheet"},
    {"h200-measured", 4.3e12, "H200, a copy on the device"},
};

bool budget_beyond(const struct budget *budget, uint64_t positions)
{
    return budget->trained > 0 && positions > budget->trained;
}

/* How many of so many positions a window still holds. */
static uint64_t seen(const struct budget *budget, uint64_t positions)
{
    return budget->window > 0 && positions > budget->window ? budget->window : positions;
}

uint64_t budget_state(const struct budget *budget, uint64_t positions)
{
    return budget->constant + seen(budget, positions) * budget->position;
}

uint64_t budget_step(const struct budget *budget, uint64_t positions)
{
    return budget->streamed + 2 * budget->constant +
           (seen(budget, positions) + 1) * budget->position;
}

const struct bandwidth *budget_bandwidth(const char *name)
{
    for (size_t i = 0; i < BUDGET_BANDWIDTHS; i++)
        if (strcmp(budget_bandwidths[i].name, name) == 0)
            return &budget_bandwidths[i];
    return NULL;
}

double budget_floor(const struct budget *budget, uint64_t positions, double bytes_per_second)
{
    return (double)budget_step(budget, positions) / bytes_per_second;
}
