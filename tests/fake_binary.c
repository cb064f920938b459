#include "tests/fake_binary.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/fake_model.h"
#include "tools/pack/tokenizer_json.h"

char fake[4096];
char sound[256];
char llama[256];
char wordless[256];
uint8_t *fake_file;
uint64_t fake_file_bytes;

static struct tokenizer_blob compile(const char *path)
{
    static char message[TOKENIZER_JSON_MESSAGE];
    struct tokenizer_blob blob = {0};
    if (tokenizer_compile(path, FAKE_VOCAB, &blob, message)) {
        fprintf(stderr, "%s\n", message);
        exit(EXIT_FAILURE);
    }
    return blob;
}

void fake_binary_make(void)
{
    struct tokenizer_blob blob = compile("tests/data/checkpoints/mamba-a/tokenizer.json");
    struct tokenizer_blob other = compile("tests/data/tokenizers/kinds/llama2.json");
    snprintf(fake, sizeof fake, "%s", child_beside("fake"));
    snprintf(sound, sizeof sound, "%s", child_scratch("fake.weights"));
    snprintf(llama, sizeof llama, "%s", child_scratch("llama.weights"));
    snprintf(wordless, sizeof wordless, "%s", child_scratch("wordless.weights"));
    uint64_t bytes;
    uint8_t *without = fake_weights(NULL, 0, &bytes);
    fake_write(wordless, without, bytes);
    free(without);
    uint8_t *with_bos = fake_weights(other.bytes, other.size, &bytes);
    fake_write(llama, with_bos, bytes);
    free(with_bos);
    fake_file = fake_weights(blob.bytes, blob.size, &fake_file_bytes);
    fake_write(sound, fake_file, fake_file_bytes);
    free(blob.bytes);
    free(other.bytes);
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
