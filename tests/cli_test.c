/* The command line of a binary, as a user meets it: exit codes and exact messages, over the fake
 * model's binary `fake`, which is built beside this program with the allocation guard inside. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/weight_file.h"
#include "tests/child.h"
#include "tests/fake_model.h"
#include "tests/run.h"
#include "tools/tokenizer_json.h"

static char fake[4096];    /* the binary */
static char sound[256];    /* a weight file with a tokenizer */
static char wordless[256]; /* one without */
static uint8_t *file;      /* the bytes of `sound` */
static uint64_t file_bytes;

static void make_files(void)
{
    static char message[TOKENIZER_JSON_MESSAGE];
    struct tokenizer_blob blob = {0};
    if (tokenizer_compile("tests/data/checkpoints/mamba-a/tokenizer.json", FAKE_VOCAB, &blob,
                          message)) {
        fprintf(stderr, "%s\n", message);
        exit(EXIT_FAILURE);
    }
    snprintf(fake, sizeof fake, "%s", child_beside("fake"));
    snprintf(sound, sizeof sound, "%s", child_scratch("fake.weights"));
    snprintf(wordless, sizeof wordless, "%s", child_scratch("wordless.weights"));
    uint64_t bytes;
    uint8_t *without = fake_weights(NULL, 0, &bytes);
    fake_write(wordless, without, bytes);
    free(without);
    file = fake_weights(blob.bytes, blob.size, &file_bytes);
    fake_write(sound, file, file_bytes);
    free(blob.bytes);
}

static void assert_refused(struct child *child, int code, const char *message)
{
    ck_assert_str_eq(child->err, message);
    ck_assert_int_eq(child->code, code);
    ck_assert_uint_eq(child->out_bytes, 0);
}

/* ---- usage -------------------------------------------------------------------------------- */

#define REFUSED(message, ...) assert_refused(CHILD(fake, __VA_ARGS__), 2, "fake: " message "\n")

START_TEST(nonsense_numbers_are_refused)
{
    REFUSED("--n-predict: 'x' is not a whole number from -1 to 9223372036854775807", "run", "-n",
            "x");
    REFUSED("--n-predict: '' is not a whole number from -1 to 9223372036854775807", "-n", "");
    REFUSED("--n-predict: '1.5' is not a whole number from -1 to 9223372036854775807", "-n", "1.5");
    REFUSED("--n-predict: '-2' is not a whole number from -1 to 9223372036854775807", "-n", "-2");
    REFUSED("--n-predict: '99999999999999999999' is not a whole number from -1 to "
            "9223372036854775807",
            "stream", "-n", "99999999999999999999");
    REFUSED("--threads: '0' is not a whole number from 1 to 256", "-t", "0");
    REFUSED("--threads: '257' is not a whole number from 1 to 256", "info", "-t", "257");
    REFUSED("--seed: '-1' is not a whole number from 0 to 18446744073709551615", "-s", "-1");
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
}
END_TEST

START_TEST(unknown_words_are_refused)
{
    REFUSED("unknown verb 'fly'; the verbs are run, stream, logits, tokenize, info, selftest, "
            "bench",
            "fly");
    assert_refused(CHILD(fake, "run", "--loud"), 2,
                   "fake run: unrecognized option '--loud'\n"
                   "Try `fake run --help' or `fake run --usage' for more information.\n");
    assert_refused(CHILD(fake, "run", "Hello"), 2,
                   "fake run: unexpected argument 'Hello'; the prompt goes behind --prompt\n"
                   "Try `fake run --help' or `fake run --usage' for more information.\n");
    static const char *const verbs[] = {"run",  "stream",   "logits", "tokenize",
                                        "info", "selftest", "bench"};
    struct child *child = CHILD(fake, "--help");
    ck_assert_int_eq(child->code, 0);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        ck_assert_ptr_nonnull(strstr(child->out, verbs[i]));
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        child = CHILD(fake, verbs[i], "--help");
        ck_assert_int_eq(child->code, 0);
        ck_assert_ptr_nonnull(strstr(child->out, "Usage: fake "));
    }
}
END_TEST

/* ---- weight files ------------------------------------------------------------------------- */

#define REMAKE "; make it again with 'make MODEL=fake CHECKPOINT=DIR'\n"

static struct child *try_weights(const void *bytes, uint64_t count, const char **path)
{
    *path = child_scratch("damaged.weights");
    fake_write(*path, bytes, count);
    return CHILD(fake, "selftest", "-q", "-t", "1", "-m", *path);
}

static void assert_weights(const void *bytes, uint64_t count, const char *message)
{
    const char *path;
    struct child *child = try_weights(bytes, count, &path);
    char whole[1024];
    snprintf(whole, sizeof whole, "fake: %s: %s", path, message);
    assert_refused(child, 4, whole);
}

START_TEST(a_weight_file_must_be_there_and_be_one)
{
    assert_refused(CHILD(fake, "-m", "/nowhere/x"), 4,
                   "fake: /nowhere/x: cannot open the weight file: No such file or directory; make "
                   "it with 'make MODEL=fake CHECKPOINT=DIR', or name one with --weights\n");
    assert_refused(CHILD(fake, "-m", "/"), 4,
                   "fake: /: not a regular file; a weight file is needed" REMAKE);
    assert_weights("", 0, "cut short: the header alone takes 4096 bytes" REMAKE);
    static char text[5000] = "GGUF";
    assert_weights(text, sizeof text,
                   "not a weight file: it does not start with 'INGOTWTS'" REMAKE);
}
END_TEST

START_TEST(a_weight_file_of_another_kind_is_named)
{
    uint8_t *copy = malloc(file_bytes);
    struct weight_file_header *header = (struct weight_file_header *)copy;
    memcpy(copy, file, file_bytes);
    header->version = 2;
    assert_weights(copy, file_bytes,
                   "weight file of version 2, this binary reads version 1" REMAKE);
    memcpy(copy, file, file_bytes);
    snprintf(header->backend, sizeof header->backend, "cuda");
    fake_seal(copy);
    assert_weights(copy, file_bytes,
                   "packed for the backend 'cuda', this binary is for 'cpu'" REMAKE);
    memcpy(copy, file, file_bytes);
    snprintf(header->model, sizeof header->model, "other");
    header->config_digest[0]++;
    fake_seal(copy);
    assert_weights(copy, file_bytes,
                   "weights of another config: packed for other, config digest "
                   "fedcba98765432100123456789abcdf0; this binary is fake, config digest "
                   "fedcba98765432100123456789abcdef; name the right file with --weights, or make "
                   "it with 'make MODEL=fake CHECKPOINT=DIR'\n");
    free(copy);
}
END_TEST

START_TEST(a_weight_file_cut_short_or_too_long_is_refused)
{
    char message[256];
    for (uint64_t cut = 4096; cut < file_bytes; cut += 1999) {
        snprintf(message, sizeof message, "cut short: %llu bytes, expected %llu" REMAKE,
                 (unsigned long long)cut, (unsigned long long)file_bytes);
        assert_weights(file, cut, message);
    }
    uint8_t *longer = calloc(1, file_bytes + 1);
    memcpy(longer, file, file_bytes);
    snprintf(message, sizeof message, "bytes follow its end: %llu bytes, expected %llu" REMAKE,
             (unsigned long long)file_bytes + 1, (unsigned long long)file_bytes);
    assert_weights(longer, file_bytes + 1, message);
    free(longer);
}
END_TEST

/* What the message for a flipped bit at this offset must say. */
static const char *section_at(const struct weight_file_header *header, uint64_t at)
{
    if (at < sizeof header->magic)
        return "not a weight file";
    if (at < offsetof(struct weight_file_header, header_bytes))
        return "weight file of version";
    if (at < header->table_at)
        return "the header is damaged";
    if (at < header->tokenizer_at)
        return "the tensor table is damaged";
    if (at < header->weights_at)
        return "the tokenizer is damaged";
    return at - header->weights_at < FAKE_VOCAB * 4 ? "tensor 'gain' is damaged"
                                                    : "tensor 'shift' is damaged";
}

START_TEST(one_flipped_bit_anywhere_is_found_and_named)
{
    const struct weight_file_header *header = (const struct weight_file_header *)file;
    uint8_t *copy = malloc(file_bytes);
    for (uint64_t at = 0; at < file_bytes; at += at < 256 ? 9 : 211) {
        memcpy(copy, file, file_bytes);
        copy[at] ^= (uint8_t)(1u << at % 8);
        const char *path;
        struct child *child = try_weights(copy, file_bytes, &path);
        ck_assert_msg(child->code == 4 && strstr(child->err, section_at(header, at)),
                      "bit %u of byte %llu: exit %d, %s", (unsigned)(at % 8),
                      (unsigned long long)at, child->code, child->err);
    }
    free(copy);
}
END_TEST

START_TEST(weights_without_a_tokenizer_still_serve_numbers)
{
    struct child *child = CHILD(fake, "run", "-q", "-p", "a", "-m", wordless);
    ck_assert_int_eq(child->code, 4);
    ck_assert_ptr_nonnull(strstr(child->err, "holds no tokenizer"));
    ck_assert_int_eq(CHILD(fake, "selftest", "-m", wordless)->code, 0);
    ck_assert_int_eq(CHILD(fake, "bench", "-r", "1", "-m", wordless)->code, 0);
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

/* ---- signals and pipes -------------------------------------------------------------------- */

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

START_TEST(an_interrupt_ends_a_run_with_its_summary)
{
    struct piped piped = start(
        (const char *const[]){"run", "-n", "-1", "--ignore-eos", "-p", "Hello", "-m", sound, NULL});
    char block[100];
    ck_assert_int_gt(read(piped.out, block, sizeof block), 0);
    ck_assert_int_eq(kill(piped.pid, SIGINT), 0);
    drain(piped.out, said, sizeof said);
    drain(piped.err, said, sizeof said);
    ck_assert_int_eq(child_wait(piped.pid), 130);
    ck_assert_ptr_nonnull(strstr(said, "generated "));
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

/* ---- stream ------------------------------------------------------------------------------- */

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

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *cases = tcase_create(name);
    tcase_set_timeout(cases, 120);
    suite_add_tcase(suite, cases);
    return cases;
}

int main(void)
{
    make_files();
    Suite *suite = suite_create("cli");
    TCase *usage = add_case(suite, "usage");
    tcase_add_test(usage, nonsense_numbers_are_refused);
    tcase_add_test(usage, choices_made_at_build_time_name_the_way_to_change_them);
    tcase_add_test(usage, options_without_effect_are_refused);
    tcase_add_test(usage, unknown_words_are_refused);
    TCase *weights = add_case(suite, "weights");
    tcase_add_test(weights, a_weight_file_must_be_there_and_be_one);
    tcase_add_test(weights, a_weight_file_of_another_kind_is_named);
    tcase_add_test(weights, a_weight_file_cut_short_or_too_long_is_refused);
    tcase_add_test(weights, one_flipped_bit_anywhere_is_found_and_named);
    tcase_add_test(weights, weights_without_a_tokenizer_still_serve_numbers);
    TCase *text = add_case(suite, "text");
    tcase_add_test(text, a_run_is_repeatable_and_ends_with_a_newline);
    tcase_add_test(text, a_run_without_a_prompt_starts_a_text);
    tcase_add_test(text, text_that_is_not_utf8_is_refused_with_its_place);
    tcase_add_test(text, tokenize_and_back_keeps_every_byte);
    TCase *numbers = add_case(suite, "numbers");
    tcase_add_test(numbers, what_is_no_token_id_is_named_with_its_line);
    tcase_add_test(numbers, the_array_is_a_npy_of_one_row_per_token);
    tcase_add_test(numbers, the_digest_does_not_depend_on_chunks_or_threads);
    tcase_add_test(numbers, info_works_with_and_without_weights);
    TCase *endings = add_case(suite, "endings");
    tcase_add_test(endings, an_interrupt_ends_a_run_with_its_summary);
    tcase_add_test(endings, an_interrupt_ends_a_waiting_stream_with_its_report);
    tcase_add_test(endings, a_reader_that_leaves_ends_it_quietly);
    tcase_add_test(endings, a_full_disk_ends_it_with_a_message);
    TCase *streams = add_case(suite, "streams");
    tcase_add_test(streams, a_stream_reports_by_interval_and_goes_on_with_text);
    tcase_add_test(streams, a_stream_in_single_bytes_is_the_same_stream);
    tcase_add_test(streams, a_stream_does_not_depend_on_chunks);
    return tests_run(suite);
}
