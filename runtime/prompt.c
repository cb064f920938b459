#include "runtime/prompt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/die.h"
#include "runtime/interrupt.h"
#include "runtime/session.h"

enum { COUNTED_MOST = 1000000 }; /* tokens beyond the context: enough to see how far it is off */

static int digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* The byte that an escape stands for, and how long it is; -1: it is none. `at` is a backslash. */
static int escaped(const char *at, size_t *length)
{
    static const char names[] = "nrt\\'\"", bytes[] = "\n\r\t\\'\"";
    const char *name = at[1] != '\0' ? strchr(names, at[1]) : NULL;
    *length = 2;
    if (name != NULL)
        return bytes[name - names];
    if (at[1] != 'x' || !isxdigit((unsigned char)at[2]) || !isxdigit((unsigned char)at[3]))
        return -1;
    *length = 4;
    return digit(at[2]) * 16 + digit(at[3]);
}

size_t prompt_unescape(char *text)
{
    size_t used = 0, length = 1;
    for (const char *at = text; *at != '\0'; at += length) {
        const int byte = *at == '\\' ? escaped(at, &length) : -1;
        if (byte < 0)
            length = 1;
        text[used++] = byte < 0 ? *at : (char)byte;
    }
    return used;
}

static void check(const struct text *text, uint64_t tokens, uint64_t most)
{
    if (tokens == 0)
        session_require_begin();
    if (model.context)
        session_require_room(text->name, tokens > most ? most + 1 : tokens, tokens > most);
}

void prompt_require_room(struct text *text, const struct common_options *common, bool around)
{
    if (common->random_weights || (text->file >= 0 && !text->again) ||
        (model.context == 0 && model.bos != MODEL_NO_ID))
        return;
    static struct weights_source weights;
    weights_open(&weights, common->weights ? common->weights : session_default_weights());
    weights_map(&weights);
    struct arena scratch = arena_reserve("tokenizer", arena_rounded(tokenizer_scratch_bytes()));
    struct tokenizer *tokenizer = session_tokenizer(&weights, &scratch);
    const uint64_t most = model.context ? model.context + COUNTED_MOST : 0;
    const uint64_t tokens = text_count(text, tokenizer, around, most);
    if (interrupt_asked())
        exit(EXIT_INTERRUPTED);
    check(text, tokens, most);
    tokenizer_close(tokenizer);
    arena_release(&scratch);
    weights_close(&weights);
}
