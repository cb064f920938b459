/* How instances are named and sized, family of kernels by family. Used by instances*.c alone. */
#ifndef GEN_INSTANCES_H
#define GEN_INSTANCES_H

#include "gen/emit/emit.h"

/* The T of a macro: "F32", "F16", "BF16". */
extern const char *const instance_types[];

/* The tensor of an operand; NULL where an optional one is absent. */
const struct tensor *instance_operand(const struct instance *instance, uint32_t index);

/* "gemv_softplus" for one row, "gemm_softplus" for many. */
void instance_stem(const struct instance *instance, char text[32]);

/* Fills in family, symbol and size of an instance that attention or an MLP needs; `rows` is "256x",
 * the rows of a step of many, or "". False: it is of another kind. */
bool instance_of_transformer(struct instance *instance, const char *rows, const struct cfg *cfg);

/* The same for experts. */
bool instance_of_experts(struct instance *instance, const char *rows, const struct cfg *cfg);

/* The same for the heads of Mamba-2. */
bool instance_of_ssd(struct instance *instance, const char *rows, const struct cfg *cfg);

#endif
