/* The config of one model: strict INI in, a checked struct cfg.
 *
 * [model] holds the architecture, under the names of Hugging Face's config.json; [build] holds the
 * static choices; [hub], which may be left out, says where the checkpoint is published.
 * gen/front/keys.def lists every key with its range. There are no defaults. */
#ifndef GEN_FRONT_CFG_H
#define GEN_FRONT_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/front/diagnostics.h"
#include "gen/front/phrase.h"
#include "kernels/formats.h"

enum {
    CFG_EOS_MOST = 8,          /* ids that end a text */
    CFG_NAME_MAX = 48,         /* bytes of a model's name, without the NUL */
    CFG_VALUE_MAX = 79,        /* bytes of a normalised value */
    CFG_PATH_MAX = 63,         /* bytes of a KEY_PATH */
    CFG_LINE_MAX = 160,        /* bytes of a line, its comment not counted */
    CFG_TEXT_MAX = 64 * 1024,  /* bytes of a config file */
    CFG_DIGEST_TEXT_MAX = 4096 /* bytes of the text under the config digest */
};

/* No token id. */
#define CFG_NO_ID UINT32_MAX

/* Token ids, ascending; none twice. */
struct token_ids {
    uint32_t count; /* 0 ..= CFG_EOS_MOST */
    uint32_t id[CFG_EOS_MOST];
};

/* Every field but `name` is a key of the file, spelled the same: a row of keys.def, whose kind says
 * its type. What the family does not have is 0; of a token id that is none, CFG_NO_ID. */
struct cfg {
    char name[CFG_NAME_MAX + 1]; /* the file's name without directory and ".ini" */
#define FIELD_COUNT(NAME)             uint32_t NAME;
#define FIELD_FLAG(NAME)              bool NAME;
#define FIELD_REAL(NAME)              double NAME;
#define FIELD_WORD(NAME)              char NAME[16];
#define FIELD_FORMAT(NAME)            enum format NAME;
#define FIELD_PATH(NAME)              char NAME[CFG_VALUE_MAX + 1];
#define FIELD_ID(NAME)                uint32_t NAME;
#define FIELD_IDS(NAME)               struct token_ids NAME;
#define KEY(SECTION, NAME, KIND, ...) FIELD_##KIND(NAME)
#include "gen/front/keys.def"
#undef KEY
};

/* The places of the keys in cfg_keys[]: KEY_hidden_size. */
enum {
#define KEY(SECTION, NAME, ...) KEY_##NAME,
#include "gen/front/keys.def"
#undef KEY
    KEYS
};

/* One row of keys.def. */
enum key_kind { KEY_COUNT, KEY_FLAG, KEY_REAL, KEY_WORD, KEY_FORMAT, KEY_PATH, KEY_ID, KEY_IDS };

struct key {
    const char *section; /* "model", "build" or "hub" */
    const char *name;
    enum key_kind kind;
    double least, most;    /* KEY_COUNT, KEY_REAL, KEY_ID, KEY_IDS; of a KEY_PATH: its parts */
    const char *words;     /* KEY_WORD, KEY_FORMAT: the allowed words, separated by one space */
    bool packed;           /* decides what a weight file holds: under the config digest */
    const char *families;  /* that have the key, as `words`; "": every one */
    size_t offset, size;   /* of the field in struct cfg */
    const char *dimension; /* its enumerator in model.h, or "" */
    const char *meaning;
};

extern const struct key cfg_keys[KEYS];

/* What names of models, and parts of a KEY_PATH, are made of. */
extern const char cfg_letters[];

/* Whether `words`, with one space between them, has the word. */
bool cfg_word(const char *words, const char *word);

/* The key of that name, or NULL. */
const struct key *cfg_key(const char *name);

/* Whether configs of this family have the key; of an unknown family: whether every one has. Of
 * [hub]: whether this config says where its checkpoint is published. */
bool cfg_has(const struct cfg *cfg, const struct key *key);

/* How many leading elements of a head are rotated: the whole part of partial_rotary_factor *
 * head_dim, or the whole head where the family has no such key; 0 of one without positions. */
uint32_t cfg_rotary_dim(const struct cfg *cfg);

/* The window of attention; 0 where there is none, or none smaller than the context. */
uint32_t cfg_window(const struct cfg *cfg);

/* The most positions of a text; 0 where any length goes: the state has a fixed size. */
uint32_t cfg_context(const struct cfg *cfg);

/* What the family's norms add to the mean square or the variance. */
double cfg_epsilon(const struct cfg *cfg);

/* The classes of matrices that have a type of their own, the last two in families with experts. */
enum weight_class {
    CLASS_EMBEDDING,
    CLASS_HEAD,
    CLASS_PROJECTION,
    CLASS_EXPERT,
    CLASS_ROUTER,
    CLASS_COUNT
};

/* The key of a class: "projection_type"; and its value. */
const struct key *cfg_class_key(enum weight_class c);
enum format cfg_class_type(const struct cfg *cfg, enum weight_class c);

/* Whether all matrices have one type, and which. */
bool cfg_one_type(const struct cfg *cfg, enum format *type);

/* How many experts a layer that has any has; 0: the family has none. */
uint32_t cfg_experts(const struct cfg *cfg);

/* Whether the family divides the probabilities of the chosen experts by their sum. */
bool cfg_renorm(const struct cfg *cfg);

/* Reads and checks the file at `path`. False: the reasons are in `diagnostics`. */
MUST_USE bool cfg_load(const char *path, struct diagnostics *diagnostics, struct cfg *cfg);

/* The same from memory: `text` has `size` bytes, no NUL needed; any bytes are safe. */
MUST_USE bool cfg_parse(const char *text, size_t size, const char *name,
                        struct diagnostics *diagnostics, struct cfg *cfg);

/* Sets `name` from a path. False if what is left is no name: letters, digits, '.', '_', '-'. */
MUST_USE bool cfg_name(const char *path, char name[CFG_NAME_MAX + 1]);

/* Checks `value` against the key and stores it. False: one error reported at `line`. */
MUST_USE bool cfg_set(struct cfg *cfg, const struct key *key, const char *value,
                      struct diagnostics *diagnostics, uint32_t line);

/* What the key takes, in words: "a whole number from 1 to 65536". */
struct phrase cfg_expected(const struct key *key);

/* The normalised text of one value: what `gen import` writes and `info` prints. */
struct phrase cfg_value(const struct cfg *cfg, const struct key *key);

/* The rules between keys, for instance that token ids lie inside the vocabulary. `line_of` has one
 * line number per key, or is NULL. */
MUST_USE bool cfg_check(const struct cfg *cfg, const uint32_t *line_of,
                        struct diagnostics *diagnostics);

/* XXH3-128 (low, high) over "key = value" lines of every key that decides what a weight file holds,
 * in the order of keys.def. */
void cfg_digest(const struct cfg *cfg, uint64_t digest[2]);

#endif
