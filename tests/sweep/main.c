/* sweep: makes and judges one random model of tests/sweep/sweep.sh.
 *
 *   sweep shape SEED NUMBER DIR           DIR/config.json, DIR/options
 *   sweep weights SEED NUMBER DIR CONFIG  DIR/model.safetensors, for the imported CONFIG
 *   sweep text SEED NUMBER DIR CONFIG [TOKENS]
 *                                         DIR/ids, and their exact logits in DIR/exact
 *   sweep compare DIR LOGITS.npy          prints how far the logits are from exact; 1: further than
 *                                         they may be
 *   sweep beside DIR LOGITS.npy STORED.npy FACTOR
 *                                         prints how far the logits, and the stored rows of another
 *                                         computation in f32, are from exact; 1: the logits more
 *                                         than FACTOR times as far */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/reference64/reference64.h"
#include "tests/sweep/sweep.h"

enum { TEXT_LEAST = 20, TEXT_MOST = 100, TEXTS = 40 };

/* A choice of experts that is closer than this is left to chance. */
static const double CLEAR = 3e-5;

/* How far logits may be from exact: root mean squares beside each other, and the worst beside the
 * largest. A stream a few elements wide is badly conditioned at single tokens: there f32
 * errs by up to 4e-5, in transformers, too. */
static const double TOLERANCE = 2e-5, WORST = 1e-4;

static int fail(const char *what)
{
    fprintf(stderr, "sweep: %s: %s\n", what, strerror(errno));
    return EXIT_FAILURE;
}

static void *room(uint64_t count, size_t size)
{
    void *bytes = calloc(count + 1, size);
    if (bytes == NULL)
        exit(fail("no memory"));
    return bytes;
}

static void load_layout(const char *config, struct layout *layout)
{
    struct diagnostics diagnostics = {.to = stderr, .file = config};
    if (!layout_load(config, &diagnostics, layout))
        exit(EXIT_FAILURE);
}

static int write_text(const char *directory, const uint32_t *ids, size_t count,
                      const double *logits, uint64_t vocab)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/ids", directory);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return fail(path);
    for (size_t i = 0; i < count; i++)
        fprintf(f, "%u\n", ids[i]);
    if (fclose(f) != 0)
        return fail(path);
    snprintf(path, sizeof path, "%s/exact", directory);
    f = fopen(path, "wb");
    if (f == NULL)
        return fail(path);
    fwrite(logits, sizeof *logits, count * vocab, f);
    return fclose(f) == 0 ? EXIT_SUCCESS : fail(path);
}

/* The first of several texts of `count` ids whose choices of experts are all clear; 0: of any
 * length that goes into the context. */
static int text(uint64_t seed, uint64_t number, const char *directory, const char *config,
                uint32_t count)
{
    struct draws d = {.seed = draws_of(seed, number).seed, .at = (uint64_t)1 << 60};
    struct layout layout;
    load_layout(config, &layout);
    const uint32_t context = layout.cfg.context, vocab = layout.cfg.vocab_size;
    const uint32_t most = context > 0 && context < TEXT_MOST ? context : TEXT_MOST;
    if (count == 0)
        count = draw_count(&d, most < TEXT_LEAST ? most : TEXT_LEAST, most);
    uint32_t *ids = room(count, sizeof *ids);
    double *logits = room((uint64_t)count * vocab, sizeof *logits);
    int status = EXIT_FAILURE;
    for (uint32_t tried = 0; tried < TEXTS && status != EXIT_SUCCESS; tried++) {
        struct model64 *m = model64_open(directory);
        memset(logits, 0, (size_t)count * vocab * sizeof *logits);
        for (uint32_t i = 0; i < count; i++)
            ids[i] = (uint32_t)(draw(&d) * vocab);
        model64_run(m, ids, count, logits);
        if (model64_gap(m) > CLEAR)
            status = write_text(directory, ids, count, logits, vocab);
        model64_close(m);
    }
    if (status != EXIT_SUCCESS)
        fprintf(stderr, "sweep: none of %d texts has clear choices of experts\n", TEXTS);
    free(ids);
    free(logits);
    layout_free(&layout);
    return status;
}

/* Numbers of a file. */
struct numbers {
    uint64_t rows, count; /* rows: of an array */
    double *value;
};

/* A float32 .npy of version 1. */
static struct numbers read_array(const char *path)
{
    unsigned char head[10];
    char header[512] = "";
    uint64_t rows = 0, cols = 0;
    FILE *f = fopen(path, "rb");
    if (f != NULL && fread(head, 1, sizeof head, f) == sizeof head && head[9] == 0 &&
        fread(header, 1, head[8], f) == head[8] && strstr(header, "'<f4'") != NULL)
        sscanf(strstr(header, "'shape'"), "'shape': (%" SCNu64 ", %" SCNu64 ")", &rows, &cols);
    struct numbers n = {rows, rows * cols, room(rows * cols, sizeof *n.value)};
    float value = 0;
    uint64_t read = 0;
    for (; read < n.count && fread(&value, sizeof value, 1, f) == 1; read++)
        n.value[read] = value;
    if (read == 0 || read < n.count) {
        fprintf(stderr, "sweep: %s is no whole array\n", path);
        exit(EXIT_FAILURE);
    }
    fclose(f);
    return n;
}

static struct numbers read_exact(const char *directory, uint64_t count)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/exact", directory);
    struct numbers n = {.count = count, .value = room(count, sizeof *n.value)};
    FILE *f = fopen(path, "rb");
    if (f == NULL || fread(n.value, sizeof *n.value, count, f) != count || fgetc(f) != EOF) {
        fprintf(stderr, "sweep: %s does not have %" PRIu64 " logits\n", path, count);
        exit(EXIT_FAILURE);
    }
    fclose(f);
    return n;
}

static int compare(const char *directory, const char *path)
{
    const struct numbers got = read_array(path), exact = read_exact(directory, got.count);
    double largest = 0, worst = 0, squares = 0, size = 0;
    for (uint64_t i = 0; i < got.count; i++) {
        const double difference = fabs(got.value[i] - exact.value[i]);
        largest = fmax(largest, fabs(exact.value[i]));
        worst = difference <= worst ? worst : difference; /* a NaN becomes the worst */
        squares += difference * difference;
        size += exact.value[i] * exact.value[i];
    }
    printf("%.1e, at worst %.1e\n", sqrt(squares / size), worst / largest);
    free(got.value);
    free(exact.value);
    return sqrt(squares / size) <= TOLERANCE && worst <= WORST * largest ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}

/* The root of the mean square of row i of `rows` rows, spread to the last one of a text, minus the
 * exact row; of all rows. `stored`: `got` has these rows only. */
static double distance(const struct numbers *got, const struct numbers *exact, uint64_t rows,
                       bool stored)
{
    const uint64_t cols = got->count / got->rows, tokens = exact->count / cols;
    double squares = 0;
    for (uint64_t i = 0; i < rows; i++) {
        const uint64_t at = (i + 1) * tokens / rows - 1;
        const double *row = got->value + (stored ? i : at) * cols;
        for (uint64_t c = 0; c < cols; c++) {
            const double difference = row[c] - exact->value[at * cols + c];
            squares += difference * difference;
        }
    }
    return sqrt(squares / (double)(rows * cols));
}

static int beside(const char *directory, const char *ours, const char *theirs, double factor)
{
    const struct numbers got = read_array(ours), stored = read_array(theirs);
    const struct numbers exact = read_exact(directory, got.count);
    double squares = 0;
    for (uint64_t i = 0; i < exact.count; i++)
        squares += exact.value[i] * exact.value[i];
    const double size = sqrt(squares / (double)exact.count);
    const double our_error = distance(&got, &exact, stored.rows, false) / size;
    const double their_error = distance(&stored, &exact, stored.rows, true) / size;
    printf("%.2e, transformers %.2e, factor %.2f\n", our_error, their_error,
           our_error / their_error);
    free(got.value);
    free(stored.value);
    free(exact.value);
    return our_error <= factor * their_error ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "compare") == 0 && argc == 4)
        return compare(argv[2], argv[3]);
    if (strcmp(verb, "beside") == 0 && argc == 6)
        return beside(argv[2], argv[3], argv[4], strtod(argv[5], NULL));
    if (argc < 5) {
        fprintf(stderr, "usage: sweep shape|weights|text SEED NUMBER DIR [CONFIG [TOKENS]]\n");
        return 2;
    }
    const uint64_t seed = strtoull(argv[2], NULL, 10), number = strtoull(argv[3], NULL, 10);
    if (strcmp(verb, "shape") == 0)
        return sweep_shape(seed, number, argv[4]) ? EXIT_SUCCESS : fail(argv[4]);
    if (strcmp(verb, "text") == 0 && argc >= 6)
        return text(seed, number, argv[4], argv[5],
                    argc > 6 ? (uint32_t)strtoul(argv[6], NULL, 10) : 0);
    struct layout layout;
    load_layout(argc == 6 ? argv[5] : "", &layout);
    const bool written = sweep_weights(seed, number, &layout, argv[4]);
    layout_free(&layout);
    return written ? EXIT_SUCCESS : fail(argv[4]);
}
