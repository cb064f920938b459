/* Prints one digest per kernel of kernel_shapes.def over fixed random data, and one over all.
 *
 * Builds for different instruction sets must print the same text. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/kernel_bed.h"
#include "tests/kernel_instances.h"

enum { ROWS = 29, FIRST_LOGIT = 3, SOURCE_ROWS = ROWS + FIRST_LOGIT, THREADS = 2 };

static const struct step step = {.tokens = ROWS, .logit_first = FIRST_LOGIT, .logit_rows = ROWS};
static uint64_t total = BED_HASH;

/* `count` random floats in [-scale, scale). */
static f32 *random_floats(uint64_t seed, size_t count, f32 scale)
{
    f32 *floats = bed_new(count);
    bed_fill(floats, seed, 1, (u32)count, (u32)count, scale);
    return floats;
}

/* Prints and sums up the digest of one result, and frees it. */
static void report(const char *name, f32 *result, size_t count)
{
    const uint64_t hash = bed_hash(BED_HASH, result, count);
    total = bed_hash(total, result, count);
    printf("%016" PRIx64 "  %s\n", hash, name);
    bed_free(result);
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
    struct bed_matrix w = bed_matrix_new(c->type, 1, c->M, c->K, 1.0f);
    f32 *bias = random_floats(2, LINE_PAD(c->M), 2.0f);
    f32 *x = random_floats(3, (size_t)SOURCE_ROWS * c->XS, 1.0f);
    f32 *y = random_floats(4, (size_t)ROWS * c->YS, 1.0f);
    bed_run(THREADS, step, call_linear, &(struct linear_call){c, w.packed, bias, x, y});
    report(c->name, y, (size_t)ROWS * c->YS);
    bed_free(x);
    bed_free(bias);
    bed_matrix_free(&w);
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
    struct bed_matrix w = bed_matrix_new(c->type, 5, c->M, c->K, 1.0f);
    struct embed_call call = {.c = c, .w = w.packed};
    call.y = random_floats(6, (size_t)ROWS * LINE_PAD(c->K), 1.0f);
    for (u32 row = 0; row < ROWS; row++)
        call.tokens[row] = row * 31 % c->M;
    bed_run(THREADS, step, call_embed, &call);
    report(c->name, call.y, (size_t)ROWS * LINE_PAD(c->K));
    bed_matrix_free(&w);
}

struct norm_call {
    const struct norm_case *c;
    f32 *y, *x, *weight;
};

static void call_norm(run *r, void *context)
{
    const struct norm_call *call = context;
    call->c->call(r, call->y, call->x, call->weight);
}

static void digest_norm(const struct norm_case *c)
{
    const size_t S = LINE_PAD(c->D);
    struct norm_call call = {c, random_floats(7, ROWS * S, 1.0f),
                             random_floats(8, SOURCE_ROWS * S, 2.0f), random_floats(9, S, 2.0f)};
    bed_run(THREADS, step, call_norm, &call);
    bed_free(call.x);
    bed_free(call.weight);
    report(c->name, call.y, ROWS * S);
}

struct conv_call {
    const struct conv_case *c;
    f32 *xz, *state, *taps, *bias;
};

static void call_conv(run *r, void *context)
{
    const struct conv_call *call = context;
    call->c->call(r, call->xz, call->state, call->taps, call->bias);
}

static void digest_conv(const struct conv_case *c)
{
    const size_t S = LINE_PAD(c->I);
    struct conv_call call = {c, random_floats(10, ROWS * 2 * S, 30.0f),
                             random_floats(11, c->K * S, 1.0f), random_floats(12, c->K * S, 1.0f),
                             random_floats(13, S, 1.0f)};
    bed_run(THREADS, step, call_conv, &call);
    bed_free(call.taps);
    bed_free(call.bias);
    report(c->name, call.xz, ROWS * 2 * S);
    report(c->name, call.state, c->K * S);
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
    const size_t S = LINE_PAD(c->I), states = c->N * S;
    struct scan_call call = {c,
                             random_floats(14, ROWS * 2 * S, 3.0f),
                             random_floats(15, states, 2.0f),
                             random_floats(16, ROWS * S, 1.0f),
                             random_floats(17, (size_t)ROWS * LINE_PAD(c->R + 2 * c->N), 2.0f),
                             random_floats(18, states, 100.0f),
                             random_floats(19, S, 1.0f)};
    for (size_t i = 0; i < ROWS * S; i++)
        call.dt[i] = fabsf(call.dt[i]);
    for (size_t i = 0; i < states; i++)
        call.A[i] = -fabsf(call.A[i]);
    bed_run(THREADS, step, call_scan, &call);
    bed_free(call.dt);
    bed_free(call.xdb);
    bed_free(call.A);
    bed_free(call.D);
    report(c->name, call.xz, ROWS * 2 * S);
    report(c->name, call.state, states);
}

int main(void)
{
    for (u32 i = 0; i < linear_case_count; i++)
        digest_linear(&linear_cases[i]);
    for (u32 i = 0; i < embed_case_count; i++)
        digest_embed(&embed_cases[i]);
    for (u32 i = 0; i < norm_case_count; i++)
        digest_norm(&norm_cases[i]);
    for (u32 i = 0; i < conv_case_count; i++)
        digest_conv(&conv_cases[i]);
    for (u32 i = 0; i < scan_case_count; i++)
        digest_scan(&scan_cases[i]);
    printf("%016" PRIx64 "  all\n", total);
    return 0;
}
