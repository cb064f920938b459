/* Number formats: how an element of a weight matrix, or of a cache of keys and values, is stored.
 * C11 and C++20. */
#ifndef KERNELS_FORMATS_H
#define KERNELS_FORMATS_H

/* Finite numbers of IEEE 754, and bfloat16: the upper half of a binary32. */
enum format { FORMAT_F32, FORMAT_F16, FORMAT_BF16 };

#endif
