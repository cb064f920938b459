#define _GNU_SOURCE

#include "runtime/base/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, FILE_BYTES = 16384 };

/* The whole of a small file as text; empty, with errno, if it cannot be read. */
static void read_text(const char *path, char text[FILE_BYTES])
{
    size_t used = 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    int reason = file < 0 ? errno : 0;
    while (file >= 0 && used < FILE_BYTES - 1) {
        const ssize_t got = read(file, text + used, FILE_BYTES - 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            reason = errno;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    if (file >= 0)
        close(file);
    text[used] = '\0';
    errno = reason;
}

bool machine_text(const char *path, const char *key, char *text, size_t room)
{
    static const char around[] = ": \t\r";
    char whole[FILE_BYTES];
    const size_t length = strlen(key);
    read_text(path, whole);
    const char *line = whole;
    while (*line != '\0' && !(strncmp(line, key, length) == 0 &&
                              (length == 0 || strchr(around, line[length]) != NULL))) {
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    if (*line == '\0')
        return false;
    line += length;
    line += strspn(line, around);
    size_t bytes = strcspn(line, "\n");
    while (bytes > 0 && strchr(around, line[bytes - 1]) != NULL)
        bytes--;
    snprintf(text, room, "%.*s", (int)bytes, line);
    return bytes > 0;
}

uint64_t machine_field(const char *path, const char *key, uint64_t otherwise)
{
    char text[FILE_BYTES];
    const size_t length = strlen(key);
    read_text(path, text);
    for (const char *line = text; *line != '\0'; line += strspn(line, "\n")) {
        if (strncmp(line, key, length) == 0 && strchr(" \t", line[length]) != NULL)
            return strtoull(line + length, NULL, 10);
        line += strcspn(line, "\n");
    }
    return otherwise;
}

/* A file of a cgroup with one number. No such file, "max" and "-1" are no limit: UINT64_MAX. */
static uint64_t read_number(const char *folder, const char *name)
{
    char path[PATH_BYTES + 64], text[FILE_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    read_text(path, text);
    return text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) : UINT64_MAX;
}

static uint64_t read_stat(const char *folder, const char *key, uint64_t otherwise)
{
    char path[PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    return machine_field(path, key, otherwise);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What a cgroup of `limit` has left. The lists of file pages hold what can be written back and
 * dropped; shared memory is not on them. */
static uint64_t left_below(uint64_t limit, uint64_t used, uint64_t file_pages)
{
    if (limit == UINT64_MAX || used == UINT64_MAX)
        return limit;
    const uint64_t held = used > file_pages ? used - file_pages : 0;
    return limit > held ? limit - held : 0;
}

/* Above memory.high nothing is killed, but every allocation has to wait for reclaim. */
static uint64_t memory_v2(const char *folder)
{
    const uint64_t limit =
        smaller(read_number(folder, "memory.max"), read_number(folder, "memory.high"));
    return left_below(limit, read_number(folder, "memory.current"),
                      read_stat(folder, "inactive_file", 0) + read_stat(folder, "active_file", 0) +
                          read_stat(folder, "slab_reclaimable", 0));
}

/* The hierarchical limit includes ancestors that are not visible in a container. */
static uint64_t memory_v1(const char *folder)
{
    const uint64_t limit = smaller(read_number(folder, "memory.limit_in_bytes"),
                                   read_stat(folder, "hierarchical_memory_limit", UINT64_MAX));
    return left_below(limit, read_number(folder, "memory.usage_in_bytes"),
                      read_stat(folder, "total_inactive_file", 0) +
                          read_stat(folder, "total_active_file", 0));
}

static uint64_t whole_processors(uint64_t quota, uint64_t period)
{
    if (quota == UINT64_MAX || period == UINT64_MAX || period == 0)
        return UINT64_MAX;
    return quota < period ? 1 : quota / period;
}

/* "QUOTA PERIOD" or "max PERIOD" */
static uint64_t processors_v2(const char *folder)
{
    char path[PATH_BYTES + 64], text[FILE_BYTES];
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    read_text(path, text);
    const char *space = strchr(text, ' ');
    return whole_processors(read_number(folder, "cpu.max"),
                            space != NULL ? strtoull(space, NULL, 10) : UINT64_MAX);
}

static uint64_t processors_v1(const char *folder)
{
    return whole_processors(read_number(folder, "cpu.cfs_quota_us"),
                            read_number(folder, "cpu.cfs_period_us"));
}

/* What limits: a controller, with a name in version 1, and what a folder of either version says. */
struct limit {
    const char *controller;
    uint64_t (*v1)(const char *folder);
    uint64_t (*v2)(const char *folder);
};

/* Is `word` in a list with commas that ends at a colon or a line's end? */
static bool listed(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (;; list++) {
        const size_t this = strcspn(list, ",:\n");
        if (this == length && strncmp(list, word, length) == 0)
            return true;
        list += this;
        if (*list != ',')
            return false;
    }
}

/* The process's cgroup in the hierarchy of a controller of version 1, or (NULL) of version 2, from
 * lines "ID:CONTROLLERS:PATH". */
static bool own_cgroup(const char *root, const char *controller, char own[PATH_BYTES])
{
    char path[PATH_BYTES], *line = NULL;
    size_t room = 0;
    bool found = false;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && getline(&line, &room, file) > 0) {
        const char *controllers = strchr(line, ':');
        const char *where = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (where == NULL)
            continue;
        found =
            controller == NULL ? strncmp(line, "0::", 3) == 0 : listed(controllers + 1, controller);
        snprintf(own, PATH_BYTES, "%.*s", (int)strcspn(where + 1, "\n"), where + 1);
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return found;
}

/* Mount points have spaces and the like as \ooo. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        unsigned code;
        if (from[0] == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
            *to = (char)code;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* The part of a cgroup's path below the folder that is mounted. A path outside of it is that of
 * another namespace, and the mounted folder is all there is to see. */
static const char *below_mount(const char *own, const char *mounted)
{
    const size_t length = strcmp(mounted, "/") == 0 ? 0 : strlen(mounted);
    const bool inside = strncmp(own, mounted, length) == 0 && strchr("/", own[length]) != NULL;
    return inside && strstr(own, "/..") == NULL ? own + length : "";
}

/* The least of what the cgroup and its ancestors up to the mount point say. */
static uint64_t walk(const char *root, const char *point, const char *below,
                     uint64_t (*ask)(const char *folder))
{
    char folder[PATH_BYTES];
    uint64_t least = UINT64_MAX;
    const size_t top = strlen(root) + strlen(point);
    const int length = snprintf(folder, sizeof folder, "%s%s%s", root, point, below);
    if (length < 0 || (size_t)length >= sizeof folder)
        return least;
    for (size_t end = (size_t)length; end >= top; end--) {
        if (folder[end] != '\0' && folder[end] != '/')
            continue;
        folder[end] = '\0';
        least = smaller(least, ask(folder));
        if (end == 0)
            break;
    }
    return least;
}

/* Lines "ID PARENT DEVICE MOUNTED POINT OPTIONS ... - TYPE SOURCE OPTIONS". */
static uint64_t from_mount(const char *root, char *line, const struct limit *limit)
{
    char mounted[PATH_BYTES], point[PATH_BYTES], own[PATH_BYTES], type[16];
    int options_at = 0;
    const char *tail = strstr(line, " - ");
    if (tail == NULL || sscanf(tail, " - %15s %*s %n", type, &options_at) != 1 || options_at == 0 ||
        sscanf(line, "%*s %*s %*s %4095s %4095s", mounted, point) != 2)
        return UINT64_MAX;
    const bool v2 = strcmp(type, "cgroup2") == 0;
    const bool v1 = strcmp(type, "cgroup") == 0 && listed(tail + options_at, limit->controller);
    if ((!v1 && !v2) || !own_cgroup(root, v2 ? NULL : limit->controller, own))
        return UINT64_MAX;
    unescape(mounted);
    unescape(point);
    return walk(root, point, below_mount(own, mounted), v2 ? limit->v2 : limit->v1);
}

static uint64_t least_of(const char *root, const struct limit *limit)
{
    char path[PATH_BYTES], *line = NULL;
    size_t room = 0;
    uint64_t least = UINT64_MAX;
    snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
    FILE *file = fopen(path, "re");
    while (file != NULL && getline(&line, &room, file) > 0)
        least = smaller(least, from_mount(root, line, limit));
    free(line);
    if (file != NULL)
        fclose(file);
    return least;
}

uint64_t machine_memory(const char *root)
{
    static const struct limit memory = {"memory", memory_v1, memory_v2};
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    const uint64_t kilobytes = machine_field(path, "MemAvailable:", UINT64_MAX);
    return smaller(kilobytes < UINT64_MAX / 1024 ? kilobytes * 1024 : UINT64_MAX,
                   least_of(root, &memory));
}

uint32_t machine_processors(const char *root)
{
    static const struct limit processors = {"cpu", processors_v1, processors_v2};
    return (uint32_t)smaller(least_of(root, &processors), UINT32_MAX);
}
