/* The parts of the runtime by themselves: arenas, team, output, session and score, over the fake
 * model. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/json.h"
#include "runtime/base/machine.h"
#include "runtime/base/number_text.h"
#include "runtime/base/out.h"
#include "runtime/engine/arena.h"
#include "runtime/engine/session.h"
#include "runtime/measure/score.h"
#include "tests/fixtures/child.h"
#include "tests/fixtures/fake_model.h"
#include "tests/fixtures/run.h"

static void require_too_much(void)
{
    struct memory_plan plan = {.weights = UINT64_C(5531000000), .state = 70, .scratch = 6, .io = 5};
    memory_require(&plan, UINT64_C(5531000080));
}

START_TEST(a_plan_that_does_not_fit_is_refused_with_both_sizes)
{
    struct child *child = child_call(require_too_much);
    ck_assert_int_eq(child->code, EXIT_MEMORY);
    ck_assert_str_eq(
        child->err, "runtime_test: not enough memory: 5531000081 bytes needed (weights 5531000000, "
                    "tokenizer 0, state 70, scratch 6, io 5, threads 0), 5531000080 bytes "
                    "available; end other programs, raise the memory limit of the container, or "
                    "build a smaller model or a smaller prefill_chunk\n");
    struct memory_plan most = {.weights = UINT64_MAX - 1, .io = 5};
    ck_assert_uint_eq(memory_plan_bytes(&most), UINT64_MAX);
    struct memory_plan fits = {.weights = 10, .threads = 5};
    memory_require(&fits, 15);
    ck_assert_uint_gt(memory_available(), 1000000);
    ck_assert_uint_lt(memory_available(), UINT64_C(1) << 50);
    ck_assert_uint_ge(memory_peak(), memory_resident());
}
END_TEST

static void reserve_too_much(void)
{
    arena_reserve("state", UINT64_MAX - 5);
}

static void reserve_after_sealing(void)
{
    arena_seal();
    arena_reserve("state", 64);
}

static void take_too_much(void)
{
    struct arena arena = arena_reserve("io", 128);
    arena_take(&arena, 1);
    arena_take(&arena, 65);
}

static void touch_behind(void)
{
    struct arena arena = arena_reserve("io", 4096);
    ((volatile uint8_t *)arena.at)[4096] = 1;
}

START_TEST(arenas_keep_their_bounds)
{
    ck_assert_int_eq(child_call(reserve_too_much)->code, EXIT_MEMORY);
    struct child *child = child_call(reserve_after_sealing);
    ck_assert_int_eq(child->code, EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(child->err, "arena state reserved after sealing"));
    child = child_call(take_too_much);
    ck_assert_int_eq(child->code, EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(child->err, "65 bytes asked of the io arena, 64 left"));
    ck_assert_int_ne(child_call(touch_behind)->code, 0);

    struct arena arena = arena_reserve("io", 200);
    uint8_t *first = arena_take(&arena, 1), *second = arena_take(&arena, 64);
    ck_assert_int_eq(second - first, 64);
    ck_assert_uint_eq((uintptr_t)first % 64, 0);
    for (u32 i = 0; i < 128; i++)
        ck_assert_uint_eq(first[i], 0);
}
END_TEST

/* Every thread adds its rank + 1 to its own place; after a barrier each sums all of them. */
struct ring {
    uint64_t place[TEAM_MOST_THREADS];
    uint64_t sum[TEAM_MOST_THREADS];
};

static void add_up(run *r, void *context)
{
    struct ring *ring = context;
    ring->place[r->rank] += r->rank + 1;
    team_barrier(r);
    uint64_t sum = 0;
    for (u32 rank = 0; rank < r->threads; rank++)
        sum += ring->place[rank];
    ring->sum[r->rank] = sum;
}

static void exercise(struct pool *pool, u32 threads, u32 rounds)
{
    static struct ring ring;
    memset(&ring, 0, sizeof ring);
    team_use(pool, threads);
    for (u32 round = 1; round <= rounds; round++) {
        team_run(pool, add_up, &ring);
        for (u32 rank = 0; rank < threads; rank++)
            ck_assert_uint_eq(ring.sum[rank], (uint64_t)round * threads * (threads + 1) / 2);
        for (u32 rank = threads; rank < pool->started; rank++)
            ck_assert_uint_eq(ring.place[rank], 0);
    }
}

START_TEST(a_team_of_any_size_does_every_piece_once)
{
    static struct pool pool;
    for (u32 threads = 1; threads <= 5; threads += threads < 3 ? 1 : 2) {
        team_start(&pool, threads);
        exercise(&pool, threads, 200);
        for (u32 used = threads; used >= 1; used--)
            exercise(&pool, used, 20);
        usleep(60 * 1000); /* the workers fall asleep, and must wake */
        exercise(&pool, threads, 20);
        team_stop(&pool);
        sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){.__bits = {~0UL}});
    }
}
END_TEST

START_TEST(a_team_of_all_processors_is_pinned)
{
    static struct pool pool;
    cpu_set_t allowed;
    ck_assert_int_eq(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    u32 processors = (u32)CPU_COUNT(&allowed);
    team_start(&pool, processors);
    ck_assert(pool.pinned);
    ck_assert(pool.team.crowded == (processors > machine_processors("")));
    ck_assert_uint_eq(team_processors(), 1); /* of this thread, now */
    team_stop(&pool);
    sched_setaffinity(0, sizeof allowed, &allowed);
    team_start(&pool, processors + 1);
    ck_assert(!pool.pinned);
    ck_assert(pool.team.crowded);
    team_stop(&pool);
}
END_TEST

START_TEST(a_team_that_ends_gives_its_stacks_back)
{
    static struct pool pool;
    const u32 threads = 4;
    uint64_t first = 0;
    for (u32 i = 0; i < 40; i++) {
        team_start(&pool, threads);
        team_stop(&pool);
        first = i == 0 ? memory_resident() : first;
    }
    ck_assert_uint_le(memory_resident(), first + team_stack_bytes(threads));
}
END_TEST

START_TEST(output_of_any_size_arrives_in_order)
{
    static struct out out;
    const char *path = child_scratch("output");
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(file, 0);
    out_open(&out, file, path);
    static char big[OUT_BYTES * 2 + 5];
    memset(big, 'b', sizeof big);
    for (u32 i = 0; i < 30000; i++)
        out_print(&out, "%u ", i % 10);
    out_write(&out, big, sizeof big);
    memcpy(out_room(&out, OUT_BYTES), "end", 3);
    out_filled(&out, 3);
    out_flush(&out);
    ck_assert_int_eq(lseek(file, 0, SEEK_END), 60000 + (off_t)sizeof big + 3);
    char byte;
    ck_assert_int_eq(pread(file, &byte, 1, 59998), 1);
    ck_assert_int_eq(byte, '9');
    close(file);
}
END_TEST

static void write_to_full(void)
{
    static struct out out;
    out_open(&out, open("/dev/full", O_WRONLY), "/dev/full");
    out_text(&out, "lost");
    out_flush(&out);
}

START_TEST(a_full_disk_is_an_error)
{
    struct child *child = child_call(write_to_full);
    ck_assert_int_eq(child->code, EXIT_FAILED);
    ck_assert_str_eq(child->err,
                     "runtime_test: cannot write to /dev/full: No space left on device\n");
}
END_TEST

/* What it is given is gone after the call. */
static void shows(const char *found, const char *expected)
{
    ck_assert_str_eq(found, expected);
}

START_TEST(numbers_for_people)
{
    shows(number_text_bytes(0).text, "0 bytes");
    shows(number_text_bytes(45056).text, "45.1 kB");
    shows(number_text_bytes(258300000).text, "258.3 MB");
    shows(number_text_bytes(UINT64_C(5530000000)).text, "5.53 GB");
    shows(number_text_grouped(7).text, "7");
    shows(number_text_grouped(999).text, "999");
    shows(number_text_grouped(2771968).text, "2,771,968");
    shows(number_text_grouped(UINT64_MAX).text, "18,446,744,073,709,551,615");
    shows(number_text_rate(100, 0).text, "-");
    shows(number_text_rate(541, 10).text, "54.1");
    shows(number_text_rate(99.99, 1).text, "100");
    shows(number_text_rate(1.234, 1).text, "1.23");
}
END_TEST

START_TEST(json_quotes_and_nests)
{
    static struct out out;
    out_open(&out, -1, "nowhere");
    struct json json;
    json_begin(&json, &out);
    json_open(&json, NULL, '{');
    json_add_string(&json, "a\"", "tab\t\\");
    json_open(&json, "empty", '[');
    json_close(&json, ']');
    json_add_config(&json, "n", "1e-05");
    json_add_config(&json, "s", "0x10");
    json_add_config(&json, "f", "false");
    json_add_config(&json, "i", "2 428");
    json_add_config(&json, "o", "none");
    json_add_real(&json, "r", 1.0 / 0.0);
    json_close(&json, '}');
    out.bytes[out.used] = '\0';
    ck_assert_str_eq(
        (const char *)out.bytes,
        "{\n  \"a\\\"\": \"tab\\u0009\\\\\",\n  \"empty\": [],\n  \"n\": 1e-05,\n  "
        "\"s\": \"0x10\",\n  \"f\": false,\n  \"i\": [\n    2,\n    428\n  ],\n  \"o\": null,\n  "
        "\"r\": null\n}\n");
}
END_TEST

static struct session session;

static void open_session(u32 threads)
{
    const char *path = child_scratch("plain.weights");
    uint64_t bytes;
    uint8_t *file = fake_weights(NULL, 0, &bytes);
    fake_write(path, file, bytes);
    free(file);
    session_open(&session,
                 &(struct session_options){.weights = path, .threads = threads, .quiet = true});
    session_reset(&session);
}

START_TEST(prefill_and_decode_agree_across_a_reset)
{
    open_session(2);
    u32 ids[FAKE_CHUNK];
    static f32 rows[FAKE_CHUNK][FAKE_VOCAB];
    for (u32 i = 0; i < FAKE_CHUNK; i++) {
        ids[i] = i * 13 % FAKE_VOCAB;
        memcpy(rows[i], session_decode(&session, ids[i]), sizeof rows[i]);
    }
    ck_assert_uint_eq(session.position, FAKE_CHUNK);
    session_reset(&session);
    ck_assert_uint_eq(session.position, 0);
    session_prefill(&session, ids, 5);
    session_prefill(&session, ids + 5, FAKE_CHUNK - 5);
    for (u32 first = 0; first < FAKE_CHUNK - 5; first += FAKE_LOGIT_ROWS) {
        u32 left = FAKE_CHUNK - 5 - first;
        u32 count = left < FAKE_LOGIT_ROWS ? left : FAKE_LOGIT_ROWS;
        const f32 *logits = session_head(&session, first, count);
        ck_assert_int_eq(memcmp(logits, rows[5 + first], count * sizeof rows[0]), 0);
    }
    session_close(&session);
}
END_TEST

START_TEST(score_is_the_softmax_in_bits)
{
    open_session(2);
    u32 ids[4] = {9, 10, 300, 5}, targets[4] = {10, 11, 300, 511};
    double bits[4];
    session_prefill(&session, ids, 4);
    score_rows(&session, 0, 4, targets, bits);
    const f32 *logits = session_head(&session, 0, 4);
    for (u32 row = 0; row < 4; row++) {
        double sum = 0;
        for (u32 id = 0; id < FAKE_VOCAB; id++)
            sum += exp((double)logits[row * FAKE_VOCAB_PAD + id]);
        double expected = log2(sum) - (double)logits[row * FAKE_VOCAB_PAD + targets[row]] / log(2);
        ck_assert_double_eq_tol(bits[row], expected, 1e-13);
    }
    session_close(&session);
}
END_TEST

static void unknown_token(void)
{
    open_session(1);
    session_decode(&session, 5);
    session_decode(&session, FAKE_VOCAB);
}

START_TEST(a_token_outside_the_vocabulary_stops_the_step)
{
    struct child *child = child_call(unknown_token);
    ck_assert_int_eq(child->code, EXIT_FAILED);
    ck_assert_str_eq(child->err, "runtime_test: token id 512 at position 1 is outside the "
                                 "vocabulary of 512\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime");
    TCase *cases = tcase_create("runtime");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_plan_that_does_not_fit_is_refused_with_both_sizes);
    tcase_add_test(cases, arenas_keep_their_bounds);
    tcase_add_test(cases, a_team_of_any_size_does_every_piece_once);
    tcase_add_test(cases, a_team_of_all_processors_is_pinned);
    tcase_add_test(cases, a_team_that_ends_gives_its_stacks_back);
    tcase_add_test(cases, output_of_any_size_arrives_in_order);
    tcase_add_test(cases, a_full_disk_is_an_error);
    tcase_add_test(cases, numbers_for_people);
    tcase_add_test(cases, json_quotes_and_nests);
    tcase_add_test(cases, prefill_and_decode_agree_across_a_reset);
    tcase_add_test(cases, score_is_the_softmax_in_bits);
    tcase_add_test(cases, a_token_outside_the_vocabulary_stops_the_step);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
