/* What a model computes, as tensors and nodes in fixed arrays; ids are indices.
 *
 * One graph per step (decode, prefill, head) and kind of layer. A graph has a prologue, a layer of
 * its kind, and an epilogue; layers are never unrolled, and the graphs of a step differ in nothing
 * but the layer. Families build them, the pass of their step fits them to it, unify.c completes and
 * checks them, everything after only reads them. Names are given by people and become C names. */
#ifndef GEN_GRAPH_GRAPH_H
#define GEN_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/front/cfg.h"
#include "gen/graph/op.h"
#include "gen/graph/packing.h"
#include "runtime/base/spread.h"

enum {
    GRAPH_TENSORS = 48,
    GRAPH_NODES = 24,
    GRAPH_PARTS = 3,
    GRAPH_LETTERS = 'Z' - 'A' + 1,
    GRAPH_KINDS = 4,     /* of layers in one model */
    GRAPH_LAYERS = 1024, /* the most that keys.def allows */
    GRAPH_PAD = 16,      /* elements to which every row is padded: a line */
    GRAPH_NONE = 0,      /* in place of an optional operand that a model does not have */
    GRAPH_ALIGN = 64,    /* bytes on which every buffer and packed tensor starts */
    GRAPH_WORDS = sizeof(union op_words) / sizeof(uint32_t)
};

enum role { ROLE_NONE, ROLE_WEIGHT, ROLE_STATE, ROLE_SCRATCH, ROLE_IO };
enum place { PLACE_PROLOGUE, PLACE_LAYER, PLACE_EPILOGUE };
enum step_kind { STEP_DECODE, STEP_PREFILL, STEP_HEAD, STEP_KINDS };

/* Which rows of activations an operation works on. */
enum rows { ROWS_ONE, ROWS_CHUNK, ROWS_LOGITS };

/* Widths, before padding, of what lies side by side in a row; the pads of heads belong to them. */
struct parts {
    uint32_t count, of[GRAPH_PARTS];
};

struct tensor {
    char name[16];  /* the C member */
    char fused[16]; /* the name when one operation makes it of all that leads to it; "": the same */
    char note[40];  /* for the reader of model.h or arena.h; may be "" */
    enum role role;
    enum place place; /* PLACE_LAYER: a weight or state that every layer has its own of */
    enum format type;
    bool ids;   /* u32, not of a format */
    bool cache; /* of a state: never read before it is written, so it need not start at zero */

    /* The C array: [dim[0]][dim[1]].., padded. Scratch: rank 0 until unify.c infers it. */
    uint32_t rank;
    uint64_t dim[3];
    struct parts parts; /* of a row; a weight of several gives them to its product */

    /* Weights only: the tensor of the checkpoint and its packing; see gen/graph/packing.h. */
    const char *source, *alias; /* with "%u" for the layer */
    enum packing packing;
    enum weight_class matrix_class; /* of a matrix: which key says its type */
    uint32_t rows, cols;
    struct spread row_spread, col_spread; /* how they lie */
    uint32_t product_cols; /* columns as a product sees them: cols, or those of padded heads */
    uint32_t experts; /* so many matrices behind one another, "%u" twice in the source; 0: one */
};

/* What a dimension letter is bound to. */
struct size {
    uint64_t size;      /* as the checkpoint has it; 0: the row does not use the letter */
    uint64_t pad;       /* floats of a row of it */
    struct parts parts; /* as a product sees it */
    const char *from;   /* the operand that bound it */
};

struct node {
    enum op op;
    char name[16];  /* "IN_PROJ"; the enumerator is DECODE_IN_PROJ */
    char fused[16]; /* the name of a fused operation that ends with this one; "": the same */
    enum place place;
    /* Tensors in the order of the call, then attributes: node->linear.w is node->word[1]. */
    union {
        uint32_t word[GRAPH_WORDS];
#define OP(UPPER, LOWER, ...) struct op_##LOWER LOWER;
#include "kernels/ops.def"
#undef OP
    };

    /* Filled by unify.c: rows of activations, and what the row's letters are bound to. */
    uint64_t t;
    struct size size[GRAPH_LETTERS]; /* of 'A' and so on */
    /* Filled by cost.c. */
    uint64_t weight_bytes, moved_bytes, flops;
};

struct graph {
    char model[CFG_NAME_MAX + 1]; /* for messages */
    enum step_kind step;
    const char *kind_name; /* "mamba_mlp"; "" in a model of one kind, and of head */
    enum rows rows;
    uint32_t tokens;         /* rows of activations: 1, prefill_chunk or logit_rows */
    char layer_meaning[160]; /* what a layer does to the residual stream, as formulas */
    uint32_t tensor_count;   /* with tensor[0], which is none */
    uint32_t node_count;
    struct tensor tensor[GRAPH_TENSORS + 1];
    struct node node[GRAPH_NODES];
};

/* A step: what is executed as one. */
struct step_rule {
    const char *name;   /* "decode" */
    const char *prefix; /* what the enumerators of its operations start with: "DECODE" */
    enum rows rows;
    bool layers;                       /* from tokens to hidden rows */
    const char *logits;                /* the operation from hidden rows to logits; NULL: none */
    void (*pass)(struct graph *graph); /* what a layer goes through, gen/graph/passes.h */
};
extern const struct step_rule step_rules[STEP_KINDS];

const char *step_name(enum step_kind step);

/* Adds a copy and returns its id. Overflow of the fixed arrays is a fault of the generator: aborts
 * with the name of the limit. */
uint32_t graph_tensor(struct graph *graph, const struct tensor *tensor);
uint32_t graph_node(struct graph *graph, const struct node *node);

/* Operands of a node, and how it uses each: 'w', 'm' or 'r'; 'o' is read if it is there. Operands
 * by number are for those who go over all of them. */
uint32_t node_operands(const struct node *node);
char node_access(const struct node *node, uint32_t operand);
/* The tensor of an operand; NULL where an optional one is GRAPH_NONE. */
const struct tensor *node_tensor(const struct graph *graph, const struct node *node,
                                 uint32_t operand);
/* Whether the node has the operand, which may be optional. */
bool node_has(const struct node *node, uint32_t operand);
/* Whether a node has a tensor as an operand, and whether it writes or modifies it. */
bool node_uses(const struct node *node, uint32_t tensor);
bool node_writes(const struct node *node, uint32_t tensor);
/* Whether two nodes must keep their order: one writes what the other uses. Not asked about one
 * tensor, unless that is GRAPH_NONE. */
bool nodes_conflict(const struct node *a, const struct node *b, uint32_t except);
/* The attribute of that name, a whole number; 0 of an operation that has none. */
uint32_t node_count(const struct node *node, const char *attribute);
/* The size of a letter, as the checkpoint has it and as a product sees it. */
uint64_t node_size(const struct node *node, char letter);
uint64_t node_wide(const struct node *node, char letter);

/* The C type of an element: "bf16", "u32". */
const char *tensor_element(const struct tensor *tensor);

/* Whether it is a weight that is stored as a matrix. */
bool tensor_is_matrix(const struct tensor *tensor);

/* Rows of weights with the padding of each group; columns as packed. */
uint64_t tensor_padded_rows(const struct tensor *tensor);
uint64_t tensor_stored_cols(const struct tensor *tensor);
/* The C array, or the packed weight of all experts. */
uint64_t tensor_bytes(const struct tensor *tensor);
uint64_t parts_width(const struct parts *parts); /* their sum */
/* The padded column at which a part starts. */
uint64_t tensor_part_at(const struct tensor *tensor, uint32_t part);

/* "decode", or "decode of mamba_mlp": for people. */
struct phrase graph_title(const struct graph *graph);

/* "IN_PROJ", or with the kind in front, "MAMBA_MLP_IN_PROJ", in a layer of a model of several. */
struct phrase node_full_name(const struct graph *graph, const struct node *node);

/* Infers the shape of every scratch buffer and binds the sizes of every operation; false, with a
 * message, when a node's operands do not fit together. */
MUST_USE bool graph_shape(struct graph *graph, struct diagnostics *diagnostics);
/* What every operation costs, once its sizes are bound. */
void graph_cost(struct graph *graph);

/* `gen --stop-after=graph|shape`: one line per tensor and node. */
void graph_print(const struct graph *graph, FILE *to);

#endif
