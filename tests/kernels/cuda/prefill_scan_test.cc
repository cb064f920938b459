/* scan.cuh in the interpreter, against the recurrence in double with the stated error carried
 * along: over whole texts, texts cut into chunks, and 20 schedules. */
#include <math.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 200, SCHEDULES = 20, POSITIONS = 395, STATES_MOST = 300 };

#define PAD(count) LINE_PAD(count)

SCAN(scan_1536x16, 1536, 16, 48, 3072, 80, CHUNK)
SCAN(scan_17x5, 17, 5, 3, 64, 16, CHUNK)
SCAN(scan_50x16, 50, 16, 6, 144, 48, CHUNK)
SCAN(scan_64x16, 64, 16, 4, 128, 48, CHUNK)
SCAN(scan_16x64, 16, 64, 1, 32, 144, CHUNK)
SCAN(scan_17x300, 17, 300, 3, 64, 608, CHUNK)
SCAN(scan_one_50x16, 50, 16, 6, 144, 48, ONE)

typedef void scan_call(run *r, f32 *xz, f32 *state, const f32 *dt, const f32 *xdb, const f32 *A,
                       const f32 *D);

#define SCAN_CALL(name, I, N, XS, DS)                                                              \
    static void name##_call(run *r, f32 *xz, f32 *state, const f32 *dt, const f32 *xdb,            \
                            const f32 *A, const f32 *D)                                            \
    {                                                                                              \
        name(r, 0, (f32(*)[XS])xz, (f32(*)[N][16])state, (const f32(*)[PAD(I)])dt,                 \
             (const f32(*)[DS])xdb, (const f32(*)[N][16])A, D);                                    \
    }
SCAN_CALL(scan_1536x16, 1536, 16, 3072, 80)
SCAN_CALL(scan_17x5, 17, 5, 64, 16)
SCAN_CALL(scan_50x16, 50, 16, 144, 48)
SCAN_CALL(scan_64x16, 64, 16, 128, 48)
SCAN_CALL(scan_16x64, 16, 64, 32, 144)
SCAN_CALL(scan_17x300, 17, 300, 64, 608)
SCAN_CALL(scan_one_50x16, 50, 16, 144, 48)

static const struct scan_case {
    const char *name;
    u32 I, N, R, XS, DS, most;
    scan_call *call;
} scans[] = {
    {"scan_17x5", 17, 5, 3, 64, 16, CHUNK, scan_17x5_call},
    {"scan_50x16", 50, 16, 6, 144, 48, CHUNK, scan_50x16_call},
    {"scan_64x16", 64, 16, 4, 128, 48, CHUNK, scan_64x16_call},
    {"scan_16x64", 16, 64, 1, 32, 144, CHUNK, scan_16x64_call},
    {"scan_17x300", 17, 300, 3, 64, 608, CHUNK, scan_17x300_call},
    {"scan_1536x16", 1536, 16, 48, 3072, 80, CHUNK, scan_1536x16_call},
};
static const struct scan_case scan_one = {"scan_one_50x16",   50, 16, 6, 144, 48, 1,
                                          scan_one_50x16_call};

/* A text, the memory of one chunk of it, and the recurrence in double beside it. */
struct text {
    const struct scan_case *c;
    u32 S;
    f32 *all_xz, *all_dt, *all_xdb; /* [POSITIONS] rows */
    f32 *xz, *dt, *xdb;             /* [most] rows */
    f32 *state, *A, *D, *work;
    struct step *step;
    double *s, *error; /* [I][N] */
};

/* A model has some for other operations where the scan needs none. */
static size_t work_bytes(const struct scan_case *c)
{
    return WORK_SCAN_BYTES(c->most, c->I, c->N) + 64;
}

static struct text text_new(const struct scan_case *c)
{
    struct text t = {};
    t.c = c;
    t.S = PAD(c->I);
    const size_t states = (size_t)t.S * c->N;
    t.all_xz = fixture_new((size_t)POSITIONS * c->XS, SIMT_ORDINARY, "text xz");
    t.all_dt = fixture_new((size_t)POSITIONS * t.S, SIMT_ORDINARY, "text dt");
    t.all_xdb = fixture_new((size_t)POSITIONS * c->DS, SIMT_ORDINARY, "text xdb");
    t.xz = fixture_new((size_t)c->most * c->XS, SIMT_ORDINARY, "xz");
    t.dt = fixture_new((size_t)c->most * t.S, SIMT_ORDINARY, "dt");
    t.xdb = fixture_new((size_t)c->most * c->DS, SIMT_ORDINARY, "xdb");
    t.state = fixture_new(states, SIMT_ORDINARY, "state");
    t.A = fixture_new(states, SIMT_WEIGHTS, "A");
    t.D = fixture_new(t.S, SIMT_WEIGHTS, "D");
    t.work = (f32 *)fixture_new_bytes(work_bytes(c), SIMT_ORDINARY, "work");
    t.step = fixture_step_new((struct step){});
    t.s = (double *)calloc((size_t)c->I * c->N, sizeof *t.s);
    t.error = (double *)calloc((size_t)c->I * c->N, sizeof *t.error);
    fixture_fill(t.all_xz, 1, POSITIONS, c->XS, c->I, 3.0f);
    for (u32 row = 0; row < POSITIONS; row++)
        fixture_fill(t.all_xz + (size_t)row * c->XS + t.S, 1000 + row, 1, t.S, c->I, 3.0f);
    fixture_fill(t.all_dt, 2, POSITIONS, t.S, c->I, 1.0f);
    fixture_fill(t.all_xdb, 3, POSITIONS, c->DS, c->R + 2 * c->N, 2.0f);
    fixture_fill(t.D, 4, 1, t.S, c->I, 1.0f);
    for (size_t i = 0; i < (size_t)POSITIONS * t.S; i++)
        t.all_dt[i] = fabsf(t.all_dt[i]); /* from a softplus */
    /* decays of trained models: from slower than f32 can hold to gone within one step */
    static const f32 rates[] = {1, 8, 16, 1e-6f, 0.1f, 100, 3e8f};
    for (u32 row = 0; row < t.S / 16; row++)
        for (u32 n = 0; n < c->N; n++) {
            f32 *const line = t.A + ((size_t)row * c->N + n) * 16;
            fixture_fill(line, 500 + row * c->N + n, 1, 16, c->I - row * 16 < 16 ? c->I % 16 : 16,
                         1.0f);
            for (u32 i = 0; i < 16; i++)
                line[i] = -fabsf(line[i]) * rates[(row + n + i) % 7];
        }
    memset(t.state, 0, states * sizeof(f32));
    return t;
}

static void text_free(struct text *t)
{
    void *const all[] = {t->all_xz, t->all_dt, t->all_xdb, t->xz,   t->dt,  t->xdb,
                         t->state,  t->A,      t->D,       t->work, t->step};
    for (void *buffer : all)
        fixture_free(buffer);
    free(t->s);
    free(t->error);
}

static const double h = 0x1p-24;

/* One token of one state in double: *s and its error *e. */
static void advance(double A, double dt, double x, double B, double *s, double *e)
{
    const double a = exp(A * dt), u = dt * x, before = fabs(*s);
    *s = a * *s + u * B;
    *e = a * *e + h * (a * before * (2 * fabs(A * dt) + 3.1) + 2.1 * fabs(u * B) + fabs(*s)) +
         0x1p-125 * before;
}

/* Channel c over `steps` tokens from `first`: y within its bound, s and e one piece later. */
static void check_piece(const struct text *t, u32 c, u32 first, u32 steps, const f32 *y)
{
    const u32 N = t->c->N;
    double replay[STATES_MOST], error[STATES_MOST], end[STATES_MOST] = {}, grown[STATES_MOST] = {};
    double *const s = t->s + (size_t)c * N, *const e = t->error + (size_t)c * N, T = 0;
    const f32 *const A = t->A + ((size_t)(c / 16) * N) * 16 + c % 16;
    memcpy(replay, s, N * sizeof *s);
    memcpy(error, e, N * sizeof *e);
    for (u32 k = 0; k < steps; k++) {
        const f32 *const row = t->all_xz + (size_t)(first + k) * t->c->XS;
        const f32 *const B = t->all_xdb + (size_t)(first + k) * t->c->DS + t->c->R;
        const double dt = t->all_dt[(size_t)(first + k) * t->S + c], x = row[c], z = row[t->S + c];
        double sum = t->D[c] * x, size = fabs(sum), bound = 0;
        T += dt;
        for (u32 n = 0; n < N; n++) {
            advance(A[n * 16], dt, x, B[n], &replay[n], &error[n]);
            advance(A[n * 16], dt, x, B[n], &end[n], &grown[n]);
            sum += replay[n] * B[N + n];
            size += fabs(replay[n] * B[N + n]);
            bound += error[n] * fabs(B[N + n]);
        }
        const double silu = z / (1 + exp(-z));
        sum *= silu;
        bound = (bound + (N + 1) * h * size) * fabs(silu) + 7.1 * h * fabs(sum);
        EXPECT(fabs(y[(size_t)k * t->c->XS] - sum) <= bound,
               "%s: token %u channel %u is %.9g, should be %.9g within %g", t->c->name, first + k,
               c, y[(size_t)k * t->c->XS], sum, bound);
    }
    for (u32 n = 0; n < N; n++) {
        const double rate = A[n * 16], P = exp(rate * T), before = fabs(s[n]);
        s[n] = replay[n];
        e[n] = P * e[n] + P * before * h * ((SCAN_STEPS + 1) * fabs(rate * T) + 3.1) +
               0x1p-125 * before + grown[n] + h * fabs(s[n]);
    }
}

static void check_chunk(const struct text *t, u32 first, u32 rows)
{
    const struct scan_case *c = t->c;
    for (u32 channel = 0; channel < c->I; channel++) {
        for (u32 at = 0; at < rows; at += SCAN_STEPS)
            check_piece(t, channel, first + at,
                        rows - at < SCAN_STEPS ? rows - at : (u32)SCAN_STEPS,
                        t->xz + (size_t)at * c->XS + channel);
        for (u32 n = 0; n < c->N; n++) {
            const size_t i = (size_t)channel * c->N + n;
            const f32 state = t->state[((size_t)(channel / 16) * c->N + n) * 16 + channel % 16];
            EXPECT(fabs(state - t->s[i]) <= t->error[i],
                   "%s: state %u of channel %u is %.9g, should be "
                   "%.9g within %g",
                   c->name, n, channel, state, t->s[i], t->error[i]);
        }
    }
    for (u32 row = 0; row < rows; row++) {
        for (u32 i = c->I; i < t->S; i++)
            EXPECT(t->xz[(size_t)row * c->XS + i] == 0.0f, "%s: pad %u of row %u", c->name, i, row);
        EXPECT(!memcmp(t->xz + (size_t)row * c->XS + t->S,
                       t->all_xz + (size_t)(first + row) * c->XS + t->S,
                       (c->XS - t->S) * sizeof(f32)),
               "%s wrote to z", c->name);
    }
    for (size_t i = (size_t)rows * c->XS; i < (size_t)c->most * c->XS; i++)
        EXPECT(isnan(t->xz[i]), "%s wrote behind row %u", c->name, rows);
}

/* The first `positions` tokens, in chunks of these lengths again and again; a digest of all y and
 * of the state. `checked`: against the recurrence too. */
static uint64_t text_run(struct text *t, u32 positions, const u32 *lengths, u32 count, bool checked)
{
    const struct scan_case *c = t->c;
    run r = {};
    r.step = t->step;
    r.work = t->work;
    memset(t->state, 0, (size_t)t->S * c->N * sizeof(f32));
    memset(t->s, 0, (size_t)c->I * c->N * sizeof(double));
    memset(t->error, 0, (size_t)c->I * c->N * sizeof(double));
    uint64_t digest = FIXTURE_HASH;
    u32 chunk = 0;
    for (u32 first = 0, rows; first < positions; first += rows, chunk++) {
        const u32 length = lengths[chunk % count];
        rows = length < positions - first ? length : positions - first;
        memset(t->xz, 0xff, (size_t)c->most * c->XS * sizeof(f32));
        memset(t->work, 0xff, work_bytes(c));
        memcpy(t->xz, t->all_xz + (size_t)first * c->XS, (size_t)rows * c->XS * sizeof(f32));
        memcpy(t->dt, t->all_dt + (size_t)first * t->S, (size_t)rows * t->S * sizeof(f32));
        memcpy(t->xdb, t->all_xdb + (size_t)first * c->DS, (size_t)rows * c->DS * sizeof(f32));
        t->step->tokens = rows;
        c->call(&r, t->xz, t->state, t->dt, t->xdb, t->A, t->D);
        EXPECT(simt_findings() == 0, "%s: %s", c->name, simt_report());
        if (checked)
            check_chunk(t, first, rows);
        for (u32 row = 0; row < rows; row++)
            digest = fixture_hash(digest, t->xz + (size_t)row * c->XS, t->S);
    }
    return fixture_hash(digest, t->state, (size_t)t->S * c->N);
}

START_TEST(scan_is_within_its_bound_for_any_chunks)
{
    static const u32 plans[][2] = {{200, 195}, {1, 1}, {2, 63}, {64, 65}, {63, 129}, {200, 1}};
    struct text t = text_new(&scans[_i]);
    const bool wide = scans[_i].I > 100;
    simt_schedule(0);
    for (const u32(&plan)[2] : plans)
        if (!wide || plan[0] == 200)
            text_run(&t, wide ? 260 : plan[0] == 1 ? 20 : POSITIONS, plan, 2, true);
    text_free(&t);
}
END_TEST

START_TEST(scan_is_the_same_on_any_schedule)
{
    static const u32 lengths[] = {130, 3};
    struct text t = text_new(&scans[_i]);
    simt_schedule(0);
    const uint64_t digest = text_run(&t, 136, lengths, 2, true);
    for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
        simt_schedule(seed);
        EXPECT(text_run(&t, 136, lengths, 2, false) == digest, "%s: other bits with seed %d",
               scans[_i].name, (int)seed);
    }
    text_free(&t);
}
END_TEST

START_TEST(scan_of_one_token)
{
    static const u32 lengths[] = {1};
    struct text t = text_new(&scan_one);
    simt_schedule(1);
    text_run(&t, 30, lengths, 1, true);
    text_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prefill scan");
    TCase *tests = tcase_create("prefill scan");
    tcase_set_timeout(tests, 300);
    const int count = sizeof scans / sizeof *scans;
    tcase_add_loop_test(tests, scan_is_within_its_bound_for_any_chunks, 0, count);
    tcase_add_loop_test(tests, scan_is_the_same_on_any_schedule, 0, count - 1);
    tcase_add_test(tests, scan_of_one_token);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
