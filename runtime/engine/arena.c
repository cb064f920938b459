#define _GNU_SOURCE

#include "runtime/engine/arena.h"

#include <errno.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/machine.h"
#include "runtime/base/run.h"

static bool sealed;

uint64_t memory_plan_bytes(const struct memory_plan *plan)
{
    uint64_t parts[] = {plan->weights, plan->tokenizer, plan->state,   plan->scratch, plan->io,
                        plan->work,    plan->host,      plan->threads, plan->snapshot};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (__builtin_add_overflow(sum, parts[i], &sum))
            return UINT64_MAX;
    return sum;
}

struct number_text memory_note_snapshot(const struct memory_plan *plan)
{
    struct number_text said = {""};
    if (plan->snapshot > 0)
        snprintf(said.text, sizeof said.text, ", snapshot %.20s",
                 number_text_bytes(plan->snapshot).text);
    return said;
}

uint64_t memory_available(void)
{
    return machine_memory("");
}

uint64_t memory_peak(void)
{
    return machine_field("/proc/self/status", "VmHWM:", 0) * 1024;
}

uint64_t memory_resident(void)
{
    return machine_field("/proc/self/status", "VmRSS:", 0) * 1024;
}

/* For the first object, which is the program. */
static int load_segments(struct dl_phdr_info *object, size_t bytes, void *context)
{
    (void)bytes, (void)context;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W)
            continue;
        uintptr_t first = object->dlpi_addr + segment->p_vaddr;
        uintptr_t start = first - first % page;
        madvise((void *)start, first + segment->p_memsz - start, MADV_POPULATE_READ);
    }
    return 1;
}

void memory_load_code(void)
{
    dl_iterate_phdr(load_segments, NULL);
}

void memory_require(const struct memory_plan *plan, uint64_t available)
{
    uint64_t needed = memory_plan_bytes(plan);
    if (needed <= available)
        return;
    die(EXIT_MEMORY,
        "not enough memory: %" PRIu64 " bytes needed (weights %" PRIu64 ", tokenizer %" PRIu64
        ", state %" PRIu64 ", scratch %" PRIu64 ", io %" PRIu64 ", threads %" PRIu64 "%s), %" PRIu64
        " bytes available; end other programs, raise the memory limit of the container, or build a "
        "smaller model or a smaller prefill_chunk",
        needed, plan->weights, plan->tokenizer, plan->state, plan->scratch, plan->io, plan->threads,
        memory_note_snapshot(plan).text, available);
}

uint64_t arena_rounded(uint64_t bytes)
{
    return (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

static const uint64_t HUGE_PAGE = 2 << 20;

/* Makes every page resident now, so that no step meets a page fault and the memory of a run does
 * not grow. Kernels before 5.14 do not know the call: there every page is written once. */
static void populate(uint8_t *at, uint64_t bytes, uint64_t page)
{
    madvise(at, bytes,
            MADV_HUGEPAGE); /* a hint; without it a scan of the arena waits for the TLB */
    if (madvise(at, bytes, MADV_POPULATE_WRITE) == 0)
        return;
    for (uint64_t i = 0; i < bytes; i += page)
        ((volatile uint8_t *)at)[i] = 0;
}

static _Noreturn void refuse(const char *name, uint64_t bytes)
{
    die(EXIT_MEMORY, "cannot reserve %" PRIu64 " bytes for the %s arena: %s", bytes, name,
        strerror(errno));
}

struct arena arena_reserve(const char *name, uint64_t bytes)
{
    if (sealed)
        die(EXIT_FAILED, "internal error: arena %s reserved after sealing", name);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t align = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : page;
    uint64_t whole; /* room to align, and a page on either side that faults on a stray access */
    if (__builtin_add_overflow(bytes, align + 3 * page - 1, &whole))
        whole = UINT64_MAX;
    whole -= whole % page;
    uint8_t *map = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        refuse(name, bytes);
    uint8_t *at = map + page;
    at += (align - (uintptr_t)at % align) % align;
    uint64_t used = (bytes + page - 1) / page * page;
    if (mprotect(at, used, PROT_READ | PROT_WRITE))
        refuse(name, bytes);
    populate(at, used, page);
    return (struct arena){.name = name, .at = at, .bytes = bytes, .map = map, .map_bytes = whole};
}

void arena_freeze(const struct arena *arena)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (mprotect(arena->at, (arena->bytes + page - 1) / page * page, PROT_READ))
        die(EXIT_FAILED, "cannot protect the %s arena: %s", arena->name, strerror(errno));
}

void arena_release(struct arena *arena)
{
    if (arena->map)
        munmap(arena->map, arena->map_bytes);
    arena->map = NULL;
}

void *arena_take(struct arena *arena, uint64_t bytes)
{
    uint64_t rounded = arena_rounded(bytes);
    if (rounded < bytes || rounded > arena->bytes - arena->taken)
        die(EXIT_FAILED,
            "internal error: %" PRIu64 " bytes asked of the %s arena, %" PRIu64 " left", bytes,
            arena->name, arena->bytes - arena->taken);
    void *taken = arena->at + arena->taken;
    arena->taken += rounded;
    return taken;
}

void arena_seal(void)
{
    sealed = true;
}

bool arena_is_sealed(void)
{
    return sealed;
}
