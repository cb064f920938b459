/* What a measurement was made on: the machine, the build, the binary, the GPU.
 *
 * What cannot be read is said to be absent, with the reason; nothing is guessed. */
#ifndef RUNTIME_MEASURE_FINGERPRINT_H
#define RUNTIME_MEASURE_FINGERPRINT_H

#include <stdint.h>

#include "runtime/base/json.h"
#include "runtime/engine/backend.h"

/* The version of ingot. */
extern const char fingerprint_version[];

enum { FINGERPRINT_FACTS = 24 };

/* One thing to know about the machine: a number, a text, or why it is not known. */
struct fact {
    const char *name; /* its key in the record */
    enum { FACT_NUMBER, FACT_TEXT, FACT_ABSENT } kind;
    double number;
    char text[160]; /* the text, or the reason */
};

struct fingerprint {
    struct fact facts[FINGERPRINT_FACTS];
    u32 count;
    uint64_t binary_digest; /* XXH3 of the binary's file; 0: it could not be read */
};

/* Reads it. `processors` are those that the process could use when it started, before it gave them
 * to its threads. `root` is a folder in front of every path, as in runtime/base/machine.h. Before
 * arena_seal(): costs some 20 small reads, one of the binary, and on a GPU backend_gpu(). */
void fingerprint_read(struct fingerprint *fingerprint, u32 processors, const char *root);

/* The members "machine" and "build" of the record. */
void fingerprint_write(struct json *json, const struct fingerprint *fingerprint);

/* The member "gpu_after": why the clocks of a GPU are held down, and how warm it is, behind the
 * measurement. */
void fingerprint_write_after(struct json *json, const struct gpu_reading *gpu);

#endif
