/* NFC, or another normal form, of a text that may go on, run by run.
 *
 * A run starts with a character that never joins the one before it, and goes up to the next such
 * character; so runs normalise on their own. Nearly all runs are one character below U+0300, which
 * NFC leaves as it is, or of ASCII, which every form does: those are copied in bulk. */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <string.h>
#include <utf8proc.h>

#include "runtime/base/utf8.h"

/* Lead bytes below these start the characters below U+0300 (no continuation byte reaches it), and
 * those of ASCII. */
enum { PLAIN_BYTES = 0xCC, ASCII_BYTES = 0x80 };

enum { LONGEST_PARTS = 18 }; /* of a decomposition: U+FDFA's */

/* Characters that got a combining class or a composition after Unicode 9: Hugging Face `tokenizers`
 * 0.23 normalises by that version and leaves them where they are, utf8proc would move them. */
static const struct code_range newer[] = {
    {0x7FD, 0x7FD},     {0x898, 0x89F},     {0x8CA, 0x8D3},     {0x9FE, 0x9FE},
    {0xC3C, 0xC3C},     {0xD3B, 0xD3C},     {0xEBA, 0xEBA},     {0x1715, 0x1715},
    {0x1ABF, 0x1ACE},   {0x1DF6, 0x1DFA},   {0xA82C, 0xA82C},   {0x10D24, 0x10D27},
    {0x10EAB, 0x10EAC}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85},
    {0x11070, 0x11070}, {0x1133B, 0x1133B}, {0x1145E, 0x1145E}, {0x11839, 0x1183A},
    {0x11930, 0x11930}, {0x1193D, 0x1193E}, {0x11943, 0x11943}, {0x119E0, 0x119E0},
    {0x11A34, 0x11A34}, {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42},
    {0x11D44, 0x11D45}, {0x11D97, 0x11D97}, {0x11F41, 0x11F42}, {0x16FF0, 0x16FF1},
    {0x1E08F, 0x1E08F}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF},
    {0x1E4EC, 0x1E4EF}};

/* The same for decompositions: canonical ones, and those for compatibility. */
static const struct code_range newer_canonical[] = {{0x11938, 0x11938}};
static const struct code_range newer_compatible[] = {
    {0x32FF, 0x32FF},   {0xA7F2, 0xA7F4},   {0xAB69, 0xAB69},   {0x10781, 0x10785},
    {0x10787, 0x107B0}, {0x107B2, 0x107BA}, {0x1CCD6, 0x1CCF9}, {0x1E030, 0x1E06D},
    {0x1F16C, 0x1F16C}, {0x1FBF0, 0x1FBF9}};

bool code_in_ranges(uint32_t code, const struct code_range *ranges, size_t count)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && code >= ranges[low].first;
}

#define IN(code, ranges) code_in_ranges(code, ranges, sizeof(ranges) / sizeof(ranges)[0])

/* `form` as in struct normaliser. */
static bool is_newer(uint32_t code, uint32_t form)
{
    if (code < newer[0].first)
        return false;
    return IN(code, newer) || ((form & TOKENIZER_DECOMPOSED) && IN(code, newer_canonical)) ||
           ((form & TOKENIZER_COMPATIBLE) && IN(code, newer_compatible));
}

static utf8proc_option_t options_of(uint32_t form)
{
    return UTF8PROC_STABLE | (form & TOKENIZER_DECOMPOSED ? UTF8PROC_DECOMPOSE : UTF8PROC_COMPOSE) |
           (form & TOKENIZER_COMPATIBLE ? UTF8PROC_COMPAT : (utf8proc_option_t)0);
}

/* True when the character never joins, or changes places with, one before it. */
static bool starts_run(uint32_t code, uint32_t form)
{
    if (code < 0x300 || is_newer(code, form))
        return true;
    if ((code >= 0x1161 && code <= 0x1175) || (code >= 0x11A8 && code <= 0x11C2))
        return false; /* vowels and finals of Hangul join by rule, not by table */
    utf8proc_int32_t parts[LONGEST_PARTS];
    int last_class = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char((utf8proc_int32_t)code, parts, LONGEST_PARTS,
                                                     options_of(form), &last_class);
    if (count < 1)
        return false;
    if ((parts[0] >= 0x1161 && parts[0] <= 0x1175) || (parts[0] >= 0x11A8 && parts[0] <= 0x11C2))
        return false;
    const utf8proc_property_t *property = utf8proc_get_property(parts[0]);
    bool joins_back = property->comb_index != UINT16_MAX && (property->comb_index & 0x8000) != 0;
    return property->combining_class == 0 && !joins_back;
}

/* End of the run at text[at]; 0 when text behind `end` could still make it longer. looked_at bytes
 * of it have been looked at before, so that input byte by byte costs no more than at once. */
static uint64_t run_end(struct normaliser *normaliser, const uint8_t *text, uint64_t at,
                        uint64_t limit, uint64_t end, bool ended)
{
    uint32_t length;
    uint64_t *looked_at = &normaliser->looked_at;
    bool alone = is_newer(utf8_decode(text + at, &length), normaliser->form);
    if (alone)
        return at + length;
    uint64_t next = at + (*looked_at > length ? *looked_at : length);
    while (next < end) {
        if (next == limit && ended)
            return next;
        if (starts_run(utf8_decode(text + next, &length), normaliser->form))
            return next;
        *looked_at = next - at;
        if (next == limit)
            return 0;
        if (next + length - at > TOKENIZER_RUN)
            return next;
        next += length;
    }
    return ended ? next : 0;
}

/* Copies characters below U+0300, or of ASCII, that are followed by another one; returns the bytes.
 */
static uint64_t copy_plain(const uint8_t *text, uint64_t bytes, uint32_t form, uint8_t *out,
                           uint64_t room)
{
    const uint8_t above = form == TOKENIZER_NORMALISE ? PLAIN_BYTES : ASCII_BYTES;
    uint64_t most = bytes < room + 1 ? bytes : room + 1;
    uint64_t plain = 0;
    while (plain < most && text[plain] < above)
        plain++;
    if (plain == 0)
        return 0;
    uint64_t copied = utf8_floor(text, plain - 1); /* the last one may get a combining mark */
    memcpy(out, text, copied);
    return copied;
}

/* Puts marks[count], which have combining classes other than 0, in the order of their classes,
 * those of one class as they stood. Linear: text of nothing but marks must not cost more than other
 * text. */
static void order_marks(struct normaliser *normaliser, utf8proc_int32_t *marks, size_t count)
{
    uint32_t place[257] = {0};
    bool ordered = true;
    for (size_t i = 0; i < count; i++) {
        normaliser->classes[i] = (uint8_t)utf8proc_get_property(marks[i])->combining_class;
        place[normaliser->classes[i] + 1]++;
        ordered = ordered && (i == 0 || normaliser->classes[i - 1] <= normaliser->classes[i]);
    }
    if (ordered)
        return;
    for (size_t i = 1; i < 257; i++)
        place[i] += place[i - 1];
    memcpy(normaliser->marks, marks, count * sizeof *marks);
    for (size_t i = 0; i < count; i++)
        marks[place[normaliser->classes[i]]++] = normaliser->marks[i];
}

/* The run text[bytes], normalised, to codes, as UTF-8; returns its bytes. */
static uint64_t compose_run(struct normaliser *normaliser, const uint8_t *text, uint64_t bytes)
{
    const utf8proc_option_t options = options_of(normaliser->form);
    utf8proc_int32_t *codes = normaliser->codes;
    uint32_t first_length;
    if (is_newer(utf8_decode(text, &first_length), normaliser->form)) { /* always alone */
        memcpy(codes, text, bytes);
        return bytes;
    }
    utf8proc_ssize_t count = 0, marks = 0;
    int boundary = 0;
    for (uint64_t at = 0; at < bytes;) {
        uint32_t length;
        utf8proc_int32_t code = (utf8proc_int32_t)utf8_decode(text + at, &length);
        at += length;
        utf8proc_ssize_t added =
            utf8proc_decompose_char(code, codes + count, RUN_CODES - count, options, &boundary);
        if (added < 1 || added > RUN_CODES - count)
            return 0;
        for (utf8proc_ssize_t end = count + added; count < end; count++) {
            if (utf8proc_get_property(codes[count])->combining_class == 0) {
                order_marks(normaliser, codes + marks, (size_t)(count - marks));
                marks = count + 1;
            }
        }
    }
    order_marks(normaliser, codes + marks, (size_t)(count - marks));
    utf8proc_ssize_t composed = utf8proc_reencode(codes, count, options);
    return composed < 0 ? 0 : (uint64_t)composed;
}

enum compose_status compose(struct normaliser *normaliser, const uint8_t *text, uint64_t *at,
                            uint64_t limit, uint64_t end, bool ended, uint8_t *out, uint64_t room,
                            uint64_t *bytes)
{
    *bytes = 0;
    enum compose_status status = COMPOSED;
    while (*at < limit && status == COMPOSED) {
        uint64_t plain =
            copy_plain(text + *at, limit - *at, normaliser->form, out + *bytes, room - *bytes);
        *at += plain;
        *bytes += plain;
        if (plain > 0)
            normaliser->looked_at = 0;
        uint64_t stop = run_end(normaliser, text, *at, limit, end, ended);
        uint64_t composed = stop > 0 ? compose_run(normaliser, text + *at, stop - *at) : 0;
        if (stop == 0) {
            status = COMPOSE_WAITS;
        } else if (composed > room - *bytes) {
            status = COMPOSE_FULL;
        } else {
            memcpy(out + *bytes, normaliser->codes, composed);
            *at = stop;
            *bytes += composed;
            normaliser->looked_at = 0;
        }
    }
    return *bytes > 0 ? COMPOSED : status;
}
