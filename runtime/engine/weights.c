#include "runtime/engine/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"
#include "runtime/base/interrupt.h"
#include "runtime/engine/backend.h"

/* What to do about most of it, and the words that belong in it. */
#define REMAKE "; make it again with 'make MODEL=%s%s CHECKPOINT=DIR'"
#define REMADE model.name, backend_make

/* How much is read between two looks for an interrupt. */
enum { READ_BYTES = 64 << 20 };

int weights_read(int file, void *bytes, size_t count, uint64_t from)
{
    for (size_t at = 0; at < count;) {
        if (interrupt_asked())
            return EINTR;
        size_t piece = count - at < READ_BYTES ? count - at : READ_BYTES;
        ssize_t got = pread(file, (uint8_t *)bytes + at, piece, (off_t)(from + at));
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
            REMADE);
    return (uint64_t)status.st_size;
}

/* The header by itself: kind, version, digest. `block` is its 4096 bytes. */
static void check_header_bytes(struct weights_source *source, uint8_t *block)
{
    struct weight_file_header *header = &source->header;
    memcpy(header, block, sizeof *header);
    if (memcmp(header->magic, WEIGHT_FILE_MAGIC, sizeof header->magic) != 0)
        die(EXIT_MISMATCH, "%s: not a weight file: it does not start with '%s'" REMAKE,
            source->path, WEIGHT_FILE_MAGIC, REMADE);
    if (header->version != WEIGHT_FILE_VERSION)
        die(EXIT_MISMATCH, "%s: weight file of version %u, this binary reads version %d" REMAKE,
            source->path, header->version, WEIGHT_FILE_VERSION, REMADE);
    size_t at = offsetof(struct weight_file_header, header_digest);
    memset(block + at, 0, sizeof header->header_digest);
    uint64_t digest = XXH3_64bits(block, WEIGHT_FILE_ALIGN);
    if (digest != header->header_digest)
        die(EXIT_MISMATCH,
            "%s: the header is damaged: digest %016" PRIx64 ", expected %016" PRIx64 REMAKE,
            source->path, digest, header->header_digest, REMADE);
}

/* The header against the binary: backend and config. */
static void check_fit(const struct weights_source *source)
{
    const struct weight_file_header *header = &source->header;
    if (strncmp(header->backend, backend_name, sizeof header->backend) != 0)
        die(EXIT_MISMATCH, "%s: packed for the backend '%.16s', this binary is for '%s'" REMAKE,
            source->path, header->backend, backend_name, REMADE);
    if (header->config_digest[0] != model.config_digest[0] ||
        header->config_digest[1] != model.config_digest[1])
        die(EXIT_MISMATCH,
            "%s: weights of another config: packed for %.64s, config digest %016" PRIx64
            "%016" PRIx64 "; this binary is %s, config digest %016" PRIx64 "%016" PRIx64
            "; name the right file with --weights, or make it with 'make MODEL=%s%s "
            "CHECKPOINT=DIR'",
            source->path, header->model, header->config_digest[1], header->config_digest[0],
            model.name, model.config_digest[1], model.config_digest[0], REMADE);
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
            header->file_bytes, REMADE);
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
            source->path, REMADE);
    if (header->tensor_count != model.tensor_count ||
        header->tensor_count > header->table_bytes / sizeof(struct weight_file_tensor) ||
        header->weights_bytes != model.weights_bytes)
        die(EXIT_MISMATCH,
            "%s: holds %" PRIu64 " tensors in %" PRIu64
            " bytes, this binary has %u in %" PRIu64 REMAKE,
            source->path, header->tensor_count, header->weights_bytes, model.tensor_count,
            model.weights_bytes, REMADE);
}

void weights_open(struct weights_source *source, const char *path)
{
    *source = (struct weights_source){.path = path};
    source->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* waits for no FIFO */
    if (source->file < 0)
        die(EXIT_MISMATCH,
            "%s: cannot open the weight file: %s; make it with 'make MODEL=%s%s CHECKPOINT=DIR', "
            "or "
            "name one with --weights",
            path, strerror(errno), REMADE);
    file_bytes(source);
    _Alignas(struct weight_file_header) uint8_t block[WEIGHT_FILE_ALIGN];
    int stopped = weights_read(source->file, block, sizeof block, 0);
    if (stopped == ENODATA)
        die(EXIT_MISMATCH, "%s: cut short: the header alone takes %d bytes" REMAKE, path,
            WEIGHT_FILE_ALIGN, REMADE);
    if (stopped)
        die(EXIT_FAILED, "%s: cannot read: %s", path, strerror(stopped));
    check_header_bytes(source, block);
    check_fit(source);
    check_sizes(source);
}

static void check_section(const struct weights_source *source, const char *name, uint64_t at,
                          uint64_t end, uint64_t expected)
{
    uint64_t digest = XXH3_64bits(source->map + at, end - at);
    if (digest != expected)
        die(EXIT_MISMATCH,
            "%s: the %s is damaged: digest %016" PRIx64 ", expected %016" PRIx64 REMAKE,
            source->path, name, digest, expected, REMADE);
}

/* The row of the binary's table that has a tensor of the file, and which expert it is. */
static const struct model_weight *weight_of(u32 tensor, u32 *expert)
{
    const struct model_weight *weight = model.weights;
    while (tensor >= model_weight_tensors(weight))
        tensor -= model_weight_tensors(weight++);
    *expert = tensor;
    return weight;
}

struct tensor_name {
    char text[64];
};

/* "layer 3 in_proj", "layer 3 gate_proj[17]" */
static struct tensor_name tensor_name(u32 tensor)
{
    struct tensor_name name;
    u32 expert;
    const struct model_weight *weight = weight_of(tensor, &expert);
    const int used = snprintf(name.text, sizeof name.text, "%s", weight->name);
    if (weight->experts > 0)
        snprintf(name.text + used, sizeof name.text - (size_t)used, "[%u]", expert);
    return name;
}

/* The table of the file must be the binary's own, tensor by tensor. */
static void check_table(const struct weights_source *source, const struct weight_file_tensor *table)
{
    for (u32 i = 0; i < model.tensor_count; i++) {
        u32 expert;
        const struct model_weight *weight = weight_of(i, &expert);
        const uint64_t at = weight->at + expert * weight->bytes;
        if (table[i].at != at || table[i].bytes != weight->bytes ||
            weight->bytes > model.weights_bytes || at > model.weights_bytes - weight->bytes)
            die(EXIT_MISMATCH,
                "%s: tensor '%s' at %" PRIu64 " of %" PRIu64
                " bytes, this binary has it at %" PRIu64 " of %" PRIu64 " bytes" REMAKE,
                source->path, tensor_name(i).text, table[i].at, table[i].bytes, at, weight->bytes,
                REMADE);
        const enum format format = (enum format)table[i].format;
        if (strcmp(format_name(format), weight->type) != 0 ||
            table[i].block != format_layout_of(format).block)
            die(EXIT_MISMATCH,
                "%s: tensor '%s' is stored as format %u (%s) in blocks of %u, this binary reads "
                "%s" REMAKE,
                source->path, tensor_name(i).text, table[i].format, format_name(format),
                table[i].block, weight->type, REMADE);
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
    check_table(source, weights_table(source));
}

void weights_map(struct weights_source *source)
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
}

const struct weight_file_tensor *weights_table(const struct weights_source *source)
{
    return (const void *)(source->map + source->header.table_at);
}

void weights_refuse_read(const struct weights_source *source, int stopped)
{
    if (stopped == EINTR)
        die(EXIT_INTERRUPTED, "%s: interrupted while it was read", source->path);
    die(EXIT_FAILED, "%s: cannot read: %s", source->path,
        stopped == ENODATA ? "it became shorter meanwhile" : strerror(stopped));
}

void weights_refuse_tensor(const struct weights_source *source, u32 tensor, uint64_t digest)
{
    die(EXIT_MISMATCH,
        "%s: tensor '%s' is damaged: digest %016" PRIx64 ", expected %016" PRIx64 REMAKE,
        source->path, tensor_name(tensor).text, digest, weights_table(source)[tensor].digest,
        REMADE);
}

void weights_check_all(const struct weights_source *source)
{
    const struct weight_file_tensor *table = weights_table(source);
    XXH3_state_t digests;
    XXH3_64bits_reset(&digests);
    for (u32 i = 0; i < model.tensor_count; i++)
        XXH3_64bits_update(&digests, &table[i].digest, sizeof table[i].digest);
    if (XXH3_64bits_digest(&digests) != source->header.weights_digest)
        die(EXIT_MISMATCH, "%s: the digest of all weights is not that of its tensors" REMAKE,
            source->path, REMADE);
}

void weights_close(struct weights_source *source)
{
    if (source->map)
        munmap((void *)(uintptr_t)source->map, source->header.weights_at);
    arena_release(&source->arena);
    if (source->file >= 0)
        close(source->file);
    source->map = NULL;
}
