/* The hub: how it is reached, which files of a repository a checkpoint needs, and the cache that
 * other programs keep of it. */
#ifndef TOOLS_FETCH_FETCH_HUB_H
#define TOOLS_FETCH_FETCH_HUB_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "gen/front/cfg.h"
#include "tools/fetch/fetch_digest.h"

enum {
    HUB_FILES = 512,
    HUB_NAME = 63,
    HUB_SETTING = 1024,
    HUB_COMMIT = 40,
    HUB_PATH = 2 * HUB_SETTING
};

/* What the environment says, under the names that the hub's own client uses. */
struct hub {
    char endpoint[HUB_SETTING];     /* HF_ENDPOINT, without a slash at its end */
    char token[HUB_SETTING];        /* HF_TOKEN, or the file; "": none */
    char token_source[HUB_SETTING]; /* who named it, for messages; the file, if there was no name */
    char cache[HUB_SETTING];        /* HF_HUB_CACHE, or HF_HOME/hub */
    const char *offline;            /* the variable that asks for it; NULL: none does */
    uint32_t timeout;               /* seconds */
};

struct hub_file {
    char name[HUB_NAME + 1];
    uint64_t size;
    char digest[DIGEST_TEXT]; /* "": unknown, of a cache without names of digests */
};

/* The files that a checkpoint is made of, at one commit. */
struct hub_listing {
    char commit[HUB_COMMIT + 1];
    uint32_t count;
    struct hub_file file[HUB_FILES];
};

/* Reads the environment; exits with EXIT_USAGE if a setting makes no sense. */
void hub_settings(struct hub *hub);

/* Where the hub describes the config's revision, and where it has a file of a commit. */
void hub_listing_url(const struct hub *hub, const struct cfg *cfg, char *url, size_t room);
void hub_url(const struct hub *hub, const struct cfg *cfg, const char *commit, const char *name,
             char *url, size_t room);

/* Takes the JSON with which the hub describes a repository apart. Exits with EXIT_MISMATCH if it is
 * none, if a name in it could lead out of a directory, or if no checkpoint is in it. `from` is the
 * URL, for messages. */
void hub_parse(const char *text, size_t size, const char *from, struct hub_listing *listing);

/* The same from the cache: what is there of the config's revision. False: nothing. */
bool hub_cached(const struct hub *hub, const struct cfg *cfg, struct hub_listing *listing);

/* Where the cache would have a file of a commit. */
void hub_cache_path(const struct hub *hub, const struct cfg *cfg, const char *commit,
                    const char *name, char path[HUB_PATH]);

#endif
