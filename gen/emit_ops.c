/* ops.c: the model as the runtime sees it, one descriptor with its tables. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit.h"
#include "gen/number.h"

static void keys(const struct design *d, struct page *page)
{
    page_line(page, "\nstatic const struct model_key keys[] = {");
    for (uint32_t i = 0; i < cfg_key_count; i++) {
        char value[CFG_VALUE_MAX + 1];
        if (!cfg_has(&d->steps.cfg, &cfg_keys[i]))
            continue;
        cfg_value(&d->steps.cfg, &cfg_keys[i], value);
        page_row(page, "    {\"%s\",\t \"%s\",\t \"%s\"},", cfg_keys[i].section, cfg_keys[i].name,
                 value);
    }
    page_line(page, "};");
}

/* One row of the weight table; the last cell of a macro's row is its backslash. */
static void weight_row(const struct layout_weight *w, const char *end, struct page *page)
{
    const bool in_layer = w->layer >= 0;
    page_row(page, "    WEIGHT(\"%s%s\",\t \"%s\",\v %u,\v %u,\t %s%s,\v %" PRIu64 "),%s",
             in_layer ? "layer \" #l \" " : "", w->member, dtype_name(w->type), w->rows, w->cols,
             in_layer ? "layer[l]." : "", w->member, w->bytes, end);
}

/* "LAYER(0) LAYER(1) ...", eight to a line. */
static void layer_uses(uint32_t layers, struct page *page)
{
    char line[PAGE_COLUMNS + 1] = "";
    size_t used = 0;
    for (uint32_t l = 0; l < layers; l++) {
        used += (size_t)snprintf(line + used, sizeof line - used, "%s LAYER(%u)",
                                 used == 0 ? "   " : "", l);
        if (l % 7 != 6 && l + 1 != layers)
            continue;
        page_line(page, "%s", line);
        used = 0;
    }
}

/* The weights of one layer as a macro, then the table that uses it. */
static void weight_table(const struct design *d, struct page *page)
{
    const struct layout *layout = &d->layout;
    uint32_t last = 0;
    for (uint32_t i = 0; i < layout->count; i++)
        if (layout->weight[i].layer == 0)
            last = i;
    page_blank(page);
    page_comment(page, "The weights arena; shapes before padding, bytes up to the next tensor.");
    page_line(page, "#define WEIGHT(NAME, TYPE, ROWS, COLS, MEMBER, BYTES) \\");
    page_line(page, "    {.name = NAME, .type = TYPE, .rows = ROWS, .cols = COLS, \\");
    page_line(page, "     .at = offsetof(struct weights, MEMBER), .bytes = BYTES}\n");
    page_row(page, "#define LAYER(l)\t\v\v\t\v\t \\");
    for (uint32_t i = 0; i <= last; i++)
        if (layout->weight[i].layer == 0)
            weight_row(&layout->weight[i], i < last ? "\t \\" : "", page);
    page_line(page, "\nstatic const struct model_weight weights[] = {");
    for (uint32_t i = 0; i < layout->count; i++)
        if (layout->weight[i].layer < 0)
            weight_row(&layout->weight[i], "", page);
        else if (i == last)
            layer_uses(d->steps.cfg.num_hidden_layers, page);
    page_line(page, "};");
}

static void ops_table(const struct design *d, struct page *page)
{
    page_blank(page);
    page_comment(page, "Times per step; then of one execution: bytes of weights read, bytes of "
                       "activations and state moved, floating point operations.");
    page_line(page, "#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \\");
    page_line(page, "    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \\");
    page_line(page, "     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}\n");
    page_line(page, "static const struct model_op ops[OPS] = {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        const struct graph *graph = &d->steps.graph[step];
        for (uint32_t i = 0; i < graph->node_count; i++) {
            const struct node *node = &graph->node[i];
            page_row(page, "    [%s_%s] = OP(\"%s\", \"%s\", \"%s\",", step_prefix(step),
                     node->name, step_name(step), node->name,
                     d->instances->instance[d->instances->of[step][i]].symbol);
            page_row(page, "        %s,\v %" PRIu64 ",\v %" PRIu64 ",\v %" PRIu64 "),",
                     node->place == PLACE_LAYER ? "LAYERS" : "1", node->weight_bytes,
                     node->moved_bytes, node->flops);
        }
    }
    page_line(page, "};");
}

static void buffers(const struct design *d, struct page *page)
{
    page_blank(page);
    page_comment(page, "The scratch plan.");
    page_line(page, "#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \\");
    page_line(page, "    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \\");
    page_line(page, "     .first_op = FIRST, .last_op = LAST}\n");
    page_line(page, "static const struct model_buffer buffers[] = {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        const struct graph *graph = &d->steps.graph[step];
        for (uint32_t i = 0; i < d->plan[step].count; i++) {
            const struct plan_buffer *b = &d->plan[step].buffer[i];
            page_row(
                page,
                "    BUFFER(\"%s\",\t \"%s\",\v %" PRIu64 ",\v %" PRIu64 ",\t %s_%s,\t %s_%s),",
                step_name(step), b->name, b->at, b->room, step_prefix(step),
                graph->node[b->first_op].name, step_prefix(step), graph->node[b->last_op].name);
        }
    }
    page_line(page, "};");
}

static void descriptor(const struct design *d, struct page *page)
{
    const struct cfg *c = &d->steps.cfg;
    page_line(page, "\nconst struct model model = {");
    page_line(page, "    .name = \"%s\",", c->name);
    page_line(page, "    .model_type = \"%s\",", c->model_type);
    page_line(page, "    .config_digest = {0x%016" PRIx64 "u, 0x%016" PRIx64 "u},",
              d->layout.config_digest[0], d->layout.config_digest[1]);
    page_line(page, "    .keys = keys,\n    .key_count = sizeof keys / sizeof keys[0],\n");
    page_line(page, "    .vocab = VOCAB,\n    .vocab_pad = %" PRIu64 ",",
              number_pad(c->vocab_size, GRAPH_PAD));
    page_line(page, "    .dim = DIM,\n    .layers = LAYERS,\n    .chunk = CHUNK,");
    page_line(page, "    .logit_rows = LOGIT_ROWS,");
    page_line(page, "    .bos = %u,\n    .eos = %u,\n    .pad = %u,", c->bos_token_id,
              c->eos_token_id, c->pad_token_id);
    if (cfg_context(c) > 0)
        page_line(page, "    .context = CONTEXT,");
    else
        page_line(page, "    .context = 0, /* a state of fixed size: unbounded */");
    page_line(page, "    .parameters = %" PRIu64 "u,\n", d->layout.parameters);
    page_line(page, "    .weights_bytes = sizeof(struct weights),");
    page_line(page, "    .state_bytes = sizeof(struct state),");
    if (d->cache_bytes > 0)
        page_line(page, "    .cache_bytes = %" PRIu64 "u,", d->cache_bytes);
    page_line(page, "    .scratch_bytes = sizeof(union scratch),");
    page_line(page, "    .io_bytes = sizeof(struct io),");
    page_line(page, "    .scratch_bound = %" PRIu64 "u,", d->scratch_bound);
    page_line(page, "    .work_bytes = %" PRIu64 "u,", d->work_bytes);
    page_line(page, "    .weights_memory = \"%s\",\n    .state_memory = \"%s\",", c->weights_memory,
              c->state_memory);
    page_line(page, "    .scratch_memory = \"%s\",\n    .io_memory = \"%s\",", c->scratch_memory,
              c->io_memory);
    page_line(page, "    .io_tokens_at = offsetof(struct io, tokens),");
    page_line(page, "    .io_hidden_at = offsetof(struct io, hidden),");
    page_line(page, "    .io_logits_at = offsetof(struct io, logits),\n");
    page_line(page, "    .weights = weights,");
    page_line(page, "    .weight_count = sizeof weights / sizeof weights[0],");
    page_line(page, "    .ops = ops,\n    .op_count = OPS,\n    .buffers = buffers,");
    page_line(page, "    .buffer_count = sizeof buffers / sizeof buffers[0],\n");
    page_line(page, "    .decode = decode,\n    .prefill = prefill,\n    .head = head,\n};");
}

void emit_ops_c(const struct design *d, struct page *page)
{
    emit_opening(page, &d->steps.cfg, "ops.c",
                 "The model as the runtime sees it: what it is, what it holds, what each operation "
                 "costs.");
    page_line(page, "#include <stddef.h>\n\n#include \"runtime/model.h\"\n#include \"proof.h\"");
    keys(d, page);
    weight_table(d, page);
    ops_table(d, page);
    buffers(d, page);
    descriptor(d, page);
}
