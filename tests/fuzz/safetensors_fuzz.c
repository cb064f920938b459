/* libFuzzer entry: any bytes as a safetensors file. What the parser accepts must be what its header
 * promises: known dtypes, and ranges that tile the data exactly. */
#include <stdlib.h>

#include "tools/pack/safetensors.h"

static void check_tiling(const struct safetensors *s, uint64_t data_at, uint64_t file_bytes)
{
    uint64_t at = data_at;
    for (size_t i = 0; i < s->count; i++) {
        const struct safetensors_tensor *t = &s->tensors[i];
        char text[256];
        if (t->at != at || t->bytes > file_bytes - at || t->dim_count > SAFETENSORS_DIMS ||
            !safetensors_printable(t->name, SAFETENSORS_NAME))
            abort();
        safetensors_describe(t, text, sizeof text);
        at += t->bytes;
    }
    if (at != file_bytes)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *file, size_t file_bytes)
{
    static FILE *to;
    if (to == NULL)
        to = fopen("/dev/null", "w");
    if (to == NULL)
        abort();
    uint8_t prefix[SAFETENSORS_PREFIX] = {0};
    for (size_t i = 0; i < sizeof prefix && i < file_bytes; i++)
        prefix[i] = file[i];
    struct diagnostics diagnostics = {.to = to, .file = "fuzz"};
    const uint64_t header_bytes = safetensors_header_bytes(prefix, file_bytes, &diagnostics);
    struct safetensors s;
    if (header_bytes == 0)
        return 0;
    const char *header = (const char *)file + SAFETENSORS_PREFIX;
    if (!safetensors_parse(&s, header, header_bytes, file_bytes, &diagnostics))
        return 0;
    check_tiling(&s, SAFETENSORS_PREFIX + header_bytes, file_bytes);
    safetensors_free(&s);
    return 0;
}
