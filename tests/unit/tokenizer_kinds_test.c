/* One small tokenizer per family's pipeline against the ids of Hugging Face `tokenizers`: whole
 * texts, any cutting, back to text, and the ids around a text from both files that name them. */
#include "tests/unit/tokenizer_fixture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"

/* Pipelines of families, and one for each part that these lack; `texts.json` beside them. */
static const char *const kinds[] = {
    "kinds/codegen", "kinds/llama3", "kinds/deepseek", "kinds/digit-runs", "kinds/llama2",
    "kinds/llama2-clean", "kinds/metaspace-first", "kinds/metaspace-first-split",
    "kinds/metaspace-always", "kinds/metaspace-always-split", "kinds/metaspace-never",
    "kinds/metaspace-never-split", "kinds/jamba",
    /* parts with windows of their own, */
    "parts/replaced", "parts/clip-steps", "parts/strip-end", "parts/accents", "maps/precompiled",
    "maps/bert", "words/no-words",
    /* and others */
    "parts/deepseek-coder", "parts/deepseek-v3", "parts/falcon", "parts/tekken", "parts/o200k",
    "parts/cl100k", "parts/bloom", "parts/smollm", "parts/categories", "parts/prefix-each",
    "parts/behind-bytes", "parts/contiguous", "parts/contiguous-inverted", "parts/removed",
    "parts/removed-inverted", "parts/mergedwithprevious", "parts/mergedwithprevious-inverted",
    "parts/mergedwithnext", "parts/mergedwithnext-inverted", "parts/words", "parts/bert",
    "parts/delimiter", "parts/nfd", "parts/nfkc", "parts/nfkd", "parts/missing-bytes",
    "parts/unknown-bytes", "parts/fused-bytes", "parts/nfkc-metaspace", "parts/nfkc-marks",
    "parts/metaspace-parts", "parts/words-metaspace", "parts/first-metaspace", "parts/marks-split",
    "parts/gemma", "parts/metaspace-decoder", "parts/whole-words", "parts/unknown",
    "parts/unknown-fused", "parts/unknown-dropped", "parts/quick-tour", "parts/quick-tour-fused",
    "parts/nothing", "parts/complements", "parts/class-complements", "parts/lowercase",
    "parts/uncased", "parts/strip", "parts/strip-start", "parts/nmt", "parts/steps-metaspace",
    "parts/steps-marks", "parts/look-back", "parts/places", "parts/replaced-places",
    "parts/marks-places", "parts/metaspace-places",
    /* tokens that say where words end or go on */
    "words/word-ends", "words/word-ends-fused", "words/word-ends-dropped", "words/word-ends-whole",
    "words/continuing", "words/continuing-plain", "words/both-affixes", "words/clip",
    "words/clip-whole",
    /* other normalizers */
    "maps/bert-cased", "maps/bert-accents", "maps/openai-gpt", "maps/precompiled-metaspace"};
enum { ENDLESS = 20, KINDS = sizeof kinds / sizeof kinds[0], ROWS = 600, CASES = 270 };

static json_t *load(const char *name, const char *end)
{
    char path[256];
    snprintf(path, sizeof path, TOKENIZER_CASES "%s%s", name, end);
    return token_fixture_json(path);
}

/* The texts that belong to a kind, or another file beside it. */
static json_t *load_beside(const char *kind, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%.*s/%s", (int)strcspn(kind, "/"), kind, name);
    return load(path, ".json");
}

/* tokenizer.json of a kind; its model may be stored with another. */
static json_t *load_file(const char *name)
{
    json_t *file = load(name, ".json");
    json_t *model_of = json_object_get(file, "model_of");
    if (model_of != NULL) {
        json_t *other = load_beside(name, json_string_value(model_of));
        json_object_set(file, "model", json_object_get(other, "model"));
        json_object_del(file, "model_of");
        json_decref(other);
    }
    return file;
}

static struct tokenizer_fixture open_kind(const char *name)
{
    json_t *file = load_file(name);
    char *json = json_dumps(file, 0);
    struct tokenizer_fixture fixture = token_fixture_open_memory(name, json, strlen(json), ROWS);
    free(json);
    json_decref(file);
    return fixture;
}

static uint64_t read_ids(const json_t *array, uint32_t *ids)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        ids[i] = (uint32_t)json_integer_value(json_array_get(array, i));
    return json_array_size(array);
}

static void check_text(struct token_fixture_text found, struct token_fixture_text expected,
                       const char *what)
{
    if (found.size != expected.size || memcmp(found.bytes, expected.bytes, found.size) != 0)
        ck_abort_msg("%s: decodes to '%.*s', expected '%.*s'", what, (int)found.size,
                     (char *)found.bytes, (int)expected.size, (char *)expected.bytes);
    free(found.bytes);
}

/* One text: alone, then with the ids before and after it; and both back to text. */
static void check_case(struct tokenizer *tokenizer, struct token_fixture_text text,
                       const json_t *example, const json_t *root, const char *what)
{
    static uint32_t ids[1 << 14], expected[1 << 14];
    uint64_t before = read_ids(json_object_get(root, "before"), expected);
    uint64_t inner = read_ids(json_object_get(example, "ids"), expected + before);
    uint64_t all =
        before + inner + read_ids(json_object_get(root, "after"), expected + before + inner);
    uint64_t count = token_fixture_encode(tokenizer, text.bytes, text.size, false, ids);
    token_fixture_same_ids(ids, count, expected + before, inner, what);
    struct token_fixture_text decoded = token_fixture_text(example, "decoded");
    struct token_fixture_text skipped = token_fixture_text(example, "skipped");
    const struct token_fixture_text *plain = decoded.bytes != NULL ? &decoded : &text;
    check_text(token_fixture_decode(tokenizer, ids, count, true), *plain, what);
    count = token_fixture_encode(tokenizer, text.bytes, text.size, true, ids);
    token_fixture_same_ids(ids, count, expected, all, what);
    if (json_is_true(json_object_get(root, "skips")))
        check_text(token_fixture_decode(tokenizer, ids, count, false),
                   skipped.bytes != NULL ? skipped : *plain, what);
    free(decoded.bytes);
    free(skipped.bytes);
}

START_TEST(each_kind_equals_hugging_face)
{
    struct tokenizer_fixture fixture = open_kind(kinds[_i]);
    json_t *texts = load_beside(kinds[_i], "texts"), *root = load(kinds[_i], ".cases.json");
    json_t *cases = json_object_get(root, "cases");
    ck_assert_uint_ge(json_array_size(cases), CASES);
    ck_assert_uint_eq(json_array_size(cases), json_array_size(texts));
    for (int way = 0; way < 2; way++) {
        for (size_t i = 0; i < json_array_size(cases); i++) {
            struct token_fixture_text text = token_fixture_text(json_array_get(texts, i), "text");
            char what[64];
            snprintf(what, sizeof what, "%s case %zu", kinds[_i], i);
            check_case(fixture.tokenizer, text, json_array_get(cases, i), root, what);
            free(text.bytes);
        }
        tokenizer_interpret(fixture.tokenizer);
    }
    json_decref(root);
    json_decref(texts);
    token_fixture_close(&fixture);
}
END_TEST

/* All texts one behind the other, some of them after a space or a letter. */
static struct token_fixture_text join_texts(const char *kind)
{
    json_t *texts = load_beside(kind, "texts");
    struct token_fixture_text all = {malloc(1 << 20), 0};
    for (size_t i = 0; i < json_array_size(texts); i++) {
        struct token_fixture_text text = token_fixture_text(json_array_get(texts, i), "text");
        ck_assert_uint_lt(all.size + text.size + 1, 1 << 20);
        memcpy(all.bytes + all.size, text.bytes, text.size);
        all.size += text.size;
        if (i % 3 == 0)
            all.bytes[all.size++] = i % 2 == 0 ? ' ' : 'e';
        free(text.bytes);
    }
    json_decref(texts);
    return all;
}

static void check_cuts(struct tokenizer *tokenizer, struct token_fixture_text text,
                       const char *name)
{
    static const uint64_t most[] = {1, 17, 4096, 100000};
    uint32_t *ids = token_fixture_room(), *whole = token_fixture_room();
    uint64_t random = 88172645463325252u;
    uint64_t count = token_fixture_encode(tokenizer, text.bytes, text.size, true, whole);
    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        char what[96];
        snprintf(what, sizeof what, "%s in pieces of up to %lu bytes", name,
                 (unsigned long)most[i]);
        uint64_t found = token_fixture_encode_cut(tokenizer, text, most[i], &random, ids);
        token_fixture_same_ids(ids, found, whole, count, what);
    }
    free(ids);
    free(whole);
}

START_TEST(any_cutting_gives_the_same_ids)
{
    struct tokenizer_fixture fixture = open_kind(kinds[_i]);
    struct token_fixture_text all = join_texts(kinds[_i]);
    check_cuts(fixture.tokenizer, all, kinds[_i]);
    free(all.bytes);
    token_fixture_close(&fixture);
}
END_TEST

/* Without PCRE2's JIT: the same ids, and no pattern gives up. */
static void check_interpreted(const char *kind, struct tokenizer *jit,
                              struct token_fixture_text text, const char *name)
{
    struct tokenizer_fixture fixture = open_kind(kind);
    uint32_t *ids = token_fixture_room(), *expected = token_fixture_room();
    tokenizer_interpret(fixture.tokenizer);
    uint64_t count = token_fixture_encode(jit, text.bytes, text.size, true, expected);
    uint64_t found = token_fixture_encode(fixture.tokenizer, text.bytes, text.size, true, ids);
    token_fixture_same_ids(ids, found, expected, count, name);
    free(ids);
    free(expected);
    token_fixture_close(&fixture);
}

/* Text without a place to cut for longer than the window: where it is cut is not the input's. */
START_TEST(endless_text_does_not_depend_on_the_cutting)
{
    static const char *const units[] = {" ",        "a ",           "ab",           "\n",
                                        "\xD9\x81", "\xE4\xB8\xAD", "\xE2\x96\x81", "1"};
    struct tokenizer_fixture fixture = open_kind(kinds[_i]);
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        static uint8_t bytes[90000];
        char name[64];
        size_t unit = strlen(units[u]);
        struct token_fixture_text text = {bytes, 80000 / unit * unit};
        for (size_t i = 0; i < text.size; i++)
            bytes[i] = (uint8_t)units[u][i % unit];
        text.size += (size_t)snprintf((char *)bytes + text.size, 8, "x <s> y");
        snprintf(name, sizeof name, "%s, endless unit %zu", kinds[_i], u);
        check_cuts(fixture.tokenizer, text, name);
        check_interpreted(kinds[_i], fixture.tokenizer, text, name);
    }
    token_fixture_close(&fixture);
}
END_TEST

/* Characters that a step changes, all of Unicode: what `tokenizers` makes of each. */
START_TEST(each_character_becomes_that_of_hugging_face)
{
    static const char *const types[] = {"Lowercase", "StripAccents", "Strip"};
    json_t *file = load_file("parts/lowercase"), *all = load("characters", ".json");
    json_t *changed = json_object_get(all, types[_i]);
    ck_assert_uint_ge(json_object_size(changed), 25);
    json_object_set_new(file, "normalizer", json_pack("{s:s}", "type", types[_i]));
    if (_i == 2)
        json_object_set_new(
            file, "normalizer",
            json_pack("{s:s,s:b,s:b}", "type", types[_i], "strip_left", 1, "strip_right", 1));
    char *json = json_dumps(file, 0);
    struct tokenizer_fixture fixture =
        token_fixture_open_memory("t.json", json, strlen(json), ROWS);
    for (uint32_t code = 1; code < 0x110000; code = code == 0xD7FF ? 0xE000 : code + 1) {
        uint8_t text[5] = "";
        char key[8];
        uint32_t ids[16];
        const size_t bytes = (size_t)utf8proc_encode_char((utf8proc_int32_t)code, text);
        snprintf(key, sizeof key, "%X", code);
        json_t *to = json_object_get(changed, key);
        const char *expected = to != NULL ? json_string_value(to) : (const char *)text;
        const uint64_t count = token_fixture_encode(fixture.tokenizer, text, bytes, false, ids);
        struct token_fixture_text made = token_fixture_decode(fixture.tokenizer, ids, count, true);
        if (made.size != strlen(expected) || memcmp(made.bytes, expected, made.size) != 0)
            ck_abort_msg("%s of U+%s: '%.*s', expected '%s'", types[_i], key, (int)made.size,
                         (char *)made.bytes, expected);
        free(made.bytes);
    }
    free(json);
    json_decref(file);
    json_decref(all);
    token_fixture_close(&fixture);
}
END_TEST

/* Words far longer in all than the window, in a kind without pre-tokens: the ids are those of the
 * lines each for themselves, since nothing joins a newline's byte to a letter. */
START_TEST(text_without_pretokens_is_not_cut_where_it_matters)
{
    struct tokenizer_fixture fixture = open_kind("kinds/jamba");
    static const char line[] = "the hens and the fox \xC3\xBC\xC3\xBC 11a said  that\n";
    static uint8_t bytes[5000 * (sizeof line - 1)];
    uint32_t one[256], *ids = token_fixture_room();
    uint64_t count = token_fixture_encode(fixture.tokenizer, line, sizeof line - 1, false, one);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)line[i % (sizeof line - 1)];
    uint64_t all = token_fixture_encode(fixture.tokenizer, bytes, sizeof bytes, false, ids);
    ck_assert_uint_eq(all, 5000 * count);
    for (uint64_t i = 0; i < all; i++) {
        if (ids[i] != one[i % count])
            ck_abort_msg("id %lu is %u, expected %u", (unsigned long)i, ids[i], one[i % count]);
    }
    free(ids);
    token_fixture_close(&fixture);
}
END_TEST

/* Bytes of unknown characters that come apart, and a text that goes on where another ended. */
START_TEST(fallback_bytes_decode_to_whole_characters)
{
    static const struct {
        const char *bytes;
        const char *printed;
    } cases[] = {
        {"\xE2\x82\xAC", "\xE2\x82\xAC"},
        {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xFF", "\xEF\xBF\xBD"},
        {"\xF0\x9F\x98", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    };
    struct tokenizer_fixture fixture = open_kind("kinds/llama2");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t ids[8];
        size_t count = strlen(cases[i].bytes);
        for (size_t k = 0; k < count; k++)
            ids[k] = 3u + (uint8_t)cases[i].bytes[k];
        struct token_fixture_text text = token_fixture_decode(fixture.tokenizer, ids, count, true);
        text.bytes[text.size] = 0;
        ck_assert_str_eq((char *)text.bytes, cases[i].printed);
        free(text.bytes);
    }
    struct tokenizer_decoder decoder;
    uint8_t *text = malloc(tokenizer_decode_bytes(fixture.tokenizer));
    uint64_t bytes;
    uint32_t space;
    ck_assert(tokenizer_find(fixture.tokenizer, "  ", 2, &space));
    for (int starts = 0; starts < 2; starts++) {
        tokenizer_decode_begin(&decoder, true, starts == 1);
        ck_assert(tokenizer_decode_one(fixture.tokenizer, &decoder, space, text, &bytes));
        ck_assert_uint_eq(bytes, starts == 1 ? 1 : 2);
        ck_assert(tokenizer_decode_one(fixture.tokenizer, &decoder, space, text, &bytes));
        ck_assert_uint_eq(bytes, 2);
    }
    free(text);
    token_fixture_close(&fixture);
}
END_TEST

/* A kind, its tokenizer_config.json, and the ids of "a" or the complaint. */
static const struct config_case {
    const char *kind;
    const char *config;
    const char *complaint;
    const char *before, *after; /* texts of the tokens around, NULL: none */
} config_cases[] = {
    {"kinds/llama2", "{\"tokenizer_class\":\"LlamaTokenizer\"}", NULL, "<s>", NULL},
    {"kinds/llama2", "{\"tokenizer_class\":\"LlamaTokenizerFast\",\"add_bos_token\":false}", NULL,
     NULL, NULL},
    {"kinds/llama2", "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_eos_token\":true}", NULL, "<s>",
     "</s>"},
    {"kinds/llama2", "{\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"add_bos_token\":false}",
     NULL, "<s>", NULL},
    {"kinds/llama2", "{\"add_bos_token\":false}", NULL, "<s>", NULL},
    {"kinds/llama2-clean", "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_eos_token\":null}", NULL,
     " <s>", NULL},
    {"kinds/llama2", "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":null}", NULL, NULL,
     NULL},
    {"kinds/codegen", "{\"tokenizer_class\":\"GPTNeoXTokenizerFast\",\"add_bos_token\":true}", NULL,
     "<|endoftext|>", NULL},
    {"kinds/codegen", "{\"tokenizer_class\":\"GPTNeoXTokenizer\"}", NULL, NULL, NULL},
    {"kinds/codegen", "{\"tokenizer_class\":\"CodeGenTokenizer\",\"add_bos_token\":true}", NULL,
     NULL, NULL},
    {"kinds/deepseek",
     "{\"tokenizer_class\":\"LlamaTokenizerFast\",\"add_bos_token\":true,\"add_eos_token\":false,"
     "\"bos_token\":{\"__type\":\"AddedToken\",\"content\":"
     "\"<\xEF\xBD\x9C"
     "begin\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>\"}}",
     NULL,
     "<\xEF\xBD\x9C"
     "begin\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>",
     NULL},
    {"kinds/deepseek", "{\"tokenizer_class\":\"LlamaTokenizerFast\"}",
     "c.json: bos_token: '<s>' is no token of tokenizer.json that the model has", NULL, NULL},
    {"kinds/llama2", "{\"tokenizer_class\":\"LlamaTokenizer\",\"bos_token\":null}", NULL, "<s>",
     NULL},
    {"kinds/llama2",
     "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":true,\"bos_token\":null}",
     "c.json: bos_token: found null, expected a token, as one is to be added", NULL, NULL},
    {"kinds/llama2", "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":\"no\"}",
     "c.json: add_bos_token: found a string, expected true or false", NULL, NULL},
    {"kinds/llama2", "{\"tokenizer_class\":\"LlamaTokenizer\",}",
     "c.json: line 1, column 37: not valid JSON: string or '}' expected near '}'", NULL, NULL},
    {"kinds/llama2", "[]", "c.json: found an array, expected an object", NULL, NULL},
    /* As Python writes it, and an editor saves it: of what is not asked for, anything may be there;
     * of equal keys the last one counts. */
    {"kinds/llama2",
     "\xEF\xBB\xBF{\"model_max_length\":1000000000000000019884624838656,\"a\":[NaN,-Infinity,1e999]"
     ","
     "\"chat_template\":\"\\ud83d \\u0000\",\"add_bos_token\":\"no\",\"\\udc00\":0,"
     "\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":false}",
     NULL, NULL, NULL},
};

static uint64_t put_token(const struct tokenizer *tokenizer, const char *text, uint32_t *ids)
{
    if (text == NULL)
        return 0;
    ck_assert(tokenizer_find(tokenizer, text, strlen(text), ids));
    return 1;
}

START_TEST(the_config_says_what_is_put_around_a_text)
{
    const struct config_case *c = &config_cases[_i];
    json_t *file = load_file(c->kind);
    char *json = json_dumps(file, 0), message[TOKENIZER_JSON_MESSAGE] = "";
    struct tokenizer_text tokenizer = {"t.json", json, strlen(json)};
    struct tokenizer_text config = {"c.json", c->config, strlen(c->config)};
    struct tokenizer_fixture fixture = {0};
    int code = tokenizer_compile_memory(&tokenizer, &config, ROWS, &fixture.blob, message);
    ck_assert_msg(code == (c->complaint != NULL ? 4 : 0), "%s", message);
    ck_assert_str_eq(message, c->complaint != NULL ? c->complaint : "");
    if (code == 0) {
        uint32_t ids[16], expected[16];
        token_fixture_open_blob(&fixture);
        uint64_t count = put_token(fixture.tokenizer, c->before, expected);
        count += token_fixture_encode(fixture.tokenizer, "a", 1, false, expected + count);
        count += put_token(fixture.tokenizer, c->after, expected + count);
        uint64_t found = token_fixture_encode(fixture.tokenizer, "a", 1, true, ids);
        token_fixture_same_ids(ids, found, expected, count, c->config);
        token_fixture_close(&fixture);
    }
    free(json);
    json_decref(file);
}
END_TEST

/* What transformers makes of the same files. */
START_TEST(the_switches_of_the_config_are_those_of_transformers)
{
    json_t *all = token_fixture_json(TOKENIZER_CASES "configs.json"), *entry, *example;
    size_t i, k;
    ck_assert_uint_ge(json_array_size(all), 40);
    json_array_foreach(all, i, entry)
    {
        char kind[64], what[512], message[TOKENIZER_JSON_MESSAGE] = "";
        snprintf(kind, sizeof kind, "kinds/%s", json_string_value(json_object_get(entry, "kind")));
        json_t *file = load_file(kind);
        char *json = json_dumps(file, 0), *said = json_dumps(json_object_get(entry, "config"), 0);
        struct tokenizer_text tokenizer = {"t.json", json, strlen(json)};
        struct tokenizer_text config = {"c.json", said, strlen(said)};
        struct tokenizer_fixture fixture = {0};
        int code = tokenizer_compile_memory(&tokenizer, &config, ROWS, &fixture.blob, message);
        ck_assert_msg(code == 0, "%s with %s: %s", kind, said, message);
        token_fixture_open_blob(&fixture);
        json_array_foreach(json_object_get(entry, "cases"), k, example)
        {
            uint32_t ids[64], expected[64];
            struct token_fixture_text text = token_fixture_text(example, "text");
            uint64_t count = read_ids(json_object_get(example, "ids"), expected);
            uint64_t found =
                token_fixture_encode(fixture.tokenizer, text.bytes, text.size, false, ids);
            snprintf(what, sizeof what, "%s with %.300s, '%.50s'", kind, said, (char *)text.bytes);
            token_fixture_same_ids(ids, found, expected, count, what);
            free(text.bytes);
        }
        token_fixture_close(&fixture);
        free(json);
        free(said);
        json_decref(file);
    }
    json_decref(all);
}
END_TEST

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(the_config_is_found_beside_the_tokenizer)
{
    static const char config[] = "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":false}";
    const char *path = child_scratch("tokenizer.json");
    const char *config_path = child_scratch("tokenizer_config.json");
    char message[TOKENIZER_JSON_MESSAGE], expected[256];
    json_t *file = load_file("kinds/llama2");
    char *json = json_dumps(file, 0);
    uint32_t ids[2][16];
    uint64_t counts[2];
    write_file(path, json);
    for (int with = 0; with < 2; with++) {
        struct tokenizer_fixture fixture = token_fixture_open(path, ROWS);
        counts[with] = token_fixture_encode(fixture.tokenizer, "a", 1, true, ids[with]);
        token_fixture_close(&fixture);
        write_file(config_path, with == 0 ? config : "{");
    }
    ck_assert_uint_eq(ids[0][0], 1);
    token_fixture_same_ids(ids[1], counts[1], ids[0] + 1, counts[0] - 1, "the config's BOS");
    struct tokenizer_blob blob;
    ck_assert_int_eq(tokenizer_compile(path, ROWS, &blob, message), 4);
    snprintf(expected, sizeof expected,
             "%s: line 1, column 1: not valid JSON: string or '}' expected near end of file",
             config_path);
    ck_assert_str_eq(message, expected);
    free(json);
    json_decref(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kinds of tokenizers");
    TCase *tests = tcase_create("kinds of tokenizers");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, each_kind_equals_hugging_face, 0, KINDS);
    tcase_add_loop_test(tests, any_cutting_gives_the_same_ids, 0, KINDS);
    tcase_add_loop_test(tests, endless_text_does_not_depend_on_the_cutting, 0, ENDLESS);
    tcase_add_loop_test(tests, each_character_becomes_that_of_hugging_face, 0, 3);
    tcase_add_test(tests, text_without_pretokens_is_not_cut_where_it_matters);
    tcase_add_test(tests, fallback_bytes_decode_to_whole_characters);
    tcase_add_test(tests, the_switches_of_the_config_are_those_of_transformers);
    tcase_add_test(tests, the_config_is_found_beside_the_tokenizer);
    tcase_add_loop_test(tests, the_config_says_what_is_put_around_a_text, 0,
                        (int)(sizeof config_cases / sizeof config_cases[0]));
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
