/* tokenizer.model: the ids of the SentencePiece library, and damaged files. */
#include "tests/unit/tokenizer_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"

#define FOLDER TOKENIZER_CASES "sentencepiece/"
enum { ROWS = 430, MOST = 1 << 14 };

static struct token_fixture_text read_model(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, FOLDER "%s.model", name);
    FILE *file = fopen(path, "rb");
    struct token_fixture_text text = {calloc(1, MOST), 0};
    ck_assert_ptr_nonnull(file);
    text.size = fread(text.bytes, 1, MOST - 64, file);
    fclose(file);
    return text;
}

/* Compiles the bytes with a config, or NULL; the exit code. */
static int compile(struct token_fixture_text model, const char *config,
                   struct tokenizer_fixture *fixture, char message[TOKENIZER_JSON_MESSAGE])
{
    struct tokenizer_text text = {"t.model", (char *)model.bytes, model.size};
    struct tokenizer_text said = {"c.json", config, config != NULL ? strlen(config) : 0};
    *fixture = (struct tokenizer_fixture){0};
    message[0] = '\0';
    return tokenizer_compile_memory(&text, config != NULL ? &said : NULL, ROWS, &fixture->blob,
                                    message);
}

static struct tokenizer_fixture open_model(const char *name, const char *config)
{
    struct tokenizer_fixture fixture;
    char message[TOKENIZER_JSON_MESSAGE];
    struct token_fixture_text model = read_model(name);
    int code = compile(model, config, &fixture, message);
    ck_assert_msg(code == 0, "%s", message);
    token_fixture_open_blob(&fixture);
    free(model.bytes);
    return fixture;
}

static const char *const models[] = {"llama",
                                     "plain",
                                     "mapped",
                                     "squeezing",
                                     "squeezing-plain",
                                     "user-defined",
                                     "user-defined-squeezing"};
enum { MODELS = sizeof models / sizeof models[0] };

START_TEST(ids_are_those_of_sentencepiece)
{
    char path[128];
    static uint32_t ids[1 << 12], expected[1 << 12];
    snprintf(path, sizeof path, FOLDER "%s.json", models[_i]);
    json_t *root = token_fixture_json(path), *cases = json_object_get(root, "cases"), *example;
    struct tokenizer_fixture fixture = open_model(models[_i], NULL);
    uint64_t random = 88172645463325252u;
    size_t i;
    ck_assert_uint_ge(json_array_size(cases), 240);
    json_array_foreach(cases, i, example)
    {
        char what[64];
        struct token_fixture_text text = token_fixture_text(example, "text");
        json_t *list = json_object_get(example, "ids");
        const uint64_t count = json_array_size(list);
        for (size_t k = 0; k < count; k++)
            expected[k + 1] = (uint32_t)json_integer_value(json_array_get(list, k));
        expected[0] = 1; /* BOS */
        snprintf(what, sizeof what, "%s case %zu", models[_i], i);
        uint64_t found = token_fixture_encode(fixture.tokenizer, text.bytes, text.size, false, ids);
        token_fixture_same_ids(ids, found, expected + 1, count, what);
        found = token_fixture_encode_cut(fixture.tokenizer, text, 3, &random, ids);
        token_fixture_same_ids(ids, found, expected, count + 1, what);
        struct token_fixture_text decoded =
            token_fixture_decode(fixture.tokenizer, expected + 1, count, true);
        if (_i == 0 && memmem(text.bytes, text.size, "\xE2\x96\x81", 3) == NULL) {
            ck_assert_uint_eq(decoded.size, text.size);
            ck_assert_mem_eq(decoded.bytes, text.bytes, text.size);
        }
        free(decoded.bytes);
        free(text.bytes);
    }
    json_decref(root);
    token_fixture_close(&fixture);
}
END_TEST

/* The tokens of single bytes come before the pieces that print the same. */
static uint32_t last_that_prints(const struct tokenizer *tokenizer, const char *text)
{
    for (uint32_t id = ROWS; id-- > 0;) {
        uint64_t bytes;
        const uint8_t *printed = tokenizer_text(tokenizer, id, &bytes);
        if (printed != NULL && bytes == strlen(text) && memcmp(printed, text, bytes) == 0)
            return id;
    }
    ck_abort_msg("no token prints '%s'", text);
}

/* The symbols in a text, what is around it, and the space in front of it and behind a symbol. */
START_TEST(symbols_and_the_config_are_obeyed)
{
    static const struct {
        const char *config, *text;
        const char *tokens[8]; /* each by what it prints */
    } cases[] = {
        {NULL, "a", {"<s>", " a"}},
        {"{}", "a<s>a", {"<s>", " a", "<s>", "a"}},
        {"{\"legacy\":false}", "<s>a</s>", {"<s>", "<s>", "a", "</s>"}},
        {"{\"legacy\":true}", "a<s>a", {"<s>", " a", "<s>", " a"}},
        {"{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":false}", "a", {" a"}},
        {"{\"add_bos_token\":null,\"add_eos_token\":true}", "a", {" a", "</s>"}},
        {"{\"add_eos_token\":true}", "a", {"<s>", " a", "</s>"}},
        {"{\"add_prefix_space\":false}", "a<s>a", {"<s>", "a", "<s>", "a"}},
        {"{\"add_prefix_space\":true}", "a<s>a", {"<s>", " a", "<s>", "a"}},
        {"{\"split_special_tokens\":true,\"add_bos_token\":false}", "a<s>", {" a", "<", "s", ">"}},
        {"{\"added_tokens_decoder\":{\"420\":{\"content\":\"<x>\",\"special\":true}}}",
         "a<x>",
         {"<s>", " a", "<x>"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t ids[32], expected[32];
        uint64_t count = 0;
        struct tokenizer_fixture fixture = open_model("llama", cases[i].config);
        for (; count < 8 && cases[i].tokens[count] != NULL; count++)
            expected[count] = last_that_prints(fixture.tokenizer, cases[i].tokens[count]);
        uint64_t found = token_fixture_encode(fixture.tokenizer, cases[i].text,
                                              strlen(cases[i].text), true, ids);
        char what[32];
        snprintf(what, sizeof what, "case %zu", i);
        token_fixture_same_ids(ids, found, expected, count, what);
        token_fixture_close(&fixture);
    }
}
END_TEST

/* Among pieces with equal scores the leftmost is made first, as by the library, whatever their
 * ids. */
START_TEST(equal_scores_merge_from_the_left)
{
    static const char bytes[] = "\x0A\x09\x0A\x05<unk>\x18\x02"
                                "\x0A\x03\x0A\x01"
                                "a"
                                "\x0A\x03\x0A\x01"
                                "b"
                                "\x0A\x03\x0A\x01"
                                "c"
                                "\x0A\x09\x0A\x02"
                                "bc"
                                "\x15\x00\x00\x80\xBF"
                                "\x0A\x09\x0A\x02"
                                "ab"
                                "\x15\x00\x00\x80\xBF"
                                "\x12\x02\x18\x02\x1A\x04\x18\x00\x20\x00";
    static const uint32_t expected[] = {5, 4}; /* ab, then c and bc as far as they are left */
    struct token_fixture_text model = {(uint8_t *)bytes, sizeof bytes - 1};
    struct tokenizer_fixture fixture;
    char message[TOKENIZER_JSON_MESSAGE];
    uint32_t ids[8];
    int code = compile(model, "{\"add_bos_token\":false}", &fixture, message);
    ck_assert_msg(code == 0, "%s", message);
    token_fixture_open_blob(&fixture);
    uint64_t count = token_fixture_encode(fixture.tokenizer, "abbc", 4, true, ids);
    token_fixture_same_ids(ids, count, expected, 2, "abbc");
    count = token_fixture_encode(fixture.tokenizer, "abc", 3, true, ids);
    token_fixture_same_ids(ids, count, (const uint32_t[]){5, 3}, 2, "abc");
    token_fixture_close(&fixture);
}
END_TEST

/* Spaces and starts of rules that are held back, for longer than any window: the ids do not depend
 * on how the text comes. */
START_TEST(endless_text_does_not_depend_on_the_cutting)
{
    static const char *const units[] = {"\xE2\x96\x81",  " ", "ab", "e\xCC\x81", "\xE2\x80\x8B",
                                        "a \xE3\x80\x80"};
    static const uint64_t most[] = {1, 17, 4096, 100000};
    static uint8_t bytes[90000];
    struct tokenizer_fixture fixture = open_model("squeezing", NULL);
    uint32_t *ids = token_fixture_room(), *whole = token_fixture_room();
    uint64_t random = 88172645463325252u;
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        const size_t unit = strlen(units[u]);
        struct token_fixture_text text = {bytes, 80000 / unit * unit};
        for (size_t i = 0; i < text.size; i++)
            bytes[i] = (uint8_t)units[u][i % unit];
        text.size += (size_t)snprintf((char *)bytes + text.size, 16, "x <s>  y ");
        uint64_t count =
            token_fixture_encode(fixture.tokenizer, text.bytes, text.size, true, whole);
        for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
            uint64_t found =
                token_fixture_encode_cut(fixture.tokenizer, text, most[i], &random, ids);
            token_fixture_same_ids(ids, found, whole, count, units[u]);
        }
        ck_assert_uint_ge(count, u == 1 || u == 4 ? 4 : 10000);
    }
    free(ids);
    free(whole);
    token_fixture_close(&fixture);
}
END_TEST

#define CONVERT                                                                                    \
    "make a tokenizer.json beside it: python3 -c \"from transformers import AutoTokenizer as T; "  \
    "T.from_pretrained('DIR').save_pretrained('DIR')\""
#define DAMAGED "; this is no SentencePiece model, or it is damaged"

/* Protobuf: a message behind another adds to it. The bytes are put behind a sound model's, or are
 * alone. */
START_TEST(what_is_not_supported_or_damaged_is_refused)
{
    static const struct {
        const char *bytes;
        size_t size;
        bool alone;
        const char *complaint;
    } cases[] = {
        {"", 0, true, "byte 0: the file ends without a piece" DAMAGED},
        {"{\"a\": 1}", 8, true, "byte 1: a field is of no known type" DAMAGED},
        {"\x0A", 1, true, "byte 1: a number does not end" DAMAGED},
        {"\x0A\x05"
         "a",
         3, true, "byte 2: a field is longer than what holds it" DAMAGED},
        {"\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 12, true,
         "byte 11: a number does not end" DAMAGED},
        {"\x00\x01", 2, true, "byte 1: no field has such a number" DAMAGED},
        {"\x0A\x02\x18\x01", 4, true, "byte 4: a piece has no text" DAMAGED},
        {"\x0A\x03\x0A\x01\xFF", 5, true,
         "byte 5: the text of a piece is not valid UTF-8 without NUL" DAMAGED},
        {"\x0A\x05\x0A\x01"
         "a\x18\x09",
         7, true, "byte 7: a piece is of no known type" DAMAGED},
        {"\x0A\x08\x0A\x01"
         "a\x15\x00\x00\x80\x7F",
         10, true, "byte 10: the score of a piece is not finite" DAMAGED},
        {"\x0A\x03\x0A\x01"
         "a",
         5, true,
         "a SentencePiece model Unigram is not supported, only BPE; its texts need a binary that "
         "takes token ids: pack with --no-tokenizer"},
        {"\x12\x02\x18\x01", 4, false,
         "a SentencePiece model Unigram is not supported, only BPE; its texts need a binary that "
         "takes token ids: pack with --no-tokenizer"},
        {"\x12\x02\x18\x04", 4, false,
         "a SentencePiece model Char is not supported, only BPE; its texts need a binary that "
         "takes "
         "token ids: pack with --no-tokenizer"},
        {"\x12\x02\x18\x07", 4, false,
         "a SentencePiece model of no known kind is not supported, only BPE; its texts need a "
         "binary "
         "that takes token ids: pack with --no-tokenizer"},
        {"\x1A\x03\x12\x01"
         "A",
         5, false,
         "tokenizer tables: bytes of the map's array (a multiple of 4 below): found 0, expected 1; "
         "the weight file is damaged, pack it again"},
        {"\x1A\x02\x28\x00", 4, false, "escape_whitespaces: false is not supported"},
        {"\x12\x03\xC0\x01\x01", 5, false, "treat_whitespace_as_suffix is not supported"},
        {"\x0A\x06\x0A\x02q#\x18\x05", 8, false,
         "piece 420, 'q#', is unused, but texts may lead to it, which is not supported; " CONVERT},
        {"\x0A\x05\x0A\x01#\x18\x05", 7, false,
         "piece 420, '#', is unused, but texts may lead to it, which is not supported; " CONVERT},
        {"\x0A\x06\x0A\x04q\xE4\xB8\xAD", 8, false,
         "piece 420, 'q\xE4\xB8\xAD', has a character that is no piece, which is not "
         "supported; " CONVERT},
        {"\x0A\x03\x0A\x01"
         "a",
         5, false, "pieces 394 and 420 are both 'a'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct token_fixture_text model = read_model("llama");
        char message[TOKENIZER_JSON_MESSAGE], expected[TOKENIZER_JSON_MESSAGE];
        struct tokenizer_fixture fixture;
        model.size = cases[i].alone ? 0 : model.size;
        memcpy(model.bytes + model.size, cases[i].bytes, cases[i].size);
        model.size += cases[i].size;
        ck_assert_int_eq(compile(model, NULL, &fixture, message), 4);
        snprintf(expected, sizeof expected, "t.model: %s", cases[i].complaint);
        if (i + 1 < sizeof cases / sizeof cases[0])
            ck_assert_str_eq(message, expected);
        else /* whichever id it has */
            ck_assert_ptr_nonnull(strstr(message, "and 420 are both 'a'"));
        ck_assert_ptr_null(fixture.blob.bytes);
        free(model.bytes);
    }
}
END_TEST

START_TEST(a_space_in_front_is_the_models_own)
{
    struct token_fixture_text model = read_model("user-defined");
    char message[TOKENIZER_JSON_MESSAGE];
    struct tokenizer_fixture fixture;
    static const uint8_t none[] = {0x1A, 0x02, 0x18, 0x00}; /* add_dummy_prefix: false */
    memcpy(model.bytes + model.size, none, sizeof none);
    model.size += sizeof none;
    ck_assert_int_eq(compile(model, "{\"add_prefix_space\":true}", &fixture, message), 4);
    ck_assert_str_eq(message, "c.json: add_prefix_space: found true, which is not supported with a "
                              "tokenizer.model that has user-defined pieces and adds none");
    free(model.bytes);
}
END_TEST

/* Cut anywhere, and with bytes changed: refused, or a tokenizer that works. */
START_TEST(damage_does_no_harm)
{
    struct token_fixture_text model = read_model(_i == 0 ? "plain" : "squeezing");
    uint64_t random = 88172645463325252u;
    for (size_t i = _i == 0 ? 0 : model.size; i < model.size + 2000; i++) {
        struct token_fixture_text damaged = {malloc(model.size), model.size};
        struct tokenizer_fixture fixture;
        char message[TOKENIZER_JSON_MESSAGE];
        uint32_t ids[64];
        memcpy(damaged.bytes, model.bytes, model.size);
        if (i < model.size)
            damaged.size = i;
        else
            damaged.bytes[token_fixture_random(&random) % model.size] =
                (uint8_t)token_fixture_random(&random);
        int code = compile(damaged, NULL, &fixture, message);
        if (code != 0) {
            ck_assert_int_eq(code, 4);
        } else {
            token_fixture_open_blob(&fixture);
            token_fixture_encode(fixture.tokenizer, "the hen \xC3\xA9!", 11, true, ids);
            token_fixture_close(&fixture);
        }
        free(damaged.bytes);
    }
    free(model.bytes);
}
END_TEST

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(files_beside_a_model_that_are_not_read_are_named)
{
    static const char *const names[] = {"added_tokens.json", "special_tokens_map.json"};
    const char *path = child_scratch("tokenizer.model");
    char expected[2 * TOKENIZER_JSON_MESSAGE] = "", message[TOKENIZER_JSON_MESSAGE] = "";
    struct token_fixture_text model = read_model("squeezing");
    write_bytes(path, model.bytes, model.size);
    free(model.bytes);
    for (size_t i = 0; i < 3; i++) {
        struct tokenizer_blob blob;
        ck_assert_msg(tokenizer_compile(path, ROWS, &blob, message) == 0, "%s", message);
        ck_assert_str_eq(blob.notes, expected);
        free(blob.bytes);
        if (i == 2)
            break;
        const char *beside = child_scratch(names[i]);
        write_bytes(beside, "{}", 2);
        const size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used,
                 "%s: not read; of added tokens those of tokenizer_config.json count\n", beside);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sentencepiece");
    TCase *tests = tcase_create("sentencepiece");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, ids_are_those_of_sentencepiece, 0, MODELS);
    tcase_add_test(tests, a_space_in_front_is_the_models_own);
    tcase_add_test(tests, equal_scores_merge_from_the_left);
    tcase_add_test(tests, endless_text_does_not_depend_on_the_cutting);
    tcase_add_test(tests, symbols_and_the_config_are_obeyed);
    tcase_add_test(tests, what_is_not_supported_or_damaged_is_refused);
    tcase_add_test(tests, files_beside_a_model_that_are_not_read_are_named);
    tcase_add_loop_test(tests, damage_does_no_harm, 0, 2);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
