#include "runtime/cli/prompt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/engine/session.h"

enum { COUNTED_MOST = 1000000 }; /* tokens beyond the context: enough to see how far it is off */

static int digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* How long the escape is that begins with the backslash `at`, and the byte that it stands for; 0:
 * it is none. */
static size_t escape(const char *at, uint8_t *byte)
{
    static const char names[] = "nrt\\'\"", bytes[] = "\n\r\t\\'\"";
    const char *name = at[1] != '\0' ? strchr(names, at[1]) : NULL;
    if (name != NULL) {
        *byte = (uint8_t)bytes[name - names];
        return 2;
    }
    if (at[1] != 'x' || !isxdigit((unsigned char)at[2]) || !isxdigit((unsigned char)at[3]))
        return 0;
    *byte = (uint8_t)(digit(at[2]) * 16 + digit(at[3]));
    return 4;
}

size_t prompt_unescape(char *text)
{
    size_t used = 0;
    for (const char *at = text; *at != '\0';) {
        uint8_t byte = (uint8_t)*at;
        const size_t length = *at == '\\' ? escape(at, &byte) : 0;
        memcpy(text + used++, &byte, 1);
        at += length > 0 ? length : 1;
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
