#include "tools/fetch/fetch_hub.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen/front/json_text.h"
#include "runtime/base/die.h"

/* ---- addresses ------------------------------------------------------------------------------ */

void hub_listing_url(const struct hub *hub, const struct cfg *cfg, char *url, size_t room)
{
    char revision[3 * CFG_VALUE_MAX + 1];
    size_t used = 0;
    for (const char *at = cfg->revision; *at != '\0'; at++)
        used += (size_t)snprintf(revision + used, sizeof revision - used,
                                 *at == '/' ? "%%2F" : "%c", *at);
    snprintf(url, room, "%s/api/models/%s/revision/%s?blobs=true", hub->endpoint, cfg->repository,
             revision);
}

void hub_url(const struct hub *hub, const struct cfg *cfg, const char *commit, const char *name,
             char *url, size_t room)
{
    snprintf(url, room, "%s/%s/resolve/%s/%s", hub->endpoint, cfg->repository, commit, name);
}

/* ---- which files ---------------------------------------------------------------------------- */

/* "model-00001-of-00004.safetensors" */
static bool is_shard(const char *name)
{
    static const char form[] = "model-#####-of-#####.safetensors";
    if (strlen(name) != sizeof form - 1)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == '#' ? name[i] < '0' || name[i] > '9' : name[i] != form[i])
            return false;
    return true;
}

static bool is_wanted(const char *name)
{
    static const char *const names[] = {"config.json",
                                        "generation_config.json",
                                        "tokenizer.json",
                                        "tokenizer_config.json",
                                        "tokenizer.model",
                                        "model.safetensors",
                                        "model.safetensors.index.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return is_shard(name);
}

/* Names below the repository's folder only: no '..', nothing absolute, nothing invisible. */
static bool is_harmless(const char *name)
{
    for (const char *part = name;; part++) {
        const size_t length = strcspn(part, "/");
        if (length == 0 || (length <= 2 && strncmp(part, "..", length) == 0))
            return false;
        for (size_t i = 0; i < length; i++)
            if ((unsigned char)part[i] < ' ' || part[i] == '\\' || part[i] == 0x7f)
                return false;
        part += length;
        if (*part == '\0')
            return true;
    }
}

static struct hub_file *find(struct hub_listing *listing, const char *name)
{
    for (uint32_t i = 0; i < listing->count; i++)
        if (strcmp(listing->file[i].name, name) == 0)
            return &listing->file[i];
    return NULL;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct hub_file *)left)->name, ((const struct hub_file *)right)->name);
}

/* As many shards as their names say there are. */
static bool has_all_shards(const struct hub_listing *listing)
{
    unsigned long count = 0, total = 0;
    for (uint32_t i = 0; i < listing->count; i++)
        if (is_shard(listing->file[i].name)) {
            total = strtoul(strstr(listing->file[i].name, "-of-") + 4, NULL, 10);
            count++;
        }
    return count > 0 && count == total;
}

/* Leaves `surplus` out where `better` is listed, too. */
static void leave_out(struct hub_listing *listing, const char *surplus, const char *better)
{
    struct hub_file *file = find(listing, surplus);
    if (file != NULL && find(listing, better) != NULL)
        *file = listing->file[--listing->count];
}

/* Leaves shards out where the weights also come in one file, and tokenizer.model where there is
 * tokenizer.json. Returns what is missing, or NULL. */
static const char *settle(struct hub_listing *listing)
{
    leave_out(listing, "tokenizer.model", "tokenizer.json");
    if (find(listing, "model.safetensors") != NULL) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < listing->count; i++)
            if (strncmp(listing->file[i].name, "model", 5) != 0 ||
                strcmp(listing->file[i].name, "model.safetensors") == 0)
                listing->file[kept++] = listing->file[i];
        listing->count = kept;
    } else if (find(listing, "model.safetensors.index.json") == NULL) {
        return "no model.safetensors and no model.safetensors.index.json: only safetensors can be "
               "packed";
    } else if (!has_all_shards(listing)) {
        return "no complete row of model-#####-of-#####.safetensors beside its index";
    }
    qsort(listing->file, listing->count, sizeof listing->file[0], by_name);
    return find(listing, "config.json") == NULL ? "no config.json" : NULL;
}

/* ---- the hub's answer ----------------------------------------------------------------------- */

static _Noreturn void refuse(const char *from, const char *what)
{
    die(EXIT_MISMATCH, "%s: this is not how the hub describes a model: %s", from, what);
}

static bool is_commit(const char *text)
{
    return strlen(text) == HUB_COMMIT && digest_spelled(text);
}

static void parse_file(const json_t *entry, const char *name, const char *from,
                       struct hub_listing *listing)
{
    const json_t *large = json_object_get(entry, "lfs");
    const json_t *size = json_object_get(json_is_object(large) ? large : entry, "size");
    const char *digest =
        json_string_value(json_is_object(large) ? json_object_get(large, "sha256")
                                                : json_object_get(entry, "blobId"));
    const size_t length = json_is_object(large) ? DIGEST_SHA256 : DIGEST_GIT;
    if (!json_is_integer(size) || json_integer_value(size) < 0 || digest == NULL ||
        !digest_spelled(digest) || strlen(digest) != length)
        die(EXIT_MISMATCH, "%s: '%s' comes without its size and digest", from, name);
    if (find(listing, name) != NULL)
        die(EXIT_MISMATCH, "%s: '%s' is listed twice", from, name);
    if (listing->count == HUB_FILES)
        die(EXIT_MISMATCH, "%s: more than %d files of a checkpoint", from, HUB_FILES);
    struct hub_file *file = &listing->file[listing->count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    snprintf(file->digest, sizeof file->digest, "%s", digest);
    file->size = (uint64_t)json_integer_value(size);
}

/* What to do with a repository that has other things than a checkpoint. */
static const char *way_out(const json_t *siblings)
{
    const char *advice = "";
    const json_t *entry;
    size_t i;
    json_array_foreach(siblings, i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "rfilename"));
        if (strcmp(name, "adapter_config.json") == 0)
            return "; it is an adapter: merge it into its model first (PEFT's merge_and_unload)";
        if (fnmatch("pytorch_model*.bin", name, 0) == 0)
            advice =
                "; it has pytorch_model*.bin: take the folder from the hub with its own client, "
                "and 'pack' says how to convert it";
    }
    return advice;
}

void hub_parse(const char *text, size_t size, const char *from, struct hub_listing *listing)
{
    struct json_text_error error;
    json_t *root = json_text_parse(text, size, JSON_TEXT_MARKED, &error), *entry;
    if (root == NULL)
        die(EXIT_MISMATCH, "%s: this is not how the hub describes a model: no JSON at byte %zu: %s",
            from, error.byte, error.text);
    *listing = (struct hub_listing){.count = 0};
    const char *commit = json_string_value(json_object_get(root, "sha"));
    const json_t *siblings = json_object_get(root, "siblings");
    if (commit == NULL || !is_commit(commit))
        refuse(from, "'sha' is no commit of 40 hex digits");
    if (!json_is_array(siblings))
        refuse(from, "'siblings' is no list");
    memcpy(listing->commit, commit, sizeof listing->commit);
    size_t i;
    json_array_foreach(siblings, i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "rfilename"));
        if (name == NULL)
            refuse(from, "a file without 'rfilename'");
        if (!is_harmless(name))
            refuse(from, "the name of a file leads out of its folder, or cannot be shown");
        if (is_wanted(name))
            parse_file(entry, name, from, listing);
    }
    const char *missing = settle(listing);
    if (missing != NULL)
        die(EXIT_MISMATCH, "%s: the repository has %s%s", from, missing, way_out(siblings));
    json_decref(root);
}

/* ---- the cache ------------------------------------------------------------------------------ */

/* CACHE/models--OWNER--NAME/FOLDER */
static void cache_folder(const struct hub *hub, const struct cfg *cfg, const char *folder,
                         char path[HUB_PATH])
{
    const char *slash = strchr(cfg->repository, '/');
    snprintf(path, HUB_PATH, "%s/models--%.*s--%s/%s", hub->cache, (int)(slash - cfg->repository),
             cfg->repository, slash + 1, folder);
}

void hub_cache_path(const struct hub *hub, const struct cfg *cfg, const char *commit,
                    const char *name, char path[HUB_PATH])
{
    char folder[HUB_COMMIT + HUB_NAME + 16];
    snprintf(folder, sizeof folder, "snapshots/%.*s/%.*s", HUB_COMMIT, commit, HUB_NAME, name);
    cache_folder(hub, cfg, folder, path);
}

/* The commit that the cache knows under the config's revision; false: none. */
static bool cached_commit(const struct hub *hub, const struct cfg *cfg, char commit[HUB_COMMIT + 1])
{
    char folder[CFG_VALUE_MAX + 8], path[HUB_PATH];
    if (is_commit(cfg->revision)) {
        memcpy(commit, cfg->revision, HUB_COMMIT + 1);
        return true;
    }
    snprintf(folder, sizeof folder, "refs/%s", cfg->revision);
    cache_folder(hub, cfg, folder, path);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    const size_t size = fread(commit, 1, HUB_COMMIT, file);
    commit[size] = '\0';
    fclose(file);
    return is_commit(commit);
}

/* A file of a snapshot is a link into blobs/, where the name is the digest. */
static void cached_file(const struct hub *hub, const struct cfg *cfg, const char *name,
                        struct hub_listing *listing)
{
    char path[HUB_PATH], real[PATH_MAX];
    struct stat facts;
    hub_cache_path(hub, cfg, listing->commit, name, path);
    if (listing->count == HUB_FILES || realpath(path, real) == NULL || stat(real, &facts) != 0 ||
        !S_ISREG(facts.st_mode))
        return;
    struct hub_file *file = &listing->file[listing->count++];
    *file = (struct hub_file){.size = (uint64_t)facts.st_size};
    snprintf(file->name, sizeof file->name, "%.*s", HUB_NAME, name);
    const char *blob = strrchr(real, '/') + 1;
    if (digest_spelled(blob))
        snprintf(file->digest, sizeof file->digest, "%s", blob);
}

bool hub_cached(const struct hub *hub, const struct cfg *cfg, struct hub_listing *listing)
{
    char path[HUB_PATH];
    *listing = (struct hub_listing){.count = 0};
    if (!cached_commit(hub, cfg, listing->commit))
        return false;
    hub_cache_path(hub, cfg, listing->commit, ".", path);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (is_wanted(entry->d_name))
            cached_file(hub, cfg, entry->d_name, listing);
    closedir(folder);
    return settle(listing) == NULL;
}
