/* Pre-tokens by PCRE2, in fixed memory.
 *
 * All of PCRE2's allocations come from one region that only grows; the interpreter's frames, which
 * it allocates with the first match, are made at once by a match of one space. Code made by the JIT
 * lives in PCRE2's own executable mapping. Without JIT the interpreter gives the same pieces. */
#include "runtime/tokenizer_inner.h"

#include <stdio.h>

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

bool pattern_open(struct pattern *pattern, const uint8_t *text, uint64_t bytes,
                  char message[TOKENIZER_MESSAGE])
{
    pattern->used = 0;
    pattern->compile = NULL;
    pattern->match = NULL;
    pattern->result = NULL;
    pattern->stack = NULL;
    pattern->code = NULL;
    if (!contexts_open(pattern, message))
        return false;
    int code;
    PCRE2_SIZE place;
    pattern->code = pcre2_compile(text, bytes, PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C,
                                  &code, &place, pattern->compile);
    if (pattern->code == NULL)
        return refuse("tokenizer tables: the pre-token pattern does not compile", code, message);
    pattern->options = PCRE2_NO_UTF_CHECK;
    if (pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD) == 0)
        pattern->stack = pcre2_jit_stack_create(JIT_STACK_BYTES, JIT_STACK_BYTES, pattern->memory);
    if (pattern->stack != NULL)
        pcre2_jit_stack_assign(pattern->match, NULL, pattern->stack);
    else
        pattern->options |= PCRE2_NO_JIT;
    code = pcre2_match(pattern->code, (PCRE2_SPTR8) " ", 1, 0, pattern->options | PCRE2_NO_JIT,
                       pattern->result, pattern->match);
    if (code < 0 && code != PCRE2_ERROR_NOMATCH) {
        pattern_close(pattern);
        return refuse("tokenizer tables: the pre-token pattern does not run", code, message);
    }
    return true;
}

void pattern_close(struct pattern *pattern)
{
    pcre2_jit_stack_free(pattern->stack);
    pcre2_code_free(pattern->code);
    pattern->stack = NULL;
    pattern->code = NULL;
}

bool pattern_piece(struct pattern *pattern, const uint8_t *text, uint64_t bytes, bool ended,
                   uint64_t *piece, char message[TOKENIZER_MESSAGE])
{
    uint32_t options = pattern->options | (ended ? 0 : PCRE2_PARTIAL_HARD);
    int code = pcre2_match(pattern->code, text, bytes, 0, options, pattern->result, pattern->match);
    *piece = 0;
    if (code == PCRE2_ERROR_PARTIAL)
        return true;
    if (code == PCRE2_ERROR_NOMATCH) { /* text that the pattern leaves out is a piece as well */
        *piece = ended ? bytes : 0;
        return true;
    }
    if (code < 0)
        return refuse("the pre-token pattern gave up", code, message);
    const PCRE2_SIZE *range = pcre2_get_ovector_pointer(pattern->result);
    if (range[1] <= range[0] || range[1] > bytes) {
        snprintf(message, TOKENIZER_MESSAGE,
                 "tokenizer tables: the pre-token pattern matches an empty text");
        return false;
    }
    *piece = range[0] > 0 ? range[0] : range[1];
    return true;
}
