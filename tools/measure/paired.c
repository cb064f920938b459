#include "tools/measure/paired.h"

#include <math.h>
#include <string.h>

#include "runtime/base/philox.h"

int paired_program(uint64_t block, int place)
{
    const bool inner = place == 1 || place == 2;
    return inner != (philox_uniform(11, block) < 0.5);
}

uint64_t paired_next_look(uint64_t done, uint64_t most)
{
    uint64_t look = PAIRED_FIRST_LOOK;
    while (look <= done)
        look += (look + 1) / 2;
    return look < most ? look : most;
}

unsigned paired_looks(uint64_t most)
{
    unsigned looks = 0;
    for (uint64_t done = 0; done < most; looks++)
        done = paired_next_look(done, most);
    return looks;
}

/* The largest k with P(W < k) <= tail, W the sum of those of the ranks 1 to count whose sign is
 * positive, each with probability 1/2. probability[count (count + 1) / 2 + 1] */
static uint64_t critical(uint64_t count, double tail, double *probability)
{
    const uint64_t most = count * (count + 1) / 2;
    memset(probability, 0, (most + 1) * sizeof *probability);
    probability[0] = 1;
    for (uint64_t rank = 1, reached = 0; rank <= count; rank++) {
        reached += rank;
        for (uint64_t sum = reached + 1; sum-- > 0;)
            probability[sum] = (probability[sum] + (sum >= rank ? probability[sum - rank] : 0)) / 2;
    }
    double below = 0;
    uint64_t k = 0;
    while (k <= most && below + probability[k] <= tail)
        below += probability[k++];
    return k;
}

struct stats_interval paired_interval(const double *values, uint64_t count, double error,
                                      double *centre, double *scratch)
{
    const uint64_t means = count * (count + 1) / 2;
    const uint64_t k = critical(count, error / 2, scratch);
    uint64_t made = 0;
    for (uint64_t i = 0; i < count; i++)
        for (uint64_t j = i; j < count; j++)
            scratch[made++] = (values[i] + values[j]) / 2;
    stats_sort(scratch, means);
    *centre = stats_quantile(scratch, means, 0.5);
    if (k == 0)
        return (struct stats_interval){-INFINITY, INFINITY};
    return (struct stats_interval){scratch[k - 1], scratch[means - k]};
}
