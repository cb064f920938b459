#include "tools/pack/checkpoint_names.h"

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

/* What wrappers of a model put into the names of its tensors, as components. */
static const struct {
    const char *part, *maker, *way_out;
} wrappers[] = {
    {"base_model.model.", "PEFT", "save what merge_and_unload() gives"},
    {"base_layer.", "PEFT", "save what merge_and_unload() gives"},
    {"_orig_mod.", "torch.compile", "save the model that it wraps"},
    {"module.", "torch's DataParallel", "save the model that it wraps"},
    {"_fsdp_wrapped_module.", "torch's FSDP", "save the model that it wraps"},
    {"_checkpoint_wrapped_module.", "torch's checkpoint_wrapper", "save the model that it wraps"},
    {"_forward_module.", "Lightning", "save the model that it wraps"},
};

enum { WRAPPERS = sizeof wrappers / sizeof wrappers[0] };

/* plain <- the name without the parts of wrappers. Returns the first of these, WRAPPERS if none. */
static size_t unwrap(const char *name, char plain[SAFETENSORS_NAME + 1])
{
    size_t used = 0, first = WRAPPERS;
    for (const char *at = name; *at != '\0';) {
        size_t w = at == name || at[-1] == '.' ? 0 : WRAPPERS;
        while (w < WRAPPERS && strncmp(at, wrappers[w].part, strlen(wrappers[w].part)) != 0)
            w++;
        if (w < WRAPPERS) {
            first = first < WRAPPERS ? first : w;
            at += strlen(wrappers[w].part);
        } else {
            plain[used++] = *at++;
        }
    }
    plain[used] = '\0';
    return first;
}

/* Whether a weight that was not found has this name. */
static bool is_sought(const struct checkpoint *c, const char *name)
{
    const char *names[NAMES];
    for (uint32_t i = 0; i < c->layout->count; i++) {
        list_names(c->layout, i, names);
        for (size_t n = 0; n < NAMES && c->bound[i] == NULL; n++)
            if (strcmp(names[n], name) == 0)
                return true;
    }
    return false;
}

/* Finds a weight behind any prefix: the tensor, and the bytes of the prefix. */
static const char *find_prefixed(const struct checkpoint *c, size_t *prefix)
{
    enum { WEIGHTS = 16 }; /* enough to find the one prefix of all */
    const char *names[NAMES];
    for (uint32_t i = 0; i < c->layout->count && i < WEIGHTS; i++) {
        list_names(c->layout, i, names);
        for (size_t n = 0; n < NAMES; n++)
            for (size_t t = 0; t < c->tensor_count; t++) {
                *prefix = bytes_before(c->tensors[t].tensor->name, names[n]);
                if (*prefix > 0)
                    return c->tensors[t].tensor->name;
            }
    }
    return NULL;
}

bool checkpoint_wrapped(const struct checkpoint *c, uint32_t found, struct diagnostics *diagnostics)
{
    char plain[SAFETENSORS_NAME + 1];
    for (size_t i = 0; i < c->tensor_count; i++) {
        const char *const name = c->tensors[i].tensor->name;
        const size_t w = c->tensors[i].bound ? WRAPPERS : unwrap(name, plain);
        if (w == WRAPPERS || !is_sought(c, plain))
            continue;
        diagnostics_error(diagnostics, 0,
                          "names hold \"%s\" (\"%s\"), which %s puts there: %s, or take it off",
                          wrappers[w].part, name, wrappers[w].maker, wrappers[w].way_out);
        return true;
    }
    size_t prefix;
    const char *const name = found == 0 ? find_prefixed(c, &prefix) : NULL;
    if (name != NULL)
        diagnostics_error(
            diagnostics, 0,
            "names begin with \"%.*s\" (\"%s\"), which belongs to no model of this family: "
            "take it off every name",
            (int)prefix, name, name);
    return name != NULL;
}
