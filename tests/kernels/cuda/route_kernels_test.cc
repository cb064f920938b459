/* The choice of route.cuh, interpreted, against the bits of kernels/cpu/route.h: from random
 * logits, from logits of which many are equal, and from those that are no numbers. */
#include <math.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_route.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { SEEDS = 20, ROUNDS = 12 };

#define FIND_SHAPES(X)                                                                             \
    X(1, 1, RENORM)                                                                                \
    X(2, 1, RAW)                                                                                   \
    X(2, 2, RENORM)                                                                                \
    X(8, 2, RENORM)                                                                                \
    X(16, 2, RAW)                                                                                  \
    X(33, 5, RENORM)                                                                               \
    X(64, 6, RAW)                                                                                  \
    X(64, 6, RENORM)                                                                               \
    X(256, 16, RENORM)

struct find_params {
    const f32 *logits;
    f32 *route;
};

#define FIND_MAKE(E, K, WEIGHTS)                                                                   \
    KERNEL(find_##E##x##K##_##WEIGHTS, struct find_params, WARP)                                   \
    {                                                                                              \
        struct route_room *const room = (struct route_room *)shared_memory();                      \
        pdl_wait();                                                                                \
        for (u32 e = warp_lane(); e < E; e += WARP)                                                \
            room->p[e] = p.logits[e];                                                              \
        warp_barrier(); /* p: written by each lane, read by all */                                 \
        route_find(E, K, ROUTE_##WEIGHTS, room);                                                   \
        route_store(K, room, p.route);                                                             \
    }
FIND_SHAPES(FIND_MAKE)

static const struct find_case {
    const char *name;
    u32 E, K;
    enum route_weights weights;
    const void *kernel;
} find_cases[] = {
#define FIND_ROW(E, K, WEIGHTS)                                                                    \
    {#E " experts, " #K " chosen, " #WEIGHTS, E, K, ROUTE_##WEIGHTS,                               \
     (const void *)find_##E##x##K##_##WEIGHTS},
    FIND_SHAPES(FIND_ROW)};

/* Logits by round: random; few different ones; all the same; far apart; one, and all, no number. */
static void fill(f32 *logits, u32 E, u32 round, uint64_t seed)
{
    fixture_fill(logits, seed, 1, E, E, round % 6 == 3 ? 300.0f : 5.0f);
    for (u32 e = 0; e < E; e++) {
        if (round % 6 == 1)
            logits[e] = floorf(logits[e] / 3);
        if (round % 6 == 2)
            logits[e] = -7.5f;
        if (round % 6 == 5 || (round % 6 == 4 && e == E / 2))
            logits[e] = NAN;
    }
}

static bool same(f32 a, f32 b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

START_TEST(the_choice_has_the_bits_of_the_cpu)
{
    const struct find_case *const c = &find_cases[_i];
    const u32 stride = ROUTE_STRIDE(c->K);
    f32 *const logits = fixture_new(c->E, SIMT_ORDINARY, "logits");
    f32 *const route = fixture_new(stride, SIMT_ORDINARY, "route");
    const struct find_params params = {logits, route};
    f32 expected[LINE_PAD(2 * ROUTE_CHOSEN_MOST)];
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        for (u32 round = 0; round < (seed < 2 ? ROUNDS : 6); round++) {
            fill(logits, c->E, round, seed * ROUNDS + round);
            memset(route, 0xff, stride * sizeof *route);
            cpu_route(c->E, c->K, c->weights == ROUTE_RENORM, logits, expected);
            simt_launch(c->kernel, 1, WARP, sizeof(struct route_room), &params);
            ck_assert_msg(simt_findings() == 0, "%s: %s", c->name, simt_report());
            for (u32 i = 0; i < stride; i++)
                if (!same(route[i], expected[i]))
                    ck_abort_msg("%s round %u: route[%u] is %.9g, expected %.9g", c->name, round, i,
                                 route[i], expected[i]);
        }
    }
    fixture_free(logits), fixture_free(route);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("route_kernels");
    TCase *tests = tcase_create("route_kernels");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, the_choice_has_the_bits_of_the_cpu, 0,
                        sizeof find_cases / sizeof find_cases[0]);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
