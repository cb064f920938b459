/* The command line of a binary, as a user meets it: exit codes and exact messages, over the fake
 * model's binary. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/fake_binary.h"
#include "tests/fixtures/fake_model.h"

/* ---- usage -------------------------------------------------------------------------------- */

#define REFUSED(message, ...) assert_refused(CHILD(fake, __VA_ARGS__), 2, "fake: " message "\n")

START_TEST(nonsense_numbers_are_refused)
{
    REFUSED("--n-predict: 'x' is not a whole number from -2 to 9223372036854775807", "run", "-n",
            "x");
    REFUSED("--n-predict: '' is not a whole number from -2 to 9223372036854775807", "-n", "");
    REFUSED("--n-predict: '1.5' is not a whole number from -2 to 9223372036854775807", "-n", "1.5");
    REFUSED("--n-predict: '-3' is not a whole number from -2 to 9223372036854775807", "-n", "-3");
    REFUSED("--n-predict: '99999999999999999999' is not a whole number from -2 to "
            "9223372036854775807",
            "stream", "-n", "99999999999999999999");
    REFUSED("--threads: '0' is not a whole number from 1 to 256", "-t", "0");
    REFUSED("--threads: '257' is not a whole number from 1 to 256", "info", "-t", "257");
    REFUSED("--seed: '-2' is not a whole number from 0 to 18446744073709551615", "-s", "-2");
    REFUSED("--seed: '18446744073709551616' is not a whole number from 0 to 18446744073709551615",
            "-s", "18446744073709551616");
    REFUSED("--temp: 'hot' is not a number from 0 to 1000", "--temp", "hot");
    REFUSED("--temp: 'nan' is not a number from 0 to 1000", "--temp", "nan");
    REFUSED("--top-p: '1.01' is not a number from 0 to 1", "--top-p", "1.01");
    REFUSED("--min-p: '-0.1' is not a number from 0 to 1", "--min-p", "-0.1");
    REFUSED("--top-k: '-1' is not a whole number from 0 to 4294967295", "--top-k", "-1");
    REFUSED("--interval: '0' is not a whole number from 1 to 9223372036854775807", "stream",
            "--interval", "0");
    REFUSED("--chunk: '33' is not a whole number from 1 to 32", "logits", "--ids", "-", "--chunk",
            "33");
    REFUSED("--bandwidth: 'gb11' is neither bytes per second, a number from 1e+06 to 1e+15, nor "
            "one of gb10, gb10-measured, h200, h200-measured",
            "info", "--bandwidth", "gb11");
    REFUSED("--bandwidth: '273' is neither bytes per second, a number from 1e+06 to 1e+15, nor one "
            "of gb10, gb10-measured, h200, h200-measured",
            "info", "--bandwidth", "273");
    REFUSED("--bandwidth: 'nan' is neither bytes per second, a number from 1e+06 to 1e+15, nor one "
            "of gb10, gb10-measured, h200, h200-measured",
            "info", "--bandwidth", "nan");
    REFUSED("--at: '0' is not a whole number from 1 to 1073741824", "info", "--at", "0");
    REFUSED("--at: '4K' is not a whole number from 1 to 1073741824", "info", "--at", "4K");
}
END_TEST

START_TEST(choices_made_at_build_time_name_the_way_to_change_them)
{
    REFUSED("--batch-size 64 is more than this binary was built for (32): set 'prefill_chunk = 64' "
            "under [build] in config/fake.ini and run 'make MODEL=fake'",
            "-b", "64");
    REFUSED("--ctx-size does not apply: the state of fake has a fixed size and takes a text of any "
            "length; leave the option out",
            "-c", "2048");
}
END_TEST

START_TEST(options_without_effect_are_refused)
{
    REFUSED("--top-k has no effect on greedy choice: give --temp above 0 as well", "--top-k", "5");
    REFUSED("--top-p has no effect on greedy choice: give --temp above 0 as well", "--top-p", "0.5",
            "--temp", "0");
    REFUSED("--min-p has no effect on greedy choice: give --temp above 0 as well", "--min-p",
            "0.1");
    REFUSED("--prompt and --file exclude each other", "-p", "a", "-f", "b");
    REFUSED("logits needs --ids FILE (or --ids - for standard input)", "logits");
    REFUSED("a text and --file exclude each other", "tokenize", "a", "-f", "b");
    REFUSED("--decode reads token ids from --file or standard input", "tokenize", "a", "--decode");
    REFUSED("--no-bos and --decode exclude each other", "tokenize", "--no-bos", "--decode");
}
END_TEST

START_TEST(unknown_words_are_refused)
{
    REFUSED("unknown verb 'fly'; the verbs are run, stream, logits, tokenize, info, selftest, "
            "bench, latency, sweep, perplexity, profile, state",
            "fly");
    assert_refused(CHILD(fake, "run", "--loud"), 2,
                   "fake run: unrecognized option '--loud'\n"
                   "Try `fake run --help' or `fake run --usage' for more information.\n");
    assert_refused(CHILD(fake, "run", "Hello"), 2,
                   "fake run: unexpected argument 'Hello'; the prompt goes behind --prompt\n"
                   "Try `fake run --help' or `fake run --usage' for more information.\n");
    static const char *const verbs[] = {"run",        "stream",   "logits", "tokenize",
                                        "info",       "selftest", "bench",  "latency",
                                        "perplexity", "profile",  "state"};
    struct child *child = CHILD(fake, "--help");
    ck_assert_int_eq(child->code, 0);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        ck_assert_ptr_nonnull(strstr(child->out, verbs[i]));
    for (size_t i = 0; i < 2 * sizeof verbs / sizeof *verbs; i++) {
        child = CHILD(fake, verbs[i / 2], i % 2 ? "-h" : "--help");
        ck_assert_int_eq(child->code, 0);
        ck_assert_ptr_nonnull(strstr(child->out, "Usage: fake "));
    }
    ck_assert_ptr_nonnull(strstr(CHILD(fake, "-h")->out, "Usage: fake [VERB]"));
    child = CHILD(fake, "--version");
    ck_assert_int_eq(child->code, 0);
    ck_assert_ptr_nonnull(strstr(child->out, "fake, a binary of ingot\nbackend cpu, "));
    ck_assert_ptr_nonnull(strstr(child->out, "config digest fedcba98765432100123456789abcdef\n"));
}
END_TEST

/* ---- text --------------------------------------------------------------------------------- */

START_TEST(a_run_is_repeatable_and_ends_with_a_newline)
{
    struct child *child = CHILD(fake, "run", "-p", "Hello", "-n", "30", "-m", sound, "-t", "1");
    ck_assert_int_eq(child->code, 0);
    ck_assert_int_eq(strncmp(child->out, "Hello", 5), 0);
    ck_assert_int_eq(child->out[child->out_bytes - 1], '\n');
    ck_assert_ptr_nonnull(strstr(child->err, "fake: 1 thread, "));
    ck_assert_ptr_nonnull(strstr(child->err, " GB/s of weights; memory "));
    char *first = strdup(child->out);
    child = CHILD(fake, "-q", "-p", "Hello", "-n", "30", "-m", sound, "-t", "3");
    ck_assert_str_eq(child->out, first);
    ck_assert_str_eq(child->err, "");
    child = CHILD(fake, "-q", "-p", "Hello", "-n", "30", "-m", sound, "--no-echo");
    ck_assert_str_eq(child->out, first + 5);
    child = child_run(fake, (const char *const[]){"-qf-", "-n30", "-b3", "-m", sound, NULL},
                      "Hello", 5);
    ck_assert_str_eq(child->out, first);
    child = CHILD(fake, "-q", "-p", "Hello", "-n", "30", "-m", sound, "--temp", "2", "-s", "5");
    ck_assert_str_ne(child->out, first);
    free(first);
    first = strdup(child->out);
    child = CHILD(fake, "-qt2", "-p", "Hello", "-n", "30", "-m", sound, "--temp", "2", "-s", "5");
    ck_assert_str_eq(child->out, first);
    child = CHILD(fake, "-qt2", "-p", "Hello", "-n", "30", "-m", sound, "--temp", "2", "-s", "6");
    ck_assert_str_ne(child->out, first);
    free(first);
}
END_TEST

START_TEST(escapes_in_a_prompt_are_those_of_llama_cpp)
{
    static const char *const texts[][2] = {
        {"a\\nb\\tc\\r", "a\nb\tc\r"}, {"\\\\n", "\\n"},   {"\\'\\\"", "'\""},
        {"\\x41\\x7a\\x4", "Az\\x4"},  {"\\q\\", "\\q\\"}, {"\\xc3\\xb6", "\xc3\xb6"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char want[32];
        snprintf(want, sizeof want, "%s\n", texts[i][1]);
        ck_assert_str_eq(CHILD(fake, "-q", "-n", "0", "-m", sound, "-p", texts[i][0])->out, want);
        snprintf(want, sizeof want, "%s\n", texts[i][0]);
        ck_assert_str_eq(
            CHILD(fake, "-q", "-n", "0", "-m", sound, "--no-escape", "-p", texts[i][0])->out, want);
    }
    char *ids = strdup(CHILD(fake, "tokenize", "-m", sound, "a\\nb")->out);
    ck_assert_str_eq(CHILD(fake, "tokenize", "-m", sound, "--no-escape", "a\nb")->out, ids);
    ck_assert_str_ne(CHILD(fake, "tokenize", "-m", sound, "--no-escape", "a\\nb")->out, ids);
    ck_assert_str_eq(CHILD(fake, "tokenize", "-m", sound, "--no-escape", "-e", "a\\nb")->out, ids);
    free(ids);
}
END_TEST

/* One newline at the end of a file is its editor's; the others, and backslashes, are the text's. */
START_TEST(the_last_newline_of_a_file_is_left_out)
{
    static char text[2 * 65536 + 8], want[sizeof text + 2];
    static const size_t sizes[] = {0,     1,      2,      65535,  65536, 65537,
                                   65538, 131071, 131072, 131073, 131074};
    const char *path = child_scratch("prompt");
    for (size_t end = 0; end < 3; end++) /* newlines at the end */
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const size_t size = sizes[i], cut = size > 0 && end > 0;
            for (size_t k = 0; k < size; k++)
                text[k] = k + end >= size || k % 3 == 2 ? '\n' : '\\';
            if (end == 0 && size > 0)
                text[size - 1] = 'n';
            fake_write(path, text, size);
            memcpy(want, text, size - cut);
            memcpy(want + size - cut, "\n", 2);
            const struct child *child = CHILD(fake, "-q", "-n", "0", "-m", sound, "-f", path);
            ck_assert_int_eq(child->code, 0);
            ck_assert_msg(strcmp(child->out, want) == 0, "%zu bytes, %zu newlines", size, end);
            child = child_run(fake, (const char *const[]){"-qn0", "-f-", "-m", sound, NULL}, text,
                              size);
            ck_assert_msg(strcmp(child->out, want) == 0, "%zu bytes, %zu newlines", size, end);
        }
}
END_TEST

#define HOT "-p", "Hello", "-n", "30", "--temp", "3", "-m", sound, "-s"
START_TEST(a_random_seed_is_told)
{
    char seed[2][32], *text[2];
    for (int i = 0; i < 2; i++) {
        struct child *child = CHILD(fake, HOT, "-1");
        const char *said = strstr(child->err, "fake: seed ");
        ck_assert_ptr_nonnull(said);
        snprintf(seed[i], sizeof seed[i], "%.*s", (int)strcspn(said + 11, "\n"), said + 11);
        text[i] = strdup(child->out);
    }
    ck_assert_str_ne(seed[0], seed[1]);
    ck_assert_str_ne(text[0], text[1]);
    struct child *child = CHILD(fake, HOT, seed[1]);
    ck_assert_str_eq(child->out, text[1]);
    ck_assert_ptr_null(strstr(child->err, "seed"));
    free(text[0]);
    free(text[1]);
}
END_TEST

START_TEST(input_that_is_not_read_is_noted)
{
    static const char note[] = "fake: standard input is not read; '-f -' continues it\n";
    const char *const without[] = {"-p", "a", "-n", "1", "-m", sound, NULL};
    const char *const quiet[] = {"-qp", "a", "-n", "1", "-m", sound, NULL};
    const char *const reading[] = {"-f", "-", "-n", "1", "-m", sound, NULL};
    ck_assert_ptr_nonnull(strstr(child_run(fake, without, "some text", 9)->err, note));
    ck_assert_ptr_null(strstr(child_run(fake, without, "", 0)->err, note));
    ck_assert_str_eq(child_run(fake, quiet, "some text", 9)->err, "");
    ck_assert_ptr_null(strstr(child_run(fake, reading, "some text", 9)->err, note));
}
END_TEST

START_TEST(one_token_has_no_bits_per_byte)
{
    const char *const stream[] = {"stream", "-m", sound, NULL};
    ck_assert_ptr_nonnull(strstr(child_run(fake, stream, "a", 1)->err, " - bits/byte (all -), "));
    ck_assert_ptr_null(strstr(child_run(fake, stream, "a b", 3)->err, " - bits/byte"));
    ck_assert_ptr_nonnull(strstr(child_run(fake, stream, "", 0)->err, "end: 0 tokens, "));
}
END_TEST

/* Before the weights: nothing is said of a plan. */
START_TEST(a_file_that_is_missing_is_named_first)
{
    static const char *const verbs[] = {"run", "stream", "tokenize"};
    for (size_t i = 0; i < 3; i++)
        assert_refused(CHILD(fake, verbs[i], "-f", "/nowhere/x", "-m", sound), 1,
                       "fake: /nowhere/x: cannot be opened: No such file or directory\n");
}
END_TEST

START_TEST(a_run_without_a_prompt_starts_a_text)
{
    struct child *child = CHILD(fake, "-p", "", "-n", "0", "-m", sound);
    ck_assert_str_eq(child->out, "\n");
    ck_assert_ptr_nonnull(strstr(child->err, "prompt 1 token, "));
    ck_assert_int_eq(CHILD(fake, "-n", "3", "-m", sound)->code, 0);
}
END_TEST

START_TEST(text_that_is_not_utf8_is_refused_with_its_place)
{
    struct child *child = CHILD(fake, "-q", "-p", "good \xff", "-m", sound);
    ck_assert_int_eq(child->code, 2);
    ck_assert_ptr_nonnull(strstr(child->err, "fake: --prompt: "));
    ck_assert_ptr_nonnull(strstr(child->err, "byte 5"));
    const char *path = child_scratch("text");
    fake_write(path, "good\xc3(", 6);
    child = CHILD(fake, "-q", "-f", path, "-m", sound);
    ck_assert_int_eq(child->code, 4);
    ck_assert_ptr_nonnull(strstr(child->err, path));
    ck_assert_ptr_nonnull(strstr(child->err, "byte 4"));
    child = child_run(fake, (const char *const[]){"stream", "-qm", sound, NULL}, "ok \xe2\x82", 5);
    ck_assert_int_eq(child->code, 4);
    ck_assert_ptr_nonnull(strstr(child->err, "fake: standard input: "));
    ck_assert_int_eq(CHILD(fake, "tokenize", "-m", sound, "\x80")->code, 2);
}
END_TEST

START_TEST(tokenize_and_back_keeps_every_byte)
{
    static const char text[] =
        "Hello w\xc3\xb6rld,\n\ttabs  and   spaces \xf0\x9f\x98\x80 <|endoftext|>!";
    struct child *child = CHILD(fake, "tokenize", "-m", sound, text);
    ck_assert_int_eq(child->code, 0);
    char *ids = strdup(child->out);
    child = child_run(fake, (const char *const[]){"tokenize", "-m", sound, NULL}, text,
                      sizeof text - 1);
    ck_assert_str_eq(child->out, ids);
    child = child_run(fake, (const char *const[]){"tokenize", "--decode", "-m", sound, NULL}, ids,
                      strlen(ids));
    ck_assert_str_eq(child->out, text);
    free(ids);
    child = child_run(fake, (const char *const[]){"tokenize", "-m", sound, NULL}, "", 0);
    ck_assert_str_eq(child->out, "\n");
}
END_TEST

START_TEST(a_text_gets_its_bos_unless_told_otherwise)
{
    static const char *const no_bos[] = {NULL, "--no-bos"};
    char ids[2][64];
    for (size_t i = 0; i < 2; i++) {
        struct child *child = CHILD(fake, "tokenize", "-m", llama, "a b", no_bos[i]);
        ck_assert_int_eq(child->code, 0);
        ck_assert_uint_lt(child->out_bytes, sizeof ids[0]);
        memcpy(ids[i], child->out, child->out_bytes + 1);
    }
    ck_assert_mem_eq(ids[0], "1 ", 2);
    ck_assert_str_eq(ids[0] + 2, ids[1]);
    struct child *back =
        child_run(fake, (const char *const[]){"tokenize", "--decode", "-m", llama, NULL}, ids[1],
                  strlen(ids[1]));
    ck_assert_str_eq(back->out, "a b");
    ck_assert_str_eq(CHILD(fake, "tokenize", "-m", llama, "")->out, "1\n");
    ck_assert_ptr_nonnull(
        strstr(CHILD(fake, "-m", llama, "-p", "", "-n", "1")->err, "prompt 1 token, "));
    ck_assert_ptr_nonnull(
        strstr(CHILD(fake, "-m", llama, "-p", "<s>", "-n", "1")->err, "prompt 2 tokens, "));
    ck_assert_ptr_nonnull(strstr(CHILD(fake, "-m", llama, "-p", "<s>", "-n", "1", "--no-bos")->err,
                                 "prompt 1 token, "));
    ck_assert_ptr_nonnull(
        strstr(child_run(fake, (const char *const[]){"stream", "-m", llama, NULL}, "<s>", 3)->err,
               "end: 2 tokens"));
    ck_assert_ptr_nonnull(strstr(
        child_run(fake, (const char *const[]){"stream", "-m", llama, "--no-bos", NULL}, "<s>", 3)
            ->err,
        "end: 1 token, "));
}
END_TEST

/* ---- logits ------------------------------------------------------------------------------- */

static struct child *logits(const char *ids, const char *option, const char *value)
{
    return child_run(
        fake, (const char *const[]){"logits", "-q", "-m", sound, "--ids", "-", option, value, NULL},
        ids, strlen(ids));
}

START_TEST(what_is_no_token_id_is_named_with_its_line)
{
    assert_refused(logits("1 2\n3 four", NULL, NULL), 4,
                   "fake: standard input:2: 'four' is not a token id; give decimal numbers between "
                   "white space\n");
    assert_refused(logits("1 -2", NULL, NULL), 4,
                   "fake: standard input:1: '-2' is not a token id; give decimal numbers between "
                   "white space\n");
    assert_refused(logits("511\n\n512", NULL, NULL), 4,
                   "fake: standard input:3: token id 512 is outside the vocabulary: 0 to 511\n");
    assert_refused(logits("1 99999999999999999999999999999", NULL, NULL), 4,
                   "fake: standard input:1: token id 99999999999999999999999 is outside the "
                   "vocabulary: 0 to 511\n");
    assert_refused(logits("1 000000000000000000000000512", NULL, NULL), 4,
                   "fake: standard input:1: token id 512 is outside the vocabulary: 0 to 511\n");
    assert_refused(child_run(fake,
                             (const char *const[]){"logits", "-q", "-m", sound, "--ids", "-", NULL},
                             "1\0 2", 4),
                   4,
                   "fake: standard input:1: '1?' is not a token id; give decimal numbers between "
                   "white space\n");
    assert_refused(logits(" \n", NULL, NULL), 4, "fake: -: no token ids\n");
    assert_refused(CHILD(fake, "logits", "--ids", "/nowhere/x"), 1,
                   "fake: /nowhere/x: cannot be opened: No such file or directory\n");
}
END_TEST

START_TEST(the_array_is_a_npy_of_one_row_per_token)
{
    struct child *child = logits("5 6 7", "--decode", "2");
    ck_assert_int_eq(child->code, 0);
    ck_assert_uint_eq(child->out_bytes, 128 + 5 * FAKE_VOCAB * 4);
    ck_assert_int_eq(memcmp(child->out, "\x93NUMPY\x01\x00\x76\x00", 10), 0);
    ck_assert_int_eq(strncmp(child->out + 10,
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 512), }   ",
                             64),
                     0);
    ck_assert_int_eq(child->out[127], '\n');

    static char stored[CHILD_OUTPUT_BYTES];
    size_t bytes = child->out_bytes;
    memcpy(stored, child->out, bytes);
    const char *path = child_scratch("logits.npy");
    ck_assert_uint_eq(logits("5 6 7 8 9", "-o", path)->out_bytes, 0);
    static char read_back[CHILD_OUTPUT_BYTES];
    FILE *array = fopen(path, "rb");
    ck_assert_ptr_nonnull(array);
    ck_assert_uint_eq(fread(read_back, 1, sizeof read_back, array), bytes);
    fclose(array);
    /* Greedy continues 7 with 8 and 9, so both ways give the same rows. */
    ck_assert_int_eq(memcmp(stored, read_back, bytes), 0);
    ck_assert_int_eq(logits("5", "-o", "/nowhere/x.npy")->code, 1);
}
END_TEST

START_TEST(the_digest_does_not_depend_on_chunks_or_threads)
{
    char ids[4096] = "";
    for (int i = 0; i < 500; i++)
        snprintf(ids + strlen(ids), 8, "%d ", i * 7 % 512);
    char *expected = strdup(logits(ids, "--digest", NULL)->out);
    ck_assert_uint_eq(strlen(expected), strlen("logits 0123456789abcdef\n"));
    static const char *const chunks[] = {"1", "7", "32"}, *const threads[] = {"1", "2", "4"};
    for (int c = 0; c < 3; c++)
        for (int t = 0; t < 3; t++) {
            struct child *child =
                child_run(fake,
                          (const char *const[]){"logits", "-qm", sound, "--ids", "-", "--digest",
                                                "--chunk", chunks[c], "-t", threads[t], NULL},
                          ids, strlen(ids));
            ck_assert_str_eq(child->out, expected);
        }
    ids[0] = '1';
    ck_assert_str_ne(logits(ids, "--digest", NULL)->out, expected);
    free(expected);
}
END_TEST

/* ---- info and selftest -------------------------------------------------------------------- */

START_TEST(info_works_with_and_without_weights)
{
    struct child *child = CHILD(fake, "info", "-m", "/nowhere/x");
    ck_assert_int_eq(child->code, 0);
    ck_assert_ptr_nonnull(strstr(child->out, "no file at /nowhere/x"));
    ck_assert_ptr_nonnull(strstr(child->out, "fedcba98765432100123456789abcdef"));
    child = CHILD(fake, "info", "--json", "-m", sound);
    ck_assert_int_eq(child->code, 0);
    ck_assert_int_eq(strncmp(child->out, "{\n  \"schema\": 1,\n", 17), 0);
    ck_assert_ptr_nonnull(strstr(child->out, "\"present\": true"));
    ck_assert_ptr_nonnull(strstr(child->out, "\"vocab_size\": 512"));
    ck_assert_ptr_nonnull(strstr(child->out, "\"kernel\": \"logits_1x512\""));
    ck_assert_int_eq(CHILD(fake, "selftest", "-t", "3", "-m", sound)->code, 0);
}
END_TEST

int main(void)
{
    fake_binary_make();
    Suite *suite = suite_create("cli");
    TCase *usage = add_case(suite, "usage");
    tcase_add_test(usage, nonsense_numbers_are_refused);
    tcase_add_test(usage, choices_made_at_build_time_name_the_way_to_change_them);
    tcase_add_test(usage, options_without_effect_are_refused);
    tcase_add_test(usage, unknown_words_are_refused);
    TCase *text = add_case(suite, "text");
    tcase_add_test(text, a_run_is_repeatable_and_ends_with_a_newline);
    tcase_add_test(text, a_run_without_a_prompt_starts_a_text);
    tcase_add_test(text, a_file_that_is_missing_is_named_first);
    tcase_add_test(text, one_token_has_no_bits_per_byte);
    tcase_add_test(text, input_that_is_not_read_is_noted);
    tcase_add_test(text, a_random_seed_is_told);
    tcase_add_test(text, the_last_newline_of_a_file_is_left_out);
    tcase_add_test(text, escapes_in_a_prompt_are_those_of_llama_cpp);
    tcase_add_test(text, text_that_is_not_utf8_is_refused_with_its_place);
    tcase_add_test(text, tokenize_and_back_keeps_every_byte);
    tcase_add_test(text, a_text_gets_its_bos_unless_told_otherwise);
    TCase *numbers = add_case(suite, "numbers");
    tcase_add_test(numbers, what_is_no_token_id_is_named_with_its_line);
    tcase_add_test(numbers, the_array_is_a_npy_of_one_row_per_token);
    tcase_add_test(numbers, the_digest_does_not_depend_on_chunks_or_threads);
    tcase_add_test(numbers, info_works_with_and_without_weights);
    return tests_run(suite);
}
