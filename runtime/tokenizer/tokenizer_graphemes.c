/* Where the characters of a reader end: extended grapheme clusters (Unicode Standard Annex 29), as
 * Hugging Face `tokenizers` 0.23 finds them, by Unicode 17. */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <utf8proc.h>

enum { IS_EXTEND = 0x300, IS_SPACING = 0x903, IS_PREPEND = 0x600, IS_OTHER = 'a' };

/* Characters that utf8proc's Unicode 15 puts into another class, or does not know, and one of the
 * right class. */
static const struct {
    uint32_t first, last, like;
} changed[] = {
    {0x897, 0x897, IS_EXTEND},      {0xCC0, 0xCC0, IS_EXTEND},      {0xCC7, 0xCC8, IS_EXTEND},
    {0xCCA, 0xCCB, IS_EXTEND},      {0x1715, 0x1715, IS_EXTEND},    {0x1734, 0x1734, IS_EXTEND},
    {0x1ACF, 0x1ADD, IS_EXTEND},    {0x1AE0, 0x1AEB, IS_EXTEND},    {0x1B3B, 0x1B3B, IS_EXTEND},
    {0x1B3D, 0x1B3D, IS_EXTEND},    {0x1B43, 0x1B44, IS_EXTEND},    {0x1BAA, 0x1BAA, IS_EXTEND},
    {0x1BF2, 0x1BF3, IS_EXTEND},    {0xA953, 0xA953, IS_EXTEND},    {0xA9C0, 0xA9C0, IS_EXTEND},
    {0x10D69, 0x10D6D, IS_EXTEND},  {0x10EFA, 0x10EFC, IS_EXTEND},  {0x111C0, 0x111C0, IS_EXTEND},
    {0x11235, 0x11235, IS_EXTEND},  {0x1134D, 0x1134D, IS_EXTEND},  {0x113B8, 0x113B8, IS_EXTEND},
    {0x113B9, 0x113BA, IS_SPACING}, {0x113BB, 0x113C0, IS_EXTEND},  {0x113C2, 0x113C2, IS_EXTEND},
    {0x113C5, 0x113C5, IS_EXTEND},  {0x113C7, 0x113C9, IS_EXTEND},  {0x113CA, 0x113CA, IS_SPACING},
    {0x113CC, 0x113CD, IS_SPACING}, {0x113CE, 0x113D0, IS_EXTEND},  {0x113D1, 0x113D1, IS_PREPEND},
    {0x113D2, 0x113D2, IS_EXTEND},  {0x113E1, 0x113E2, IS_EXTEND},  {0x116B6, 0x116B6, IS_EXTEND},
    {0x1171E, 0x1171E, IS_SPACING}, {0x1193D, 0x1193D, IS_EXTEND},  {0x11A3A, 0x11A3A, IS_OTHER},
    {0x11B60, 0x11B60, IS_EXTEND},  {0x11B61, 0x11B61, IS_SPACING}, {0x11B62, 0x11B64, IS_EXTEND},
    {0x11B65, 0x11B65, IS_SPACING}, {0x11B66, 0x11B66, IS_EXTEND},  {0x11B67, 0x11B67, IS_SPACING},
    {0x11F41, 0x11F41, IS_EXTEND},  {0x11F5A, 0x11F5A, IS_EXTEND},  {0x1611E, 0x16129, IS_EXTEND},
    {0x1612A, 0x1612C, IS_SPACING}, {0x1612D, 0x1612F, IS_EXTEND},  {0x16FF0, 0x16FF1, IS_EXTEND},
    {0x1D166, 0x1D166, IS_EXTEND},  {0x1D16D, 0x1D16D, IS_EXTEND},  {0x1E5EE, 0x1E5EF, IS_EXTEND},
    {0x1E6E3, 0x1E6E3, IS_EXTEND},  {0x1E6E6, 0x1E6E6, IS_EXTEND},  {0x1E6EE, 0x1E6EF, IS_EXTEND},
    {0x1E6F5, 0x1E6F5, IS_EXTEND},
};

/* What joins in Indic conjuncts (rule GB9c): consonants, and the marks that link them. */
static const struct code_range consonants[] = {
    {0x915, 0x939},     {0x958, 0x95F},     {0x978, 0x97F},     {0x995, 0x9A8},
    {0x9AA, 0x9B0},     {0x9B2, 0x9B2},     {0x9B6, 0x9B9},     {0x9DC, 0x9DD},
    {0x9DF, 0x9DF},     {0x9F0, 0x9F1},     {0xA95, 0xAA8},     {0xAAA, 0xAB0},
    {0xAB2, 0xAB3},     {0xAB5, 0xAB9},     {0xAF9, 0xAF9},     {0xB15, 0xB28},
    {0xB2A, 0xB30},     {0xB32, 0xB33},     {0xB35, 0xB39},     {0xB5C, 0xB5D},
    {0xB5F, 0xB5F},     {0xB71, 0xB71},     {0xC15, 0xC28},     {0xC2A, 0xC39},
    {0xC58, 0xC5A},     {0xD15, 0xD3A},     {0x1000, 0x102A},   {0x103F, 0x103F},
    {0x1050, 0x1055},   {0x105A, 0x105D},   {0x1061, 0x1061},   {0x1065, 0x1066},
    {0x106E, 0x1070},   {0x1075, 0x1081},   {0x108E, 0x108E},   {0x1780, 0x17B3},
    {0x1A20, 0x1A54},   {0x1B0B, 0x1B0C},   {0x1B13, 0x1B33},   {0x1B45, 0x1B4C},
    {0x1B83, 0x1BA0},   {0x1BAE, 0x1BAF},   {0x1BBB, 0x1BBD},   {0xA989, 0xA98B},
    {0xA98F, 0xA9B2},   {0xA9E0, 0xA9E4},   {0xA9E7, 0xA9EF},   {0xA9FA, 0xA9FE},
    {0xAA60, 0xAA6F},   {0xAA71, 0xAA73},   {0xAA7A, 0xAA7A},   {0xAA7E, 0xAA7F},
    {0xAAE0, 0xAAEA},   {0xABC0, 0xABDA},   {0x10A00, 0x10A00}, {0x10A10, 0x10A13},
    {0x10A15, 0x10A17}, {0x10A19, 0x10A35}, {0x11103, 0x11126}, {0x11144, 0x11144},
    {0x11147, 0x11147}, {0x11380, 0x11389}, {0x1138B, 0x1138B}, {0x1138E, 0x1138E},
    {0x11390, 0x113B5}, {0x11900, 0x11906}, {0x11909, 0x11909}, {0x1190C, 0x11913},
    {0x11915, 0x11916}, {0x11918, 0x1192F}, {0x11A00, 0x11A00}, {0x11A0B, 0x11A32},
    {0x11A50, 0x11A50}, {0x11A5C, 0x11A83}, {0x11F04, 0x11F10}, {0x11F12, 0x11F33},
};
static const struct code_range linkers[] = {
    {0x94D, 0x94D},     {0x9CD, 0x9CD},     {0xACD, 0xACD},     {0xB4D, 0xB4D},
    {0xC4D, 0xC4D},     {0xD4D, 0xD4D},     {0x1039, 0x1039},   {0x17D2, 0x17D2},
    {0x1A60, 0x1A60},   {0x1B44, 0x1B44},   {0x1BAB, 0x1BAB},   {0xA9C0, 0xA9C0},
    {0xAAF6, 0xAAF6},   {0x10A3F, 0x10A3F}, {0x11133, 0x11133}, {0x113D0, 0x113D0},
    {0x1193E, 0x1193E}, {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11F42, 0x11F42},
};

#define IN(code, ranges) code_in_ranges(code, ranges, sizeof(ranges) / sizeof(ranges)[0])

/* A character of the same class that utf8proc knows. */
static int32_t known(uint32_t code)
{
    for (size_t i = 0; i < sizeof changed / sizeof changed[0] && code >= changed[i].first; i++) {
        if (code <= changed[i].last)
            return (int32_t)changed[i].like;
    }
    return (int32_t)code;
}

/* Moves the state of a conjunct over a character. */
static enum conjunct conjunct_behind(enum conjunct before, uint32_t code, int32_t like)
{
    if (code < linkers[0].first && code < 0x300)
        return CONJUNCT_NONE;
    if (IN(code, consonants))
        return CONJUNCT_STARTED;
    if (before == CONJUNCT_NONE || IN(code, linkers))
        return before == CONJUNCT_NONE ? CONJUNCT_NONE : CONJUNCT_LINKED;
    const int class = (int)utf8proc_get_property(like)->boundclass;
    const bool extends =
        code != 0x200C && (class == UTF8PROC_BOUNDCLASS_EXTEND || class == UTF8PROC_BOUNDCLASS_ZWJ);
    return extends ? before : CONJUNCT_NONE;
}

void grapheme_begin(struct grapheme *grapheme, uint32_t code)
{
    const int32_t like = known(code);
    *grapheme = (struct grapheme){
        .last = like, .state = 0, .conjunct = conjunct_behind(CONJUNCT_NONE, code, like)};
}

bool grapheme_ends(struct grapheme *grapheme, uint32_t code)
{
    const int32_t like = known(code);
    const bool ends = utf8proc_grapheme_break_stateful(grapheme->last, like, &grapheme->state);
    const bool linked = grapheme->conjunct == CONJUNCT_LINKED && IN(code, consonants);
    grapheme->last = like;
    grapheme->conjunct = conjunct_behind(grapheme->conjunct, code, like);
    return ends && !linked;
}
