/* Numbers as text for people and compilers: the same text for the same value, always. */
#ifndef GEN_FRONT_NUMBER_H
#define GEN_FRONT_NUMBER_H

#include <stdint.h>

enum { NUMBER_MAX = 32 }; /* room for any of these texts with its NUL */

/* The shortest decimal that reads back as the same double: "1e-05". */
void number_double(double value, char text[NUMBER_MAX]);

/* The shortest decimal that reads back as the same float, as a C constant: "1e-05f". */
void number_float(float value, char text[NUMBER_MAX]);

/* Powers of 1000 for weights and traffic: "4.7 MB"; of 1024 for buffers: "45.0 KiB". Below 1000
 * (1024) plain bytes: "320 B". */
void number_decimal_bytes(uint64_t bytes, char text[NUMBER_MAX]);
void number_binary_bytes(uint64_t bytes, char text[NUMBER_MAX]);

/* `count` rounded up to a multiple of `unit`. */
static inline uint64_t number_pad(uint64_t count, uint64_t unit)
{
    return (count + unit - 1) / unit * unit;
}

#endif
