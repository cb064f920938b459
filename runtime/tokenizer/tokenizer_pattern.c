/* Pre-tokens by PCRE2, in fixed memory.
 *
 * Several patterns split one after the other: each splits the pieces of the one before it into what
 * it matches and what lies between matches, or joins some of these, or drops them, as its mode
 * says. A piece of text between two matches may be long, so a level knows how far its piece is sure
 * to reach, and whether it ends there; the next level works within that. Of a piece that goes on,
 * the last LOOK_BACK bytes that were taken still lie before the text, for patterns that look back:
 * they see TOKENIZER_LOOK_BACK characters, and nothing before the piece that they split. A pattern
 * of bytes may cut inside a character; behind it come only others of bytes.
 *
 * All of PCRE2's allocations come from one region that only grows; the interpreter's frames, which
 * it allocates with the first match, are made at once by a match of one space. Code made by the JIT
 * lives in PCRE2's own executable mapping. Without JIT the interpreter gives the same pieces. */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <stdio.h>
#include <string.h>

enum {
    JIT_STACK_BYTES = 1 << 17, /* start == most: it never grows, so never makes a system call */
    MATCH_STEPS = 1000000,     /* far above one step per byte of the longest pre-token */
    LARGEST_FRAMES = 24576     /* bytes; PCRE2 starts with 20 KiB and would double them */
};

static void *region_take(PCRE2_SIZE bytes, void *pattern_pointer)
{
    struct pattern *pattern = pattern_pointer;
    uint64_t rounded = (bytes + 15) & ~UINT64_C(15);
    if (rounded < bytes || rounded > PATTERN_BYTES - pattern->used)
        return NULL;
    void *place = pattern->region + pattern->used;
    pattern->used += rounded;
    return place;
}

static void region_keep(void *place, void *pattern)
{
    (void)place;
    (void)pattern;
}

static bool contexts_open(struct pattern *pattern, char message[TOKENIZER_MESSAGE])
{
    pattern->memory = pcre2_general_context_create(region_take, region_keep, pattern);
    if (pattern->memory != NULL) {
        pattern->compile = pcre2_compile_context_create(pattern->memory);
        pattern->match = pcre2_match_context_create(pattern->memory);
        pattern->result = pcre2_match_data_create(1, pattern->memory);
    }
    if (pattern->compile == NULL || pattern->match == NULL || pattern->result == NULL) {
        snprintf(message, TOKENIZER_MESSAGE, "PCRE2 does not start in %d bytes", PATTERN_BYTES);
        return false;
    }
    pcre2_set_match_limit(pattern->match, MATCH_STEPS);
    pcre2_set_heap_limit(pattern->match, LARGEST_FRAMES / 1024);
    return true;
}

static bool refuse(const char *what, int code, char message[TOKENIZER_MESSAGE])
{
    PCRE2_UCHAR8 reason[160];
    if (pcre2_get_error_message(code, reason, sizeof reason) < 0)
        snprintf((char *)reason, sizeof reason, "error %d", code);
    snprintf(message, TOKENIZER_MESSAGE, "%s: %s", what, (const char *)reason);
    return false;
}

/* `characters`: the text is UTF-8, otherwise bytes. */
static pcre2_code *compile(struct pattern *pattern, const uint8_t *text, uint64_t bytes,
                           bool characters, char message[TOKENIZER_MESSAGE])
{
    int code;
    PCRE2_SIZE place;
    uint32_t empty = 0;
    pcre2_code *made = pcre2_compile(
        text, bytes, (characters ? PCRE2_UTF | PCRE2_UCP : 0) | PCRE2_NEVER_BACKSLASH_C, &code,
        &place, pattern->compile);
    if (made == NULL) {
        refuse("tokenizer tables: a pattern does not compile", code, message);
        return NULL;
    }
    if (pcre2_pattern_info(made, PCRE2_INFO_MATCHEMPTY, &empty) != 0 || empty != 0) {
        snprintf(message, TOKENIZER_MESSAGE, "tokenizer tables: a pattern matches an empty text");
        pcre2_code_free(made);
        return NULL;
    }
    if (pcre2_jit_compile(made, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD) != 0)
        pattern->options |= PCRE2_NO_JIT;
    code = pcre2_match(made, (PCRE2_SPTR8) " ", 1, 0, pattern->options | PCRE2_NO_JIT,
                       pattern->result, pattern->match);
    if (code >= 0 || code == PCRE2_ERROR_NOMATCH)
        return made;
    refuse("tokenizer tables: a pattern does not run", code, message);
    pcre2_code_free(made);
    return NULL;
}

pcre2_code *pattern_compile(struct pattern *pattern, const uint8_t *text, uint64_t bytes,
                            char message[TOKENIZER_MESSAGE])
{
    return compile(pattern, text, bytes, true, message);
}

bool pattern_open(struct pattern *pattern, const struct tokenizer_tables *tables,
                  char message[TOKENIZER_MESSAGE])
{
    pattern->used = 0;
    pattern->compile = NULL;
    pattern->match = NULL;
    pattern->result = NULL;
    pattern->stack = NULL;
    pattern->count = 0;
    pattern->options = PCRE2_NO_UTF_CHECK;
    if (!contexts_open(pattern, message))
        return false;
    pattern->stack = pcre2_jit_stack_create(JIT_STACK_BYTES, JIT_STACK_BYTES, pattern->memory);
    if (pattern->stack != NULL)
        pcre2_jit_stack_assign(pattern->match, NULL, pattern->stack);
    else
        pattern->options |= PCRE2_NO_JIT;
    const uint8_t *text = tables->patterns;
    for (uint32_t i = 0; i < tables->header->patterns; i++) {
        uint64_t bytes = strlen((const char *)text);
        const uint32_t mode = (uint32_t)(text[0] - '0'); /* checked with the tables */
        pcre2_code *made =
            compile(pattern, text + 1, bytes - 1, (mode & PATTERN_OF_BYTES) == 0, message);
        if (made == NULL) {
            pattern_close(pattern);
            return false;
        }
        pattern->modes[pattern->count] = (uint8_t)(mode & ~(uint32_t)PATTERN_OF_BYTES);
        pattern->codes[pattern->count++] = made;
        text += bytes + 1;
    }
    pattern_begin(pattern, false);
    return true;
}

void pattern_close(struct pattern *pattern)
{
    pcre2_jit_stack_free(pattern->stack);
    for (uint32_t i = 0; i < pattern->count; i++)
        pcre2_code_free(pattern->codes[i]);
    pattern->stack = NULL;
    pattern->count = 0;
}

void pattern_begin(struct pattern *pattern, bool begun)
{
    pattern->taken = begun ? LOOK_BACK : 0; /* what goes on was as long as a window */
    for (uint32_t i = 0; i < TOKENIZER_MAX_PATTERNS; i++)
        pattern->levels[i] = (struct level){.begun = begun, .taken = pattern->taken};
}

bool pattern_starts(const struct pattern *pattern, uint32_t index)
{
    return !pattern->levels[index].begun;
}

void pattern_prefixed(struct pattern *pattern, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct level *level = &pattern->levels[i];
        level->begun = true;
        level->known++;
        level->seen++;
    }
}

static uint64_t still_seen(uint64_t taken)
{
    return taken < LOOK_BACK ? taken : LOOK_BACK;
}

void pattern_taken(struct pattern *pattern, uint64_t bytes)
{
    pattern->taken = still_seen(pattern->taken + bytes);
    for (uint32_t i = 0; i < pattern->count; i++) {
        struct level *level = &pattern->levels[i];
        const uint64_t taken = still_seen(level->taken + bytes);
        if (level->known > bytes) {
            level->begun = true;
            level->taken = taken;
            level->known -= bytes;
            level->seen -= bytes;
        } else { /* of a dropped piece the patterns behind know nothing */
            const bool ended = level->known == 0 || level->whole;
            *level = (struct level){
                .begun = !ended, .matched = !ended && level->matched, .taken = ended ? 0 : taken};
        }
    }
}

bool pattern_search(struct pattern *pattern, const pcre2_code *compiled, const uint8_t *text,
                    uint64_t behind, uint64_t bytes, uint64_t from, bool ended, struct match *match,
                    char message[TOKENIZER_MESSAGE])
{
    uint32_t options = pattern->options | (ended ? 0 : PCRE2_PARTIAL_HARD);
    int code = pcre2_match(compiled, text - behind, behind + bytes, behind + from, options,
                           pattern->result, pattern->match);
    if (code < 0 && code != PCRE2_ERROR_PARTIAL && code != PCRE2_ERROR_NOMATCH)
        return refuse("a pattern of the tokenizer gave up", code, message);
    *match = (struct match){bytes, bytes, code >= 0, code == PCRE2_ERROR_PARTIAL};
    if (code != PCRE2_ERROR_NOMATCH) {
        const PCRE2_SIZE *range = pcre2_get_ovector_pointer(pattern->result);
        match->start = range[0] - behind;
        match->stop = range[1] - behind;
    }
    if (match->start < from || match->stop < match->start || match->stop > bytes ||
        (match->found && match->start == match->stop)) {
        snprintf(message, TOKENIZER_MESSAGE,
                 "tokenizer tables: a pattern matches outside the text");
        return false;
    }
    return true;
}

/* All that was known of a piece has been taken: whether what follows, a match or not, is still it.
 */
static bool joins(const struct level *level, enum pattern_mode mode, bool match)
{
    if (match)
        return mode == (level->matched ? PATTERN_CONTIGUOUS : PATTERN_WITH_PREVIOUS);
    return !level->matched || mode == PATTERN_WITH_NEXT;
}

/* What the next match says about the piece, in a text of `bytes` that ends there when `ended`. True
 * when the piece goes on behind that match, so that the next one is to be looked for. */
static bool grow(struct level *level, enum pattern_mode mode, const struct match *match,
                 uint64_t bytes, bool ended)
{
    const bool here = match->found && match->start == level->known;
    if (level->begun && level->known == 0 && (here || match->start > 0)) {
        level->begun = joins(level, mode, here);
        level->taken = level->begun ? level->taken : 0;
        level->matched = false;
    }
    if (here && level->known == 0) {
        level->matched = true;
        level->known = match->stop;
        level->whole = mode != PATTERN_CONTIGUOUS && mode != PATTERN_WITH_NEXT;
        return !level->whole;
    }
    if (level->matched && mode == PATTERN_CONTIGUOUS) {
        if (here)
            level->known = match->stop;
        else /* what follows is no match, or nothing follows */
            level->whole = match->start > level->known || (ended && bytes == level->known);
        return here;
    }
    level->known = match->start;
    if (match->found && mode == PATTERN_WITH_PREVIOUS)
        level->known = match->stop;
    level->whole = match->found || (!match->partial && ended);
    return false;
}

/* Looks for the piece of a level, or further along one that was not whole, in text[bytes] of the
 * level above, which ends there when `ended`. */
static bool extend(struct pattern *pattern, uint32_t index, const uint8_t *text, uint64_t bytes,
                   bool ended, char message[TOKENIZER_MESSAGE])
{
    struct level *level = &pattern->levels[index];
    if (level->whole || (level->seen == bytes && level->seen_whole == ended))
        return true;
    const uint64_t behind = index == 0 ? pattern->taken : level[-1].taken;
    struct match match;
    do {
        if (!pattern_search(pattern, pattern->codes[index], text, behind, bytes, level->known,
                            ended, &match, message))
            return false;
    } while (grow(level, pattern->modes[index], &match, bytes, ended));
    level->seen = bytes;
    level->seen_whole = ended;
    return true;
}

bool pattern_piece(struct pattern *pattern, uint32_t first, uint32_t end, const uint8_t *text,
                   struct piece *piece, char message[TOKENIZER_MESSAGE])
{
    if (end > pattern->count)
        end = pattern->count;
    for (uint32_t i = first; i < end && piece->bytes > 0 && !piece->dropped; i++) {
        const struct level *level = &pattern->levels[i];
        if (!extend(pattern, i, text, piece->bytes, piece->whole, message))
            return false;
        piece->bytes = level->known;
        piece->whole = level->whole;
        piece->dropped = pattern->modes[i] == (level->matched ? PATTERN_REMOVED : PATTERN_KEPT);
    }
    return true;
}
