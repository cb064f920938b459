/* tokenizer.json, as Hugging Face `tokenizers` writes it, compiled into the flat tables that the
 * runtime reads (runtime/tokenizer_tables.h).
 *
 * Supported: model BPE over bytes; normalizer null, NFC or a Sequence of these; pre_tokenizer,
 * decoder and post_processor ByteLevel (the last may be null); added tokens with all their flags.
 * Any other node, option or key is refused by name: nothing is ignored silently. */
#ifndef TOOLS_TOKENIZER_JSON_H
#define TOOLS_TOKENIZER_JSON_H

#include <stddef.h>
#include <stdint.h>

enum {
    TOKENIZER_JSON_MESSAGE = 1024,
    TOKENIZER_JSON_BYTES = 1 << 28 /* of the file; the largest published ones have 34 MB */
};

struct tokenizer_blob {
    void *bytes; /* to be freed by the caller */
    uint64_t size;
};

/* Compiles the file at `path` for a model of vocab_rows rows: every id must be below that. Returns
 * an exit code: 0; 3 not enough memory; 4 the file cannot be read or is not what it should be. Then
 * message says, beginning with the path, what was found where and what was expected. */
int tokenizer_compile(const char *path, uint64_t vocab_rows, struct tokenizer_blob *blob,
                      char message[TOKENIZER_JSON_MESSAGE]);

/* The same from json[bytes] in memory; `name` stands for the path in messages. */
int tokenizer_compile_memory(const char *name, const char *json, size_t bytes, uint64_t vocab_rows,
                             struct tokenizer_blob *blob, char message[TOKENIZER_JSON_MESSAGE]);

#endif
