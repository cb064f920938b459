/* plan.txt: all arenas in bytes, the lower bound, the plan as a picture. */
#include <inttypes.h>
#include <stdlib.h>

#include "gen/emit/emit.h"
#include "gen/families/attention.h"
#include "gen/front/number.h"
#include "runtime/base/number_text.h"

static void arena(const char *name, uint64_t bytes, const char *kind, struct writer *writer)
{
    writer_row(writer, "  %s\v %s\v  %s\t   %s", name, number_text_grouped(bytes).text,
               number_binary_bytes(bytes).text, kind);
}

/* "bf16, read-only", or "f32 router, bf16 experts, .." */
static struct phrase types(const struct cfg *cfg)
{
    static const char *const names[CLASS_COUNT] = {"embedding", "head", "projections", "experts",
                                                   "router"};
    enum format type;
    struct phrase text = {""};
    if (cfg_one_type(cfg, &type))
        return phrase("%s, read-only", format_name(type));
    for (enum weight_class c = CLASS_EMBEDDING; c < CLASS_COUNT; c++)
        if (cfg_has(cfg, cfg_class_key(c)))
            phrase_add(&text, "%s %s, ", format_name(cfg_class_type(cfg, c)), names[c]);
    phrase_add(&text, "read-only");
    return text;
}

/* "f32 and bf16, keys and values of 4096 positions" */
static struct phrase state(const struct program *program)
{
    const struct cfg *c = &program->steps.cfg;
    if (program->cache_bytes == 0)
        return phrase("f32, what one token leaves for the next, any length");
    struct phrase text = phrase("%s%s, keys and values of ",
                                program->cache_bytes < program->state_bytes ? "f32 and " : "",
                                format_name(c->kv_type));
    if (cfg_window(c) > 0)
        phrase_add(&text, "a window of %u, any length", cfg_window(c));
    else
        phrase_add(&text, "%u positions", cfg_context(c));
    if (attention_width(c) > c->head_dim)
        phrase_add(&text, ", heads of %u padded to %" PRIu64, c->head_dim, attention_width(c));
    return text;
}

static void arenas(const struct program *program, struct writer *writer)
{
    const struct cfg *c = &program->steps.cfg;
    const uint64_t varying = program->state_bytes + program->scratch_bytes + program->io_bytes;
    const struct phrase rows = phrase("%u tokens, %u hidden rows, %u rows of logits",
                                      c->prefill_chunk, c->prefill_chunk, c->logit_rows);
    writer_row(writer, "  arena\v bytes\v\t");
    arena("weights", program->layout.weights_bytes, types(c).text, writer);
    arena("state", program->state_bytes, state(program).text, writer);
    arena("scratch", program->scratch_bytes, "decode and prefill, overlaid", writer);
    arena("io", program->io_bytes, rows.text, writer);
    arena("total", program->layout.weights_bytes + varying, "", writer);
}

static void picture(const struct program *program, enum step_kind step, uint32_t kind,
                    struct writer *writer)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL)
        diagnostics_no_memory();
    plan_print(&program->plan[step][kind], &program->steps.graph[step][kind],
               program->steps.cfg.name, memory);
    if (fclose(memory) != 0)
        diagnostics_no_memory();
    writer_line(writer, "\n%.*s", (int)size - 1, text);
    free(text);
}

void emit_plan_txt(const struct program *program, struct writer *writer)
{
    writer_line(writer, "models/%s/plan.txt", program->steps.cfg.name);
    writer_line(writer, "made from config/%s.ini; edit that, `make models`.\n",
                program->steps.cfg.name);
    writer_line(writer, "%s: %s parameters\n", program->steps.cfg.name,
                number_text_grouped(program->layout.parameters).text);
    arenas(program, writer);
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        for (uint32_t k = 0; k < steps_layer_kinds(&program->steps, step); k++)
            picture(program, step, k, writer);
}
