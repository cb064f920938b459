/* States that are saved and loaded: histories of tokens, and the files as the binary meets them:
 * missing, of another kind, config or weights, cut short, with one bit flipped anywhere, with
 * another text. The fake model's state is a hash of all its tokens, so none may go through twice.
 * The binary aborts when anything allocates after sealing. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/digest.h"
#include "runtime/engine/state_file.h"
#include "tests/fixtures/fake_binary.h"
#include "tests/fixtures/fake_model.h"

#define REMEDY "; save it again with --save-state, or leave --load-state out\n"
#define GIVE                                                                                       \
    "; give the text that was saved with more behind it, with --append only what is behind it, "   \
    "or leave --load-state out\n"

/* ---- histories ---------------------------------------------------------------------------- */

/* A history of `tokens` tokens, whose ids are their places, but for one. */
static void make_history(struct history *history, uint64_t tokens, uint64_t other)
{
    history_begin(history);
    for (uint64_t i = 0; i < tokens; i++) {
        const u32 id = (u32)i + (i == other ? 1 : 0);
        history_add(history, &id, 1);
    }
}

START_TEST(histories_tell_where_texts_part)
{
    static const uint64_t lengths[] = {1, 2, 4095, 4096, 4097, 8191, 8193, 30000};
    static struct history saved, text;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const uint64_t tokens = lengths[i];
        uint64_t from, to;
        make_history(&saved, tokens, UINT64_MAX);
        make_history(&text, tokens, UINT64_MAX);
        ck_assert(history_sound(&saved));
        ck_assert(history_same(&saved, &text, &from, &to));
        for (uint64_t other = 0; other < tokens; other += 1 + tokens / 7) {
            make_history(&text, tokens, other);
            ck_assert(!history_same(&saved, &text, &from, &to));
            ck_assert_uint_le(from, other);
            ck_assert_uint_ge(to, other);
            ck_assert_uint_lt(to - from, 1 + tokens / (HISTORY_MARKS / 2));
        }
        make_history(&text, tokens - 1, UINT64_MAX);
        ck_assert(!history_same(&saved, &text, &from, &to));
        ck_assert_uint_eq(from, tokens - 1);
    }
}
END_TEST

START_TEST(a_history_does_not_depend_on_how_its_tokens_came)
{
    static struct history one, all;
    static u32 ids[9000];
    for (u32 i = 0; i < 9000; i++)
        ids[i] = i * 7;
    history_begin(&one);
    history_begin(&all);
    history_add(&all, ids, 9000);
    for (u32 at = 0; at < 9000; at += 90)
        history_add(&one, ids + at, 90);
    ck_assert_int_eq(memcmp(&one, &all, sizeof one), 0);
    /* As the header says it: nothing else may ever read an old file. */
    uint64_t digest = 0;
    for (u32 i = 0; i < 9000; i++)
        digest = XXH3_64bits_withSeed(&ids[i], 4, digest);
    ck_assert_uint_eq(all.digest, digest);
    ck_assert_uint_eq(all.stride, 4);
}
END_TEST

/* ---- files -------------------------------------------------------------------------------- */

static char saved_path[256];
static uint8_t *saved_file;
static uint64_t saved_bytes;

enum { STATE_AT_END = FAKE_STATE_BYTES };

static uint8_t *read_file(const char *path, uint64_t *bytes)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    fseek(file, 0, SEEK_END);
    *bytes = (uint64_t)ftell(file);
    rewind(file);
    uint8_t *read = malloc(*bytes);
    ck_assert_uint_eq(fread(read, 1, *bytes, file), *bytes);
    fclose(file);
    return read;
}

/* For the tests of a case: the state of eight tokens or so. */
static void make_saved(void)
{
    snprintf(saved_path, sizeof saved_path, "%s", child_scratch("saved.state"));
    const struct child *child = CHILD(fake, "run", "-q", "-m", sound, "-p", "Hello world", "-n",
                                      "0", "--save-state", saved_path);
    ck_assert_msg(child->code == 0, "%s", child->err);
    saved_file = read_file(saved_path, &saved_bytes);
}

static void drop_saved(void)
{
    free(saved_file);
}

static void seal(uint8_t *file)
{
    struct state_file_header *header = (struct state_file_header *)file;
    header->header_digest = 0;
    header->header_digest = XXH3_64bits(file, STATE_FILE_HEADER);
}

/* `state info`, which looks at all that a run looks at, and a run. */
static void assert_state(const void *bytes, uint64_t count, const char *message)
{
    const char *path = child_scratch("damaged.state");
    fake_write(path, bytes, count);
    char whole[1024];
    snprintf(whole, sizeof whole, "fake: %s: %s", path, message);
    assert_refused(CHILD(fake, "state", "info", path, "-m", sound), 4, whole);
    assert_refused(CHILD(fake, "run", "-q", "-m", sound, "--load-state", path, "-n", "1"), 4,
                   whole);
}

START_TEST(a_state_file_must_be_there_and_be_one)
{
    assert_refused(CHILD(fake, "--load-state", "/nowhere/x"), 4,
                   "fake: /nowhere/x: cannot open the state file: No such file or directory; "
                   "--save-state makes one\n");
    assert_refused(CHILD(fake, "state", "info", "/"), 4,
                   "fake: /: not a regular file; a state file is needed\n");
    assert_state("", 0, "cut short: the header alone takes 4096 bytes" REMEDY);
    static char text[5000] = "GGUF";
    assert_state(text, sizeof text, "not a state file: it does not start with 'INGOTSTA'\n");
    char refused[512];
    snprintf(refused, sizeof refused, "cannot be created: No such file or directory\n");
    struct child *child = CHILD(fake, "-m", sound, "-q", "--save-state", "/nowhere/x");
    ck_assert_int_eq(child->code, 1);
    ck_assert_ptr_nonnull(strstr(child->err, refused));
}
END_TEST

START_TEST(a_state_of_another_kind_is_named)
{
    uint8_t *copy = malloc(saved_bytes);
    struct state_file_header *header = (struct state_file_header *)copy;
    memcpy(copy, saved_file, saved_bytes);
    header->version = 7;
    assert_state(copy, saved_bytes, "state file of version 7, this binary reads version 1" REMEDY);
    memcpy(copy, saved_file, saved_bytes);
    snprintf(header->backend, sizeof header->backend, "cuda");
    seal(copy);
    assert_state(copy, saved_bytes, "saved by the backend 'cuda', this binary is for 'cpu'" REMEDY);
    memcpy(copy, saved_file, saved_bytes);
    char message[512];
    snprintf(message, sizeof message,
             "the state of another config: saved by other, digest %016" PRIx64 "%016" PRIx64
             "; this binary is fake, digest %016" PRIx64 "%016" PRIx64 REMEDY,
             header->config_digest[1], header->config_digest[0] + 1, header->config_digest[1],
             header->config_digest[0]);
    snprintf(header->model, sizeof header->model, "other");
    header->config_digest[0]++;
    seal(copy);
    assert_state(copy, saved_bytes, message);
    memcpy(copy, saved_file, saved_bytes);
    snprintf(message, sizeof message,
             "the state of other weights: digest %016" PRIx64 ", that of %s is %016" PRIx64
             "; name the weights that it was saved with (--weights), or leave --load-state out\n",
             header->weights_digest + 1, sound, header->weights_digest);
    header->weights_digest++;
    seal(copy);
    assert_state(copy, saved_bytes, message);
    memcpy(copy, saved_file, saved_bytes);
    header->ring = 128;
    seal(copy);
    assert_state(copy, saved_bytes,
                 "its window is a ring of 128 positions, that of this binary one of 0; set the "
                 "prefill_chunk that saved it in config/fake.ini, or save it again\n");
    free(copy);
}
END_TEST

START_TEST(sizes_that_cannot_be_are_refused)
{
    uint8_t *copy = malloc(saved_bytes);
    struct state_file_header *header = (struct state_file_header *)copy;
    static const size_t fields[] = {offsetof(struct state_file_header, file_bytes),
                                    offsetof(struct state_file_header, fixed_bytes),
                                    offsetof(struct state_file_header, heads),
                                    offsetof(struct state_file_header, head_bytes),
                                    offsetof(struct state_file_header, position)};
    static const uint64_t values[] = {0, 1, UINT64_MAX, UINT64_MAX / 2 + 1, 1 << 20};
    for (size_t i = 0; i < 25; i++) {
        memcpy(copy, saved_file, saved_bytes);
        uint64_t *const field = (uint64_t *)(copy + fields[i / 5]);
        if (*field == values[i % 5])
            continue;
        *field = values[i % 5];
        seal(copy);
        char message[256];
        snprintf(message, sizeof message,
                 "the header's sizes are not those of a state of this model after %" PRIu64
                 " tokens" REMEDY,
                 header->position);
        if (i / 5 == 4 && header->position > 0 && header->position <= INT64_MAX / 2)
            snprintf(message, sizeof message,
                     "the token history is not that of %" PRIu64 " tokens" REMEDY,
                     header->position);
        assert_state(copy, saved_bytes, message);
    }
    free(copy);
}
END_TEST

START_TEST(a_state_cut_short_or_too_long_is_refused)
{
    char message[256];
    for (uint64_t cut = 4096; cut < saved_bytes; cut += 4999) {
        snprintf(message, sizeof message, "cut short: %" PRIu64 " bytes, expected %" PRIu64 REMEDY,
                 cut, saved_bytes);
        assert_state(saved_file, cut, message);
    }
    uint8_t *longer = calloc(1, saved_bytes + 1);
    memcpy(longer, saved_file, saved_bytes);
    snprintf(message, sizeof message,
             "bytes follow its end: %" PRIu64 " bytes, expected %" PRIu64 REMEDY, saved_bytes + 1,
             saved_bytes);
    assert_state(longer, saved_bytes + 1, message);
    free(longer);
}
END_TEST

/* What the message for a flipped bit at this offset must say. */
static const char *section_at(uint64_t at)
{
    if (at < offsetof(struct state_file_header, version))
        return "not a state file";
    if (at < offsetof(struct state_file_header, header_bytes))
        return "state file of version";
    if (at < STATE_FILE_HEADER)
        return "the header is damaged";
    if (at < STATE_FILE_HEADER + sizeof(struct history))
        return "the token history is damaged";
    return at < saved_bytes - STATE_AT_END ? "the row of logits is damaged"
                                           : "the state is damaged";
}

START_TEST(one_flipped_bit_anywhere_is_found_and_named)
{
    uint8_t *copy = malloc(saved_bytes);
    const char *path = child_scratch("damaged.state");
    memcpy(copy, saved_file, saved_bytes);
    for (uint64_t i = 0, at = 0; at < saved_bytes; at += i < 40 ? 7 : 463, i++) {
        if (saved_bytes - at < 463)
            at = saved_bytes - 1 - i % STATE_AT_END;
        copy[at] ^= (uint8_t)(1 << i % 8);
        fake_write(path, copy, saved_bytes);
        copy[at] ^= (uint8_t)(1 << i % 8);
        struct child *child =
            CHILD(fake, "run", "-q", "-m", sound, "--load-state", path, "-n", "1");
        ck_assert_msg(child->code == 4 && strstr(child->err, section_at(at)) != NULL,
                      "bit %d of byte %d: exit %d, %s", (int)(i % 8), (int)at, child->code,
                      child->err);
        ck_assert_uint_eq(child->out_bytes, 0);
    }
    free(copy);
}
END_TEST

/* ---- runs --------------------------------------------------------------------------------- */

START_TEST(a_resumed_run_is_one_that_never_stopped)
{
    static const char *const sampled[] = {"--temp", "1.5", "-s", "3"};
    for (int s = 0; s < 2; s++) {
        const char *const a = s ? sampled[0] : "-q", *const b = s ? sampled[1] : "-q";
        const char *const c = s ? sampled[2] : "-q", *const d = s ? sampled[3] : "-q";
        struct child *child =
            CHILD(fake, "run", "-p", "Hello world, once more", "-n", "20", "-m", sound, a, b, c, d);
        char *const expected = strdup(child->out);
        child = CHILD(fake, "run", "-p", "Hello world, once more", "-n", "20", "-m", sound,
                      "--load-state", saved_path, a, b, c, d);
        ck_assert_int_eq(child->code, 0);
        ck_assert_str_eq(child->out, expected);
        child = CHILD(fake, "run", "-p", ", once more", "-n", "20", "-m", sound, "--append",
                      "--load-state", saved_path, a, b, c, d);
        ck_assert_str_eq(child->out, expected + strlen("Hello world"));
        free(expected);
    }
    struct child *child = CHILD(fake, "run", "-q", "-p", "Hello world", "-n", "9", "-m", sound);
    char *const expected = strdup(child->out);
    child = CHILD(fake, "run", "-n", "9", "-m", sound, "--load-state", saved_path);
    ck_assert_str_eq(child->out, expected + strlen("Hello world"));
    ck_assert_ptr_nonnull(strstr(child->err, "prompt 0 tokens behind 8 of the state, "));
    child = CHILD(fake, "run", "-q", "-n", "9", "-p", "Hello world", "-m", sound, "--load-state",
                  saved_path);
    ck_assert_str_eq(child->out, expected);
    free(expected);
}
END_TEST

/* The fake model counts its tokens in its state, the second word. */
START_TEST(no_token_goes_through_twice)
{
    const char *path = child_scratch("longer.state");
    ck_assert_int_eq(CHILD(fake, "run", "-q", "-m", sound, "-p", "Hello world, once more", "-n",
                           "5", "--load-state", saved_path, "--save-state", path)
                         ->code,
                     0);
    uint64_t bytes, again, tokens;
    uint8_t *longer = read_file(path, &bytes);
    memcpy(&tokens, longer + bytes - STATE_AT_END + 8, sizeof tokens);
    ck_assert_uint_eq(tokens, ((struct state_file_header *)longer)->position);
    ck_assert_int_eq(CHILD(fake, "run", "-q", "-m", sound, "-p", "Hello world, once more", "-n",
                           "0", "--save-state", path)
                         ->code,
                     0);
    uint8_t *whole = read_file(path, &again);
    ck_assert_uint_eq(bytes, again);
    ck_assert_int_eq(memcmp(longer, whole, bytes), 0);
    free(longer);
    free(whole);
}
END_TEST

START_TEST(another_text_is_told_where_it_parts)
{
    char message[1024];
    snprintf(message, sizeof message,
             "fake: %s: --prompt parts from the saved text of 8 tokens at token 6" GIVE,
             saved_path);
    assert_refused(CHILD(fake, "run", "-q", "-m", sound, "--no-echo", "-p", "Hello wxrld",
                         "--load-state", saved_path),
                   4, message);
    snprintf(message, sizeof message,
             "fake: %s: the state of 8 tokens, but --prompt ends after 4 of them" GIVE, saved_path);
    assert_refused(CHILD(fake, "run", "-q", "-m", sound, "--no-echo", "-p", "Hello", "--load-state",
                         saved_path),
                   4, message);
    snprintf(message, sizeof message,
             "fake: %s: - parts from the saved text of 8 tokens at token 1" GIVE, saved_path);
    assert_refused(child_run(fake,
                             (const char *const[]){"logits", "-qm", sound, "--ids", "-",
                                                   "--load-state", saved_path, NULL},
                             "1 2 3 4 5 6 7 8 9", 17),
                   4, message);
    assert_refused(CHILD(fake, "run", "--append"), 2,
                   "fake: --append goes on behind a saved text: give --load-state as well\n");
    assert_refused(CHILD(fake, "stream", "--save-every", "5"), 2,
                   "fake: --save-every needs the file that --save-state names\n");
    assert_refused(CHILD(fake, "state"), 2,
                   "fake: 'state info FILE' looks at a file, 'state save FILE' writes one\n");
}
END_TEST

/* The line at the end, without the speed and the memory. */
static const char *end_of(const struct child *child)
{
    static char line[2][256];
    static int next;
    char *kept = line[next ^= 1];
    const char *end = strstr(child->err, "end: ");
    ck_assert_msg(end != NULL, "%s", child->err);
    const char *speed = strstr(end, " tokens, "), *after = strstr(end, " tok/s");
    const char *resident = strstr(end, ", resident");
    ck_assert(speed != NULL && after != NULL && resident != NULL);
    snprintf(kept, sizeof line[0], "%.*s%.*s", (int)(speed - end), end, (int)(resident - after),
             after);
    return kept;
}

START_TEST(a_stream_goes_on_with_its_figures)
{
    static char text[6000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "Hello world. "[i % 13];
    const char *path = child_scratch("stream.state");
    const char *const whole[] = {"stream", "-qm", sound, "-n", "9", NULL};
    const char *const part[] = {"stream", "-qm",          sound, "--save-every",
                                "100",    "--save-state", path,  NULL};
    const char *const rest[] = {"stream", "-qm", sound, "-n", "9", "--load-state", path, NULL};
    static const size_t lengths[] = {9, 1000, 4321, 6000};
    struct child *child = child_run(fake, whole, text, sizeof text);
    char *const expected = strdup(end_of(child)), *const out = strdup(child->out);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        /* cut behind a word, which the rest does not lengthen */
        const size_t bytes = lengths[i] == sizeof text ? lengths[i] : lengths[i] / 13 * 13 + 11;
        child = child_run(fake, part, text, bytes);
        ck_assert_msg(child->code == 0, "%s", child->err);
        child = child_run(fake, rest, text, sizeof text);
        ck_assert_msg(child->code == 0, "%s", child->err);
        ck_assert_str_eq(end_of(child), expected);
        ck_assert_str_eq(child->out, out);
    }
    free(expected);
    free(out);
}
END_TEST

int main(void)
{
    fake_binary_make();
    Suite *suite = suite_create("state");
    TCase *history = add_case(suite, "history");
    tcase_add_test(history, histories_tell_where_texts_part);
    tcase_add_test(history, a_history_does_not_depend_on_how_its_tokens_came);
    TCase *files = add_case(suite, "files");
    tcase_add_unchecked_fixture(files, make_saved, drop_saved);
    tcase_add_test(files, a_state_file_must_be_there_and_be_one);
    tcase_add_test(files, a_state_of_another_kind_is_named);
    tcase_add_test(files, sizes_that_cannot_be_are_refused);
    tcase_add_test(files, a_state_cut_short_or_too_long_is_refused);
    tcase_add_test(files, one_flipped_bit_anywhere_is_found_and_named);
    TCase *runs = add_case(suite, "runs");
    tcase_add_unchecked_fixture(runs, make_saved, drop_saved);
    tcase_add_test(runs, a_resumed_run_is_one_that_never_stopped);
    tcase_add_test(runs, no_token_goes_through_twice);
    tcase_add_test(runs, another_text_is_told_where_it_parts);
    tcase_add_test(runs, a_stream_goes_on_with_its_figures);
    return tests_run(suite);
}
