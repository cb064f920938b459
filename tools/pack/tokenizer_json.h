/* tokenizer.json, as Hugging Face `tokenizers` writes it, compiled into the flat tables that the
 * runtime reads (runtime/tokenizer/tokenizer_tables.h).
 *
 * Supported: model BPE, of two kinds. Byte-level (GPT-NeoX, CodeGen, Llama-3, DeepSeek, Falcon):
 * with a ByteLevel among the pre-tokenizers, and as decoder. Of characters (Llama-2, Mistral): with
 * or without byte_fallback; spaces become U+2581 by a Replace or a Metaspace, or remain what they
 * are; decoder a Sequence of Replace or Metaspace, ByteFallback, Fuse and Strip, or null.
 * pre_tokenizer null, ByteLevel, Metaspace, Split, Digits, Punctuation, Whitespace,
 * WhitespaceSplit, CharDelimiterSplit, BertPreTokenizer or a Sequence of these; normalizer null,
 * NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Replace, Nmt, Prepend or a Sequence of
 * these; post_processor null,
 * ByteLevel, TemplateProcessing or a Sequence of these; added tokens with all their flags. Any
 * other node, option or key is refused by name: nothing is ignored silently.
 *
 * What is left out with a note: truncation and padding, which a training run leaves behind and no
 * prompt wants; added tokens whose ids the model has no rows for, so that their text is tokenized
 * like any other; added_tokens.json and special_tokens_map.json beside a tokenizer.model.
 *
 * A SentencePiece model (tokenizer.model) with BPE is read as the tokenizer.json that says the
 * same; the ids are SentencePiece's own (tokenizer_sentencepiece.c).
 *
 * tokenizer_config.json has a say in what Hugging Face `transformers` lets it: the ids around a
 * text (BOS, EOS) of Llama and GPT-NeoX classes, add_prefix_space, split_special_tokens, legacy,
 * and added tokens (tokenizer_config.c). */
#ifndef TOOLS_PACK_TOKENIZER_JSON_H
#define TOOLS_PACK_TOKENIZER_JSON_H

#include <stddef.h>
#include <stdint.h>

enum {
    TOKENIZER_JSON_MESSAGE = 1024,
    TOKENIZER_JSON_NOTES = 4096,
    TOKENIZER_JSON_BYTES = 1 << 28 /* of the file; the largest published ones have 34 MB */
};

struct tokenizer_blob {
    void *bytes; /* to be freed by the caller */
    uint64_t size;
    char notes[TOKENIZER_JSON_NOTES]; /* lines on what of the files is left out, or "" */
};

/* Compiles the file at `path`, tokenizer.json or a SentencePiece model NAME.model, with the
 * tokenizer_config.json beside it if there is one, for a model of vocab_rows rows: every id that a
 * text can lead to must be below that. Returns an exit code: 0; 3 not enough memory; 4 a file
 * cannot be read or is not what it should be. Then message says, beginning with its path, what was
 * found where and what was expected. */
int tokenizer_compile(const char *path, uint64_t vocab_rows, struct tokenizer_blob *blob,
                      char message[TOKENIZER_JSON_MESSAGE]);

/* A file in memory; `name` stands for the path in messages, and says what it is. */
struct tokenizer_text {
    const char *name;
    const char *json; /* or the bytes of NAME.model */
    size_t bytes;
};

/* The same from memory; config NULL: there is no tokenizer_config.json. */
int tokenizer_compile_memory(const struct tokenizer_text *tokenizer,
                             const struct tokenizer_text *config, uint64_t vocab_rows,
                             struct tokenizer_blob *blob, char message[TOKENIZER_JSON_MESSAGE]);

#endif
