/* The operations, as kernels/ops.def lists them: enumerators, named operands and attributes of
 * each, and the same as tables. */
#ifndef GEN_GRAPH_OP_H
#define GEN_GRAPH_OP_H

#include <stdint.h>

#include "kernels/shapes.h"

enum op {
#define OP(UPPER, LOWER, ...) OP_##UPPER,
#include "kernels/ops.def"
#undef OP
    OP_COUNT,
#define OP(UPPER, LOWER, ...) OP_##LOWER = OP_##UPPER, /* for BUILD() */
#include "kernels/ops.def"
#undef OP
};

/* struct op_linear { uint32_t y, w, bias, x; uint32_t epilogue; }: operands, as ids of tensors,
 * then attributes; all are words of 32 bits. */
#define OPERAND(NAME, ACCESS, SHAPE) uint32_t NAME;
#define ATTRIBUTE(TYPE, NAME, RULE)  TYPE NAME;
#define OP(UPPER, LOWER, CPU, CUDA, SYMBOL, SIZES, OPERANDS, ATTRIBUTES, ...)                      \
    struct op_##LOWER {                                                                            \
        OPERANDS ATTRIBUTES                                                                        \
    };
#include "kernels/ops.def"
#undef OP
#undef ATTRIBUTE
#undef OPERAND

/* One of them, as the node's op says. */
union op_words {
#define OP(UPPER, LOWER, ...) struct op_##LOWER LOWER;
#include "kernels/ops.def"
#undef OP
};

/* The most sizes of a row: an array has one place for each. */
#define SIZE(TYPE, NAME, VALUE) +1
union op_sizes {
#define OP(UPPER, LOWER, CPU, CUDA, SYMBOL, SIZES, ...) char LOWER[0 SIZES];
#include "kernels/ops.def"
#undef OP
};
#undef SIZE
enum { OP_SIZES = sizeof(union op_sizes) };

struct op_operand {
    const char *name;
    char access[2];
    const char *shape;
};

struct op_attribute {
    const char *name;
    enum { ATTRIBUTE_uint32_t, ATTRIBUTE_float } type;
    const char *rule;
};

/* A field of the kernel's shape. */
struct op_size {
    enum { SIZE_u32, SIZE_f32, SIZE_format, SIZE_count, SIZE_epilogue, SIZE_route_weights } type;
    const char *name, *value;
};

/* A row of kernels/ops.def. */
struct op_rule {
    const char *name;       /* "LINEAR" */
    const char *function;   /* of the kernel: "linear" */
    const char *cpu, *cuda; /* files of kernels/cpu and kernels/cuda that have it */
    const char *symbol, *meaning;
    const struct op_size *size;
    const struct op_operand *operand;
    const struct op_attribute *attribute;
    uint32_t sizes, operands, attributes;
};
extern const struct op_rule op_rules[OP_COUNT];

/* The place of what an operation makes: its first operand. */
enum { OP_RESULT = 0 };
enum { OP_NOTHING = UINT32_MAX };

/* The place of the operand or attribute of that name; OP_NOTHING: the operation has none. The
 * attribute's word stands behind the operands. */
uint32_t op_operand(enum op op, const char *name);
uint32_t op_attribute(enum op op, const char *name);

#endif
