#include "tools/pack/checkpoint_bind.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tools/pack/checkpoint_names.h"

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

/* Finds the tensor of every weight. */
static uint32_t bind_weights(struct checkpoint *c)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < c->layout->count; i++) {
        struct checkpoint_tensor *t = checkpoint_source(c, i);
        c->bound[i] = t;
        if (t != NULL)
            t->bound = true;
        found += t != NULL;
    }
    return found;
}

/* Checks that the tensors can become their weights. */
static void check_weights(const struct checkpoint *c, struct diagnostics *diagnostics)
{
    struct diagnostics_list missing = {.diagnostics = diagnostics},
                            unfit = {.diagnostics = diagnostics};
    for (uint32_t i = 0; i < c->layout->count; i++) {
        const struct layout_weight *weight = &c->layout->weight[i];
        const struct checkpoint_tensor *t = c->bound[i];
        char expected[64], found[256];
        describe_shape(weight, expected, sizeof expected);
        if (t == NULL)
            diagnostics_item(&missing, "tensor \"%s\" is missing, expected %s", weight->source,
                             expected);
        else if (t->tensor->dtype == SAFETENSORS_OTHER || !same_shape(t->tensor, weight))
            diagnostics_item(&unfit, "tensor \"%s\" is %s, expected F32, F16 or BF16 %s",
                             t->tensor->name, safetensors_describe(t->tensor, found, sizeof found),
                             expected);
    }
    diagnostics_rest(&missing, "tensors are missing");
    diagnostics_rest(&unfit, "tensors have another shape or type");
}

enum { COMPARE_BYTES = 65536 };

/* True if both tensors have the same dtype, shape and bytes. */
static bool same_values(const struct checkpoint_tensor *a, const struct checkpoint_tensor *b,
                        struct diagnostics *diagnostics)
{
    if (a->tensor->dtype != b->tensor->dtype || a->tensor->bytes != b->tensor->bytes)
        return false;
    uint8_t left[COMPARE_BYTES], right[COMPARE_BYTES];
    for (uint64_t at = 0; at < a->tensor->bytes; at += COMPARE_BYTES) {
        const uint64_t rest = a->tensor->bytes - at;
        const uint64_t bytes = rest < COMPARE_BYTES ? rest : COMPARE_BYTES;
        if (!safetensors_read(a->shard->fd, left, bytes, a->tensor->at + at) ||
            !safetensors_read(b->shard->fd, right, bytes, b->tensor->at + at)) {
            diagnostics_error(diagnostics, 0, "tensors \"%s\" and \"%s\" cannot be read: %s",
                              a->tensor->name, b->tensor->name, strerror(errno));
            return true;
        }
        if (memcmp(left, right, bytes) != 0)
            return false;
    }
    return true;
}

/* A head stored beside the embedding that it is tied to must be that embedding. */
static void bind_tied_copy(struct checkpoint *c, struct diagnostics *diagnostics)
{
    struct checkpoint_tensor *copy = checkpoint_find(c, c->layout->tied_copy);
    const struct checkpoint_tensor *embedding = c->bound[0];
    if (c->layout->tied_copy[0] == '\0' || copy == NULL)
        return;
    copy->bound = true;
    if (embedding != NULL && embedding != copy && !same_values(embedding, copy, diagnostics))
        diagnostics_error(diagnostics, 0,
                          "tensor \"%s\" differs from \"%s\", but the config ties them: set "
                          "tie_word_embeddings = false",
                          copy->tensor->name, embedding->tensor->name);
}

/* What is left over must be a buffer that is computed anew. */
static void check_surplus(struct checkpoint *c, struct diagnostics *diagnostics)
{
    struct diagnostics_list surplus = {.diagnostics = diagnostics};
    const char *computed = NULL;
    uint32_t more = 0;
    for (size_t i = 0; i < c->tensor_count; i++) {
        const struct safetensors_tensor *t = c->tensors[i].tensor;
        char found[256];
        if (c->tensors[i].bound)
            continue;
        if (!checkpoint_computed(t)) {
            diagnostics_item(
                &surplus, "tensor \"%s\", %s, is surplus: config %s has no place for it", t->name,
                safetensors_describe(t, found, sizeof found), c->layout->cfg.name);
            continue;
        }
        c->tensors[i].bound = true;
        more += computed != NULL;
        computed = computed != NULL ? computed : t->name;
    }
    diagnostics_rest(&surplus, "tensors are surplus");
    if (more > 0)
        diagnostics_note(diagnostics,
                         "tensor \"%s\" and %" PRIu32
                         " more are left out: they are computed, not learned",
                         computed, more);
    else if (computed != NULL)
        diagnostics_note(diagnostics, "tensor \"%s\" is left out: it is computed, not learned",
                         computed);
}

bool checkpoint_bind(struct checkpoint *c, struct diagnostics *diagnostics)
{
    const uint32_t before = diagnostics->errors;
    const uint32_t found = bind_weights(c);
    if (found < c->layout->count && checkpoint_wrapped(c, found, diagnostics))
        return false;
    check_weights(c, diagnostics);
    bind_tied_copy(c, diagnostics);
    check_surplus(c, diagnostics);
    return diagnostics->errors == before;
}
