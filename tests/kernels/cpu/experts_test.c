/* route.h and experts.h against naive loops in double, and the operations of decode against those
 * of prefill. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { ROWS = 32, MOST_EXPERTS = 64, MOST_WIDTH = 160 };

/* E matrices of one shape, their packed forms one behind another. */
struct stack {
    struct fixture_matrix one[MOST_EXPERTS];
    void *packed;
};

static struct stack stack_new(enum format type, uint64_t seed, u32 count, u32 rows, u32 cols)
{
    struct stack s;
    s.packed = fixture_experts_new(type, seed, count, rows, cols, s.one);
    return s;
}

static void stack_free(struct stack *s, u32 count)
{
    for (u32 e = 0; e < count; e++)
        fixture_matrix_free(&s->one[e]);
    free(s->packed);
}

struct trial {
    const struct experts_case *c;
    struct fixture_matrix router;
    struct stack gate, up, down;
    f32 *before; /* y before the call */
    struct experts_call call;
    bool one; /* the operations of decode */
};

static void run_trial(run *r, void *context)
{
    const struct trial *t = context;
    (t->one ? t->c->call_one : t->c->call)(r, &t->call);
}

static struct trial trial_new(const struct experts_case *c)
{
    const size_t D = LINE_PAD(c->shape->D), F = LINE_PAD(c->shape->F), rows = ROWS * c->shape->K;
    struct trial t = {
        .c = c, .router = fixture_matrix_new(c->shape->type, 1, c->shape->E, c->shape->D, 1.0f)};
    t.gate = stack_new(c->shape->type, 100, c->shape->E, c->shape->F, c->shape->D);
    t.up = stack_new(c->shape->type, 200, c->shape->E, c->shape->F, c->shape->D);
    t.down = stack_new(c->shape->type, 300, c->shape->E, c->shape->D, c->shape->F);
    t.before = fixture_new(ROWS * D);
    fixture_fill(t.before, 2, ROWS, (u32)D, c->shape->D, 3.0f);
    f32 *norm = fixture_new(D), *x = fixture_new(ROWS * D);
    fixture_fill(norm, 4, 1, (u32)D, c->shape->D, 2.0f);
    fixture_fill(x, 5, ROWS, (u32)D, c->shape->D, 1.0f);
    t.call = (struct experts_call){
        .router = t.router.packed,
        .gate = t.gate.packed,
        .up = t.up.packed,
        .down = t.down.packed,
        .norm = norm,
        .x = x,
        .y = fixture_new(ROWS * D),
        .route = fixture_new(ROWS * (size_t)LINE_PAD(2 * c->shape->K)),
        .xg = fixture_new(rows * D),
        .h = fixture_new(rows * F),
    };
    return t;
}

static void trial_free(struct trial *t)
{
    fixture_matrix_free(&t->router);
    stack_free(&t->gate, t->c->shape->E);
    stack_free(&t->up, t->c->shape->E);
    stack_free(&t->down, t->c->shape->E);
    f32 *const buffers[] = {
        t->before, (f32 *)(uintptr_t)t->call.norm, t->call.x, t->call.y, t->call.route, t->call.xg,
        t->call.h};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
}

static void trial_run(struct trial *t, u32 rows, u32 threads)
{
    memcpy(t->call.y, t->before, (size_t)rows * LINE_PAD(t->c->shape->D) * sizeof *t->before);
    fixture_run(threads, (struct step){.tokens = rows}, run_trial, t);
}

/* The route of one token: the right experts, and weights within the bound that route.h states. */
static void check_route(const struct trial *t, const f32 *x, const f32 *route)
{
    const struct experts_case *c = t->c;
    double p[MOST_EXPERTS], sum = 0, chosen = 0, error = 0;
    for (u32 e = 0; e < c->shape->E; e++) {
        double logit = 0, size = 0;
        for (u32 d = 0; d < c->shape->D; d++) {
            logit += t->router.values[(size_t)e * c->shape->D + d] * x[d];
            size += fabs(t->router.values[(size_t)e * c->shape->D + d] * x[d]);
        }
        error = fmax(error, (c->shape->D + 2) * 0x1p-24 * size);
        sum += p[e] = exp(logit);
    }
    for (u32 slot = 0; slot < c->shape->K; slot++) {
        const u32 e = (u32)route[slot];
        ck_assert(e < c->shape->E && (f32)e == route[slot] &&
                  (slot == 0 || route[slot - 1] < route[slot]));
        chosen += p[e];
    }
    const double whole = c->shape->weights == ROUTE_RENORM ? chosen : sum;
    for (u32 slot = 0; slot < c->shape->K; slot++) {
        u32 before = 0;
        for (u32 e = 0; e < c->shape->E; e++)
            before += p[e] > p[(u32)route[slot]] * (1 + 4 * error);
        ck_assert_msg(before < c->shape->K, "%s: chose expert %g, the %uth", c->name, route[slot],
                      before);
        const double exact = p[(u32)route[slot]] / whole;
        ck_assert_msg(fabs(route[c->shape->K + slot] - exact) <=
                          (4 * error + (c->shape->E + 8) * 0x1p-24) * exact,
                      "%s: weight %.9g, exact %.9g", c->name, route[c->shape->K + slot], exact);
    }
}

/* h[F] of one expert and one token, and the error that is allowed. */
static void exact_h(const struct trial *t, u32 e, const f32 *x, double *h, double *error)
{
    const struct experts_case *c = t->c;
    const double unit = 0x1p-24;
    for (u32 f = 0; f < c->shape->F; f++) {
        double g = 0, u = 0, g_size = 0, u_size = 0;
        for (u32 d = 0; d < c->shape->D; d++) {
            const double a = t->gate.one[e].values[(size_t)f * c->shape->D + d] * x[d];
            const double b = t->up.one[e].values[(size_t)f * c->shape->D + d] * x[d];
            g += a, u += b, g_size += fabs(a), u_size += fabs(b);
        }
        const double silu = g / (1 + exp(-g));
        h[f] = silu * u;
        error[f] =
            (c->shape->D + 2) * unit *
                (1.1 * g_size * (fabs(u) + u_size * unit * c->shape->D) + fabs(silu) * u_size) +
            8 * unit * fabs(h[f]);
    }
}

static double check_row(const struct trial *t, u32 row)
{
    const struct experts_case *c = t->c;
    const f32 *x = t->call.x + (size_t)row * LINE_PAD(c->shape->D);
    const f32 *route = t->call.route + (size_t)row * LINE_PAD(2 * c->shape->K);
    const f32 *y = t->call.y + (size_t)row * LINE_PAD(c->shape->D);
    double exact[MOST_WIDTH], bound[MOST_WIDTH], h[MOST_WIDTH], h_error[MOST_WIDTH], worst = 0;
    check_route(t, x, route);
    for (u32 d = 0; d < c->shape->D; d++) {
        exact[d] = t->before[(size_t)row * LINE_PAD(c->shape->D) + d];
        bound[d] = (c->shape->K + 1) * 0x1p-24 * fabs(exact[d]);
    }
    for (u32 slot = 0; slot < c->shape->K; slot++) {
        const u32 e = (u32)route[slot];
        const double weight = route[c->shape->K + slot];
        exact_h(t, e, x, h, h_error);
        for (u32 d = 0; d < c->shape->D; d++) {
            double product = 0, size = 0, carried = 0;
            for (u32 f = 0; f < c->shape->F; f++) {
                const double w = t->down.one[e].values[(size_t)d * c->shape->F + f];
                product += w * h[f];
                size += fabs(w) * (fabs(h[f]) + h_error[f]);
                carried += fabs(w) * h_error[f];
            }
            exact[d] += weight * product;
            bound[d] += weight * (carried + (c->shape->F + 2) * 0x1p-24 * size) +
                        (c->shape->K + 1) * 0x1p-24 * weight * size;
        }
    }
    for (u32 d = 0; d < c->shape->D; d++) {
        ck_assert_msg(fabs(y[d] - exact[d]) <= bound[d],
                      "%s row %u element %u: %.9g, exact %.9g, bound %.3g", c->name, row, d, y[d],
                      exact[d], bound[d]);
        worst = fmax(worst, fabs(y[d] - exact[d]) / bound[d]);
    }
    for (u32 d = c->shape->D; d < LINE_PAD(c->shape->D); d++)
        ck_assert_msg(y[d] == 0, "%s row %u: pad not zero", c->name, row);
    return worst;
}

START_TEST(experts_within_bound)
{
    const struct experts_case *c = &experts_cases[_i];
    const size_t outputs = (size_t)ROWS * LINE_PAD(c->shape->D);
    struct trial t = trial_new(c);
    double worst = 0;
    trial_run(&t, ROWS, 1);
    const uint64_t one = fixture_hash(FIXTURE_HASH, t.call.y, outputs);
    for (u32 row = 0; row < ROWS; row++)
        worst = fmax(worst, check_row(&t, row));
    for (u32 threads = 2; threads <= 4; threads++) {
        trial_run(&t, ROWS, threads);
        ck_assert_msg(fixture_hash(FIXTURE_HASH, t.call.y, outputs) == one,
                      "%s: %u threads give other bits", c->name, threads);
    }
    ck_assert(fixture_intact(t.call.y) && fixture_intact(t.call.h) && fixture_intact(t.call.xg));
    printf("%-28s worst error %.3f of the bound\n", c->name, worst);
    trial_free(&t);
}
END_TEST

/* Equal logits everywhere: the experts of lowest index, each with its share of those that count. */
START_TEST(ties_go_to_the_lower_index)
{
    const struct experts_case *c = &experts_cases[_i];
    const u32 sharers = c->shape->weights == ROUTE_RENORM ? c->shape->K : c->shape->E;
    struct trial t = trial_new(c);
    memset(t.call.x, 0, ROWS * LINE_PAD(c->shape->D) * sizeof *t.call.x);
    trial_run(&t, ROWS, 2);
    for (u32 row = 0; row < ROWS; row++)
        for (u32 slot = 0; slot < c->shape->K; slot++) {
            const f32 *route = t.call.route + (size_t)row * LINE_PAD(2 * c->shape->K);
            ck_assert_msg(
                route[slot] == (f32)slot && route[c->shape->K + slot] == 1.0f / (f32)sharers,
                "%s: expert %g, weight %g", c->name, route[slot], route[c->shape->K + slot]);
        }
    trial_free(&t);
}
END_TEST

/* Logits that are no numbers choose nothing; the route still names K experts. */
START_TEST(a_route_of_nan_stays_in_bounds)
{
    const struct experts_case *c = &experts_cases[_i];
    struct trial t = trial_new(c);
    for (u32 d = 0; d < c->shape->D; d++)
        t.call.x[d] = NAN;
    for (t.one = false;; t.one = true) {
        trial_run(&t, 1, 2);
        ck_assert_msg(fixture_intact(t.call.route), "%s: wrote beside the route", c->name);
        for (u32 slot = 0; slot < c->shape->K; slot++)
            ck_assert_msg(t.call.route[slot] == (f32)slot &&
                              isnan(t.call.route[c->shape->K + slot]),
                          "%s: expert %g", c->name, t.call.route[slot]);
        if (t.one)
            break;
    }
    trial_free(&t);
}
END_TEST

/* One token through decode has the bits of its row in a chunk, once it is normalised. */
START_TEST(decode_has_the_bits_of_prefill)
{
    const struct experts_case *c = &experts_cases[_i];
    const size_t D = LINE_PAD(c->shape->D);
    struct trial t = trial_new(c);
    f32 *x = t.call.x, *xn = fixture_new(ROWS * D), *chunk = fixture_new(ROWS * D),
        *before = t.before;
    for (u32 row = 0; row < ROWS; row++)
        rmsnorm_row(c->shape->D, (u32)D, 1e-5f, xn + row * D, x + row * D, t.call.norm);
    t.call.x = xn;
    trial_run(&t, ROWS, 2);
    memcpy(chunk, t.call.y, ROWS * D * sizeof *chunk);
    t.one = true;
    for (u32 row = 0; row < ROWS; row++) {
        t.call.x = x + row * D;
        t.before = before + row * D;
        trial_run(&t, 1, 3);
        ck_assert_msg(memcmp(t.call.y, chunk + row * D, D * sizeof *chunk) == 0,
                      "%s: row %u of a chunk differs from decode", c->name, row);
    }
    t.call.x = x;
    t.before = before;
    fixture_free(xn);
    fixture_free(chunk);
    trial_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("experts");
    TCase *tests = tcase_create("experts");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, experts_within_bound, 0, (int)experts_case_count);
    tcase_add_loop_test(tests, ties_go_to_the_lower_index, 0, (int)experts_case_count);
    tcase_add_loop_test(tests, a_route_of_nan_stays_in_bounds, 0, (int)experts_case_count);
    tcase_add_loop_test(tests, decode_has_the_bits_of_prefill, 0, (int)experts_case_count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
