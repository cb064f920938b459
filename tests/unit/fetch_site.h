/* The hub as the tests of tools/fetch see it: three files of a checkpoint behind a server of our
 * own. Nothing here reaches any address but 127.0.0.1. */
#ifndef TESTS_UNIT_FETCH_SITE_H
#define TESTS_UNIT_FETCH_SITE_H

#include <check.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/fixtures/child.h"
#include "tests/unit/http_server.h"

#define TOOL     site_tool
#define CONFIG   site_ini
#define TARGET   "out" /* in the room of the program, where a test starts */
#define REPO     "state-spaces/mamba-130m-hf"
#define COMMIT   "0123456789abcdef0123456789abcdef01234567"
#define LISTING  "/api/models/" REPO "/revision/main?blobs=true"
#define FILES    "/" REPO "/resolve/" COMMIT
#define SNAPSHOT "home/hub/models--state-spaces--mamba-130m-hf"

/* Digests of the files, computed by other programs: git hash-object, sha256sum. */
#define CONFIG_SHA    "4532635ef03de03d1dc15392655238cbab934f5c"
#define TOKENIZER_SHA "92bdb0aff34a95a7c00546c3d608c984294164ed"
#define MODEL_SHA     "d08928a168952dcd1f23061570816ee3b9d5c5c01ec65e00adbda68d328f4dbb"
#define MODEL         "model.safetensors"
#define MODEL_PART    MODEL ".d08928a16895.part"

/* The JSON of a listing. */
#define LIST(...) "{\"sha\": \"" COMMIT "\", \"siblings\": [" __VA_ARGS__ "]}"
#define SMALL(NAME, SIZE, DIGEST)                                                                  \
    "{\"rfilename\": \"" NAME "\", \"size\": " SIZE ", \"blobId\": \"" DIGEST "\"}"
#define LARGE(NAME, SIZE, DIGEST)                                                                  \
    "{\"rfilename\": \"" NAME "\", \"size\": 135, \"blobId\": \"" COMMIT                           \
    "\", \"lfs\": {\"size\": " SIZE ", \"sha256\": \"" DIGEST "\", \"pointerSize\": 135}}"
#define CONFIG_ENTRY SMALL("config.json", "24", CONFIG_SHA)
#define MODEL_ENTRY  LARGE(MODEL, "300000", MODEL_SHA)

enum { CONFIG_BYTES = 24, TOKENIZER_BYTES = 19, MODEL_BYTES = 300000 };
extern const char site_config[], site_tokenizer[];
extern char site_model[MODEL_BYTES];

/* What the server will play: the hub as it should be, until a test changes it. */
enum { ROUTE_LISTING, ROUTE_CONFIG, ROUTE_TOKENIZER, ROUTE_MODEL, ROUTE_OTHER };
extern struct http_route site_routes[HTTP_ROUTES];
extern struct http_server site_hub;

extern char site_root[PATH_MAX]; /* where the tests were started */
extern char site_tool[PATH_MAX + 64], site_ini[PATH_MAX + 64];

/* Answers of a route, one after the other; the last is repeated. {0} serves the body. */
#define PLAYS(ROUTE, ...)                                                                          \
    do {                                                                                           \
        const struct http_play plays[] = {__VA_ARGS__};                                            \
        memcpy(site_routes[ROUTE].play, plays, sizeof plays);                                      \
        site_routes[ROUTE].plays = sizeof plays / sizeof plays[0];                                 \
    } while (0)

/* A fixture: an empty room as the working directory, an empty HF_HOME in it, the routes. */
void site_set_up(void);

/* Starts the server and points HF_ENDPOINT to it. */
void site_start(void);

/* Seconds that site_fetch() lets the server be silent: many, for a busy machine. */
extern const char *site_timeout;

/* A run into TARGET with little patience: two attempts, a millisecond apart. */
struct child *site_fetch(void);

/* The exit code, and that the last line on stderr is "fetch: MESSAGE". */
__attribute__((format(printf, 3, 4))) void site_said(const struct child *child, int code,
                                                     const char *format, ...);

/* The run succeeded, and TARGET has the three files. */
void site_done(const struct child *child);

/* The last request for this path; NULL: there was none. */
const char *site_request(const char *path);

void site_write(const char *path, const char *bytes, size_t count);
bool site_holds(const char *path, const char *bytes, size_t count);
bool site_has(const char *path);

#endif
