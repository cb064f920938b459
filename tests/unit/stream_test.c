/* Output that goes nowhere, signals, and the stream verb: over the fake model's binary. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixtures/fake_binary.h"

struct piped {
    pid_t pid;
    int in, out, err; /* our ends */
};

static struct piped start(const char *const *arguments)
{
    int in[2], out[2], err[2];
    ck_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
              pipe2(err, O_CLOEXEC) == 0);
    struct piped piped = {child_start(fake, arguments, in[0], out[1], err[1]), in[1], out[0],
                          err[0]};
    close(in[0]);
    close(out[1]);
    close(err[1]);
    return piped;
}

/* Everything that comes until the other end closes. */
static size_t drain(int from, char *text, size_t room)
{
    size_t used = 0;
    char block[4096];
    for (ssize_t got; (got = read(from, block, sizeof block)) > 0;)
        for (ssize_t i = 0; i < got; i++)
            if (used < room - 1)
                text[used++] = block[i];
    text[used] = '\0';
    return used;
}

static char said[1 << 16];
static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

START_TEST(an_interrupt_ends_a_run_with_its_summary)
{
    struct piped piped = start(
        (const char *const[]){"run", "-n", "-1", "--ignore-eos", "-p", "Hello", "-m", sound, NULL});
    char block[100];
    ck_assert_int_gt(read(piped.out, block, sizeof block), 0);
    ck_assert_int_eq(kill(piped.pid, ending_signals[_i]), 0);
    drain(piped.out, said, sizeof said);
    drain(piped.err, said, sizeof said);
    ck_assert_int_eq(child_wait(piped.pid), 130);
    ck_assert_ptr_nonnull(strstr(said, "generated "));
}
END_TEST

START_TEST(nohup_is_heeded)
{
    ck_assert(signal(SIGHUP, SIG_IGN) != SIG_ERR); /* the program inherits it */
    struct piped piped = start(
        (const char *const[]){"run", "-n", "-1", "--ignore-eos", "-p", "Hello", "-m", sound, NULL});
    char block[100];
    for (int i = 0; i < 100; i++) {
        ck_assert_int_gt(read(piped.out, block, sizeof block), 0);
        ck_assert_int_eq(kill(piped.pid, SIGHUP), 0);
    }
    ck_assert_int_eq(kill(piped.pid, SIGTERM), 0);
    drain(piped.out, said, sizeof said);
    ck_assert_int_eq(child_wait(piped.pid), 130);
}
END_TEST

START_TEST(an_interrupt_ends_a_waiting_stream_with_its_report)
{
    struct piped piped = start((const char *const[]){"stream", "-m", sound, NULL});
    ck_assert_int_eq(write(piped.in, "some text \xe2\x82", 12), 12);
    struct pollfd ready = {.fd = piped.err, .events = POLLIN};
    ck_assert_int_eq(poll(&ready, 1, 10000), 1); /* the plan is printed before the signals are */
    usleep(200 * 1000);                          /* caught: now it waits for text */
    ck_assert_int_eq(kill(piped.pid, SIGINT), 0);
    drain(piped.err, said, sizeof said);
    ck_assert_int_eq(child_wait(piped.pid), 130);
    ck_assert_ptr_nonnull(strstr(said, "fake: end: "));
}
END_TEST

START_TEST(a_reader_that_leaves_ends_it_quietly)
{
    static const char *const endless[] = {"run", "-q",  "-n", "-1",  "--ignore-eos",
                                          "-p",  "Hi.", "-m", sound, NULL};
    struct piped piped = start(endless);
    char block[100];
    ck_assert_int_gt(read(piped.out, block, sizeof block), 0);
    close(piped.out);
    ck_assert_uint_eq(drain(piped.err, said, sizeof said), 0);
    ck_assert_int_eq(child_wait(piped.pid), 1);
}
END_TEST

START_TEST(a_full_disk_ends_it_with_a_message)
{
    int full = open("/dev/full", O_WRONLY), in = open("/dev/null", O_RDONLY);
    int err[2];
    ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
    pid_t pid = child_start(fake, (const char *const[]){"-qp", "Hello", "-m", sound, NULL}, in,
                            full, err[1]);
    close(err[1]);
    drain(err[0], said, sizeof said);
    ck_assert_str_eq(said, "fake: cannot write to standard output: No space left on device\n");
    ck_assert_int_eq(child_wait(pid), 1);
}
END_TEST

START_TEST(a_stream_reports_by_interval_and_goes_on_with_text)
{
    static char text[60000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "the quick brown fox. "[i % 21];
    struct child *child = child_run(fake,
                                    (const char *const[]){"stream", "-m", sound, "--interval",
                                                          "1000", "-n", "20", "--ignore-eos", NULL},
                                    text, sizeof text);
    ck_assert_int_eq(child->code, 0);
    ck_assert_uint_gt(child->out_bytes, 1);
    int lines = 0;
    for (const char *at = child->err; (at = strstr(at, " bits/byte (all ")); at++)
        lines++;
    ck_assert_int_gt(lines, 10);
    ck_assert_ptr_nonnull(strstr(child->err, "fake: end: "));
    child = child_run(fake, (const char *const[]){"stream", "-m", sound, NULL}, "", 0);
    ck_assert_int_eq(child->code, 0);
    ck_assert_ptr_nonnull(strstr(child->err, "end: 0 tokens"));
}
END_TEST

/* Two reports that end in the same number of tokens and the same total of bits per byte. */
static void assert_same_end(const char *first, const char *second)
{
    const char *one = strstr(first, "end: "), *two = strstr(second, "end: ");
    ck_assert(one && two);
    ck_assert_int_eq(strncmp(one, two, (size_t)(strstr(one, " tok") - one)), 0);
    one = strstr(one, "(all ");
    two = strstr(two, "(all ");
    ck_assert_int_eq(strncmp(one, two, strcspn(one, ")")), 0);
}

START_TEST(a_stream_in_single_bytes_is_the_same_stream)
{
    static const char text[] = "na\xc3\xafve \xe2\x82\xac 5 \xf0\x9f\x98\x80 and so on, and so on.";
    const char *const arguments[] = {"stream", "-m", sound, "-n", "9", NULL};
    struct child *child = child_run(fake, arguments, text, sizeof text - 1);
    char *whole_err = strdup(child->err), *whole_out = strdup(child->out);
    struct piped piped = start(arguments);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        ck_assert_int_eq(write(piped.in, text + i, 1), 1);
        usleep(1000);
    }
    close(piped.in);
    drain(piped.out, said, sizeof said);
    ck_assert_str_eq(said, whole_out);
    drain(piped.err, said, sizeof said);
    ck_assert_int_eq(child_wait(piped.pid), 0);
    assert_same_end(said, whole_err);
    free(whole_err);
    free(whole_out);
}
END_TEST

/* Chunks cut the text elsewhere, and must not show. */
START_TEST(a_stream_does_not_depend_on_chunks)
{
    static char text[5000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i * i % 26);
    struct child *child =
        child_run(fake, (const char *const[]){"stream", "-m", sound, NULL}, text, sizeof text);
    char *whole = strdup(child->err);
    child = child_run(fake, (const char *const[]){"stream", "-b7", "-t3", "-m", sound, NULL}, text,
                      sizeof text);
    assert_same_end(child->err, whole);
    free(whole);
}
END_TEST

int main(void)
{
    fake_binary_make();
    Suite *suite = suite_create("stream");
    TCase *endings = add_case(suite, "endings");
    tcase_add_loop_test(endings, an_interrupt_ends_a_run_with_its_summary, 0, 3);
    tcase_add_test(endings, nohup_is_heeded);
    tcase_add_test(endings, an_interrupt_ends_a_waiting_stream_with_its_report);
    tcase_add_test(endings, a_reader_that_leaves_ends_it_quietly);
    tcase_add_test(endings, a_full_disk_ends_it_with_a_message);
    TCase *streams = add_case(suite, "streams");
    tcase_add_test(streams, a_stream_reports_by_interval_and_goes_on_with_text);
    tcase_add_test(streams, a_stream_in_single_bytes_is_the_same_stream);
    tcase_add_test(streams, a_stream_does_not_depend_on_chunks);
    return tests_run(suite);
}
