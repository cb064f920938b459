/* How the rows or the columns of a weight lie when it is packed: runs of equal groups, one behind
 * another, each group padded with zeros to whole lines of 16. The heads of a matrix are groups,
 * since kernels work on lines; x and z of a Mamba layer are, too. */
#ifndef RUNTIME_BASE_SPREAD_H
#define RUNTIME_BASE_SPREAD_H

#include <stdint.h>

enum { SPREAD_RUNS = 3, SPREAD_PAD = 16 };

struct spread_run {
    uint32_t groups, size; /* elements of a group; 0 groups: the runs before it are all */
};

struct spread {
    struct spread_run run[SPREAD_RUNS];
};

/* Some neighbours in memory: elements in sequence, or pads. */
struct spread_stretch {
    uint64_t element; /* the first, or where there are pads: the one behind them */
    uint64_t count;
    int pads; /* whether they are pads */
};

static inline uint64_t spread_pad(uint64_t size)
{
    return (size + SPREAD_PAD - 1) / SPREAD_PAD * SPREAD_PAD;
}

/* Places that all of them take, pads included. */
static inline uint64_t spread_padded(const struct spread *s)
{
    uint64_t padded = 0;
    for (uint32_t i = 0; i < SPREAD_RUNS; i++)
        padded += s->run[i].groups * spread_pad(s->run[i].size);
    return padded;
}

/* Whether it is the same as one group of them all: no pads but behind the last. */
static inline int spread_is_plain(const struct spread *s)
{
    for (uint32_t i = 0; i < SPREAD_RUNS; i++) {
        const int last = i + 1 == SPREAD_RUNS || s->run[i + 1].groups == 0;
        if ((s->run[i].groups > 1 || !last) && s->run[i].size % SPREAD_PAD != 0)
            return 0;
    }
    return 1;
}

/* The stretch that begins at `place`, which is below spread_padded(). */
static inline struct spread_stretch spread_at(const struct spread *s, uint64_t place)
{
    uint64_t element = 0;
    for (uint32_t i = 0; i < SPREAD_RUNS; i++) {
        const uint64_t size = s->run[i].size, padded = spread_pad(size);
        if (place >= s->run[i].groups * padded) {
            place -= s->run[i].groups * padded;
            element += s->run[i].groups * size;
            continue;
        }
        const uint64_t group = place / padded, in_group = place % padded;
        const int pads = in_group >= size;
        return (struct spread_stretch){.element = element + group * size + (pads ? size : in_group),
                                       .count = (pads ? padded : size) - in_group,
                                       .pads = pads};
    }
    return (struct spread_stretch){element, 0, 1};
}

#endif
