/* ops.c: the model as the runtime sees it, one descriptor with its tables. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit.h"
#include "gen/number.h"

static void keys(const struct design *d, struct out *out)
{
    out_line(out, "\nstatic const struct model_key keys[] = {");
    for (uint32_t i = 0; i < cfg_key_count; i++) {
        char value[CFG_VALUE_MAX + 1];
        cfg_value(&d->steps.cfg, &cfg_keys[i], value);
        out_row(out, "    {\"%s\",\t \"%s\",\t \"%s\"},", cfg_keys[i].section, cfg_keys[i].name,
                value);
    }
    out_line(out, "};");
}

/* One row of the weight table; the last cell of a macro's row is its backslash. */
static void weight_row(const struct layout_weight *w, const char *end, struct out *out)
{
    const bool in_layer = w->layer >= 0;
    out_row(out, "    WEIGHT(\"%s%s\",\t \"%s\",\v %u,\v %u,\t %s%s,\v %" PRIu64 "),%s",
            in_layer ? "layer \" #l \" " : "", w->member, dtype_name(w->type), w->rows, w->cols,
            in_layer ? "layer[l]." : "", w->member, w->bytes, end);
}

/* "LAYER(0) LAYER(1) ...", eight to a line. */
static void layer_uses(uint32_t layers, struct out *out)
{
    char line[OUT_COLUMNS + 1] = "";
    size_t used = 0;
    for (uint32_t l = 0; l < layers; l++) {
        used += (size_t)snprintf(line + used, sizeof line - used, "%s LAYER(%u)",
                                 used == 0 ? "   " : "", l);
        if (l % 7 != 6 && l + 1 != layers)
            continue;
        out_line(out, "%s", line);
        used = 0;
    }
}

/* The weights of one layer as a macro, then the table that uses it. */
static void weight_table(const struct design *d, struct out *out)
{
    const struct layout *layout = &d->layout;
    uint32_t last = 0;
    for (uint32_t i = 0; i < layout->count; i++)
        if (layout->weight[i].layer == 0)
            last = i;
    out_blank(out);
    out_comment(out, "The weights arena; shapes before padding, bytes up to the next tensor.");
    out_line(out, "#define WEIGHT(NAME, TYPE, ROWS, COLS, MEMBER, BYTES) \\");
    out_line(out, "    {.name = NAME, .type = TYPE, .rows = ROWS, .cols = COLS, \\");
    out_line(out, "     .at = offsetof(struct weights, MEMBER), .bytes = BYTES}\n");
    out_row(out, "#define LAYER(l)\t\v\v\t\v\t \\");
    for (uint32_t i = 0; i <= last; i++)
        if (layout->weight[i].layer == 0)
            weight_row(&layout->weight[i], i < last ? "\t \\" : "", out);
    out_line(out, "\nstatic const struct model_weight weights[] = {");
    for (uint32_t i = 0; i < layout->count; i++)
        if (layout->weight[i].layer < 0)
            weight_row(&layout->weight[i], "", out);
        else if (i == last)
            layer_uses(d->steps.cfg.num_hidden_layers, out);
    out_line(out, "};");
}

static void ops_table(const struct design *d, struct out *out)
{
    out_blank(out);
    out_comment(out, "Times per step; then of one execution: bytes of weights read, bytes of "
                     "activations and state moved, floating point operations.");
    out_line(out, "#define OP(STEP, NAME, KERNEL, TIMES, WEIGHTS, MOVED, FLOPS) \\");
    out_line(out, "    {.step = STEP, .name = NAME, .kernel = KERNEL, .times = TIMES, \\");
    out_line(out, "     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}\n");
    out_line(out, "static const struct model_op ops[OPS] = {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        const struct graph *graph = &d->steps.graph[step];
        for (uint32_t i = 0; i < graph->node_count; i++) {
            const struct node *node = &graph->node[i];
            out_row(out, "    [%s_%s] = OP(\"%s\", \"%s\", \"%s\",", step_prefix(step), node->name,
                    step_name(step), node->name,
                    d->instances->instance[d->instances->of[step][i]].symbol);
            out_row(out, "        %s,\v %" PRIu64 ",\v %" PRIu64 ",\v %" PRIu64 "),",
                    node->place == PLACE_LAYER ? "LAYERS" : "1", node->weight_bytes,
                    node->moved_bytes, node->flops);
        }
    }
    out_line(out, "};");
}

static void buffers(const struct design *d, struct out *out)
{
    out_blank(out);
    out_comment(out, "The scratch plan.");
    out_line(out, "#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \\");
    out_line(out, "    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \\");
    out_line(out, "     .first_op = FIRST, .last_op = LAST}\n");
    out_line(out, "static const struct model_buffer buffers[] = {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        const struct graph *graph = &d->steps.graph[step];
        for (uint32_t i = 0; i < d->plan[step].count; i++) {
            const struct plan_buffer *b = &d->plan[step].buffer[i];
            out_row(out,
                    "    BUFFER(\"%s\",\t \"%s\",\v %" PRIu64 ",\v %" PRIu64 ",\t %s_%s,\t %s_%s),",
                    step_name(step), b->name, b->at, b->room, step_prefix(step),
                    graph->node[b->first_op].name, step_prefix(step), graph->node[b->last_op].name);
        }
    }
    out_line(out, "};");
}

static void descriptor(const struct design *d, struct out *out)
{
    const struct cfg *c = &d->steps.cfg;
    out_line(out, "\nconst struct model model = {");
    out_line(out, "    .name = \"%s\",", c->name);
    out_line(out, "    .model_type = \"%s\",", c->model_type);
    out_line(out, "    .config_digest = {0x%016" PRIx64 "u, 0x%016" PRIx64 "u},",
             d->layout.config_digest[0], d->layout.config_digest[1]);
    out_line(out, "    .keys = keys,\n    .key_count = sizeof keys / sizeof keys[0],\n");
    out_line(out, "    .vocab = VOCAB,\n    .vocab_pad = %" PRIu64 ",",
             number_pad(c->vocab_size, GRAPH_PAD));
    out_line(out, "    .dim = DIM,\n    .layers = LAYERS,\n    .chunk = CHUNK,");
    out_line(out, "    .logit_rows = LOGIT_ROWS,");
    out_line(out, "    .bos = %u,\n    .eos = %u,\n    .pad = %u,", c->bos_token_id,
             c->eos_token_id, c->pad_token_id);
    out_line(out, "    .context = 0, /* a state of fixed size: unbounded */");
    out_line(out, "    .parameters = %" PRIu64 "u,\n", d->layout.parameters);
    out_line(out, "    .weights_bytes = sizeof(struct weights),");
    out_line(out, "    .state_bytes = sizeof(struct state),");
    out_line(out, "    .scratch_bytes = sizeof(union scratch),");
    out_line(out, "    .io_bytes = sizeof(struct io),");
    out_line(out, "    .scratch_bound = %" PRIu64 "u,", d->scratch_bound);
    out_line(out, "    .io_tokens_at = offsetof(struct io, tokens),");
    out_line(out, "    .io_hidden_at = offsetof(struct io, hidden),");
    out_line(out, "    .io_logits_at = offsetof(struct io, logits),\n");
    out_line(out, "    .weights = weights,");
    out_line(out, "    .weight_count = sizeof weights / sizeof weights[0],");
    out_line(out, "    .ops = ops,\n    .op_count = OPS,\n    .buffers = buffers,");
    out_line(out, "    .buffer_count = sizeof buffers / sizeof buffers[0],\n");
    out_line(out, "    .decode = decode,\n    .prefill = prefill,\n    .head = head,\n};");
}

void emit_ops_c(const struct design *d, struct out *out)
{
    emit_opening(out, &d->steps.cfg, "ops.c",
                 "The model as the runtime sees it: what it is, what it holds, what each operation "
                 "costs.");
    out_line(out, "#include <stddef.h>\n\n#include \"runtime/model.h\"\n#include \"proof.h\"");
    keys(d, out);
    weight_table(d, out);
    ops_table(d, out);
    buffers(d, out);
    descriptor(d, out);
}
