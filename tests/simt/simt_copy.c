/* Accesses of 16 bytes, and asynchronous copies. */
#include <string.h>

#include "tests/simt/simt_inner.h"

enum { WIDE = 16 };

static struct simt_thread *check_wide(const char *function, const void *at)
{
    if (!simt_now.self)
        simt_die("%s outside of a kernel", function);
    if ((uintptr_t)at % WIDE != 0) {
        simt_find("%s at %p, which is not %d-byte aligned", function, at, WIDE);
        simt_give_up();
    }
    return simt_now.self;
}

void simt_load16(u32 *words, const void *from, enum simt_load what)
{
    check_wide(what == SIMT_LOAD_WEIGHTS ? "load_weights16" : "load16", from);
    simt_access(from, WIDE, ACCESS_READ, what);
    memcpy(words, from, WIDE);
}

void simt_store16(void *to, const u32 *words)
{
    check_wide("store16", to);
    simt_access(to, WIDE, ACCESS_WRITE, SIMT_LOAD_ANY);
    memcpy(to, words, WIDE);
}

/* ---- asynchronous copies -------------------------------------------------------------------- */
/* The data is what the source holds when the copy lands, which is at any time. */
static void land(struct simt_copy *c)
{
    memcpy(c->to, c->from, WIDE);
    c->landed = true;
}

void simt_copy_async16(void *shared, const void *global)
{
    struct simt_thread *t = check_wide("copy_async16 to", shared);
    check_wide("copy_async16 from", global);
    if (!simt_in_shared(shared, WIDE)) {
        simt_find("copy_async16 to %p, which is not in shared memory", shared);
        simt_give_up();
    }
    simt_access(global, WIDE, ACCESS_READ, SIMT_LOAD_ANY);
    simt_copy_begins(shared);
    if (t->copy_count == SIMT_COPIES_MOST)
        simt_die("more than %d copies of a thread on their way", SIMT_COPIES_MOST);
    struct simt_copy *c = &t->copies[t->copy_count++];
    *c = (struct simt_copy){shared, global, t->group, false};
    memset(shared, 0xff, WIDE);
    if (simt_by_chance() && simt_random(4) == 0)
        land(c);
}

void simt_copy_async_commit(void)
{
    simt_now.self->group++;
}

void simt_copy_async_wait(u32 pending)
{
    struct simt_thread *t = simt_now.self;
    u32 left = 0;
    for (u32 i = 0; i < t->copy_count; i++) {
        struct simt_copy *c = &t->copies[i];
        if (c->group + pending >= t->group) {
            t->copies[left++] = *c;
            continue;
        }
        /* Once more: the source was read up to now. */
        simt_access(c->from, WIDE, ACCESS_READ, SIMT_LOAD_ANY);
        if (!c->landed)
            land(c);
        simt_copy_lands(c->to);
    }
    t->copy_count = left;
}

void simt_copies_at_exit(void)
{
    struct simt_thread *t = simt_now.self;
    if (t->copy_count > 0)
        simt_find("exits with %u copy_async16 on their way", t->copy_count);
    t->copy_count = 0;
}
