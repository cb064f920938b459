#include "gen/families/mixer.h"

#include <string.h>

#include "gen/front/number.h"

/* The states of every channel, by lines of channels: a scan reads them in sequence. */
static uint32_t states_of(struct build *b, const char *name, uint32_t channels, uint32_t states)
{
    struct tensor t = {.role = ROLE_STATE,
                       .place = b->place,
                       .type = FORMAT_F32,
                       .rank = 3,
                       .dim = {number_pad(channels, GRAPH_PAD) / GRAPH_PAD, states, GRAPH_PAD}};
    strcpy(t.name, name);
    return graph_tensor(b->graph, &t);
}

static uint32_t optional(struct build *b, const char *name, const char *source, uint32_t rows)
{
    return build_optional(b, source != NULL, name, source, rows);
}

/* in_proj: u -> (x, z), and the convolution of x. */
static void entrance(struct build *b, const struct mixer_sources *from, struct mixer_sizes sizes,
                     struct entrance *e)
{
    const uint32_t I = sizes.inner;
    entrance_tensors(b, &from->entrance,
                     (struct entrance_sizes){2 * I, {{{2, I}}}, I, {{{0, 0}}}, sizes.taps}, e);
    struct tensor *w = &b->graph->tensor[e->in_proj];
    w->parts = 2;
    w->part[0] = w->part[1] = I;
    build_note(b, e->in_proj, "x at row 0, z at row %u", (uint32_t)number_pad(I, GRAPH_PAD));
}

/* x_proj, dt_proj and the scan. */
static void selection(struct build *b, const struct mixer_sources *from, struct mixer_sizes sizes,
                      struct mixer *m)
{
    const uint32_t I = sizes.inner, N = sizes.states, R = sizes.rank;
    m->x_proj = build_weight(b, "x_proj", from->x_proj, PACKING_MATRIX, R + 2 * N, I);
    struct tensor *w = &b->graph->tensor[m->x_proj];
    w->parts = 3;
    w->part[0] = R;
    w->part[1] = w->part[2] = N;
    build_note(b, m->x_proj, "dt %u, B %u, C %u", R, N, N);
    m->dt_norm = optional(b, "dt_norm", from->dt_norm, R);
    m->b_norm = optional(b, "b_norm", from->b_norm, N);
    m->c_norm = optional(b, "c_norm", from->c_norm, N);
    m->dt_proj = build_weight(b, "dt_proj", from->dt_proj, PACKING_MATRIX, I, R);
    m->dt_bias = build_weight(b, "dt_bias", from->dt_bias, PACKING_VECTOR, I, 1);
    m->A = build_weight(b, "A", from->A, PACKING_DECAY, I, N);
    build_note(b, m->A, "-exp(A_log), by lines of channels");
    m->D = build_weight(b, "D", from->D, PACKING_VECTOR, I, 1);
    m->ssm = states_of(b, "ssm", I, N);
    build_note(b, m->ssm, "the states, by lines of channels");
}

void mixer_tensors(struct build *b, const struct mixer_sources *from, struct mixer_sizes sizes,
                   struct mixer *m)
{
    const uint32_t D = b->cfg->hidden_size;
    entrance(b, from, sizes, &m->entrance);
    selection(b, from, sizes, m);
    m->out_proj = build_weight(b, "out_proj", from->out_proj, PACKING_MATRIX, D, sizes.inner);
    m->out_bias = optional(b, "out_proj_bias", from->out_bias, D);
}

static void output(struct build *b, const struct mixer *m, uint32_t xz, uint32_t x)
{
    BUILD(b, linear, "OUT_PROJ", .y = x, .w = m->out_proj, .bias = m->out_bias, .x = xz,
          .epilogue = EPILOGUE_ADD);
}

/* One token: few operations, as each of them ends in a barrier or costs a launch. */
void mixer_decode(struct build *b, const struct mixer *m, uint32_t x)
{
    const uint32_t xz = build_scratch(b, "xz"), xdb = build_scratch(b, "xdb");
    entrance_decode(b, &m->entrance, xz, x);
    BUILD(b, linear, "X_PROJ", .y = xdb, .w = m->x_proj, .x = xz);
    if (m->dt_norm == GRAPH_NONE)
        BUILD(b, dt_scan, "SCAN", .xz = xz, .ssm = m->ssm, .xdb = xdb, .w = m->dt_proj,
              .bias = m->dt_bias, .A = m->A, .D = m->D);
    else
        BUILD(b, norm_dt_scan, "SCAN", .xz = xz, .ssm = m->ssm, .xdb = xdb, .dt_norm = m->dt_norm,
              .b_norm = m->b_norm, .c_norm = m->c_norm, .w = m->dt_proj, .bias = m->dt_bias,
              .A = m->A, .D = m->D);
    output(b, m, xz, x);
}

/* Many tokens: every product by itself, as a large matrix product. */
void mixer_prefill(struct build *b, const struct mixer *m, uint32_t x)
{
    const uint32_t xz = build_scratch(b, "xz");
    entrance_prefill(b, &m->entrance, xz, x);
    const uint32_t xdb = build_scratch(b, "xdb"), dt = build_scratch(b, "dt");
    BUILD(b, linear, "X_PROJ", .y = xdb, .w = m->x_proj, .x = xz);
    if (m->dt_norm != GRAPH_NONE)
        BUILD(b, norm_selection, "NORM_DT_B_C", .xdb = xdb, .dt_norm = m->dt_norm,
              .b_norm = m->b_norm, .c_norm = m->c_norm);
    BUILD(b, linear, "DT_PROJ", .y = dt, .w = m->dt_proj, .bias = m->dt_bias, .x = xdb,
          .epilogue = EPILOGUE_SOFTPLUS);
    BUILD(b, scan, "SCAN", .xz = xz, .ssm = m->ssm, .dt = dt, .xdb = xdb, .A = m->A, .D = m->D);
    output(b, m, xz, x);
}
