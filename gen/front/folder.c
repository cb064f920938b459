#include "gen/front/folder.h"

#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files of weights that are not read here; of several, the first kind counts. */
static const struct {
    const char *pattern, *way_out;
} foreign[] = {
    {"pytorch_model*.bin",
     "which only Python can read; convert it once, there: python3 -c 'import glob, torch; from "
     "safetensors.torch import save_file; save_file({k: v.contiguous().clone() for f in "
     "sorted(glob.glob(\"pytorch_model*.bin\")) for k, v in torch.load(f, "
     "weights_only=True).items()}, \"model.safetensors\")'"},
    {"*.gguf", "another form of a checkpoint; take the safetensors files that it was made from"},
    {"consolidated*", "the form of the model's makers; take the checkpoint that transformers "
                      "reads: config.json and model*.safetensors"},
    {"*.pth", "which only Python can read; take the checkpoint that transformers reads: "
              "config.json and model*.safetensors"},
    {"*.safetensors", "but expected model.safetensors, or shards and their index; if all weights "
                      "are in it, give it that name"},
};

bool folder_has(const char *directory, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", directory, name) < 0)
        diagnostics_no_memory();
    const bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

/* The first name, in their order, that fits the pattern; "" if none does. */
static void find(const char *directory, const char *pattern, char name[NAME_MAX + 1])
{
    DIR *folder = opendir(directory);
    name[0] = '\0';
    if (folder == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (fnmatch(pattern, entry->d_name, 0) == 0 &&
            (name[0] == '\0' || strcmp(entry->d_name, name) < 0))
            snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
    closedir(folder);
}

bool folder_is_adapter(const char *directory, struct diagnostics *diagnostics)
{
    if (!folder_has(directory, "adapter_config.json"))
        return false;
    diagnostics_error(
        diagnostics, 0,
        "holds an adapter (adapter_config.json) and not the model that it changes; merge "
        "them once, there: python3 -c 'from peft import AutoPeftModelForCausalLM as M; "
        "M.from_pretrained(\".\").merge_and_unload().save_pretrained(\"merged\")'; then "
        "put the tokenizer's files beside them");
    return true;
}

void folder_explain(const char *directory, struct diagnostics *diagnostics)
{
    char name[NAME_MAX + 1];
    if (!folder_has(directory, ".")) {
        diagnostics_error(diagnostics, 0, "no such directory");
        return;
    }
    if (folder_is_adapter(directory, diagnostics))
        return;
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        find(directory, foreign[i].pattern, name);
        if (name[0] != '\0') {
            diagnostics_error(diagnostics, 0, "holds %s, %s", name, foreign[i].way_out);
            return;
        }
    }
    diagnostics_error(diagnostics, 0,
                      "holds neither model.safetensors nor model.safetensors.index.json");
}
