#include "runtime/cli/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/interrupt.h"

void text_open_memory(struct text *text, const char *bytes, size_t size, const char *name)
{
    memset(text, 0, offsetof(struct text, block));
    text->name = name;
    text->fault = EXIT_USAGE;
    text->file = -1;
    text->memory = bytes;
    text->memory_bytes = size;
}

void text_open_file(struct text *text, const char *path)
{
    struct stat facts;
    const bool standard = strcmp(path, "-") == 0;
    memset(text, 0, offsetof(struct text, block));
    text->name = standard ? "standard input" : path;
    text->fault = EXIT_MISMATCH;
    text->file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (text->file < 0)
        die(EXIT_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
    text->again = fstat(text->file, &facts) == 0 && S_ISREG(facts.st_mode);
    text->start = text->again ? lseek(text->file, 0, SEEK_CUR) : 0;
}

void text_begin(struct text *text, struct tokenizer *tokenizer, bool around)
{
    text->tokenizer = tokenizer;
    text->next = text->file < 0 ? (const uint8_t *)text->memory : text->block;
    text->left = text->file < 0 ? text->memory_bytes : 0;
    text->read_all = text->file < 0;
    text->finished = text->interrupted = text->held = false;
    tokenizer_begin(tokenizer, around);
}

/* The last byte read goes in front of what comes next, if it is a newline that might be the text's
 * last byte, which is not wanted. */
static void hold_newline(struct text *text)
{
    text->held = text->drop_newline && text->left > 0 && text->next[text->left - 1] == '\n';
    text->left -= text->held;
}

static void read_block(struct text *text)
{
    ssize_t got = read(text->file, text->block + 1, sizeof text->block - 1);
    if (interrupt_asked()) {
        text->interrupted = text->read_all = true;
        return;
    }
    if (got < 0 && errno != EINTR)
        die(EXIT_FAILED, "%s: cannot be read: %s", text->name, strerror(errno));
    if (got < 0)
        return;
    text->block[0] = '\n';
    text->next = text->block + (text->held && got > 0 ? 0 : 1);
    text->left = (size_t)(text->block + 1 + got - text->next);
    text->read_all = got == 0;
    hold_newline(text);
}

/* The file from the start of the text once more. */
static void rewind_file(struct text *text)
{
    if (text->file >= 0 && lseek(text->file, text->start, SEEK_SET) < 0)
        die(EXIT_FAILED, "%s: cannot be read again: %s", text->name, strerror(errno));
}

void text_again(struct text *text, struct tokenizer *tokenizer)
{
    rewind_file(text);
    text_begin(text, tokenizer, false);
}

static _Noreturn void refuse(struct text *text, const char *message)
{
    if (text->echo)
        out_flush(text->echo);
    die(text->fault, "%s: %s", text->name, message);
}

/* Moves input on by one step: a read, a piece fed, or the end told. */
static void advance(struct text *text)
{
    char message[TOKENIZER_MESSAGE];
    if (text->left > 0) {
        uint64_t fed = 0;
        bool valid = tokenizer_feed(text->tokenizer, text->next, text->left, &fed, message);
        if (!valid)
            refuse(text, message);
        if (text->echo)
            out_write(text->echo, text->next, fed);
        if (text->counted)
            words_count(text->counted, text->next, fed);
        text->next += fed;
        text->left -= fed;
    } else if (!text->read_all) {
        read_block(text);
    } else {
        text->finished = true;
        /* An interrupt may cut a character in two; what came before it still counts. */
        if (!tokenizer_finish(text->tokenizer, message) && !text->interrupted)
            refuse(text, message);
    }
}

u32 text_tokens(struct text *text, u32 *ids, u32 capacity)
{
    char message[TOKENIZER_MESSAGE];
    u32 taken = 0;
    while (taken < capacity) {
        uint64_t count = 0;
        if (!tokenizer_take(text->tokenizer, ids + taken, capacity - taken, &count, message))
            refuse(text, message);
        taken += (u32)count;
        if (count > 0)
            continue;
        if (text->finished)
            break;
        advance(text);
    }
    return taken;
}

uint64_t text_count(struct text *text, struct tokenizer *tokenizer, bool around, uint64_t most)
{
    static u32 ids[4096];
    uint64_t count = 0;
    struct out *const echo = text->echo;
    text->echo = NULL;
    text_begin(text, tokenizer, around);
    for (u32 some = 1; some > 0 && count <= most; count += some)
        some = text_tokens(text, ids, sizeof ids / sizeof *ids);
    text->echo = echo;
    rewind_file(text);
    return count;
}
