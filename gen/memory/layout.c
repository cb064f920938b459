#include "gen/memory/layout.h"

#include <stdlib.h>
#include <string.h>

#include "gen/families/steps.h"
#include "gen/front/number.h"

/* The shape as the checkpoint stores it: [rows], [rows][cols] or [rows][1][cols]. */
static void stored_shape(const struct tensor *t, struct layout_weight *w)
{
    static const uint8_t ranks[] = {[PACKING_VECTOR] = 1,
                                    [PACKING_RATE] = 1,
                                    [PACKING_MATRIX] = 2,
                                    [PACKING_DECAY] = 2,
                                    [PACKING_TAPS] = 3};
    w->rank = ranks[t->packing];
    w->shape[0] = t->rows;
    w->shape[1] = w->rank == 3;
    if (w->rank > 1)
        w->shape[w->rank - 1] = t->cols;
}

/* `name` with these numbers in the place of its "%u"s, as many as it has. */
static void numbered(char *text, size_t room, const char *name, uint32_t layer, uint32_t expert)
{
    const uint32_t numbers[] = {layer, expert};
    size_t used = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const char *mark = strstr(name, "%u");
        if (mark == NULL)
            break;
        used += (size_t)snprintf(text + used, room - used, "%.*s%u", (int)(mark - name), name,
                                 numbers[i]);
        name = mark + 2;
    }
    snprintf(text + used, room - used, "%s", name);
}

/* A layer, by its number, its kind and its place among those of its kind. */
struct layer {
    uint32_t number, kind, index;
};

static void append(struct layout *layout, const struct tensor *t, struct layer layer,
                   uint32_t expert)
{
    struct layout_weight *w = &layout->weight[layout->count++];
    const uint64_t packed = tensor_bytes(t) / (t->experts > 0 ? t->experts : 1);
    const bool in_layer = t->place == PLACE_LAYER;
    *w = (struct layout_weight){.experts = t->experts,
                                .expert = expert,
                                .layer = in_layer ? (int32_t)layer.number : -1,
                                .kind = layer.kind,
                                .index = layer.index,
                                .rows = t->rows,
                                .cols = t->cols,
                                .row_spread = t->row_spread,
                                .col_spread = t->col_spread,
                                .padded_rows = (uint32_t)tensor_padded_rows(t),
                                .stored_cols = (uint32_t)tensor_stored_cols(t),
                                .type = t->type,
                                .matrix_class = t->matrix_class,
                                .packing = t->packing,
                                .at = layout->weights_bytes,
                                .packed_bytes = packed,
                                .bytes = number_pad(packed, GRAPH_ALIGN)};
    stored_shape(t, w);
    strcpy(w->member, t->name);
    char place[16] = "";
    if (t->experts > 0)
        snprintf(place, sizeof place, "[%u]", expert);
    if (in_layer)
        snprintf(w->name, sizeof w->name, "layer %u %s%s", layer.number, w->member, place);
    else
        snprintf(w->name, sizeof w->name, "%s%s", w->member, place);
    numbered(w->source, sizeof w->source, t->source, layer.number, expert);
    numbered(w->alias, sizeof w->alias, t->alias, layer.number, expert);
    layout->weights_bytes += w->bytes;
    layout->parameters += (uint64_t)t->rows * t->cols;
    if (t->experts == 0 || expert < layout->cfg.num_experts_per_tok)
        layout->active += (uint64_t)t->rows * t->cols;
}

/* How many weights of the layout a graph's tensor becomes. */
static uint32_t weights_of(const struct tensor *t)
{
    if (t->role != ROLE_WEIGHT)
        return 0;
    return t->experts > 0 ? t->experts : 1;
}

/* Weights of a place in the order in which the family named them; decode uses every weight. */
static void append_place(struct layout *layout, const struct graph *decode, enum place place,
                         struct layer layer)
{
    for (uint32_t i = 0; i < decode->tensor_count; i++)
        for (uint32_t e = 0; e < weights_of(&decode->tensor[i]); e++)
            if (decode->tensor[i].place == place)
                append(layout, &decode->tensor[i], layer, e);
}

/* The layers of a kind, one behind another. */
static void append_layers(struct layout *layout, const struct steps *steps, uint32_t kind)
{
    struct layer layer = {.kind = kind};
    for (; layer.number < steps->cfg.num_hidden_layers; layer.number++) {
        if (steps->kind_of[layer.number] != kind)
            continue;
        append_place(layout, &steps->graph[STEP_DECODE][kind], PLACE_LAYER, layer);
        layer.index++;
    }
}

void layout_make(const struct cfg *cfg, struct layout *layout)
{
    struct steps *steps = calloc(1, sizeof *steps);
    if (steps == NULL)
        diagnostics_no_memory();
    steps_build(cfg, steps);
    const struct graph *decode = steps->graph[STEP_DECODE];
    uint64_t room = 0; /* for every weight, as if each were in every layer of its kind */
    for (uint32_t k = 0; k < steps->kind_count; k++)
        for (uint32_t i = 0; i < decode[k].tensor_count; i++)
            room += (uint64_t)weights_of(&decode[k].tensor[i]) * steps->kind[k].layers;
    *layout = (struct layout){.cfg = *cfg, .weight = calloc(room + 1, sizeof *layout->weight)};
    if (layout->weight == NULL)
        diagnostics_no_memory();
    append_place(layout, decode, PLACE_PROLOGUE, (struct layer){0});
    for (uint32_t k = 0; k < steps->kind_count; k++)
        append_layers(layout, steps, k);
    append_place(layout, decode, PLACE_EPILOGUE, (struct layer){0});
    layout->read = layout->active;
    if (!cfg->tie_word_embeddings)
        layout->read -= (uint64_t)(cfg->vocab_size - 1) * cfg->hidden_size;
    if (cfg->tie_word_embeddings)
        snprintf(layout->tied_copy, sizeof layout->tied_copy, "lm_head.weight");
    cfg_digest(cfg, layout->config_digest);
    free(steps);
}

bool layout_load(const char *config_path, struct diagnostics *diagnostics, struct layout *layout)
{
    struct cfg cfg;
    *layout = (struct layout){.count = 0};
    if (!cfg_load(config_path, diagnostics, &cfg))
        return false;
    layout_make(&cfg, layout);
    return true;
}

void layout_free(struct layout *layout)
{
    free(layout->weight);
    *layout = (struct layout){.count = 0};
}
