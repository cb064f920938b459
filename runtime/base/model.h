/* The generated model as the runtime sees it: one constant descriptor, defined by
 * models/NAME/tables.c.
 *
 * The runtime is compiled once and linked with the objects of one model. */
#ifndef RUNTIME_BASE_MODEL_H
#define RUNTIME_BASE_MODEL_H

#include "runtime/base/run.h"
#include "runtime/base/spread.h"

enum { MODEL_EOS_MOST = 8, CACHE_BLOCK = 64 };

/* The token id of a model that has none. */
#define MODEL_NO_ID UINT32_MAX

/* One dimension or build choice, for `info`; in the order of the config. */
struct model_key {
    const char *section; /* "model" or "build" */
    const char *key;
    const char *value; /* as normalised by the generator */
};

/* One tensor of the weights arena, or the experts of a layer, which lie behind one another; layers
 * are listed one by one. Offsets ascend. */
struct model_weight {
    const char *name; /* role and place, "layer 3 in_proj" */
    const char *type; /* "f32", "f16", "bf16" */
    u32 rows, cols;   /* logical shape, before padding */
    uint64_t at;      /* offset in the weights arena */
    uint64_t bytes;   /* with padding up to the next tensor: the range that its digest covers */
    u32 experts; /* so many matrices of these bytes, each a tensor of the weight file; 0: one */
    const struct spread *row_spread, *col_spread; /* how they lie; NULL: as one group */
};

/* One operation of a step. An operation with a `kind` runs once per layer of that kind. */
struct model_op {
    const char *step;      /* "decode", "prefill" or "head" */
    const char *name;      /* the op enumerator, "IN_PROJ" */
    const char *kernel;    /* the kernel's symbol, "gemv_bf16_3072x768" */
    u32 times;             /* executions per step */
    uint64_t weight_bytes; /* read from the weights arena per execution */
    uint64_t moved_bytes;  /* activations and state read and written, per execution (full chunk) */
    uint64_t flops;        /* per execution (full chunk); a fused multiply-add counts as two */
    u32 kind;              /* of the layers it belongs to, as in model.pattern; 0: of none */
};

/* One buffer of the scratch plan. */
struct model_buffer {
    const char *step; /* "decode" or "prefill" */
    const char *name;
    uint64_t at, bytes;
    u32 first_op, last_op; /* indices into ops */
};

struct model {
    const char *name;
    const char *model_type;
    uint64_t config_digest[2]; /* XXH3-128 (low, high) of the keys that decide what a weight file
                                  holds */
    const struct model_key *keys;
    u32 key_count;

    u32 vocab;     /* rows of the head = valid token ids */
    u32 vocab_pad; /* floats from one row of logits to the next */
    u32 dim;       /* hidden_size */
    u32 layers;
    const struct model_layer *pattern; /* [layers]; NULL: they are of one kind */
    u32 chunk;                         /* most tokens of a prefill step */
    u32 logit_rows;                    /* most rows of a head step */
    u32 bos, pad;                      /* or MODEL_NO_ID */
    u32 eos[MODEL_EOS_MOST];           /* each of them ends a text */
    u32 eos_count;
    uint64_t context;    /* most tokens the state can hold; 0: unbounded */
    uint64_t trained;    /* max_position_embeddings; 0: the config has no bound */
    uint64_t window;     /* positions that a token sees, its own among them; 0: all before it */
    uint64_t parameters; /* of the checkpoint, tied tensors once */
    uint64_t active;     /* of these, in the computation of a token: only the chosen experts */
    uint64_t read;       /* of these, read for a token: of an untied embedding only one row */

    uint64_t weights_bytes, state_bytes, scratch_bytes, io_bytes;
    uint64_t cache_bytes;          /* of the state, at its end: never read before it is written */
    uint64_t cache_position_bytes; /* of these, of one position */
    u32 cache_heads; /* equal parts of these: the keys, or the values, of one head of a layer. In
                        each, whole blocks of CACHE_BLOCK positions follow one another */
    uint64_t scratch_bound; /* the planner's lower bound of scratch_bytes */
    uint64_t work_bytes;    /* CUDA: workspace of one operation (kernels/cuda/work.h) */

    /* CUDA: the kind of each arena, "auto", "device", "unified" or "pinned". */
    const char *weights_memory, *state_memory, *scratch_memory, *io_memory;

    uint64_t io_tokens_at; /* u32 tokens[chunk] */
    uint64_t io_hidden_at; /* f32 hidden[chunk][dim padded] */
    uint64_t io_logits_at; /* f32 logits[logit_rows][vocab_pad] */

    const struct model_weight *weights;
    u32 weight_count;
    u32 tensor_count; /* of the weight file: with every expert by itself */
    const struct model_op *ops;
    u32 op_count;
    const struct model_buffer *buffers;
    u32 buffer_count;

    void (*decode)(run *r);  /* io.tokens[0] -> state, io.hidden[0], io.logits[0] */
    void (*prefill)(run *r); /* io.tokens[0 .. step.tokens) -> state, io.hidden[0 .. step.tokens) */
    void (*head)(run *r);    /* io.hidden[step.logit_first ..] -> io.logits[0 .. step.logit_rows) */
};

extern const struct model model;

/* How many tensors of the weight file a row of the table stands for. */
static inline u32 model_weight_tensors(const struct model_weight *weight)
{
    return weight->experts > 0 ? weight->experts : 1;
}

#endif
