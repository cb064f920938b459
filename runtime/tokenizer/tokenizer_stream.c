/* The stream from text to ids: moves text through the stages as far as it is final.
 *
 * Each step of `advance` tries the stages from the last to the first, so a stage works only when
 * those behind it can do no more. That order, and windows that count as full only at an exact size,
 * make every cut depend on the text alone and not on how the input came. */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/utf8.h"

static void window_begin(struct text_window *window)
{
    window->begin = window->valid = window->filled = 1;
    window->bytes[0] = 0;
}

/* Moves the text to the front when a whole window more would not fit behind it. */
static void window_settle(struct text_window *window, struct cutter *cutter)
{
    if (WINDOW_CAPACITY - window->filled >= TOKENIZER_WINDOW || window->begin <= 1 + LOOK_BACK)
        return;
    uint64_t distance = window->begin - (1 + LOOK_BACK);
    memmove(window->bytes, window->bytes + distance, window->filled - distance);
    window->begin -= distance;
    window->valid -= distance;
    window->filled -= distance;
    cut_shift(cutter, distance);
}

void tokenizer_begin(struct tokenizer *tokenizer, bool add_special)
{
    const struct tokenizer_tables *tables = &tokenizer->tables;
    window_begin(&tokenizer->raw);
    window_begin(&tokenizer->clean);
    cut_begin(&tokenizer->raw_cut, 1);
    cut_begin(&tokenizer->clean_cut, 1);
    merge_none(&tokenizer->merger, tables->template, add_special ? tables->header->ids_before : 0);
    tokenizer->merger.after_unknown = false;
    rewrite_begin(tokenizer, true);
    steps_begin(tokenizer);
    pattern_begin(&tokenizer->pattern, false);
    tokenizer->normaliser.looked_at = 0;
    tokenizer->fed = 0;
    tokenizer->retry = 0;
    tokenizer->finished = false;
    tokenizer->segment_starts = tokenizer->text_starts = tokenizer->raw_starts = true;
    tokenizer->prefixed = false;
    tokenizer->ids_follow = add_special;
}

/* "... at byte 17: found C3 28" for the fault that starts at the window's valid end. */
static void report_invalid(const struct tokenizer *tokenizer, uint32_t bad_bytes, const char *what,
                           char message[TOKENIZER_MESSAGE])
{
    const struct text_window *raw = &tokenizer->raw;
    char found[4 * 3 + 1] = "";
    for (uint32_t i = 0; i < bad_bytes && i < 4; i++)
        snprintf(found + (size_t)3 * i, 4, " %02X", raw->bytes[raw->valid + i]);
    snprintf(message, TOKENIZER_MESSAGE, "%s at byte %" PRIu64 ": found%s, expected valid UTF-8",
             what, tokenizer->fed - (raw->filled - raw->valid), found);
}

bool tokenizer_feed(struct tokenizer *tokenizer, const void *text, uint64_t bytes, uint64_t *fed,
                    char message[TOKENIZER_MESSAGE])
{
    struct text_window *raw = &tokenizer->raw;
    raw->begin = cut_needs(&tokenizer->raw_cut);
    window_settle(raw, &tokenizer->raw_cut);
    uint64_t room = TOKENIZER_WINDOW - (raw->filled - raw->begin);
    *fed = bytes < room ? bytes : room;
    if (*fed > 0)
        memcpy(raw->bytes + raw->filled, text, *fed);
    raw->filled += *fed;
    tokenizer->fed += *fed;
    struct utf8_result result = utf8_check(raw->bytes + raw->valid, raw->filled - raw->valid);
    raw->valid += result.good;
    if (result.verdict != UTF8_INVALID)
        return true;
    report_invalid(tokenizer, result.bad_bytes, "the text is broken", message);
    tokenizer->fed -= raw->filled - raw->valid;
    raw->filled = raw->valid;
    return false;
}

bool tokenizer_finish(struct tokenizer *tokenizer, char message[TOKENIZER_MESSAGE])
{
    struct text_window *raw = &tokenizer->raw;
    tokenizer->finished = true;
    if (raw->filled == raw->valid)
        return true;
    report_invalid(tokenizer, (uint32_t)(raw->filled - raw->valid),
                   "the text ends inside a character", message);
    raw->filled = raw->valid;
    return false;
}

/* True when all plain text before the next raw added token, or the end, is in the clean window. */
static bool segment_ended(const struct tokenizer *tokenizer)
{
    const struct cutter *cut = &tokenizer->raw_cut;
    if (cut->from != cut->limit || !steps_empty(tokenizer))
        return false;
    return cut->found != TOKENIZER_NONE ||
           (tokenizer->finished && cut->limit == tokenizer->raw.valid);
}

/* Each mark in text[bytes] becomes ' ', in place; returns the bytes left. */
static uint64_t marks_to_spaces(uint8_t *text, uint64_t bytes)
{
    uint64_t made = 0;
    for (uint64_t at = 0; at < bytes;) {
        const uint64_t length = utf8_length(text[at]);
        if (length == SPACE_MARK_BYTES && memcmp(text + at, SPACE_MARK, SPACE_MARK_BYTES) == 0)
            text[made++] = ' ';
        else
            for (uint64_t i = 0; i < length; i++)
                text[made++] = text[at + i];
        at += length;
    }
    return made;
}

/* Copies as many whole characters of the decided raw text as fit to out[room]. */
static enum compose_status copy_text(struct tokenizer *tokenizer, uint8_t *out, uint64_t room,
                                     uint64_t *moved)
{
    struct cutter *cut = &tokenizer->raw_cut;
    const uint8_t *raw = tokenizer->raw.bytes;
    const uint64_t plain = cut->limit - cut->from;
    *moved = plain <= room ? plain : utf8_floor(raw, cut->from + room) - cut->from;
    memcpy(out, raw + cut->from, *moved);
    cut->from += *moved;
    return *moved > 0 ? COMPOSED : COMPOSE_FULL;
}

/* Moves decided raw text into the clean window, normalised: *status is COMPOSED when some moved.
 * False when PCRE2 gives up. */
static bool clean_text(struct tokenizer *tokenizer, enum compose_status *status,
                       char message[TOKENIZER_MESSAGE])
{
    struct text_window *clean = &tokenizer->clean;
    struct cutter *cut = &tokenizer->raw_cut;
    const struct text_window *raw = &tokenizer->raw;
    *status = COMPOSE_WAITS;
    if (cut->from == cut->limit && steps_empty(tokenizer))
        return true;
    clean->begin = cut_needs(&tokenizer->clean_cut);
    window_settle(clean, &tokenizer->clean_cut);
    /* A prefix does not count: it is there from the first look at the text on, whenever that was.
     */
    uint64_t room = TOKENIZER_WINDOW + tokenizer->prefixed - (clean->filled - clean->begin);
    const uint64_t start = cut->from;
    uint64_t moved = 0;
    const uint32_t flags = tokenizer->tables.header->flags;
    const bool prepend = tokenizer->raw_starts && (flags & TOKENIZER_PREPEND) &&
                         !(flags & TOKENIZER_SQUEEZE) && room > 0;
    const bool ended =
        cut->found != TOKENIZER_NONE || (tokenizer->finished && cut->limit == raw->valid);
    uint8_t *out = clean->bytes + clean->filled + prepend;
    room -= prepend;
    if (tokenizer->tables.header->steps > 0) {
        if (!steps_move(tokenizer, ended, out, room, &moved, status, message))
            return false;
    } else if (flags & TOKENIZER_NORMALISE) {
        *status = compose(&tokenizer->normaliser, raw->bytes, &cut->from, cut->limit, raw->valid,
                          ended, out, room, &moved);
    } else if ((flags & TOKENIZER_SQUEEZE) || tokenizer->tables.map_units > 0) {
        *status = rewrite(tokenizer, ended, out, room, &moved);
    } else {
        *status = copy_text(tokenizer, out, room, &moved);
    }
    /* of a map that leaves nothing SentencePiece keeps the ' ' before it, `tokenizers` does not */
    if (moved == 0 && (cut->from == start || tokenizer->tables.header->steps > 0))
        return true;
    if (flags & TOKENIZER_MARK)
        moved = marks_to_spaces(out, moved);
    if (prepend)
        out[-1] = ' ';
    tokenizer->raw_starts = false;
    clean->filled += moved + prepend;
    clean->valid = clean->filled;
    return true;
}

/* True when text[bytes], the start of a segment or piece, gets a ' ' before it. */
static bool wants_prefix(const struct tokenizer *tokenizer, const uint8_t *text, uint64_t bytes)
{
    const struct tokenizer_header *header = tokenizer->tables.header;
    const bool starts = header->prefix_level == 0
                            ? tokenizer->segment_starts
                            : pattern_starts(&tokenizer->pattern, header->prefix_level - 1);
    if (!(header->flags & TOKENIZER_PREFIX_SPACE) || !starts || text[0] == ' ' ||
        ((header->flags & TOKENIZER_PREFIX_FIRST) && !tokenizer->text_starts))
        return false;
    return !(header->flags & TOKENIZER_MARKED) || bytes < SPACE_MARK_BYTES ||
           memcmp(text, SPACE_MARK, SPACE_MARK_BYTES) != 0;
}

/* Puts the prefix before a piece that wants one. */
static void put_prefix(struct tokenizer *tokenizer, struct piece *piece)
{
    struct cutter *cut = &tokenizer->clean_cut;
    uint8_t *text = tokenizer->clean.bytes;
    if (piece->bytes == 0)
        return;
    if (wants_prefix(tokenizer, text + cut->from, piece->bytes)) {
        text[--cut->from] = ' ';
        piece->bytes++;
        tokenizer->prefixed = true;
        pattern_prefixed(&tokenizer->pattern, tokenizer->tables.header->prefix_level);
    }
    tokenizer->segment_starts = false;
}

/* What is merged by itself at the start of the plain text, which the segment ends with when
 * `ended`; 0 bytes when more text could change that. *last: a pre-token ends there. */
static bool find_piece(struct tokenizer *tokenizer, bool ended, struct piece *piece, bool *last,
                       char message[TOKENIZER_MESSAGE])
{
    struct cutter *cut = &tokenizer->clean_cut;
    const struct tokenizer_header *header = tokenizer->tables.header;
    struct pattern *pattern = &tokenizer->pattern;
    *piece = (struct piece){.bytes = cut->limit - cut->from, .whole = ended};
    if (!pattern_piece(pattern, 0, header->prefix_level, tokenizer->clean.bytes + cut->from, piece,
                       message))
        return false;
    if (!piece->dropped)
        put_prefix(tokenizer, piece);
    const uint8_t *text = tokenizer->clean.bytes + cut->from;
    if (!pattern_piece(pattern, header->prefix_level, TOKENIZER_MAX_PATTERNS, text, piece, message))
        return false;
    *last = piece->whole;
    if (piece->dropped)
        return true;
    const bool cuttable = (header->flags & TOKENIZER_CHARS) &&
                          !(header->flags & TOKENIZER_WHOLE_WORDS) && header->prefix_bytes == 0 &&
                          header->suffix_bytes == 0;
    const uint64_t known = piece->bytes;
    if (cuttable)
        piece->bytes = merge_bound(&tokenizer->tables, text, known, piece->whole);
    else if (!piece->whole)
        piece->bytes = 0;
    *last = piece->whole && piece->bytes == known;
    return true;
}

/* Takes one piece out of the decided clean text and merges it. *done false: none is final.
 * `forced`: then all the decided text is one. */
static bool take_piece(struct tokenizer *tokenizer, bool forced, bool *done,
                       char message[TOKENIZER_MESSAGE])
{
    struct cutter *cut = &tokenizer->clean_cut;
    *done = false;
    if (cut->from == cut->limit)
        return true;
    const uint64_t plain = cut->limit - cut->from;
    bool ended = cut->found != TOKENIZER_NONE ||
                 (segment_ended(tokenizer) && cut->limit == tokenizer->clean.filled);
    if (!ended && !forced && plain < tokenizer->retry)
        return true;
    struct piece piece;
    bool last;
    if (!find_piece(tokenizer, ended, &piece, &last, message))
        return false;
    tokenizer->retry = piece.bytes > 0 || forced ? 0 : plain + plain / 8;
    if (piece.bytes > 0) {
        pattern_taken(&tokenizer->pattern, piece.bytes);
    } else if (forced) {
        piece = (struct piece){.bytes = cut->limit - cut->from};
        if (!tokenizer->prefixed)
            put_prefix(tokenizer, &piece);
        pattern_begin(&tokenizer->pattern, true);
        last = true;
    } else {
        return true;
    }
    if (!piece.dropped)
        merge_piece(&tokenizer->merger, &tokenizer->tables, tokenizer->clean.bytes + cut->from,
                    piece.bytes, last);
    cut->from += piece.bytes;
    tokenizer->prefixed = tokenizer->text_starts = false;
    *done = true;
    return true;
}

/* Looks for the next added token, or for more plain text. True when there is something new. */
static bool step_cut(struct cutter *cut, const uint8_t *text, uint64_t end, bool ended, bool forced)
{
    uint64_t limit = cut->limit;
    if (cut->found != TOKENIZER_NONE)
        return false;
    cut_step(cut, text, end, ended, forced);
    return cut->limit != limit || cut->found != TOKENIZER_NONE;
}

/* Gives out the added token that a cutter found, once nothing is left before it. */
static bool take_added(struct tokenizer *tokenizer, struct cutter *cut)
{
    if (cut->found == TOKENIZER_NONE || cut->from != cut->limit)
        return false;
    uint32_t id = cut_accept(cut);
    merge_none(&tokenizer->merger, &id, 1);
    pattern_begin(&tokenizer->pattern, false);
    tokenizer->segment_starts = true;
    tokenizer->text_starts = false;
    tokenizer->retry = 0;
    return true;
}

/* The clean window is full and nothing in it is final: cuts it where the text so far ends. */
static bool force_clean(struct tokenizer *tokenizer, bool *done, char message[TOKENIZER_MESSAGE])
{
    struct cutter *cut = &tokenizer->clean_cut;
    const struct text_window *clean = &tokenizer->clean;
    if (cut->from < cut->limit)
        return take_piece(tokenizer, true, done, message);
    *done = step_cut(cut, clean->bytes, clean->filled, false, true);
    return true;
}

/* One step of the last stage that can do one; merger->at may then have ids to give. *done false:
 * nothing can move without more input. */
static bool advance(struct tokenizer *tokenizer, bool *done, char message[TOKENIZER_MESSAGE])
{
    struct text_window *raw = &tokenizer->raw;
    struct text_window *clean = &tokenizer->clean;
    struct cutter *raw_cut = &tokenizer->raw_cut;
    struct cutter *clean_cut = &tokenizer->clean_cut;
    if (!take_piece(tokenizer, false, done, message))
        return false;
    if (*done)
        return true;
    *done = true;
    if (take_added(tokenizer, clean_cut) ||
        step_cut(clean_cut, clean->bytes, clean->filled, segment_ended(tokenizer), false))
        return true;
    enum compose_status cleaned;
    if (!clean_text(tokenizer, &cleaned, message))
        return false;
    if (cleaned == COMPOSED)
        return true;
    if (clean_cut->from == clean->filled && take_added(tokenizer, raw_cut)) {
        cut_begin(clean_cut, clean->filled);
        tokenizer->raw_starts = !(tokenizer->tables.header->flags & TOKENIZER_PREFIX_FIRST);
        rewrite_begin(tokenizer, false);
        steps_begin(tokenizer);
        return true;
    }
    if (step_cut(raw_cut, raw->bytes, raw->valid, tokenizer->finished, false))
        return true;
    if (cleaned == COMPOSE_FULL)
        return force_clean(tokenizer, done, message);
    bool raw_full = raw->filled - cut_needs(raw_cut) == TOKENIZER_WINDOW;
    *done = raw_full && step_cut(raw_cut, raw->bytes, raw->valid, false, true);
    return true;
}

uint64_t tokenizer_normalise(struct tokenizer *tokenizer, const void *text, uint64_t bytes,
                             uint8_t *out)
{
    uint64_t fed;
    char message[TOKENIZER_MESSAGE];
    enum compose_status status = COMPOSED;
    tokenizer_begin(tokenizer, false);
    if (!tokenizer_feed(tokenizer, text, bytes, &fed, message) ||
        !tokenizer_finish(tokenizer, message))
        return 0;
    tokenizer->raw_cut.limit = tokenizer->raw.valid;
    while (status == COMPOSED) {
        if (!clean_text(tokenizer, &status, message))
            return 0;
    }
    const struct text_window *clean = &tokenizer->clean;
    memcpy(out, clean->bytes + clean->begin, clean->filled - clean->begin);
    return clean->filled - clean->begin;
}

bool tokenizer_take(struct tokenizer *tokenizer, uint32_t *ids, uint64_t capacity, uint64_t *count,
                    char message[TOKENIZER_MESSAGE])
{
    struct merger *merger = &tokenizer->merger;
    const struct tokenizer_tables *tables = &tokenizer->tables;
    *count = 0;
    while (*count < capacity) {
        if (merger->at != TOKENIZER_NONE) {
            ids[(*count)++] = merger->symbols[merger->at].id;
            merger->at = merger->symbols[merger->at].next;
            continue;
        }
        bool done;
        if (!advance(tokenizer, &done, message))
            return false;
        if (done)
            continue;
        if (!tokenizer->finished || !tokenizer->ids_follow)
            break;
        tokenizer->ids_follow = false;
        merge_none(merger, tables->template + tables->header->ids_before,
                   tables->template_ids - tables->header->ids_before);
    }
    return true;
}

bool tokenizer_encode(struct tokenizer *tokenizer, const void *text, uint64_t bytes,
                      bool add_special, uint32_t *ids, uint64_t capacity, uint64_t *count,
                      char message[TOKENIZER_MESSAGE])
{
    const uint8_t *rest = text;
    uint64_t left = bytes;
    bool finished = false;
    *count = 0;
    tokenizer_begin(tokenizer, add_special);
    while (!finished) {
        uint64_t fed;
        if (!tokenizer_feed(tokenizer, rest, left, &fed, message))
            return false;
        rest += fed;
        left -= fed;
        finished = left == 0;
        if (finished && !tokenizer_finish(tokenizer, message))
            return false;
        uint64_t taken;
        do {
            uint32_t surplus[64];
            bool fits = *count < capacity;
            if (!tokenizer_take(tokenizer, fits ? ids + *count : surplus,
                                fits ? capacity - *count : 64, &taken, message))
                return false;
            *count += taken;
        } while (taken > 0);
    }
    if (*count <= capacity)
        return true;
    snprintf(message, TOKENIZER_MESSAGE,
             "the text has %" PRIu64 " tokens, there is room for %" PRIu64, *count, capacity);
    return false;
}
