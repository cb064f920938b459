/* What the steps of a model have to do, by its shapes alone: what measured rates are made from. */
#ifndef RUNTIME_MEASURE_WORK_H
#define RUNTIME_MEASURE_WORK_H

#include <stdint.h>

/* Bytes that decoding `count` tokens from position `from` on must read, together: for each its
 * weights (of experts the chosen), the state of fixed size, and the keys and values of the
 * positions that it sees, its own among them. Activations, which caches hold, are not counted. */
double work_decode_bytes(uint64_t from, uint64_t count);

/* Multiply-adds of a prefill of `count` tokens from position `from` on and of the logits of the
 * last: half the floating-point operations of kernels/ops.def, attention over what is seen. */
double work_prefill_multiply_adds(uint64_t from, uint64_t count);

#endif
