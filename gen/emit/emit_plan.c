/* plan.txt: all arenas in bytes, the lower bound, the plan as a picture. */
#include <inttypes.h>
#include <stdlib.h>

#include "gen/emit/emit.h"
#include "gen/families/attention.h"
#include "gen/front/number.h"
#include "runtime/base/number_text.h"

static void arena(const char *name, uint64_t bytes, const char *kind, struct writer *writer)
{
    char rounded[NUMBER_MAX];
    number_binary_bytes(bytes, rounded);
    writer_row(writer, "  %s\v %s\v  %s\t   %s", name, number_text_grouped(bytes).text, rounded,
               kind);
}

/* "bf16, read-only", or "f32 router, bf16 experts, .." */
static void types(const struct cfg *cfg, char *text, size_t room)
{
    static const char *const names[CLASS_COUNT] = {"embedding", "head", "projections", "experts",
                                                   "router"};
    enum format type;
    size_t used = 0;
    if (cfg_one_type(cfg, &type)) {
        snprintf(text, room, "%s, read-only", format_name(type));
        return;
    }
    for (enum weight_class c = CLASS_EMBEDDING; c < CLASS_COUNT; c++) {
        char value[CFG_VALUE_MAX + 1];
        if (!cfg_has(cfg, cfg_class_key(c)))
            continue;
        cfg_value(cfg, cfg_class_key(c), value);
        used += (size_t)snprintf(text + used, room - used, "%s %s, ", value, names[c]);
    }
    snprintf(text + used, room - used, "read-only");
}

static void arenas(const struct program *program, struct writer *writer)
{
    const struct cfg *c = &program->steps.cfg;
    char note[128], heads[64] = "",
                    state[192] = "f32, what one token leaves for the next, any length";
    writer_row(writer, "  arena\v bytes\v\t");
    types(c, note, sizeof note);
    arena("weights", program->layout.weights_bytes, note, writer);
    if (program->cache_bytes > 0 && attention_width(c) > c->head_dim)
        snprintf(heads, sizeof heads, ", heads of %u padded to %" PRIu64, c->head_dim,
                 attention_width(c));
    const char *constant = program->cache_bytes < program->state_bytes ? "f32 and " : "";
    if (program->cache_bytes > 0 && cfg_window(c) > 0)
        snprintf(state, sizeof state, "%s%s, keys and values of a window of %u, any length%s",
                 constant, format_name(c->kv_type), cfg_window(c), heads);
    else if (program->cache_bytes > 0)
        snprintf(state, sizeof state, "%s%s, keys and values of %u positions%s", constant,
                 format_name(c->kv_type), cfg_context(c), heads);
    arena("state", program->state_bytes, state, writer);
    arena("scratch", program->scratch_bytes, "decode and prefill, overlaid", writer);
    snprintf(note, sizeof note, "%u tokens, %u hidden rows, %u rows of logits", c->prefill_chunk,
             c->prefill_chunk, c->logit_rows);
    arena("io", program->io_bytes, note, writer);
    const uint64_t varying = program->state_bytes + program->scratch_bytes + program->io_bytes;
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
