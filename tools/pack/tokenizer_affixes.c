/* What tokens are spelled with beside their text: the prefix and suffix of a model's symbols, and
 * the decoders that take such things away again.
 *
 * With end_of_word_suffix "</w>" the last symbol of a pre-token is the token of its text and
 * "</w>"; with continuing_subword_prefix "##" every symbol but the first starts with that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pack/tokenizer_reader.h"

/* Reads an affix of the model, "" when there is none. */
static bool read_affix(struct reader *reader, json_t *model, const char *key,
                       char affix[AFFIX_BYTES])
{
    json_t *value = json_object_get(model, key);
    char quoted[QUOTE_BYTES];
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_string(value))
        return reader_refuse(reader, "model.%s: found %s, expected a string or null", key,
                             reader_kind(value));
    const char *text = json_string_value(value);
    const size_t bytes = json_string_length(value);
    bool plain = bytes < AFFIX_BYTES;
    for (size_t i = 0; i < bytes && plain; i++)
        plain = text[i] > ' ' && text[i] < 0x7F;
    if (!plain)
        return reader_refuse(reader, "model.%s: found %s, expected at most %d characters of ASCII",
                             key, reader_quote_json(quoted, value), AFFIX_BYTES - 1);
    memcpy(affix, text, bytes);
    return true;
}

bool reader_affixes(struct reader *reader, json_t *model)
{
    struct tokenizer_source *source = &reader->source;
    if (!read_affix(reader, model, "continuing_subword_prefix", source->prefix) ||
        !read_affix(reader, model, "end_of_word_suffix", source->suffix))
        return false;
    return (source->prefix[0] == '\0' && source->suffix[0] == '\0') || !reader->byte_fallback ||
           reader_refuse(reader, "model.byte_fallback: found true, expected false with "
                                 "continuing_subword_prefix or end_of_word_suffix");
}

/* The string node[key] of at most 255 bytes, which the decoder seeks in tokens; NULL after a
 * complaint. */
static json_t *decoder_text(struct reader *reader, json_t *node, const char *key, size_t least)
{
    json_t *value = json_object_get(node, key);
    const size_t bytes = json_string_length(value);
    char quoted[QUOTE_BYTES];
    if (json_is_string(value) && bytes >= least && bytes <= UINT8_MAX)
        return value;
    reader_refuse(reader, "decoder.%s: found %s, expected a string of %zu to %d bytes", key,
                  json_is_string(value) ? reader_quote_json(quoted, value) : reader_kind(value),
                  least, UINT8_MAX);
    return NULL;
}

bool reader_word_decoder(struct reader *reader, json_t *node, bool *found)
{
    json_t *type = json_object_get(node, "type");
    const char *name = json_is_string(type) ? json_string_value(type) : "";
    const bool ends = strcmp(name, "BPEDecoder") == 0, pieces = strcmp(name, "WordPiece") == 0;
    *found = ends || pieces;
    if (ends)
        return reader_known_keys(reader, "decoder", node, "type, suffix") &&
               (reader->word_end = decoder_text(reader, node, "suffix", 1)) != NULL;
    if (!pieces)
        return true;
    reader->source.flags |= TOKENIZER_JOIN;
    return reader_known_keys(reader, "decoder", node, "type, prefix, cleanup") &&
           reader_flag(reader, "decoder", node, "cleanup", &reader->cleans_up) &&
           (reader->continuation = decoder_text(reader, node, "prefix", 0)) != NULL;
}

/* What WordPiece's cleanup takes out of the text of a token, in this order. */
static void clean_up(char *text)
{
    static const char *const changes[][2] = {
        {" .", "."},   {" ?", "?"},     {" !", "!"},     {" ,", ","},
        {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},   {" do not", " don't"},
        {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const size_t from = strlen(changes[i][0]), to = strlen(changes[i][1]);
        for (char *at = text; (at = strstr(at, changes[i][0])) != NULL; at += to) {
            memcpy(at, changes[i][1], to);
            memmove(at + to, at + from, strlen(at + from) + 1);
        }
    }
}

/* Which of its two spaces the token `id` needs where WordPiece prints it. */
static bool set_continuation(struct reader *reader, uint32_t id)
{
    struct source_token *token = &reader->source.tokens[id];
    const char *text = (const char *)reader->source.pool.bytes + token->text.at;
    const size_t bytes = token->text.bytes, prefix = json_string_length(reader->continuation);
    const bool continues =
        bytes >= prefix && memcmp(text, json_string_value(reader->continuation), prefix) == 0;
    char *first = malloc(2 * bytes + 3), quoted[QUOTE_BYTES];
    if (first == NULL)
        return reader_no_memory(reader);
    char *later = first + bytes + 1;
    const size_t skipped = continues ? prefix : 0;
    snprintf(first, bytes + 1, "%.*s", (int)bytes, text);
    snprintf(later, bytes + 2, "%s%.*s", continues ? "" : " ", (int)(bytes - skipped),
             text + skipped);
    bool same = true, close = false;
    if (reader->cleans_up) {
        clean_up(first);
        clean_up(later);
        same = strlen(first) == bytes && memcmp(first, text, bytes) == 0;
        close = !continues && later[0] != ' ';
        const char *rest = later + (!continues && !close ? 1 : 0);
        same = same && strlen(rest) == bytes - skipped &&
               memcmp(rest, text + skipped, bytes - skipped) == 0;
    }
    free(first);
    token->flags |= (uint8_t)(continues ? TOKEN_CONTINUES : close ? TOKEN_CLOSE : 0);
    return same || reader_refuse(reader,
                                 "decoder: cleanup true changes the inside of the token %s, which "
                                 "is not supported",
                                 reader_quote(quoted, text, bytes));
}

/* The end of a word is at the end of a token or nowhere. */
static bool set_word_end(struct reader *reader, uint32_t id)
{
    struct source_token *token = &reader->source.tokens[id];
    const uint8_t *text = reader->source.pool.bytes + token->text.at;
    const size_t end = json_string_length(reader->word_end);
    const uint8_t *found =
        memmem(text, token->text.bytes, json_string_value(reader->word_end), end);
    char quoted[QUOTE_BYTES];
    if (found == NULL)
        return true;
    token->flags |= TOKEN_ENDS_WORD;
    return (uint64_t)(found - text) == token->text.bytes - end ||
           reader_refuse(reader, "decoder.suffix: is inside the token %s, expected only at the end",
                         reader_quote(quoted, text, token->text.bytes));
}

bool reader_word_flags(struct reader *reader)
{
    struct tokenizer_source *source = &reader->source;
    for (uint32_t id = 0; id < source->rows; id++) {
        if (!(source->tokens[id].flags & TOKEN_PRESENT))
            continue;
        if ((reader->word_end != NULL && !set_word_end(reader, id)) ||
            (reader->continuation != NULL && !set_continuation(reader, id)))
            return false;
    }
    source->word_end = (uint8_t)json_string_length(reader->word_end);
    source->continuation = (uint8_t)json_string_length(reader->continuation);
    return true;
}
