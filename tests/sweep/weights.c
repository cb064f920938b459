/* The weights of a random model: every tensor is something else than what it is initialised with,
 * so that a norm, a bias or a skip that is left out changes logits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/philox.h"
#include "tests/sweep/sweep.h"
#include "tools/pack/convert.h"

static bool ends_with(const char *text, const char *end)
{
    const size_t text_bytes = strlen(text), end_bytes = strlen(end);
    return text_bytes >= end_bytes && strcmp(text + text_bytes - end_bytes, end) == 0;
}

/* Rounded to what f32, bf16 and f16 all hold: 8 bits, none below f16's range. */
static f32 exact(double value)
{
    const f32 rounded = convert_from_bf16(convert_to_bf16((f32)value));
    return fabsf(rounded) < 0x1p-14f ? copysignf(0x1p-14f, rounded) : rounded;
}

/* Element i of a tensor, out of a uniform u in [-1, 1). */
static double element(const struct layout_weight *w, uint64_t i, double u)
{
    const char *name = w->source;
    if (w->packing == PACKING_DECAY || w->packing == PACKING_RATE)
        return log((double)(i % w->cols + 1)) + 0.2 * u;
    if (ends_with(name, "dt_proj.bias") || ends_with(name, "dt_bias"))
        return -2 + 2 * u;
    if (ends_with(name, ".D"))
        return 1 + 0.8 * u;
    if (w->packing == PACKING_TAPS)
        return 0.6 * u;
    if (ends_with(name, ".bias"))
        return 0.4 * u;
    if (w->packing == PACKING_VECTOR) /* a norm */
        return 1 + 0.4 * u;
    /* Wide enough for clear choices, narrow enough that the second expert still counts. */
    const double gain =
        ends_with(name, ".gate.weight") || ends_with(name, ".router.weight") ? 3 : 1.8;
    return gain * u / sqrt(w->cols);
}

static void write_header(const struct layout *layout, bool wide, const char *dtype, FILE *f)
{
    char *text = NULL;
    size_t bytes = 0;
    uint64_t at = 0;
    FILE *to = open_memstream(&text, &bytes);
    if (to == NULL)
        abort();
    for (uint32_t i = 0; i < layout->count; i++) {
        const struct layout_weight *w = &layout->weight[i];
        const uint64_t end = at + (uint64_t)w->rows * w->cols * (wide ? 4 : 2);
        fprintf(to, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i == 0 ? "{" : ",", w->source, dtype);
        for (uint32_t k = 0; k < w->rank; k++)
            fprintf(to, "%s%u", k == 0 ? "" : ",", w->shape[k]);
        fprintf(to, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
                (unsigned long long)end);
        at = end;
    }
    fputc('}', to);
    fclose(to);
    const uint64_t prefix = bytes;
    fwrite(&prefix, sizeof prefix, 1, f);
    fwrite(text, 1, bytes, f);
    free(text);
}

bool sweep_weights(uint64_t seed, uint64_t number, const struct layout *layout,
                   const char *directory)
{
    static const char *const dtypes[] = {"F32", "BF16", "F16"};
    const char *dtype = dtypes[(seed + number) % 3];
    const bool wide = strcmp(dtype, "F32") == 0;
    char path[4096];
    snprintf(path, sizeof path, "%s/model.safetensors", directory);
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return false;
    write_header(layout, wide, dtype, f);
    for (uint32_t t = 0; t < layout->count; t++) {
        const struct layout_weight *w = &layout->weight[t];
        /* Its own draws: shapes that change leave the other tensors what they are. */
        struct draws d = {.seed = draws_of(seed, number).seed, .at = (uint64_t)(t + 1) << 32};
        for (uint64_t i = 0; i < (uint64_t)w->rows * w->cols; i++) {
            const f32 value = exact(element(w, i, 2 * draw(&d) - 1));
            const uint16_t half =
                strcmp(dtype, "F16") == 0 ? convert_to_f16(value) : convert_to_bf16(value);
            fwrite(wide ? (const void *)&value : &half, wide ? 4 : 2, 1, f);
        }
    }
    const bool good = ferror(f) == 0;
    return fclose(f) == 0 && good;
}
