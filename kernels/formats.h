/* Number formats, one row of formats.def each, and the bytes that a matrix of one takes: for the
 * generator, the packer, the kernels and the runtime alike. C11 and C++20. */
#ifndef KERNELS_FORMATS_H
#define KERNELS_FORMATS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum format {
#define FORMAT(NAME, WORD, BITS, BLOCK, SCALE_BITS, ZERO_BITS, MEANING) FORMAT_##NAME,
#include "kernels/formats.def"
#undef FORMAT
};

/* A block as long as the row, whatever its length. */
#define FORMAT_ROW UINT32_MAX

#if defined __CUDACC__
#define FORMAT_FUNCTION static __host__ __device__ constexpr
#elif defined __cplusplus
#define FORMAT_FUNCTION static constexpr
#else
#define FORMAT_FUNCTION static inline
#endif

/* The sizes of a row of formats.def. */
struct format_layout {
    uint32_t bits, block, scale_bits, zero_bits;
};

FORMAT_FUNCTION struct format_layout format_layout_of(enum format format)
{
    switch (format) {
#define FORMAT(NAME, WORD, BITS, BLOCK, SCALE_BITS, ZERO_BITS, MEANING)                            \
    case FORMAT_##NAME: {                                                                          \
        const struct format_layout layout = {BITS, BLOCK, SCALE_BITS, ZERO_BITS};                  \
        return layout;                                                                             \
    }
#include "kernels/formats.def"
#undef FORMAT
    }
    const struct format_layout none = {0, 0, 0, 0};
    return none;
}

/* Bits of the code of an element. */
FORMAT_FUNCTION uint32_t format_bits(enum format format)
{
    switch (format) {
#define FORMAT(NAME, WORD, BITS, BLOCK, SCALE_BITS, ZERO_BITS, MEANING)                            \
    case FORMAT_##NAME:                                                                            \
        return BITS;
#include "kernels/formats.def"
#undef FORMAT
    }
    return 0;
}

/* Bytes of `rows` rows of `cols` elements, both as stored, pads among them. A row has whole bytes;
 * its last block may be short. No overflow below 2^58 elements. */
FORMAT_FUNCTION uint64_t format_layout_bytes(struct format_layout layout, uint64_t rows,
                                             uint64_t cols)
{
    const uint64_t block = layout.block > 0 ? layout.block : 1;
    const uint64_t blocks = layout.block > 0 ? (cols + block - 1) / block : 0;
    return rows * ((cols * layout.bits + blocks * (layout.scale_bits + layout.zero_bits)) / 8);
}

FORMAT_FUNCTION uint64_t format_bytes(enum format format, uint64_t rows, uint64_t cols)
{
    return format_layout_bytes(format_layout_of(format), rows, cols);
}

/* "bf16": the word of configs and messages. */
FORMAT_FUNCTION const char *format_name(enum format format)
{
    switch (format) {
#define FORMAT(NAME, WORD, BITS, BLOCK, SCALE_BITS, ZERO_BITS, MEANING)                            \
    case FORMAT_##NAME:                                                                            \
        return #WORD;
#include "kernels/formats.def"
#undef FORMAT
    }
    return "?";
}

/* The format of that name; false: there is none. */
static inline bool format_find(const char *name, enum format *format)
{
#define FORMAT(NAME, WORD, BITS, BLOCK, SCALE_BITS, ZERO_BITS, MEANING)                            \
    if (strcmp(name, #WORD) == 0) {                                                                \
        *format = FORMAT_##NAME;                                                                   \
        return true;                                                                               \
    }
#include "kernels/formats.def"
#undef FORMAT
    return false;
}

/* "BF16": the enumerator without what all begin with. */
FORMAT_FUNCTION const char *format_enumerator(enum format format)
{
    switch (format) {
#define FORMAT(NAME, WORD, BITS, BLOCK, SCALE_BITS, ZERO_BITS, MEANING)                            \
    case FORMAT_##NAME:                                                                            \
        return #NAME;
#include "kernels/formats.def"
#undef FORMAT
    }
    return "?";
}

#endif
