/* libFuzzer entry: a sound tokenizer.json, edited (tokenizer_edit.h); of mode 64 and up that whose
 * symbols are characters, of 128 and up that whose tokens say where words end. Run from the root of
 * the repo. */
#include "tests/fuzz/tokenizer_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_bytes)
{
    static struct edit_base bases[3];
    if (bases[0].size == 0) {
        edit_read(&bases[0], "tests/data/tokenizers/broken/base.json");
        edit_read(&bases[1], "tests/data/tokenizers/broken/chars.json");
        edit_read(&bases[2], "tests/data/tokenizers/broken/words.json");
    }
    if (input_bytes >= EDIT_HEAD)
        edit_try(&bases[input[0] < 64    ? 0
                        : input[0] < 128 ? 1
                                         : 2],
                 "fuzz", input, input_bytes,
                 "the  he <|endoftext|> \xC3\xA9t\xCC\x81 it's 12 !? \n\n x");
    return 0;
}
