/* Dimensions of the model in fake_model.c, and weight files for it. */
#ifndef TESTS_FAKE_MODEL_H
#define TESTS_FAKE_MODEL_H

#include <stdint.h>

enum {
    FAKE_VOCAB = 512,
    FAKE_VOCAB_PAD = 512,
    FAKE_DIM = 16,
    FAKE_CHUNK = 32,
    FAKE_LOGIT_ROWS = 8,
    FAKE_STATE_BYTES = 64
};

/* The weight file of the fake model, in memory of malloc: *bytes of it. `tokenizer` may be NULL. */
uint8_t *fake_weights(const void *tokenizer, uint64_t tokenizer_bytes, uint64_t *bytes);

/* Sets the digests of a weight file that was changed on purpose. */
void fake_seal(uint8_t *file);

/* Writes bytes to a new file; aborts if that fails. */
void fake_write(const char *path, const void *bytes, uint64_t count);

#endif
