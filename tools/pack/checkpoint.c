#include "tools/pack/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/front/folder.h"
#include "gen/front/json_text.h"
#include "tools/pack/checkpoint_bind.h"
#include "tools/pack/convert.h"

static const char single_name[] = "model.safetensors";
static const char index_name[] = "model.safetensors.index.json";

/* DIRECTORY/NAME in new memory, or NULL. */
static char *join(const char *directory, const char *name)
{
    const size_t bytes = strlen(directory) + 1 + strlen(name) + 1;
    char *path = malloc(bytes);
    if (path != NULL)
        snprintf(path, bytes, "%s/%s", directory, name);
    return path;
}

/* Opens one file of the checkpoint and adds it to the shards. */
static bool add_shard(struct checkpoint *c, const char *name, struct diagnostics *diagnostics)
{
    struct checkpoint_shard *shard = &c->shards[c->shard_count];
    *shard = (struct checkpoint_shard){.fd = -1};
    snprintf(shard->name, sizeof shard->name, "%s", name);
    shard->path = join(c->directory, name);
    if (shard->path == NULL) {
        diagnostics_error(diagnostics, 0, "no memory for the list of files");
        return false;
    }
    c->shard_count++;
    struct diagnostics here = {.to = diagnostics->to, .file = shard->path};
    shard->fd = safetensors_open(&shard->tensors, &here);
    diagnostics->errors += here.errors;
    return shard->fd >= 0;
}

static const struct checkpoint_shard *find_shard(const struct checkpoint *c, const char *name)
{
    for (uint32_t i = 0; i < c->shard_count; i++)
        if (strcmp(c->shards[i].name, name) == 0)
            return &c->shards[i];
    return NULL;
}

/* What the index may name: a file beside it. */
static bool plain_name(const char *name)
{
    return name != NULL && safetensors_printable(name, SAFETENSORS_NAME) && name[0] != '.' &&
           strchr(name, '/') == NULL;
}

/* Opens every file that the index names. That is all the index is for: as in transformers, a tensor
 * may lie in any of them, whatever the index says of it. */
static bool open_shards(struct checkpoint *c, json_t *map, struct diagnostics *diagnostics)
{
    uint32_t failed = 0;
    const char *name;
    json_t *value;
    json_object_foreach(map, name, value)
    {
        const char *file = json_string_value(value);
        if (!plain_name(file)) {
            diagnostics_error(diagnostics, 0,
                              "weight_map does not map names of tensors to files beside it");
            return false;
        }
        if (find_shard(c, file) != NULL)
            continue;
        if (c->shard_count == CHECKPOINT_SHARDS) {
            diagnostics_error(diagnostics, 0, "more than %d files", CHECKPOINT_SHARDS);
            return false;
        }
        if (!add_shard(c, file, diagnostics) && ++failed == DIAGNOSTICS_LIST) {
            diagnostics_error(diagnostics, 0,
                              "%d files cannot be used: the others were not looked at",
                              DIAGNOSTICS_LIST);
            return false;
        }
    }
    return failed == 0;
}

static int compare_names(const void *left, const void *right)
{
    const struct checkpoint_tensor *a = left, *b = right;
    return strcmp(a->tensor->name, b->tensor->name);
}

/* Lists the tensors of all shards by name. */
static bool gather(struct checkpoint *c, struct diagnostics *diagnostics)
{
    size_t count = 0;
    for (uint32_t i = 0; i < c->shard_count; i++)
        count += c->shards[i].tensors.count;
    c->tensors = calloc(count + 1, sizeof *c->tensors);
    if (c->tensors == NULL) {
        diagnostics_error(diagnostics, 0, "no memory for %zu tensors", count);
        return false;
    }
    for (uint32_t i = 0; i < c->shard_count; i++)
        for (size_t t = 0; t < c->shards[i].tensors.count; t++)
            c->tensors[c->tensor_count++] = (struct checkpoint_tensor){
                .tensor = &c->shards[i].tensors.tensors[t], .shard = &c->shards[i]};
    qsort(c->tensors, count, sizeof *c->tensors, compare_names);
    struct diagnostics_list list = {.diagnostics = diagnostics};
    for (size_t i = 1; i < count; i++)
        if (compare_names(&c->tensors[i - 1], &c->tensors[i]) == 0)
            diagnostics_item(&list, "tensor \"%s\" lies in both \"%s\" and \"%s\"",
                             c->tensors[i].tensor->name, c->tensors[i - 1].shard->name,
                             c->tensors[i].shard->name);
    diagnostics_rest(&list, "tensors lie in two files");
    return list.count == 0;
}

/* Opens the shards that the index at diagnostics->file names. */
static bool open_sharded(struct checkpoint *c, struct diagnostics *diagnostics)
{
    struct json_text_error error;
    json_t *root =
        json_text_load(diagnostics->file, SAFETENSORS_HEADER_MAX, JSON_TEXT_MARKED, &error);
    if (root == NULL) {
        diagnostics_error(diagnostics, error.line, "%s%s", error.line > 0 ? "not JSON: " : "",
                          error.text);
        return false;
    }
    json_t *map = json_object_get(root, "weight_map");
    bool valid = json_is_object(map) && json_object_size(map) > 0;
    if (!valid)
        diagnostics_error(diagnostics, 0, "weight_map is missing, empty or not an object");
    valid = valid && open_shards(c, map, diagnostics) && gather(c, diagnostics);
    json_decref(root);
    return valid;
}

static bool open_files(struct checkpoint *c, struct diagnostics *diagnostics)
{
    c->shards = calloc(CHECKPOINT_SHARDS, sizeof *c->shards);
    c->bound = calloc(c->layout->count, sizeof *c->bound);
    if (c->shards == NULL || c->bound == NULL) {
        diagnostics_error(diagnostics, 0, "no memory for the list of files");
        return false;
    }
    if (folder_has(c->directory, single_name))
        return add_shard(c, single_name, diagnostics) && gather(c, diagnostics);
    if (!folder_has(c->directory, index_name)) {
        folder_explain(c->directory, diagnostics);
        return false;
    }
    char *path = join(c->directory, index_name);
    struct diagnostics here = {.to = diagnostics->to, .file = path != NULL ? path : index_name};
    const bool valid = path != NULL && open_sharded(c, &here);
    diagnostics->errors += here.errors;
    free(path);
    return valid;
}

bool checkpoint_open(struct checkpoint *c, const char *directory, const struct layout *layout,
                     struct diagnostics *diagnostics)
{
    *c = (struct checkpoint){.directory = directory, .layout = layout};
    struct diagnostics here = {.to = diagnostics->to, .file = directory};
    const bool valid = open_files(c, &here) && checkpoint_bind(c, &here);
    diagnostics->errors += here.errors;
    if (valid && folder_has(directory, "adapter_config.json"))
        diagnostics_note(&here, "the adapter of adapter_config.json is left out: merge it, if the "
                                "weights are to have it");
    if (!valid)
        checkpoint_close(c);
    return valid;
}

/* values[count] <- the 16-bit floats in the upper half of the same memory. Each element is read
 * before the write that covers it. */
static void widen(f32 *values, uint64_t count, enum safetensors_dtype dtype)
{
    const char *narrow = (const char *)values + count * sizeof(uint16_t);
    for (uint64_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, narrow + i * sizeof bits, sizeof bits);
        values[i] = dtype == SAFETENSORS_BF16 ? convert_from_bf16(bits) : convert_from_f16(bits);
    }
}

bool checkpoint_read(const struct checkpoint *c, uint32_t index, uint64_t first, uint64_t count,
                     f32 *values, struct diagnostics *diagnostics)
{
    const struct checkpoint_tensor *bound = c->bound[index];
    const uint64_t cols = c->layout->weight[index].cols;
    const bool wide = bound->tensor->dtype == SAFETENSORS_F32;
    const uint64_t element = wide ? sizeof(f32) : sizeof(uint16_t);
    char *into = (char *)values + (wide ? 0 : count * cols * sizeof(uint16_t));
    if (!safetensors_read(bound->shard->fd, into, count * cols * element,
                          bound->tensor->at + first * cols * element)) {
        struct diagnostics here = {.to = diagnostics->to, .file = bound->shard->path};
        diagnostics_error(&here, 0, "tensor \"%s\" cannot be read: %s", bound->tensor->name,
                          strerror(errno));
        diagnostics->errors++;
        return false;
    }
    if (!wide)
        widen(values, count * cols, bound->tensor->dtype);
    return true;
}

void checkpoint_close(struct checkpoint *c)
{
    for (uint32_t i = 0; i < c->shard_count; i++) {
        if (c->drop && c->shards[i].fd >= 0)
            (void)posix_fadvise(c->shards[i].fd, 0, 0, POSIX_FADV_DONTNEED);
        if (c->shards[i].fd >= 0)
            close(c->shards[i].fd);
        safetensors_free(&c->shards[i].tensors);
        free(c->shards[i].path);
    }
    free(c->shards);
    free(c->tensors);
    free(c->bound);
    *c = (struct checkpoint){0};
}
