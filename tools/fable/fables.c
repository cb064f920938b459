/* fables: short English fables from a grammar, without end, on stdout.
 *
 * The training corpus of the embedded default model. Every story draws its animals, homes, things,
 * foods and friends at random and asks for them again later, so a model can answer only what it
 * remembers. The text of story i of seed S depends on nothing but (S, i): the same bytes on every
 * machine. In templates $ is the focus of a sentence and # its partner, the letter after it one of
 * their facts (see `letter_fact`); [ ] encloses what a reader of the story must recall.
 *
 *   fables --seed S [--bytes N | --stories N] [--cast N] [--mark]
 *       stories of at most N animals (2 unless said, 3 at most), each ended by <|endoftext|>;
 * --mark puts recalled answers between bytes 2 and 3 fables --seed S --quiz N [--distance D] N
 * lines: fact, bytes since the fact was last told, words since then, answer, story so far
 *       (tab-separated; newlines in the story written \n); only distances of at least D words;
 *       its stories never occur in the corpus of any seed
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fables_words.h"

enum {
    CAST_MAX = 3,
    CAST_USUAL = 2,
    RECALLS_MAX = 64,
    STORY_MAX = 16384, /* the longest story the grammar can derive stays well below */
    USAGE_EXIT = 2
};

enum fact { KIND, HOME, THING, COLOR, FOOD, FRIEND, SPOT, FACTS, NAME };

static const char *const fact_names[FACTS] = {"kind", "home",   "thing", "color",
                                              "food", "friend", "spot"};

struct being {
    const char *name;
    const char *word[FACTS];
    size_t told_end[FACTS]; /* where in the story the fact was last told; 0: not yet */
};

struct recall {
    enum fact fact;
    size_t start, end; /* the answer in the story's text */
    size_t told_end;
};

struct story {
    uint64_t random;
    bool marked; /* whether the text carries bytes 2 and 3 around recalled answers */
    int cast;
    size_t echoes; /* more of them where fewer animals make the story */
    struct being being[CAST_MAX];
    char text[STORY_MAX];
    size_t length;
    struct recall recall[RECALLS_MAX];
    size_t recalls;
};

struct options {
    uint64_t seed, bytes, stories, quiz, distance, cast;
    bool marked;
};

/* splitmix64: one addition and a mix per draw, the same on every machine. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t draw(struct story *s, size_t below)
{
    s->random += 0x9e3779b97f4a7c15u;
    return (size_t)(mix(s->random) >> 32) % below;
}

static void put(struct story *s, const char *bytes, size_t count)
{
    if (count > STORY_MAX - s->length) {
        fprintf(stderr, "fables: a story outgrew %d bytes: raise STORY_MAX\n", STORY_MAX);
        exit(1);
    }
    memcpy(s->text + s->length, bytes, count);
    s->length += count;
}

static void put_word(struct story *s, const char *word)
{
    put(s, word, strlen(word));
}

static const char *article(const char *word)
{
    return strchr("aeiou", word[0]) ? "an " : "a ";
}

/* The fact a template letter speaks of. Capitals put an article in front; p is the home without
 * its preposition, o names the thing as if it were known. */
static enum fact letter_fact(char letter)
{
    switch (letter) {
    case 'n':
        return NAME;
    case 'k':
    case 'K':
        return KIND;
    case 'h':
    case 'p':
        return HOME;
    case 't':
    case 'T':
    case 'o':
        return THING;
    case 'c':
        return COLOR;
    case 'f':
        return FOOD;
    case 'b':
        return FRIEND;
    case 's':
        return SPOT;
    default:
        fprintf(stderr, "fables: unknown letter '%c' in a template\n", letter);
        exit(1);
    }
}

static void put_fact(struct story *s, struct being *b, char letter)
{
    const enum fact fact = letter_fact(letter);
    if (fact == NAME) {
        put_word(s, b->name);
        return;
    }
    const char *word = b->word[fact];
    if (letter == 'K')
        put_word(s, article(word));
    if (letter == 'T')
        put_word(s, article(word));
    put_word(s, letter == 'p' ? strstr(word, "the ") : word);
    if (letter != 'o')
        b->told_end[fact] = s->length;
}

/* The answer up to the closing bracket. An answer told for the first time is no recall. */
static const char *put_answer(struct story *s, const char *at, struct being *b)
{
    const enum fact fact = letter_fact(at[1]);
    const size_t told_end = b->told_end[fact];
    const bool known = told_end > 0;
    if (known && s->marked)
        put(s, "\2", 1);
    const size_t start = s->length;
    put_fact(s, b, at[1]);
    if (known && s->recalls < RECALLS_MAX)
        s->recall[s->recalls++] = (struct recall){fact, start, s->length, told_end};
    if (known && s->marked)
        put(s, "\3", 1);
    return at + 3;
}

/* One sentence from its template; its first letter becomes a capital. */
static void say(struct story *s, const char *pattern, struct being *focus, struct being *partner)
{
    const size_t start = s->length;
    for (const char *at = pattern; *at;) {
        if (*at == '[') {
            at = put_answer(s, at + 1, at[1] == '$' ? focus : partner);
        } else if (*at == '$' || *at == '#') {
            put_fact(s, *at == '$' ? focus : partner, at[1]);
            at += 2;
        } else {
            put(s, at, 1);
            at++;
        }
    }
    if (s->text[start] >= 'a' && s->text[start] <= 'z')
        s->text[start] = (char)(s->text[start] - 'a' + 'A');
}

static void say_one_of(struct story *s, const char *const *patterns, size_t count,
                       struct being *focus, struct being *partner)
{
    if (s->length > 0 && s->text[s->length - 1] != '\n')
        put(s, " ", 1);
    say(s, patterns[draw(s, count)], focus, partner);
}

/* A word of the list that no earlier being of the story has for the same fact. */
static const char *fresh_word(struct story *s, const char *const *words, size_t count,
                              enum fact fact)
{
    for (;;) {
        const char *word = words[draw(s, count)];
        bool taken = false;
        for (int i = 0; i < CAST_MAX; i++)
            taken |= word == s->being[i].word[fact];
        if (!taken)
            return word;
    }
}

/* A name nobody in the story bears, neither a being nor a friend. */
static const char *fresh_name(struct story *s)
{
    for (;;) {
        const char *name = names[draw(s, COUNT(names))];
        bool taken = false;
        for (int i = 0; i < CAST_MAX; i++)
            taken |= name == s->being[i].name || name == s->being[i].word[FRIEND];
        if (!taken)
            return name;
    }
}

static void cast_being(struct story *s, struct being *b)
{
    b->name = fresh_name(s);
    b->word[FRIEND] = fresh_name(s);
    b->word[KIND] = fresh_word(s, kinds, COUNT(kinds), KIND);
    b->word[HOME] = fresh_word(s, homes, COUNT(homes), HOME);
    b->word[THING] = fresh_word(s, things, COUNT(things), THING);
    b->word[COLOR] = fresh_word(s, colors, COUNT(colors), COLOR);
    b->word[FOOD] = fresh_word(s, foods, COUNT(foods), FOOD);
    b->word[SPOT] = fresh_word(s, spots, COUNT(spots), SPOT);
}

static void tell_fillers(struct story *s, size_t count)
{
    for (size_t i = 0; i < count; i++)
        say_one_of(s, fillers, COUNT(fillers), &s->being[0], &s->being[0]);
}

/* One of the facts told so far about a being, said again. */
static void echo(struct story *s, struct being *b)
{
    size_t k;
    do {
        k = draw(s, COUNT(echoes));
    } while (b->told_end[letter_fact(echo_letters[k])] == 0);
    say_one_of(s, echoes[k], COUNT(echoes[0]), b, b);
}

/* Introduces being i and tells each of its facts with probability 7/8, in random order. */
static void introduce(struct story *s, int i)
{
    struct being *b = &s->being[i];
    if (i == 0)
        say_one_of(s, openings, COUNT(openings), b, b);
    else
        say_one_of(s, arrivals, COUNT(arrivals), b, &s->being[0]);
    size_t order[COUNT(tellings)];
    for (size_t k = 0; k < COUNT(tellings); k++) {
        const size_t at = draw(s, k + 1);
        order[k] = k;
        order[k] = order[at];
        order[at] = k;
    }
    for (size_t k = 0; k < COUNT(tellings); k++) {
        if (draw(s, 8) > 0)
            say_one_of(s, tellings[order[k]], COUNT(tellings[0]), b, b);
        if (draw(s, s->echoes) > 0)
            echo(s, b);
    }
    if (draw(s, 3) == 0)
        tell_fillers(s, 1);
    put(s, "\n", 1);
}

/* In the flow of the story one being asks another for something it told about itself. */
static void talk(struct story *s, int focus, int partner)
{
    struct being *b = &s->being[focus];
    const size_t k = draw(s, COUNT(talks));
    if (b->told_end[letter_fact(talk_letters[k])] > 0)
        say_one_of(s, talks[k], COUNT(talks[0]), b, &s->being[partner]);
}

static void tell_plot(struct story *s)
{
    const struct plot *p = &plots[draw(s, COUNT(plots))];
    const int focus = (int)draw(s, 2);
    for (size_t i = 0; i < PLOT_STEPS; i++)
        say_one_of(s, p->step[i], PLOT_CHOICES, &s->being[focus], &s->being[1 - focus]);
    put(s, "\nMoral: ", 8);
    say(s, p->moral[draw(s, PLOT_CHOICES)], &s->being[0], &s->being[1]);
    put(s, "\n", 1);
}

/* Four to eleven questions about facts that were told, none asked twice. */
static void ask(struct story *s)
{
    bool asked[CAST_MAX][COUNT(questions)] = {{false}};
    const size_t wanted = 4 + draw(s, 8);
    size_t found = 0;
    for (int tries = 0; tries < 40 && found < wanted; tries++) {
        const size_t i = draw(s, (size_t)s->cast);
        const size_t k = draw(s, COUNT(questions));
        if (asked[i][k] || s->being[i].told_end[letter_fact(question_letters[k])] == 0)
            continue;
        asked[i][k] = true;
        found++;
        say_one_of(s, questions[k], COUNT(questions[0]), &s->being[i], &s->being[i]);
        put(s, "\n", 1);
    }
}

static void derive(struct story *s, const struct options *o, uint64_t seed, uint64_t index)
{
    memset(s, 0, sizeof *s);
    s->random = mix(mix(seed) + index);
    s->marked = o->marked;
    s->cast = 1 + (int)draw(s, 4);
    if (s->cast > CAST_MAX)
        s->cast = 2;
    if (s->cast > (int)o->cast)
        s->cast = (int)o->cast;
    s->echoes = 3;
    for (int i = 0; i < CAST_MAX; i++)
        cast_being(s, &s->being[i]);
    for (int i = 0; i < s->cast; i++)
        introduce(s, i);
    if (draw(s, 6) == 0)
        tell_fillers(s, draw(s, 12));
    if (s->cast > 1) {
        const size_t rounds = draw(s, 4);
        for (size_t i = 0; i < rounds; i++) {
            const int focus = (int)draw(s, (size_t)s->cast);
            talk(s, focus, (focus + 1) % s->cast);
        }
        tell_plot(s);
    } else {
        tell_fillers(s, 1 + draw(s, 3));
        put(s, "\nMoral: ", 8);
        say(s, lone_morals[draw(s, COUNT(lone_morals))], &s->being[0], &s->being[0]);
        put(s, "\n", 1);
    }
    ask(s);
}

/* Ends the program when nobody reads any more (quietly) or the output cannot be written. */
static void write_out(const char *bytes, size_t count)
{
    if (fwrite(bytes, 1, count, stdout) == count)
        return;
    if (errno == EPIPE)
        exit(0);
    fprintf(stderr, "fables: cannot write the stories: %s\n", strerror(errno));
    exit(1);
}

static void write_corpus(const struct options *o, struct story *s)
{
    static const char separator[] = "<|endoftext|>";
    uint64_t left = o->bytes;
    for (uint64_t i = 0; i < o->stories; i++) {
        derive(s, o, o->seed, i);
        put(s, separator, sizeof separator - 1);
        const size_t count = s->length < left ? s->length : (size_t)left;
        write_out(s->text, count);
        left -= count;
        if (left == 0)
            return;
    }
}

static uint64_t count_words(const char *text, size_t length)
{
    uint64_t words = 0;
    for (size_t i = 0; i < length; i++)
        words += text[i] == ' ' || text[i] == '\n';
    return words;
}

static void write_item(const struct story *s, const struct recall *r, uint64_t words)
{
    char line[2 * STORY_MAX];
    const int head =
        snprintf(line, sizeof line, "%s\t%zu\t%" PRIu64 "\t%.*s\t", fact_names[r->fact],
                 r->start - r->told_end, words, (int)(r->end - r->start), s->text + r->start);
    size_t length = (size_t)head;
    for (size_t i = 0; i < r->start; i++) {
        if (s->text[i] == '\n')
            line[length++] = '\\';
        line[length++] = (char)(s->text[i] == '\n' ? 'n' : s->text[i]);
    }
    while (line[length - 1] == ' ') /* the space belongs to the answer's first token */
        length--;
    line[length++] = '\n';
    write_out(line, length);
}

static void write_quiz(const struct options *o, struct story *s)
{
    const uint64_t quiz_domain = 0x7175697a66616263u; /* apart from the corpus of any small seed */
    for (uint64_t i = 0, found = 0; found < o->quiz; i++) {
        derive(s, o, o->seed ^ quiz_domain, i);
        struct recall fit[RECALLS_MAX];
        size_t fits = 0;
        for (size_t k = 0; k < s->recalls; k++) {
            const struct recall *r = &s->recall[k];
            if (count_words(s->text + r->told_end, r->start - r->told_end) >= o->distance)
                fit[fits++] = *r;
        }
        if (fits == 0)
            continue;
        const struct recall *r = &fit[draw(s, fits)];
        write_item(s, r, count_words(s->text + r->told_end, r->start - r->told_end));
        found++;
    }
}

static _Noreturn void fail_usage(const char *what, const char *found)
{
    fprintf(stderr, "fables: %s: '%s'\n", what, found);
    fprintf(stderr, "usage: fables --seed S [--bytes N | --stories N] [--cast N] [--mark]\n"
                    "       fables --seed S --quiz N [--distance D]\n");
    exit(USAGE_EXIT);
}

static uint64_t read_number(const char *name, const char *text)
{
    char *end = NULL;
    errno = 0;
    const uint64_t value = text ? strtoull(text, &end, 10) : 0;
    if (!text || text[0] < '0' || text[0] > '9' || *end || errno)
        fail_usage("expected a whole number after the option", name);
    return value;
}

int main(int argc, char **argv)
{
    struct options o = {.bytes = UINT64_MAX, .stories = UINT64_MAX, .cast = CAST_USUAL};
    const struct {
        const char *name;
        uint64_t *value;
    } numbers[] = {{"--seed", &o.seed}, {"--bytes", &o.bytes},       {"--stories", &o.stories},
                   {"--quiz", &o.quiz}, {"--distance", &o.distance}, {"--cast", &o.cast}};
    for (int i = 1; i < argc; i++) {
        size_t k = 0;
        while (k < COUNT(numbers) && strcmp(argv[i], numbers[k].name) != 0)
            k++;
        if (strcmp(argv[i], "--mark") == 0) {
            o.marked = true;
        } else if (k < COUNT(numbers)) {
            *numbers[k].value = read_number(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            i++;
        } else {
            fail_usage("unknown option", argv[i]);
        }
    }
    if (o.cast < 1 || o.cast > CAST_MAX)
        fail_usage("expected 1, 2 or 3", "--cast");
    signal(SIGPIPE, SIG_IGN);
    static struct story story;
    if (o.quiz > 0)
        write_quiz(&o, &story);
    else if (o.bytes > 0)
        write_corpus(&o, &story);
    if (fflush(stdout) != 0 && errno != EPIPE) {
        fprintf(stderr, "fables: cannot write the stories: %s\n", strerror(errno));
        return 1;
    }
    return 0;
}
