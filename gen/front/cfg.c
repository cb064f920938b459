/* Strict reading of a config. inih splits the lines; this file decides which lines it may see, and
 * what every key and value must be. */
#include "gen/front/cfg.h"

#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/front/cfg_lines.h"

const struct key cfg_keys[KEYS] = {
#define KEY(SECTION, NAME, KIND, LEAST, MOST, WORDS, PACKED, FAMILIES, DIMENSION, MEANING)         \
    {.section = #SECTION,                                                                          \
     .name = #NAME,                                                                                \
     .kind = KEY_##KIND,                                                                           \
     .least = LEAST,                                                                               \
     .most = MOST,                                                                                 \
     .words = WORDS,                                                                               \
     .packed = PACKED,                                                                             \
     .families = FAMILIES,                                                                         \
     .dimension = DIMENSION,                                                                       \
     .offset = offsetof(struct cfg, NAME),                                                         \
     .size = sizeof((struct cfg *)0)->NAME,                                                        \
     .meaning = MEANING},
#include "gen/front/keys.def"
#undef KEY
};

/* What the handler of inih carries from line to line. */
struct parse {
    struct cfg_lines lines;
    struct cfg *cfg;
    uint32_t line_of[KEYS]; /* where a key was given; 0: not yet */
    bool sound;             /* every value so far was stored */
};

const struct key *cfg_key(const char *name)
{
    for (uint32_t i = 0; i < KEYS; i++)
        if (strcmp(cfg_keys[i].name, name) == 0)
            return &cfg_keys[i];
    return NULL;
}

/* Insertions, deletions and replacements that turn `a` into `b`; names longer than a row: far. */
static size_t distance(const char *a, const char *b)
{
    enum { ROW = 64 };
    size_t row[ROW], width = strlen(b);
    if (width >= ROW || strlen(a) >= ROW)
        return ROW;
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < other ? replaced : other;
        }
    }
    return row[width];
}

/* A key whose line was refused is not missing as well. */
static void given(struct parse *p, const struct key *key)
{
    uint32_t *line_of = &p->line_of[key - cfg_keys];
    if (*line_of == 0)
        *line_of = p->lines.line;
    p->sound = false;
}

/* A key of old configs, whose place three others have taken. */
static void retired(struct parse *p)
{
    static const uint32_t now[] = {KEY_projection_type, KEY_expert_type, KEY_router_type};
    line_error(&p->lines,
               "key 'linear_type' found, expected 'projection_type' and, with experts, also "
               "'expert_type' and 'router_type': each says how its weights are stored");
    for (size_t i = 0; i < sizeof now / sizeof now[0]; i++)
        if (cfg_has(p->cfg, &cfg_keys[now[i]]))
            given(p, &cfg_keys[now[i]]);
}

static void unknown(struct parse *p, const char *section, const char *name)
{
    const struct key *closest = &cfg_keys[0];
    for (uint32_t i = 1; i < KEYS; i++)
        if (distance(name, cfg_keys[i].name) < distance(name, closest->name))
            closest = &cfg_keys[i];
    if (strcmp(name, "linear_type") == 0)
        retired(p);
    else if (distance(name, closest->name) <= 3)
        line_error(&p->lines, "unknown key '%s' in [%s]: did you mean '%s'?", name, section,
                   closest->name);
    else
        line_error(&p->lines, "unknown key '%s' in [%s]: remove it ('gen --help' lists every key)",
                   name, section);
}

/* Called by inih for every line that it may see; its result says to go on. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
    struct parse *p = user;
    const struct key *key = cfg_key(name);
    uint32_t *line_of = key != NULL ? &p->line_of[key - cfg_keys] : NULL;
    if (section[0] == '\0') {
        line_error(&p->lines, "key '%s' before any section: put it under [model], [build] or [hub]",
                   name);
    } else if (key == NULL) {
        unknown(p, section, name);
    } else if (strcmp(key->section, section) != 0) {
        line_error(&p->lines, "key '%s' found in [%s], expected in [%s]: move it", name, section,
                   key->section);
        given(p, key);
    } else if (*line_of != 0) {
        line_error(&p->lines, "key '%s' given again, first on line %u: keep one", name, *line_of);
    } else {
        *line_of = p->lines.line;
        p->sound = cfg_set(p->cfg, key, value, p->lines.diagnostics, p->lines.line) && p->sound;
    }
    return 1;
}

static char *next_line(char *line, int room, void *user)
{
    struct parse *p = user;
    if (!cfg_lines_next(&p->lines, line, (size_t)room))
        return NULL;
    const struct key *refused = cfg_key(p->lines.refused);
    if (refused != NULL)
        given(p, refused);
    return line;
}

/* Whether the key must be there. [hub] may be left out, but not half of it. */
static bool wanted(const struct parse *p, const struct key *key)
{
    return strcmp(key->section, "hub") == 0 ? p->lines.section_line[CFG_SECTION_HUB] != 0
                                            : cfg_has(p->cfg, key);
}

/* Every key of the family was given, and no key of another one. */
static void check_presence(struct parse *p)
{
    for (uint32_t i = 0; i < KEYS; i++) {
        const struct key *key = &cfg_keys[i];
        const bool given_here = p->line_of[i] != 0, wanted_here = wanted(p, key);
        if (given_here == wanted_here || (given_here && p->cfg->model_type[0] == '\0'))
            continue;
        if (given_here && strcmp(key->section, "hub") == 0)
            continue; /* it stands in another section, which was reported */
        p->sound = false;
        if (given_here) {
            diagnostics_error(p->lines.diagnostics, p->line_of[i],
                              "key '%s' belongs to model_type %s, not to %s: remove it", key->name,
                              key->families, p->cfg->model_type);
            continue;
        }
        diagnostics_error(p->lines.diagnostics, 0, "missing key '%s' in [%s]: add '%s = ', %s (%s)",
                          key->name, key->section, key->name, cfg_expected(key).text, key->meaning);
    }
}

bool cfg_parse(const char *text, size_t size, const char *name, struct diagnostics *diagnostics,
               struct cfg *cfg)
{
    uint32_t errors = diagnostics->errors;
    struct parse p = {.lines = {.text = text, .size = size, .diagnostics = diagnostics},
                      .cfg = cfg,
                      .sound = true};
    memset(cfg, 0, sizeof *cfg);
    snprintf(cfg->name, sizeof cfg->name, "%s", name);
    if (!cfg_lines_open(&p.lines))
        return false;
    int refused = ini_parse_stream(next_line, &p, handle, &p);
    if (refused != 0 && diagnostics->errors == errors)
        diagnostics_error(diagnostics, refused > 0 ? (uint32_t)refused : 0,
                          "this line is not 'key = value'");
    check_presence(&p);
    if (p.sound && !cfg_check(cfg, p.line_of, diagnostics))
        return false;
    return diagnostics->errors == errors;
}

bool cfg_name(const char *path, char name[CFG_NAME_MAX + 1])
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t length = strlen(base);
    if (length > 4 && strcmp(base + length - 4, ".ini") == 0)
        length -= 4;
    if (length == 0 || length > CFG_NAME_MAX || base[0] == '.' || base[0] == '-' ||
        strspn(base, cfg_letters) < length)
        return false;
    memcpy(name, base, length);
    name[length] = '\0';
    return true;
}

bool cfg_load(const char *path, struct diagnostics *diagnostics, struct cfg *cfg)
{
    char name[CFG_NAME_MAX + 1];
    if (!cfg_name(path, name))
        return diagnostics_error(
            diagnostics, 0,
            "the file's name is the model's name: expected 1 to %d of letters, digits, "
            "'.', '_', '-', then '.ini'",
            CFG_NAME_MAX);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return diagnostics_error(diagnostics, 0, "cannot open: %s", strerror(errno));
    static char text[CFG_TEXT_MAX + 1];
    size_t size = fread(text, 1, sizeof text, file);
    bool failed = ferror(file) != 0;
    int reason = errno;
    fclose(file);
    if (failed)
        return diagnostics_error(diagnostics, 0, "cannot read: %s", strerror(reason));
    return cfg_parse(text, size, name, diagnostics, cfg);
}
