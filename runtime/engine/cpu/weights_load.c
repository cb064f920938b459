/* The weights arena of the CPU backend: the image of the weight file in huge pages, read-only. */
#include "runtime/engine/weights.h"

#include <stdatomic.h>

#include "runtime/base/digest.h"
#include "runtime/engine/trace.h"

/* What the threads share while they read and check tensors: each takes the next one. */
struct check {
    const struct weight_file_tensor *table;
    int file;
    uint64_t image_at; /* in the file */
    uint8_t *image;
    u32 count;
    atomic_uint next;
    atomic_uint damaged; /* index of a damaged tensor; count: none */
    atomic_int stopped;  /* what weights_read() returned; 0: all were read */
};

static void check_next_tensors(struct check *check)
{
    for (;;) {
        u32 i = atomic_fetch_add(&check->next, 1);
        if (i >= check->count)
            return;
        const struct weight_file_tensor *tensor = &check->table[i];
        int stopped = weights_read(check->file, check->image + tensor->at, tensor->bytes,
                                   check->image_at + tensor->at);
        if (stopped) {
            atomic_store(&check->stopped, stopped);
            return;
        }
        if (XXH3_64bits(check->image + tensor->at, tensor->bytes) == tensor->digest)
            continue;
        /* Keep the lowest index, so that the message does not depend on timing. */
        unsigned lowest = atomic_load(&check->damaged);
        while (i < lowest && !atomic_compare_exchange_weak(&check->damaged, &lowest, i))
            ;
    }
}

static void check_tensors(run *r, void *context)
{
    trace_begin(TRACE_DIGESTS, r->rank);
    check_next_tensors(context);
    trace_end();
}

static void load_image(const struct weights_source *source, uint8_t *image, struct pool *pool)
{
    struct check check = {.table = weights_table(source),
                          .file = source->file,
                          .image_at = source->header.weights_at,
                          .image = image,
                          .count = model.tensor_count,
                          .damaged = model.tensor_count};
    team_run(pool, check_tensors, &check);
    int stopped = atomic_load(&check.stopped);
    if (stopped)
        weights_refuse_read(source, stopped);
    u32 damaged = atomic_load(&check.damaged);
    if (damaged < model.tensor_count)
        weights_refuse_tensor(
            source, damaged,
            XXH3_64bits(image + check.table[damaged].at, check.table[damaged].bytes));
    weights_check_all(source);
}

void weights_load(struct weights_source *source, struct pool *pool)
{
    weights_map(source);
    source->arena = arena_reserve("weights", source->header.weights_bytes);
    load_image(source, source->arena.at, pool);
    arena_freeze(&source->arena);
    source->image = (const struct weights *)source->arena.at;
}
