/* Weight files as the binary meets them: missing, of another kind or config, cut short, with one
 * bit flipped anywhere: exit code 4 and a message that names the place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/engine/weight_file.h"
#include "tests/fixtures/fake_binary.h"
#include "tests/fixtures/fake_model.h"

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
    const char *const pipe = TEST_DIR "/weights-pipe";
    char refused[256];
    unlink(pipe);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0); /* nobody writes to it */
    snprintf(refused, sizeof refused,
             "fake: %s: not a regular file; a weight file is needed" REMAKE, pipe);
    assert_refused(CHILD(fake, "-m", pipe), 4, refused);
    unlink(pipe);
    assert_weights("", 0, "cut short: the header alone takes 4096 bytes" REMAKE);
    static char text[5000] = "GGUF";
    assert_weights(text, sizeof text,
                   "not a weight file: it does not start with 'INGOTWTS'" REMAKE);
}
END_TEST

START_TEST(a_weight_file_of_another_kind_is_named)
{
    uint8_t *copy = malloc(fake_file_bytes);
    struct weight_file_header *header = (struct weight_file_header *)copy;
    memcpy(copy, fake_file, fake_file_bytes);
    header->version = 1;
    assert_weights(copy, fake_file_bytes,
                   "weight file of version 1, this binary reads version 3" REMAKE);
    memcpy(copy, fake_file, fake_file_bytes);
    snprintf(header->backend, sizeof header->backend, "cuda");
    fake_seal(copy);
    assert_weights(copy, fake_file_bytes,
                   "packed for the backend 'cuda', this binary is for 'cpu'" REMAKE);
    memcpy(copy, fake_file, fake_file_bytes);
    snprintf(header->model, sizeof header->model, "other");
    header->config_digest[0]++;
    fake_seal(copy);
    assert_weights(copy, fake_file_bytes,
                   "weights of another config: packed for other, config digest "
                   "fedcba98765432100123456789abcdf0; this binary is fake, config digest "
                   "fedcba98765432100123456789abcdef; name the right file with --weights, or make "
                   "it with 'make MODEL=fake CHECKPOINT=DIR'\n");
    free(copy);
}
END_TEST

/* The same bytes under another format, or in blocks, mean other numbers. */
START_TEST(a_tensor_of_another_format_is_named)
{
    uint8_t *copy = malloc(fake_file_bytes);
    struct weight_file_header *header = (struct weight_file_header *)copy;
    memcpy(copy, fake_file, fake_file_bytes);
    struct weight_file_tensor *table = (struct weight_file_tensor *)(copy + header->table_at);
    table[1].format = FORMAT_F16;
    fake_seal(copy);
    assert_weights(copy, fake_file_bytes,
                   "tensor 'gain[1]' is stored as format 1 (f16) in blocks of 0, this binary reads "
                   "f32" REMAKE);
    table[1].format = 77;
    fake_seal(copy);
    assert_weights(copy, fake_file_bytes,
                   "tensor 'gain[1]' is stored as format 77 (?) in blocks of 0, this binary reads "
                   "f32" REMAKE);
    table[1].format = FORMAT_F32;
    table[1].block = 64;
    fake_seal(copy);
    assert_weights(
        copy, fake_file_bytes,
        "tensor 'gain[1]' is stored as format 0 (f32) in blocks of 64, this binary reads "
        "f32" REMAKE);
    free(copy);
}
END_TEST

START_TEST(a_weight_file_cut_short_or_too_long_is_refused)
{
    char message[256];
    for (uint64_t cut = 4096; cut < fake_file_bytes; cut += 1999) {
        snprintf(message, sizeof message, "cut short: %llu bytes, expected %llu" REMAKE,
                 (unsigned long long)cut, (unsigned long long)fake_file_bytes);
        assert_weights(fake_file, cut, message);
    }
    uint8_t *longer = calloc(1, fake_file_bytes + 1);
    memcpy(longer, fake_file, fake_file_bytes);
    snprintf(message, sizeof message, "bytes follow its end: %llu bytes, expected %llu" REMAKE,
             (unsigned long long)fake_file_bytes + 1, (unsigned long long)fake_file_bytes);
    assert_weights(longer, fake_file_bytes + 1, message);
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
    const uint64_t tensor = (at - header->weights_at) / (FAKE_VOCAB * 2);
    return tensor == 0   ? "tensor 'gain[0]' is damaged"
           : tensor == 1 ? "tensor 'gain[1]' is damaged"
                         : "tensor 'shift' is damaged";
}

START_TEST(one_flipped_bit_anywhere_is_found_and_named)
{
    const struct weight_file_header *header = (const struct weight_file_header *)fake_file;
    uint8_t *copy = malloc(fake_file_bytes);
    for (uint64_t at = 0; at < fake_file_bytes; at += at < 256 ? 9 : 211) {
        memcpy(copy, fake_file, fake_file_bytes);
        copy[at] ^= (uint8_t)(1u << at % 8);
        const char *path;
        struct child *child = try_weights(copy, fake_file_bytes, &path);
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

int main(void)
{
    fake_binary_make();
    Suite *suite = suite_create("weights");
    TCase *weights = add_case(suite, "weights");
    tcase_add_test(weights, a_weight_file_must_be_there_and_be_one);
    tcase_add_test(weights, a_weight_file_of_another_kind_is_named);
    tcase_add_test(weights, a_tensor_of_another_format_is_named);
    tcase_add_test(weights, a_weight_file_cut_short_or_too_long_is_refused);
    tcase_add_test(weights, one_flipped_bit_anywhere_is_found_and_named);
    tcase_add_test(weights, weights_without_a_tokenizer_still_serve_numbers);
    return tests_run(suite);
}
