/* The memory that kernels may touch, and the look at every access of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/simt/simt_inner.h"

enum { MEMORIES_MOST = 4096, CACHED = 256, ALIGNMENT = 256, CELL_BYTES = 4 };

static struct simt_memory *memories[MEMORIES_MOST]; /* by ascending address */
static u32 memory_count;
static struct simt_memory *cached[CACHED]; /* the last one met, by the address in units of 4 KiB */

/* Where the constants of the program lie: from its start to its first variable. */
extern const char __executable_start, __data_start;

/* ---- the list ------------------------------------------------------------------------------- */
/* How many memories begin at or below this address. */
static u32 memories_below(uintptr_t at)
{
    u32 low = 0, high = memory_count;
    while (low < high) {
        const u32 middle = (low + high) / 2;
        if (memories[middle]->base <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t cells_bytes(const struct simt_memory *m)
{
    return ((m->end - 1) / CELL_BYTES - m->base / CELL_BYTES + 1) * sizeof(struct simt_cell);
}

void simt_memory_add(const void *memory, size_t bytes, enum simt_kind kind, const char *name)
{
    const uintptr_t base = (uintptr_t)memory, end = base + bytes;
    const u32 place = memories_below(base);
    if (bytes == 0 || end < base)
        simt_die("memory '%s' has %zu bytes at %p", name, bytes, memory);
    if ((place > 0 && memories[place - 1]->end > base) ||
        (place < memory_count && memories[place]->base < end))
        simt_die("memory '%s' overlaps memory that was added before", name);
    if (memory_count == MEMORIES_MOST)
        simt_die("more than %d memories", MEMORIES_MOST);
    struct simt_memory *m = malloc(sizeof *m);
    if (!m)
        simt_die("no memory for the description of '%s'", name);
    *m = (struct simt_memory){base, end, kind, NULL, name};
    if (kind == SIMT_ORDINARY) {
        /* Zeros that cost nothing until a kernel touches the bytes they stand for. */
        m->cells = mmap(NULL, cells_bytes(m), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (m->cells == MAP_FAILED)
            simt_die("no memory for the cells of '%s'", name);
    }
    memmove(memories + place + 1, memories + place, (memory_count - place) * sizeof *memories);
    memories[place] = m;
    memory_count++;
}

void simt_memory_remove(const void *memory)
{
    const u32 place = memories_below((uintptr_t)memory);
    if (place == 0 || memories[place - 1]->base != (uintptr_t)memory)
        simt_die("removes memory at %p, which was not added", memory);
    struct simt_memory *m = memories[place - 1];
    if (m->cells)
        munmap(m->cells, cells_bytes(m));
    free(m);
    memmove(memories + place - 1, memories + place, (memory_count - place) * sizeof *memories);
    memory_count--;
    memset(cached, 0, sizeof cached);
}

void *simt_memory_new(size_t bytes, enum simt_kind kind, const char *name)
{
    const size_t room = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = room < bytes ? NULL : aligned_alloc(ALIGNMENT, room);
    if (!memory)
        simt_die("no %zu bytes for '%s'", bytes, name);
    memset(memory, 0xff, bytes);
    simt_memory_add(memory, bytes, kind, name);
    return memory;
}

void simt_memory_free(void *memory)
{
    simt_memory_remove(memory);
    free(memory);
}

/* The memory that holds this address, or NULL. */
static struct simt_memory *memory_of(uintptr_t at)
{
    struct simt_memory **line = &cached[at / 4096 % CACHED];
    if (*line && at >= (*line)->base && at < (*line)->end)
        return *line;
    const u32 place = memories_below(at);
    if (place == 0 || at >= memories[place - 1]->end)
        return NULL;
    return *line = memories[place - 1];
}

/* ---- findings ------------------------------------------------------------------------------- */
static const char *verb_of(enum simt_access access)
{
    return access == ACCESS_READ ? "reads" : "writes";
}

/* "'name' + 12" for an address in, or beyond the end of, memory that is known. */
static const char *place_of(uintptr_t at)
{
    static char text[160];
    const struct simt_block *b = simt_now.self->block;
    const uintptr_t shared = (uintptr_t)b->shared;
    if (at >= shared && at < shared + 2 * SIMT_SHARED_MOST) {
        snprintf(text, sizeof text, "byte %" PRIuPTR " of %u of shared memory", at - shared,
                 simt_now.shared_bytes);
        return text;
    }
    const u32 place = memories_below(at);
    if (place == 0)
        snprintf(text, sizeof text, "address 0x%" PRIxPTR, at);
    else
        snprintf(text, sizeof text, "byte %" PRIuPTR " of %" PRIuPTR " of '%s'",
                 at - memories[place - 1]->base,
                 memories[place - 1]->end - memories[place - 1]->base, memories[place - 1]->name);
    return text;
}

static void find_race(uintptr_t at, enum simt_access access, u32 owner, const char *did)
{
    const u32 id = owner & SIMT_ID_MASK;
    simt_find("%s %s, which thread %u of block %u %s, and no barrier lies between", verb_of(access),
              place_of(at), id % simt_now.threads, id / simt_now.threads, did);
}

/* ---- one cell ------------------------------------------------------------------------------- */
static inline enum simt_level level_of(u32 owner)
{
    return owner >> SIMT_LEVEL_SHIFT & 3;
}

/* The smallest group that both the owner's thread and this one are in. */
static inline enum simt_level level_between(const struct simt_thread *t, u32 owner)
{
    const u32 id = owner & SIMT_ID_MASK;
    if (id == t->id)
        return LEVEL_THREAD;
    if (id / SIMT_WARP == t->id / SIMT_WARP)
        return LEVEL_WARP;
    return id - t->block->first_id < simt_now.threads ? LEVEL_BLOCK : LEVEL_GRID;
}

/* Whether `t` is the owner; of bytes with different owners it may be the one that it asks for. */
static inline bool is_own(const struct simt_thread *t, u32 owner)
{
    const enum simt_level level = level_of(owner);
    return level_between(t, owner) <= level &&
           (level == LEVEL_THREAD || owner >> SIMT_MIXED_SHIFT & 1);
}

/* Whether a meeting lies between what `owner` did at `time`, in this launch, and now, for `t`. */
static inline bool is_ordered(const struct simt_thread *t, u32 owner, u32 time)
{
    const enum simt_level level = level_of(owner), between = level_between(t, owner);
    if (level == LEVEL_GRID || between == LEVEL_GRID)
        return simt_ordered_by_words(t, owner & SIMT_ID_MASK, level, time);
    if (time < t->block->synced)
        return true;
    return level <= LEVEL_WARP && between <= LEVEL_WARP && time < t->warp->synced;
}

/* The owner that is `old` and, as the last, `t`, of the bytes `mask`. */
static inline u32 joined(const struct simt_thread *t, u32 old, u32 mask)
{
    const u32 between = level_between(t, old), level = level_of(old);
    const u32 mixed = (old >> SIMT_MASK_SHIFT & mask) == 0 && between != LEVEL_THREAD;
    return t->id | (old & ~(SIMT_ID_MASK | 3u << SIMT_LEVEL_SHIFT)) |
           (level > between ? level : between) << SIMT_LEVEL_SHIFT | mixed << SIMT_MIXED_SHIFT |
           mask << SIMT_MASK_SHIFT;
}

/* The reads of a cell that a write must be ordered behind: the last one, or, where several are not
 * ordered among each other, all of them. */
static inline void note_read(const struct simt_thread *t, struct simt_cell *c, u32 mask, u32 began)
{
    if (c->read < began || is_ordered(t, c->reader, c->read))
        c->reader = t->id | mask << SIMT_MASK_SHIFT;
    else
        c->reader = joined(t, c->reader, mask);
    c->read = simt_now.clock;
}

/* The last write, or all writes of other bytes of the cell that are not ordered before it. */
static inline void note_write(const struct simt_thread *t, struct simt_cell *c, u32 mask, u32 began)
{
    const bool other_bytes = (c->writer >> SIMT_MASK_SHIFT & mask) == 0;
    if (c->written < began || c->written == SIMT_PENDING || is_ordered(t, c->writer, c->written) ||
        !(is_own(t, c->writer) || other_bytes))
        c->writer = t->id | mask << SIMT_MASK_SHIFT;
    else
        c->writer = joined(t, c->writer, mask);
    c->written = simt_now.clock;
}

/* Whether this access breaks a rule, which it then tells. `mask`: which of the 4 bytes; `began`:
 * since when the cell counts; `shared`: of shared memory. */
static inline bool find_conflict(const struct simt_cell *c, uintptr_t at, u32 mask,
                                 enum simt_access access, u32 began, bool shared)
{
    const struct simt_thread *t = simt_now.self;
    const u32 bytes = mask << SIMT_MASK_SHIFT;
    if (c->written == SIMT_PENDING)
        simt_find("%s %s, where a copy_async16 of thread %u is still to land", verb_of(access),
                  place_of(at), (c->writer & SIMT_ID_MASK) % simt_now.threads);
    else if (c->written >= began && c->writer & bytes && !is_own(t, c->writer) &&
             !is_ordered(t, c->writer, c->written))
        find_race(at, access, c->writer, "wrote");
    else if (c->written < began && shared && access == ACCESS_READ)
        simt_find("reads %s, which nothing has written", place_of(at));
    else if (access == ACCESS_WRITE && c->read >= began && c->reader & bytes &&
             !is_own(t, c->reader) && !is_ordered(t, c->reader, c->read))
        find_race(at, access, c->reader, "read");
    else
        return false;
    return true;
}

/* Looks at the cells of one access; tells one finding at most. */
static inline void look_at(struct simt_cell *cells, uintptr_t base, uintptr_t at, size_t bytes,
                           enum simt_access access, u32 began, bool shared)
{
    struct simt_cell *c = cells + (at / CELL_BYTES - base / CELL_BYTES);
    bool told = false;
    for (const uintptr_t end = at + bytes; at < end; c++) {
        const u32 first = at % CELL_BYTES;
        const u32 last = end - at < CELL_BYTES - first ? first + (u32)(end - at) : CELL_BYTES;
        const u32 mask = ((1u << last) - 1) & ~((1u << first) - 1);
        if (c->written == SIMT_PENDING && c->read < began)
            *c = (struct simt_cell){0}; /* of a launch that was given up: see simt_copy_begins() */
        if (!told)
            told = find_conflict(c, at, mask, access, began, shared);
        if (access == ACCESS_WRITE)
            note_write(simt_now.self, c, mask, began);
        else if (c->written != SIMT_PENDING)
            note_read(simt_now.self, c, mask, began);
        at += last - first;
    }
}

/* ---- one access ----------------------------------------------------------------------------- */
bool simt_in_shared(const void *at, size_t bytes)
{
    const uintptr_t offset = (uintptr_t)at - (uintptr_t)simt_now.self->block->shared;
    return offset < simt_now.shared_bytes && bytes <= simt_now.shared_bytes - offset;
}

static bool is_constant(uintptr_t at, size_t bytes)
{
    const uintptr_t params = at - (uintptr_t)simt_now.params;
    const uintptr_t start = (uintptr_t)&__executable_start, end = (uintptr_t)&__data_start;
    if (params < SIMT_PARAMS_MOST && bytes <= SIMT_PARAMS_MOST - params)
        return true;
    return at >= start && at < end && bytes <= end - at;
}

/* Global memory: the rules that are not about races. Returns it, or NULL for constants. */
static struct simt_memory *global_access(uintptr_t at, size_t bytes, enum simt_access access,
                                         enum simt_load load)
{
    struct simt_memory *m = memory_of(at);
    if (!m || bytes > m->end - at) {
        if (!m && access == ACCESS_READ && is_constant(at, bytes))
            return NULL;
        simt_find("%s %zu bytes at %s: outside of the memory of kernels", verb_of(access), bytes,
                  place_of(at));
        simt_give_up();
    }
    if (m->kind == SIMT_WEIGHTS && access == ACCESS_WRITE) {
        simt_find("writes %s, which is weights", place_of(at));
        simt_give_up();
    }
    if (m->kind != SIMT_WEIGHTS && load == SIMT_LOAD_WEIGHTS)
        simt_find("load_weights16 of %s, which is not weights", place_of(at));
    if (m->kind != SIMT_WEIGHTS && load != SIMT_LOAD_HOST && !simt_now.self->pdl_waited)
        simt_find("%s %s before pdl_wait()", verb_of(access), place_of(at));
    return m;
}

void simt_access(const void *address, size_t bytes, enum simt_access access, enum simt_load load)
{
    const struct simt_thread *t = simt_now.self;
    const uintptr_t at = (uintptr_t)address;
    simt_step();
    if (at - (uintptr_t)t->stack < SIMT_STACK_BYTES && load == SIMT_LOAD_ANY)
        return;
    if (simt_in_shared(address, bytes) && load == SIMT_LOAD_ANY) {
        const struct simt_block *b = t->block;
        look_at(b->cells, (uintptr_t)b->shared, at, bytes, access, b->began, true);
        return;
    }
    const struct simt_memory *m = global_access(at, bytes, access, load);
    if (m && m->cells)
        look_at(m->cells, m->base, at, bytes, access, simt_now.began, false);
}

void simt_access_word(const u32 *word, enum simt_access access)
{
    simt_step();
    if ((uintptr_t)word % sizeof *word != 0) {
        simt_find("a word at %p, which is not 4-byte aligned", (const void *)word);
        simt_give_up();
    }
    global_access((uintptr_t)word, sizeof *word, access, SIMT_LOAD_ANY);
}

/* ---- asynchronous copies -------------------------------------------------------------------- */
void simt_copy_begins(void *to)
{
    const struct simt_block *b = simt_now.self->block;
    simt_access(to, 16, ACCESS_WRITE, SIMT_LOAD_ANY);
    struct simt_cell *c = b->cells + ((char *)to - b->shared) / CELL_BYTES;
    for (u32 i = 0; i < 16 / CELL_BYTES; i++) {
        c[i].written = SIMT_PENDING;
        c[i].read = simt_now.clock; /* tells a copy of this block from one that was given up */
    }
}

void simt_copy_lands(void *to)
{
    const struct simt_block *b = simt_now.self->block;
    struct simt_cell *c = b->cells + ((char *)to - b->shared) / CELL_BYTES;
    for (u32 i = 0; i < 16 / CELL_BYTES; i++)
        c[i] = (struct simt_cell){simt_now.self->id | 15u << SIMT_MASK_SHIFT, simt_now.clock, 0, 0};
}
