#include "tests/fake_binary.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/fake_model.h"
#include "tools/tokenizer_json.h"

char fake[4096];
char sound[256];
char wordless[256];
uint8_t *fake_file;
uint64_t fake_file_bytes;

void fake_binary_make(void)
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
    fake_file = fake_weights(blob.bytes, blob.size, &fake_file_bytes);
    fake_write(sound, fake_file, fake_file_bytes);
    free(blob.bytes);
}

void assert_refused(struct child *child, int code, const char *message)
{
    ck_assert_str_eq(child->err, message);
    ck_assert_int_eq(child->code, code);
    ck_assert_uint_eq(child->out_bytes, 0);
}

TCase *add_case(Suite *suite, const char *name)
{
    TCase *cases = tcase_create(name);
    tcase_set_timeout(cases, 120);
    suite_add_tcase(suite, cases);
    return cases;
}
