/* A checkpoint: its config and its tensors, widened to double. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/front/json_text.h"
#include "tests/reference64/parts.h"
#include "tools/pack/convert.h"
#include "tools/pack/safetensors.h"

enum { CONFIG_MOST = 1 << 20 };

void fail64(const struct model64 *m, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "reference64: %s: ", m->directory);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(4);
}

double *room64(uint64_t count)
{
    double *room = calloc(count + 1, sizeof *room);
    if (room == NULL) {
        perror("reference64");
        exit(3);
    }
    return room;
}

void name64(char name[NAME64], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, NAME64, format, arguments);
    va_end(arguments);
}

/* ---- config.json ----------------------------------------------------------------------------- */
bool has64(const struct model64 *m, const char *key)
{
    const json_t *value = json_object_get(m->config, key);
    return value != NULL && !json_is_null(value);
}

static const json_t *value_of(const struct model64 *m, const char *key)
{
    if (!has64(m, key))
        fail64(m, "config.json has no '%s'", key);
    return json_object_get(m->config, key);
}

uint64_t count64(const struct model64 *m, const char *key)
{
    const json_t *value = value_of(m, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        fail64(m, "'%s' is no count", key);
    return (uint64_t)json_integer_value(value);
}

double real64(const struct model64 *m, const char *key)
{
    return json_number_value(value_of(m, key));
}

bool flag64(const struct model64 *m, const char *key)
{
    return json_is_true(value_of(m, key));
}

const char *word64(const struct model64 *m, const char *key)
{
    const char *word = json_string_value(value_of(m, key));
    return word != NULL ? word : "";
}

double rope64(const struct model64 *m, const char *key)
{
    const json_t *inside = json_object_get(json_object_get(m->config, "rope_parameters"), key);
    if (inside != NULL)
        return json_number_value(inside);
    return has64(m, key) ? real64(m, key) : (double)NAN;
}

/* ---- tensors --------------------------------------------------------------------------------- */
static double widened(enum safetensors_dtype dtype, const void *stored, uint64_t i)
{
    if (dtype == SAFETENSORS_F32)
        return ((const float *)stored)[i];
    const uint16_t half = ((const uint16_t *)stored)[i];
    return dtype == SAFETENSORS_F16 ? convert_from_f16(half) : convert_from_bf16(half);
}

static void read_tensor(struct model64 *m, int fd, const struct safetensors_tensor *from,
                        struct tensor64 *to)
{
    const uint64_t bytes = from->dtype == SAFETENSORS_F32 ? 4 : 2, count = from->bytes / bytes;
    void *stored = malloc(from->bytes + 1);
    name64(to->name, "%s", from->name);
    to->rows = from->dim_count > 0 ? from->dims[0] : 1;
    if (from->dtype == SAFETENSORS_OTHER || to->rows == 0)
        fail64(m, "%s is %s with %llu rows", to->name, from->dtype_name,
               (unsigned long long)to->rows);
    to->cols = count / to->rows;
    to->values = room64(count);
    if (stored == NULL || !safetensors_read(fd, stored, from->bytes, from->at))
        fail64(m, "%s cannot be read", to->name);
    for (uint64_t i = 0; i < count; i++)
        to->values[i] = widened(from->dtype, stored, i);
    free(stored);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tensor64 *)a)->name, ((const struct tensor64 *)b)->name);
}

static void read_tensors(struct model64 *m)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/model.safetensors", m->directory);
    struct diagnostics report = {.to = stderr, .file = path};
    struct safetensors file;
    const int fd = safetensors_open(&file, &report);
    if (fd < 0)
        fail64(m, "no weights");
    m->count = file.count;
    m->tensors = calloc(m->count + 1, sizeof *m->tensors);
    if (m->tensors == NULL)
        fail64(m, "no memory for %zu tensors", m->count);
    for (size_t i = 0; i < m->count; i++)
        read_tensor(m, fd, &file.tensors[i], &m->tensors[i]);
    qsort(m->tensors, m->count, sizeof *m->tensors, by_name);
    close(fd);
    safetensors_free(&file);
}

const double *maybe64(struct model64 *m, const char *name, uint64_t rows, uint64_t cols)
{
    struct tensor64 key;
    name64(key.name, "%s", name);
    struct tensor64 *found = bsearch(&key, m->tensors, m->count, sizeof key, by_name);
    if (found == NULL)
        return NULL;
    if (found->rows != rows || found->cols != cols)
        fail64(m, "%s is [%llu, %llu], expected [%llu, %llu]", name,
               (unsigned long long)found->rows, (unsigned long long)found->cols,
               (unsigned long long)rows, (unsigned long long)cols);
    found->used = true;
    return found->values;
}

const double *tensor64(struct model64 *m, const char *name, uint64_t rows, uint64_t cols)
{
    const double *values = maybe64(m, name, rows, cols);
    if (values == NULL)
        fail64(m, "there is no %s", name);
    return values;
}

/* ---- the whole ------------------------------------------------------------------------------- */
struct model64 *model64_open(const char *directory)
{
    char path[4096];
    struct json_text_error error;
    struct model64 *m = calloc(1, sizeof *m);
    if (m == NULL)
        abort();
    *m = (struct model64){.directory = directory, .gap = (double)INFINITY};
    snprintf(path, sizeof path, "%s/config.json", directory);
    m->config = json_text_load(path, CONFIG_MOST, JSON_TEXT_MARKED, &error);
    if (m->config == NULL)
        fail64(m, "config.json: %s", error.text);
    read_tensors(m);
    return m;
}

uint64_t model64_vocab(const struct model64 *model)
{
    return count64(model, "vocab_size");
}

double model64_gap(const struct model64 *model)
{
    return model->gap;
}

void model64_run(struct model64 *m, const uint32_t *ids, size_t count, double *logits)
{
    const char *family = word64(m, "model_type");
    m->tokens = count;
    if (strncmp(family, "mamba", 5) == 0)
        mamba_family64(m, ids, count, logits);
    else if (strcmp(family, "jamba") == 0)
        jamba64(m, ids, count, logits);
    else
        transformer64(m, ids, count, logits);
    for (size_t i = 0; i < m->count; i++)
        if (!m->tensors[i].used)
            fail64(m, "nothing read %s", m->tensors[i].name);
}

void model64_close(struct model64 *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->tensors[i].values);
    free(m->tensors);
    json_decref(m->config);
    free(m);
}
