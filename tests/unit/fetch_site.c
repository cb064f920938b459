#include "tests/unit/fetch_site.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char site_config[] = "{\"model_type\": \"mamba\"}\n";
const char site_tokenizer[] = "{\"version\": \"1.0\"}\n";
char site_model[MODEL_BYTES];
struct http_route site_routes[HTTP_ROUTES];
struct http_server site_hub;
char site_root[PATH_MAX], site_tool[PATH_MAX + 64], site_ini[PATH_MAX + 64];

static const char listing[] =
    LIST("{\"rfilename\": \"README.md\"}, {\"rfilename\": \"original/params.json\"}, " CONFIG_ENTRY
         ", " SMALL("tokenizer.json", "19", TOKENIZER_SHA) ", " MODEL_ENTRY);

void site_write(const char *path, const char *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "%s cannot be written", path);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
}

bool site_holds(const char *path, const char *bytes, size_t count)
{
    static char found[MODEL_BYTES + 1];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    const size_t size = fread(found, 1, sizeof found, file);
    fclose(file);
    return size == count && memcmp(found, bytes, count) == 0;
}

bool site_has(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0;
}

/* Nothing of the user's own environment may take part. */
static void clean_environment(void)
{
    static const char *const names[] = {"http_proxy",
                                        "https_proxy",
                                        "all_proxy",
                                        "HTTP_PROXY",
                                        "HTTPS_PROXY",
                                        "ALL_PROXY",
                                        "HF_HUB_CACHE",
                                        "HF_TOKEN",
                                        "HF_TOKEN_PATH",
                                        "HF_HUB_OFFLINE",
                                        "HUGGINGFACE_HUB_CACHE",
                                        "TRANSFORMERS_OFFLINE",
                                        "HUGGING_FACE_HUB_TOKEN",
                                        "HF_HUB_DISABLE_IMPLICIT_TOKEN"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    setenv("HF_HOME", "home", 1);
}

void site_set_up(void)
{
    char room[PATH_MAX + 64], command[2 * sizeof room + 64];
    ck_assert_ptr_nonnull(getcwd(site_root, sizeof site_root));
    snprintf(site_tool, sizeof site_tool, "%s/" TEST_TOOLS "/fetch", site_root);
    snprintf(site_ini, sizeof site_ini, "%s/config/mamba-130m.ini", site_root);
    snprintf(room, sizeof room, TEST_DIR "/room-%s", program_invocation_short_name);
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s/home'", room, room);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(chdir(room), 0);
    clean_environment();
    for (uint32_t i = 0; i < MODEL_BYTES; i++)
        site_model[i] = (char)(uint8_t)(i * 7 + (i >> 8));
    const struct http_route site[] = {
        {.path = LISTING, .body = listing, .bytes = sizeof listing - 1},
        {.path = FILES "/config.json", .body = site_config, .bytes = CONFIG_BYTES},
        {.path = FILES "/tokenizer.json", .body = site_tokenizer, .bytes = TOKENIZER_BYTES},
        {.path = FILES "/" MODEL, .body = site_model, .bytes = MODEL_BYTES},
    };
    memcpy(site_routes, site, sizeof site);
}

void site_start(void)
{
    char endpoint[64];
    http_server_start(&site_hub, site_routes);
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", site_hub.port);
    setenv("HF_ENDPOINT", endpoint, 1);
}

const char *site_timeout = "30";

struct child *site_fetch(void)
{
    return CHILD(TOOL, CONFIG, "-o", TARGET, "--attempts", "2", "--backoff", "1", "--timeout",
                 site_timeout);
}

void site_said(const struct child *child, int code, const char *format, ...)
{
    char message[4096], line[4096];
    va_list arguments;
    va_start(arguments, format);
    const int used = snprintf(message, sizeof message, "fetch: ");
    vsnprintf(message + used, sizeof message - (size_t)used, format, arguments);
    va_end(arguments);
    const char *last = child->err + child->err_bytes;
    if (last > child->err)
        last--; /* the newline at the end */
    while (last > child->err && last[-1] != '\n')
        last--;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(last, "\n"), last);
    ck_assert_str_eq(line, message);
    ck_assert_int_eq(child->code, code);
    ck_assert_uint_eq(child->out_bytes, 0);
}

void site_done(const struct child *child)
{
    site_said(child, 0, TARGET " is complete; next:  make MODEL=mamba-130m CHECKPOINT=" TARGET);
    ck_assert(site_holds(TARGET "/config.json", site_config, CONFIG_BYTES));
    ck_assert(site_holds(TARGET "/tokenizer.json", site_tokenizer, TOKENIZER_BYTES));
    ck_assert(site_holds(TARGET "/" MODEL, site_model, MODEL_BYTES));
    ck_assert(!site_has(TARGET "/" MODEL_PART));
}

const char *site_request(const char *path)
{
    for (uint32_t i = *site_hub.count; i-- > 0;)
        if (strncmp(site_hub.log->request[i] + 4, path, strlen(path)) == 0)
            return site_hub.log->request[i];
    return NULL;
}
