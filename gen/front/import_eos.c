/* Which tokens end a text. transformers takes them from generation_config.json alone where a
 * checkpoint has one, and only without it from config.json. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/front/import.h"
#include "gen/front/import_dialects.h"
#include "gen/front/json_text.h"

/* Adds an id to the ascending list, unless it is there. False: it is full. */
static bool insert(struct token_ids *ids, uint32_t id)
{
    uint32_t at = ids->count;
    while (at > 0 && ids->id[at - 1] >= id)
        at--;
    if (at < ids->count && ids->id[at] == id)
        return true;
    if (ids->count == CFG_EOS_MOST)
        return false;
    memmove(&ids->id[at + 1], &ids->id[at], (ids->count - at) * sizeof ids->id[0]);
    ids->id[at] = id;
    ids->count++;
    return true;
}

static bool take_one(const struct import_source *s, const json_t *value, struct token_ids *ids)
{
    if (!json_is_integer(value))
        return import_error(
            s, "'eos_token_id': found %s, expected a token id, a list of them, or null",
            import_kind(value));
    const json_int_t id = json_integer_value(value);
    if (id < 0 || (s->cfg->vocab_size > 0 && id >= s->cfg->vocab_size)) {
        diagnostics_note(s->diagnostics,
                         "'eos_token_id': %" JSON_INTEGER_FORMAT
                         " is no id below vocab_size = %u, so it is never chosen: left out",
                         id, s->cfg->vocab_size);
        return true;
    }
    if (insert(ids, (uint32_t)id))
        return true;
    return import_error(s, "'eos_token_id': found more than %d ids, expected at most so many",
                        CFG_EOS_MOST);
}

bool import_eos(const struct import_source *s, const char *name)
{
    const json_t *value = json_object_get(s->object, name);
    struct token_ids *ids = &s->cfg->eos_token_id;
    if (value == NULL)
        return import_by_default(s, name, import_default(s, name));
    *ids = (struct token_ids){.count = 0};
    if (json_is_null(value))
        return true;
    if (!json_is_array(value))
        return take_one(s, value, ids);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!take_one(s, json_array_get(value, i), ids))
            return false;
    return true;
}

bool import_generation(const char *dir, struct diagnostics *diagnostics, struct cfg *cfg,
                       struct import_left *left)
{
    char *path = NULL;
    struct json_text_error error;
    if (asprintf(&path, "%s/generation_config.json", dir) < 0)
        diagnostics_no_memory();
    bool good = true;
    diagnostics->file = path;
    if (access(path, F_OK) == 0) {
        json_t *root = json_text_load(path, IMPORT_TEXT_MAX, JSON_TEXT_MARKED, &error);
        root = import_object(root, &error, diagnostics);
        const struct import_source s = {
            .object = root, .prefix = "", .diagnostics = diagnostics, .cfg = cfg};
        if (root == NULL)
            good = false;
        else if (json_object_get(root, "eos_token_id") == NULL)
            good = import_set(cfg, "eos_token_id", "none", diagnostics);
        else
            good = import_eos(&s, "eos_token_id");
        if (left != NULL)
            left->by_default[KEY_eos_token_id] = false;
        json_decref(root);
    }
    diagnostics->file = dir;
    free(path);
    return good;
}
