#include "tools/pack/pack_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/front/import.h"
#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "tools/pack/checkpoint.h"
#include "tools/pack/image.h"
#include "tools/pack/random_weights.h"
#include "tools/pack/tokenizer_json.h"

static bool read_checkpoint(const void *context, uint32_t index, uint64_t first, uint64_t count,
                            f32 *values, struct diagnostics *diagnostics)
{
    return checkpoint_read(context, index, first, count, values, diagnostics);
}

/* Writes the image and says how it went. */
static int write_image(struct image *image, struct diagnostics *diagnostics)
{
    struct progress progress;
    struct image_written written;
    const struct layout *layout = image->layout;
    image->progress = &progress;
    progress_start(&progress, layout->weights_bytes);
    const int status = image_write(image, &written, diagnostics);
    const double seconds = progress_seconds(&progress);
    progress_end(&progress);
    if (status == EXIT_INTERRUPTED)
        fprintf(diagnostics->to, "%s: interrupted, nothing was written\n", image->path);
    if (status == EXIT_SUCCESS)
        fprintf(diagnostics->to,
                "%s: %" PRIu64 " bytes in %.2f s, %.0f MB/s; weights %016" PRIx64
                ", config %016" PRIx64 "%016" PRIx64 "\n",
                image->path, written.file_bytes, seconds,
                (double)written.file_bytes * 1e-6 / (seconds > 1e-3 ? seconds : 1e-3),
                written.weights_digest, layout->config_digest[1], layout->config_digest[0]);
    return status;
}

static int pack_random(const struct pack_request *request, const struct layout *layout,
                       struct diagnostics *diagnostics)
{
    const struct random_weights random = {.layout = layout, .seed = request->seed};
    struct image image = {.layout = layout,
                          .backend = request->backend,
                          .read = random_weights_read,
                          .context = &random,
                          .path = request->output};
    return write_image(&image, diagnostics);
}

/* DIRECTORY/NAME in new memory; NULL was reported. */
static char *path_in(const char *directory, const char *name, struct diagnostics *diagnostics)
{
    const size_t bytes = strlen(directory) + strlen(name) + 2;
    char *path = malloc(bytes);
    if (path == NULL)
        diagnostics_error(diagnostics, 0, "no memory for a path");
    else
        snprintf(path, bytes, "%s/%s", directory, name);
    return path;
}

static void compare_key(const struct cfg *said, const struct cfg *cfg, const struct key *key,
                        struct diagnostics *diagnostics)
{
    const struct phrase found = cfg_value(said, key), expected = cfg_value(cfg, key);
    if (strcmp(found.text, expected.text) != 0)
        diagnostics_error(diagnostics, 0, "%s is %s, but %s in config %s", key->name, found.text,
                          expected.text, cfg->name);
}

/* Compares what config.json says, if there is one, with the config: some keys show in no shape.
 * Whether embeddings are tied is left to the tensors, so that a head that was trained apart can be
 * packed although config.json denies it; of another family, the other keys need no look.
 * *disagrees: the config is not of this checkpoint, and what else does not fit is no news. */
static bool check_config_json(const char *directory, const struct cfg *cfg, bool *disagrees,
                              struct diagnostics *diagnostics)
{
    char *path = path_in(directory, "config.json", diagnostics);
    char *ends = path_in(directory, "generation_config.json", diagnostics); /* import_eos.c */
    const uint32_t before = diagnostics->errors;
    struct cfg said = *cfg;
    const bool good = path != NULL && ends != NULL;
    said.context = 0; /* of the config: config.json has none that it could contradict */
    if (good && access(path, F_OK) == 0 && import_load(directory, diagnostics, &said, NULL)) {
        struct diagnostics here = {.to = diagnostics->to};
        const bool generation = access(ends, F_OK) == 0;
        said.context = cfg->context;
        const bool foreign = strcmp(said.model_type, cfg->model_type) != 0;
        for (uint32_t i = 0; i < KEYS; i++) {
            const struct key *key = &cfg_keys[i];
            here.file = generation && key->kind == KEY_IDS ? ends : path;
            if (cfg_has(cfg, key) && strcmp(key->name, "tie_word_embeddings") != 0 &&
                (!foreign || strcmp(key->name, "model_type") == 0))
                compare_key(&said, cfg, key, &here);
        }
        if (here.errors > 0)
            diagnostics_note(diagnostics, "'gen import' writes the config of this checkpoint");
        *disagrees = here.errors > 0;
        diagnostics->errors += here.errors;
    }
    free(path);
    free(ends);
    return good && diagnostics->errors == before;
}

/* The checkpoint's tokenizer: tokenizer.json, or where there is none tokenizer.model. */
static char *tokenizer_path(const struct pack_request *request, struct diagnostics *diagnostics)
{
    char *path = path_in(request->checkpoint, "tokenizer.json", diagnostics);
    if (path == NULL || access(path, F_OK) == 0)
        return path;
    free(path);
    return path_in(request->checkpoint, "tokenizer.model", diagnostics);
}

/* Compiles the checkpoint's tokenizer unless it is not wanted. */
static int compile_tokenizer(const struct pack_request *request, const struct layout *layout,
                             struct tokenizer_blob *blob, struct diagnostics *diagnostics)
{
    if (request->no_tokenizer)
        return EXIT_SUCCESS;
    char *path = tokenizer_path(request, diagnostics);
    if (path == NULL)
        return EXIT_MEMORY;
    int status = EXIT_MISMATCH;
    if (access(path, F_OK) != 0) {
        diagnostics_error(
            diagnostics, 0,
            "holds neither tokenizer.json nor tokenizer.model: copy one from where the "
            "model comes from; or run 'build/tools/pack --no-tokenizer %s %s -o %s' for a "
            "binary that takes token ids only",
            request->config, request->checkpoint, request->output);
    } else {
        char message[TOKENIZER_JSON_MESSAGE];
        status = tokenizer_compile(path, layout->cfg.vocab_size, blob, message);
        if (status != EXIT_SUCCESS)
            fprintf(diagnostics->to, "%s%s\n", blob->notes, message);
        else
            fputs(blob->notes, diagnostics->to);
    }
    free(path);
    return status;
}

static int pack_checkpoint(const struct pack_request *request, const struct layout *layout,
                           struct diagnostics *diagnostics)
{
    struct checkpoint checkpoint;
    struct tokenizer_blob blob = {0};
    bool disagrees = false;
    const bool fits = check_config_json(request->checkpoint, &layout->cfg, &disagrees, diagnostics);
    if (disagrees)
        return EXIT_MISMATCH;
    const bool opened = checkpoint_open(&checkpoint, request->checkpoint, layout, diagnostics);
    if (opened)
        checkpoint.drop = request->backend == BACKEND_CUDA;
    int status = compile_tokenizer(request, layout, &blob, diagnostics);
    if (!fits || !opened)
        status = EXIT_MISMATCH;
    if (status == EXIT_SUCCESS) {
        struct image image = {.layout = layout,
                              .backend = request->backend,
                              .read = read_checkpoint,
                              .context = &checkpoint,
                              .tokenizer = blob.bytes,
                              .tokenizer_bytes = blob.size,
                              .path = request->output};
        status = write_image(&image, diagnostics);
    }
    free(blob.bytes);
    if (opened)
        checkpoint_close(&checkpoint);
    return status;
}

int pack_run(const struct pack_request *request, FILE *err)
{
    struct layout layout;
    struct diagnostics diagnostics = {.to = err, .file = request->config};
    interrupt_catch();
    if (!layout_load(request->config, &diagnostics, &layout))
        return EXIT_MISMATCH;
    diagnostics.file = request->checkpoint != NULL ? request->checkpoint : request->config;
    const int status = request->checkpoint != NULL ? pack_checkpoint(request, &layout, &diagnostics)
                                                   : pack_random(request, &layout, &diagnostics);
    layout_free(&layout);
    return status;
}
