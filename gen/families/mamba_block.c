#include "gen/families/mamba_block.h"

#include <string.h>

#include "gen/front/number.h"

/* The states of every channel, by lines of channels: a scan reads them in sequence. */
static uint32_t states_of(struct build *b, uint32_t channels, uint32_t states)
{
    struct tensor t = {.name = "ssm",
                       .note = "the states, by lines of channels",
                       .role = ROLE_STATE,
                       .place = b->place,
                       .type = FORMAT_F32,
                       .rank = 3,
                       .dim = {number_pad(channels, GRAPH_PAD) / GRAPH_PAD, states, GRAPH_PAD}};
    return graph_tensor(b->graph, &t);
}

/* in_proj: u -> (x, z), and the convolution of x. */
static void xz_of(struct build *b, const struct mamba_sources *from, struct mamba_sizes sizes,
                  uint32_t xz, uint32_t x)
{
    const uint32_t I = sizes.inner;
    const struct in_proj_sizes in = {.rows = 2 * I,
                                     .parts = {2, {I, I}},
                                     .row_spread = {{{2, I}}},
                                     .channels = I,
                                     .taps = sizes.taps};
    const uint32_t in_proj = in_proj_add(b, &from->in_proj, &in, xz, x);
    build_note(b, in_proj, "x at row 0, z at row %u", (uint32_t)number_pad(I, GRAPH_PAD));
}

/* x_proj: x -> (dt, B, C), and their norms if there are any. */
static uint32_t selection(struct build *b, const struct mamba_sources *from,
                          struct mamba_sizes sizes, uint32_t xz)
{
    const uint32_t I = sizes.inner, N = sizes.states, R = sizes.rank;
    const uint32_t xdb = build_scratch(b, "xdb");
    const uint32_t x_proj = build_matrix(b, "x_proj", from->x_proj, R + 2 * N, I);
    b->graph->tensor[x_proj].parts = (struct parts){3, {R, N, N}};
    build_note(b, x_proj, "dt %u, B %u, C %u", R, N, N);
    const uint32_t dt_norm = build_vector(b, "dt_norm", from->dt_norm, R);
    const uint32_t b_norm = build_vector(b, "b_norm", from->b_norm, N);
    const uint32_t c_norm = build_vector(b, "c_norm", from->c_norm, N);
    BUILD(b, linear, "X_PROJ", .y = xdb, .w = x_proj, .x = xz);
    if (dt_norm != GRAPH_NONE)
        BUILD(b, norm_selection, "NORM_DT_B_C", .xdb = xdb, .dt_norm = dt_norm, .b_norm = b_norm,
              .c_norm = c_norm);
    return xdb;
}

/* dt_proj and the scan. */
static void scan(struct build *b, const struct mamba_sources *from, struct mamba_sizes sizes,
                 uint32_t xz, uint32_t xdb)
{
    const uint32_t I = sizes.inner, N = sizes.states, R = sizes.rank;
    const uint32_t dt = build_scratch(b, "dt");
    const uint32_t dt_proj = build_matrix(b, "dt_proj", from->dt_proj, I, R);
    const uint32_t dt_bias = build_vector(b, "dt_bias", from->dt_bias, I);
    const uint32_t A = build_weight(b, "A", from->A, PACKING_DECAY, I, N);
    build_note(b, A, "-exp(A_log), lines of channels");
    const uint32_t D = build_vector(b, "D", from->D, I), ssm = states_of(b, I, N);
    BUILD(b, linear, "DT_PROJ", .y = dt, .w = dt_proj, .bias = dt_bias, .x = xdb,
          .epilogue = EPILOGUE_SOFTPLUS);
    BUILD(b, scan, "SCAN", .xz = xz, .ssm = ssm, .dt = dt, .xdb = xdb, .A = A, .D = D);
}

void mamba_block_add(struct build *b, const struct mamba_sources *from, struct mamba_sizes sizes,
                     uint32_t x)
{
    const uint32_t width = b->cfg->hidden_size, xz = build_scratch(b, "xz");
    build_meaning(b, "x += out_proj(scan(conv(in_proj(norm(x)))))");
    xz_of(b, from, sizes, xz, x);
    const uint32_t xdb = selection(b, from, sizes, xz);
    scan(b, from, sizes, xz, xdb);
    const uint32_t out_proj = build_matrix(b, "out_proj", from->out_proj, width, sizes.inner);
    const uint32_t out_bias = build_vector(b, "out_proj_bias", from->out_bias, width);
    BUILD(b, linear, "OUT_PROJ", .y = x, .w = out_proj, .bias = out_bias, .x = xz,
          .epilogue = EPILOGUE_ADD);
}
