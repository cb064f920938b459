#include "tools/checkpoint_bind.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int compare_key(const void *key, const void *element)
{
    const struct checkpoint_tensor *t = element;
    return strcmp(key, t->tensor->name);
}

struct checkpoint_tensor *checkpoint_find(const struct checkpoint *c, const char *name)
{
    return bsearch(name, c->tensors, c->tensor_count, sizeof *c->tensors, compare_key);
}

/* Writes "[256, 64]" into `text` and returns it. */
static const char *describe_shape(const struct layout_weight *weight, char *text, size_t size)
{
    size_t used = 0;
    for (uint32_t i = 0; i < weight->rank; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRIu32, i == 0 ? "[" : ", ",
                                 weight->shape[i]);
    snprintf(text + used, size - used, "]");
    return text;
}

static bool same_shape(const struct safetensors_tensor *tensor, const struct layout_weight *weight)
{
    bool same = tensor->dim_count == weight->rank;
    for (uint32_t i = 0; same && i < weight->rank; i++)
        same = tensor->dims[i] == weight->shape[i];
    return same;
}

/* Finds the tensor of one weight and checks that it can become it. */
static void bind_weight(struct checkpoint *c, uint32_t index, struct report *report)
{
    const struct layout_weight *weight = &c->layout->weight[index];
    char expected[64], found[256];
    struct checkpoint_tensor *t = checkpoint_find(c, weight->source);
    if (t == NULL && weight->alias[0] != '\0')
        t = checkpoint_find(c, weight->alias);
    describe_shape(weight, expected, sizeof expected);
    if (t == NULL) {
        report_error(report, 0, "tensor \"%s\" is missing, expected %s", weight->source, expected);
        return;
    }
    t->bound = true;
    c->bound[index] = t;
    if (t->tensor->dtype == SAFETENSORS_OTHER || !same_shape(t->tensor, weight))
        report_error(report, 0, "tensor \"%s\" is %s, expected F32, F16 or BF16 %s",
                     t->tensor->name, safetensors_describe(t->tensor, found, sizeof found),
                     expected);
}

enum { COMPARE_BYTES = 65536 };

/* True if both tensors have the same dtype, shape and bytes. */
static bool same_values(const struct checkpoint_tensor *a, const struct checkpoint_tensor *b,
                        struct report *report)
{
    if (a->tensor->dtype != b->tensor->dtype || a->tensor->bytes != b->tensor->bytes)
        return false;
    uint8_t left[COMPARE_BYTES], right[COMPARE_BYTES];
    for (uint64_t at = 0; at < a->tensor->bytes; at += COMPARE_BYTES) {
        const uint64_t rest = a->tensor->bytes - at;
        const uint64_t bytes = rest < COMPARE_BYTES ? rest : COMPARE_BYTES;
        if (!safetensors_read(a->shard->fd, left, bytes, a->tensor->at + at) ||
            !safetensors_read(b->shard->fd, right, bytes, b->tensor->at + at)) {
            report_error(report, 0, "tensors \"%s\" and \"%s\" cannot be read: %s", a->tensor->name,
                         b->tensor->name, strerror(errno));
            return true;
        }
        if (memcmp(left, right, bytes) != 0)
            return false;
    }
    return true;
}

/* A head stored beside the embedding that it is tied to must be that embedding. */
static void bind_tied_copy(struct checkpoint *c, struct report *report)
{
    struct checkpoint_tensor *copy = checkpoint_find(c, c->layout->tied_copy);
    const struct checkpoint_tensor *embedding = c->bound[0];
    if (c->layout->tied_copy[0] == '\0' || copy == NULL)
        return;
    copy->bound = true;
    if (embedding != NULL && !same_values(embedding, copy, report))
        report_error(report, 0,
                     "tensor \"%s\" differs from \"%s\", but the config ties them: set "
                     "tie_word_embeddings = false",
                     copy->tensor->name, embedding->tensor->name);
}

bool checkpoint_bind(struct checkpoint *c, struct report *report)
{
    const uint32_t before = report->errors;
    for (uint32_t i = 0; i < c->layout->count; i++)
        bind_weight(c, i, report);
    bind_tied_copy(c, report);
    for (size_t i = 0; i < c->tensor_count; i++) {
        char found[256];
        if (!c->tensors[i].bound)
            report_error(report, 0, "tensor \"%s\", %s, is surplus: config %s has no place for it",
                         c->tensors[i].tensor->name,
                         safetensors_describe(c->tensors[i].tensor, found, sizeof found),
                         c->layout->cfg.name);
    }
    return report->errors == before;
}
