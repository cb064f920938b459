/* The shape rules: infer the shape of every scratch buffer from what its operation reads, and check
 * that the operands of every operation fit together. */
#include "gen/graph/graph.h"
#include "gen/front/number.h"

#include <inttypes.h>

struct rule {
    struct graph *graph;
    struct node *node;
    struct diagnostics *diagnostics;
};

static struct tensor *operand(const struct rule *r, uint32_t index)
{
    const uint32_t id = r->node->operand[index];
    return id == GRAPH_NONE ? NULL : &r->graph->tensor[id];
}

static bool agree(const struct rule *r, const char *what, uint64_t found, uint64_t expected)
{
    if (found == expected)
        return true;
    diagnostics_error(r->diagnostics, 0, "%s of %s: %s is %" PRIu64 ", expected %" PRIu64,
                      r->node->name, step_name(r->graph->step), what, found, expected);
    return false;
}

/* The result is rows of these parts: infers a fresh scratch buffer, checks anything else. */
static bool result(const struct rule *r, const struct tensor *like, uint64_t padded)
{
    struct tensor *y = operand(r, 0);
    if (y->rank == 0) {
        y->rank = 2;
        y->dim[0] = r->graph->tokens;
        y->dim[1] = padded;
        y->parts = like->parts;
        for (uint32_t i = 0; i < like->parts; i++)
            y->part[i] = like->part[i];
        return true;
    }
    return agree(r, "width of the result", tensor_width(y), tensor_width(like)) &&
           agree(r, "row of the result", y->dim[1], padded);
}

static bool vector(const struct rule *r, const struct tensor *v, uint64_t rows, uint64_t padded)
{
    if (v == NULL) /* an optional one */
        return true;
    return agree(r, "length of a vector", v->rows, rows) &&
           agree(r, "columns of a vector", v->cols, 1) &&
           agree(r, "padded length of a vector", tensor_padded_rows(v), padded);
}

/* The same of channels that come in heads: with their pads they are `width` wide. */
static bool spread_vector(const struct rule *r, const struct tensor *v, uint64_t width)
{
    return agree(r, "length of a vector", tensor_width(v), width) &&
           agree(r, "columns of a vector", v->cols, 1) &&
           agree(r, "padded length of a vector", tensor_padded_rows(v), width);
}

static bool embed(const struct rule *r)
{
    struct tensor *w = operand(r, 1), *tokens = operand(r, 2);
    struct tensor row = {.parts = 1, .part = {w->cols}};
    r->node->m = w->rows;
    r->node->k = w->cols;
    return agree(r, "type of the tokens", tokens->type, DTYPE_U32) &&
           agree(r, "packing of the table", w->packing, PACKING_MATRIX) &&
           result(r, &row, number_pad(w->cols, GRAPH_PAD));
}

static bool rmsnorm(const struct rule *r)
{
    struct tensor *x = operand(r, 1), *w = operand(r, 2);
    r->node->m = tensor_width(x);
    return agree(r, "parts of the source", x->parts, 1) && result(r, x, x->dim[1]) &&
           vector(r, w, tensor_width(x), x->dim[1]);
}

static bool linear(const struct rule *r, bool biased)
{
    struct tensor *w = operand(r, 1), *x = operand(r, biased ? 3 : 2);
    r->node->m = w->rows;
    r->node->k = w->product_cols;
    return agree(r, "packing of the matrix", w->packing, PACKING_MATRIX) &&
           agree(r, "first part of the source", x->part[0], w->product_cols) &&
           result(r, w, tensor_padded_rows(w)) &&
           (!biased || vector(r, operand(r, 2), w->rows, tensor_padded_rows(w)));
}

/* A convolution of one part of x. */
static bool convolution(const struct rule *r, const struct tensor *x, const struct tensor *state,
                        const struct tensor *taps, const struct tensor *bias)
{
    const uint32_t channels = x->part[tensor_convolved(x)];
    const uint64_t padded = number_pad(channels, GRAPH_PAD);
    return agree(r, "packing of the taps", taps->packing, PACKING_TAPS) &&
           agree(r, "channels of the taps", tensor_width(taps), channels) &&
           agree(r, "rows of the state", state->dim[0], taps->cols - 1) &&
           agree(r, "row of the state", state->dim[1], padded) &&
           vector(r, bias, taps->rows, padded);
}

static bool conv(const struct rule *r, bool biased)
{
    const struct tensor *taps = operand(r, 2);
    r->node->m = taps->rows;
    r->node->k = taps->cols;
    return convolution(r, operand(r, 0), operand(r, 1), taps, biased ? operand(r, 3) : NULL);
}

static bool norm_linear_conv(const struct rule *r)
{
    const struct tensor *xz = operand(r, 0), *x = operand(r, 1), *norm = operand(r, 2);
    const struct tensor *w = operand(r, 3), *taps = operand(r, 6);
    r->node->m = w->rows;
    r->node->k = w->cols;
    r->node->n = taps->cols;
    return agree(r, "parts of the source", x->parts, 1) &&
           vector(r, norm, tensor_width(x), x->dim[1]) &&
           agree(r, "packing of the matrix", w->packing, PACKING_MATRIX) &&
           agree(r, "width of the source", tensor_width(x), w->cols) &&
           result(r, w, tensor_padded_rows(w)) &&
           vector(r, operand(r, 4), w->rows, tensor_padded_rows(w)) &&
           convolution(r, xz, operand(r, 5), taps, operand(r, 7));
}

/* A scan of the first part of xz, gated by the second, with B and C in the last two of xdb. */
static bool selective_scan(const struct rule *r, const struct tensor *xz,
                           const struct tensor *state, const struct tensor *xdb,
                           const struct tensor *A, const struct tensor *D)
{
    uint64_t padded = number_pad(xz->part[0], GRAPH_PAD);
    r->node->m = A->rows;
    r->node->n = A->cols;
    return agree(r, "packing of A", A->packing, PACKING_DECAY) &&
           agree(r, "parts of the source", xz->parts, 2) && agree(r, "x", xz->part[0], A->rows) &&
           agree(r, "z", xz->part[1], A->rows) &&
           agree(r, "row of the source", xz->dim[1], 2 * padded) &&
           agree(r, "parts of dt, B, C", xdb->parts, 3) && agree(r, "B", xdb->part[1], A->cols) &&
           agree(r, "C", xdb->part[2], A->cols) &&
           agree(r, "lines of the state", state->dim[0], padded / GRAPH_PAD) &&
           agree(r, "states of a channel", state->dim[1], A->cols) && vector(r, D, A->rows, padded);
}

static bool scan(const struct rule *r)
{
    const struct tensor *dt = operand(r, 2), *A = operand(r, 4);
    return agree(r, "dt", tensor_width(dt), A->rows) && agree(r, "parts of dt", dt->parts, 1) &&
           selective_scan(r, operand(r, 0), operand(r, 1), operand(r, 3), A, operand(r, 5));
}

/* A matrix that makes the time steps of A's channels of the first part of xdb. */
static bool time_steps(const struct rule *r, const struct tensor *xdb, const struct tensor *w,
                       const struct tensor *bias, const struct tensor *A)
{
    r->node->k = w->cols;
    return agree(r, "packing of the matrix", w->packing, PACKING_MATRIX) &&
           agree(r, "rank of dt", xdb->part[0], w->cols) && agree(r, "dt", w->rows, A->rows) &&
           vector(r, bias, w->rows, tensor_padded_rows(w));
}

static bool dt_scan(const struct rule *r)
{
    const struct tensor *xdb = operand(r, 2), *w = operand(r, 3), *A = operand(r, 5);
    return time_steps(r, xdb, w, operand(r, 4), A) &&
           selective_scan(r, operand(r, 0), operand(r, 1), xdb, A, operand(r, 6));
}

/* A norm for each of dt, B and C, which lie side by side. */
static bool selection_norms(const struct rule *r, const struct tensor *xdb, uint32_t first)
{
    bool good = agree(r, "parts of dt, B, C", xdb->parts, 3);
    for (uint32_t i = 0; good && i < 3; i++)
        good = vector(r, operand(r, first + i), xdb->part[i], number_pad(xdb->part[i], GRAPH_PAD));
    return good;
}

static bool norm_selection(const struct rule *r)
{
    r->node->m = tensor_width(operand(r, 0));
    return selection_norms(r, operand(r, 0), 1);
}

static bool norm_dt_scan(const struct rule *r)
{
    const struct tensor *xdb = operand(r, 2), *w = operand(r, 6);
    return selection_norms(r, xdb, 3) && time_steps(r, xdb, w, operand(r, 7), operand(r, 8)) &&
           selective_scan(r, operand(r, 0), operand(r, 1), xdb, operand(r, 8), operand(r, 9));
}

/* A vector of one number per head. */
static bool per_head(const struct rule *r, uint32_t index, uint64_t heads)
{
    return vector(r, operand(r, index), heads, number_pad(heads, GRAPH_PAD));
}

/* Heads in the first part of zx, gated by it; x, B and C in the second, time steps in the third. */
static bool ssd(const struct rule *r)
{
    const struct tensor *zx = operand(r, 0), *state = operand(r, 1);
    const uint64_t heads = state->dim[0], groups_width = zx->part[1] - zx->part[0];
    r->node->m = zx->part[0];
    r->node->n = state->dim[1];
    r->node->k = groups_width + zx->part[2];
    return agree(r, "packing of A", operand(r, 2)->packing, PACKING_RATE) &&
           agree(r, "parts of the source", zx->parts, 3) &&
           agree(r, "time steps", zx->part[2], heads) &&
           agree(r, "width of all heads", heads * state->dim[2], zx->part[0]) &&
           agree(r, "rest of the width of B and C", groups_width % (2 * state->dim[1]), 0) &&
           per_head(r, 2, heads) && per_head(r, 3, heads) && per_head(r, 4, heads);
}

static bool rmsnorm_groups(const struct rule *r)
{
    const struct tensor *x = operand(r, 0);
    r->node->m = x->part[0];
    r->node->n = r->node->groups;
    return agree(r, "rest of the groups' width", x->part[0] % (r->node->groups * GRAPH_PAD), 0) &&
           spread_vector(r, operand(r, 1), x->part[0]);
}

static bool norm_linear_add(const struct rule *r)
{
    const struct tensor *x = operand(r, 1), *norm = operand(r, 2), *w = operand(r, 3);
    r->node->m = w->rows;
    r->node->k = w->product_cols;
    r->node->n = r->node->groups;
    return agree(r, "packing of the matrix", w->packing, PACKING_MATRIX) &&
           agree(r, "first part of the source", x->part[0], w->product_cols) &&
           agree(r, "rest of the groups' width", x->part[0] % (r->node->groups * GRAPH_PAD), 0) &&
           spread_vector(r, norm, x->part[0]) && result(r, w, tensor_padded_rows(w)) &&
           vector(r, operand(r, 4), w->rows, tensor_padded_rows(w));
}

static bool layernorm(const struct rule *r)
{
    return rmsnorm(r) && vector(r, operand(r, 3), r->node->m, operand(r, 1)->dim[1]);
}

/* A norm and a product of the whole row. */
static bool normed(const struct rule *r, const struct tensor *x, const struct tensor *norm,
                   const struct tensor *norm_bias, const struct tensor *w,
                   const struct tensor *bias)
{
    return agree(r, "parts of the source", x->parts, 1) &&
           vector(r, norm, tensor_width(x), x->dim[1]) &&
           vector(r, norm_bias, tensor_width(x), x->dim[1]) &&
           agree(r, "packing of the matrix", w->packing, PACKING_MATRIX) &&
           agree(r, "width of the source", tensor_width(x), w->cols) &&
           vector(r, bias, w->rows, tensor_padded_rows(w));
}

/* Keys and values of `width` elements a position. */
static bool caches(const struct rule *r, const struct tensor *keys, const struct tensor *values,
                   uint64_t width)
{
    r->node->n = 2 * width * dtype_bytes(keys->type);
    return agree(r, "width of the keys", keys->dim[0] * keys->dim[2], width) &&
           agree(r, "width of the values", values->dim[0] * values->dim[2], width) &&
           agree(r, "positions of the values", values->dim[1], keys->dim[1]) &&
           agree(r, "type of the values", values->type, keys->type);
}

static bool norm_qkv(const struct rule *r)
{
    const struct tensor *x = operand(r, 1), *norm = operand(r, 2), *norm_bias = operand(r, 3);
    const struct tensor *wq = operand(r, 4), *wk = operand(r, 6), *wv = operand(r, 8);
    r->node->m = (uint64_t)wq->rows + wk->rows + wv->rows;
    r->node->k = wq->cols;
    return normed(r, x, norm, norm_bias, wq, operand(r, 5)) &&
           normed(r, x, norm, norm_bias, wk, operand(r, 7)) &&
           normed(r, x, norm, norm_bias, wv, operand(r, 9)) &&
           result(r, wq, tensor_padded_rows(wq)) &&
           agree(r, "rows of the values' matrix", wv->rows, wk->rows) &&
           caches(r, operand(r, 10), operand(r, 11), tensor_width(wk));
}

/* The query heads are whole groups of the key heads. */
static bool heads(const struct rule *r, const struct tensor *q, const struct tensor *keys)
{
    return agree(r, "rest of the queries' width", tensor_width(q) % (keys->dim[0] * keys->dim[2]),
                 0);
}

static bool rope_append(const struct rule *r)
{
    const struct tensor *q = operand(r, 0), *k = operand(r, 1), *v = operand(r, 2);
    r->node->m = tensor_width(q) + tensor_width(k);
    return heads(r, q, operand(r, 3)) &&
           agree(r, "width of the values", tensor_width(v), tensor_width(k)) &&
           caches(r, operand(r, 3), operand(r, 4), tensor_width(k));
}

static bool attention(const struct rule *r)
{
    const struct tensor *q = operand(r, 0), *keys = operand(r, 1);
    r->node->m = tensor_width(q);
    r->node->k = keys->dim[1];
    return heads(r, q, keys) && caches(r, keys, operand(r, 2), keys->dim[0] * keys->dim[2]);
}

static bool swiglu(const struct rule *r)
{
    const struct tensor *y = operand(r, 0), *x = operand(r, 1);
    r->node->m = tensor_width(y);
    return agree(r, "width of the source", tensor_width(x), tensor_width(y)) &&
           agree(r, "row of the source", x->dim[1], y->dim[1]);
}

static bool norm_linear_swiglu(const struct rule *r)
{
    const struct tensor *x = operand(r, 1), *norm = operand(r, 2);
    const struct tensor *gate = operand(r, 3), *up = operand(r, 4);
    r->node->m = gate->rows;
    r->node->k = gate->cols;
    return normed(r, x, norm, NULL, gate, NULL) && normed(r, x, norm, NULL, up, NULL) &&
           agree(r, "rows of the second matrix", up->rows, gate->rows) &&
           result(r, gate, tensor_padded_rows(gate));
}

static bool norm_linear_gelu(const struct rule *r)
{
    const struct tensor *w = operand(r, 4);
    r->node->m = w->rows;
    r->node->k = w->cols;
    return normed(r, operand(r, 1), operand(r, 2), operand(r, 3), w, operand(r, 5)) &&
           result(r, w, tensor_padded_rows(w));
}

/* The result of `rows` rows for every token, of this width. */
static bool rows_result(const struct rule *r, uint32_t index, uint64_t rows, uint32_t width)
{
    struct tensor *y = operand(r, index);
    y->rank = 2;
    y->dim[0] = r->graph->tokens * rows;
    y->dim[1] = number_pad(width, GRAPH_PAD);
    y->parts = 1;
    y->part[0] = width;
    return true;
}

/* `chosen` experts of the router, by this operand. */
static bool routed(const struct rule *r, uint32_t index, const struct tensor *x,
                   const struct tensor *router)
{
    r->node->n = r->node->chosen;
    return agree(r, "packing of the router", router->packing, PACKING_MATRIX) &&
           agree(r, "width of the source", tensor_width(x), router->cols) &&
           rows_result(r, index, 1, (uint32_t)(2 * r->node->chosen));
}

static bool route(const struct rule *r)
{
    const struct tensor *router = operand(r, 2);
    r->node->m = router->rows;
    r->node->k = router->cols;
    return routed(r, 0, operand(r, 1), router);
}

static bool gather(const struct rule *r)
{
    const struct tensor *x = operand(r, 1), *chosen = operand(r, 2);
    r->node->m = tensor_width(x);
    r->node->n = tensor_width(chosen) / 2;
    return rows_result(r, 0, r->node->n, (uint32_t)tensor_width(x));
}

/* Gate and up of all experts. */
static bool gated_experts(const struct rule *r, const struct tensor *x, const struct tensor *gate,
                          const struct tensor *up)
{
    r->node->m = gate->rows;
    r->node->k = gate->cols;
    return agree(r, "packing of the matrix", gate->packing, PACKING_MATRIX) &&
           agree(r, "packing of the second matrix", up->packing, PACKING_MATRIX) &&
           agree(r, "width of the source", tensor_width(x), gate->cols) &&
           agree(r, "rows of the second matrix", up->rows, gate->rows) &&
           agree(r, "columns of the second matrix", up->cols, gate->cols) &&
           agree(r, "experts of the second matrix", up->experts, gate->experts) &&
           rows_result(r, 0, r->node->chosen, gate->rows);
}

static bool experts_swiglu(const struct rule *r)
{
    r->node->n = r->node->chosen;
    return agree(r, "rows of a token", tensor_width(operand(r, 2)), 2 * r->node->chosen) &&
           gated_experts(r, operand(r, 1), operand(r, 3), operand(r, 4));
}

static bool norm_experts_swiglu(const struct rule *r)
{
    const struct tensor *x = operand(r, 2), *norm = operand(r, 3), *router = operand(r, 4);
    return vector(r, norm, tensor_width(x), x->dim[1]) &&
           agree(r, "rows of the router", router->rows, operand(r, 5)->experts) &&
           routed(r, 1, x, router) && gated_experts(r, x, operand(r, 5), operand(r, 6));
}

static bool experts_add(const struct rule *r)
{
    const struct tensor *y = operand(r, 0), *x = operand(r, 1), *w = operand(r, 3);
    r->node->m = w->rows;
    r->node->k = w->cols;
    r->node->n = r->node->chosen;
    return agree(r, "packing of the matrix", w->packing, PACKING_MATRIX) &&
           agree(r, "width of the source", tensor_width(x), w->cols) &&
           agree(r, "rows of a token", tensor_width(operand(r, 2)), 2 * r->node->chosen) &&
           agree(r, "width of the result", tensor_width(y), w->rows);
}

static bool apply(const struct rule *r)
{
    switch (r->node->op) {
    case OP_EMBED:
        return embed(r);
    case OP_RMSNORM:
        return rmsnorm(r);
    case OP_LINEAR:
    case OP_LINEAR_ADD:
        return linear(r, false);
    case OP_LINEAR_BIAS:
    case OP_LINEAR_ADD_BIAS:
    case OP_LINEAR_SOFTPLUS:
    case OP_LINEAR_GELU:
        return linear(r, true);
    case OP_CONV_SILU:
        return conv(r, false);
    case OP_CONV_SILU_BIAS:
        return conv(r, true);
    case OP_SCAN:
        return scan(r);
    case OP_NORM_LINEAR_CONV:
        return norm_linear_conv(r);
    case OP_DT_SCAN:
        return dt_scan(r);
    case OP_NORM_SELECTION:
        return norm_selection(r);
    case OP_NORM_DT_SCAN:
        return norm_dt_scan(r);
    case OP_SSD:
        return ssd(r);
    case OP_RMSNORM_GROUPS:
        return rmsnorm_groups(r);
    case OP_NORM_LINEAR_ADD:
        return norm_linear_add(r);
    case OP_LAYERNORM:
        return layernorm(r);
    case OP_NORM_QKV:
        return norm_qkv(r);
    case OP_ROPE_APPEND:
        return rope_append(r);
    case OP_ATTENTION:
        return attention(r);
    case OP_SWIGLU:
        return swiglu(r);
    case OP_NORM_LINEAR_SWIGLU:
        return norm_linear_swiglu(r);
    case OP_NORM_LINEAR_GELU:
        return norm_linear_gelu(r);
    case OP_ROUTE:
        return route(r);
    case OP_GATHER:
        return gather(r);
    case OP_EXPERTS_SWIGLU:
        return experts_swiglu(r);
    case OP_NORM_EXPERTS_SWIGLU:
        return norm_experts_swiglu(r);
    case OP_EXPERTS_ADD:
        return experts_add(r);
    case OP_COUNT:
        break;
    }
    return false;
}

bool graph_shape(struct graph *graph, struct diagnostics *diagnostics)
{
    for (uint32_t i = 0; i < graph->node_count; i++) {
        struct rule r = {.graph = graph, .node = &graph->node[i], .diagnostics = diagnostics};
        graph->node[i].t = graph->tokens;
        for (uint32_t o = 0; o < node_operands(r.node); o++)
            if (operand(&r, o) != NULL && operand(&r, o)->role != ROLE_WEIGHT &&
                operand(&r, o)->rank == 0 && node_access(r.node, o) != 'w') {
                diagnostics_error(diagnostics, 0, "%s of %s reads %s before anything writes it",
                                  r.node->name, step_name(graph->step), operand(&r, o)->name);
                return false;
            }
        if (!apply(&r))
            return false;
    }
    return true;
}
