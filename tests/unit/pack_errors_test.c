/* Checkpoints that do not fit their config, and the exact messages: all of them at once. */
#include <math.h>

#include "tests/fixtures/run.h"
#include "tests/unit/checkpoint_maker.h"

static const char tied[] = MAKER_CONFIG("f16", "true");
static const char untied[] = MAKER_CONFIG("bf16", "false");

START_TEST(names_shapes_and_dtypes_are_reported_at_once)
{
    struct maker m;
    maker_start(&m, untied);
    maker_find(&m, "backbone.norm_f.weight")->dropped = true;
    struct made *swapped = maker_find(&m, "backbone.layers.0.mixer.in_proj.weight");
    swapped->dims[0] = 19;
    swapped->dims[1] = 82;
    struct made *flat = maker_find(&m, "backbone.layers.1.mixer.conv1d.weight");
    flat->rank = 2;
    flat->dims[1] = 3;
    struct made *tall = maker_find(&m, "backbone.layers.0.mixer.D");
    tall->rank = 2;
    tall->dims[1] = 1;
    maker_find(&m, "backbone.layers.1.norm.weight")->dtype = "I32";
    strcpy(maker_find(&m, "backbone.layers.1.mixer.D")->name, "backbone.layers.2.mixer.D");
    maker_refuses(
        &m,
        "DIR: tensor \"backbone.layers.0.mixer.in_proj.weight\" is F32 [19, 82], expected F32, F16 "
        "or BF16 [82, 19]\n"
        "DIR: tensor \"backbone.layers.0.mixer.D\" is F32 [41, 1], expected F32, F16 or BF16 [41]\n"
        "DIR: tensor \"backbone.layers.1.norm.weight\" is I32 [19], expected F32, F16 or BF16 "
        "[19]\n"
        "DIR: tensor \"backbone.layers.1.mixer.conv1d.weight\" is F32 [41, 3], expected F32, F16 "
        "or BF16 [41, 1, 3]\n"
        "DIR: tensor \"backbone.layers.1.mixer.D\" is missing, expected [41]\n"
        "DIR: tensor \"backbone.norm_f.weight\" is missing, expected [19]\n"
        "DIR: tensor \"backbone.layers.2.mixer.D\", F32 [41], is surplus: config tiny has no place "
        "for it\n");
    maker_end(&m);
}
END_TEST

/* An expert is missing, or one too many, or a layer is of the wrong kind. */
START_TEST(experts_and_kinds_are_named)
{
    struct maker m;
    maker_start(&m, MAKER_JAMBA);
    maker_find(&m, "model.layers.1.feed_forward.experts.1.up_proj.weight")->dropped = true;
    struct made *wide = maker_find(&m, "model.layers.1.feed_forward.experts.0.down_proj.weight");
    wide->dims[0] = 23;
    wide->dims[1] = 19;
    struct made *other = maker_find(&m, "model.layers.1.feed_forward.experts.0.gate_proj.weight");
    strcpy(other->name, "model.layers.0.feed_forward.experts.2.gate_proj.weight");
    strcpy(maker_find(&m, "model.layers.0.mamba.dt_layernorm.weight")->name,
           "model.layers.1.mamba.dt_layernorm.weight");
    maker_refuses(
        &m, "DIR: tensor \"model.layers.0.mamba.dt_layernorm.weight\" is missing, expected [5]\n"
            "DIR: tensor \"model.layers.1.feed_forward.experts.0.gate_proj.weight\" is missing, "
            "expected [23, 19]\n"
            "DIR: tensor \"model.layers.1.feed_forward.experts.1.up_proj.weight\" is missing, "
            "expected [23, 19]\n"
            "DIR: tensor \"model.layers.1.feed_forward.experts.0.down_proj.weight\" is F32 [23, "
            "19], expected F32, F16 or BF16 [19, 23]\n"
            "DIR: tensor \"model.layers.0.feed_forward.experts.2.gate_proj.weight\", F32 [23, 19], "
            "is surplus: config tiny has no place for it\n"
            "DIR: tensor \"model.layers.1.mamba.dt_layernorm.weight\", F32 [5], is surplus: config "
            "tiny has no place for it\n");
    maker_end(&m);
}
END_TEST

START_TEST(both_names_of_the_embedding_are_one_too_many)
{
    struct maker m;
    maker_start(&m, untied);
    maker_add(&m, "backbone.embedding.weight", 2, m.layout.weight[0].shape);
    maker_refuses(&m,
                  "DIR: tensor \"backbone.embedding.weight\", F32 [151, 19], is surplus: config "
                  "tiny has no place for it\n");
    maker_end(&m);
}
END_TEST

START_TEST(a_tied_head_must_be_the_embedding)
{
    struct maker m;
    maker_start(&m, tied);
    struct made *head = maker_add(&m, "lm_head.weight", 2, m.layout.weight[0].shape);
    memcpy(head->values, m.made[0].values, head->count * sizeof(f32));
    head->values[head->count - 1] += 1;
    static const char message[] =
        "DIR: tensor \"lm_head.weight\" differs from \"backbone.embeddings.weight\", but the "
        "config ties them: set tie_word_embeddings = false\n";
    maker_refuses(&m, message);
    head->values[head->count - 1] -= 1;
    head->dtype = "BF16";
    maker_refuses(&m, message);
    maker_end(&m);
}
END_TEST

START_TEST(values_that_do_not_fit_are_named)
{
    struct maker m;
    maker_start(&m, tied);
    f32 *row = maker_find(&m, "backbone.layers.1.mixer.in_proj.weight")->values + 70 * 19;
    row[5] = NAN;
    maker_refuses(&m, "DIR: tensor \"backbone.layers.1.mixer.in_proj.weight\": element [70][5] is "
                      "nan: the checkpoint is damaged\n");
    row[5] = -70000;
    maker_refuses(&m, "DIR: tensor \"backbone.layers.1.mixer.in_proj.weight\": element [70][5] is "
                      "-70000, too large for f16: choose bf16 or f32 as projection_type\n");
    row[5] = 0;
    f32 *bias = maker_find(&m, "backbone.layers.0.mixer.dt_proj.bias")->values;
    bias[40] = -INFINITY;
    maker_refuses(&m, "DIR: tensor \"backbone.layers.0.mixer.dt_proj.bias\": element [40] is "
                      "-inf: the checkpoint is damaged\n");
    bias[40] = 0;
    maker_find(&m, "backbone.layers.0.mixer.A_log")->values[3 * 7 + 2] = 89;
    maker_refuses(
        &m, "DIR: tensor \"backbone.layers.0.mixer.A_log\": -exp of element [7][2] is -inf: the "
            "checkpoint is damaged\n");
    maker_find(&m, "backbone.layers.0.mixer.A_log")->values[3 * 7 + 2] = 0;
    maker_find(&m, "backbone.layers.0.mixer.conv1d.weight")->values[3 * 4 + 1] = INFINITY;
    maker_refuses(&m, "DIR: tensor \"backbone.layers.0.mixer.conv1d.weight\": element [4][0][1] is "
                      "inf: the checkpoint is damaged\n");
    maker_end(&m);
}
END_TEST

START_TEST(too_large_for_bf16_leaves_f32)
{
    struct maker m;
    maker_start(&m, untied);
    maker_find(&m, "lm_head.weight")->values[19 * 150] = 3.4e38F;
    maker_refuses(&m, "DIR: tensor \"lm_head.weight\": element [150][0] is 3.4e+38, too large for "
                      "bf16: choose f32 as head_type\n");
    maker_end(&m);
}
END_TEST

START_TEST(a_file_cut_short_is_refused)
{
    struct maker m;
    char path[64];
    maker_start(&m, untied);
    maker_write_file(&m, "model.safetensors");
    maker_path(&m, "model.safetensors", path);
    ck_assert_int_eq(truncate(path, 30000), 0);
    const struct pack_request request = maker_request(&m);
    maker_pack(&m, &request, 4,
               "DIR/model.safetensors: tensor \"backbone.layers.1.mixer.in_proj.weight\" ends at "
               "byte 31144 of the data, the file holds 27963: it is cut short, fetch it again\n");
    maker_end(&m);
}
END_TEST

/* Writes an index over two shards, of which the tensors with odd numbers lie in the second. */
static void make_sharded(struct maker *m, const char *extra)
{
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *index = open_memstream(&text, &text_bytes);
    fprintf(index, "{\"weight_map\":{%s", extra);
    for (uint32_t i = 0; i < m->count; i++) {
        m->made[i].file = i % 2 == 0 ? "one.safetensors" : "two.safetensors";
        fprintf(index, "%s\"%s\":\"%s\"", i == 0 ? "" : ",", m->made[i].name, m->made[i].file);
    }
    fputs("}}", index);
    fclose(index);
    maker_text(m, "model.safetensors.index.json", text);
    free(text);
}

START_TEST(many_missing_shards_are_not_all_named)
{
    struct maker m;
    char *index = NULL, *expected = NULL;
    size_t index_bytes, expected_bytes;
    maker_start(&m, untied);
    FILE *to = open_memstream(&index, &index_bytes),
         *said = open_memstream(&expected, &expected_bytes);
    for (int i = 0; i < 20; i++) {
        fprintf(to, "%s\"t%d\":\"%02d.safetensors\"", i == 0 ? "{\"weight_map\":{" : ",", i, i);
        if (i < 8)
            fprintf(said, "DIR/%02d.safetensors: cannot open: No such file or directory\n", i);
    }
    fputs("}}", to);
    fputs(
        "DIR/model.safetensors.index.json: 8 files cannot be used: the others were not looked at\n",
        said);
    fclose(to);
    fclose(said);
    maker_text(&m, "model.safetensors.index.json", index);
    const struct pack_request request = maker_request(&m);
    maker_pack(&m, &request, 4, expected);
    free(index);
    free(expected);
    maker_end(&m);
}
END_TEST

START_TEST(a_missing_shard_is_named)
{
    struct maker m;
    maker_start(&m, untied);
    make_sharded(&m, "\"x\":\"three.safetensors\",");
    maker_write_file(&m, "two.safetensors");
    const struct pack_request request = maker_request(&m);
    maker_pack(&m, &request, 4,
               "DIR/three.safetensors: cannot open: No such file or directory\n"
               "DIR/one.safetensors: cannot open: No such file or directory\n");
    maker_end(&m);
}
END_TEST

START_TEST(a_tensor_lies_in_one_shard)
{
    struct maker m;
    maker_start(&m, untied);
    make_sharded(&m, "");
    maker_write_file(&m, "one.safetensors");
    struct made *twice = maker_find(&m, "backbone.layers.0.mixer.A_log");
    const char *const own = twice->file;
    twice->file = strcmp(own, "one.safetensors") == 0 ? "two.safetensors" : "one.safetensors";
    maker_write_file(&m, "one.safetensors");
    twice->file = own;
    maker_write_file(&m, "two.safetensors");
    const struct pack_request request = maker_request(&m);
    maker_pack(&m, &request, 4,
               "DIR/model.safetensors.index.json: tensor \"backbone.layers.0.mixer.A_log\" lies in "
               "both \"one.safetensors\" and \"two.safetensors\"\n");
    maker_end(&m);
}
END_TEST

START_TEST(a_broken_index_is_refused)
{
    static const char *const cases[][2] = {
        {"{\"weight_map\":{}}", "weight_map is missing, empty or not an object\n"},
        {"{}", "weight_map is missing, empty or not an object\n"},
        {"{\"weight_map\":{\"a\":1}}",
         "weight_map does not map names of tensors to files beside it\n"},
        {"{\"weight_map\":{\"a\":\"../b\"}}",
         "weight_map does not map names of tensors to files beside it\n"},
        {"{\"weight_map\":{\"a\":\"..\"}}",
         "weight_map does not map names of tensors to files beside it\n"},
        {"{\"weight_map\":{\"a\":\"/etc/passwd\"}}",
         "weight_map does not map names of tensors to files beside it\n"},
    };
    struct maker m;
    maker_start(&m, untied);
    maker_text(&m, "model.safetensors.index.json", cases[_i][0]);
    char expected[256];
    snprintf(expected, sizeof expected, "DIR/model.safetensors.index.json: %s", cases[_i][1]);
    const struct pack_request request = maker_request(&m);
    maker_pack(&m, &request, 4, expected);
    maker_end(&m);
}
END_TEST

#define CONVERT                                                                                    \
    "convert it once, there: python3 -c 'import glob, torch; from safetensors.torch import "       \
    "save_file; save_file({k: v.contiguous().clone() for f in "                                    \
    "sorted(glob.glob(\"pytorch_model*.bin\")) for k, v in torch.load(f, "                         \
    "weights_only=True).items()}, \"model.safetensors\")'\n"
#define ADAPTER                                                                                    \
    "an adapter (adapter_config.json) and not the model that it changes; merge them once, there: " \
    "python3 -c 'from peft import AutoPeftModelForCausalLM as M; "                                 \
    "M.from_pretrained(\".\").merge_and_unload().save_pretrained(\"merged\")'; then put the "      \
    "tokenizer's files beside them\n"

START_TEST(a_directory_without_safetensors_says_what_to_do)
{
    struct maker m;
    maker_start(&m, untied);
    struct pack_request request = maker_request(&m);
    maker_pack(&m, &request, 4,
               "DIR: holds neither model.safetensors nor model.safetensors.index.json\n");
    maker_text(&m, "pytorch_model.bin", "PK");
    maker_pack(&m, &request, 4,
               "DIR: holds pytorch_model.bin, which only Python can read; " CONVERT);
    maker_text(&m, "pytorch_model-1-of-2.bin", "PK");
    maker_text(&m, "pytorch_model.bin.index.json", "{}");
    maker_pack(&m, &request, 4,
               "DIR: holds pytorch_model-1-of-2.bin, which only Python can read; " CONVERT);
    maker_text(&m, "adapter_config.json", "{}");
    maker_pack(&m, &request, 4, "DIR: holds " ADAPTER);
    request.checkpoint = "/nonexistent";
    maker_pack(&m, &request, 4, "/nonexistent: no such directory\n");
    maker_end(&m);
}
END_TEST

START_TEST(weights_of_another_form_are_named)
{
    static const char *const names[][2] = {
        {"tiny.gguf", "another form of a checkpoint; take the safetensors files that it was made "
                      "from\n"},
        {"consolidated.00.pth", "the form of the model's makers; take the checkpoint that "
                                "transformers reads: config.json and model*.safetensors\n"},
        {"x.pth", "which only Python can read; take the checkpoint that transformers reads: "
                  "config.json and model*.safetensors\n"},
        {"model.fp16.safetensors", "but expected model.safetensors, or shards and their index; if "
                                   "all weights are in it, give it that name\n"},
    };
    struct maker m;
    char expected[512];
    maker_start(&m, untied);
    const struct pack_request request = maker_request(&m);
    maker_text(&m, names[_i][0], "x");
    snprintf(expected, sizeof expected, "DIR: holds %s, %s", names[_i][0], names[_i][1]);
    maker_pack(&m, &request, 4, expected);
    maker_end(&m);
}
END_TEST

/* It would change the weights, but only what is in them is packed. */
START_TEST(an_adapter_beside_the_weights_is_noted)
{
    struct maker m;
    maker_start(&m, untied);
    maker_write_file(&m, "model.safetensors");
    maker_text(&m, "adapter_config.json", "{}");
    const struct pack_request request = maker_request(&m);
    maker_pack(
        &m, &request, 0,
        "DIR: note: the adapter of adapter_config.json is left out: merge it, if the weights "
        "are to have it\n");
    maker_end(&m);
}
END_TEST

/* One line for all names, whatever wrapped the model or its parts. */
START_TEST(a_wrapper_is_named_once)
{
#define WRAPS    "save the model that it wraps, or take it off"
#define PARALLEL "which torch's DataParallel puts there: " WRAPS
    static const struct {
        const char *prefix, *inside; /* before a name, and behind "backbone.layers.0." */
        bool inner;                  /* the names lack "backbone.", too */
        const char *how, *named, *why;
    } cases[] = {
        {"module.", "", false, "hold \"module.\"", "module.backbone.embeddings.weight", PARALLEL},
        {"module.", "", true, "hold \"module.\"", "module.embeddings.weight", PARALLEL},
        {"_orig_mod.", "", false, "hold \"_orig_mod.\"", "_orig_mod.backbone.embeddings.weight",
         "which torch.compile puts there: " WRAPS},
        {"", "_orig_mod.", false, "hold \"_orig_mod.\"", "backbone.layers.0._orig_mod.mixer.A_log",
         "which torch.compile puts there: " WRAPS},
        {"module._orig_mod.", "_checkpoint_wrapped_module.", false, "hold \"module.\"",
         "module._orig_mod.backbone.embeddings.weight", PARALLEL},
        {"", "_fsdp_wrapped_module.", false, "hold \"_fsdp_wrapped_module.\"",
         "backbone.layers.0._fsdp_wrapped_module.mixer.A_log",
         "which torch's FSDP puts there: " WRAPS},
        {"base_model.model.", "", false, "hold \"base_model.model.\"",
         "base_model.model.backbone.embeddings.weight",
         "which PEFT puts there: save what merge_and_unload() gives, or take it off"},
        {"a.b.", "", false, "begin with \"a.b.\"", "a.b.backbone.embeddings.weight",
         "which belongs to no model of this family: take it off every name"},
    };
    static const char layer[] = "backbone.layers.0.";
    struct maker m;
    char expected[512];
    maker_start(&m, untied);
    for (uint32_t i = 0; i < m.count; i++) {
        const char *source = m.layout.weight[i].source;
        if (cases[_i].inner && strncmp(source, "backbone.", 9) == 0)
            source += 9;
        const size_t whole = strncmp(source, layer, strlen(layer)) == 0 ? strlen(layer) : 0;
        snprintf(m.made[i].name, sizeof m.made[i].name, "%s%.*s%s%s", cases[_i].prefix, (int)whole,
                 source, whole > 0 ? cases[_i].inside : "", source + whole);
    }
    snprintf(expected, sizeof expected, "DIR: names %s (\"%s\"), %s\n", cases[_i].how,
             cases[_i].named, cases[_i].why);
    maker_refuses(&m, expected);
    maker_end(&m);
}
END_TEST

/* The first eight of each kind, and how many more. */
START_TEST(long_lists_are_cut_short)
{
    struct maker m;
    char *expected = NULL, shape[64];
    size_t bytes = 0;
    maker_start(&m, untied);
    FILE *to = open_memstream(&expected, &bytes);
    for (uint32_t i = 0; i < m.count; i++)
        snprintf(m.made[i].name, sizeof m.made[i].name, "t%02u", i);
    for (uint32_t i = 0; i < 8; i++) {
        const struct layout_weight *w = &m.layout.weight[i];
        snprintf(shape, sizeof shape,
                 w->rank == 1   ? "[%u]"
                 : w->rank == 2 ? "[%u, %u]"
                                : "[%u, %u, %u]",
                 w->shape[0], w->shape[1], w->shape[2]);
        fprintf(to, "DIR: tensor \"%s\" is missing, expected %s\n", w->source, shape);
    }
    fprintf(to, "DIR: and %u more tensors are missing\n", m.count - 8);
    for (uint32_t i = 0; i < 8; i++) {
        const struct layout_weight *w = &m.layout.weight[i];
        snprintf(shape, sizeof shape,
                 w->rank == 1   ? "[%u]"
                 : w->rank == 2 ? "[%u, %u]"
                                : "[%u, %u, %u]",
                 w->shape[0], w->shape[1], w->shape[2]);
        fprintf(to, "DIR: tensor \"t%02u\", F32 %s, is surplus: config tiny has no place for it\n",
                i, shape);
    }
    fprintf(to, "DIR: and %u more tensors are surplus\n", m.count - 8);
    fclose(to);
    maker_refuses(&m, expected);
    free(expected);
    maker_end(&m);
}
END_TEST

START_TEST(a_tokenizer_is_needed_unless_it_is_not)
{
    struct maker m;
    maker_start(&m, untied);
    maker_find(&m, "lm_head.weight")->dropped = true;
    maker_write_file(&m, "model.safetensors");
    struct pack_request request = maker_request(&m);
    request.no_tokenizer = false;
    maker_pack(
        &m, &request, 4,
        "DIR: tensor \"lm_head.weight\" is missing, expected [151, 19]\n"
        "DIR: holds neither tokenizer.json nor tokenizer.model: copy one from where the model "
        "comes from; or run 'build/tools/pack --no-tokenizer DIR/tiny.ini DIR -o "
        "DIR/tiny.weights' for a binary that takes token ids only\n");
    maker_end(&m);
}
END_TEST

/* A tokenizer.model serves; what is wrong with it stops the packing. */
START_TEST(a_tokenizer_may_be_a_sentencepiece_model)
{
    struct maker m;
    maker_start(&m, tied);
    maker_write_file(&m, "model.safetensors");
    struct pack_request request = maker_request(&m);
    request.no_tokenizer = false;
    maker_text(&m, "tokenizer.model", "");
    maker_pack(
        &m, &request, 4,
        "DIR/tokenizer.model: byte 0: the file ends without a piece; this is no SentencePiece "
        "model, or it is damaged\n");
    /* BPE of "a", and spaces are left alone */
    static const char model[] = "\x0A\x03\x0A\x01"
                                "a\x12\x04\x18\x02\x48\x00\x1A\x02\x20\x00";
    char path[64];
    maker_path(&m, "tokenizer.model", path);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(model, 1, sizeof model - 1, file), sizeof model - 1);
    ck_assert_int_eq(fclose(file), 0);
    maker_text(&m, "tokenizer_config.json", "{\"add_bos_token\": false}");
    maker_pack(&m, &request, 0, NULL);
    maker_end(&m);
}
END_TEST

#define OF_THIS "DIR: note: 'gen import' writes the config of this checkpoint\n"

/* The epsilon of the norms shows in no shape. */
START_TEST(config_json_must_agree)
{
    static const char json[] =
        "{\"model_type\":\"mamba\",\"vocab_size\":151,\"hidden_size\":19,"
        "\"intermediate_size\":41,\"state_size\":3,\"num_hidden_layers\":2,\"conv_kernel\":3,"
        "\"time_step_rank\":5,\"use_bias\":false,\"use_conv_bias\":false,"
        "\"hidden_act\":\"silu\",\"layer_norm_epsilon\":%s,\"residual_in_fp32\":true,"
        "\"tie_word_embeddings\":true,\"bos_token_id\":0,\"eos_token_id\":%d,"
        "\"pad_token_id\":0}";
    struct maker m;
    char text[600];
    maker_start(&m, untied);
    snprintf(text, sizeof text, json, "1e-6", 5);
    maker_text(&m, "config.json", text);
    maker_refuses(&m, "DIR/config.json: layer_norm_epsilon is 1e-06, but 1e-05 in config tiny\n"
                      "DIR/config.json: eos_token_id is 5, but 0 in config tiny\n" OF_THIS);
    snprintf(text, sizeof text, json, "1e-5", 0);
    maker_text(&m, "config.json", text);
    maker_text(&m, "generation_config.json", "{\"eos_token_id\":[7,0]}");
    maker_refuses(
        &m, "DIR/generation_config.json: eos_token_id is 0 7, but 0 in config tiny\n" OF_THIS);
    maker_text(&m, "generation_config.json", "{\"eos_token_id\":[0]}");
    const struct pack_request request = maker_request(&m);
    maker_pack(&m, &request, 0, NULL);
    maker_end(&m);
}
END_TEST

/* Nothing is said of tensors that do not have the sizes of another config, nor of a tokenizer. */
START_TEST(other_sizes_are_said_once)
{
    struct maker m;
    maker_start(&m, untied);
    struct made *norm = maker_find(&m, "backbone.norm_f.weight");
    norm->dims[0] = norm->count = 18;
    maker_find(&m, "backbone.layers.1.mixer.D")->dropped = true;
    maker_text(&m, "tokenizer.json", "{}");
    maker_text(&m, "config.json",
               "{\"model_type\":\"mamba\",\"vocab_size\":151,\"hidden_size\":18,"
               "\"intermediate_size\":41,\"state_size\":3,\"num_hidden_layers\":1,"
               "\"conv_kernel\":3,\"time_step_rank\":5,\"use_bias\":false,"
               "\"use_conv_bias\":false,\"hidden_act\":\"silu\",\"layer_norm_epsilon\":1e-5,"
               "\"residual_in_fp32\":true,\"tie_word_embeddings\":false,\"bos_token_id\":0,"
               "\"eos_token_id\":0,\"pad_token_id\":0}");
    maker_refuses(&m, "DIR/config.json: hidden_size is 18, but 19 in config tiny\n"
                      "DIR/config.json: num_hidden_layers is 1, but 2 in config tiny\n" OF_THIS);
    maker_end(&m);
}
END_TEST

/* For another family only the first thing is said, not every tensor that does not fit. */
START_TEST(another_family_is_named)
{
    struct maker m;
    maker_start(&m, untied);
    maker_find(&m, "backbone.norm_f.weight")->dropped = true;
    maker_text(&m, "config.json",
               "{\"model_type\":\"llama\",\"vocab_size\":151,\"hidden_size\":64,"
               "\"intermediate_size\":41,\"num_hidden_layers\":2,\"num_attention_heads\":4,"
               "\"hidden_act\":\"silu\",\"rms_norm_eps\":1e-5,\"max_position_embeddings\":7,"
               "\"rope_theta\":1e4,\"bos_token_id\":0,\"eos_token_id\":0}");
    maker_refuses(&m, "DIR/config.json: model_type is llama, but mamba in config tiny\n" OF_THIS);
    maker_end(&m);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pack errors");
    TCase *tensors = tcase_create("tensors");
    tcase_add_test(tensors, names_shapes_and_dtypes_are_reported_at_once);
    tcase_add_test(tensors, experts_and_kinds_are_named);
    tcase_add_test(tensors, both_names_of_the_embedding_are_one_too_many);
    tcase_add_test(tensors, a_tied_head_must_be_the_embedding);
    tcase_add_test(tensors, values_that_do_not_fit_are_named);
    tcase_add_test(tensors, too_large_for_bf16_leaves_f32);
    suite_add_tcase(suite, tensors);
    TCase *files = tcase_create("files");
    tcase_add_test(files, a_file_cut_short_is_refused);
    tcase_add_test(files, a_missing_shard_is_named);
    tcase_add_test(files, many_missing_shards_are_not_all_named);
    tcase_add_test(files, a_tensor_lies_in_one_shard);
    tcase_add_loop_test(files, a_broken_index_is_refused, 0, 6);
    tcase_add_test(files, a_directory_without_safetensors_says_what_to_do);
    tcase_add_loop_test(files, weights_of_another_form_are_named, 0, 4);
    tcase_add_test(files, an_adapter_beside_the_weights_is_noted);
    tcase_add_loop_test(tensors, a_wrapper_is_named_once, 0, 8);
    tcase_add_test(tensors, long_lists_are_cut_short);
    tcase_add_test(files, config_json_must_agree);
    tcase_add_test(files, other_sizes_are_said_once);
    tcase_add_test(files, another_family_is_named);
    tcase_add_test(files, a_tokenizer_is_needed_unless_it_is_not);
    tcase_add_test(files, a_tokenizer_may_be_a_sentencepiece_model);
    suite_add_tcase(suite, files);
    return tests_run(suite);
}
