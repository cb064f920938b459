/* `perplexity` as a user meets it, over the fake model's binary: its options, texts that are too
 * short or none, and files of logits: damaged anywhere, cut, foreign, and never half-written. The
 * binary aborts when anything allocates after sealing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/digest.h"
#include "runtime/measure/logprobs.h"
#include "tests/fixtures/fake_binary.h"
#include "tests/fixtures/fake_model.h"

#define REMEDY "; save it again with --save-logprobs, or leave --against out\n"
#define REFUSED(code, message, ...)                                                                \
    assert_refused(CHILD(fake, "perplexity", "-q", "-m", sound, __VA_ARGS__), code,                \
                   "fake: " message "\n")

static const char TEXT[] = "Hello there, said the fox.  Hello, said the owl\nand the hare.";
static char text_path[256], saved_path[256];
static uint8_t *saved_file;
static uint64_t saved_bytes;

static uint8_t *read_file(const char *path, uint64_t *bytes)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    fseek(file, 0, SEEK_END);
    *bytes = (uint64_t)ftell(file);
    rewind(file);
    uint8_t *read = malloc(*bytes + 1);
    ck_assert_uint_eq(fread(read, 1, *bytes, file), *bytes);
    read[*bytes] = '\0';
    fclose(file);
    return read;
}

static void make_files(void)
{
    snprintf(text_path, sizeof text_path, "%s", child_scratch("fox.txt"));
    snprintf(saved_path, sizeof saved_path, "%s", child_scratch("fox.logits"));
    fake_write(text_path, TEXT, strlen(TEXT));
    const struct child *child =
        CHILD(fake, "perplexity", "-m", sound, text_path, "--save-logprobs", saved_path);
    ck_assert_msg(child->code == 0, "%s", child->err);
    saved_file = read_file(saved_path, &saved_bytes);
    char said[512];
    const struct logprobs_header *header = (const struct logprobs_header *)saved_file;
    snprintf(said, sizeof said, "fox.logits will take %s: %d scored tokens, 2.1 kB each",
             number_text_bytes(saved_bytes).text, (int)header->rows);
    ck_assert_msg(strstr(child->err, said) != NULL, "%s", child->err);
}

static void drop_files(void)
{
    free(saved_file);
}

/* ---- options and texts -------------------------------------------------------------------- */

START_TEST(nonsense_is_refused)
{
    REFUSED(2, "perplexity needs a text: FILE, or '-' for standard input", "-q");
    REFUSED(2, "--window: 'x' is not a whole number from 0 to 1073741824", text_path, "--window",
            "x");
    REFUSED(2, "--window: a window has at least 2 tokens", text_path, "--window", "1");
    REFUSED(2, "--window: a window has at least 4 tokens", text_path, "--window", "3",
            "--like-llama-cpp");
    REFUSED(2, "--stride needs --window: the text goes through in one pass", text_path, "--stride",
            "3");
    REFUSED(2, "--stride 9 would leave tokens out: a window has 8", text_path, "--window", "8",
            "--stride", "9");
    REFUSED(2, "--like-llama-cpp and --stride exclude each other: its windows lie side by side",
            text_path, "--like-llama-cpp", "--stride", "3");
    REFUSED(2, "--output: 'xml' is not known; expected table, md, csv, json or jsonl", text_path,
            "-o", "xml");
    REFUSED(1, "/nowhere/text: cannot be opened: No such file or directory", "/nowhere/text");
}
END_TEST

START_TEST(texts_that_say_nothing_are_refused)
{
    const char *path = child_scratch("short.txt");
    char message[512];
    static const char *const texts[] = {"", "a"};
    for (size_t i = 0; i < 2; i++) {
        fake_write(path, texts[i], strlen(texts[i]));
        snprintf(message, sizeof message,
                 "fake: %s: %zu token%s; perplexity needs at least 2, as nothing foretells the "
                 "first\n",
                 path, i, i == 1 ? "" : "s");
        assert_refused(CHILD(fake, "perplexity", "-q", "-m", sound, path), 4, message);
    }
    snprintf(message, sizeof message,
             "fake: %s: 1 token; --like-llama-cpp needs at least 16: give a smaller --window\n",
             path);
    assert_refused(CHILD(fake, "perplexity", "-q", "-m", sound, path, "--like-llama-cpp",
                         "--window", "8", "--save-logprobs", child_scratch("none.logits")),
                   4, message);
    ck_assert_int_ne(access(child_scratch("none.logits"), F_OK), 0);
    fake_write(path, "Hello \xff", 7);
    snprintf(message, sizeof message, "fake: %s: the text is not valid UTF-8", path);
    struct child *child = CHILD(fake, "perplexity", "-q", "-m", sound, path);
    ck_assert_int_eq(child->code, 4);
    ck_assert_msg(strstr(child->err, path) != NULL && strstr(child->err, "UTF-8") != NULL, "%s",
                  child->err);
    assert_refused(CHILD(fake, "perplexity", "-q", "-m", wordless, text_path), 4, child->err);
}
END_TEST

/* The section of the JSON object that a run prints; the caller's. */
static json_t *section_of(const char *const *arguments, const char *input)
{
    struct child *child = child_run(fake, arguments, input, strlen(input));
    ck_assert_msg(child->code == 0, "%s", child->err);
    json_error_t error;
    json_t *record = json_loads(child->out, 0, &error);
    ck_assert_msg(record != NULL, "%s", error.text);
    json_t *section = json_incref(json_object_get(record, "perplexity"));
    json_decref(record);
    return section;
}

#define SECTION(input, ...)                                                                        \
    section_of((const char *[]){"perplexity", "-q", "-m", sound, "-o", "json", __VA_ARGS__, NULL}, \
               input)

static double real(const json_t *object, const char *key)
{
    ck_assert_msg(json_is_number(json_object_get(object, key)), "%s", key);
    return json_number_value(json_object_get(object, key));
}

/* Threads, chunks and where the text comes from change no bit. */
START_TEST(bits_depend_on_text_and_windows_alone)
{
    static const char *const windows[][2] = {
        {"--window", "0"}, {"--window", "9"}, {"--window", "40"}, {"--window", "1000"}};
    const double scored = (double)((const struct logprobs_header *)saved_file)->rows;
    for (size_t i = 0; i < 4; i++) {
        const char *name = windows[i][0], *value = windows[i][1];
        json_t *one = SECTION("", text_path, name, value, "-t", "1");
        json_t *two = SECTION("", text_path, name, value, "-t", "3", "-b", "5");
        ck_assert(json_equal(one, two));
        json_t *piped = SECTION(TEXT, "-", name, value, "-b", "1");
        json_object_set_new(piped, "file", json_string(text_path));
        ck_assert(json_equal(one, piped));
        /* All but the first token, an H, are scored. */
        ck_assert_double_eq(real(one, "bytes"), (double)strlen(TEXT) - 1);
        ck_assert_double_eq(real(one, "tokens"), scored);
        json_decref(one);
        json_decref(two);
        json_decref(piped);
    }
    json_t *whole = SECTION("", text_path), *large = SECTION("", text_path, "--window", "1000");
    ck_assert_double_eq(real(whole, "token_perplexity"), real(large, "token_perplexity"));
    json_decref(whole);
    json_decref(large);
}
END_TEST

START_TEST(positions_add_up)
{
    json_t *section = SECTION("", text_path, "--window", "16");
    double tokens = 0, bits = 0, before = 0;
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(section, "by_position"), i, part)
    {
        ck_assert_double_gt(real(part, "from"), before);
        before = real(part, "to");
        tokens += real(part, "tokens");
        bits += real(part, "bits_per_token") * real(part, "tokens");
    }
    ck_assert_double_lt(before, 16);
    ck_assert_double_eq(tokens, real(section, "tokens"));
    ck_assert_double_eq_tol(bits / tokens, real(section, "bits_per_token"), 1e-12);
    json_decref(section);
}
END_TEST

/* What a record keeps of a run is what it prints, in each of the formats. */
START_TEST(every_format_says_the_same)
{
    const char *path = child_scratch("record.json");
    static const char *const formats[] = {"table", "md", "csv", "json", "jsonl"};
    for (size_t i = 0; i < 5; i++) {
        struct child *child = CHILD(fake, "perplexity", "-q", "-m", sound, text_path, "-o",
                                    formats[i], "--record", path);
        ck_assert_int_eq(child->code, 0);
        json_t *record = json_load_file(path, 0, NULL);
        ck_assert_ptr_nonnull(record);
        ck_assert_int_eq((int)real(record, "schema"), 2);
        ck_assert_str_eq(json_string_value(json_object_get(record, "verb")), "perplexity");
        ck_assert(json_is_true(json_object_get(record, "complete")));
        char value[64];
        const json_t *section = json_object_get(record, "perplexity");
        snprintf(value, sizeof value, i < 2 ? "%.6g" : "%.17g", real(section, "bits_per_byte"));
        value[i < 2 ? 8 : 12] = '\0';
        ck_assert_msg(strstr(child->out, value) != NULL, "%s: no %s in %s", formats[i], value,
                      child->out);
        json_decref(record);
        unlink(path);
    }
}
END_TEST

/* ---- files of logits ---------------------------------------------------------------------- */

static void seal(uint8_t *file)
{
    struct logprobs_header *header = (struct logprobs_header *)file;
    header->header_digest = 0;
    header->header_digest = XXH3_64bits(file, LOGPROBS_HEADER);
}

/* A copy of the saved file, changed by the caller. */
static uint8_t *copy(void)
{
    uint8_t *bytes = malloc(saved_bytes);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, saved_file, saved_bytes);
    return bytes;
}

static struct child *against(const char *path, const char *text)
{
    return CHILD(fake, "perplexity", "-q", "-m", sound, text, "--against", path);
}

static void assert_file_refused(const uint8_t *bytes, uint64_t count, const char *words)
{
    const char *path = child_scratch("wrong.logits");
    fake_write(path, bytes, count);
    struct child *child = against(path, text_path);
    ck_assert_msg(child->code == 4 && child->out_bytes == 0, "exit %d: %s", child->code,
                  child->err);
    ck_assert_msg(strstr(child->err, path) != NULL && strstr(child->err, words) != NULL,
                  "expected '%s': %s", words, child->err);
}

START_TEST(a_model_does_not_differ_from_itself)
{
    json_t *section = SECTION("", text_path, "--against", saved_path, "-t", "3", "-b", "7");
    const json_t *result = json_object_get(section, "against");
    static const char *const zero[] = {"kl_mean", "kl_mean_error", "kl_max", "kl_min",
                                       "dp_mean", "dp_rms",        "dp_max", "dp_min"};
    for (size_t i = 0; i < sizeof zero / sizeof *zero; i++)
        ck_assert_double_eq(real(result, zero[i]), 0.0);
    ck_assert_double_eq(real(result, "top1"), 1.0);
    ck_assert_double_eq(real(result, "perplexity_ratio"), 1.0);
    ck_assert_double_eq(real(result, "base_token_perplexity"), real(section, "token_perplexity"));
    ck_assert_double_eq(real(result, "tokens"), real(section, "tokens"));
    json_decref(section);
    /* The same bytes, however they were made. */
    const char *again = child_scratch("again.logits");
    ck_assert_int_eq(CHILD(fake, "perplexity", "-q", "-m", sound, text_path, "--save-logprobs",
                           again, "--against", saved_path, "-t", "3", "-b", "3")
                         ->code,
                     0);
    uint64_t bytes;
    uint8_t *file = read_file(again, &bytes);
    ck_assert_uint_eq(bytes, saved_bytes);
    ck_assert_mem_eq(file, saved_file, bytes);
    free(file);
}
END_TEST

START_TEST(files_that_are_cut_are_refused)
{
    for (uint64_t i = 0; i < 24; i++) {
        const uint64_t count = i < 4 ? i * 8 : i == 4 ? saved_bytes - 1 : saved_bytes * i / 24;
        assert_file_refused(saved_file, count, "cut short");
    }
    uint8_t *longer = malloc(saved_bytes + 1);
    ck_assert_ptr_nonnull(longer);
    memcpy(longer, saved_file, saved_bytes);
    longer[saved_bytes] = 0;
    assert_file_refused(longer, saved_bytes + 1, "bytes follow its end");
    free(longer);
}
END_TEST

START_TEST(files_with_a_flipped_bit_are_refused)
{
    uint8_t *bytes = copy();
    const uint64_t row = logprobs_row_bytes();
    for (uint64_t i = 0; i < 60; i++) {
        const uint64_t at = i < 8    ? i
                            : i < 30 ? sizeof(struct logprobs_header) * (i - 8) / 20
                            : i < 40 ? LOGPROBS_HEADER + row * (i - 30) + i - 30
                                     : saved_bytes - 1 - (i - 40) * 97;
        bytes[at] ^= (uint8_t)(1u << i % 8);
        assert_file_refused(bytes, saved_bytes,
                            at < 8                 ? "not a file of logits"
                            : at < 12              ? "version"
                            : at < LOGPROBS_HEADER ? "header is damaged"
                                                   : "is damaged: digest");
        bytes[at] ^= (uint8_t)(1u << i % 8);
    }
    uint8_t moved[4096];
    ck_assert_uint_lt(row, sizeof moved); /* rows that changed places */
    memcpy(moved, bytes + LOGPROBS_HEADER, row);
    memmove(bytes + LOGPROBS_HEADER, bytes + LOGPROBS_HEADER + row, row);
    memcpy(bytes + LOGPROBS_HEADER + row, moved, row);
    assert_file_refused(bytes, saved_bytes, "row 0 is damaged");
    free(bytes);
}
END_TEST

/* Sound in themselves, but of something else. */
START_TEST(foreign_files_are_refused)
{
    uint8_t *bytes = copy();
    struct logprobs_header *header = (struct logprobs_header *)bytes;
    assert_file_refused(fake_file, fake_file_bytes, "not a file of logits");
    header->vocab = 511;
    seal(bytes);
    assert_file_refused(bytes, saved_bytes, "rows of 511 logits, saved by fake; fake has 512");
    header->vocab = 512;
    header->rows = UINT64_MAX / 2;
    seal(bytes);
    assert_file_refused(bytes, saved_bytes, "the header's sizes");
    memcpy(bytes, saved_file, saved_bytes);
    for (size_t half = 0; half < 2; half++) {
        header->vocabulary_digest[half]++;
        seal(bytes);
        assert_file_refused(bytes, saved_bytes, "whose tokens are not those of fake");
        header->vocabulary_digest[half]--;
    }
    header->ids_digest++;
    seal(bytes);
    assert_file_refused(bytes, saved_bytes, "tokens that are not scored differ");
    header->ids_digest--;
    header->tokens++;
    seal(bytes);
    assert_file_refused(bytes, saved_bytes, "made of another text, of ");
    header->tokens--;
    header->kind = 7;
    seal(bytes);
    assert_file_refused(bytes, saved_bytes, "but this is one pass: give the same --window");
    memcpy(bytes, saved_file, saved_bytes);
    f32 nan = 0x1p127f * 4;
    struct logprobs_row *row = (struct logprobs_row *)(bytes + LOGPROBS_HEADER);
    memcpy(row + 1, &nan, sizeof nan);
    row->digest = XXH3_64bits_withSeed(&row->target, logprobs_row_bytes() - 8, 0);
    assert_file_refused(bytes, saved_bytes, "row 0 has logits that are not finite");
    free(bytes);
    struct child *child =
        CHILD(fake, "perplexity", "-q", "-m", llama, text_path, "--against", saved_path);
    ck_assert_int_eq(child->code, 4);
    ck_assert_ptr_nonnull(strstr(child->err, "whose tokens are not those of fake"));
}
END_TEST

START_TEST(another_text_is_refused)
{
    const char *path = child_scratch("other.txt");
    static const struct {
        const char *text, *words;
    } others[] = {
        {"Hello there, said the fix.  Hello, said the owl\nand the hare.", "scored token"},
        {"Hello there, said the fox.  Hello, said the owl\nand", "made of another text, of "},
        {"Hello there, said the fox.  Hello, said the owl\nand the hare. And more, and more",
         "this text needs more"},
        {"hello there, said the fox.  Hello, said the owl\nand the hare.", "made of another text"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        fake_write(path, others[i].text, strlen(others[i].text));
        struct child *child = against(saved_path, path);
        ck_assert_msg(child->code == 4 && strstr(child->err, others[i].words) != NULL, "%d: %s",
                      child->code, child->err);
    }
    struct child *child = CHILD(fake, "perplexity", "-q", "-m", sound, text_path, "--against",
                                saved_path, "--window", "8");
    ck_assert_int_eq(child->code, 4);
    ck_assert_ptr_nonnull(
        strstr(child->err, "saved in one pass, but this is windows of 8 tokens, stride 4"));
}
END_TEST

/* ---- what goes wrong while it runs --------------------------------------------------------- */

static size_t leftovers(void)
{
    glob_t found;
    char pattern[300];
    snprintf(pattern, sizeof pattern, "%s.partial.*", child_scratch("big.logits"));
    const size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

START_TEST(a_full_disk_leaves_nothing_half_written)
{
    const char *path = child_scratch("big.logits");
    fake_write(path, "before", 6);
    struct rlimit limit = {10000, 10000}, before;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit.rlim_max = before.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct child *child =
        CHILD(fake, "perplexity", "-q", "-m", sound, text_path, "--save-logprobs", path);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    char message[512];
    snprintf(message, sizeof message, "fake: cannot write to %s: File too large\n", path);
    assert_refused(child, 1, message);
    ck_assert_uint_eq(leftovers(), 0);
    uint64_t bytes;
    uint8_t *kept = read_file(path, &bytes);
    ck_assert_str_eq((char *)kept, "before");
    free(kept);
    snprintf(message, sizeof message, "%s", child_scratch("folder"));
    child = CHILD(fake, "perplexity", "-q", "-m", sound, text_path, "--save-logprobs",
                  "/nowhere/x.logits");
    ck_assert_int_eq(child->code, 1);
    ck_assert_ptr_nonnull(strstr(child->err, "cannot be created"));
}
END_TEST

START_TEST(a_closed_reader_ends_it)
{
    int ends[2], none = open("/dev/null", O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    const pid_t pid =
        child_start(fake, (const char *const[]){"perplexity", "-q", "-m", sound, text_path, NULL},
                    none, ends[1], none);
    close(ends[1]);
    close(none);
    ck_assert_int_eq(child_wait(pid), 1);
}
END_TEST

/* A pipe that stays open: what came before Ctrl-C is reported, and the logits are given up. */
START_TEST(an_interrupt_keeps_what_was_scored)
{
    int in[2], out = open(child_scratch("interrupted.json"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    int none = open("/dev/null", O_RDWR | O_CLOEXEC);
    const char *path = child_scratch("big.logits");
    unlink(path);
    const pid_t pid =
        child_start(fake,
                    (const char *const[]){"perplexity", "-q", "-m", sound, "-", "--window", "8",
                                          "-o", "json", "--save-logprobs", path, NULL},
                    in[0], out, none);
    static char text[100000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "said the fox. "[i % 14];
    ck_assert_int_eq(write(in[1], text, sizeof text), sizeof text);
    for (int tries = 0; leftovers() == 0 && tries < 1000; tries++)
        usleep(10000);
    usleep(300000); /* until it waits for more */
    ck_assert_int_eq(kill(pid, SIGINT), 0);
    ck_assert_int_eq(child_wait(pid), 130);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_uint_eq(leftovers(), 0);
    json_t *record = json_load_file(child_scratch("interrupted.json"), 0, NULL);
    ck_assert_ptr_nonnull(record);
    ck_assert(json_is_false(json_object_get(record, "complete")));
    const json_t *section = json_object_get(record, "perplexity");
    ck_assert_double_gt(real(section, "tokens"), 100);
    ck_assert_double_gt(real(section, "bits_per_byte"), 0);
    ck_assert(json_is_null(json_object_get(section, "saved")));
    json_decref(record);
    close(in[0]);
    close(in[1]);
    close(out);
    close(none);
}
END_TEST

int main(void)
{
    fake_binary_make();
    Suite *suite = suite_create("logprobs");
    TCase *cases = add_case(suite, "perplexity");
    tcase_add_unchecked_fixture(cases, make_files, drop_files);
    tcase_add_test(cases, nonsense_is_refused);
    tcase_add_test(cases, texts_that_say_nothing_are_refused);
    tcase_add_test(cases, bits_depend_on_text_and_windows_alone);
    tcase_add_test(cases, positions_add_up);
    tcase_add_test(cases, every_format_says_the_same);
    tcase_add_test(cases, a_model_does_not_differ_from_itself);
    tcase_add_test(cases, files_that_are_cut_are_refused);
    tcase_add_test(cases, files_with_a_flipped_bit_are_refused);
    tcase_add_test(cases, foreign_files_are_refused);
    tcase_add_test(cases, another_text_is_refused);
    tcase_add_test(cases, a_full_disk_leaves_nothing_half_written);
    tcase_add_test(cases, a_closed_reader_ends_it);
    tcase_add_test(cases, an_interrupt_keeps_what_was_scored);
    return tests_run(suite);
}
