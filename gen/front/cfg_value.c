/* Values of config keys: text to field, field to text, and the digest over them. */
#include "gen/front/cfg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "gen/front/number.h"

struct phrase cfg_expected(const struct key *key)
{
    switch (key->kind) {
    case KEY_COUNT:
        return phrase("a whole number from %.0f to %.0f", key->least, key->most);
    case KEY_ID:
        return phrase("a token id from %.0f to %.0f, or none", key->least, key->most);
    case KEY_IDS:
        return phrase("at most %d token ids from %.0f to %.0f, ascending, with blanks between "
                      "them, or none",
                      CFG_EOS_MOST, key->least, key->most);
    case KEY_REAL:
        return phrase("a decimal number from %g to %g", key->least, key->most);
    case KEY_FLAG:
        return phrase("true or false");
    case KEY_WORD:
    case KEY_FORMAT:
        return phrase("%s%s", strchr(key->words, ' ') == NULL ? "" : "one of ", key->words);
    case KEY_PATH:
        return phrase("%.0f parts%s of letters, digits, '.', '_', '-' with '/' between them, at "
                      "most %d bytes",
                      key->most, key->least == key->most ? "" : " at most", CFG_PATH_MAX);
    }
    return phrase("nothing");
}

/* Plain decimal digits without sign or leading zero. */
static bool read_count(const char *value, double least, double most, uint32_t *count)
{
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > 9 || value[digits] != '\0' || (value[0] == '0' && digits > 1))
        return false;
    *count = (uint32_t)strtoul(value, NULL, 10);
    return *count >= least && *count <= most;
}

static bool read_id(const char *value, double least, double most, uint32_t *id)
{
    *id = CFG_NO_ID;
    return strcmp(value, "none") == 0 || read_count(value, least, most, id);
}

/* Ascending, so that the same ids are the same text, and none is there twice. */
static bool read_ids(const char *value, double least, double most, struct token_ids *ids)
{
    char word[16];
    *ids = (struct token_ids){.count = 0};
    if (strcmp(value, "none") == 0)
        return true;
    for (const char *at = value;; at += strspn(at, " \t")) {
        const size_t length = strcspn(at, " \t");
        if (length == 0 || length >= sizeof word || ids->count == CFG_EOS_MOST)
            return false;
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        uint32_t *id = &ids->id[ids->count];
        if (!read_count(word, least, most, id) || (ids->count > 0 && *id <= id[-1]))
            return false;
        ids->count++;
        at += length;
        if (*at == '\0')
            return true;
    }
}

static bool read_real(const char *value, double least, double most, double *real)
{
    if (isinf(most) && strcmp(value, "inf") == 0) {
        *real = most;
        return true;
    }
    if (value[0] == '\0' || value[strspn(value, "0123456789.eE+-")] != '\0')
        return false;
    char *end = NULL;
    *real = strtod(value, &end);
    return end != value && *end == '\0' && isfinite(*real) && *real >= least && *real <= most;
}

const char cfg_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

bool cfg_word(const char *words, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = words; length > 0 && at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strcspn(at, " ") == length && strncmp(at, word, length) == 0)
            return true;
    }
    return false;
}

/* Parts that are names, none of them starting with '.' or '-', so that no path leads elsewhere. */
static bool read_path(const char *value, double least, double most)
{
    uint32_t parts = 0;
    for (const char *part = value;; part++) {
        const size_t length = strspn(part, cfg_letters);
        if (length == 0 || part[0] == '.' || part[0] == '-')
            return false;
        parts++;
        part += length;
        if (*part != '/')
            return *part == '\0' && parts >= least && parts <= most &&
                   strlen(value) <= CFG_PATH_MAX;
    }
}

bool cfg_set(struct cfg *cfg, const struct key *key, const char *value,
             struct diagnostics *diagnostics, uint32_t line)
{
    void *field = (char *)cfg + key->offset;
    bool good = false;
    switch (key->kind) {
    case KEY_COUNT:
        good = read_count(value, key->least, key->most, field);
        break;
    case KEY_ID:
        good = read_id(value, key->least, key->most, field);
        break;
    case KEY_IDS:
        good = read_ids(value, key->least, key->most, field);
        break;
    case KEY_REAL:
        good = read_real(value, key->least, key->most, field);
        break;
    case KEY_FLAG:
        good = cfg_word("false true", value);
        *(bool *)field = strcmp(value, "true") == 0;
        break;
    case KEY_FORMAT:
        good = cfg_word(key->words, value) && format_find(value, field);
        break;
    case KEY_WORD:
    case KEY_PATH:
        good = key->kind == KEY_WORD ? cfg_word(key->words, value)
                                     : read_path(value, key->least, key->most);
        if (good)
            snprintf(field, key->size, "%s", value);
        break;
    }
    if (!good)
        diagnostics_error(diagnostics, line, "%s: found '%s', expected %s (%s)", key->name, value,
                          cfg_expected(key).text, key->meaning);
    return good;
}

static struct phrase ids_text(const struct token_ids *ids)
{
    struct phrase text = phrase("%s", ids->count == 0 ? "none" : "");
    for (uint32_t i = 0; i < ids->count; i++)
        phrase_add(&text, "%s%u", i > 0 ? " " : "", ids->id[i]);
    return text;
}

struct phrase cfg_value(const struct cfg *cfg, const struct key *key)
{
    const void *field = (const char *)cfg + key->offset;
    switch (key->kind) {
    case KEY_ID:
        if (*(const uint32_t *)field == CFG_NO_ID)
            return phrase("none");
        return phrase("%u", *(const uint32_t *)field);
    case KEY_COUNT:
        return phrase("%u", *(const uint32_t *)field);
    case KEY_IDS:
        return ids_text(field);
    case KEY_REAL:
        return number_double(*(const double *)field);
    case KEY_FLAG:
        return phrase("%s", *(const bool *)field ? "true" : "false");
    case KEY_WORD:
    case KEY_PATH:
        return phrase("%s", (const char *)field);
    case KEY_FORMAT:
        return phrase("%s", format_name(*(const enum format *)field));
    }
    return phrase("nothing");
}

void cfg_digest(const struct cfg *cfg, uint64_t digest[2])
{
    char text[CFG_DIGEST_TEXT_MAX];
    size_t size = 0;
    for (uint32_t i = 0; i < KEYS; i++)
        if (cfg_keys[i].packed && cfg_has(cfg, &cfg_keys[i]))
            size += (size_t)snprintf(text + size, sizeof text - size, "%s = %s\n", cfg_keys[i].name,
                                     cfg_value(cfg, &cfg_keys[i]).text);
    XXH128_hash_t hash = XXH3_128bits(text, size);
    digest[0] = hash.low64;
    digest[1] = hash.high64;
}
