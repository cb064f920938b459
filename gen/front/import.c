#include "gen/front/import.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gen/front/folder.h"
#include "gen/front/import_dialects.h"
#include "gen/front/json_text.h"
#include "gen/front/number.h"

static const char *chosen(const struct import_choices *choices, uint32_t key, const char *usual)
{
    return choices->of[key] != NULL ? choices->of[key] : usual;
}

/* The type that the user chose for a class; NULL: none. A tied head and the embedding follow each
 * other. */
static const char *chosen_type(const struct import_choices *choices, enum weight_class c, bool tied)
{
    const char *type = choices->of[cfg_class_key(c) - cfg_keys];
    if (type == NULL && tied && c == CLASS_EMBEDDING)
        type = choices->of[KEY_head_type];
    if (type == NULL && tied && c == CLASS_HEAD)
        type = choices->of[KEY_embedding_type];
    if (type == NULL && c >= CLASS_PROJECTION)
        type = choices->linear_type;
    return type != NULL ? type : choices->all_types;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

bool import_choose(const struct import_choices *choices, struct diagnostics *diagnostics,
                   struct cfg *cfg)
{
    static const char *const arenas[] = {"weights_memory", "state_memory", "scratch_memory",
                                         "io_memory"};
    struct cfg types = *cfg; /* which of them the model has is not known yet */
    bool good = true;
    for (enum weight_class c = CLASS_EMBEDDING; c < CLASS_COUNT; c++) {
        const char *const type = chosen_type(choices, c, false);
        good =
            (type == NULL || import_set(&types, cfg_class_key(c)->name, type, diagnostics)) && good;
    }
    for (size_t i = 0; i < sizeof arenas / sizeof arenas[0]; i++)
        good = import_set(cfg, arenas[i], "auto", diagnostics) && good;
    const struct phrase chunk = phrase("%d", IMPORT_CHUNK);
    good = import_set(cfg, "prefill_chunk", chosen(choices, KEY_prefill_chunk, chunk.text),
                      diagnostics) &&
           good;
    const struct phrase rows = phrase("%u", lesser(cfg->prefill_chunk, IMPORT_ROWS));
    if (!good ||
        !import_set(cfg, "logit_rows", chosen(choices, KEY_logit_rows, rows.text), diagnostics))
        return false;
    if (cfg->logit_rows <= cfg->prefill_chunk)
        return true;
    return diagnostics_error(diagnostics, 0, "logit_rows = %u, expected at most prefill_chunk = %u",
                             cfg->logit_rows, cfg->prefill_chunk);
}

bool import_cache(const struct import_choices *choices, struct diagnostics *diagnostics,
                  struct cfg *cfg)
{
    const char *const context = choices->of[KEY_context], *const type = choices->of[KEY_kv_type];
    if (!cfg_has(cfg, &cfg_keys[KEY_context])) {
        if (context == NULL && type == NULL)
            return true;
        return diagnostics_error(diagnostics, 0, "%s: %s has a state of fixed size: leave it out",
                                 context != NULL ? "--context" : "--kv-type", cfg->model_type);
    }
    const struct phrase usual = phrase("%u", lesser(cfg->max_position_embeddings, IMPORT_CONTEXT));
    return import_set(cfg, "kv_type", chosen(choices, KEY_kv_type, "bf16"), diagnostics) &&
           import_set(cfg, "context", chosen(choices, KEY_context, usual.text), diagnostics) &&
           cfg_check(cfg, NULL, diagnostics);
}

/* Stores the type of a class, chosen or the checkpoint's own; 0, with an error if it was chosen,
 * where the family has no such class. */
static bool import_type(const struct import_choices *choices, const struct key *key,
                        const char *type, struct diagnostics *diagnostics, struct cfg *cfg)
{
    if (cfg_has(cfg, key))
        return import_set(cfg, key->name, type, diagnostics);
    memset((char *)cfg + key->offset, 0, key->size);
    if (choices->of[key - cfg_keys] == NULL)
        return true;
    return diagnostics_error(diagnostics, 0, "--%.*s-type: %s has no experts: leave it out",
                             (int)strcspn(key->name, "_"), key->name, cfg->model_type);
}

bool import_types(const struct import_choices *choices, const struct import_left *left,
                  struct diagnostics *diagnostics, struct cfg *cfg)
{
    const bool f16 = strcmp(left->type, "float16") == 0;
    const char *const own = f16 ? "f16" : "bf16";
    bool all = true, good = true;
    for (enum weight_class c = CLASS_EMBEDDING; c < CLASS_COUNT && good; c++) {
        const struct key *const key = cfg_class_key(c);
        const char *const type = chosen_type(choices, c, cfg->tie_word_embeddings);
        all = all && (type != NULL || !cfg_has(cfg, key));
        good = import_type(choices, key, type != NULL ? type : own, diagnostics, cfg);
    }
    if (!good || !cfg_check(cfg, NULL, diagnostics))
        return false;
    if (all)
        return true;
    if (left->type[0] == '\0')
        diagnostics_note(
            diagnostics,
            "config.json does not say in which type the weights are stored: %s is taken; "
            "--type chooses another",
            own);
    else if (!f16 && strcmp(left->type, "bfloat16") != 0)
        diagnostics_note(
            diagnostics,
            "the weights are stored as %s and will be rounded to %s; --type f32 keeps them",
            left->type, own);
    return true;
}

/* A rule between keys was broken: some of them may be defaults that the reader has never seen. */
static void note_defaults(const struct import_left *left, const struct diagnostics *diagnostics)
{
    struct phrase names = {""};
    for (uint32_t i = 0; left != NULL && i < KEYS; i++)
        if (left->by_default[i])
            phrase_add(&names, "%s%s", names.text[0] != '\0' ? ", " : "", cfg_keys[i].name);
    if (names.text[0] != '\0')
        diagnostics_note(diagnostics,
                         "config.json does not say these, and their defaults are taken: %s",
                         names.text);
}

json_t *import_object(json_t *root, const struct json_text_error *error,
                      struct diagnostics *diagnostics)
{
    if (root == NULL)
        diagnostics_error(diagnostics, error->line, "%s%s", error->line > 0 ? "not JSON: " : "",
                          error->text);
    else if (!json_is_object(root))
        diagnostics_error(diagnostics, 0, "found %s, expected an object", import_kind(root));
    else
        return root;
    json_decref(root);
    return NULL;
}

static bool import_root(const json_t *root, struct diagnostics *diagnostics, struct cfg *cfg,
                        struct import_left *left)
{
    struct import_source s = {
        .object = root, .prefix = "", .diagnostics = diagnostics, .cfg = cfg, .left = left};
    bool good = false;
    if (json_object_get(root, "model_type") != NULL)
        good = import_hugging_face(&s);
    else if (json_object_get(root, "d_model") != NULL)
        good = import_original(&s);
    else
        diagnostics_error(diagnostics, 0,
                          "neither 'model_type' nor 'd_model' found: expected the config.json "
                          "of a checkpoint of Hugging Face or of state-spaces");
    if (good && !cfg_check(cfg, NULL, diagnostics)) {
        note_defaults(left, diagnostics);
        good = false;
    }
    return good;
}

/* Imports and releases what was read; NULL: reports why there is nothing. */
static bool import_document(json_t *root, const struct json_text_error *error,
                            struct diagnostics *diagnostics, struct cfg *cfg,
                            struct import_left *left)
{
    if (left != NULL)
        *left = (struct import_left){.type = ""};
    root = import_object(root, error, diagnostics);
    const bool good = root != NULL && import_root(root, diagnostics, cfg, left);
    json_decref(root);
    return good;
}

bool import_parse(const char *text, size_t size, struct diagnostics *diagnostics, struct cfg *cfg,
                  struct import_left *left)
{
    struct json_text_error error;
    return import_document(json_text_parse(text, size, JSON_TEXT_MARKED, &error), &error,
                           diagnostics, cfg, left);
}

bool import_load(const char *dir, struct diagnostics *diagnostics, struct cfg *cfg,
                 struct import_left *left)
{
    struct json_text_error error;
    char *path = NULL;
    diagnostics->file = dir;
    if (!folder_has(dir, "config.json") && folder_is_adapter(dir, diagnostics))
        return false;
    if (asprintf(&path, "%s/config.json", dir) < 0)
        diagnostics_no_memory();
    diagnostics->file = path;
    json_t *root = json_text_load(path, IMPORT_TEXT_MAX, JSON_TEXT_MARKED, &error);
    bool good = import_document(root, &error, diagnostics, cfg, left);
    free(path);
    good = good && import_generation(dir, diagnostics, cfg, left);
    diagnostics->file = dir;
    return good;
}

/* The longest name of a key that the config has. */
static int name_width(const struct cfg *cfg)
{
    size_t width = 0;
    for (uint32_t i = 0; i < KEYS; i++)
        if (cfg_has(cfg, &cfg_keys[i]) && strlen(cfg_keys[i].name) > width)
            width = strlen(cfg_keys[i].name);
    return (int)width;
}

static void print_section(const struct cfg *cfg, const struct import_left *left,
                          const char *section, FILE *to)
{
    const int width = name_width(cfg);
    fprintf(to, "[%s]\n", section);
    for (uint32_t i = 0; i < KEYS; i++) {
        const struct key *key = &cfg_keys[i];
        if (strcmp(key->section, section) == 0 && cfg_has(cfg, key))
            fprintf(to, "%-*s = %-7s # %s%s\n", width, key->name, cfg_value(cfg, key).text,
                    key->meaning, left->by_default[i] ? " (by default)" : "");
    }
}

void import_print(const struct cfg *cfg, const struct import_left *left, FILE *to)
{
    enum format type;
    const char *const word = cfg_one_type(cfg, &type) ? format_name(type) : "mixed";
    fprintf(to, "# %c%s, %u layers of width %u, %s weights\n", toupper(cfg->model_type[0]),
            cfg->model_type + 1, cfg->num_hidden_layers, cfg->hidden_size, word);
    bool defaults = false;
    for (uint32_t i = 0; i < KEYS; i++)
        defaults = defaults || left->by_default[i];
    if (defaults)
        fputs("# (by default): config.json does not say it, its library's default is taken\n", to);
    print_section(cfg, left, "model", to);
    fputc('\n', to);
    print_section(cfg, left, "build", to);
}
