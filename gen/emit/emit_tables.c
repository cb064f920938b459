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
    for (uint32_t i = 0; i < cfg_key_count; i++) {
        char value[CFG_VALUE_MAX + 1];
        if (!cfg_has(&program->steps.cfg, &cfg_keys[i]) || strcmp(cfg_keys[i].section, "hub") == 0)
            continue;
        cfg_value(&program->steps.cfg, &cfg_keys[i], value);
        writer_row(writer, "    {\"%s\",\t \"%s\",\t \"%s\"},", cfg_keys[i].section,
                   cfg_keys[i].name, value);
    }
    writer_line(writer, "};");
}

/* The layers in their order, four to a line, of a model with several kinds. */
static void layer_table(const struct program *program, struct writer *writer)
{
    const struct steps *steps = &program->steps;
    uint32_t index[GRAPH_KINDS] = {0};
    char line[3 * WRITER_COLUMNS] = "";
    size_t used = 0;
    if (steps->kind_count == 1)
        return;
    writer_blank(writer);
    writer_comment(writer,
                   "The layers in their order: the kind, and the place among those of that kind.");
    writer_line(writer, "const struct model_layer layers[LAYERS] = {");
    for (uint32_t l = 0; l < steps->cfg.num_hidden_layers; l++) {
        char name[32];
        const uint32_t kind = steps->kind_of[l];
        emit_kind(&steps->kind[kind], name);
        used += (size_t)snprintf(line + used, sizeof line - used, "%s{%s,\v %u},",
                                 used == 0 ? "    " : "\t ", name, index[kind]++);
        if (l % 4 != 3 && l + 1 != steps->cfg.num_hidden_layers)
            continue;
        writer_row(writer, "%s", line);
        used = 0;
    }
    writer_line(writer, "};");
}

/* One row of the table of operations: a cell more where layers are of several kinds. */
static void op_row(const struct program *program, const struct step_op *op, struct writer *writer)
{
    const struct node *node = &op->graph->node[op->index];
    const enum step_kind step = op->graph->step;
    char id[64], name[48], call[256], kind[40] = "", times[24];
    emit_op(op->graph, op->index, id);
    node_full_name(op->graph, node, name);
    snprintf(times, sizeof times, "%" PRIu64, op->times);
    if (node->place == PLACE_LAYER && program->steps.kind_count == 1)
        snprintf(times, sizeof times, "LAYERS");
    if (program->steps.kind_count > 1)
        strcpy(kind, "0,\v ");
    if (program->steps.kind_count > 1 && node->place == PLACE_LAYER) {
        emit_kind(&program->steps.kind[op->kind], kind);
        strcat(kind, ",\v ");
    }
    snprintf(call, sizeof call, "OP(\"%s\", \"%s\", \"%s\",", step_name(step), name,
             program->kernels->kernel[program->kernels->of[step][op->kind][op->index]].symbol);
    if (strlen("    [] = ") + strlen(id) + strlen(call) <= WRITER_COLUMNS) {
        writer_row(writer, "    [%s] = %s", id, call);
    } else {
        writer_row(writer, "    [%s] =", id);
        writer_row(writer, "        %s", call);
    }
    writer_row(writer, "        %s%s,\v %" PRIu64 ",\v %" PRIu64 ",\v %" PRIu64 "),", kind, times,
               node->weight_bytes, node->moved_bytes, node->flops);
}

static void ops_table(const struct program *program, struct writer *writer)
{
    const bool several = program->steps.kind_count > 1;
    writer_blank(writer);
    writer_comment(writer,
                   "%s per step; then of one execution: bytes of weights read, bytes of "
                   "activations and state moved, floating point operations.",
                   several ? "The kind of layer, 0 outside of them; times" : "Times");
    writer_line(writer, "#define OP(STEP, NAME, KERNEL, %sTIMES, WEIGHTS, MOVED, FLOPS) \\",
                several ? "KIND, " : "");
    writer_line(writer, "    {.step = STEP, .name = NAME, .kernel = KERNEL, %s.times = TIMES, \\",
                several ? ".kind = KIND, " : "");
    writer_line(writer, "     .weight_bytes = WEIGHTS, .moved_bytes = MOVED, .flops = FLOPS}\n");
    writer_line(writer, "static const struct model_op ops[OPS] = {");
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        struct step_op ops[STEP_OPS];
        const uint32_t count = steps_ops(&program->steps, step, ops);
        for (uint32_t i = 0; i < count; i++)
            op_row(program, &ops[i], writer);
    }
    writer_line(writer, "};");
}

/* The buffers of a step in the layers of one kind. */
static void buffer_rows(const struct program *program, enum step_kind step, uint32_t kind,
                        struct writer *writer)
{
    const struct graph *graph = &program->steps.graph[step][kind];
    for (uint32_t i = 0; i < program->plan[step][kind].count; i++) {
        const struct plan_buffer *b = &program->plan[step][kind].buffer[i];
        char first[64], last[64], where[128];
        if (kind > 0 && b->bottom) /* the same as of the first kind */
            continue;
        emit_op(graph, b->first_op, first);
        emit_op(graph, b->last_op, last);
        snprintf(where, sizeof where, "    BUFFER(\"%s\",\t \"%s\",\v %" PRIu64 ",\v %" PRIu64 ",",
                 step_name(step), b->name, b->at, b->room);
        if (program->steps.kind_count == 1) {
            writer_row(writer, "%s\t %s,\t %s),", where, first, last);
        } else {
            writer_row(writer, "%s", where);
            writer_row(writer, "        %s, %s),", first, last);
        }
    }
}

static void buffers(const struct program *program, struct writer *writer)
{
    writer_blank(writer);
    writer_comment(writer, "The scratch plan.");
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
static const char *token_id(uint32_t id, char text[16])
{
    snprintf(text, 16, "%u", id);
    return id == CFG_NO_ID ? "MODEL_NO_ID" : text;
}

static void token_ids(const struct cfg *cfg, struct writer *writer)
{
    char bos[16], pad[16], eos[CFG_VALUE_MAX + CFG_EOS_MOST] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < cfg->eos_token_id.count; i++)
        used += (size_t)snprintf(eos + used, sizeof eos - used, "%s%u", i > 0 ? ", " : "",
                                 cfg->eos_token_id.id[i]);
    writer_line(writer, "    .bos = %s,", token_id(cfg->bos_token_id, bos));
    if (cfg->eos_token_id.count > 0)
        writer_line(writer, "    .eos = {%s},", eos);
    writer_line(writer, "    .eos_count = %u,", cfg->eos_token_id.count);
    writer_line(writer, "    .pad = %s,", token_id(cfg->pad_token_id, pad));
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
    emit_opening(writer, &program->steps.cfg, "tables.c",
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
