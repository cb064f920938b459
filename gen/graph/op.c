#include "gen/graph/op.h"

#include <string.h>

/* A table per operation; the last row has no name. */
#define OPERAND(NAME, ACCESS, SHAPE) {#NAME, #ACCESS, SHAPE},
#define ATTRIBUTE(TYPE, NAME, RULE)  {#NAME, ATTRIBUTE_##TYPE, RULE},
#define SIZE(TYPE, NAME, VALUE)      {SIZE_##TYPE, #NAME, VALUE},
#define OP(UPPER, LOWER, CPU, CUDA, SYMBOL, SIZES, OPERANDS, ATTRIBUTES, ...)                      \
    static const struct op_size LOWER##_sizes[] = {SIZES{0}};                                      \
    static const struct op_operand LOWER##_operands[] = {OPERANDS{0}};                             \
    static const struct op_attribute LOWER##_attributes[] = {ATTRIBUTES{0}};
#include "kernels/ops.def"
#undef OP
#undef SIZE
#undef ATTRIBUTE
#undef OPERAND

#define ROWS(TABLE) (sizeof(TABLE) / sizeof(TABLE)[0] - 1)

const struct op_rule op_rules[OP_COUNT] = {
#define OP(UPPER, LOWER, CPU, CUDA, SYMBOL, SIZES, OPERANDS, ATTRIBUTES, MOVED, FLOPS, MEANING)    \
    {.name = #UPPER,                                                                               \
     .function = #LOWER,                                                                           \
     .cpu = CPU,                                                                                   \
     .cuda = CUDA,                                                                                 \
     .size = LOWER##_sizes,                                                                        \
     .sizes = ROWS(LOWER##_sizes),                                                                 \
     .symbol = SYMBOL,                                                                             \
     .meaning = MEANING,                                                                           \
     .operand = LOWER##_operands,                                                                  \
     .attribute = LOWER##_attributes,                                                              \
     .operands = ROWS(LOWER##_operands),                                                           \
     .attributes = ROWS(LOWER##_attributes)},
#include "kernels/ops.def"
#undef OP
};

uint32_t op_operand(enum op op, const char *name)
{
    for (uint32_t i = 0; i < op_rules[op].operands; i++)
        if (strcmp(op_rules[op].operand[i].name, name) == 0)
            return i;
    return OP_NOTHING;
}

uint32_t op_attribute(enum op op, const char *name)
{
    for (uint32_t i = 0; i < op_rules[op].attributes; i++)
        if (strcmp(op_rules[op].attribute[i].name, name) == 0)
            return op_rules[op].operands + i;
    return OP_NOTHING;
}
