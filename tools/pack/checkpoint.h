/* A checkpoint directory as the weights of one layout.
 *
 * Opening finds the files (model.safetensors, or the shards that model.safetensors.index.json
 * names), validates their headers, and binds every tensor to a weight of the layout, under any of
 * the names of checkpoint_names.h. Errors of names, shapes and dtypes are reported together, long
 * lists of them cut short. Afterwards any rows of any weight can be read. */
#ifndef TOOLS_PACK_CHECKPOINT_H
#define TOOLS_PACK_CHECKPOINT_H

#include <stdbool.h>

#include "gen/memory/layout.h"
#include "runtime/base/run.h"
#include "tools/pack/safetensors.h"

enum { CHECKPOINT_SHARDS = 512 }; /* most files of one checkpoint; all stay open */

struct checkpoint_shard {
    char name[SAFETENSORS_NAME + 1]; /* inside the directory */
    char *path;
    int fd;
    struct safetensors tensors;
};

/* One tensor of any shard. */
struct checkpoint_tensor {
    const struct safetensors_tensor *tensor;
    const struct checkpoint_shard *shard;
    bool bound; /* to a weight, accepted as the copy of a tied one, or left out with a note */
};

struct checkpoint {
    const char *directory;
    const struct layout *layout;
    struct checkpoint_shard *shards;
    uint32_t shard_count;
    struct checkpoint_tensor *tensors; /* sorted by name */
    size_t tensor_count;
    const struct checkpoint_tensor **bound; /* [layout->count]: the tensor of each weight */
    bool drop; /* to be set after opening: the shards out of the page cache when closed */
};

/* True: every weight of the layout has its tensor and no tensor is left over, but those that are
 * computed, which a note names. False: the reasons were reported, and `c` is empty. Both arguments
 * must outlive `c`. */
__attribute__((warn_unused_result)) bool checkpoint_open(struct checkpoint *c,
                                                         const char *directory,
                                                         const struct layout *layout,
                                                         struct diagnostics *diagnostics);

/* values[count][cols] <- rows `first` to `first + count` of weight `index`, widened to f32 exactly.
 * False: the file could not be read, which was reported. */
__attribute__((warn_unused_result)) bool checkpoint_read(const struct checkpoint *c, uint32_t index,
                                                         uint64_t first, uint64_t count,
                                                         f32 *values,
                                                         struct diagnostics *diagnostics);

void checkpoint_close(struct checkpoint *c);

#endif
