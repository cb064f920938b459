#include "tools/measure/compare_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/visible.h"

extern char **environ;

static const size_t MOST_BYTES = (size_t)1 << 26; /* of one run's output */
static const double ERROR_RATE = 0.05;

static void *grown(void *block, size_t count, size_t size)
{
    void *more = reallocarray(block, count + 1, size);
    if (more == NULL)
        die(EXIT_MEMORY, "no memory for %zu values", count);
    return more;
}

/* ---- one run --------------------------------------------------------------------------------- */

/* The words of a command, to be freed, of which the first holds the text. A file of that name is a
 * program, blanks and all. */
static char **words_of(const struct run_request *request, int side)
{
    char *text = strdup(request->commands[side]);
    if (text == NULL)
        die(EXIT_MEMORY, "no memory for a command");
    char **words = grown(NULL, strlen(text) + request->option_count + 5, sizeof *words);
    size_t count = 0;
    if (access(text, X_OK) == 0)
        words[count++] = text;
    else
        for (char *rest = text, *word; (word = strsep(&rest, " \t")) != NULL;)
            if (*word != '\0' || count == 0)
                words[count++] = word;
    if (count == 1)
        words[count++] = (char *)(uintptr_t) "bench";
    for (size_t i = 0; i < request->option_count; i++)
        words[count++] = request->options[i];
    words[count++] = (char *)(uintptr_t) "-o";
    words[count++] = (char *)(uintptr_t) "jsonl";
    words[count] = NULL;
    return words;
}

/* Starts it with nothing to read and these as its output and error. What this program ignores, the
 * other shall not. */
static int start(pid_t *child, char *const *words, int out, int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGXFSZ);
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed != 0)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (failed == 0) {
        posix_spawnattr_setsigdefault(&attributes, &usual);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (failed == 0)
            failed = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        if (failed == 0)
            failed = posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
        if (failed == 0)
            failed = posix_spawnp(child, words[0], &actions, &attributes, words, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* All that comes, up to MOST_BYTES. */
static char *read_output(int from, size_t *bytes)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t got;
    *bytes = 0;
    do {
        if (*bytes == room)
            text = grown(text, room = room > 0 ? 2 * room : 65536, 1);
        got = read(from, text + *bytes, room - *bytes);
        *bytes += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && *bytes < MOST_BYTES) || (got < 0 && errno == EINTR));
    return text;
}

/* Ends this program with how the other one ended and the last that it said. */
__attribute__((noreturn)) static void die_of_child(char side, const char *command, int status,
                                                   int err)
{
    char said[600], seen[1200];
    const off_t size = lseek(err, 0, SEEK_END);
    const off_t from = size > (off_t)sizeof said ? size - (off_t)sizeof said : 0;
    const ssize_t got = pread(err, said, sizeof said, from);
    const ssize_t length = got > 0 && said[got - 1] == '\n' ? got - 1 : got;
    visible_copy(seen, sizeof seen, said, length > 0 ? (size_t)length : 0);
    if (WIFEXITED(status))
        die(EXIT_FAILED, "%c, '%s', failed with exit code %d; it said: %s", side, command,
            WEXITSTATUS(status), seen);
    die(EXIT_FAILED, "%c, '%s', was ended by signal %d; it said: %s", side, command,
        WTERMSIG(status), seen);
}

/* Runs A (0) or B (1) and reads its record. False if Ctrl-C came meanwhile. */
static bool run(const struct run_request *request, int side, struct record_read *record)
{
    const char *command = request->commands[side];
    const char letter = side ? 'B' : 'A';
    char **words = words_of(request, side), error[RECORD_READ_ERROR];
    int ends[2], status = 0;
    pid_t child;
    const int err = memfd_create("stderr", MFD_CLOEXEC);
    if (err < 0 || pipe2(ends, O_CLOEXEC) != 0)
        die(EXIT_FAILED, "cannot make a pipe: %s", strerror(errno));
    const int failed = start(&child, words, ends[1], err);
    if (failed != 0)
        die(EXIT_FAILED, "%c, '%s', cannot be run: %s", letter, words[0], strerror(failed));
    close(ends[1]);
    size_t bytes;
    char *text = read_output(ends[0], &bytes);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    const bool asked = interrupt_asked();
    if (!asked && status != 0)
        die_of_child(letter, command, status, err);
    if (!asked && !record_read_text(record, command, text, bytes, error))
        die(EXIT_MISMATCH, "%c: %s", letter, error);
    close(err);
    free(text);
    free(words[0]);
    free(words);
    return !asked;
}

void compare_run_begin(struct comparisons *all, const struct run_request *request)
{
    for (int side = 0; side < 2; side++)
        if (!run(request, side, all->of[side]))
            die(EXIT_INTERRUPTED, "interrupted before anything was measured");
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* A figure of both: the median of its samples in every run, and the logarithm of the ratio in every
 * block. */
struct paired_figure {
    double *values[2]; /* [2 blocks] */
    double *ratios;    /* [blocks] */
};

static double value_of(const struct record_read *record, const char *name, char side)
{
    const struct read_figure *figure = record_read_find(record, name);
    if (figure == NULL || figure->count == 0)
        die(EXIT_MISMATCH, "%c printed no '%s' this time, or without samples", side, name);
    double *copy = grown(NULL, figure->count, sizeof *copy);
    memcpy(copy, figure->samples, figure->count * sizeof *copy);
    const double value = stats_median(copy, figure->count);
    free(copy);
    if (!(value > 0))
        die(EXIT_MISMATCH, "%c: '%s' is %g; only what is above 0 has a ratio", side, name, value);
    return value;
}

static bool run_block(struct comparisons *all, const struct run_request *request, uint64_t block,
                      struct paired_figure *paired)
{
    unsigned runs[2] = {0, 0};
    for (int place = 0; place < PAIRED_RUNS; place++) {
        const int side = paired_program(block, place);
        struct record_read record;
        if (!run(request, side, &record))
            return false;
        for (size_t i = 0; i < all->count; i++)
            paired[i].values[side][2 * block + runs[side]] =
                value_of(&record, all->figures[i].name, side ? 'B' : 'A');
        runs[side]++;
        record_read_free(&record);
    }
    for (size_t i = 0; i < all->count; i++) {
        const double *a = paired[i].values[0] + 2 * block, *b = paired[i].values[1] + 2 * block;
        paired[i].ratios[block] = log(b[0] / a[0] * (b[1] / a[1])) / 2;
    }
    return true;
}

/* The figures that both have, undecided. */
static void choose_figures(struct comparisons *all)
{
    for (size_t i = 0; i < all->of[0]->figure_count; i++) {
        const struct read_figure *a = &all->of[0]->figures[i];
        const struct read_figure *b = record_read_find(all->of[1], a->name);
        if (b == NULL || strcmp(a->unit, b->unit) != 0)
            continue;
        all->figures = grown(all->figures, all->count + 1, sizeof *all->figures);
        all->figures[all->count++] = (struct comparison){.name = a->name,
                                                         .kind = a->kind,
                                                         .unit = a->unit,
                                                         .lower_is_better = a->lower_is_better,
                                                         .before = NAN,
                                                         .after = NAN,
                                                         .ratio = NAN,
                                                         .interval = {NAN, NAN},
                                                         .verdict = VERDICT_UNCLEAR};
    }
}

static void look(struct comparison *figure, const struct paired_figure *paired, uint64_t blocks,
                 double error, double margin)
{
    double *scratch = grown(NULL, blocks * (blocks + 1), sizeof *scratch), centre;
    const struct stats_interval of =
        paired_interval(paired->ratios, blocks, error, &centre, scratch);
    figure->ratio = exp(centre);
    figure->interval = (struct stats_interval){exp(of.low), exp(of.high)};
    memcpy(scratch, paired->values[0], 2 * blocks * sizeof *scratch);
    figure->before = stats_median(scratch, 2 * blocks);
    memcpy(scratch, paired->values[1], 2 * blocks * sizeof *scratch);
    figure->after = stats_median(scratch, 2 * blocks);
    figure->samples[0] = figure->samples[1] = 2 * blocks;
    comparison_decide(figure, margin);
    free(scratch);
}

static void show_progress(uint64_t blocks, const struct run_request *request, size_t undecided)
{
    if (isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\r%" PRIu64 " of at most %" PRIu64 " pairs, %zu figures undecided  ",
                2 * blocks, 2 * request->most_blocks, undecided);
}

void compare_run(struct comparisons *all, const struct run_request *request)
{
    choose_figures(all);
    const uint64_t most = request->most_blocks;
    const double error = ERROR_RATE / paired_looks(most);
    struct paired_figure *paired = grown(NULL, all->count, sizeof *paired);
    for (size_t i = 0; i < all->count; i++) {
        paired[i].values[0] = grown(NULL, 2 * most, sizeof(double));
        paired[i].values[1] = grown(NULL, 2 * most, sizeof(double));
        paired[i].ratios = grown(NULL, most, sizeof(double));
    }
    size_t undecided = all->count;
    uint64_t done = 0, next = paired_next_look(0, most);
    while (undecided > 0 && done < most && !all->interrupted) {
        all->interrupted = !run_block(all, request, done, paired);
        done += !all->interrupted;
        show_progress(done, request, undecided);
        if (done < next || all->interrupted)
            continue;
        undecided = 0;
        for (size_t i = 0; i < all->count; i++) {
            if (all->figures[i].verdict == VERDICT_UNCLEAR)
                look(&all->figures[i], &paired[i], done, error, all->margin);
            undecided += all->figures[i].verdict == VERDICT_UNCLEAR;
        }
        next = paired_next_look(done, most);
    }
    if (isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\n");
    for (size_t i = 0; i < all->count; i++) {
        if (all->interrupted && all->figures[i].verdict == VERDICT_UNCLEAR)
            snprintf(all->figures[i].why, COMPARISON_WHY, "interrupted after %" PRIu64 " pairs",
                     2 * done);
        free(paired[i].values[0]);
        free(paired[i].values[1]);
        free(paired[i].ratios);
    }
    free(paired);
}
