#include "tests/golden/golden_cases.h"

#include <glob.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One file of cases while it is read. */
struct reader {
    const char *path;
    unsigned line;
    struct golden_cases *cases;
    struct golden_text *text; /* being collected; NULL: none */
    FILE *to;                 /* of text->text */
    const char *rest;         /* of the base that the text is made of; NULL: of none */
    bool no_newline;
};

__attribute__((noreturn, format(printf, 2, 3))) static void fail(const struct reader *r,
                                                                 const char *message, ...)
{
    fprintf(stderr, "%s:%u: ", r->path, r->line);
    va_list arguments;
    va_start(arguments, message);
    vfprintf(stderr, message, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

/* Ends the text that is being collected: the rest of its base follows. */
static void end_text(struct reader *r)
{
    if (r->text == NULL)
        return;
    if (r->rest != NULL)
        fputs(r->rest, r->to);
    if (fclose(r->to) != 0)
        fail(r, "no memory");
    if (r->no_newline) {
        if (r->text->size == 0)
            fail(r, "the text before has no line whose newline could be missing");
        r->text->text[--r->text->size] = '\0';
    }
    r->text = NULL;
}

static const struct golden_text *find_base(const struct reader *r, const char *name)
{
    for (size_t i = 0; i < r->cases->base_count; i++)
        if (strcmp(r->cases->bases[i].name, name) == 0)
            return &r->cases->bases[i];
    fail(r, "no base '%s' stands above", name);
}

/* Starts a text; `of` is the base that it is made of, or NULL. */
static void begin_text(struct reader *r, struct golden_text *text, const char *of)
{
    if (text->text != NULL)
        fail(r, "the case has this text already");
    r->rest = of != NULL ? find_base(r, of)->text : NULL;
    r->no_newline = false;
    r->text = text;
    r->to = open_memstream(&text->text, &text->size);
    if (r->to == NULL)
        fail(r, "no memory");
}

/* Replaces the escapes of a line, in place; returns its bytes. */
static size_t unescape(const struct reader *r, char *line)
{
    size_t size = 0;
    for (const char *from = line; *from != '\0'; from++) {
        unsigned byte = (unsigned char)*from;
        if (from[0] == '\\' && from[1] == '\\') {
            from++;
        } else if (from[0] == '\\') {
            if (sscanf(from, "\\x%2x", &byte) != 1 || strlen(from) < 4)
                fail(r, "a backslash starts \\\\ or \\xNN");
            from += 3;
        }
        line[size++] = (char)byte;
    }
    line[size] = '\0';
    return size;
}

/* Goes to the next line of the base that is `line`, copying those before it; copies it if kept. */
static void seek(struct reader *r, const char *line, size_t size, bool keep)
{
    const char *at = r->rest;
    while (at != NULL && *at != '\0') {
        const char *end = strchr(at, '\n');
        const size_t length = end != NULL ? (size_t)(end - at) : strlen(at);
        const char *next = at + length + (end != NULL);
        if (length == size && memcmp(at, line, size) == 0) {
            fwrite(r->rest, 1, (size_t)((keep ? next : at) - r->rest), r->to);
            r->rest = next;
            return;
        }
        at = next;
    }
    fail(r, "the base has no such line from here on");
}

static void content(struct reader *r, char *line)
{
    if (r->text == NULL)
        fail(r, "a line of no text");
    const char mark = line[0];
    const size_t size = unescape(r, line + 1);
    if (mark == '\\') {
        r->no_newline = true;
    } else if (mark == '-' || mark == '=') {
        seek(r, line + 1, size, mark == '=');
    } else {
        if ((mark == '|') != (r->rest == NULL))
            fail(r, "expected '|' in a whole text; '-', '=' or '+' in one made of a base");
        fwrite(line + 1, 1, size, r->to);
        fputc('\n', r->to);
    }
}

static void set_name(const struct reader *r, char name[GOLDEN_NAME], const char *word)
{
    if (word == NULL || strlen(word) >= GOLDEN_NAME)
        fail(r, "expected a name of at most %d characters", GOLDEN_NAME - 1);
    strcpy(name, word);
}

static struct golden_text *add_base(struct reader *r, const char *name)
{
    struct golden_cases *c = r->cases;
    c->bases = reallocarray(c->bases, c->base_count + 1, sizeof *c->bases);
    if (c->bases == NULL)
        fail(r, "no memory");
    c->bases[c->base_count] = (struct golden_text){.text = NULL};
    set_name(r, c->bases[c->base_count].name, name);
    return &c->bases[c->base_count++];
}

static void add_case(struct reader *r, const char *name)
{
    struct golden_cases *c = r->cases;
    c->cases = reallocarray(c->cases, c->count + 1, sizeof *c->cases);
    if (c->cases == NULL)
        fail(r, "no memory");
    struct golden_case *new = &c->cases[c->count];
    *new = (struct golden_case){.exit = 0};
    set_name(r, new->name, name);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->cases[i].name, new->name) == 0)
            fail(r, "a case '%s' stands at %s", name, c->cases[i].at);
    c->count++;
    snprintf(new->at, sizeof new->at, "%s:%u", r->path, r->line);
}

static struct golden_text *add_file(const struct reader *r, struct golden_case *of,
                                    const char *path)
{
    for (size_t i = 0; i < GOLDEN_FILES; i++)
        if (of->file[i].text == NULL) {
            set_name(r, of->file[i].name, path);
            return &of->file[i];
        }
    fail(r, "more than %d files in a case", GOLDEN_FILES);
}

static void directive(struct reader *r, char *line)
{
    end_text(r);
    const char *word = strtok(line, " "), *name = NULL;
    if (word == NULL)
        fail(r, "a line of blanks");
    const bool named = strcmp(word, "base") == 0 || strcmp(word, "case") == 0 ||
                       strcmp(word, "file") == 0 || strcmp(word, "exit") == 0;
    if (named)
        name = strtok(NULL, " ");
    const char *of = strtok(NULL, " "), *base = of != NULL ? strtok(NULL, " ") : NULL;
    struct golden_case *last = r->cases->count > 0 ? &r->cases->cases[r->cases->count - 1] : NULL;
    if ((of != NULL && (strcmp(of, "of") != 0 || base == NULL)) || (named && name == NULL) ||
        strtok(NULL, " ") != NULL)
        fail(r, "expected '%s%s' and at most 'of BASE' behind it", word, named ? " NAME" : "");
    if (strcmp(word, "base") == 0)
        begin_text(r, add_base(r, name), base);
    else if (strcmp(word, "case") == 0)
        add_case(r, name);
    else if (last == NULL)
        fail(r, "'%s' stands in no case", word);
    else if (strcmp(word, "file") == 0)
        begin_text(r, add_file(r, last, name), base);
    else if (strcmp(word, "args") == 0)
        begin_text(r, &last->args, base);
    else if (strcmp(word, "out") == 0)
        begin_text(r, &last->out, base);
    else if (strcmp(word, "err") == 0)
        begin_text(r, &last->err, base);
    else if (name != NULL && strcmp(word, "exit") == 0)
        last->exit = atoi(name);
    else
        fail(r, "found '%s', expected base, case, file, args, exit, err or out", word);
}

static void read_file(struct reader *r)
{
    FILE *file = fopen(r->path, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    if (file == NULL)
        fail(r, "cannot be opened");
    while ((length = getline(&line, &room, file)) >= 0) {
        r->line++;
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (strchr("|-+=\\", line[0]) != NULL && line[0] != '\0')
            content(r, line);
        else if (line[0] != '#' && line[0] != '\0')
            directive(r, line);
    }
    end_text(r);
    free(line);
    fclose(file);
}

void golden_cases_read(const char *pattern, struct golden_cases *cases)
{
    glob_t paths;
    *cases = (struct golden_cases){.count = 0};
    if (glob(pattern, 0, NULL, &paths) != 0) {
        fprintf(stderr, "%s: no such files\n", pattern);
        exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        struct reader r = {.path = paths.gl_pathv[i], .cases = cases};
        read_file(&r);
    }
    globfree(&paths);
}

void golden_cases_free(struct golden_cases *cases)
{
    for (size_t i = 0; i < cases->base_count; i++)
        free(cases->bases[i].text);
    for (size_t i = 0; i < cases->count; i++) {
        struct golden_case *c = &cases->cases[i];
        for (size_t f = 0; f < GOLDEN_FILES; f++)
            free(c->file[f].text);
        free(c->args.text);
        free(c->out.text);
        free(c->err.text);
    }
    free(cases->bases);
    free(cases->cases);
}
