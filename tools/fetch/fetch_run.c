#include "tools/fetch/fetch_run.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gen/front/number.h"
#include "runtime/base/die.h"
#include "tools/fetch/fetch_http.h"

enum { LISTING_MOST = 16 << 20 };

/* How a file of the listing gets into the directory. */
enum way { WAY_THERE, WAY_CACHE, WAY_DOWNLOAD };

/* The folder and those above it. */
static void make_folder(const char *path)
{
    char part[HUB_PATH];
    for (const char *end = path; *end != '\0';) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            die(EXIT_FAILED, "%s: cannot be made: %s", part, strerror(errno));
    }
    struct stat facts;
    if (stat(path, &facts) != 0 || !S_ISDIR(facts.st_mode))
        die(EXIT_FAILED, "%s: is no directory", path);
}

/* The files of the config's revision, from the hub. */
static void list_online(const struct fetch_place *place, struct fetch_patience patience,
                        struct hub_listing *listing)
{
    char url[HTTP_URL];
    size_t size;
    hub_listing_url(place->hub, place->cfg, url, sizeof url);
    char *text = fetch_text(place, url, LISTING_MOST, patience, &size);
    hub_parse(text, size, url, listing);
    free(text);
}

/* Without the network: what the cache has. False: nothing, but what looks like a checkpoint lies in
 * the directory. */
static bool list_offline(const struct fetch_place *place, struct hub_listing *listing)
{
    char path[HUB_PATH + 32];
    glob_t weights;
    if (hub_cached(place->hub, place->cfg, listing))
        return true;
    snprintf(path, sizeof path, "%s/config.json", place->directory);
    const bool config = access(path, R_OK) == 0;
    snprintf(path, sizeof path, "%s/*.safetensors", place->directory);
    const bool complete = config && glob(path, 0, NULL, &weights) == 0;
    if (!complete)
        die(EXIT_FAILED,
            "%s is set, and neither %s nor %s has %s at revision %s: unset it, or copy "
            "config.json, "
            "tokenizer.json and the safetensors to the former",
            place->hub->offline, place->directory, place->hub->cache, place->cfg->repository,
            place->cfg->revision);
    globfree(&weights);
    return false;
}

static enum way find_way(const struct fetch_place *place, const struct hub_file *file)
{
    char path[HUB_PATH];
    file_path(place, file, path);
    if (file_is(path, file))
        return WAY_THERE;
    hub_cache_path(place->hub, place->cfg, place->commit, file->name, path);
    if (file_is(path, file))
        return WAY_CACHE;
    if (place->hub->offline)
        die(EXIT_MISMATCH, "%s: its bytes are not those of its name in blobs/: remove it there",
            path);
    return WAY_DOWNLOAD;
}

/* Says where every file comes from; returns the bytes that the listing asks to download, of which
 * *begun lie in parts. */
static uint64_t plan(const struct fetch_place *place, const struct hub_listing *listing,
                     enum way way[HUB_FILES], uint64_t *begun)
{
    static const char *const ways[] = {"there", "in the cache", "to download"};
    uint64_t total = 0;
    *begun = 0;
    note("%s at %s, commit %s, into %s", place->cfg->repository, place->cfg->revision,
         place->commit, place->directory);
    for (uint32_t i = 0; i < listing->count; i++) {
        const struct hub_file *file = &listing->file[i];
        struct phrase part = {""};
        way[i] = find_way(place, file);
        if (way[i] == WAY_DOWNLOAD) {
            const uint64_t have = file_begun(place, file);
            total += file->size;
            *begun += have;
            if (have > 0)
                part = phrase(", %s of it are there", number_decimal_bytes(have).text);
        }
        note("  %-32s %10s  %s%s", file->name, number_decimal_bytes(file->size).text, ways[way[i]],
             part.text);
    }
    return total;
}

static void check_room(const char *directory, uint64_t bytes)
{
    struct statvfs disk;
    if (statvfs(directory, &disk) != 0)
        die(EXIT_FAILED, "%s: cannot be asked for its free space: %s", directory, strerror(errno));
    const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    const struct phrase needed = number_decimal_bytes(bytes), left = number_decimal_bytes(room);
    if (bytes > room)
        die(EXIT_FAILED,
            "%s: %" PRIu64 " bytes (%s) are to come, and the disk has %" PRIu64
            " (%s) free: make room, or give another directory",
            directory, bytes, needed.text, room, left.text);
    note("%s to come, %s free", needed.text, left.text);
}

static void get_all(const struct fetch_place *place, const struct hub_listing *listing,
                    struct fetch_patience patience)
{
    static enum way way[HUB_FILES];
    uint64_t begun;
    struct progress progress;
    const uint64_t total = plan(place, listing, way, &begun);
    if (total > 0)
        check_room(place->directory, total - begun);
    progress_start(&progress, total);
    progress.done = begun;
    for (uint32_t i = 0; i < listing->count; i++) {
        char path[HUB_PATH];
        hub_cache_path(place->hub, place->cfg, place->commit, listing->file[i].name, path);
        if (way[i] == WAY_CACHE)
            file_link(place, &listing->file[i], path);
        if (way[i] == WAY_DOWNLOAD)
            file_download(place, &listing->file[i], patience, &progress);
    }
    progress_end(&progress);
}

/* A path as one word of a shell, in quotes where it needs them. */
static void quote(const char *path, char word[4 * HUB_SETTING + 3])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=.,:/@";
    const bool bare = path[0] != '\0' && path[strspn(path, plain)] == '\0';
    char *to = word;
    if (!bare)
        *to++ = '\'';
    for (const char *from = path; *from != '\0'; from++)
        to = *from == '\'' ? stpcpy(to, "'\\''") : (*to = *from, to + 1);
    if (!bare)
        *to++ = '\'';
    *to = '\0';
}

void fetch_run(const struct fetch_request *request)
{
    static struct hub hub;
    static struct hub_listing listing;
    struct diagnostics diagnostics = {.to = stderr, .file = request->config};
    struct cfg cfg;
    char directory[CFG_NAME_MAX + 16];
    if (!cfg_load(request->config, &diagnostics, &cfg))
        exit(EXIT_MISMATCH);
    if (cfg.repository[0] == '\0')
        die(EXIT_MISMATCH,
            "%s: does not say where its checkpoint is published: add a section [hub] with "
            "'repository = OWNER/NAME' and 'revision = main'",
            request->config);
    hub_settings(&hub);
    hub.timeout = request->timeout;
    snprintf(directory, sizeof directory, "checkpoints/%s", cfg.name);
    struct fetch_place place = {.hub = &hub, .cfg = &cfg, .directory = request->directory};
    if (place.directory == NULL)
        place.directory = directory;
    if (strlen(place.directory) >= HUB_SETTING)
        die(EXIT_USAGE, "-o: longer than %d bytes", HUB_SETTING - 1);
    if (!hub.offline)
        list_online(&place, request->patience, &listing);
    const bool listed = !hub.offline || list_offline(&place, &listing);
    if (listed) {
        memcpy(place.commit, listing.commit, sizeof place.commit);
        make_folder(place.directory);
        get_all(&place, &listing, request->patience);
    }
    char word[4 * HUB_SETTING + 3];
    quote(place.directory, word);
    note("%s is %s%s%s; next:  make MODEL=%s CHECKPOINT=%s", place.directory,
         listed ? "complete" : "left as it is, for ", listed ? "" : hub.offline,
         listed ? "" : " is set", cfg.name, word);
}
