#include "runtime/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/arena.h"
#include "runtime/die.h"
#include "runtime/digest.h"
#include "runtime/trace.h"

#define REMAKE "; make it again with 'make MODEL=%s CHECKPOINT=DIR'"

/* Reads exactly `count` bytes from offset `from` of the file. Returns 0, or what stopped it: an
 * errno, or ENODATA if the file ends before. */
static int read_exactly(int file, void *bytes, size_t count, uint64_t from)
{
    for (size_t at = 0; at < count;) {
        ssize_t got = pread(file, (uint8_t *)bytes + at, count - at, (off_t)(from + at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            return ENODATA;
        at += (size_t)got;
    }
    return 0;
}

static uint64_t file_bytes(const struct weights_source *source)
{
    struct stat status;
    if (fstat(source->file, &status))
        die(EXIT_FAILED, "%s: cannot be examined: %s", source->path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        die(EXIT_MISMATCH, "%s: not a regular file; a weight file is needed" REMAKE, source->path,
            model.name);
    return (uint64_t)status.st_size;
}

/* The header by itself: kind, version, digest. `block` is its 4096 bytes. */
static void check_header_bytes(struct weights_source *source, uint8_t *block)
{
    struct weight_file_header *header = &source->header;
    memcpy(header, block, sizeof *header);
    if (memcmp(header->magic, WEIGHT_FILE_MAGIC, sizeof header->magic) != 0)
        die(EXIT_MISMATCH, "%s: not a weight file: it does not start with '%s'" REMAKE,
            source->path, WEIGHT_FILE_MAGIC, model.name);
    if (header->version != WEIGHT_FILE_VERSION)
        die(EXIT_MISMATCH, "%s: weight file of version %u, this binary reads version %d" REMAKE,
            source->path, header->version, WEIGHT_FILE_VERSION, model.name);
    size_t at = offsetof(struct weight_file_header, header_digest);
    memset(block + at, 0, sizeof header->header_digest);
    uint64_t digest = XXH3_64bits(block, WEIGHT_FILE_ALIGN);
    if (digest != header->header_digest)
        die(EXIT_MISMATCH,
            "%s: the header is damaged: digest %016" PRIx64 ", expected %016" PRIx64 REMAKE,
            source->path, digest, header->header_digest, model.name);
}

/* The header against the binary: backend and config. */
static void check_fit(const struct weights_source *source)
{
    const struct weight_file_header *header = &source->header;
    if (strncmp(header->backend, "cpu", sizeof header->backend) != 0)
        die(EXIT_MISMATCH, "%s: packed for the backend '%.16s', this binary is for 'cpu'" REMAKE,
            source->path, header->backend, model.name);
    if (header->config_digest[0] != model.config_digest[0] ||
        header->config_digest[1] != model.config_digest[1])
        die(EXIT_MISMATCH,
            "%s: weights of another config: packed for %.64s, config digest %016" PRIx64
            "%016" PRIx64 "; this binary is %s, config digest %016" PRIx64 "%016" PRIx64
            "; name the right file with --weights, or make it with 'make MODEL=%s CHECKPOINT=DIR'",
            source->path, header->model, header->config_digest[1], header->config_digest[0],
            model.name, model.config_digest[1], model.config_digest[0], model.name);
}

static bool ascending(uint64_t first, uint64_t second)
{
    return first <= second && second % WEIGHT_FILE_ALIGN == 0;
}

/* The header's sizes against each other, the file and the binary. The digest has been checked, so
 * only a wrong writer gets here with nonsense; nothing of it is trusted all the same. */
static void check_sizes(const struct weights_source *source)
{
    const struct weight_file_header *header = &source->header;
    uint64_t found = file_bytes(source);
    if (found != header->file_bytes)
        die(EXIT_MISMATCH, "%s: %s: %" PRIu64 " bytes, expected %" PRIu64 REMAKE, source->path,
            found < header->file_bytes ? "cut short" : "bytes follow its end", found,
            header->file_bytes, model.name);
    bool ordered = header->header_bytes == WEIGHT_FILE_ALIGN &&
                   header->table_at == WEIGHT_FILE_ALIGN &&
                   ascending(header->table_at, header->tokenizer_at) &&
                   header->table_bytes == header->tokenizer_at - header->table_at &&
                   ascending(header->tokenizer_at, header->weights_at) &&
                   header->tokenizer_bytes <= header->weights_at - header->tokenizer_at &&
                   header->weights_at <= header->file_bytes &&
                   header->weights_bytes == header->file_bytes - header->weights_at;
    if (!ordered)
        die(EXIT_MISMATCH, "%s: the header's sections overlap or leave the file" REMAKE,
            source->path, model.name);
    if (header->tensor_count != model.weight_count ||
        header->tensor_count > header->table_bytes / sizeof(struct weight_file_tensor) ||
        header->weights_bytes != model.weights_bytes)
        die(EXIT_MISMATCH,
            "%s: holds %" PRIu64 " tensors in %" PRIu64
            " bytes, this binary has %u in %" PRIu64 REMAKE,
            source->path, header->tensor_count, header->weights_bytes, model.weight_count,
            model.weights_bytes, model.name);
}

void weights_open(struct weights_source *source, const char *path)
{
    *source = (struct weights_source){.path = path};
    source->file = open(path, O_RDONLY | O_CLOEXEC);
    if (source->file < 0)
        die(EXIT_MISMATCH,
            "%s: cannot open the weight file: %s; make it with 'make MODEL=%s CHECKPOINT=DIR', or "
            "name one with --weights",
            path, strerror(errno), model.name);
    file_bytes(source);
    _Alignas(struct weight_file_header) uint8_t block[WEIGHT_FILE_ALIGN];
    int stopped = read_exactly(source->file, block, sizeof block, 0);
    if (stopped == ENODATA)
        die(EXIT_MISMATCH, "%s: cut short: the header alone takes %d bytes" REMAKE, path,
            WEIGHT_FILE_ALIGN, model.name);
    if (stopped)
        die(EXIT_FAILED, "%s: cannot read: %s", path, strerror(stopped));
    check_header_bytes(source, block);
    check_fit(source);
    check_sizes(source);
}

/* What the threads share while they read and check tensors: each takes the next one. */
struct check {
    const struct weight_file_tensor *table;
    int file;
    uint64_t image_at; /* in the file */
    uint8_t *image;
    u32 count;
    atomic_uint next;
    atomic_uint damaged; /* index of a damaged tensor; count: none */
    atomic_int stopped;  /* what read_exactly() returned; 0: all were read */
};

static void check_next_tensors(struct check *check)
{
    for (;;) {
        u32 i = atomic_fetch_add(&check->next, 1);
        if (i >= check->count)
            return;
        const struct weight_file_tensor *tensor = &check->table[i];
        int stopped = read_exactly(check->file, check->image + tensor->at, tensor->bytes,
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

static void check_section(const struct weights_source *source, const char *name, uint64_t at,
                          uint64_t end, uint64_t expected)
{
    uint64_t digest = XXH3_64bits(source->map + at, end - at);
    if (digest != expected)
        die(EXIT_MISMATCH,
            "%s: the %s is damaged: digest %016" PRIx64 ", expected %016" PRIx64 REMAKE,
            source->path, name, digest, expected, model.name);
}

/* The table of the file must be the binary's own, tensor by tensor. */
static void check_table(const struct weights_source *source, const struct weight_file_tensor *table)
{
    for (u32 i = 0; i < model.weight_count; i++) {
        const struct model_weight *weight = &model.weights[i];
        if (table[i].at != weight->at || table[i].bytes != weight->bytes ||
            weight->bytes > model.weights_bytes || weight->at > model.weights_bytes - weight->bytes)
            die(EXIT_MISMATCH,
                "%s: tensor '%s' at %" PRIu64 " of %" PRIu64
                " bytes, this binary has it at %" PRIu64 " of %" PRIu64 " bytes" REMAKE,
                source->path, weight->name, table[i].at, table[i].bytes, weight->at, weight->bytes,
                model.name);
    }
}

/* The sections in front of the image, and the table against the binary's. */
static void check_sections(const struct weights_source *source)
{
    const struct weight_file_header *header = &source->header;
    check_section(source, "tensor table", header->table_at, header->tokenizer_at,
                  header->table_digest);
    check_section(source, "tokenizer", header->tokenizer_at, header->weights_at,
                  header->tokenizer_digest);
    check_table(source, (const void *)(source->map + header->table_at));
}

static void load_image(const struct weights_source *source, uint8_t *image, struct pool *pool)
{
    const struct weight_file_header *header = &source->header;
    const struct weight_file_tensor *table = (const void *)(source->map + header->table_at);
    struct check check = {.table = table,
                          .file = source->file,
                          .image_at = header->weights_at,
                          .image = image,
                          .count = model.weight_count,
                          .damaged = model.weight_count};
    team_run(pool, check_tensors, &check);
    int stopped = atomic_load(&check.stopped);
    if (stopped)
        die(EXIT_FAILED, "%s: cannot read: %s", source->path,
            stopped == ENODATA ? "it became shorter meanwhile" : strerror(stopped));
    u32 damaged = atomic_load(&check.damaged);
    if (damaged < model.weight_count)
        die(EXIT_MISMATCH,
            "%s: tensor '%s' is damaged: digest %016" PRIx64 ", expected %016" PRIx64 REMAKE,
            source->path, model.weights[damaged].name,
            XXH3_64bits(check.image + table[damaged].at, table[damaged].bytes),
            table[damaged].digest, model.name);

    XXH3_state_t digests;
    XXH3_64bits_reset(&digests);
    for (u32 i = 0; i < model.weight_count; i++)
        XXH3_64bits_update(&digests, &table[i].digest, sizeof table[i].digest);
    if (XXH3_64bits_digest(&digests) != header->weights_digest)
        die(EXIT_MISMATCH, "%s: the digest of all weights is not that of its tensors" REMAKE,
            source->path, model.name);
}

void weights_load(struct weights_source *source, struct pool *pool)
{
    const struct weight_file_header *header = &source->header;
    void *map = mmap(NULL, header->weights_at, PROT_READ, MAP_PRIVATE, source->file, 0);
    if (map == MAP_FAILED)
        die(EXIT_MEMORY, "%s: cannot map %" PRIu64 " bytes: %s", source->path, header->weights_at,
            strerror(errno));
    source->map = map;
    source->tokenizer = header->tokenizer_bytes > 0 ? source->map + header->tokenizer_at : NULL;
    source->tokenizer_bytes = header->tokenizer_bytes;
    check_sections(source);
    if (!pool)
        return;
    source->arena = arena_reserve("weights", header->weights_bytes);
    load_image(source, source->arena.at, pool);
    arena_freeze(&source->arena);
    source->image = (const struct weights *)source->arena.at;
}

void weights_close(struct weights_source *source)
{
    if (source->map)
        munmap((void *)(uintptr_t)source->map, source->header.weights_at);
    arena_release(&source->arena);
    close(source->file);
    source->map = NULL;
}
