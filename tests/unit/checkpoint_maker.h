/* Small checkpoints for tests of pack: made from the layout of a config, spoilt at will, written as
 * safetensors into a directory of their own, packed, and removed.
 *
 * A test edits `made` between maker_start() and maker_pack(). */
#ifndef TESTS_UNIT_CHECKPOINT_MAKER_H
#define TESTS_UNIT_CHECKPOINT_MAKER_H

#include <check.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/memory/layout.h"
#include "tools/pack/convert.h"
#include "tools/pack/pack_run.h"

enum { MADE_TENSORS = 64, MADE_VALUES = 4096 };

/* One tensor to write. */
struct made {
    char name[128];
    const char *dtype; /* "F32", "F16", "BF16"; any other: written as F32 bytes under that name */
    const char *file;  /* "model.safetensors" or the name of a shard */
    bool dropped;      /* not written */
    uint32_t rank;
    uint64_t dims[4];
    uint64_t count; /* elements written */
    f32 values[MADE_VALUES];
};

struct maker {
    char dir[32], config[64], output[64];
    struct layout layout;
    struct made made[MADE_TENSORS];
    uint32_t count;
};

/* A config whose dimensions no width divides; TYPE is of all matrices, `tied` and the biases vary.
 */
#define MAKER_CONFIG(type, flag)                                                                   \
    "[model]\nmodel_type = mamba\nvocab_size = 151\nhidden_size = 19\nintermediate_size = 41\n"    \
    "state_size = 3\nnum_hidden_layers = 2\nconv_kernel = 3\ntime_step_rank = 5\n"                 \
    "use_bias = " flag "\nuse_conv_bias = " flag "\nhidden_act = silu\n"                           \
    "layer_norm_epsilon = 1e-05\nresidual_in_fp32 = true\ntie_word_embeddings = " flag "\n"        \
    "bos_token_id = 0\neos_token_id = 0\npad_token_id = 0\n"                                       \
    "[build]\nembedding_type = " type "\nhead_type = " type "\nprojection_type = " type "\n"       \
    "prefill_chunk = 8\nlogit_rows = 2\nweights_memory = auto\nstate_memory = auto\n"              \
    "scratch_memory = auto\nio_memory = auto\n"

/* Two kinds of layers: the first has a Mamba and an MLP, the second attention and experts. Every
 * class of weights has a type that its neighbours do not have. */
#define MAKER_JAMBA                                                                                \
    "[model]\nmodel_type = jamba\nvocab_size = 151\nhidden_size = 19\nintermediate_size = 23\n"    \
    "num_hidden_layers = 2\nnum_attention_heads = 2\nnum_key_value_heads = 1\nhead_dim = 16\n"     \
    "num_experts = 2\nnum_experts_per_tok = 1\nattn_layer_period = 2\nattn_layer_offset = 1\n"     \
    "expert_layer_period = 2\nexpert_layer_offset = 1\nmamba_d_state = 3\nmamba_d_conv = 3\n"      \
    "mamba_expand = 2\nmamba_dt_rank = 5\nmamba_conv_bias = true\nmamba_proj_bias = true\n"        \
    "hidden_act = silu\nrms_norm_eps = 1e-06\nmax_position_embeddings = 64\n"                      \
    "tie_word_embeddings = false\nbos_token_id = 1\neos_token_id = 2\npad_token_id = 0\n"          \
    "[build]\nembedding_type = f32\nhead_type = f16\nprojection_type = bf16\nexpert_type = f16\n"  \
    "router_type = f32\nkv_type = f16\ncontext = 64\n"                                             \
    "prefill_chunk = 8\nlogit_rows = 2\nweights_memory = auto\nstate_memory = auto\n"              \
    "scratch_memory = auto\nio_memory = auto\n"

static inline void maker_path(const struct maker *m, const char *name, char path[64])
{
    snprintf(path, 64, "%.31s/%.31s", m->dir, name);
}

static inline void maker_text(const struct maker *m, const char *name, const char *text)
{
    char path[64];
    maker_path(m, name, path);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* Eighths in [-2, 2): exact in every type, different from element to element. */
static inline f32 maker_value(uint32_t tensor, uint64_t element)
{
    const uint64_t mixed = (element + 1) * 2654435761U + tensor * 40503U;
    return (f32)(mixed >> 7 & 31) / 8 - 2;
}

static inline struct made *maker_add(struct maker *m, const char *name, uint32_t rank,
                                     const uint32_t *dims)
{
    ck_assert_uint_lt(m->count, MADE_TENSORS);
    struct made *made = &m->made[m->count];
    made->dtype = "F32";
    made->file = "model.safetensors";
    made->dropped = false;
    made->rank = rank;
    made->count = 1;
    snprintf(made->name, sizeof made->name, "%s", name);
    for (uint32_t i = 0; i < rank; i++) {
        made->dims[i] = dims[i];
        made->count *= dims[i];
    }
    ck_assert_uint_le(made->count, MADE_VALUES);
    for (uint64_t i = 0; i < made->count; i++)
        made->values[i] = maker_value(m->count, i);
    m->count++;
    return made;
}

/* A directory, a config in it, and its layout. */
static inline void maker_open(struct maker *m, const char *config_text)
{
    strcpy(m->dir, "/tmp/pack_test.XXXXXX");
    m->count = 0;
    ck_assert_ptr_nonnull(mkdtemp(m->dir));
    maker_path(m, "tiny.ini", m->config);
    maker_path(m, "tiny.weights", m->output);
    maker_text(m, "tiny.ini", config_text);
    struct diagnostics diagnostics = {.to = stderr, .file = m->config};
    ck_assert(layout_load(m->config, &diagnostics, &m->layout));
}

/* The same, and one made tensor per weight of the layout, in its order. */
static inline void maker_start(struct maker *m, const char *config_text)
{
    maker_open(m, config_text);
    for (uint32_t i = 0; i < m->layout.count; i++) {
        const struct layout_weight *weight = &m->layout.weight[i];
        maker_add(m, weight->source, weight->rank, weight->shape);
    }
}

static inline struct made *maker_find(struct maker *m, const char *name)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (strcmp(m->made[i].name, name) == 0)
            return &m->made[i];
    ck_abort_msg("no tensor %s", name);
    return NULL;
}

static inline uint64_t made_bytes(const struct made *made)
{
    const bool narrow = strcmp(made->dtype, "F16") == 0 || strcmp(made->dtype, "BF16") == 0;
    return made->count * (narrow ? 2 : 4);
}

static inline void made_write(const struct made *made, FILE *file)
{
    for (uint64_t i = 0; i < made->count; i++) {
        const uint16_t narrow = strcmp(made->dtype, "F16") == 0 ? convert_to_f16(made->values[i])
                                                                : convert_to_bf16(made->values[i]);
        if (made_bytes(made) == made->count * 2)
            fwrite(&narrow, 2, 1, file);
        else
            fwrite(&made->values[i], 4, 1, file);
    }
}

/* Writes all tensors that belong into `name`. */
static inline void maker_write_file(const struct maker *m, const char *name)
{
    char *header = NULL;
    size_t header_bytes = 0;
    FILE *text = open_memstream(&header, &header_bytes);
    uint64_t at = 0;
    fputs("{\"__metadata__\":{\"format\":\"pt\"}", text);
    for (uint32_t i = 0; i < m->count; i++) {
        const struct made *made = &m->made[i];
        if (made->dropped || strcmp(made->file, name) != 0)
            continue;
        fprintf(text, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", made->name, made->dtype);
        for (uint32_t k = 0; k < made->rank; k++)
            fprintf(text, "%s%" PRIu64, k == 0 ? "" : ",", made->dims[k]);
        fprintf(text, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", at, at + made_bytes(made));
        at += made_bytes(made);
    }
    fputs("}", text);
    fclose(text);
    char path[64];
    maker_path(m, name, path);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    const uint64_t prefix = header_bytes;
    fwrite(&prefix, sizeof prefix, 1, file);
    fwrite(header, 1, header_bytes, file);
    for (uint32_t i = 0; i < m->count; i++)
        if (!m->made[i].dropped && strcmp(m->made[i].file, name) == 0)
            made_write(&m->made[i], file);
    ck_assert_int_eq(fclose(file), 0);
    free(header);
}

/* Packs what is in the directory. Compares the exit code, and the messages with DIR for its path;
 * of a success only how they begin, as they end with a time. */
static inline void maker_pack(const struct maker *m, const struct pack_request *request, int status,
                              const char *messages)
{
    char *text = NULL, *said = NULL;
    size_t text_bytes = 0, said_bytes = 0;
    FILE *to = open_memstream(&text, &text_bytes);
    const int found = pack_run(request, to);
    fclose(to);
    to = open_memstream(&said, &said_bytes);
    for (const char *c = text; *c != '\0';) {
        const bool dir = strncmp(c, m->dir, strlen(m->dir)) == 0;
        fputs(dir ? "DIR" : (const char[]){*c, '\0'}, to);
        c += dir ? strlen(m->dir) : 1;
    }
    fclose(to);
    if (messages != NULL && status == 0 && strlen(said) > strlen(messages))
        said[strlen(messages)] = '\0';
    if (messages != NULL)
        ck_assert_str_eq(said, messages);
    ck_assert_msg(found == status, "exit code %d, expected %d: %s", found, status, said);
    free(text);
    free(said);
}

static inline struct pack_request maker_request(const struct maker *m)
{
    return (struct pack_request){
        .config = m->config, .checkpoint = m->dir, .no_tokenizer = true, .output = m->output};
}

/* The usual case: one file, wrong in some way. Nothing may be left of the output. */
static inline void maker_refuses(const struct maker *m, const char *messages)
{
    const struct pack_request request = maker_request(m);
    maker_write_file(m, "model.safetensors");
    maker_pack(m, &request, 4, messages);
    ck_assert_int_ne(access(m->output, F_OK), 0);
}

/* Removes the directory; fails if pack left a partial file. */
static inline void maker_end(struct maker *m)
{
    DIR *dir = opendir(m->dir);
    ck_assert_ptr_nonnull(dir);
    uint32_t partial = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", m->dir, entry->d_name);
        partial += strstr(entry->d_name, ".partial.") != NULL;
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(dir);
    rmdir(m->dir);
    ck_assert_uint_eq(partial, 0);
    layout_free(&m->layout);
}

#endif
