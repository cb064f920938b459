/* plan.txt: all arenas in bytes, the lower bound, the plan as a picture. */
#include <inttypes.h>
#include <stdlib.h>

#include "gen/families/attention.h"
#include "gen/emit/emit.h"
#include "gen/front/number.h"
#include "runtime/base/number_text.h"

static void arena(const char *name, uint64_t bytes, const char *kind, struct page *page)
{
    char rounded[NUMBER_MAX];
    number_binary_bytes(bytes, rounded);
    page_row(page, "  %s\v %s\v  %s\t   %s", name, number_text_grouped(bytes).text, rounded, kind);
}

static void arenas(const struct design *d, struct page *page)
{
    const struct cfg *c = &d->steps.cfg;
    char note[128], heads[64] = "",
                    state[192] = "f32, what one token leaves for the next, any length";
    page_row(page, "  arena\v bytes\v\t");
    snprintf(note, sizeof note, "%s linear, %s embedding, read-only", dtype_name(c->linear_type),
             dtype_name(c->embedding_type));
    arena("weights", d->layout.weights_bytes, note, page);
    if (d->cache_bytes > 0 && attention_width(c) > c->head_dim)
        snprintf(heads, sizeof heads, ", heads of %u padded to %" PRIu64, c->head_dim,
                 attention_width(c));
    const char *constant = d->cache_bytes < d->state_bytes ? "f32 and " : "";
    if (d->cache_bytes > 0 && cfg_window(c) > 0)
        snprintf(state, sizeof state, "%s%s, keys and values of a window of %u, any length%s",
                 constant, dtype_name(c->kv_type), cfg_window(c), heads);
    else if (d->cache_bytes > 0)
        snprintf(state, sizeof state, "%s%s, keys and values of %u positions%s", constant,
                 dtype_name(c->kv_type), cfg_context(c), heads);
    arena("state", d->state_bytes, state, page);
    arena("scratch", d->scratch_bytes, "decode and prefill, overlaid", page);
    snprintf(note, sizeof note, "%u tokens, %u hidden rows, %u rows of logits", c->prefill_chunk,
             c->prefill_chunk, c->logit_rows);
    arena("io", d->io_bytes, note, page);
    arena("total", d->layout.weights_bytes + d->state_bytes + d->scratch_bytes + d->io_bytes, "",
          page);
}

static void picture(const struct design *d, enum step_kind step, uint32_t kind, struct page *page)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL)
        report_no_memory();
    plan_print(&d->plan[step][kind], &d->steps.graph[step][kind], d->steps.cfg.name, memory);
    if (fclose(memory) != 0)
        report_no_memory();
    page_line(page, "\n%.*s", (int)size - 1, text);
    free(text);
}

void emit_plan_txt(const struct design *d, struct page *page)
{
    page_line(page, "models/%s/plan.txt", d->steps.cfg.name);
    page_line(page, "made from config/%s.ini; edit that, `make models`.\n", d->steps.cfg.name);
    page_line(page, "%s: %s parameters\n", d->steps.cfg.name,
              number_text_grouped(d->layout.parameters).text);
    arenas(d, page);
    for (enum step_kind step = STEP_DECODE; step <= STEP_PREFILL; step++)
        for (uint32_t k = 0; k < d->steps.kind_count; k++)
            picture(d, step, k, page);
}
