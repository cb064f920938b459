/* The reference models, pinned: bytes of every arena and parameters, change them only on purpose;
 * and every plan at its lower bound. */
#include "gen/emit/emit.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"

static const struct pinned {
    const char *name;
    uint64_t parameters, weights, state, scratch, io;
} pinned[] = {
    {"fable-mamba", 1253600, 2597760, 145920, 1196032, 230464},
    {"mamba-130m", 129135360, 260017152, 2801664, 5586944, 4005952},
    {"mamba-370m", 371516416, 747671552, 7471104, 7438336, 4268096},
    {"mamba-790m", 793204224, 1593366528, 11206656, 11141120, 4792384},
    {"mamba-1.4b", 1372178432, 2753634304, 14942208, 14843904, 5316672},
    {"mamba-2.8b", 2768345600, 5552138240, 24903680, 18546688, 5840960},
    {"mamba2-130m", 128989632, 258822144, 19390464, 5013504, 4005952},
    {"mamba2-370m", 368346624, 738105344, 51658752, 6586368, 4268096},
    {"mamba2-780m", 780161280, 1562379264, 77414400, 9748480, 4792384},
    {"mamba2-1.3b", 1343757312, 2690215936, 103170048, 12910592, 5316672},
    {"mamba2-2.7b", 2702599680, 5409658880, 171900928, 16072704, 5840960},
    {"llama-3-8b", 8030261248, 16061054976, 1073741824, 37748736, 12403776},
    {"tinyllama-1.1b", 1100048384, 2200281088, 46137344, 15728640, 4146240},
    {"mixtral-8x7b", 46702792704, 93408215040, 4294967296, 41959424, 6243392},
    {"deepseek-moe-16b", 16375728128, 32751689728, 939524096, 26607616, 8651840},
    {"jamba-v0.1", 51570323328, 103151746560, 4312399872, 41959424, 8389696},
    {"phi-2", 2779683840, 5561282560, 671088640, 15728640, 5899328},
};
enum { MODELS = sizeof pinned / sizeof pinned[0] };

static struct program program;

static void make(const char *name)
{
    char path[256];
    struct cfg cfg;
    struct captured captured;
    captured_open(&captured, name);
    snprintf(path, sizeof path, "config/%s.ini", name);
    ck_assert_msg(cfg_load(path, &captured.diagnostics, &cfg), "%s", captured_text(&captured));
    captured_close(&captured);
    program_make(&cfg, &program);
}

START_TEST(arenas_have_their_bytes)
{
    const struct pinned *p = &pinned[_i];
    make(p->name);
    ck_assert_uint_eq(program.layout.parameters, p->parameters);
    ck_assert_uint_eq(program.layout.weights_bytes, p->weights);
    ck_assert_uint_eq(program.state_bytes, p->state);
    ck_assert_uint_eq(program.scratch_bytes, p->scratch);
    ck_assert_uint_eq(program.io_bytes, p->io);
    program_free(&program);
}
END_TEST

START_TEST(plans_are_at_their_bound)
{
    make(pinned[_i].name);
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++)
        for (uint32_t k = 0; k < program.steps.kind_count; k++) {
            ck_assert_uint_eq(program.plan[step][k].bytes, program.plan[step][k].bound);
            ck_assert(program.plan[step][k].proved);
        }
    ck_assert_uint_eq(program.scratch_bytes, program.scratch_bound);
    program_free(&program);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bytes");
    TCase *tests = tcase_create("bytes");
    tcase_add_loop_test(tests, arenas_have_their_bytes, 0, MODELS);
    tcase_add_loop_test(tests, plans_are_at_their_bound, 0, MODELS);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
