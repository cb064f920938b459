/* The planner: hand cases, thousands of random ones against the bound, the checker and brute force;
 * and the checkers against broken plans. */
#include "gen/families/steps.h"
#include "gen/memory/plan.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"
#include "tests/unit/configs.h"

static void add(struct plan *plan, uint64_t bytes, uint32_t first, uint32_t last)
{
    struct plan_buffer *b = &plan->buffer[plan->count];
    *b = (struct plan_buffer){.bytes = bytes, .first_op = first, .last_op = last};
    snprintf(b->name, sizeof b->name, "b%u", plan->count);
    plan->count++;
}

static bool checks(const struct plan *plan)
{
    struct captured captured;
    captured_open(&captured, "plan");
    bool sound = plan_check(plan, &captured.diagnostics);
    captured_close(&captured);
    return sound;
}

START_TEST(nothing_needs_nothing)
{
    struct plan plan = {.align = 64};
    plan_solve(&plan);
    ck_assert_uint_eq(plan.bytes, 0);
    ck_assert_uint_eq(plan.bound, 0);
    ck_assert(plan.proved && checks(&plan));
}
END_TEST

START_TEST(a_chain_takes_two_places)
{
    struct plan plan = {.align = 64};
    for (uint32_t i = 0; i < 10; i++)
        add(&plan, 100, i, i + 1);
    plan_solve(&plan);
    ck_assert_uint_eq(plan.bytes, 256);
    ck_assert_uint_eq(plan.bound, 256);
    ck_assert(checks(&plan));
}
END_TEST

/* A case on which placing the largest first ends at 90 bytes. */
START_TEST(medium_case_reaches_its_bound)
{
    struct plan plan = {.align = 1};
    add(&plan, 10, 0, 1);
    add(&plan, 20, 1, 2);
    add(&plan, 30, 2, 3);
    add(&plan, 40, 3, 4);
    add(&plan, 50, 0, 1);
    plan_solve(&plan);
    ck_assert_uint_eq(plan.bound, 80);
    ck_assert_uint_eq(plan.witness, 1);
    ck_assert_uint_eq(plan.bytes, 80);
    ck_assert(plan.proved && checks(&plan));
}
END_TEST

/* Sizes beyond 2^32 and rounding up to the alignment. */
START_TEST(sizes_are_64_bit)
{
    struct plan plan = {.align = 64};
    add(&plan, (1ull << 40) + 1, 0, 5);
    add(&plan, (1ull << 40) + 1, 2, 3);
    plan_solve(&plan);
    ck_assert_uint_eq(plan.bytes, 2 * ((1ull << 40) + 64));
    ck_assert(checks(&plan));
}
END_TEST

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void random_plan(uint64_t *seed, uint32_t most, struct plan *plan)
{
    *plan = (struct plan){.align = 1};
    uint32_t count = 1 + (uint32_t)(next_random(seed) % most);
    uint32_t ops = 2 + (uint32_t)(next_random(seed) % (2 * most));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = (uint32_t)(next_random(seed) % ops);
        uint32_t life = (uint32_t)(next_random(seed) % (ops - first));
        add(plan, 1 + next_random(seed) % 50, first, first + life);
    }
}

/* The best arena over all orders, each buffer at the lowest free address: exhaustive, and so
 * optimal, because some order builds an optimal plan bottom up. */
static uint64_t brute_force(const struct plan *plan, uint64_t *at, uint32_t placed, uint64_t end,
                            uint64_t best)
{
    if (placed == (1u << plan->count) - 1)
        return end < best ? end : best;
    for (uint32_t i = 0; i < plan->count; i++) {
        if (placed >> i & 1)
            continue;
        const struct plan_buffer *b = &plan->buffer[i];
        at[i] = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (uint32_t j = 0; j < plan->count; j++) {
                const struct plan_buffer *other = &plan->buffer[j];
                if ((placed >> j & 1) == 0 || b->first_op > other->last_op ||
                    other->first_op > b->last_op || at[i] >= at[j] + other->bytes ||
                    at[j] >= at[i] + b->bytes)
                    continue;
                at[i] = at[j] + other->bytes;
                moved = true;
            }
        }
        uint64_t top = at[i] + b->bytes > end ? at[i] + b->bytes : end;
        best = brute_force(plan, at, placed | 1u << i, top, best);
    }
    return best;
}

START_TEST(random_sets_are_sound_and_small_ones_optimal)
{
    uint64_t seed = 2026;
    uint32_t at_bound = 0;
    for (int set = 0; set < 2000; set++) {
        struct plan plan, again;
        bool small = set % 4 == 0;
        random_plan(&seed, small ? 6 : 24, &plan);
        again = plan;
        plan_solve(&plan);
        plan_solve(&again);
        for (uint32_t i = 0; i < plan.count; i++)
            ck_assert_msg(plan.buffer[i].at == again.buffer[i].at, "set %d: two plans", set);
        ck_assert_msg(checks(&plan), "set %d: the checker refuses it", set);
        ck_assert_msg(plan.bytes >= plan.bound, "set %d: below the bound", set);
        at_bound += plan.bytes == plan.bound;
        if (!small)
            continue;
        uint64_t at[PLAN_BUFFERS];
        ck_assert_msg(plan.proved, "set %d: small but not proved", set);
        ck_assert_msg(plan.bytes == brute_force(&plan, at, 0, 0, UINT64_MAX),
                      "set %d: not the optimum", set);
    }
    ck_assert_uint_ge(at_bound, 1990); /* a set without a plan at its bound is rare */
}
END_TEST

/* Nine buffers that fit the heaviest operation's six bytes at no time together. */
START_TEST(a_bound_out_of_reach_is_proved_so)
{
    static const uint32_t buffers[][3] = {{3, 0, 1}, {3, 0, 2}, {1, 2, 6}, {1, 2, 5}, {1, 2, 3},
                                          {2, 3, 3}, {1, 3, 5}, {3, 4, 6}, {2, 6, 6}};
    struct plan plan = {.align = 1};
    uint64_t at[PLAN_BUFFERS];
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        add(&plan, buffers[i][0], buffers[i][1], buffers[i][2]);
    plan_solve(&plan);
    ck_assert_uint_eq(plan.bound, 6);
    ck_assert_uint_eq(plan.bytes, 7);
    ck_assert(plan.proved && checks(&plan));
    ck_assert_uint_eq(brute_force(&plan, at, 0, 0, UINT64_MAX), 7);
}
END_TEST

/* Up to `most` buffers that fill the same load at every operation: little room for mistakes. */
static void tight_plan(uint64_t *seed, uint32_t most, struct plan *plan)
{
    enum { OPEN = 1000 };
    uint64_t load = 4 + next_random(seed) % 6, alive = 0;
    *plan = (struct plan){.align = 1};
    for (uint32_t op = 0; op < 8; op++) {
        for (uint32_t i = 0; i < plan->count; i++) {
            struct plan_buffer *b = &plan->buffer[i];
            if (b->last_op != OPEN || next_random(seed) % 3 != 0)
                continue;
            b->last_op = op - 1;
            alive -= b->bytes;
        }
        while (alive < load && plan->count < most) {
            uint64_t bytes = 1 + next_random(seed) % (load - alive < 4 ? load - alive : 4);
            add(plan, bytes, op, OPEN);
            alive += bytes;
        }
    }
    for (uint32_t i = 0; i < plan->count; i++)
        if (plan->buffer[i].last_op == OPEN)
            plan->buffer[i].last_op = 7;
}

/* The number of sets whose optimum is their bound is a fact about the sets: a search that misses an
 * optimum, or gives up too early, finds fewer. */
START_TEST(tight_sets_are_solved)
{
    uint64_t seed = 3;
    uint32_t at_bound = 0;
    for (int set = 0; set < 2000; set++) {
        struct plan plan;
        tight_plan(&seed, 11, &plan);
        plan_solve(&plan);
        ck_assert_msg(plan.proved && checks(&plan), "set %d", set);
        at_bound += plan.bytes == plan.bound;
    }
    ck_assert_uint_eq(at_bound, 1998);
}
END_TEST

/* A buffer that lives with all others can be at offset 0 without loss. */
START_TEST(a_bottom_buffer_costs_nothing)
{
    uint64_t seed = 11;
    for (int set = 0; set < 500; set++) {
        struct plan plan, free_plan;
        random_plan(&seed, 12, &plan);
        add(&plan, 1 + next_random(&seed) % 50, 0, 1000);
        free_plan = plan;
        plan_solve(&free_plan);
        plan.buffer[plan.count - 1].bottom = true;
        plan_solve(&plan);
        ck_assert_uint_eq(plan_bottom(&plan)->at, 0);
        ck_assert_msg(checks(&plan), "set %d: the checker refuses it", set);
        ck_assert_uint_eq(plan.bytes, free_plan.bytes);
    }
}
END_TEST

/* Too many buffers for the exhaustive search: the swaps must find their way alone. */
START_TEST(large_sets_are_sound)
{
    uint64_t seed = 7;
    uint32_t at_bound = 0;
    for (int set = 0; set < 30; set++) {
        struct plan plan;
        random_plan(&seed, PLAN_BUFFERS, &plan);
        plan_solve(&plan);
        ck_assert(checks(&plan));
        at_bound += plan.bytes == plan.bound;
    }
    ck_assert_uint_eq(at_bound, 30);
}
END_TEST

/* A plan of two buffers alive together, as broken by each test. */
static struct plan pair(void)
{
    struct plan plan = {.align = 64};
    add(&plan, 100, 0, 2);
    add(&plan, 60, 1, 3);
    plan_solve(&plan);
    return plan;
}

static void refused(const struct plan *plan, const char *message)
{
    struct captured captured;
    captured_open(&captured, "plan");
    ck_assert(!plan_check(plan, &captured.diagnostics));
    ck_assert_str_eq(captured_text(&captured), message);
    captured_close(&captured);
}

START_TEST(checker_refuses_broken_plans)
{
    struct plan plan = pair();
    ck_assert(checks(&plan));
    plan.buffer[1].at = 64;
    refused(&plan, "plan: buffers b0 and b1 overlap and are alive together\n");
    plan.buffer[0].at = 64;
    plan.buffer[1].at = 0;
    ck_assert(checks(&plan));
    plan.buffer[1].room = 128;
    refused(&plan, "plan: buffers b0 and b1 overlap and are alive together\n");
    plan = pair();
    plan.bytes -= 64;
    refused(&plan, "plan: buffer b1 ends beyond the arena of 128 bytes\n");
    plan = pair();
    plan.bytes += 64;
    plan.buffer[1].at += 8;
    refused(&plan, "plan: buffer b1 at 136, expected a multiple of 64\n");
    plan = pair();
    plan.buffer[1].bytes = 65;
    refused(&plan, "plan: buffer b1 has room for 64 of 65 bytes\n");
    plan = pair();
    plan.buffer[1].at = UINT64_MAX - 63;
    refused(&plan, "plan: buffer b1 ends beyond the arena of 192 bytes\n");
}
END_TEST

static const struct cfg *const designs[] = {&plain_cfg, &odd_cfg};

/* The walk over a model with one kind of layer, executed twice. */
static bool walk_agrees(const struct plan *plan, const struct graph *graph,
                        struct diagnostics *diagnostics)
{
    return plan_check_layers(plan, graph, (const uint8_t[]){0, 0}, 2, diagnostics);
}

/* Puts every pair of a real plan at one address: the checker that runs the graph, and knows no
 * intervals, refuses exactly the pairs that the intervals say are alive together. */
START_TEST(graph_checker_agrees_about_every_pair)
{
    static struct steps steps;
    steps_build(designs[_i / STEP_KINDS], &steps);
    const struct graph *graph = steps.graph[_i % STEP_KINDS];
    struct plan good;
    struct captured captured;
    captured_open(&captured, "plan");
    live_find(graph, &good);
    plan_solve(&good);
    ck_assert(plan_check(&good, &captured.diagnostics) &&
              walk_agrees(&good, graph, &captured.diagnostics));
    for (uint32_t i = 0; i < good.count; i++)
        for (uint32_t j = 0; j < i; j++) {
            const struct plan_buffer *a = &good.buffer[i], *b = &good.buffer[j];
            struct plan broken = good;
            bool together = a->first_op <= b->last_op && b->first_op <= a->last_op;
            /* Far from the others, so that only this pair overlaps. */
            broken.bytes = good.bytes + a->room + b->room;
            broken.buffer[i].at = broken.buffer[j].at = good.bytes;
            ck_assert_msg(walk_agrees(&broken, graph, &captured.diagnostics) == !together,
                          "%s and %s at one address", a->name, b->name);
        }
    captured_close(&captured);
}
END_TEST

/* Without its last operation in the layer, x is only read at the top of each layer: dt may not take
 * its place, for the next layer reads x again. One pass over the operations would not notice. */
START_TEST(graph_checker_knows_the_next_layer)
{
    static struct steps steps;
    struct plan plan;
    struct captured captured;
    captured_open(&captured, "plan");
    steps_build(&plain_cfg, &steps);
    struct graph *graph = steps.graph[STEP_PREFILL];
    graph->node_count -= 2; /* OUT_PROJ, NORM_F */
    live_find(graph, &plan);
    plan_solve(&plan);
    ck_assert(walk_agrees(&plan, graph, &captured.diagnostics));
    for (uint32_t i = 0; i < plan.count; i++)
        if (strcmp(plan.buffer[i].name, "dt") == 0) {
            plan.bytes += plan.buffer[i].room;
            plan.buffer[i].at = plan.bytes - plan.buffer[i].room;
            plan.buffer[0].at = plan.buffer[i].at;
        }
    ck_assert(!walk_agrees(&plan, graph, &captured.diagnostics));
    ck_assert_str_eq(captured_text(&captured),
                     "plan: NORM reads x after its bytes were overwritten\n");
    captured_close(&captured);
}
END_TEST

START_TEST(graph_checker_misses_no_buffer)
{
    static struct steps steps;
    struct plan plan;
    struct captured captured;
    captured_open(&captured, "plan");
    steps_build(&plain_cfg, &steps);
    live_find(steps.graph[STEP_DECODE], &plan);
    plan_solve(&plan);
    plan.count--;
    ck_assert(!walk_agrees(&plan, steps.graph[STEP_DECODE], &captured.diagnostics));
    ck_assert_str_eq(captured_text(&captured), "plan: tensor xdb has no buffer in the plan\n");
    plan.count++;
    plan.buffer[0].bytes = plan.buffer[0].room = 192;
    ck_assert(!walk_agrees(&plan, steps.graph[STEP_DECODE], &captured.diagnostics));
    captured_close(&captured);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tests = tcase_create("plan");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, nothing_needs_nothing);
    tcase_add_test(tests, a_chain_takes_two_places);
    tcase_add_test(tests, medium_case_reaches_its_bound);
    tcase_add_test(tests, sizes_are_64_bit);
    tcase_add_test(tests, random_sets_are_sound_and_small_ones_optimal);
    tcase_add_test(tests, a_bound_out_of_reach_is_proved_so);
    tcase_add_test(tests, tight_sets_are_solved);
    tcase_add_test(tests, a_bottom_buffer_costs_nothing);
    tcase_add_test(tests, large_sets_are_sound);
    tcase_add_test(tests, checker_refuses_broken_plans);
    tcase_add_loop_test(tests, graph_checker_agrees_about_every_pair, 0, 2 * STEP_KINDS);
    tcase_add_test(tests, graph_checker_knows_the_next_layer);
    tcase_add_test(tests, graph_checker_misses_no_buffer);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
