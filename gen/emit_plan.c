/* plan.txt: all arenas in bytes, the lower bound, the plan as a picture. */
#include <inttypes.h>
#include <stdlib.h>

#include "gen/emit.h"
#include "gen/number.h"

static void arena(const char *name, uint64_t bytes, const char *kind, struct out *out)
{
    char exact[NUMBER_MAX], rounded[NUMBER_MAX];
    number_grouped(bytes, exact);
    number_binary_bytes(bytes, rounded);
    out_row(out, "  %s\v %s\v  %s\t   %s", name, exact, rounded, kind);
}

static void arenas(const struct design *d, struct out *out)
{
    const struct cfg *c = &d->steps.cfg;
    char note[128];
    out_row(out, "  arena\v bytes\v\t");
    snprintf(note, sizeof note, "%s linear, %s embedding, read-only", dtype_name(c->linear_type),
             dtype_name(c->embedding_type));
    arena("weights", d->layout.weights_bytes, note, out);
    arena("state", d->state_bytes, "f32, what one token leaves for the next, any length", out);
    arena("scratch", d->scratch_bytes, "decode and prefill, overlaid", out);
    snprintf(note, sizeof note, "%u tokens, %u hidden rows, %u rows of logits", c->prefill_chunk,
             c->prefill_chunk, c->logit_rows);
    arena("io", d->io_bytes, note, out);
    arena("total", d->layout.weights_bytes + d->state_bytes + d->scratch_bytes + d->io_bytes, "",
          out);
}

static void picture(const struct design *d, enum step_kind step, struct out *out)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL)
        abort();
    plan_print(&d->plan[step], &d->steps.graph[step], d->steps.cfg.name, memory);
    if (fclose(memory) != 0)
        abort();
    out_line(out, "\n%.*s", (int)size - 1, text);
    free(text);
}

void emit_plan_txt(const struct design *d, struct out *out)
{
    char parameters[NUMBER_MAX];
    number_grouped(d->layout.parameters, parameters);
    out_line(out, "models/%s/plan.txt", d->steps.cfg.name);
    out_line(out, "made from config/%s.ini; edit that, `make models`.\n", d->steps.cfg.name);
    out_line(out, "%s: %s parameters\n", d->steps.cfg.name, parameters);
    arenas(d, out);
    picture(d, STEP_DECODE, out);
    picture(d, STEP_PREFILL, out);
}
