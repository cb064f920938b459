/* libFuzzer entry: any bytes as a record of a measurement. What the reader accepts must be what its
 * header promises. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/measure/record_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *file, size_t file_bytes)
{
    struct record_read record;
    char error[RECORD_READ_ERROR];
    if (!record_read_text(&record, "fuzz", (const char *)file, file_bytes, error)) {
        if (error[0] == '\0' || memchr(error, '\0', sizeof error) == NULL || record.root != NULL)
            abort();
        return 0;
    }
    if (!json_is_object(record.root) || record.verb == NULL || record.model == NULL)
        abort();
    for (size_t i = 0; i < record.figure_count; i++) {
        const struct read_figure *figure = &record.figures[i];
        if (record_read_find(&record, figure->name) != figure)
            abort();
        for (size_t s = 0; s < figure->count; s++)
            if (!isfinite(figure->samples[s]))
                abort();
    }
    for (size_t i = 0; i < record.canary_count; i++)
        if (!(record.canaries[i].seconds > 0))
            abort();
    record_read_free(&record);
    return 0;
}
