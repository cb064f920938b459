/* Numbers as text for people. */
#ifndef RUNTIME_BASE_NUMBER_TEXT_H
#define RUNTIME_BASE_NUMBER_TEXT_H

#include <stdint.h>

struct number_text {
    char text[32];
};

/* "817 bytes", "45.1 kB", "258.3 MB", "5.53 GB": decimal units, as GB/s are. */
struct number_text number_text_bytes(uint64_t bytes);

/* "2,771,968" */
struct number_text number_text_grouped(uint64_t number);

/* `per` / seconds with three digits ("1830", "54.1"); "-" if no time passed. */
struct number_text number_text_rate(double per, double seconds);

/* The shortest text (of 15 to 17 digits, without their last zeros) that strtod() reads as the same
 * finite value. */
struct number_text number_text_real(double value);

#endif
