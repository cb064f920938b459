/* Numbers as text for people and compilers: the same text for the same value, always. */
#ifndef GEN_FRONT_NUMBER_H
#define GEN_FRONT_NUMBER_H

#include <stdint.h>

#include "gen/front/phrase.h"

/* The shortest decimal that reads back as the same double: "1e-05". */
struct phrase number_double(double value);

/* The shortest decimal that reads back as the same float, as a C constant: "1e-05f". */
struct phrase number_float(float value);

/* Powers of 1000 for weights and traffic: "4.7 MB"; of 1024 for buffers: "45.0 KiB". Below 1000
 * (1024) plain bytes: "320 B". */
struct phrase number_decimal_bytes(uint64_t bytes);
struct phrase number_binary_bytes(uint64_t bytes);

/* `count` rounded up to a multiple of `unit`. */
static inline uint64_t number_pad(uint64_t count, uint64_t unit)
{
    return (count + unit - 1) / unit * unit;
}

#endif
