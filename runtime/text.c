#include "runtime/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/interrupt.h"

static void start(struct text *text, struct tokenizer *tokenizer, const char *name)
{
    text->tokenizer = tokenizer;
    text->name = name;
    text->echo = NULL;
    text->next = text->block;
    text->left = 0;
    text->read_all = text->finished = text->interrupted = false;
    tokenizer_begin(tokenizer, true);
}

void text_open_memory(struct text *text, struct tokenizer *tokenizer, const char *bytes,
                      const char *name)
{
    start(text, tokenizer, name);
    text->file = -1;
    text->fault = EXIT_USAGE;
    text->next = (const uint8_t *)bytes;
    text->left = strlen(bytes);
    text->read_all = true;
}

void text_open_file(struct text *text, struct tokenizer *tokenizer, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    start(text, tokenizer, standard ? "standard input" : path);
    text->fault = EXIT_MISMATCH;
    text->file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (text->file < 0)
        die(EXIT_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
}

void text_leave_bos_out(struct text *text)
{
    tokenizer_begin(text->tokenizer, false);
}

void text_close(struct text *text)
{
    if (text->file > STDIN_FILENO)
        close(text->file);
}

static void read_block(struct text *text)
{
    ssize_t got = read(text->file, text->block, sizeof text->block);
    if (interrupt_asked()) {
        text->interrupted = text->read_all = true;
        return;
    }
    if (got < 0 && errno != EINTR)
        die(EXIT_FAILED, "%s: cannot be read: %s", text->name, strerror(errno));
    if (got < 0)
        return;
    text->next = text->block;
    text->left = (size_t)got;
    text->read_all = got == 0;
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
