/* Whole weight files: every element where the formulas of gen/graph/packing.h put it, every digest,
 * the same file again and again, and nothing half-written when something goes wrong. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/base/digest.h"
#include "runtime/engine/weight_file.h"
#include "tests/fixtures/run.h"
#include "tests/unit/checkpoint_maker.h"
#include "tools/pack/random_weights.h"
#include "tools/pack/tokenizer_json.h"

static uint8_t *read_file(const char *path, uint64_t *bytes)
{
    struct stat status;
    const int fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    uint8_t *file = malloc((size_t)status.st_size + 1);
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(read(fd, file, (size_t)status.st_size), status.st_size);
    close(fd);
    *bytes = (uint64_t)status.st_size;
    return file;
}

/* Where an element lies among those of a spread. */
static uint64_t place_in(const struct spread *s, uint64_t element)
{
    uint64_t place = 0;
    for (uint32_t i = 0; i < SPREAD_RUNS; i++) {
        const uint64_t size = s->run[i].size, all = s->run[i].groups * size;
        const uint64_t padded = (size + 15) / 16 * 16;
        if (element < all)
            return place + element / size * padded + element % size;
        place += s->run[i].groups * padded;
        element -= all;
    }
    ck_abort_msg("element beyond its spread");
}

/* Where element [row][col] of the checkpoint's tensor lies in the packed one, in elements; one
 * element at a time, straight from the formulas. */
static uint64_t place_of(const struct layout_weight *weight, enum backend backend, uint64_t row,
                         uint64_t col)
{
    const uint64_t padded_row = place_in(&weight->row_spread, row);
    const uint64_t padded_rows = weight->padded_rows, stored = weight->stored_cols;
    if (weight->packing == PACKING_VECTOR || weight->packing == PACKING_RATE)
        return padded_row;
    if (weight->packing == PACKING_TAPS)
        return col * padded_rows + padded_row;
    if (weight->packing == PACKING_DECAY)
        return row / 16 * 16 * weight->cols + col * 16 + row % 16;
    const uint64_t panel = padded_row / 64, in_panel = padded_row % 64;
    const uint64_t width = padded_rows - 64 * panel < 64 ? padded_rows - 64 * panel : 64;
    col = place_in(&weight->col_spread, col);
    if (backend == BACKEND_CUDA)
        return padded_row * stored + col;
    if (weight->type != FORMAT_BF16)
        return 64 * panel * stored + col * width + in_panel;
    return 64 * panel * stored + col / 2 * width * 2 + in_panel * 2 + col % 2;
}

/* The weights image of a made checkpoint whose values every type holds exactly. */
static uint8_t *naive_image(const struct maker *m, enum backend backend)
{
    uint8_t *image = calloc(1, m->layout.weights_bytes);
    ck_assert_ptr_nonnull(image);
    for (uint32_t i = 0; i < m->layout.count; i++) {
        const struct layout_weight *weight = &m->layout.weight[i];
        for (uint64_t e = 0; e < m->made[i].count; e++) {
            const f32 value = m->made[i].values[e];
            const bool decays = weight->packing == PACKING_DECAY || weight->packing == PACKING_RATE;
            const f32 f = decays ? (f32)-exp((double)value) : value;
            const uint64_t place = place_of(weight, backend, e / weight->cols, e % weight->cols);
            const uint16_t h =
                weight->type == FORMAT_F16 ? convert_to_f16(value) : convert_to_bf16(value);
            if (weight->type == FORMAT_F32)
                memcpy(image + weight->at + 4 * place, &f, 4);
            else
                memcpy(image + weight->at + 2 * place, &h, 2);
        }
    }
    return image;
}

static bool all_zero(const uint8_t *bytes, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void check_header(const struct maker *m, const char *backend, const uint8_t *file,
                         uint64_t file_bytes)
{
    struct weight_file_header h;
    memcpy(&h, file, sizeof h);
    ck_assert_mem_eq(h.magic, "INGOTWTS", 8);
    ck_assert_uint_eq(h.version, 3);
    ck_assert_uint_eq(h.header_bytes, 4096);
    ck_assert_str_eq(h.backend, backend);
    ck_assert_str_eq(h.model, "tiny");
    ck_assert_mem_eq(h.config_digest, m->layout.config_digest, sizeof h.config_digest);
    ck_assert_uint_eq(h.file_bytes, file_bytes);
    ck_assert_uint_eq(h.table_at, 4096);
    ck_assert_uint_eq(h.table_bytes, 4096);
    ck_assert_uint_eq(h.tensor_count, m->layout.count);
    ck_assert_uint_eq(h.tokenizer_at, 8192);
    ck_assert_uint_eq(h.tokenizer_bytes, 0);
    ck_assert_uint_eq(h.weights_at, 8192);
    ck_assert_uint_eq(h.weights_bytes, m->layout.weights_bytes);
    ck_assert_uint_eq(h.weights_at + h.weights_bytes, file_bytes);
    ck_assert(all_zero(file + sizeof h, 4096 - sizeof h));
    const uint64_t digest = h.header_digest;
    uint8_t block[4096] = {0};
    h.header_digest = 0;
    memcpy(block, &h, sizeof h);
    ck_assert_uint_eq(digest, XXH3_64bits(block, sizeof block));
}

static void check_digests(const struct maker *m, const uint8_t *file)
{
    const struct weight_file_header *h = (const void *)file;
    const struct weight_file_tensor *table = (const void *)(file + h->table_at);
    uint64_t digests[MADE_TENSORS], end = 0;
    for (uint32_t i = 0; i < m->layout.count; i++) {
        ck_assert_uint_eq(table[i].at, end);
        ck_assert_uint_eq(table[i].at, m->layout.weight[i].at);
        ck_assert_uint_eq(table[i].format, m->layout.weight[i].type);
        ck_assert_uint_eq(table[i].block, 0);
        end += table[i].bytes;
        digests[i] = XXH3_64bits(file + h->weights_at + table[i].at, table[i].bytes);
        ck_assert_uint_eq(table[i].digest, digests[i]);
    }
    ck_assert_uint_eq(end, h->weights_bytes);
    ck_assert(all_zero((const uint8_t *)(table + m->layout.count),
                       4096 - m->layout.count * sizeof *table));
    ck_assert_uint_eq(h->weights_digest, XXH3_64bits(digests, m->layout.count * sizeof *digests));
    ck_assert_uint_eq(h->table_digest, XXH3_64bits(table, h->table_bytes));
    ck_assert_uint_eq(h->tokenizer_digest, XXH3_64bits(table, 0));
}

/* Two heads of 16 channels. */
static const char heads_config[] =
    "[model]\nmodel_type = mamba2\nvocab_size = 151\nhidden_size = 19\nintermediate_size = 32\n"
    "state_size = 16\nnum_hidden_layers = 2\nnum_heads = 2\nhead_dim = 16\nn_groups = 1\n"
    "conv_kernel = 3\ntime_step_limit_low = 0\ntime_step_limit_high = inf\nuse_bias = true\n"
    "use_conv_bias = true\nhidden_act = silu\nlayer_norm_epsilon = 1e-05\n"
    "residual_in_fp32 = true\ntie_word_embeddings = true\nbos_token_id = 0\neos_token_id = 0\n"
    "pad_token_id = 0\n"
    "[build]\nembedding_type = bf16\nhead_type = bf16\nprojection_type = bf16\n"
    "prefill_chunk = 8\nlogit_rows = 2\n"
    "weights_memory = auto\nstate_memory = auto\nscratch_memory = auto\nio_memory = auto\n";

/* Two heads of 12 channels and 20 states, padded to 16 and 32. */
static const char odd_heads_config[] =
    "[model]\nmodel_type = mamba2\nvocab_size = 151\nhidden_size = 19\nintermediate_size = 24\n"
    "state_size = 20\nnum_hidden_layers = 2\nnum_heads = 2\nhead_dim = 12\nn_groups = 1\n"
    "conv_kernel = 3\ntime_step_limit_low = 0\ntime_step_limit_high = inf\nuse_bias = true\n"
    "use_conv_bias = true\nhidden_act = silu\nlayer_norm_epsilon = 1e-05\n"
    "residual_in_fp32 = true\ntie_word_embeddings = true\nbos_token_id = 0\neos_token_id = 0\n"
    "pad_token_id = 0\n"
    "[build]\nembedding_type = bf16\nhead_type = bf16\nprojection_type = bf16\n"
    "prefill_chunk = 8\nlogit_rows = 2\n"
    "weights_memory = auto\nstate_memory = auto\nscratch_memory = auto\nio_memory = auto\n";

/* Three heads of 10 on one of keys. */
static const char llama_config[] =
    "[model]\nmodel_type = llama\nvocab_size = 151\nhidden_size = 19\nintermediate_size = 23\n"
    "num_hidden_layers = 2\nnum_attention_heads = 3\nnum_key_value_heads = 1\nhead_dim = 10\n"
    "hidden_act = silu\nrms_norm_eps = 1e-06\nmax_position_embeddings = 64\nsliding_window = 0\n"
    "rope_theta = 10000\ntie_word_embeddings = true\nbos_token_id = 1\neos_token_id = 2\n"
    "[build]\nembedding_type = f32\nhead_type = f32\nprojection_type = f16\n"
    "kv_type = f16\ncontext = 64\n"
    "prefill_chunk = 8\nlogit_rows = 2\nweights_memory = auto\nstate_memory = auto\n"
    "scratch_memory = auto\nio_memory = auto\n";

static const char *const configs[] = {MAKER_CONFIG("f32", "true"),
                                      MAKER_CONFIG("f16", "true"),
                                      MAKER_CONFIG("bf16", "true"),
                                      MAKER_CONFIG("f32", "false"),
                                      MAKER_CONFIG("f16", "false"),
                                      MAKER_CONFIG("bf16", "false"),
                                      MAKER_JAMBA,
                                      heads_config,
                                      odd_heads_config,
                                      llama_config};
enum { CONFIGS = sizeof configs / sizeof configs[0] };

/* All configs by 3 stored types by 2 backends. */
START_TEST(every_element_is_in_its_place)
{
    static const char *const stored[] = {"F32", "F16", "BF16"};
    const enum backend backend = _i < 3 * CONFIGS ? BACKEND_CPU : BACKEND_CUDA;
    struct maker m;
    maker_start(&m, configs[_i % (3 * CONFIGS) / 3]);
    for (uint32_t i = 0; i < m.count; i++)
        m.made[i].dtype = stored[_i % 3];
    maker_write_file(&m, "model.safetensors");
    struct pack_request request = maker_request(&m);
    request.backend = backend;
    maker_pack(&m, &request, 0, NULL);
    uint64_t bytes;
    uint8_t *file = read_file(m.output, &bytes), *image = naive_image(&m, backend);
    check_header(&m, backend == BACKEND_CPU ? "cpu" : "cuda", file, bytes);
    check_digests(&m, file);
    ck_assert_int_eq(memcmp(file + 8192, image, m.layout.weights_bytes), 0);
    free(file);
    free(image);
    maker_end(&m);
}
END_TEST

static void expect_same_file(const struct maker *m, const uint8_t *expected,
                             uint64_t expected_bytes)
{
    uint64_t bytes;
    uint8_t *file = read_file(m->output, &bytes);
    ck_assert_uint_eq(bytes, expected_bytes);
    ck_assert_int_eq(memcmp(file, expected, bytes), 0);
    free(file);
}

/* Shards, the order of tensors in the file, the original names and a stored tied head: one file. */
START_TEST(one_checkpoint_in_any_form_is_one_file)
{
    struct maker m;
    maker_start(&m, configs[2]);
    const struct pack_request request = maker_request(&m);
    maker_write_file(&m, "model.safetensors");
    maker_pack(&m, &request, 0, NULL);
    uint64_t bytes;
    uint8_t *expected = read_file(m.output, &bytes);

    struct made *embedding = maker_find(&m, "backbone.embeddings.weight");
    struct made *head = maker_add(&m, "lm_head.weight", 2, m.layout.weight[0].shape);
    memcpy(head->values, embedding->values, head->count * sizeof(f32));
    strcpy(embedding->name, "backbone.embedding.weight");
    maker_write_file(&m, "model.safetensors");
    maker_pack(&m, &request, 0, NULL);
    expect_same_file(&m, expected, bytes);

    char path[64];
    maker_path(&m, "model.safetensors", path);
    ck_assert_int_eq(unlink(path), 0);
    head->dropped = true;
    FILE *index;
    maker_path(&m, "model.safetensors.index.json", path);
    ck_assert_ptr_nonnull(index = fopen(path, "w"));
    fputs("{\"metadata\":{\"total_size\":1},\"weight_map\":{", index);
    for (uint32_t i = 0; i < m.layout.count; i++) {
        m.made[i].file = i % 3 == 0 ? "model-1.safetensors" : "model-2.safetensors";
        if (i == 4) /* what is not listed, or elsewhere, or nowhere, is as in transformers */
            fputs(",\"x\":\"model-1.safetensors\",\"y\\u0000\":\"model-2.safetensors\"", index);
        else
            fprintf(index, "%s\"%s\":\"%s\"", i == 0 ? "" : ",", m.made[i].name,
                    i == 5 ? "model-1.safetensors" : m.made[i].file);
    }
    fputs("}}", index);
    fclose(index);
    maker_write_file(&m, "model-1.safetensors");
    maker_write_file(&m, "model-2.safetensors");
    maker_pack(&m, &request, 0, NULL);
    expect_same_file(&m, expected, bytes);
    free(expected);
    maker_end(&m);
}
END_TEST

/* Takes `part` off the front of the names that have it. */
static void shorten_names(struct maker *m, const char *part)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (strncmp(m->made[i].name, part, strlen(part)) == 0)
            memmove(m->made[i].name, m->made[i].name + strlen(part),
                    strlen(m->made[i].name) - strlen(part) + 1);
}

static void expect_packs_to(const struct maker *m, const uint8_t *expected, uint64_t bytes)
{
    const struct pack_request request = maker_request(m);
    maker_write_file(m, "model.safetensors");
    maker_pack(m, &request, 0, NULL);
    expect_same_file(m, expected, bytes);
}

/* Names as transformers takes them: of the inner model alone, of a tied table as the head, of both;
 * an untied head keeps its own. */
START_TEST(names_of_the_inner_model_are_as_good)
{
    struct maker m;
    maker_start(&m, configs[_i == 0 ? 2 : 6]);
    const struct pack_request request = maker_request(&m);
    maker_write_file(&m, "model.safetensors");
    maker_pack(&m, &request, 0, NULL);
    uint64_t bytes;
    uint8_t *expected = read_file(m.output, &bytes);
    if (_i == 0) {
        strcpy(m.made[0].name, "lm_head.weight");
        expect_packs_to(&m, expected, bytes);
        shorten_names(&m, "backbone.");
        expect_packs_to(&m, expected, bytes);
        strcpy(m.made[0].name, "embedding.weight");
        expect_packs_to(&m, expected, bytes);
        strcpy(m.made[0].name, "embeddings.weight");
    }
    shorten_names(&m, "model.");
    expect_packs_to(&m, expected, bytes);
    strcpy(m.made[1].name, m.layout.weight[1].source);
    expect_packs_to(&m, expected, bytes);
    free(expected);
    maker_end(&m);
}
END_TEST

/* Old checkpoints hold what follows from the config; it is left out, and said so once. */
START_TEST(computed_tensors_are_left_out)
{
    static const struct {
        const char *name;
        uint32_t rank, dims[4];
    } buffers[] = {
        {"model.layers.1.self_attn.rotary_emb.inv_freq", 1, {8}},
        {"rotary_emb.inv_freq", 1, {8}},
        {"model.layers.0.self_attn.rotary_emb.cos_cached", 4, {1, 1, 64, 16}},
        {"model.layers.0.self_attn.rotary_emb.sin_cached", 4, {1, 1, 64, 16}},
        {"model.rotary_emb.original_inv_freq", 1, {8}},
        {"transformer.h.0.attn.bias", 4, {1, 1, 16, 16}},
        {"transformer.h.0.attn.masked_bias", 0, {0}},
        {"gpt_neox.layers.0.attention.bias", 4, {1, 1, 16, 16}},
        {"gpt_neox.layers.0.attention.masked_bias", 0, {0}},
        {"model.embeddings.position_ids", 2, {1, 64}},
    };
    const uint32_t count = sizeof buffers / sizeof buffers[0];
    struct maker m;
    maker_start(&m, MAKER_JAMBA);
    const struct pack_request request = maker_request(&m);
    maker_write_file(&m, "model.safetensors");
    maker_pack(&m, &request, 0, NULL);
    uint64_t bytes;
    uint8_t *expected = read_file(m.output, &bytes);
    maker_add(&m, buffers[0].name, buffers[0].rank, buffers[0].dims);
    maker_write_file(&m, "model.safetensors");
    maker_pack(&m, &request, 0,
               "DIR: note: tensor \"model.layers.1.self_attn.rotary_emb.inv_freq\" is left out: it "
               "is computed, not learned\n");
    expect_same_file(&m, expected, bytes);
    for (uint32_t i = 1; i < count; i++)
        maker_add(&m, buffers[i].name, buffers[i].rank, buffers[i].dims);
    maker_write_file(&m, "model.safetensors");
    maker_pack(&m, &request, 0,
               "DIR: note: tensor \"gpt_neox.layers.0.attention.bias\" and 9 more are left out: "
               "they are computed, not learned\n");
    expect_same_file(&m, expected, bytes);
    maker_find(&m, "transformer.h.0.attn.bias")->dims[3] = 15;
    maker_find(&m, "transformer.h.0.attn.bias")->count = 16 * 15;
    strcpy(maker_find(&m, "rotary_emb.inv_freq")->name, "my_rotary_emb.inv_freq");
    maker_add(&m, "model.layers.0.self_attn.bias", 1, (const uint32_t[]){16});
    maker_write_file(&m, "model.safetensors");
    maker_pack(
        &m, &request, 4,
        "DIR: tensor \"model.layers.0.self_attn.bias\", F32 [16], is surplus: config tiny has "
        "no place for it\n"
        "DIR: tensor \"my_rotary_emb.inv_freq\", F32 [8], is surplus: config tiny has no "
        "place for it\n"
        "DIR: tensor \"transformer.h.0.attn.bias\", F32 [1, 1, 16, 15], is surplus: config "
        "tiny has no place for it\n"
        "DIR: note: tensor \"gpt_neox.layers.0.attention.bias\" and 7 more are left out: "
        "they are computed, not learned\n");
    free(expected);
    maker_end(&m);
}
END_TEST

/* A stored checkpoint with its tokenizer, which stands compiled in a section of its own. */
START_TEST(the_tokenizer_is_in_its_section)
{
    static const char config[] =
        "[model]\nmodel_type = mamba\nvocab_size = 512\nhidden_size = 64\nintermediate_size = 128\n"
        "state_size = 16\nnum_hidden_layers = 3\nconv_kernel = 4\ntime_step_rank = 4\n"
        "use_bias = false\nuse_conv_bias = true\nhidden_act = silu\nlayer_norm_epsilon = 1e-05\n"
        "residual_in_fp32 = true\ntie_word_embeddings = true\nbos_token_id = 0\n"
        "eos_token_id = 0\npad_token_id = 0\n"
        "[build]\nembedding_type = bf16\nhead_type = bf16\nprojection_type = bf16\n"
        "prefill_chunk = 8\nlogit_rows = 2\n"
        "weights_memory = auto\nstate_memory = auto\nscratch_memory = auto\nio_memory = auto\n";
    struct maker m;
    maker_open(&m, config);
    struct pack_request request = maker_request(&m);
    request.checkpoint = "tests/data/checkpoints/mamba-a";
    request.no_tokenizer = false;
    maker_pack(&m, &request, 0, NULL);
    struct tokenizer_blob blob;
    char message[TOKENIZER_JSON_MESSAGE];
    ck_assert_int_eq(
        tokenizer_compile("tests/data/checkpoints/mamba-a/tokenizer.json", 512, &blob, message), 0);
    uint64_t bytes;
    uint8_t *file = read_file(m.output, &bytes);
    const struct weight_file_header *h = (const void *)file;
    ck_assert_uint_eq(h->tokenizer_bytes, blob.size);
    ck_assert_int_eq(memcmp(file + h->tokenizer_at, blob.bytes, blob.size), 0);
    ck_assert_uint_eq(h->weights_at % 4096, 0);
    const uint64_t gap_at = h->tokenizer_at + blob.size;
    ck_assert(h->weights_at >= gap_at && all_zero(file + gap_at, h->weights_at - gap_at));
    ck_assert_uint_eq(h->tokenizer_digest,
                      XXH3_64bits(file + h->tokenizer_at, h->weights_at - h->tokenizer_at));
    ck_assert_uint_eq(h->weights_at + h->weights_bytes, bytes);
    free(file);
    free(blob.bytes);
    maker_end(&m);
}
END_TEST

START_TEST(random_weights_depend_on_seed_and_config_only)
{
    struct maker m;
    maker_start(&m, configs[_i]);
    struct pack_request request = maker_request(&m);
    request.checkpoint = NULL;
    request.seed = 7;
    maker_pack(&m, &request, 0, NULL);
    uint64_t bytes;
    uint8_t *first = read_file(m.output, &bytes);
    const struct weight_file_header *h = (const void *)first;
    /* Pinned: the values are part of what measurements and stored digests mean. */
    static const uint64_t pinned[] = {0x6c016403eed27ecc, 0x8e71a1519dcf4251, 0xc230f2a2f39d981a,
                                      0x7c02139f6fade57a, 0x216b171573cce879, 0x16416c65bf97dd9f,
                                      0x1add896d95328ea8, 0xe5afa832022b756f, 0xd34fd4ebcfe9c5bf,
                                      0x1c05ef36b9376ccb};
    ck_assert_msg(h->weights_digest == pinned[_i], "0x%016" PRIx64, h->weights_digest);
    check_header(&m, "cpu", first, bytes);
    check_digests(&m, first);
    maker_pack(&m, &request, 0, NULL);
    expect_same_file(&m, first, bytes);
    request.seed = 8;
    maker_pack(&m, &request, 0, NULL);
    uint8_t *other = read_file(m.output, &bytes);
    ck_assert_int_ne(memcmp(first + 8192, other + 8192, bytes - 8192), 0);
    free(first);
    free(other);
    maker_end(&m);
}
END_TEST

/* What values[0 .. count) of a weight must satisfy, by its role. */
static void check_range(const struct layout_weight *weight, const f32 *values, uint64_t count)
{
    f32 least = INFINITY, most = -INFINITY;
    for (uint64_t i = 0; i < count; i++) {
        least = fminf(least, values[i]);
        most = fmaxf(most, values[i]);
    }
    if (weight->packing == PACKING_MATRIX) {
        const f32 bound = sqrtf(3.0F / (f32)weight->cols);
        ck_assert(least < -0.8F * bound && -bound <= least && 0.8F * bound < most && most <= bound);
    } else if (strstr(weight->source, "dt_proj.bias") != NULL) {
        ck_assert(log1p(exp((double)least)) > 0.001 && log1p(exp((double)most)) < 0.1 &&
                  least < -6 && most > -3);
    } else if (strstr(weight->source, "dt_bias") != NULL) { /* of two heads */
        ck_assert(log1p(exp((double)least)) > 0.001 && log1p(exp((double)most)) < 0.1);
    } else if (weight->packing == PACKING_RATE) {
        ck_assert(least == 0 && most == 0);
    } else if (weight->packing == PACKING_DECAY) {
        ck_assert(values[0] == 0 && values[1] == 0.6931472F && values[2] == 1.0986123F);
    } else if (strstr(weight->source, "norm") != NULL || strstr(weight->source, ".D") != NULL) {
        ck_assert(least == 1 && most == 1);
    } else {
        ck_assert(-1 < least && least < 0 && 0 < most && most < 1);
    }
}

START_TEST(random_rows_are_the_same_however_they_are_read)
{
    struct maker m;
    maker_start(&m, _i == 0 ? configs[0] : heads_config);
    const struct random_weights random = {.layout = &m.layout, .seed = 3};
    for (uint32_t i = 0; i < m.layout.count; i++) {
        const struct layout_weight *weight = &m.layout.weight[i];
        f32 *whole = m.made[i].values, *row = malloc(weight->cols * sizeof(f32));
        ck_assert_ptr_nonnull(row);
        ck_assert(random_weights_read(&random, i, 0, weight->rows, whole, NULL));
        check_range(weight, whole, m.made[i].count);
        for (uint32_t r = 0; r < weight->rows; r++) {
            ck_assert(random_weights_read(&random, i, r, 1, row, NULL));
            ck_assert_mem_eq(row, whole + (uint64_t)r * weight->cols, weight->cols * sizeof(f32));
        }
        free(row);
    }
    maker_end(&m);
}
END_TEST

/* A file size limit stands for a full disk: the write fails in the middle. */
START_TEST(a_failed_write_leaves_the_old_file)
{
    struct maker m;
    maker_start(&m, configs[0]);
    maker_write_file(&m, "model.safetensors");
    maker_text(&m, "tiny.weights", "old");
    const struct pack_request request = maker_request(&m);
    const struct rlimit limit = {.rlim_cur = 20000, .rlim_max = 20000};
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *to = open_memstream(&text, &text_bytes);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(pack_run(&request, to), 1);
    fclose(to);
    char expected[256];
    snprintf(expected, sizeof expected, "%s: cannot write: File too large (", m.output);
    ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, " bytes written, "));
    uint64_t bytes;
    uint8_t *old = read_file(m.output, &bytes);
    ck_assert_uint_eq(bytes, 3);
    ck_assert_mem_eq(old, "old", 3);
    free(old);
    free(text);
    maker_end(&m);
}
END_TEST

START_TEST(an_unwritable_place_is_reported)
{
    struct maker m;
    maker_start(&m, configs[0]);
    maker_write_file(&m, "model.safetensors");
    struct pack_request request = maker_request(&m);
    request.output = "/nonexistent/tiny.weights";
    char expected[256];
    snprintf(expected, sizeof expected,
             "/nonexistent/tiny.weights: cannot create /nonexistent/tiny.weights.partial.%ld: No "
             "such file or directory\n",
             (long)getpid());
    maker_pack(&m, &request, 1, expected);
    maker_end(&m);
}
END_TEST

START_TEST(an_interrupt_leaves_nothing)
{
    struct maker m;
    maker_start(&m, configs[0]);
    maker_write_file(&m, "model.safetensors");
    struct pack_request request = maker_request(&m);
    request.output = m.output;
    /* The flag is set before the first row is read: the first check finds it. */
    maker_pack(&m, &request, 0, NULL);
    ck_assert_int_eq(unlink(m.output), 0);
    ck_assert_int_eq(raise(SIGINT), 0);
    maker_pack(&m, &request, 130, "DIR/tiny.weights: interrupted, nothing was written\n");
    ck_assert_int_ne(access(m.output, F_OK), 0);
    maker_end(&m);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pack");
    TCase *files = tcase_create("files");
    tcase_add_loop_test(files, every_element_is_in_its_place, 0, 6 * CONFIGS);
    tcase_add_test(files, one_checkpoint_in_any_form_is_one_file);
    tcase_add_loop_test(files, names_of_the_inner_model_are_as_good, 0, 2);
    tcase_add_test(files, computed_tensors_are_left_out);
    tcase_add_test(files, the_tokenizer_is_in_its_section);
    tcase_add_loop_test(files, random_weights_depend_on_seed_and_config_only, 0, CONFIGS);
    tcase_add_loop_test(files, random_rows_are_the_same_however_they_are_read, 0, 2);
    suite_add_tcase(suite, files);
    TCase *failures = tcase_create("failures");
    tcase_add_test(failures, a_failed_write_leaves_the_old_file);
    tcase_add_test(failures, an_unwritable_place_is_reported);
    tcase_add_test(failures, an_interrupt_leaves_nothing);
    suite_add_tcase(suite, failures);
    return tests_run(suite);
}
