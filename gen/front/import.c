#include "gen/front/import.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gen/front/folder.h"
#include "gen/front/import_dialects.h"
#include "gen/front/json_text.h"
#include "gen/front/number.h"

const struct import_choices import_defaults = {.prefill_chunk = "256"};

/* The usual type of weights, where neither the user nor the checkpoint says another. */
static const char usual_type[] = "bf16";

/* The type that the user chose for a class, NULL: none. */
static const char *chosen_type(const struct import_choices *choices, enum weight_class c)
{
    if (choices->type[c] != NULL)
        return choices->type[c];
    return c >= CLASS_PROJECTION && choices->linear_type ? choices->linear_type
                                                         : choices->all_types;
}

bool import_choose(const struct import_choices *choices, struct diagnostics *diagnostics,
                   struct cfg *cfg)
{
    char rows[16];
    struct cfg types = *cfg; /* which of them the model has is not known yet */
    bool good = true;
    for (enum weight_class c = CLASS_EMBEDDING; c < CLASS_COUNT; c++) {
        const char *const type = chosen_type(choices, c);
        good =
            (type == NULL || import_set(&types, cfg_class_key(c)->name, type, diagnostics)) && good;
    }
    static const char *const arenas[] = {"weights_memory", "state_memory", "scratch_memory",
                                         "io_memory"};
    for (size_t i = 0; i < sizeof arenas / sizeof arenas[0]; i++)
        good = import_set(cfg, arenas[i], "auto", diagnostics) && good;
    good = import_set(cfg, "prefill_chunk", choices->prefill_chunk, diagnostics) && good;
    if (!good)
        return false;
    snprintf(rows, sizeof rows, "%u", cfg->prefill_chunk < 16 ? cfg->prefill_chunk : 16);
    if (!import_set(cfg, "logit_rows", choices->logit_rows ? choices->logit_rows : rows,
                    diagnostics))
        return false;
    if (cfg->logit_rows <= cfg->prefill_chunk)
        return true;
    return diagnostics_error(diagnostics, 0, "logit_rows = %u, expected at most prefill_chunk = %u",
                             cfg->logit_rows, cfg->prefill_chunk);
}

bool import_cache(const struct import_choices *choices, struct diagnostics *diagnostics,
                  struct cfg *cfg)
{
    char usual[16];
    if (!cfg_has(cfg, cfg_key("context"))) {
        if (choices->context != NULL || choices->kv_type != NULL)
            diagnostics_error(diagnostics, 0, "%s: %s has a state of fixed size: leave it out",
                              choices->context != NULL ? "--context" : "--kv-type",
                              cfg->model_type);
        return choices->context == NULL && choices->kv_type == NULL;
    }
    snprintf(usual, sizeof usual, "%u",
             cfg->max_position_embeddings < IMPORT_CONTEXT ? cfg->max_position_embeddings
                                                           : IMPORT_CONTEXT);
    return import_set(cfg, "kv_type", choices->kv_type ? choices->kv_type : "bf16", diagnostics) &&
           import_set(cfg, "context", choices->context ? choices->context : usual, diagnostics) &&
           cfg_check(cfg, NULL, diagnostics);
}

/* The types that the user chose, NULL where none. A tied head and the embedding follow each other.
 */
static void chosen_types(const struct import_choices *choices, bool tied,
                         const char *type[CLASS_COUNT])
{
    memcpy(type, choices->type, sizeof choices->type);
    if (tied && type[CLASS_EMBEDDING] == NULL)
        type[CLASS_EMBEDDING] = type[CLASS_HEAD];
    if (tied && type[CLASS_HEAD] == NULL)
        type[CLASS_HEAD] = type[CLASS_EMBEDDING];
    for (enum weight_class c = CLASS_EMBEDDING; c < CLASS_COUNT; c++)
        if (type[c] == NULL)
            type[c] = chosen_type(choices, c);
}

/* The type of a class, chosen or the checkpoint's own; 0, with an error if it was chosen, where the
 * family has no such class. */
static bool import_type(const struct import_choices *choices, enum weight_class c, const char *type,
                        struct diagnostics *diagnostics, struct cfg *cfg)
{
    const struct key *key = cfg_class_key(c);
    if (cfg_has(cfg, key))
        return import_set(cfg, key->name, type, diagnostics);
    memset((char *)cfg + key->offset, 0, key->size);
    if (choices->type[c] != NULL)
        diagnostics_error(diagnostics, 0, "--%.*s-type: %s has no experts: leave it out",
                          (int)strcspn(key->name, "_"), key->name, cfg->model_type);
    return choices->type[c] == NULL;
}

bool import_types(const struct import_choices *choices, const struct import_left *left,
                  struct diagnostics *diagnostics, struct cfg *cfg)
{
    const bool f16 = strcmp(left->type, "float16") == 0;
    const char *const own = f16 ? "f16" : usual_type;
    const char *type[CLASS_COUNT];
    bool all = true, good = true;
    chosen_types(choices, cfg->tie_word_embeddings, type);
    for (enum weight_class c = CLASS_EMBEDDING; c < CLASS_COUNT && good; c++) {
        all = all && (type[c] != NULL || !cfg_has(cfg, cfg_class_key(c)));
        good = import_type(choices, c, type[c] ? type[c] : own, diagnostics, cfg);
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
    char names[512] = "";
    size_t used = 0;
    for (uint32_t i = 0; left != NULL && i < cfg_key_count && used < sizeof names; i++)
        if (left->by_default[i])
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                     used > 0 ? ", " : "", cfg_keys[i].name);
    if (used > 0)
        diagnostics_note(diagnostics,
                         "config.json does not say these, and their defaults are taken: %s", names);
}

static bool import_root(const json_t *root, struct diagnostics *diagnostics, struct cfg *cfg,
                        struct import_left *left)
{
    struct import_source s = {
        .object = root, .prefix = "", .diagnostics = diagnostics, .cfg = cfg, .left = left};
    bool good = false;
    if (!json_is_object(root))
        diagnostics_error(diagnostics, 0, "found %s, expected an object", import_kind(root));
    else if (json_object_get(root, "model_type") != NULL)
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
    if (root == NULL)
        diagnostics_error(diagnostics, error->line, "%s%s", error->line > 0 ? "not JSON: " : "",
                          error->text);
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
    for (uint32_t i = 0; i < cfg_key_count; i++)
        if (cfg_has(cfg, &cfg_keys[i]) && strlen(cfg_keys[i].name) > width)
            width = strlen(cfg_keys[i].name);
    return (int)width;
}

static void print_section(const struct cfg *cfg, const struct import_left *left,
                          const char *section, FILE *to)
{
    const int width = name_width(cfg);
    fprintf(to, "[%s]\n", section);
    for (uint32_t i = 0; i < cfg_key_count; i++) {
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
    for (uint32_t i = 0; i < cfg_key_count; i++)
        defaults = defaults || left->by_default[i];
    if (defaults)
        fputs("# (by default): config.json does not say it, its library's default is taken\n", to);
    print_section(cfg, left, "model", to);
    fputc('\n', to);
    print_section(cfg, left, "build", to);
}
