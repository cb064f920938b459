#include "runtime/cli/ids.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/engine/arena.h"

enum { WORD_BYTES = 24, LEAST_CAPACITY = 4096 };

struct reader {
    FILE *file;
    const char *name;
    uint64_t line;
    char word[WORD_BYTES]; /* cut, but never so that it looks like another number */
};

/* The next word; false at the end of the file. */
static bool next_word(struct reader *reader)
{
    int byte;
    while ((byte = getc(reader->file)) != EOF && isspace(byte))
        reader->line += byte == '\n';
    if (byte == EOF)
        return false;
    size_t length = 0;
    for (; byte != EOF && !isspace(byte); byte = getc(reader->file)) {
        if (length == 1 && reader->word[0] == '0' && isdigit(byte))
            length = 0; /* zeros in front would push the number out of what is kept */
        if (length < WORD_BYTES - 1)
            reader->word[length++] = (char)(byte == '\0' ? '?' : byte);
    }
    reader->word[length] = '\0';
    ungetc(byte, reader->file); /* EOF leaves the file as it is */
    return true;
}

static u32 word_to_id(const struct reader *reader, u32 vocab)
{
    char *end;
    unsigned long long id = strtoull(reader->word, &end, 10);
    if (!isdigit((unsigned char)reader->word[0]) || *end != '\0')
        die(EXIT_MISMATCH,
            "%s:%" PRIu64 ": '%s' is not a token id; give decimal numbers between white space",
            reader->name, reader->line, reader->word);
    if (id >= vocab)
        die(EXIT_MISMATCH, "%s:%" PRIu64 ": token id %s is outside the vocabulary: 0 to %u",
            reader->name, reader->line, reader->word, vocab - 1);
    return (u32)id;
}

u32 *ids_read(const char *path, u32 vocab, uint64_t *count)
{
    if (arena_is_sealed())
        die(EXIT_FAILED, "internal error: ids read after sealing");
    bool standard = strcmp(path, "-") == 0;
    struct reader reader = {.file = standard ? stdin : fopen(path, "re"),
                            .name = standard ? "standard input" : path,
                            .line = 1};
    if (!reader.file)
        die(EXIT_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
    static u32 *ids; /* stays until the program ends */
    uint64_t capacity = 0;
    for (*count = 0; next_word(&reader); ids[(*count)++] = word_to_id(&reader, vocab)) {
        if (*count < capacity)
            continue;
        capacity = capacity ? 2 * capacity : LEAST_CAPACITY;
        u32 *larger = realloc(ids, capacity * sizeof *ids);
        if (!larger)
            die(EXIT_MEMORY, "%s: no memory for %" PRIu64 " token ids", reader.name, capacity);
        ids = larger;
    }
    if (interrupt_asked())
        die(EXIT_INTERRUPTED, "%s: interrupted while it was read", reader.name);
    if (ferror(reader.file))
        die(EXIT_FAILED, "%s: cannot be read: %s", reader.name, strerror(errno));
    if (!standard)
        fclose(reader.file);
    return ids;
}
