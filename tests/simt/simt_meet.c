/* Meetings: threads of a block at its barrier, of a warp at barriers and shuffles, of blocks at
 * words in global memory. */
#include <stdlib.h>

#include "tests/simt/simt_inner.h"

/* ---- barriers and shuffles ------------------------------------------------------------------ */
static void wake_waiting(struct simt_thread *first, u32 count, enum simt_wait what)
{
    for (u32 i = count; i-- > 0;)
        if (first[i].wait == what)
            simt_wake(&first[i]);
}

void simt_block_barrier(void)
{
    struct simt_thread *t = simt_now.self;
    struct simt_block *b = t->block;
    if (++b->arrived < simt_now.threads) {
        t->wait = WAIT_BLOCK;
        simt_go_on();
        return;
    }
    b->arrived = 0;
    b->synced = simt_tick();
    b->acquired = b->acquired_by_some;
    wake_waiting(b->threads, simt_now.threads, WAIT_BLOCK);
    if (simt_by_chance())
        simt_yield();
}

static const char *name_of(enum simt_wait what)
{
    return what == WAIT_WARP ? "warp_barrier" : what == WAIT_MATRIX ? "mma" : "warp_xor";
}

/* All lanes come here, to the same thing. */
static void meet_warp(enum simt_wait what, u32 mask)
{
    struct simt_thread *t = simt_now.self;
    struct simt_warp *w = t->warp;
    if (w->arrived == 0) {
        w->what = what;
        w->mask = mask;
    } else if (w->what != what || w->mask != mask) {
        simt_find("comes to %s with mask %u, other lanes of its warp to %s with mask %u",
                  name_of(what), mask, name_of(w->what), w->mask);
        simt_give_up();
    }
    if (++w->arrived < SIMT_WARP) {
        t->wait = what;
        simt_go_on();
        return;
    }
    w->arrived = 0;
    if (what == WAIT_WARP)
        w->synced = simt_tick();
    else
        w->turn++;
    wake_waiting(t - t->index % SIMT_WARP, SIMT_WARP, what);
    if (simt_by_chance())
        simt_yield();
}

void simt_warp_barrier(void)
{
    meet_warp(WAIT_WARP, 0);
}

/* A lane may come to the next shuffle before another has taken its value of this one, but not to
 * the one after that: two sets of values are enough. */
uint64_t simt_warp_xor(uint64_t value, u32 mask)
{
    struct simt_warp *w = simt_now.self->warp;
    const u32 lane = simt_now.self->index % SIMT_WARP;
    uint64_t *values = w->values[w->turn % 2];
    if (mask >= SIMT_WARP) {
        simt_find("warp_xor with mask %u of 32 lanes", mask);
        simt_give_up();
    }
    values[lane] = value;
    meet_warp(WAIT_SHUFFLE, mask);
    return values[lane ^ mask];
}

/* ---- products of matrices ------------------------------------------------------------------- */
/* Where a lane keeps its elements while it waits for the others. */
struct elements {
    const f32 *a, *b;
    f32 *c;
};

/* The map of device.h: lane by row or column of 8 and pair of neighbours, then the place in it. */
static void multiply(const uint64_t *lanes)
{
    for (u32 row = 0; row < 16; row++)
        for (u32 col = 0; col < 8; col++) {
            const struct elements *to = (const void *)(uintptr_t)lanes[row % 8 * 4 + col / 2];
            f32 *sum = &to->c[row / 8 * 2 + col % 2];
            for (u32 k = 0; k < 16; k++) {
                const struct elements *a = (const void *)(uintptr_t)lanes[row % 8 * 4 + k % 8 / 2];
                const struct elements *b = (const void *)(uintptr_t)lanes[col * 4 + k % 8 / 2];
                *sum = __builtin_fmaf(a->a[k / 8 * 4 + row / 8 * 2 + k % 2],
                                      b->b[k / 8 * 2 + k % 2], *sum);
            }
        }
}

/* The last lane to come multiplies for all, who wait. */
void simt_warp_mma(f32 *c, const f32 *a, const f32 *b)
{
    struct simt_warp *w = simt_now.self->warp;
    const struct elements own = {a, b, c};
    uint64_t *lanes = w->values[w->turn % 2];
    lanes[simt_now.self->index % SIMT_WARP] = (uintptr_t)&own;
    if (w->arrived == SIMT_WARP - 1 && w->what == WAIT_MATRIX)
        multiply(lanes);
    meet_warp(WAIT_MATRIX, 0);
}

/* ---- words that order ----------------------------------------------------------------------- */
/* What a block, and its threads up to their last barrier, did before it released is ordered before
 * what whoever acquired later does. Which word it was is not looked at, and a block's last two
 * releases are known: enough for barriers among blocks, each of which is one release of every
 * block. */
enum { RELEASES = 2 };
struct simt_releases {
    struct simt_release {
        u32 time, covers; /* of other threads of the block: what they did before this time */
        u32 id;           /* of the thread: what it did at all */
    } last[RELEASES];
};

static void release(void)
{
    const struct simt_thread *t = simt_now.self;
    if (!simt_now.releases)
        simt_now.releases = calloc(simt_now.blocks, sizeof *simt_now.releases);
    if (!simt_now.releases)
        simt_die("no memory for the releases of %u blocks", simt_now.blocks);
    struct simt_releases *r = &simt_now.releases[t->block->index];
    r->last[1] = r->last[0];
    r->last[0].time = simt_tick();
    r->last[0].covers = t->block->synced;
    r->last[0].id = t->id;
}

/* Whoever waits for a word lets the others run, and blocks that have not begun begin. */
static void acquire(void)
{
    simt_start_block();
    simt_yield();
    simt_now.self->acquired = simt_now.self->block->acquired_by_some = simt_tick();
}

/* The last release of block `block` that `t` has acquired, or NULL. */
static const struct simt_release *acquired_of(u32 block, const struct simt_thread *t)
{
    const u32 acquired = t->acquired > t->block->acquired ? t->acquired : t->block->acquired;
    const struct simt_release *r = simt_now.releases[block].last;
    for (u32 i = 0; i < RELEASES; i++)
        if (r[i].time && r[i].time <= acquired)
            return &r[i];
    return NULL;
}

bool simt_ordered_by_words(const struct simt_thread *t, u32 id, enum simt_level level, u32 time)
{
    if (!simt_now.releases)
        return false;
    const u32 block = id / simt_now.threads;
    if (block == t->block->index) {
        if (id != t->id && time >= t->block->synced)
            return false;
    } else {
        const struct simt_release *r = acquired_of(block, t);
        const bool alone = level == LEVEL_THREAD || level == LEVEL_GRID;
        if (!r || time >= (alone && r->id == id ? r->time : r->covers))
            return false;
    }
    /* With several blocks that is true of the last thread; the others are known to have met. */
    for (u32 i = 0; level == LEVEL_GRID && i < simt_now.blocks; i++)
        if (i != t->block->index && !acquired_of(i, t))
            return false;
    return true;
}

void simt_store_release(u32 *word, u32 value)
{
    simt_access_word(word, ACCESS_WRITE);
    release();
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

u32 simt_load_acquire(const u32 *word)
{
    simt_access_word(word, ACCESS_READ);
    acquire();
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

uint64_t simt_load_host(const uint64_t *word, bool acquires)
{
    if ((uintptr_t)word % sizeof *word != 0) {
        simt_find("a word of the host's at %p, which is not 8-byte aligned", (const void *)word);
        simt_give_up();
    }
    simt_access(word, sizeof *word, ACCESS_READ, SIMT_LOAD_HOST);
    if (acquires)
        acquire();
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

u32 simt_atomic_add(u32 *word, u32 add)
{
    simt_access_word(word, ACCESS_WRITE);
    release();
    acquire();
    return __atomic_fetch_add(word, add, __ATOMIC_ACQ_REL);
}
