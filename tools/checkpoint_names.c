#include "tools/checkpoint_names.h"

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

enum { NAMES = 5 };

/* The name without what the outer model puts before it; "" if that puts nothing. */
static const char *inner_name(const char *name)
{
    static const char *const outer[] = {"model.", "backbone."};
    for (size_t i = 0; i < sizeof outer / sizeof outer[0]; i++)
        if (strncmp(name, outer[i], strlen(outer[i])) == 0)
            return name + strlen(outer[i]);
    return "";
}

/* All names of a weight, "" for those that it does not have. */
static void list_names(const struct layout *layout, uint32_t index, const char *names[NAMES])
{
    const struct layout_weight *weight = &layout->weight[index];
    names[0] = weight->source;
    names[1] = weight->alias;
    names[2] = inner_name(weight->source);
    names[3] = inner_name(weight->alias);
    names[4] = index == 0 ? layout->tied_copy : "";
}

struct checkpoint_tensor *checkpoint_source(const struct checkpoint *c, uint32_t index)
{
    const char *names[NAMES];
    struct checkpoint_tensor *found = NULL;
    list_names(c->layout, index, names);
    for (size_t i = 0; i < NAMES && found == NULL; i++)
        found = names[i][0] != '\0' ? checkpoint_find(c, names[i]) : NULL;
    return found;
}

/* What stands before `end` at the end of the name, in bytes; 0: it does not end so. */
static size_t bytes_before(const char *name, const char *end)
{
    const size_t bytes = strlen(name), end_bytes = strlen(end);
    const bool ends =
        end_bytes > 0 && bytes > end_bytes + 1 && strcmp(name + bytes - end_bytes, end) == 0;
    return ends && name[bytes - end_bytes - 1] == '.' ? bytes - end_bytes : 0;
}

static bool is_mask(const struct safetensors_tensor *t)
{
    return t->dim_count == 4 && t->dims[0] == 1 && t->dims[1] == 1 && t->dims[2] == t->dims[3];
}

bool checkpoint_computed(const struct safetensors_tensor *tensor)
{
    static const char *const always[] = {"rotary_emb.inv_freq", "rotary_emb.original_inv_freq",
                                         "rotary_emb.cos_cached", "rotary_emb.sin_cached",
                                         "position_ids"};
    static const char *const attentions[] = {"attn", "self_attn", "attention"};
    const char *const dot = strrchr(tensor->name, '.');
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (strcmp(tensor->name, always[i]) == 0 || bytes_before(tensor->name, always[i]) > 0)
            return true;
    for (size_t i = 0; i < sizeof attentions / sizeof attentions[0] && dot != NULL; i++) {
        char end[32];
        snprintf(end, sizeof end, "%s%s", attentions[i], dot);
        if (bytes_before(tensor->name, end) > 0)
            return (strcmp(dot, ".bias") == 0 && is_mask(tensor)) ||
                   (strcmp(dot, ".masked_bias") == 0 && tensor->dim_count == 0);
    }
    return false;
}

/* Finds a weight behind a prefix: the tensor, and the bytes of the prefix. */
static const struct checkpoint_tensor *find_prefixed(const struct checkpoint *c, size_t *prefix)
{
    enum { WEIGHTS = 16 }; /* enough to find the one prefix of all */
    const char *names[NAMES];
    for (uint32_t i = 0; i < c->layout->count && i < WEIGHTS; i++) {
        list_names(c->layout, i, names);
        for (size_t n = 0; n < NAMES; n++)
            for (size_t t = 0; t < c->tensor_count; t++) {
                *prefix = bytes_before(c->tensors[t].tensor->name, names[n]);
                if (*prefix > 0)
                    return &c->tensors[t];
            }
    }
    return NULL;
}

bool checkpoint_prefixed(const struct checkpoint *c, struct report *report)
{
    static const struct {
        const char *part, *way_out;
    } wrappers[] = {
        {"base_model.model.", "which PEFT puts there: save what merge_and_unload() gives"},
        {"_orig_mod.", "which torch.compile puts there: save the model's _orig_mod"},
        {"module.", "which torch's DataParallel puts there: save the model's module"},
    };
    size_t prefix, known = 0;
    const struct checkpoint_tensor *found = find_prefixed(c, &prefix);
    if (found == NULL)
        return false;
    const char *const name = found->tensor->name;
    while (known < sizeof wrappers / sizeof wrappers[0]) {
        const char *part = strstr(name, wrappers[known].part);
        if (part != NULL && part < name + prefix)
            break;
        known++;
    }
    report_error(report, 0, "names begin with \"%.*s\" (\"%s\"), %s", (int)prefix, name, name,
                 known < sizeof wrappers / sizeof wrappers[0]
                     ? wrappers[known].way_out
                     : "which belongs to no model of this family: take it off every name");
    return true;
}
