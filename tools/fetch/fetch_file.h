/* One file of a checkpoint on this disk: whether it is there, and how it gets there. */
#ifndef TOOLS_FETCH_FETCH_FILE_H
#define TOOLS_FETCH_FETCH_FILE_H

#include "tools/fetch/fetch_hub.h"
#include "tools/pack/progress.h"

/* How patient a download is. */
struct fetch_patience {
    uint32_t attempts; /* without a new megabyte, then it gives up */
    uint32_t backoff;  /* milliseconds before the second attempt; doubled before each further */
};

/* Where a file goes, and what is known about the way. */
struct fetch_place {
    const struct hub *hub;
    const struct cfg *cfg;
    const char *directory;
    char commit[HUB_COMMIT + 1];
};

/* Whether the file at `path` is the listed one: its size and digest. Of a file whose digest is
 * unknown only the size counts. Exits if it is interrupted meanwhile. */
bool file_is(const char *path, const struct hub_file *file);

/* DIRECTORY/NAME, and where its bytes gather until they are complete: DIRECTORY/NAME.DIGEST.part.
 * The digest in its name tells what it is the beginning of, whatever has changed on the hub. */
void file_path(const struct fetch_place *place, const struct hub_file *file, char path[HUB_PATH]);
void file_part(const struct fetch_place *place, const struct hub_file *file, char path[HUB_PATH]);

/* Bytes that an earlier download left. */
uint64_t file_begun(const struct fetch_place *place, const struct hub_file *file);

/* Makes DIRECTORY/NAME a link to a file of the cache. Exits with EXIT_FAILED if it cannot. */
void file_link(const struct fetch_place *place, const struct hub_file *file, const char *target);

/* Downloads what is missing, checks size and digest, and gives the file its name. Exits with a
 * message if it cannot; what came stays for the next time, unless its digest is wrong. */
void file_download(const struct fetch_place *place, const struct hub_file *file,
                   struct fetch_patience patience, struct progress *progress);

/* The body of a URL in memory, at most `most` bytes; the caller frees. Exits if there is none. */
char *fetch_text(const struct fetch_place *place, const char *url, size_t most,
                 struct fetch_patience patience, size_t *size);

#endif
