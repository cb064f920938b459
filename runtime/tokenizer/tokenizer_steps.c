/* The steps of a normalizer one behind the other, each with a window of text that waits for it.
 *
 * What moves is whole characters, matches with what replaces them, or runs of a normal form, and
 * the last step that can move does so first; so what a full window cuts depends on the text alone.
 * That happens to white space and matches of more than TOKENIZER_WINDOW bytes. */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <string.h>
#include <utf8proc.h>

#include "runtime/base/utf8.h"

/* Combining marks that got to be so after Unicode 9: Hugging Face `tokenizers` 0.23 keeps them. The
 * ranges hold other characters too, none of them marks in either version. */
static const struct code_range newer_marks[] = {
    {0x7FD, 0x7FD},     {0x898, 0x8D3},     {0x9FE, 0x9FE},     {0xAFA, 0xAFF},
    {0xB55, 0xB55},     {0xC04, 0xC04},     {0xC3C, 0xC3C},     {0xCF3, 0xD00},
    {0xD3B, 0xD3C},     {0xD81, 0xD81},     {0xEBA, 0xEBA},     {0xECE, 0xECE},
    {0x1715, 0x1715},   {0x180F, 0x180F},   {0x1ABF, 0x1ACE},   {0x1CF7, 0x1CF7},
    {0x1DF6, 0x1DFA},   {0xA82C, 0xA82C},   {0xA8FF, 0xA8FF},   {0x10D24, 0x10F85},
    {0x11070, 0x11074}, {0x110C2, 0x110C2}, {0x11145, 0x11146}, {0x111C9, 0x111C9},
    {0x111CE, 0x111CF}, {0x11241, 0x11241}, {0x1133B, 0x1133B}, {0x1145E, 0x1145E},
    {0x1182C, 0x11A99}, {0x11D31, 0x13455}, {0x16F4F, 0x16F4F}, {0x16F7F, 0x16F87},
    {0x16FE4, 0x16FF1}, {0x1CF00, 0x1CF46}, {0x1E08F, 0x1E4EF}};

static bool is_mark(uint32_t code)
{
    if (code < 0x300)
        return false;
    if (code == 0x1CF2 || code == 0x1CF3) /* were marks then */
        return true;
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return (category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
            category == UTF8PROC_CATEGORY_ME) &&
           !code_in_ranges(code, newer_marks, sizeof newer_marks / sizeof newer_marks[0]);
}

/* BertNormalizer's accents are the nonspacing marks of Unicode 7, and one more: of later marks
 * those in newer_marks, and these. */
static const struct code_range newer_accents[] = {
    {0x8D4, 0x8E1},     {0x1885, 0x1886},   {0x1ACF, 0x1AEB},   {0x1DFB, 0x1DFB},
    {0xA8C5, 0xA8C5},   {0xA9BD, 0xA9BD},   {0x10EFA, 0x10EFF}, {0x1123E, 0x1123E},
    {0x113BB, 0x113E2}, {0x11438, 0x11446}, {0x11B60, 0x11C3F}, {0x11C92, 0x11CB6},
    {0x16121, 0x1612F}, {0x1E000, 0x1E02A}, {0x1E5EE, 0x1E6F5}, {0x1E944, 0x1E94A}};

static bool is_accent(uint32_t code)
{
    return code >= 0x300 &&
           (code == 0x1734 || utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_MN) &&
           !code_in_ranges(code, newer_marks, sizeof newer_marks / sizeof newer_marks[0]) &&
           !code_in_ranges(code, newer_accents, sizeof newer_accents / sizeof newer_accents[0]);
}

/* The blocks of ideographs that BertNormalizer knows. */
static bool is_chinese(uint32_t code)
{
    static const struct code_range blocks[] = {
        {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},  {0x20000, 0x2A6DF},
        {0x2A700, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};
    return code >= 0x3400 && code_in_ranges(code, blocks, sizeof blocks / sizeof blocks[0]);
}

/* Lower case that Unicode 16 and 17 have and utf8proc's 15 has not: a range and what its first
 * character becomes. */
static const struct {
    uint32_t first, last, lower;
} newer_case[] = {
    {0x1C89, 0x1C89, 0x1C8A},    {0xA7CB, 0xA7CB, 0x264},  {0xA7CC, 0xA7CC, 0xA7CD},
    {0xA7CE, 0xA7CE, 0xA7CF},    {0xA7D2, 0xA7D2, 0xA7D3}, {0xA7D4, 0xA7D4, 0xA7D5},
    {0xA7DA, 0xA7DA, 0xA7DB},    {0xA7DC, 0xA7DC, 0x19B},  {0x10D50, 0x10D65, 0x10D70},
    {0x16EA0, 0x16EB8, 0x16EBB},
};

/* The character in lower case, as UTF-8; returns its bytes. */
static uint64_t lower(uint32_t code, uint8_t out[8])
{
    if (code == 0x130) { /* the only one that becomes two */
        static const uint8_t dotted[3] = {'i', 0xCC, 0x87};
        memcpy(out, dotted, sizeof dotted);
        return sizeof dotted;
    }
    for (size_t i = 0; i < sizeof newer_case / sizeof newer_case[0]; i++) {
        if (code >= newer_case[i].first && code <= newer_case[i].last)
            return (uint64_t)utf8proc_encode_char(
                (utf8proc_int32_t)(newer_case[i].lower + code - newer_case[i].first), out);
    }
    return (uint64_t)utf8proc_encode_char(utf8proc_tolower((utf8proc_int32_t)code), out);
}

/* Where a step writes to. */
struct sink {
    uint8_t *out;
    uint64_t room;
    uint64_t moved;
    bool full; /* something did not fit */
};

/* Puts all of text[bytes] out, or nothing. */
static bool put(struct sink *sink, const uint8_t *text, uint64_t bytes)
{
    sink->full = bytes > sink->room - sink->moved;
    if (sink->full)
        return false;
    if (bytes > 0)
        memcpy(sink->out + sink->moved, text, bytes);
    sink->moved += bytes;
    return true;
}

/* Moves whole characters of a step's text up to `to` on, as many as fit. False: not all did. */
static bool put_text(struct step *step, uint64_t to, struct sink *sink)
{
    const uint64_t room = sink->room - sink->moved, plain = to - step->at;
    const uint64_t bytes =
        plain <= room ? plain : utf8_floor(step->bytes, step->at + room) - step->at;
    put(sink, step->bytes + step->at, bytes);
    step->at += bytes;
    sink->full = bytes < plain;
    return !sink->full;
}

/* Characters become others, or nothing. */
static void move_characters(struct step *step, struct sink *sink)
{
    while (step->at < step->filled) {
        uint32_t length, code = utf8_decode(step->bytes + step->at, &length);
        uint8_t made[8];
        uint64_t bytes = length;
        memcpy(made, step->bytes + step->at, length);
        if (step->kind == STEP_LOWER)
            bytes = lower(code, made);
        else if ((step->kind == STEP_MARKLESS && is_mark(code)) ||
                 (step->kind == STEP_UNACCENTED && is_accent(code)))
            bytes = 0;
        else if (step->kind == STEP_SPACED && is_chinese(code)) {
            made[0] = made[length + 1] = ' ';
            memcpy(made + 1, step->bytes + step->at, length);
            bytes = length + 2;
        } else if (step->kind == STEP_STRIP_START && !step->started)
            bytes = code_is_space(code) ? 0 : length;
        step->started = step->started || bytes > 0;
        if (!put(sink, made, bytes))
            return;
        step->at += length;
    }
}

/* White space waits for what is not. */
static void move_stripped(struct step *step, bool ended, bool forced, struct sink *sink)
{
    uint64_t to = step->filled;
    while (to > step->at && !forced) {
        uint32_t length;
        const uint64_t before = utf8_before(step->bytes, to);
        if (!code_is_space(utf8_decode(step->bytes + before, &length)))
            break;
        to = before;
    }
    if (put_text(step, to, sink) && ended)
        step->at = step->filled;
}

/* A cluster of so many bytes is not looked up as a whole. */
enum { LONG_CLUSTER = 6 };

/* Bytes of the grapheme cluster that a step's text starts with, LONG_CLUSTER if it has more, 0 if
 * more text is needed to know. */
static uint64_t cluster_bytes(const struct step *step, bool ended)
{
    const uint8_t *text = step->bytes + step->at;
    const uint64_t left = step->filled - step->at;
    struct grapheme cluster;
    uint32_t length;
    if (left > 1 && text[0] < 0x80 && text[1] < 0x80 && text[0] != '\r')
        return 1;
    grapheme_begin(&cluster, utf8_decode(text, &length));
    for (uint64_t bytes = length; bytes < LONG_CLUSTER; bytes += length) {
        if (bytes == left)
            return ended ? bytes : 0;
        if (grapheme_ends(&cluster, utf8_decode(text + bytes, &length)))
            return bytes;
    }
    return LONG_CLUSTER;
}

/* Clusters become others by the map; long ones, and those that stay, character by character. */
static void move_mapped(const struct tokenizer_tables *tables, struct step *step, bool ended,
                        struct sink *sink)
{
    while (step->at < step->filled) {
        const uint8_t *text = step->bytes + step->at, *made = text;
        uint32_t length, code = utf8_decode(text, &length);
        uint64_t bytes = length, made_bytes = length;
        struct grapheme cluster = step->cluster;
        bool inside = step->inside && !grapheme_ends(&cluster, code);
        if (!inside) {
            bytes = cluster_bytes(step, ended);
            if (bytes == 0)
                return;
            inside = bytes >= LONG_CLUSTER || !map_find(tables, text, bytes, &made, &made_bytes);
            inside = inside && bytes > length;
            if (inside)
                grapheme_begin(&cluster, code);
        }
        if (inside) {
            bytes = length;
            map_find(tables, text, length, &made, &made_bytes);
        }
        if (!put(sink, made, made_bytes))
            return;
        step->at += bytes;
        step->inside = inside;
        step->cluster = cluster;
    }
}

static bool move_replaced(struct tokenizer *tokenizer, struct step *step, bool ended,
                          struct sink *sink, char message[TOKENIZER_MESSAGE])
{
    struct match match = {.found = true};
    while (match.found && step->at < step->filled) {
        const uint64_t at = step->at;
        if (!pattern_search(&tokenizer->pattern, step->code, step->bytes + at,
                            at < LOOK_BACK ? at : LOOK_BACK, step->filled - at, 0, ended, &match,
                            message))
            return false;
        if (!put_text(step, at + match.start, sink))
            return true;
        if (match.found && !put(sink, step->content, step->content_bytes))
            return true;
        if (match.found)
            step->at = at + match.stop;
    }
    return true;
}

/* Moves what is final of a step's text. `ended`: nothing follows it. `forced`: something does, but
 * there is no room for it. */
static bool step_move(struct tokenizer *tokenizer, struct step *step, bool ended, bool forced,
                      struct sink *sink, char message[TOKENIZER_MESSAGE])
{
    const uint64_t waiting = step->filled - step->at;
    uint64_t moved = 0;
    sink->full = false;
    if (waiting == 0 || (waiting < step->retry && !ended))
        return true;
    switch (step->kind) {
    case STEP_FORM: /* several steps may be forms */
        tokenizer->normaliser.looked_at = step->looked_at;
        sink->full = compose(&tokenizer->normaliser, step->bytes, &step->at, step->filled,
                             step->filled, ended, sink->out, sink->room, &moved) == COMPOSE_FULL;
        sink->moved += moved;
        step->looked_at = tokenizer->normaliser.looked_at;
        break;
    case STEP_MAP:
        move_mapped(&tokenizer->tables, step, ended, sink);
        break;
    case STEP_STRIP_END:
        move_stripped(step, ended, forced, sink);
        break;
    case STEP_REPLACE:
        if (!move_replaced(tokenizer, step, ended || forced, sink, message))
            return false;
        break;
    default:
        move_characters(step, sink);
    }
    const uint64_t left = step->filled - step->at;
    step->retry = left < waiting || sink->full ? 0 : left + left / 8;
    return true;
}

/* Room for more text behind a step's, which may move to the front. */
static struct sink step_room(struct step *step)
{
    const uint64_t waiting = step->filled - step->at;
    if (step->at > LOOK_BACK && sizeof step->bytes - step->filled < TOKENIZER_WINDOW) {
        memmove(step->bytes, step->bytes + step->at - LOOK_BACK, LOOK_BACK + waiting);
        step->at = LOOK_BACK;
        step->filled = LOOK_BACK + waiting;
    }
    return (struct sink){step->bytes + step->filled, TOKENIZER_WINDOW - waiting, 0, false};
}

/* Fills the first step with decided raw text. */
static struct sink fill(struct tokenizer *tokenizer)
{
    struct cutter *cut = &tokenizer->raw_cut;
    struct sink sink = step_room(&tokenizer->steps[0]);
    const uint64_t plain = cut->limit - cut->from;
    const uint8_t *raw = tokenizer->raw.bytes;
    const uint64_t bytes =
        plain <= sink.room ? plain : utf8_floor(raw, cut->from + sink.room) - cut->from;
    put(&sink, raw + cut->from, bytes);
    cut->from += bytes;
    tokenizer->steps[0].filled += bytes;
    sink.full = bytes < plain;
    return sink;
}

/* True when no text waits before step number `index`. */
static bool is_last(const struct tokenizer *tokenizer, uint32_t index, bool ended)
{
    for (uint32_t i = 0; i < index && ended; i++)
        ended = tokenizer->steps[i].at == tokenizer->steps[i].filled;
    return ended && tokenizer->raw_cut.from == tokenizer->raw_cut.limit;
}

/* Moves text out of step number `index` into the next one, or to *last. *status: COMPOSED when some
 * moved. */
static bool try_step(struct tokenizer *tokenizer, uint32_t index, bool ended, bool forced,
                     struct sink *last, enum compose_status *status,
                     char message[TOKENIZER_MESSAGE])
{
    const bool is_end = index + 1 == tokenizer->tables.header->steps;
    struct step *step = &tokenizer->steps[index];
    struct sink room, *sink = last;
    const uint64_t waiting = step->filled - step->at;
    if (!is_end) {
        room = step_room(step + 1);
        sink = &room;
    }
    if (!step_move(tokenizer, step, is_last(tokenizer, index, ended), forced, sink, message))
        return false;
    if (!is_end)
        step[1].filled += sink->moved;
    const bool some = step->filled - step->at < waiting || sink->moved > 0;
    *status = some ? COMPOSED : sink->full ? COMPOSE_FULL : COMPOSE_WAITS;
    return true;
}

bool steps_move(struct tokenizer *tokenizer, bool ended, uint8_t *out, uint64_t room,
                uint64_t *moved, enum compose_status *status, char message[TOKENIZER_MESSAGE])
{
    const uint32_t count = tokenizer->tables.header->steps;
    enum compose_status of[TOKENIZER_MAX_STEPS] = {COMPOSE_WAITS};
    struct sink last = {out, room, 0, false};
    *status = COMPOSED;
    for (uint32_t i = count; i-- > 0;) {
        if (!try_step(tokenizer, i, ended, false, &last, &of[i], message))
            return false;
        *moved = last.moved;
        if (of[i] == COMPOSED)
            return true;
    }
    const struct sink first = fill(tokenizer);
    if (first.moved > 0)
        return true;
    bool full = first.full;
    for (uint32_t i = 0; i < count; i++) {
        for (int forced = 0; forced < 2 && full && of[i] == COMPOSE_WAITS; forced++) {
            tokenizer->steps[i].retry = 0;
            if (!try_step(tokenizer, i, ended, forced == 1, &last, status, message))
                return false;
            *moved = last.moved;
            if (*status == COMPOSED)
                return true;
        }
        full = of[i] == COMPOSE_FULL;
    }
    *status = of[count - 1];
    return true;
}

bool steps_empty(const struct tokenizer *tokenizer)
{
    for (uint32_t i = 0; i < tokenizer->tables.header->steps; i++) {
        if (tokenizer->steps[i].at != tokenizer->steps[i].filled)
            return false;
    }
    return true;
}

void steps_begin(struct tokenizer *tokenizer)
{
    for (uint32_t i = 0; i < tokenizer->tables.header->steps; i++) {
        struct step *step = &tokenizer->steps[i];
        step->at = step->filled = step->retry = step->looked_at = 0;
        step->started = step->inside = false;
    }
}

bool steps_open(struct tokenizer *tokenizer, char message[TOKENIZER_MESSAGE])
{
    const uint8_t *text = tokenizer->tables.steps;
    for (uint32_t i = 0; i < tokenizer->tables.header->steps; i++)
        tokenizer->steps[i].code = NULL;
    for (uint32_t i = 0; i < tokenizer->tables.header->steps; i++) {
        struct step *step = &tokenizer->steps[i];
        const uint64_t bytes = strlen((const char *)text + 1);
        step->kind = (enum step_kind)(text[0] - '0'); /* checked with the tables */
        step->content = text + 1 + bytes + 1;
        step->content_bytes = strlen((const char *)step->content);
        if (step->kind == STEP_REPLACE) {
            step->code = pattern_compile(&tokenizer->pattern, text + 1, bytes, message);
            if (step->code == NULL) {
                steps_close(tokenizer);
                return false;
            }
        }
        text = step->content + step->content_bytes + 1;
    }
    return true;
}

void steps_close(struct tokenizer *tokenizer)
{
    for (uint32_t i = 0; i < tokenizer->tables.header->steps; i++) {
        pcre2_code_free(tokenizer->steps[i].code);
        tokenizer->steps[i].code = NULL;
    }
}
