/* decode.c and prefill.c: the order of the operations, one call per line. */
#include <inttypes.h>
#include <string.h>

#include "gen/emit.h"
#include "gen/number.h"

/* What a call passes for a tensor: `w` is the weights (of the layer), `s` the layer's state, `a`
 * the step's scratch. */
static void argument(const struct graph *graph, const struct node *node, uint32_t index,
                     char text[64])
{
    static const char *const bases[] = {
        [ROLE_WEIGHT] = "w", [ROLE_STATE] = "s", [ROLE_SCRATCH] = "a", [ROLE_IO] = "io"};
    const struct tensor *t = node_tensor(graph, node, index);
    if (t == NULL) {
        snprintf(text, 64, "NULL");
        return;
    }
    bool matrix = t->role == ROLE_WEIGHT && t->packing == PACKING_MATRIX && t->experts == 0;
    snprintf(text, 64, "%s%s->%s", matrix ? "&" : "", bases[t->role], t->name);
}

/* Bytes of all weights that one execution of the step's operations at `place` reads. */
static uint64_t weights_read(const struct graph *graph, enum place place)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (graph->node[i].place == place)
            bytes += graph->node[i].weight_bytes;
    return bytes;
}

static uint64_t step_weights(const struct design *d, enum step_kind step)
{
    const struct graph *graph = &d->steps.graph[step];
    return weights_read(graph, PLACE_PROLOGUE) + weights_read(graph, PLACE_EPILOGUE) +
           weights_read(graph, PLACE_LAYER) * d->steps.cfg.num_hidden_layers;
}

/* The cost in the margin: only where it matters, a twentieth of what the step reads. */
static void cost(const struct design *d, const struct graph *graph, const struct node *node,
                 char text[48])
{
    char bytes[NUMBER_MAX];
    uint64_t times = node->place == PLACE_LAYER ? d->steps.cfg.num_hidden_layers : 1;
    text[0] = '\0';
    if (node->weight_bytes * times * 20 < step_weights(d, graph->step))
        return;
    number_decimal_bytes(node->weight_bytes, bytes);
    snprintf(text, 48, "/* %s */", bytes);
}

/* The arguments behind the first, up to the end of the statement. */
static void other_arguments(const struct graph *graph, const struct node *node, char text[256])
{
    size_t used = 0;
    for (uint32_t o = 1; o < node_operands(node); o++) {
        char name[64];
        argument(graph, node, o, name);
        used += (size_t)snprintf(text + used, 256 - used, "%s%s", name,
                                 o + 1 < node_operands(node) ? ", " : ");");
    }
}

/* One call, cut into the cells of a table. */
struct call {
    const char *symbol;
    char name[48], first[64], rest[256], margin[48];
};

static size_t longer(size_t a, const char *text)
{
    size_t b = strlen(text);
    return a > b ? a : b;
}

static uint32_t cut_calls(const struct design *d, const struct graph *graph, enum place place,
                          struct call calls[GRAPH_NODES])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->node[i];
        if (node->place != place)
            continue;
        struct call *call = &calls[count++];
        call->symbol = d->instances->instance[d->instances->of[graph->step][i]].symbol;
        snprintf(call->name, sizeof call->name, "%s_%s", step_prefix(graph->step), node->name);
        argument(graph, node, 0, call->first);
        other_arguments(graph, node, call->rest);
        cost(d, graph, node, call->margin);
    }
    return count;
}

/* All operations of one place, aligned; without the margin if it does not fit. */
static void write_calls(const struct design *d, const struct graph *graph, enum place place,
                        struct page *page)
{
    struct call calls[GRAPH_NODES];
    uint32_t count = cut_calls(d, graph, place, calls);
    size_t symbol = 0, name = 0, first = 0, rest = 0, margin = 0;
    for (uint32_t i = 0; i < count; i++) {
        symbol = longer(symbol, calls[i].symbol);
        name = longer(name, calls[i].name);
        first = longer(first, calls[i].first);
        if (calls[i].margin[0] == '\0')
            continue;
        rest = longer(rest, calls[i].rest);
        margin = longer(margin, calls[i].margin);
    }
    size_t widest = strlen("    (r, , , ") + symbol + name + first + rest + 2 + margin;
    for (uint32_t i = 0; i < count; i++) {
        const struct call *c = &calls[i];
        const bool costly = c->margin[0] != '\0' && widest <= PAGE_COLUMNS;
        page_row(page, "    %s\t(r, %s,\t %s,\t %s%s%s", c->symbol, c->name, c->first, c->rest,
                 costly ? "\t  " : "", costly ? c->margin : "");
    }
}

static void scratch_pointer(const struct graph *graph, struct page *page)
{
    const char *step = step_name(graph->step);
    page_line(page, "    union %s_scratch *const a = &r->scratch->%s;\n", step, step);
}

/* The function of one layer, then the step around it. */
static void step_functions(const struct design *d, enum step_kind step, struct page *page)
{
    const struct graph *graph = &d->steps.graph[step];
    page_line(page, "\n/* %s */", graph->layer_meaning);
    page_line(page,
              "static void layer(run *r, const struct layer_weights *w, struct layer_state *s)");
    page_line(page, "{");
    scratch_pointer(graph, page);
    write_calls(d, graph, PLACE_LAYER, page);
    page_line(page, "}\n\nvoid %s(run *r)\n{", step_name(step));
    page_line(page,
              "    const struct weights *const w = r->weights;\n    struct io *const io = r->io;");
    scratch_pointer(graph, page);
    write_calls(d, graph, PLACE_PROLOGUE, page);
    page_line(page, "    for (int l = 0; l < LAYERS; l++)");
    page_line(page, "        layer(r, &w->layer[l], &r->state->layer[l]);");
    write_calls(d, graph, PLACE_EPILOGUE, page);
    page_line(page, "}");
}

static uint32_t count_at(const struct graph *graph, enum place place)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->node_count; i++)
        count += graph->node[i].place == place;
    return count;
}

void emit_decode_c(const struct design *d, struct page *page)
{
    const struct graph *graph = &d->steps.graph[STEP_DECODE];
    char bytes[NUMBER_MAX], state[NUMBER_MAX];
    number_decimal_bytes(step_weights(d, STEP_DECODE), bytes);
    number_decimal_bytes(d->state_bytes, state);
    const bool caches = d->cache_bytes > 0;
    emit_opening(page, &d->steps.cfg, "decode.c",
                 "One token in, one row of logits out: %u equal layers of %u operations, %u "
                 "operations around them. Streams %s of weights, %s %s of %s. Allocates nothing.",
                 d->steps.cfg.num_hidden_layers, count_at(graph, PLACE_LAYER),
                 count_at(graph, PLACE_PROLOGUE) + count_at(graph, PLACE_EPILOGUE), bytes,
                 caches ? "reads up to" : "updates", state, caches ? "keys and values" : "state");
    page_line(page, "#include \"arena.h\"\n#include \"instances.h\"");
    step_functions(d, STEP_DECODE, page);
}

void emit_prefill_c(const struct design *d, struct page *page)
{
    const struct graph *graph = &d->steps.graph[STEP_PREFILL];
    char bytes[NUMBER_MAX];
    number_decimal_bytes(step_weights(d, STEP_PREFILL), bytes);
    emit_opening(page, &d->steps.cfg, "prefill.c",
                 "Up to %u tokens in, as many hidden rows out: %u equal layers of %u operations, "
                 "%u operations around them. Streams %s of weights per chunk. Then head() turns "
                 "chosen rows into logits.",
                 graph->tokens, d->steps.cfg.num_hidden_layers, count_at(graph, PLACE_LAYER),
                 count_at(graph, PLACE_PROLOGUE) + count_at(graph, PLACE_EPILOGUE), bytes);
    page_line(page, "#include \"arena.h\"\n#include \"instances.h\"");
    step_functions(d, STEP_PREFILL, page);
    page_line(page, "\nvoid head(run *r)\n{");
    page_line(page, "    const struct weights *const w = r->weights;");
    page_line(page, "    struct io *const io = r->io;\n");
    write_calls(d, &d->steps.graph[STEP_HEAD], PLACE_EPILOGUE, page);
    page_line(page, "}");
}
