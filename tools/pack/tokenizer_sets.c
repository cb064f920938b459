/* Sets of characters, written as members of a class of PCRE2.
 *
 * The sets are those of Hugging Face `tokenizers` 0.23, whatever version of Unicode PCRE2 has: each
 * is PCRE2's, which knows Unicode 14 at least, and the characters of Unicode 16 that came later.
 * White space is spelled out, since PCRE2 counts U+180E. ASCII comes first for speed. */
#include <string.h>

#include "tools/pack/tokenizer_sets.h"

#define OTHER_SPACE                                                                                \
    "\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define SPACE "\\x{9}-\\x{d}\\x{20}" OTHER_SPACE

/* General categories: what Unicode 15 to 16 added. */
#define NEW_LU "\\x{1c89}\\x{a7cb}-\\x{a7cc}\\x{a7da}\\x{a7dc}\\x{10d50}-\\x{10d65}"
#define NEW_LL "\\x{1c8a}\\x{a7cd}\\x{a7db}\\x{10d70}-\\x{10d85}\\x{1df25}-\\x{1df2a}"
#define NEW_LM                                                                                     \
    "\\x{10d4e}\\x{10d6f}\\x{16d40}-\\x{16d42}\\x{16d6b}-\\x{16d6c}\\x{1e030}-\\x{1e06d}"          \
    "\\x{1e4eb}"
#define NEW_LO                                                                                     \
    "\\x{105c0}-\\x{105f3}\\x{10d4a}-\\x{10d4d}\\x{10d4f}\\x{10ec2}-\\x{10ec4}"                    \
    "\\x{1123f}-\\x{11240}\\x{11380}-\\x{11389}\\x{1138b}\\x{1138e}\\x{11390}-\\x{113b5}"          \
    "\\x{113b7}\\x{113d1}\\x{113d3}\\x{11bc0}-\\x{11be0}\\x{11f02}\\x{11f04}-\\x{11f10}"           \
    "\\x{11f12}-\\x{11f33}\\x{1342f}\\x{13441}-\\x{13446}\\x{13460}-\\x{143fa}"                    \
    "\\x{16100}-\\x{1611d}\\x{16d43}-\\x{16d6a}\\x{18cff}\\x{1b132}\\x{1b155}"                     \
    "\\x{1e4d0}-\\x{1e4ea}\\x{1e5d0}-\\x{1e5ed}\\x{1e5f0}\\x{2b739}\\x{2ebf0}-\\x{2ee5d}"          \
    "\\x{31350}-\\x{323af}"
#define NEW_MN                                                                                     \
    "\\x{897}\\x{ece}\\x{10d69}-\\x{10d6d}\\x{10efc}-\\x{10eff}\\x{11241}"                         \
    "\\x{113bb}-\\x{113c0}\\x{113ce}\\x{113d0}\\x{113d2}\\x{113e1}-\\x{113e2}"                     \
    "\\x{11f00}-\\x{11f01}\\x{11f36}-\\x{11f3a}\\x{11f40}\\x{11f42}\\x{11f5a}\\x{13440}"           \
    "\\x{13447}-\\x{13455}\\x{1611e}-\\x{16129}\\x{1612d}-\\x{1612f}\\x{1e08f}"                    \
    "\\x{1e4ec}-\\x{1e4ef}\\x{1e5ee}-\\x{1e5ef}"
#define NEW_MC                                                                                     \
    "\\x{cf3}\\x{113b8}-\\x{113ba}\\x{113c2}\\x{113c5}\\x{113c7}-\\x{113ca}"                       \
    "\\x{113cc}-\\x{113cd}\\x{113cf}\\x{1171e}\\x{11f03}\\x{11f34}-\\x{11f35}"                     \
    "\\x{11f3e}-\\x{11f3f}\\x{11f41}\\x{1612a}-\\x{1612c}"
#define NEW_ND                                                                                     \
    "\\x{10d40}-\\x{10d49}\\x{116d0}-\\x{116e3}\\x{11bf0}-\\x{11bf9}\\x{11f50}-\\x{11f59}"         \
    "\\x{16130}-\\x{16139}\\x{16d70}-\\x{16d79}\\x{1ccf0}-\\x{1ccf9}\\x{1e4f0}-\\x{1e4f9}"         \
    "\\x{1e5f1}-\\x{1e5fa}"
#define NEW_NO "\\x{1d2c0}-\\x{1d2d3}"
#define NEW_PD "\\x{10d6e}"
#define NEW_PO                                                                                     \
    "\\x{1b4e}-\\x{1b4f}\\x{1b7f}\\x{113d4}-\\x{113d5}\\x{113d7}-\\x{113d8}"                       \
    "\\x{11b00}-\\x{11b09}\\x{11be1}\\x{11f43}-\\x{11f4f}\\x{16d6d}-\\x{16d6f}\\x{1e5ff}"
#define NEW_SM "\\x{10d8e}-\\x{10d8f}"
#define NEW_SO                                                                                     \
    "\\x{2427}-\\x{2429}\\x{2ffc}-\\x{2fff}\\x{31e4}-\\x{31e5}\\x{31ef}\\x{1cc00}-\\x{1ccef}"      \
    "\\x{1cd00}-\\x{1ceb3}\\x{1f6dc}\\x{1f774}-\\x{1f776}\\x{1f77b}-\\x{1f77f}\\x{1f7d9}"          \
    "\\x{1f8b2}-\\x{1f8bb}\\x{1f8c0}-\\x{1f8c1}\\x{1fa75}-\\x{1fa77}\\x{1fa87}-\\x{1fa89}"         \
    "\\x{1fa8f}\\x{1faad}-\\x{1faaf}\\x{1fabb}-\\x{1fabf}\\x{1fac6}\\x{1face}-\\x{1facf}"          \
    "\\x{1fada}-\\x{1fadc}\\x{1fadf}\\x{1fae8}-\\x{1fae9}\\x{1faf7}-\\x{1faf8}"                    \
    "\\x{1fbcb}-\\x{1fbef}"
#define NEW_CF "\\x{13439}-\\x{1343f}"

#define NEW_LETTERS NEW_LU NEW_LL NEW_LM NEW_LO
#define LETTER      "a-zA-Z\\p{L}" NEW_LETTERS
#define NUMBER      "0-9\\p{N}" NEW_ND NEW_NO
#define MARK        "\\p{M}" NEW_MN NEW_MC
#define PUNCTUATION "\\p{P}" NEW_PD NEW_PO
#define SYMBOL      "\\p{S}" NEW_SM NEW_SO
/* Alphabetic by property, symbols by category: letters in circles and squares. */
#define CIRCLED "\\x{24b6}-\\x{24e9}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}"
/* The script, without what others share; PCRE2 means another set by \p{Han} from 10.40 on. */
#define HAN                                                                                        \
    "\\x{2e80}-\\x{2e99}\\x{2e9b}-\\x{2ef3}\\x{2f00}-\\x{2fd5}\\x{3005}\\x{3007}"                  \
    "\\x{3021}-\\x{3029}\\x{3038}-\\x{303b}\\x{3400}-\\x{4dbf}\\x{4e00}-\\x{9fff}"                 \
    "\\x{f900}-\\x{fa6d}\\x{fa70}-\\x{fad9}\\x{16fe2}-\\x{16fe3}\\x{16ff0}-\\x{16ff1}"             \
    "\\x{20000}-\\x{2a6df}\\x{2a700}-\\x{2b739}\\x{2b740}-\\x{2b81d}\\x{2b820}-\\x{2cea1}"         \
    "\\x{2ceb0}-\\x{2ebe0}\\x{2ebf0}-\\x{2ee5d}\\x{2f800}-\\x{2fa1d}\\x{30000}-\\x{3134a}"         \
    "\\x{31350}-\\x{323af}"
#define WORD LETTER "0-9\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}" NEW_MN NEW_MC NEW_ND CIRCLED
#define NOT_SPACE                                                                                  \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{"     \
    "1fff}"                                                                                        \
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{"   \
    "10ffff}"

static const struct {
    const char *name;
    const char *members;
} sets[] = {
    {"\\s", SPACE},
    {"\\d", "0-9\\p{Nd}" NEW_ND},
    {"\\w", WORD "\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}"}, /* as Oniguruma has it */
    {"\\p{L}", LETTER},
    {"\\p{N}", NUMBER},
    {"\\p{M}", MARK},
    {"\\p{P}", PUNCTUATION},
    {"\\p{Punct}", PUNCTUATION},
    {"\\p{S}", SYMBOL},
    {"\\p{Z}", "\\x{20}"
               "\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"},
    {"\\p{Lu}", "\\p{Lu}" NEW_LU},
    {"\\p{Ll}", "\\p{Ll}" NEW_LL},
    {"\\p{Lt}", "\\p{Lt}"},
    {"\\p{Lm}", "\\p{Lm}" NEW_LM},
    {"\\p{Lo}", "\\p{Lo}" NEW_LO},
    {"\\p{Mn}", "\\p{Mn}" NEW_MN},
    {"\\p{Mc}", "\\p{Mc}" NEW_MC},
    {"\\p{Me}", "\\p{Me}"},
    {"\\p{Nd}", "0-9\\p{Nd}" NEW_ND},
    {"\\p{Nl}", "\\p{Nl}"},
    {"\\p{No}", "\\p{No}" NEW_NO},
    {"\\p{Pc}", "\\p{Pc}"},
    {"\\p{Pd}", "\\p{Pd}" NEW_PD},
    {"\\p{Ps}", "\\p{Ps}"},
    {"\\p{Pe}", "\\p{Pe}"},
    {"\\p{Pi}", "\\p{Pi}"},
    {"\\p{Pf}", "\\p{Pf}"},
    {"\\p{Po}", "\\p{Po}" NEW_PO},
    {"\\p{Sm}", "\\p{Sm}" NEW_SM},
    {"\\p{Sc}", "\\p{Sc}"},
    {"\\p{Sk}", "\\p{Sk}"},
    {"\\p{So}", "\\p{So}" NEW_SO},
    {"\\p{Cc}", "\\p{Cc}"},
    {"\\p{Cf}", "\\p{Cf}" NEW_CF},
    {"\\p{Han}", HAN},
    {"\\S", NOT_SPACE},
};

/* The same where each ' ' has become the mark U+2581, a symbol that is still written ' '. */
static const struct {
    const char *name;
    const char *members;
} marked[] = {
    {"\\s", "\\x{9}-\\x{d}" OTHER_SPACE},
    {"\\S", NOT_SPACE "\\x{20}"},
    {"\\p{S}", "\\x{20}" SYMBOL},
    {"\\p{So}", "\\x{20}\\p{So}" NEW_SO},
    {"\\p{Z}", "\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"},
};

/* The name of the set whose complement text[bytes] starts with, "\\P{L}" or "\\p{^L}" for "\\p{L}",
 * to name[room], and its own length; 0: none. */
static size_t find_negated(const char *text, size_t bytes, char *name, size_t room)
{
    const bool big = bytes > 1 && text[0] == '\\' && strchr("PDW", text[1]) != NULL;
    const bool caret = bytes > 4 && memcmp(text, "\\p{^", 4) == 0;
    if (!big && !caret)
        return 0;
    const char *end = text[1] == 'P' || caret ? memchr(text, '}', bytes) : text + 1;
    const size_t length = end != NULL ? (size_t)(end - text) + 1 : 0;
    if (length == 0 || length >= room)
        return 0;
    memcpy(name, text, length);
    name[1] = (char)(text[1] | 0x20);
    name[length] = '\0';
    if (caret)
        memmove(name + 3, name + 4, length - 3);
    return length;
}

static const char *find_set(const char *text, size_t bytes, bool marks, size_t *length)
{
    for (size_t i = 0; i < sizeof marked / sizeof marked[0] && marks; i++) {
        *length = strlen(marked[i].name);
        if (*length <= bytes && memcmp(marked[i].name, text, *length) == 0)
            return marked[i].members;
    }
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        *length = strlen(sets[i].name);
        if (*length <= bytes && memcmp(sets[i].name, text, *length) == 0)
            return sets[i].members;
    }
    *length = 0;
    return NULL;
}

const char *set_find(const char *text, size_t bytes, bool marks, size_t *length, bool *others)
{
    char name[16];
    const size_t negated = find_negated(text, bytes, name, sizeof name);
    *others = negated > 0;
    const char *members =
        find_set(*others ? name : text, *others ? strlen(name) : bytes, marks, length);
    if (members != NULL && *others)
        *length = negated;
    return members;
}

const char set_byte_level[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?[" LETTER "]+| ?[" NUMBER "]+| ?[^" SPACE LETTER NUMBER "]+|[" SPACE
    "]+(?![^" SPACE "])|[" SPACE "]+";
/* `Digits` follows Unicode 17. */
const char set_digit[] = "[" NUMBER "\\x{11de0}-\\x{11de9}\\x{16ff4}-\\x{16ff6}]";
const char set_digit_byte[] = "[0-9\\xB2\\xB3\\xB9\\xBC-\\xBE]";
/* `Punctuation` knows Unicode 7, and counts all of ASCII's. */
#define YOUNGER_MARKS                                                                              \
    "\\x{61d}\\x{9fd}\\x{a76}\\x{c77}\\x{c84}\\x{1b7d}-\\x{1b7e}\\x{2e43}-\\x{2e4f}"               \
    "\\x{2e52}-\\x{2e5d}\\x{10ead}\\x{10f55}-\\x{10f59}\\x{10f86}-\\x{10f89}"                      \
    "\\x{1144b}-\\x{1144f}\\x{1145a}-\\x{1145b}\\x{1145d}\\x{11660}-\\x{1166c}\\x{116b9}"          \
    "\\x{1183b}\\x{11944}-\\x{11946}\\x{119e2}\\x{11a3f}-\\x{11a46}\\x{11a9a}-\\x{11a9c}"          \
    "\\x{11a9e}-\\x{11aa2}\\x{11c41}-\\x{11c45}\\x{11c70}-\\x{11c71}\\x{11ef7}-\\x{11ef8}"         \
    "\\x{11fff}\\x{12ff1}-\\x{12ff2}\\x{16e97}-\\x{16e9a}\\x{16fe2}\\x{1e95e}-\\x{1e95f}"
const char set_punctuation[] =
    "(?![" YOUNGER_MARKS NEW_PD NEW_PO "])[!-/:-@\\[-`{-~\\p{P}\\x{166d}\\x{111c9}]";
const char set_punctuation_byte[] = "[!-/:-@\\[-`{-~\\xA1\\xA7\\xAB\\xB6\\xB7\\xBB\\xBF]";
const char set_space[] = "[" SPACE "]";
const char set_space_of_marks[] = "[\\x{9}-\\x{d}" OTHER_SPACE "]";
/* White space is left out, words and what is between them are kept. */
const char set_words[] = "[" WORD "\\x{200c}\\x{200d}]+|[^" WORD "\\x{200c}\\x{200d}" SPACE "]+";
const char set_spaced[] = "[ \\x{2581}][^ \\x{2581}]*|[^ \\x{2581}]+";
const char set_final_space[] = "[" SPACE "]+(?=\\n|\\z)|[" SPACE "]++(*SKIP)(*FAIL)";
