/* libFuzzer entry: a sound tokenizer.model, edited (tokenizer_edit.h). Run from the root of the
 * repo. */
#include "tests/fuzz/tokenizer_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_bytes)
{
    static struct edit_base base;
    if (base.size == 0)
        edit_read(&base, "tests/data/tokenizers/sentencepiece/plain.model");
    if (input_bytes >= EDIT_HEAD)
        edit_try(&base, "fuzz.model", input, input_bytes,
                 "the  hen <s> \xC3\xA9t\xCC\x81 it's 12 !!! \n\n x");
    return 0;
}
