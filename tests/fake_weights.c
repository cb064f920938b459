/* Weight files of the fake model, sound and to be damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/digest.h"
#include "runtime/engine/model.h"
#include "runtime/engine/weight_file.h"
#include "tests/fake_model.h"

/* Not ck_assert(): it works inside tests only. */
static void insist(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

static uint64_t aligned(uint64_t at)
{
    return (at + WEIGHT_FILE_ALIGN - 1) / WEIGHT_FILE_ALIGN * WEIGHT_FILE_ALIGN;
}

void fake_seal(uint8_t *file)
{
    struct weight_file_header *header = (struct weight_file_header *)file;
    struct weight_file_tensor *table = (struct weight_file_tensor *)(file + header->table_at);
    uint64_t digests[16] = {0};
    for (uint64_t i = 0; i < header->tensor_count; i++)
        digests[i] = table[i].digest =
            XXH3_64bits(file + header->weights_at + table[i].at, table[i].bytes);
    header->table_digest = XXH3_64bits(file + header->table_at, header->table_bytes);
    header->tokenizer_digest =
        XXH3_64bits(file + header->tokenizer_at, header->weights_at - header->tokenizer_at);
    header->weights_digest = XXH3_64bits(digests, header->tensor_count * sizeof *digests);
    header->header_digest = 0;
    header->header_digest = XXH3_64bits(file, WEIGHT_FILE_ALIGN);
}

uint8_t *fake_weights(const void *tokenizer, uint64_t tokenizer_bytes, uint64_t *bytes)
{
    struct weight_file_header header = {
        .version = WEIGHT_FILE_VERSION,
        .header_bytes = WEIGHT_FILE_ALIGN,
        .backend = "cpu",
        .model = "fake",
        .config_digest = {model.config_digest[0], model.config_digest[1]},
        .table_at = WEIGHT_FILE_ALIGN,
        .tensor_count = model.weight_count,
        .tokenizer_bytes = tokenizer_bytes,
        .weights_bytes = model.weights_bytes,
    };
    memcpy(header.magic, WEIGHT_FILE_MAGIC, sizeof header.magic);
    header.table_bytes = aligned(model.weight_count * sizeof(struct weight_file_tensor));
    header.tokenizer_at = header.table_at + header.table_bytes;
    header.weights_at = aligned(header.tokenizer_at + tokenizer_bytes);
    header.file_bytes = header.weights_at + header.weights_bytes;

    uint8_t *file = calloc(1, header.file_bytes);
    insist(file != NULL, "calloc");
    memcpy(file, &header, sizeof header);
    struct weight_file_tensor *table = (struct weight_file_tensor *)(file + header.table_at);
    for (u32 i = 0; i < model.weight_count; i++)
        table[i] =
            (struct weight_file_tensor){.at = model.weights[i].at, .bytes = model.weights[i].bytes};
    if (tokenizer)
        memcpy(file + header.tokenizer_at, tokenizer, tokenizer_bytes);
    f32 *values = (f32 *)(file + header.weights_at);
    for (u32 i = 0; i < header.weights_bytes / sizeof *values; i++)
        values[i] = 1.0f + (f32)(i % 7) * 0.25f;
    fake_seal(file);
    *bytes = header.file_bytes;
    return file;
}

void fake_write(const char *path, const void *bytes, uint64_t count)
{
    FILE *file = fopen(path, "wb");
    insist(file && fwrite(bytes, 1, count, file) == count && fclose(file) == 0, path);
}
