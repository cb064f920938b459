#include "tools/pack/repack.h"

#include <math.h>

#include "tools/pack/convert.h"

/* Panels are transposed in tiles of this many rows and 32-bit columns: a tile of source is whole
 * cache lines, and both its sides fit the first-level cache whatever the row length. */
enum { TILE = 16 };

/* Elements of a row as stored: whole lines. */
static u32 columns_stored(u32 cols)
{
    return (cols + LINE_F32 - 1) / LINE_F32 * LINE_F32;
}

static void panel_f32(f32 *panel, const f32 *values, u32 rows, u32 cols)
{
    for (u32 row = 0; row < rows; row += TILE)
        for (u32 col = 0; col < cols; col += TILE) {
            const u32 width = cols - col < TILE ? cols - col : TILE;
            f32 tile[TILE][TILE];
            for (u32 r = 0; r < TILE; r++)
                for (u32 c = 0; c < width; c++)
                    tile[c][r] = values[(uint64_t)(row + r) * cols + col + c];
            for (u32 c = 0; c < width; c++)
                memcpy(panel + (uint64_t)(col + c) * rows + row, tile[c], sizeof tile[c]);
        }
}

static void panel_f16(uint16_t *panel, const f32 *values, u32 rows, u32 cols)
{
    for (u32 row = 0; row < rows; row += TILE)
        for (u32 col = 0; col < cols; col += TILE) {
            const u32 width = cols - col < TILE ? cols - col : TILE;
            uint16_t tile[TILE][TILE];
            for (u32 r = 0; r < TILE; r++)
                for (u32 c = 0; c < width; c++)
                    tile[c][r] = convert_to_f16(values[(uint64_t)(row + r) * cols + col + c]);
            for (u32 c = 0; c < width; c++)
                memcpy(panel + (uint64_t)(col + c) * rows + row, tile[c], sizeof tile[c]);
        }
}

static void panel_bf16(uint32_t *panel, const f32 *values, u32 rows, u32 cols)
{
    const u32 pairs = cols / 2;
    for (u32 row = 0; row < rows; row += TILE)
        for (u32 pair = 0; pair < pairs; pair += TILE) {
            const u32 width = pairs - pair < TILE ? pairs - pair : TILE;
            uint32_t tile[TILE][TILE];
            for (u32 r = 0; r < TILE; r++) {
                const f32 *source = values + (uint64_t)(row + r) * cols + 2 * (uint64_t)pair;
                for (size_t p = 0; p < width; p++) {
                    const uint32_t high = convert_to_bf16(source[2 * p + 1]);
                    tile[p][r] = convert_to_bf16(source[2 * p]) | high << 16;
                }
            }
            for (u32 p = 0; p < width; p++)
                memcpy(panel + (uint64_t)(pair + p) * rows + row, tile[p], sizeof tile[p]);
        }
    if (cols % 2 != 0)
        for (u32 row = 0; row < rows; row++)
            panel[(uint64_t)pairs * rows + row] =
                convert_to_bf16(values[(uint64_t)row * cols + cols - 1]);
}

void repack_panel(void *panel, enum format type, const f32 *values, u32 rows, u32 cols)
{
    if (cols % LINE_F32 != 0)
        memset(panel, 0, format_bytes(type, rows, columns_stored(cols)));
    if (type == FORMAT_BF16)
        panel_bf16(panel, values, rows, cols);
    else if (type == FORMAT_F16)
        panel_f16(panel, values, rows, cols);
    else
        panel_f32(panel, values, rows, cols);
}

void repack_rows(void *packed, enum format type, const f32 *values, u32 rows, u32 cols)
{
    const uint64_t stored = columns_stored(cols);
    memset(packed, 0, format_bytes(type, rows, columns_stored(cols)));
    for (uint64_t row = 0; row < rows; row++) {
        const f32 *source = values + row * cols;
        uint16_t *halves = (uint16_t *)packed + row * stored;
        if (type == FORMAT_F32)
            memcpy((f32 *)packed + row * stored, source, cols * sizeof *source);
        else if (type == FORMAT_F16)
            for (u32 c = 0; c < cols; c++)
                halves[c] = convert_to_f16(source[c]);
        else
            for (u32 c = 0; c < cols; c++)
                halves[c] = (uint16_t)convert_to_bf16(source[c]);
    }
}

void repack_columns(f32 *columns, u32 padded, u32 first_row, const f32 *values, u32 rows, u32 cols,
                    u32 first_col, u32 count)
{
    for (u32 c = 0; c < count; c++) {
        f32 *column = columns + (uint64_t)c * padded + first_row;
        const f32 *source = values + first_col + c;
        for (u32 r = 0; r < rows; r++)
            column[r] = source[(uint64_t)r * cols];
    }
}

void repack_decay(f32 *values, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        values[i] = (f32)-exp((double)values[i]);
}

uint64_t repack_find_unfit(enum format type, const f32 *values, uint64_t count)
{
    const uint32_t limit = type == FORMAT_F16    ? CONVERT_F16_LIMIT
                           : type == FORMAT_BF16 ? CONVERT_BF16_LIMIT
                                                 : CONVERT_F32_LIMIT;
    uint64_t i = 0;
    while (i < count && (convert_bits(values[i]) & 0x7fffffff) < limit)
        i++;
    return i;
}
