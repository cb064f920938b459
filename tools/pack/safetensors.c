#include "tools/pack/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen/front/json_text.h"

static const struct dtype {
    const char *name;
    uint32_t bits;
    enum safetensors_dtype dtype;
} dtypes[] = {
    {"F32", 32, SAFETENSORS_F32},      {"F16", 16, SAFETENSORS_F16},
    {"BF16", 16, SAFETENSORS_BF16},    {"BOOL", 8, SAFETENSORS_OTHER},
    {"U8", 8, SAFETENSORS_OTHER},      {"I8", 8, SAFETENSORS_OTHER},
    {"U16", 16, SAFETENSORS_OTHER},    {"I16", 16, SAFETENSORS_OTHER},
    {"U32", 32, SAFETENSORS_OTHER},    {"I32", 32, SAFETENSORS_OTHER},
    {"U64", 64, SAFETENSORS_OTHER},    {"I64", 64, SAFETENSORS_OTHER},
    {"F64", 64, SAFETENSORS_OTHER},    {"C64", 64, SAFETENSORS_OTHER},
    {"F4", 4, SAFETENSORS_OTHER},      {"F6_E2M3", 6, SAFETENSORS_OTHER},
    {"F6_E3M2", 6, SAFETENSORS_OTHER}, {"F8_E4M3", 8, SAFETENSORS_OTHER},
    {"F8_E5M2", 8, SAFETENSORS_OTHER}, {"F8_E8M0", 8, SAFETENSORS_OTHER},
};

bool safetensors_printable(const char *text, size_t most)
{
    const size_t bytes = strlen(text);
    if (bytes == 0 || bytes > most)
        return false;
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

static const struct dtype *dtype_find(const char *name)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (strcmp(dtypes[i].name, name) == 0)
            return &dtypes[i];
    return NULL;
}

static bool read_count(const json_t *value, uint64_t *count)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *count = (uint64_t)json_integer_value(value);
    return true;
}

static bool parse_dtype(struct safetensors_tensor *t, const json_t *value, uint32_t *bits,
                        struct diagnostics *diagnostics)
{
    if (!json_is_string(value)) {
        diagnostics_error(diagnostics, 0, "tensor \"%s\": dtype is missing or not a string",
                          t->name);
        return false;
    }
    const char *name = json_string_value(value);
    const struct dtype *dtype = dtype_find(name);
    if (dtype == NULL) {
        diagnostics_error(diagnostics, 0, "tensor \"%s\": unknown dtype \"%s\"", t->name,
                          safetensors_printable(name, 32) ? name : "?");
        return false;
    }
    t->dtype = dtype->dtype;
    t->dtype_name = dtype->name;
    *bits = dtype->bits;
    return true;
}

/* Reads the shape and computes the bytes that it needs at `bits` per element. */
static bool parse_shape(struct safetensors_tensor *t, const json_t *value, uint32_t bits,
                        uint64_t *bytes, struct diagnostics *diagnostics)
{
    if (!json_is_array(value) || json_array_size(value) > SAFETENSORS_DIMS) {
        diagnostics_error(diagnostics, 0, "tensor \"%s\": shape is not a list of at most %d sizes",
                          t->name, SAFETENSORS_DIMS);
        return false;
    }
    uint64_t total_bits = bits;
    t->dim_count = (uint32_t)json_array_size(value);
    for (uint32_t i = 0; i < t->dim_count; i++) {
        if (!read_count(json_array_get(value, i), &t->dims[i])) {
            diagnostics_error(diagnostics, 0,
                              "tensor \"%s\": size %" PRIu32 " of the shape is not a count",
                              t->name, i);
            return false;
        }
        if (__builtin_mul_overflow(total_bits, t->dims[i], &total_bits)) {
            diagnostics_error(diagnostics, 0,
                              "tensor \"%s\": the shape has more bytes than 64 bits can count",
                              t->name);
            return false;
        }
    }
    if (total_bits % 8 != 0) {
        diagnostics_error(diagnostics, 0, "tensor \"%s\": the shape does not fill whole bytes",
                          t->name);
        return false;
    }
    *bytes = total_bits / 8;
    return true;
}

static bool parse_offsets(struct safetensors_tensor *t, const json_t *value, uint64_t bytes,
                          uint64_t data_bytes, struct diagnostics *diagnostics)
{
    uint64_t begin, end;
    if (!json_is_array(value) || json_array_size(value) != 2 ||
        !read_count(json_array_get(value, 0), &begin) ||
        !read_count(json_array_get(value, 1), &end)) {
        diagnostics_error(diagnostics, 0,
                          "tensor \"%s\": data_offsets is not a pair of byte counts", t->name);
        return false;
    }
    if (end < begin || end - begin != bytes) {
        char text[256];
        diagnostics_error(diagnostics, 0,
                          "tensor \"%s\": data_offsets [%" PRIu64 ", %" PRIu64
                          "] do not span the %" PRIu64 " bytes of %s",
                          t->name, begin, end, bytes, safetensors_describe(t, text, sizeof text));
        return false;
    }
    if (end > data_bytes) {
        diagnostics_error(diagnostics, 0,
                          "tensor \"%s\" ends at byte %" PRIu64
                          " of the data, the file holds %" PRIu64
                          ": it is cut short, fetch it again",
                          t->name, end, data_bytes);
        return false;
    }
    t->at = begin;
    t->bytes = bytes;
    return true;
}

static bool parse_tensor(struct safetensors_tensor *t, const char *name, const json_t *entry,
                         uint64_t data_bytes, struct diagnostics *diagnostics)
{
    if (!safetensors_printable(name, SAFETENSORS_NAME)) {
        diagnostics_error(
            diagnostics, 0,
            "a tensor's name is empty, longer than %d bytes, or holds control characters",
            SAFETENSORS_NAME);
        return false;
    }
    t->name = strdup(name);
    if (t->name == NULL) {
        diagnostics_error(diagnostics, 0, "no memory for the tensor names");
        return false;
    }
    if (!json_is_object(entry)) {
        diagnostics_error(diagnostics, 0,
                          "tensor \"%s\": expected an object of dtype, shape and data_offsets",
                          t->name);
        return false;
    }
    uint32_t bits;
    uint64_t bytes;
    return parse_dtype(t, json_object_get(entry, "dtype"), &bits, diagnostics) &&
           parse_shape(t, json_object_get(entry, "shape"), bits, &bytes, diagnostics) &&
           parse_offsets(t, json_object_get(entry, "data_offsets"), bytes, data_bytes, diagnostics);
}

static bool parse_entries(struct safetensors *s, json_t *root, uint64_t data_bytes,
                          struct diagnostics *diagnostics)
{
    s->tensors = calloc(json_object_size(root) + 1, sizeof *s->tensors);
    if (s->tensors == NULL) {
        diagnostics_error(diagnostics, 0, "no memory for %zu tensors", json_object_size(root));
        return false;
    }
    const char *name;
    json_t *entry;
    json_object_foreach(root, name, entry)
    {
        if (strcmp(name, "__metadata__") != 0 &&
            !parse_tensor(&s->tensors[s->count++], name, entry, data_bytes, diagnostics))
            return false;
    }
    return true;
}

static int compare_ranges(const void *left, const void *right)
{
    const struct safetensors_tensor *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Sorts the tensors by place and proves that they tile the data. */
static bool check_tiling(struct safetensors *s, uint64_t data_bytes,
                         struct diagnostics *diagnostics)
{
    qsort(s->tensors, s->count, sizeof *s->tensors, compare_ranges);
    uint64_t end = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct safetensors_tensor *t = &s->tensors[i];
        if (t->at < end) {
            diagnostics_error(diagnostics, 0,
                              "tensors \"%s\" and \"%s\" overlap: one ends at byte %" PRIu64
                              " of the data, the other begins at %" PRIu64 "",
                              t[-1].name, t->name, end, t->at);
            return false;
        }
        if (t->at > end) {
            diagnostics_error(diagnostics, 0,
                              "bytes %" PRIu64 " to %" PRIu64
                              " of the data belong to no tensor; \"%s\" follows them",
                              end, t->at, t->name);
            return false;
        }
        end += t->bytes;
    }
    if (end != data_bytes) {
        diagnostics_error(diagnostics, 0, "%" PRIu64 " bytes follow the last tensor",
                          data_bytes - end);
        return false;
    }
    return true;
}

uint64_t safetensors_header_bytes(const uint8_t prefix[SAFETENSORS_PREFIX], uint64_t file_bytes,
                                  struct diagnostics *diagnostics)
{
    uint64_t bytes = 0;
    if (file_bytes < SAFETENSORS_PREFIX) {
        diagnostics_error(diagnostics, 0, "%" PRIu64 " bytes are too few for a safetensors file",
                          file_bytes);
        return 0;
    }
    for (int i = 0; i < SAFETENSORS_PREFIX; i++)
        bytes |= (uint64_t)prefix[i] << (8 * i);
    if (bytes > SAFETENSORS_HEADER_MAX) {
        diagnostics_error(diagnostics, 0,
                          "header of %" PRIu64 " bytes, the format allows at most %d", bytes,
                          SAFETENSORS_HEADER_MAX);
        return 0;
    }
    if (bytes > file_bytes - SAFETENSORS_PREFIX) {
        diagnostics_error(diagnostics, 0,
                          "header of %" PRIu64 " bytes in a file of %" PRIu64
                          ": it is cut short, fetch it again",
                          bytes, file_bytes);
        return 0;
    }
    if (bytes == 0)
        diagnostics_error(diagnostics, 0, "the header is empty");
    return bytes;
}

bool safetensors_parse(struct safetensors *s, const char *header, uint64_t header_bytes,
                       uint64_t file_bytes, struct diagnostics *diagnostics)
{
    *s = (struct safetensors){0};
    if (header_bytes == 0 || header[0] != '{') {
        diagnostics_error(diagnostics, 0,
                          "the header does not start with '{': this is not a safetensors file");
        return false;
    }
    struct json_text_error error;
    json_t *root = json_text_parse(header, header_bytes, JSON_TEXT_MARKED, &error);
    if (root == NULL) {
        diagnostics_error(diagnostics, 0, "JSON, byte %zu: %s", error.byte, error.text);
        return false;
    }
    const uint64_t data_at = SAFETENSORS_PREFIX + header_bytes;
    const bool valid = parse_entries(s, root, file_bytes - data_at, diagnostics) &&
                       check_tiling(s, file_bytes - data_at, diagnostics);
    json_decref(root);
    if (!valid) {
        safetensors_free(s);
        return false;
    }
    for (size_t i = 0; i < s->count; i++)
        s->tensors[i].at += data_at;
    return true;
}

bool safetensors_read(int fd, void *into, uint64_t bytes, uint64_t at)
{
    uint64_t done = 0;
    while (done < bytes) {
        const ssize_t got = pread(fd, (char *)into + done, bytes - done, (off_t)(at + done));
        if (got > 0)
            done += (uint64_t)got;
        else if (got == 0)
            errno = ENODATA;
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
    }
    return true;
}

/* Reads and parses the header of an open file. */
static bool read_header(struct safetensors *s, int fd, struct diagnostics *diagnostics)
{
    struct stat status;
    uint8_t prefix[SAFETENSORS_PREFIX] = {0};
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        diagnostics_error(diagnostics, 0, "not a regular file");
        return false;
    }
    const uint64_t file_bytes = (uint64_t)status.st_size;
    const uint64_t prefix_bytes = file_bytes < sizeof prefix ? file_bytes : sizeof prefix;
    if (!safetensors_read(fd, prefix, prefix_bytes, 0)) {
        diagnostics_error(diagnostics, 0, "cannot read: %s", strerror(errno));
        return false;
    }
    const uint64_t header_bytes = safetensors_header_bytes(prefix, file_bytes, diagnostics);
    if (header_bytes == 0)
        return false;
    char *header = malloc(header_bytes);
    if (header == NULL) {
        diagnostics_error(diagnostics, 0, "no memory for a header of %" PRIu64 " bytes",
                          header_bytes);
        return false;
    }
    bool valid = false;
    if (safetensors_read(fd, header, header_bytes, SAFETENSORS_PREFIX))
        valid = safetensors_parse(s, header, header_bytes, file_bytes, diagnostics);
    else
        diagnostics_error(diagnostics, 0, "cannot read the header: %s", strerror(errno));
    free(header);
    return valid;
}

int safetensors_open(struct safetensors *s, struct diagnostics *diagnostics)
{
    *s = (struct safetensors){0};
    const int fd =
        open(diagnostics->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* waits for no FIFO */
    if (fd < 0) {
        diagnostics_error(diagnostics, 0, "cannot open: %s", strerror(errno));
        return -1;
    }
    if (!read_header(s, fd, diagnostics)) {
        close(fd);
        return -1;
    }
    return fd;
}

void safetensors_free(struct safetensors *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->tensors[i].name);
    free(s->tensors);
    *s = (struct safetensors){0};
}

const char *safetensors_describe(const struct safetensors_tensor *tensor, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%s [", tensor->dtype_name);
    for (uint32_t i = 0; i < tensor->dim_count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRIu64, i == 0 ? "" : ", ",
                                 tensor->dims[i]);
    if (used < size)
        snprintf(text + used, size - used, "]");
    return text;
}
