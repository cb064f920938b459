/* The back of the generator: one emitter per generated file, all over one writer.
 *
 * An emitter prints nouns and order: types, offsets, names, sequences of calls. It never prints a
 * loop over tensor elements; those live in kernels/. */
#ifndef GEN_EMIT_EMIT_H
#define GEN_EMIT_EMIT_H

#include "gen/emit/writer.h"
#include "gen/families/steps.h"
#include "gen/memory/layout.h"
#include "gen/memory/plan.h"
#include "runtime/base/budget.h"

/* Everything an emitter may look at. */
struct program {
    struct steps steps;
    struct layout layout;
    struct plan plan[STEP_KINDS][GRAPH_KINDS]; /* of head: empty */
    uint64_t scratch_bytes, state_bytes, io_bytes;
    uint64_t cache_bytes;          /* of the state: keys and values */
    uint64_t cache_position_bytes; /* of these, of one position */
    uint64_t cache_heads;          /* of keys and of values, in all layers */
    uint64_t work_bytes;           /* CUDA: workspace of one operation */
    uint64_t scratch_bound;
    struct kernels *kernels;
};

/* From a checked config. A plan that does not pass its own check is a fault of the generator. */
void program_make(const struct cfg *cfg, struct program *program);
void program_free(struct program *program);

/* One kernel shape: a function of kernels.c. Operations of the same shape share one. */
struct kernel {
    struct phrase symbol; /* "gemv_bf16_3072x768" */
    const struct graph *graph;
    const struct node *node;       /* its first user */
    struct phrase value[OP_SIZES]; /* of its row's sizes, as C says them */
};

struct kernels {
    uint32_t count;
    struct kernel kernel[STEP_OPS];
    uint32_t of[STEP_OPS]; /* which kernel an operation calls, as in steps.op */
};

void kernels_find(const struct steps *steps, struct kernels *kernels);

/* How the kernel declares an operand: "const f32 (*x)[768]"; "" of one that it lacks. */
struct phrase emit_parameter(const struct kernel *kernel, uint32_t operand);

/* Bytes of weights that a step reads. */
uint64_t program_streamed(const struct program *program, enum step_kind step);

/* What the model needs by its shape alone. */
struct budget program_budget(const struct program *program);

/* What a layer of this graph leaves for the next token, in bytes; or only its caches. */
uint64_t program_layer_state(const struct graph *decode, bool caches_only);
bool program_has_state(const struct program *program, uint32_t kind);

/* "decode", or with the kind behind, "decode_mamba_mlp", of a model with several: the union of the
 * graph's buffers is union decode_scratch. */
struct phrase emit_step_name(const struct graph *graph);

/* "DECODE_IN_PROJ", "DECODE_MAMBA_MLP_IN_PROJ": the enumerator of an operation. */
struct phrase emit_op(const struct graph *graph, const struct node *node);

/* "bf16_3072x768": the struct of a packed matrix. */
struct phrase emit_matrix_type(const struct tensor *tensor);

/* The comment on top of every generated file: where it comes from, then the text. */
void emit_opening(struct writer *writer, const struct cfg *cfg, const char *text);

void emit_model_h(const struct program *program, struct writer *writer);
void emit_arena_h(const struct program *program, struct writer *writer);
void emit_step_c(const struct program *program, struct writer *writer);
void emit_kernels_h(const struct program *program, struct writer *writer);
void emit_kernels_c(const struct program *program, struct writer *writer);
void emit_kernels_cu(const struct program *program, struct writer *writer);
void emit_tables_c(const struct program *program, struct writer *writer);
/* The part of tables.c that lists the tensors of the weights arena. */
void emit_weight_table(const struct program *program, struct writer *writer);
void emit_proof_h(const struct program *program, struct writer *writer);
void emit_plan_txt(const struct program *program, struct writer *writer);

/* The generated files, in the order in which they are written. */
struct emitter {
    const char *file;
    void (*emit)(const struct program *program, struct writer *writer);
};
extern const struct emitter emitters[];
extern const uint32_t emitter_count;

#endif
