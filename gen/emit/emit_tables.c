/* tables.c: the model as the runtime sees it, one descriptor with its tables. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"
#include "runtime/base/model.h"

static void keys(const struct program *program, struct writer *writer)
{
    writer_line(writer, "\nstatic const struct model_key keys[] = {");
    for (uint32_t i = 0; i < KEYS; i++) {
        const struct key *key = &cfg_keys[i];
        if (cfg_has(&program->steps.cfg, key) && strcmp(key->section, "hub") != 0)
            writer_row(writer, "    {\"%s\",\t \"%s\",\t \"%s\"},", key->section, key->name,
                       cfg_value(&program->steps.cfg, key).text);
    }
    writer_line(writer, "};");
}

/* The layers in their order, four to a line, of a model with several kinds. */
static void layer_table(const struct program *program, struct writer *writer)
{
    const struct steps *steps = &program->steps;
    const uint32_t layers = steps->cfg.num_hidden_layers;
    uint32_t index[GRAPH_KINDS] = {0};
    if (steps->kind_count == 1)
        return;
    writer_section(writer,
                   "The layers in their order: the kind, and the place among those of that kind.");
    writer_line(writer, "const struct model_layer layers[LAYERS] = {");
    for (uint32_t l = 0; l < layers; l += 4) {
        struct phrase line = {"    "};
        for (uint32_t i = l; i < layers && i < l + 4; i++)
            phrase_add(&line, "%s{%s,\v %u},", i > l ? "\t " : "",
                       phrase_upper(steps->kind[steps->kind_of[i]].name).text,
                       index[steps->kind_of[i]]++);
        writer_row(writer, "%s", line.text);
    }
    writer_line(writer, "};");
}

/* One row of the table of operations: a cell more where layers are of several kinds. */
static void op_row(const struct program *program, uint32_t index, struct writer *writer)
{
    const struct step_op *op = &program->steps.op[index];
    const bool in_layer = op->node->place == PLACE_LAYER;
    const struct phrase id = emit_op(op->graph, op->node);
    const struct phrase call =
        phrase("OP(\"%s\", \"%s\", \"%s\",", step_name(op->graph->step),
               node_full_name(op->graph, op->node).text,
               program->kernels->kernel[program->kernels->of[index]].symbol.text);
    struct phrase times = phrase("%" PRIu64, op->times);
    if (program->steps.kind_count == 1 && in_layer)
        times = phrase("LAYERS");
    if (program->steps.kind_count > 1)
        times = phrase("%s,\v %" PRIu64,
                       in_layer ? phrase_upper(program->steps.kind[op->kind].name).text : "0",
                       op->times);
    if (strlen("    [] = ") + strlen(id.text) + strlen(call.text) <= WRITER_COLUMNS) {
        writer_row(writer, "    [%s] = %s", id.text, call.text);
    } else {
        writer_row(writer, "    [%s] =", id.text);
        writer_row(writer, "        %s", call.text);
    }
    writer_row(writer, "        %s,\v %" PRIu64 ",\v %" PRIu64 ",\v %" PRIu64 "),", times.text,
               op->node->weight_bytes, op->node->moved_bytes, op->node->flops);
}

static void ops_table(const struct program *program, struct writer *writer)
{
    const bool several = program->steps.kind_count > 1;
    writer_section(writer,
                   "%s per step; then of one execution: bytes of weights read, bytes of "
                   "activations and state moved, floating point operations.",
                   several ? "The kind of layer, 0 outside of them; times" : "Times");
    writer_line(writer, "#define OP(STEP, NAME, KERNEL, %sTIMES, WEIGHTS, MOVED, FLOPS) \\",
                several ? "KIND, " : "");
    writer_line(writer, "    {.step = STEP, .name = NAME, .kernel = KERNEL, %s.times = TIMES, \\",
                several ? ".kind = KIND, " : "");
    writer_line(writer, "     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}\n");
    writer_line(writer, "static const struct model_op ops[OPS] = {");
    for (uint32_t i = 0; i < program->steps.op_count; i++)
        op_row(program, i, writer);
    writer_line(writer, "};");
}

/* The buffers of a step in the layers of one kind. */
static void buffer_rows(const struct program *program, enum step_kind step, uint32_t kind,
                        struct writer *writer)
{
    const struct graph *graph = &program->steps.graph[step][kind];
    const bool several = program->steps.kind_count > 1;
    for (uint32_t i = 0; i < program->plan[step][kind].count; i++) {
        const struct plan_buffer *b = &program->plan[step][kind].buffer[i];
        if (kind > 0 && b->bottom) /* the same as of the first kind */
            continue;
        const struct phrase where =
            phrase("    BUFFER(\"%s\",\t \"%s\",\v %" PRIu64 ",\v %" PRIu64 ",", step_name(step),
                   b->name, b->at, b->room);
        const struct phrase life =
            phrase("%s,%s %s),", emit_op(graph, &graph->node[b->first_op]).text,
                   several ? "" : "\t", emit_op(graph, &graph->node[b->last_op]).text);
        if (!several) {
            writer_row(writer, "%s\t %s", where.text, life.text);
        } else {
            writer_row(writer, "%s", where.text);
            writer_row(writer, "        %s", life.text);
        }
    }
}

static void buffers(const struct program *program, struct writer *writer)
{
    writer_section(writer, "The scratch plan.");
    writer_line(writer, "#define BUFFER(STEP, NAME, AT, BYTES, FIRST, LAST) \\");
    writer_line(writer, "    {.step = STEP, .name = NAME, .at = AT, .bytes = BYTES, \\");
    writer_line(writer, "     .first_op = FIRST, .last_op = LAST}\n");
    writer_line(writer, "static const struct model_buffer buffers[] = {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        for (uint32_t k = 0; k < program->steps.kind_count; k++)
            buffer_rows(program, step, k, writer);
    writer_line(writer, "};");
}

static_assert((int)CFG_EOS_MOST == (int)MODEL_EOS_MOST, "a config's ids fit in a model");

/* "17", or the name of no id. */
static struct phrase token_id(uint32_t id)
{
    return id == CFG_NO_ID ? phrase("MODEL_NO_ID") : phrase("%u", id);
}

static void token_ids(const struct cfg *cfg, struct writer *writer)
{
    const struct token_ids *eos = &cfg->eos_token_id;
    writer_line(writer, "    .bos = %s,", token_id(cfg->bos_token_id).text);
    writer_list(writer, 8, "    .eos = {");
    for (uint32_t i = 0; i < eos->count; i++)
        writer_element(writer, "},", "%u", eos->id[i]);
    if (eos->count > 0)
        writer_list_end(writer, "},");
    writer_line(writer, "    .eos_count = %u,", eos->count);
    writer_line(writer, "    .pad = %s,", token_id(cfg->pad_token_id).text);
}

static void descriptor(const struct program *program, struct writer *writer)
{
    const struct cfg *c = &program->steps.cfg;
    writer_line(writer, "\nconst struct model model = {");
    writer_line(writer, "    .name = \"%s\",", c->name);
    writer_line(writer, "    .model_type = \"%s\",", c->model_type);
    writer_line(writer, "    .config_digest = {0x%016" PRIx64 "u, 0x%016" PRIx64 "u},",
                program->layout.config_digest[0], program->layout.config_digest[1]);
    writer_line(writer, "    .keys = keys,\n    .key_count = sizeof keys / sizeof keys[0],\n");
    writer_line(writer, "    .vocab = VOCAB,\n    .vocab_pad = %" PRIu64 ",",
                number_pad(c->vocab_size, GRAPH_PAD));
    writer_line(writer, "    .dim = DIM,\n    .layers = LAYERS,\n    .chunk = CHUNK,");
    if (program->steps.kind_count > 1)
        writer_line(writer, "    .pattern = layers,");
    writer_line(writer, "    .logit_rows = LOGIT_ROWS,");
    token_ids(c, writer);
    if (cfg_context(c) > 0)
        writer_line(writer, "    .context = CONTEXT,");
    else
        writer_line(writer, "    .context = 0, /* a state of fixed size: any length */");
    if (c->max_position_embeddings > 0)
        writer_line(writer, "    .trained = %u,", c->max_position_embeddings);
    if (cfg_window(c) > 0)
        writer_line(writer, "    .window = %u,", cfg_window(c));
    writer_line(writer, "    .parameters = %" PRIu64 "u,", program->layout.parameters);
    writer_line(writer, "    .active = %" PRIu64 "u,\n    .read = %" PRIu64 "u,\n",
                program->layout.active, program->layout.read);
    writer_line(writer, "    .weights_bytes = sizeof(struct weights),");
    writer_line(writer, "    .state_bytes = sizeof(struct state),");
    if (program->cache_bytes > 0)
        writer_line(writer,
                    "    .cache_bytes = %" PRIu64 "u,\n    .cache_position_bytes = %" PRIu64
                    "u,\n    .cache_heads = %" PRIu64 ",",
                    program->cache_bytes, program->cache_position_bytes, program->cache_heads);
    writer_line(writer, "    .scratch_bytes = sizeof(union scratch),");
    writer_line(writer, "    .io_bytes = sizeof(struct io),");
    writer_line(writer, "    .scratch_bound = %" PRIu64 "u,", program->scratch_bound);
    writer_line(writer, "    .work_bytes = %" PRIu64 "u,", program->work_bytes);
    writer_line(writer, "    .weights_memory = \"%s\",\n    .state_memory = \"%s\",",
                c->weights_memory, c->state_memory);
    writer_line(writer, "    .scratch_memory = \"%s\",\n    .io_memory = \"%s\",",
                c->scratch_memory, c->io_memory);
    writer_line(writer, "    .io_tokens_at = offsetof(struct io, tokens),");
    writer_line(writer, "    .io_hidden_at = offsetof(struct io, hidden),");
    writer_line(writer, "    .io_logits_at = offsetof(struct io, logits),\n");
    writer_line(writer, "    .weights = weights,");
    writer_line(writer,
                "    .weight_count = sizeof weights / sizeof weights[0],\n    .tensor_count = %u,",
                program->layout.count);
    writer_line(writer, "    .ops = ops,\n    .op_count = OPS,\n    .buffers = buffers,");
    writer_line(writer, "    .buffer_count = sizeof buffers / sizeof buffers[0],\n");
    writer_line(writer, "    .decode = decode,\n    .prefill = prefill,\n    .head = head,\n};");
}

void emit_tables_c(const struct program *program, struct writer *writer)
{
    emit_opening(writer, &program->steps.cfg,
                 "The model as the runtime sees it: what it is, what it holds, what each operation "
                 "costs.");
    writer_line(writer,
                "#include <stddef.h>\n\n#include \"runtime/base/model.h\"\n#include \"proof.h\"");
    keys(program, writer);
    emit_weight_table(program, writer);
    layer_table(program, writer);
    ops_table(program, writer);
    buffers(program, writer);
    descriptor(program, writer);
}
