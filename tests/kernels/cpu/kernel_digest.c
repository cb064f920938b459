/* Prints one digest per kernel of kernel_shapes.h over fixed random data, and one over all.
 *
 * Builds for different instruction sets must print the same text. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum {
    ROWS = 29,
    FIRST_LOGIT = 3,
    SOURCE_ROWS = ROWS + FIRST_LOGIT,
    THREADS = 2,
    MOST_EXPERTS = 64
};

static const struct step step = {.tokens = ROWS, .logit_first = FIRST_LOGIT, .logit_rows = ROWS};
static uint64_t total = FIXTURE_HASH;

/* `count` random floats in [-scale, scale). */
static f32 *random_floats(uint64_t seed, size_t count, f32 scale)
{
    f32 *floats = fixture_new(count);
    fixture_fill(floats, seed, 1, (u32)count, (u32)count, scale);
    return floats;
}

/* Prints and sums up the digest of one result, and frees it. */
static void report(const char *name, f32 *result, size_t count)
{
    const uint64_t hash = fixture_hash(FIXTURE_HASH, result, count);
    total = fixture_hash(total, result, count);
    printf("%016" PRIx64 "  %s\n", hash, name);
    fixture_free(result);
}

struct linear_call {
    const struct linear_case *c;
    const void *w;
    const f32 *bias, *x;
    f32 *y;
};

static void call_linear(run *r, void *context)
{
    const struct linear_call *call = context;
    call->c->call(r, call->y, call->w, call->bias, call->x);
}

static void digest_linear(const struct linear_case *c)
{
    struct fixture_matrix w = fixture_matrix_new(c->shape->type, 1, c->shape->M, c->shape->K, 1.0f);
    f32 *bias = random_floats(2, LINE_PAD(c->shape->M), 2.0f);
    f32 *x = random_floats(3, (size_t)SOURCE_ROWS * c->shape->x_stride, 1.0f);
    f32 *y = random_floats(4, (size_t)ROWS * c->shape->y_stride, 1.0f);
    fixture_run(THREADS, step, call_linear, &(struct linear_call){c, w.packed, bias, x, y});
    report(c->name, y, (size_t)ROWS * c->shape->y_stride);
    fixture_free(x);
    fixture_free(bias);
    fixture_matrix_free(&w);
}

struct embed_call {
    const struct embed_case *c;
    const void *w;
    u32 tokens[ROWS];
    f32 *y;
};

static void call_embed(run *r, void *context)
{
    const struct embed_call *call = context;
    call->c->call(r, call->y, call->w, call->tokens);
}

static void digest_embed(const struct embed_case *c)
{
    struct fixture_matrix w = fixture_matrix_new(c->shape->type, 5, c->shape->M, c->shape->K, 1.0f);
    struct embed_call call = {.c = c, .w = w.packed};
    call.y = random_floats(6, (size_t)ROWS * LINE_PAD(c->shape->K), 1.0f);
    for (u32 row = 0; row < ROWS; row++)
        call.tokens[row] = row * 31 % c->shape->M;
    fixture_run(THREADS, step, call_embed, &call);
    report(c->name, call.y, (size_t)ROWS * LINE_PAD(c->shape->K));
    fixture_matrix_free(&w);
}

struct norm_call {
    const struct rmsnorm_case *c;
    f32 *y, *x, *weight;
};

static void call_norm(run *r, void *context)
{
    const struct norm_call *call = context;
    call->c->call(r, call->y, call->x, call->weight);
}

static void digest_rmsnorm(const struct rmsnorm_case *c)
{
    const size_t S = LINE_PAD(c->shape->D);
    struct norm_call call = {c, random_floats(7, ROWS * S, 1.0f),
                             random_floats(8, SOURCE_ROWS * S, 2.0f), random_floats(9, S, 2.0f)};
    fixture_run(THREADS, step, call_norm, &call);
    fixture_free(call.x);
    fixture_free(call.weight);
    report(c->name, call.y, ROWS * S);
}

struct conv_call {
    const struct conv_silu_case *c;
    f32 *xz, *state, *taps, *bias;
};

static void call_conv(run *r, void *context)
{
    const struct conv_call *call = context;
    call->c->call(r, call->xz, call->state, call->taps, call->bias);
}

static void digest_conv_silu(const struct conv_silu_case *c)
{
    const size_t S = LINE_PAD(c->shape->I);
    const size_t floats = ROWS * (c->shape->conv_at + 2 * S);
    struct conv_call call = {c, random_floats(10, floats, 30.0f),
                             random_floats(11, c->shape->K * S, 1.0f),
                             random_floats(12, c->shape->K * S, 1.0f), random_floats(13, S, 1.0f)};
    fixture_run(THREADS, step, call_conv, &call);
    fixture_free(call.taps);
    fixture_free(call.bias);
    report(c->name, call.xz, floats);
    report(c->name, call.state, c->shape->K * S);
}

struct scan_call {
    const struct scan_case *c;
    f32 *xz, *state, *dt, *xdb, *A, *D;
};

static void call_scan(run *r, void *context)
{
    const struct scan_call *call = context;
    call->c->call(r, call->xz, call->state, call->dt, call->xdb, call->A, call->D);
}

static void digest_scan(const struct scan_case *c)
{
    const size_t S = LINE_PAD(c->shape->I), states = c->shape->N * S;
    struct scan_call call = {
        c,
        random_floats(14, ROWS * 2 * S, 3.0f),
        random_floats(15, states, 2.0f),
        random_floats(16, ROWS * S, 1.0f),
        random_floats(17, (size_t)ROWS * LINE_PAD(c->shape->R + 2 * c->shape->N), 2.0f),
        random_floats(18, states, 100.0f),
        random_floats(19, S, 1.0f)};
    for (size_t i = 0; i < ROWS * S; i++)
        call.dt[i] = fabsf(call.dt[i]);
    for (size_t i = 0; i < states; i++)
        call.A[i] = -fabsf(call.A[i]);
    fixture_run(THREADS, step, call_scan, &call);
    fixture_free(call.dt);
    fixture_free(call.xdb);
    fixture_free(call.A);
    fixture_free(call.D);
    report(c->name, call.xz, ROWS * 2 * S);
    report(c->name, call.state, states);
}

struct ssd_call {
    const struct ssd_case *c;
    f32 *zx, *state, *A, *D, *bias;
};

static void call_ssd(run *r, void *context)
{
    const struct ssd_call *call = context;
    call->c->call(r, call->zx, call->state, call->A, call->D, call->bias);
}

static void digest_ssd(const struct ssd_case *c)
{
    const size_t floats = (size_t)ROWS * c->shape->zx_stride,
                 states = (size_t)c->shape->H * c->shape->N * c->shape->P;
    struct ssd_call call = {c,
                            random_floats(34, floats, 3.0f),
                            random_floats(35, states, 2.0f),
                            random_floats(36, LINE_PAD(c->shape->H), 10.0f),
                            random_floats(37, LINE_PAD(c->shape->H), 1.0f),
                            random_floats(38, LINE_PAD(c->shape->H), 2.0f)};
    for (u32 head = 0; head < c->shape->H; head++)
        call.A[head] = -fabsf(call.A[head]);
    fixture_run(THREADS, step, call_ssd, &call);
    fixture_free(call.A);
    fixture_free(call.D);
    fixture_free(call.bias);
    report(c->name, call.zx, floats);
    report(c->name, call.state, states);
}

struct groups_call {
    const struct rmsnorm_groups_case *c;
    f32 *x, *weight;
};

static void call_groups(run *r, void *context)
{
    const struct groups_call *call = context;
    call->c->call(r, call->x, call->weight);
}

static void digest_rmsnorm_groups(const struct rmsnorm_groups_case *c)
{
    const size_t floats = (size_t)ROWS * (c->shape->D + 48);
    struct groups_call call = {c, random_floats(39, floats, 2.0f),
                               random_floats(40, c->shape->D, 2.0f)};
    fixture_run(THREADS, step, call_groups, &call);
    fixture_free(call.weight);
    report(c->name, call.x, floats);
}

struct norm_add_call {
    const struct norm_linear_add_case *c;
    const void *w;
    f32 *y, *x, *norm, *bias;
};

static void call_norm_add(run *r, void *context)
{
    const struct norm_add_call *call = context;
    call->c->call(r, call->y, call->x, call->norm, call->w, call->bias);
}

static void digest_norm_linear_add(const struct norm_linear_add_case *c)
{
    struct fixture_matrix w =
        fixture_matrix_new(c->shape->type, 42, c->shape->M, c->shape->D, 1.0f);
    const size_t M = LINE_PAD(c->shape->M);
    struct norm_add_call call = {c,
                                 w.packed,
                                 random_floats(43, M, 1.0f),
                                 random_floats(44, c->shape->D, 2.0f),
                                 random_floats(45, c->shape->D, 2.0f),
                                 random_floats(46, M, 2.0f)};
    fixture_run(THREADS, step, call_norm_add, &call);
    fixture_free(call.x);
    fixture_free(call.norm);
    fixture_free(call.bias);
    fixture_matrix_free(&w);
    report(c->name, call.y, M);
}

struct selection_digest {
    const struct norm_dt_scan_case *c;
    struct selection_call call;
};

static void call_selection(run *r, void *context)
{
    const struct selection_digest *d = context;
    d->c->norm(r, &d->call);
    d->c->call(r, &d->call);
}

static void digest_norm_dt_scan(const struct norm_dt_scan_case *c)
{
    const size_t S = LINE_PAD(c->shape->I), DS = LINE_PAD(c->shape->R + 2 * c->shape->N),
                 states = c->shape->N * S;
    struct fixture_matrix w =
        fixture_matrix_new(c->shape->type, 34, c->shape->I, c->shape->R, 1.0f);
    f32 *A = random_floats(35, states, 4.0f), *bias = random_floats(36, S, 2.0f);
    f32 *D = random_floats(37, S, 1.0f),
        *norm = random_floats(38, LINE_PAD(c->shape->R + c->shape->N), 2.0f);
    struct selection_digest d = {c, {.dt_norm = norm, .b_norm = norm, .c_norm = norm}};
    for (size_t i = 0; i < states; i++)
        A[i] = -fabsf(A[i]);
    d.call.xz = random_floats(39, 2 * S, 3.0f);
    d.call.state = random_floats(40, states, 2.0f);
    d.call.xdb = random_floats(41, ROWS * DS, 2.0f);
    d.call.w = w.packed, d.call.bias = bias, d.call.A = A, d.call.D = D;
    fixture_run(THREADS, step, call_selection, &d);
    report(c->name, d.call.xz, 2 * S);
    report(c->name, d.call.state, states);
    report(c->name, d.call.xdb, ROWS * DS);
    f32 *const buffers[] = {A, bias, D, norm};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    fixture_matrix_free(&w);
}

/* One call of a kernel of attention or an MLP: what its family does not take is NULL. */
struct transformer_call {
    const void *c;
    f32 *a, *b, *d, *keys, *values;
};

static void call_layernorm(run *r, void *context)
{
    const struct transformer_call *call = context;
    ((const struct layernorm_case *)call->c)->call(r, call->a, call->b, call->d, call->keys);
}

static void digest_layernorm(const struct layernorm_case *c)
{
    const size_t S = LINE_PAD(c->shape->D);
    struct transformer_call call = {c,
                                    random_floats(20, ROWS * S, 1.0f),
                                    random_floats(21, SOURCE_ROWS * S, 2.0f),
                                    random_floats(22, S, 2.0f),
                                    random_floats(23, S, 2.0f),
                                    NULL};
    fixture_run(THREADS, step, call_layernorm, &call);
    report(c->name, call.a, ROWS * S);
    fixture_free(call.b);
    fixture_free(call.d);
    fixture_free(call.keys);
}

static void call_rope(run *r, void *context)
{
    const struct transformer_call *call = context;
    ((const struct rope_append_case *)call->c)
        ->call(r, call->a, call->b, call->d, call->keys, call->values);
}

static void digest_rope_append(const struct rope_append_case *c)
{
    const size_t q = (size_t)ROWS * c->shape->H * c->shape->HD,
                 kv = (size_t)ROWS * c->shape->KV * c->shape->HD;
    const size_t words =
        format_bytes(c->shape->cache_type, c->shape->KV * c->shape->C, c->shape->HD) / sizeof(f32);
    struct transformer_call call = {c,
                                    random_floats(24, q, 2.0f),
                                    random_floats(25, kv, 2.0f),
                                    random_floats(26, kv, 2.0f),
                                    random_floats(27, words, 2.0f),
                                    random_floats(28, words, 2.0f)};
    fixture_run(THREADS, step, call_rope, &call);
    report(c->name, call.a, q);
    report(c->name, call.keys, words);
    report(c->name, call.values, words);
    fixture_free(call.b);
    fixture_free(call.d);
}

static void call_attention(run *r, void *context)
{
    const struct transformer_call *call = context;
    ((const struct attention_case *)call->c)->call(r, call->a, call->keys, call->values);
}

/* Words whose halves are both about 1: no f16 or bf16 in them is huge. */
static f32 *random_halves(enum format type, uint64_t seed, size_t words)
{
    f32 *floats = random_floats(seed, words, 1.0f);
    for (size_t i = 0; type != FORMAT_F32 && i < words; i++) {
        uint32_t bits = (uint32_t)fixture_random(&seed);
        bits = (bits & 0x83ff83ff) | (type == FORMAT_F16 ? 0x38003800 : 0x3f003f00);
        memcpy(&floats[i], &bits, sizeof bits);
    }
    return floats;
}

static void digest_attention(const struct attention_case *c)
{
    const size_t q = (size_t)ROWS * c->shape->H * c->shape->HD;
    const size_t words =
        format_bytes(c->shape->cache_type, c->shape->KV * c->shape->C, c->shape->HD) / sizeof(f32);
    struct step late = step;
    late.position = c->shape->window > 0 ? 3 * c->shape->C - 7
                                         : c->shape->C - ROWS; /* around the ring of a window */
    struct transformer_call call = {c,
                                    random_floats(29, q, 2.0f),
                                    NULL,
                                    NULL,
                                    random_halves(c->shape->cache_type, 30, words),
                                    random_halves(c->shape->cache_type, 31, words)};
    fixture_run(THREADS, late, call_attention, &call);
    report(c->name, call.a, q);
    fixture_free(call.keys);
    fixture_free(call.values);
}

static void call_swiglu(run *r, void *context)
{
    const struct transformer_call *call = context;
    ((const struct swiglu_case *)call->c)->call(r, call->a, call->b);
}

static void digest_swiglu(const struct swiglu_case *c)
{
    struct transformer_call call = {
        .c = c,
        .a = random_floats(32, (size_t)ROWS * c->shape->gate_stride, 20.0f),
        .b = random_floats(33, (size_t)ROWS * c->shape->gate_stride, 2.0f)};
    fixture_run(THREADS, step, call_swiglu, &call);
    report(c->name, call.a, (size_t)ROWS * c->shape->gate_stride);
    fixture_free(call.b);
}

struct experts_digest {
    const struct experts_case *c;
    struct experts_call call;
};

/* The operations of prefill, then those of decode for the first row. */
static void call_experts(run *r, void *context)
{
    const struct experts_digest *d = context;
    d->c->call(r, &d->call);
    d->c->call_one(r, &d->call);
}

/* Packed matrices of the experts of a case. */
static void *random_experts(const struct experts_case *c, uint64_t seed, u32 rows, u32 cols)
{
    struct fixture_matrix one[MOST_EXPERTS];
    void *packed = fixture_experts_new(c->shape->type, seed, c->shape->E, rows, cols, one);
    for (u32 e = 0; e < c->shape->E; e++)
        fixture_matrix_free(&one[e]);
    return packed;
}

static void digest_experts(const struct experts_case *c)
{
    const u32 D = c->shape->D, F = c->shape->F, rows = ROWS * c->shape->K;
    struct fixture_matrix router = fixture_matrix_new(c->shape->type, 47, c->shape->E, D, 1.0f);
    f32 *norm = random_floats(48, LINE_PAD(D), 2.0f);
    void *gate = random_experts(c, 100, F, D), *up = random_experts(c, 200, F, D),
         *down = random_experts(c, 300, D, F);
    struct experts_digest d = {c,
                               {.router = router.packed,
                                .gate = gate,
                                .up = up,
                                .down = down,
                                .norm = norm,
                                .x = random_floats(49, ROWS * (size_t)LINE_PAD(D), 1.0f),
                                .y = random_floats(50, ROWS * (size_t)LINE_PAD(D), 3.0f),
                                .route = fixture_new(ROWS * (size_t)ROUTE_STRIDE(c->shape->K)),
                                .xg = fixture_new(rows * (size_t)LINE_PAD(D)),
                                .h = fixture_new(rows * (size_t)LINE_PAD(F))}};
    fixture_run(THREADS, step, call_experts, &d);
    report(c->name, d.call.y, ROWS * (size_t)LINE_PAD(D));
    report(c->name, d.call.route, ROWS * (size_t)ROUTE_STRIDE(c->shape->K));
    f32 *const buffers[] = {norm, d.call.x, d.call.xg, d.call.h};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    void *const matrices[] = {gate, up, down};
    for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++)
        free(matrices[i]);
    fixture_matrix_free(&router);
}

/* The digests of all kernels of an operation; behind it the other operations that they call, which
 * tests/unit/ops.sh looks for. */
#define DIGEST(operation, ...)                                                                     \
    for (u32 i = 0; i < operation##_case_count; i++)                                               \
        digest_##operation(&operation##_cases[i]);

int main(void)
{
    DIGEST(linear)
    DIGEST(embed)
    DIGEST(rmsnorm)
    DIGEST(conv_silu)
    DIGEST(scan)
    DIGEST(ssd)
    DIGEST(rmsnorm_groups)
    DIGEST(norm_linear_add)
    DIGEST(norm_dt_scan, norm_selection)
    DIGEST(layernorm)
    DIGEST(rope_append)
    DIGEST(attention)
    DIGEST(swiglu)
    DIGEST(experts, route, gather, experts_swiglu, norm_experts_swiglu, experts_add)
    printf("%016" PRIx64 "  all\n", total);
    return 0;
}
