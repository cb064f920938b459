/* The corpus of the default model: the same bytes everywhere, and a quiz whose answers were told.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"

static const char fables[] = TEST_TOOLS "/fables";

static uint64_t fnv1a(const char *bytes, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return hash;
}

/* The model was trained on this text: a change here wants a new training. */
START_TEST(a_seed_gives_the_same_bytes_everywhere)
{
    const struct child *child = CHILD(fables, "--seed", "1", "--bytes", "500000");
    ck_assert_int_eq(child->code, 0);
    ck_assert_uint_eq(child->out_bytes, 500000);
    ck_assert_uint_eq(fnv1a(child->out, child->out_bytes), UINT64_C(0xd7da98e3a6f173c5));
}
END_TEST

/* Undoes the \n of a quiz line in place. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        const int newline = from[0] == '\\' && from[1] == 'n';
        *to++ = (char)(newline ? '\n' : *from);
        from += newline;
    }
    *to = '\0';
}

START_TEST(a_quiz_asks_for_what_was_told_where_it_says)
{
    struct child *child = CHILD(fables, "--seed", "7", "--quiz", "300", "--distance", "20");
    ck_assert_int_eq(child->code, 0);
    int items = 0;
    for (char *line = child->out; *line; items++) {
        char *end = strchr(line, '\n');
        ck_assert_ptr_nonnull(end);
        *end = '\0';
        uint64_t bytes = 0, words = 0;
        char answer[64];
        int story_at = 0;
        ck_assert_int_eq(sscanf(line, "%*[a-z]\t%" SCNu64 "\t%" SCNu64 "\t%63[^\t]\t%n", &bytes,
                                &words, answer, &story_at),
                         3);
        char *story = line + story_at;
        unescape(story);
        /* The space between story and answer belongs to neither but counts as a byte. */
        ck_assert_uint_ge(words, 20);
        ck_assert_uint_gt(strlen(story) + 1, bytes);
        const char *told_end = story + strlen(story) + 1 - bytes;
        const char *last = strrchr(answer, ' ') ? strrchr(answer, ' ') + 1 : answer;
        ck_assert_mem_eq(told_end - strlen(last), last, strlen(last));
        line = end + 1;
    }
    ck_assert_int_eq(items, 300);
}
END_TEST

START_TEST(marks_only_add_two_bytes)
{
    struct child *child = CHILD(fables, "--seed", "3", "--stories", "50", "--mark");
    size_t kept = 0, marks = 0;
    for (size_t i = 0; i < child->out_bytes; i++) {
        const bool mark = child->out[i] == 2 || child->out[i] == 3;
        marks += mark;
        if (!mark)
            child->out[kept++] = child->out[i];
    }
    const uint64_t bare = fnv1a(child->out, kept);
    child = CHILD(fables, "--seed", "3", "--stories", "50");
    ck_assert_uint_gt(marks, 100);
    ck_assert_uint_eq(child->out_bytes, kept);
    ck_assert_uint_eq(fnv1a(child->out, child->out_bytes), bare);
}
END_TEST

START_TEST(a_bad_option_is_refused)
{
    const struct child *child = CHILD(fables, "--seed", "one");
    ck_assert_int_eq(child->code, 2);
    ck_assert_ptr_nonnull(strstr(child->err, "expected a whole number after the option: '--seed'"));
    ck_assert_int_eq(CHILD(fables, "--cast", "4", "--stories", "1")->code, 2);
    ck_assert_int_eq(CHILD(fables, "--loud")->code, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fables");
    TCase *corpus = tcase_create("corpus");
    tcase_add_test(corpus, a_seed_gives_the_same_bytes_everywhere);
    tcase_add_test(corpus, a_quiz_asks_for_what_was_told_where_it_says);
    tcase_add_test(corpus, marks_only_add_two_bytes);
    tcase_add_test(corpus, a_bad_option_is_refused);
    suite_add_tcase(suite, corpus);
    return tests_run(suite);
}
