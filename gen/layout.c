#include "gen/layout.h"

#include <stdlib.h>
#include <string.h>

#include "gen/graph.h"
#include "gen/number.h"

static bool in_layer(const struct tensor *t)
{
    return t->place == PLACE_LAYER;
}

/* The shape as the checkpoint stores it. */
static void stored_shape(const struct tensor *t, struct layout_weight *w)
{
    w->shape[0] = t->rows;
    switch (t->packing) {
    case PACKING_VECTOR:
        w->rank = 1;
        return;
    case PACKING_MATRIX:
    case PACKING_DECAY:
        w->rank = 2;
        w->shape[1] = t->cols;
        return;
    case PACKING_TAPS:
        w->rank = 3;
        w->shape[1] = 1;
        w->shape[2] = t->cols;
        return;
    }
}

/* `name` with the layer in the place of its "%u", if it has one. */
static void numbered(char *text, size_t room, const char *name, uint32_t layer)
{
    const char *mark = strstr(name, "%u");
    if (mark == NULL)
        snprintf(text, room, "%s", name);
    else
        snprintf(text, room, "%.*s%u%s", (int)(mark - name), name, layer, mark + 2);
}

static void append(struct layout *layout, const struct tensor *t, uint32_t layer)
{
    struct layout_weight *w = &layout->weight[layout->count++];
    *w = (struct layout_weight){.rows = t->rows,
                                .cols = t->cols,
                                .groups = t->groups,
                                .padded_rows = (uint32_t)tensor_padded_rows(t),
                                .stored_cols = (uint32_t)tensor_stored_cols(t),
                                .type = t->type,
                                .packing = t->packing,
                                .at = layout->weights_bytes,
                                .packed_bytes = tensor_bytes(t),
                                .bytes = number_pad(tensor_bytes(t), GRAPH_ALIGN)};
    stored_shape(t, w);
    strcpy(w->member, t->name);
    w->layer = in_layer(t) ? (int32_t)layer : -1;
    if (in_layer(t))
        snprintf(w->name, sizeof w->name, "layer %u %s", layer, t->name);
    else
        snprintf(w->name, sizeof w->name, "%s", t->name);
    numbered(w->source, sizeof w->source, t->source, layer);
    numbered(w->alias, sizeof w->alias, t->alias, layer);
    layout->weights_bytes += w->bytes;
    layout->parameters += (uint64_t)t->rows * t->cols;
}

/* Weights of a place in the order in which the family named them; decode uses every weight. */
static void append_place(struct layout *layout, const struct graph *decode, enum place place,
                         uint32_t layer)
{
    for (uint32_t i = 0; i < decode->tensor_count; i++)
        if (decode->tensor[i].role == ROLE_WEIGHT && decode->tensor[i].place == place)
            append(layout, &decode->tensor[i], layer);
}

void layout_make(const struct cfg *cfg, struct layout *layout)
{
    struct steps *steps = calloc(1, sizeof *steps);
    uint64_t room = (uint64_t)(cfg->num_hidden_layers + 1) * GRAPH_TENSORS;
    *layout = (struct layout){.cfg = *cfg, .weight = calloc(room, sizeof *layout->weight)};
    if (steps == NULL || layout->weight == NULL)
        abort();
    steps_build(cfg, steps);
    const struct graph *decode = &steps->graph[STEP_DECODE];
    append_place(layout, decode, PLACE_PROLOGUE, 0);
    for (uint32_t layer = 0; layer < cfg->num_hidden_layers; layer++)
        append_place(layout, decode, PLACE_LAYER, layer);
    append_place(layout, decode, PLACE_EPILOGUE, 0);
    if (cfg->tie_word_embeddings)
        snprintf(layout->tied_copy, sizeof layout->tied_copy, "lm_head.weight");
    cfg_digest(cfg, layout->config_digest);
    free(steps);
}

bool layout_load(const char *config_path, struct report *report, struct layout *layout)
{
    struct cfg cfg;
    *layout = (struct layout){.count = 0};
    if (!cfg_load(config_path, report, &cfg))
        return false;
    layout_make(&cfg, layout);
    return true;
}

void layout_free(struct layout *layout)
{
    free(layout->weight);
    *layout = (struct layout){.count = 0};
}
