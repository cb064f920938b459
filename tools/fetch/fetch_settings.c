/* What the environment says about the hub, read as the hub's own client reads it
 * (huggingface_hub 2.4, its constants.py and _auth.py): the same names, the same order
 * between old and new ones, the same words for yes, '~' and $NAME in paths. Except that a name
 * which is set to nothing counts as not set: the client takes the current directory for it. */
#include <ctype.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "tools/fetch/fetch_hub.h"

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The first of the names that is set, for messages, and its value; NULL: none is. */
static const char *first_set(const char *const *names, const char **value)
{
    for (; *names != NULL; names++)
        if ((*value = setting(*names)) != NULL)
            return *names;
    return NULL;
}

static bool is_true(const char *value)
{
    static const char *const words[] = {"1", "ON", "YES", "TRUE"};
    for (size_t i = 0; value != NULL && i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/* Appends to a setting; exits if it is too long, because half a path or token is another one. */
__attribute__((format(printf, 3, 4))) static void add(char field[HUB_SETTING], const char *name,
                                                      const char *format, ...)
{
    const size_t used = strlen(field);
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(field + used, HUB_SETTING - used, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= HUB_SETTING - used)
        die(EXIT_USAGE, "%s: longer than %d bytes", name, HUB_SETTING - 1);
}

/* Appends the home of a '~' or '~USER' at the start of the path; returns what is behind it. A user
 * whom nobody knows stays as it is written. */
static const char *add_home(char field[HUB_SETTING], const char *name, const char *path)
{
    char user[64];
    const size_t length = path[0] == '~' ? strcspn(path, "/") : 0;
    if (length == 0 || length > sizeof user)
        return path;
    snprintf(user, sizeof user, "%.*s", (int)length - 1, path + 1);
    const struct passwd *entry = length > 1 ? getpwnam(user) : getpwuid(getuid());
    const char *home = length == 1 && getenv("HOME") ? getenv("HOME")
                       : entry != NULL               ? entry->pw_dir
                                                     : NULL;
    if (home == NULL)
        return path;
    size_t kept = strlen(home);
    while (kept > 0 && home[kept - 1] == '/')
        kept--;
    add(field, name, "%.*s", (int)kept, home);
    if (kept == 0 && path[length] == '\0')
        add(field, name, "/");
    return path + length;
}

/* The value of $NAME or ${NAME} at `at`, and how long that is; NULL: it is none that is set. */
static const char *variable(const char *at, size_t *length)
{
    char name[64];
    const bool braced = at[1] == '{';
    const char *first = at + 1 + braced, *last = first;
    while (braced ? *last != '}' && *last != '\0' : isalnum((unsigned char)*last) || *last == '_')
        last++;
    *length = (size_t)(last - at) + braced;
    if (last == first || (braced && *last != '}') || (size_t)(last - first) >= sizeof name)
        return NULL;
    snprintf(name, sizeof name, "%.*s", (int)(last - first), first);
    return getenv(name);
}

/* field <- path, with '~' and variables taken for what they stand for. */
static void set_path(char field[HUB_SETTING], const char *name, const char *path)
{
    char whole[HUB_SETTING] = "";
    add(whole, name, "%s", add_home(whole, name, path));
    field[0] = '\0';
    for (const char *at = whole; *at != '\0';) {
        size_t length = 1;
        const char *value = *at == '$' ? variable(at, &length) : NULL;
        if (value != NULL)
            add(field, name, "%s", value);
        else
            add(field, name, "%c", *at);
        at += value != NULL ? length : 1;
    }
}

/* Between a folder and a name in it. */
static const char *slash_after(const char *folder)
{
    const size_t length = strlen(folder);
    return length > 0 && folder[length - 1] == '/' ? "" : "/";
}

/* The home of the hub's own client: where it keeps its cache and the token of a login. */
static void find_home(char home[HUB_SETTING])
{
    char path[HUB_SETTING] = "";
    if (setting("HF_HOME") != NULL)
        add(path, "HF_HOME", "%s", setting("HF_HOME"));
    else if (setting("XDG_CACHE_HOME") != NULL)
        add(path, "XDG_CACHE_HOME", "%s%shuggingface", setting("XDG_CACHE_HOME"),
            slash_after(setting("XDG_CACHE_HOME")));
    else
        add(path, "HOME", "~/.cache/huggingface");
    set_path(home, "HF_HOME", path);
}

/* field <- the first of these that is set, or HOME/NAME. */
static void find_path(char field[HUB_SETTING], const char *const *names, const char *home,
                      const char *name)
{
    const char *value, *from = first_set(names, &value);
    char path[HUB_SETTING] = "";
    if (from != NULL) {
        set_path(field, from, value);
        return;
    }
    add(path, "HF_HOME", "%s%s%s", home, slash_after(home), name);
    set_path(field, "HF_HOME", path);
}

/* Without the ends of lines that editors and shells leave, and the blanks around it. */
static void clean_token(struct hub *hub)
{
    size_t used = 0;
    for (const char *at = hub->token; *at != '\0'; at++)
        if (*at != '\r' && *at != '\n' && !(used == 0 && isspace((unsigned char)*at)))
            hub->token[used++] = *at;
    while (used > 0 && isspace((unsigned char)hub->token[used - 1]))
        used--;
    hub->token[used] = '\0';
    for (const char *at = hub->token; *at != '\0'; at++)
        if (*at < '!' || *at > '~')
            die(EXIT_USAGE, "%s: the token holds a byte that is no visible ASCII",
                hub->token_source);
}

static void find_token(struct hub *hub, const char *home)
{
    static const char *const tokens[] = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", NULL};
    static const char *const files[] = {"HF_TOKEN_PATH", NULL};
    const char *value, *from = first_set(tokens, &value);
    if (is_true(setting("HF_HUB_DISABLE_IMPLICIT_TOKEN")))
        return;
    if (from != NULL) {
        add(hub->token, from, "%s", value);
        add(hub->token_source, from, "%s", from);
        clean_token(hub);
    }
    if (hub->token[0] != '\0')
        return;
    find_path(hub->token_source, files, home, "token");
    FILE *file = fopen(hub->token_source, "r");
    if (file == NULL)
        return;
    const size_t size = fread(hub->token, 1, sizeof hub->token - 1, file);
    hub->token[size] = '\0';
    fclose(file);
    clean_token(hub);
}

void hub_settings(struct hub *hub)
{
    static const char *const offline[] = {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", NULL};
    static const char *const caches[] = {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", NULL};
    char home[HUB_SETTING];
    const char *value = NULL, *from = first_set(offline, &value);
    *hub = (struct hub){.offline = is_true(value) ? from : NULL};
    find_home(home);
    find_token(hub, home);
    find_path(hub->cache, caches, home, "hub");
    const char *endpoint = setting("HF_ENDPOINT");
    add(hub->endpoint, "HF_ENDPOINT", "%s", endpoint ? endpoint : "https://huggingface.co");
    if ((strncmp(hub->endpoint, "http://", 7) != 0 && strncmp(hub->endpoint, "https://", 8) != 0) ||
        strpbrk(hub->endpoint, "@?# ") != NULL)
        die(EXIT_USAGE, "HF_ENDPOINT: '%s' is not http:// or https:// with a host", hub->endpoint);
    while (hub->endpoint[strlen(hub->endpoint) - 1] == '/')
        hub->endpoint[strlen(hub->endpoint) - 1] = '\0';
}
