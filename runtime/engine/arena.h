/* Memory: a few arenas, one reservation each, all sizes known before the first byte is loaded.
 *
 * After arena_seal() nothing may allocate any more; arena_reserve() itself refuses. */
#ifndef RUNTIME_ENGINE_ARENA_H
#define RUNTIME_ENGINE_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/number_text.h"

struct arena {
    const char *name;
    uint8_t *at;    /* page-aligned; all zero at first */
    uint64_t bytes; /* as reserved */
    uint64_t taken; /* handed out by arena_take() */
    void *map;      /* the whole reservation, with the pages around */
    uint64_t map_bytes;
};

/* Every byte that a run of the binary will hold, the memory of the C library and of CUDA itself
 * aside. */
struct memory_plan {
    uint64_t weights;   /* the image in the weight file, read into its arena */
    uint64_t tokenizer; /* the file's other sections: header, tensor table, tokenizer tables */
    uint64_t state;
    uint64_t scratch;
    uint64_t io;       /* the model's tokens, hidden rows and logits, then the host's buffers */
    uint64_t work;     /* CUDA: workspace of one operation, and what chooses tokens */
    uint64_t host;     /* CUDA: the host's buffers, and its ends of what it hands the device */
    uint64_t threads;  /* stacks of the team */
    uint64_t snapshot; /* copies of the state in memory, where the state lies */
};

uint64_t memory_plan_bytes(const struct memory_plan *plan);

/* ", snapshot 1.2 MB" where the plan has one, else "": the end of a line about the plan. */
struct number_text memory_note_snapshot(const struct memory_plan *plan);

/* Bytes that this process can still take without swapping, on this machine and in its container:
 * machine_memory(). The page cache (and so an already cached weight file) counts as available. */
uint64_t memory_available(void);

/* Exits with EXIT_MEMORY, naming the bytes needed and available, unless the plan fits. */
void memory_require(const struct memory_plan *plan, uint64_t available);

/* Peak resident bytes of this process (VmHWM); 0 if it is not known. Allocates nothing. */
uint64_t memory_peak(void);

/* Resident bytes of this process now (VmRSS); 0 if it is not known. Allocates nothing. */
uint64_t memory_resident(void);

/* Maps all code and constants of the binary itself, which otherwise come page by page when they are
 * first needed: afterwards the resident size stays what it is. A hint; failing changes nothing. */
void memory_load_code(void);

/* Reserves `bytes` zero bytes between two inaccessible pages, resident at once and on huge pages
 * where the system has them: a matrix on 4 KiB pages streams a sixth slower. Exits with EXIT_MEMORY
 * if the system refuses, and with EXIT_FAILED after arena_seal(). */
struct arena arena_reserve(const char *name, uint64_t bytes);

/* Makes the arena read-only. */
void arena_freeze(const struct arena *arena);

/* Gives the arena back; not needed at the end of the program. */
void arena_release(struct arena *arena);

/* The next `bytes` of the arena, on a 64-byte boundary. Asking for more than was reserved is a
 * mistake in the program: exits. */
void *arena_take(struct arena *arena, uint64_t bytes);

/* `bytes` as arena_take() counts them: rounded up to a whole cache line. */
uint64_t arena_rounded(uint64_t bytes);

/* Nothing allocates from here on. */
void arena_seal(void);
bool arena_is_sealed(void);

#endif
