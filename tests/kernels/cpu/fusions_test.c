/* Every row of kernels/fusions.def, executed: the fused operation has the bits of its parts, one
 * after the other, for any team. */
#include <math.h>
#include <string.h>

#define KERNELS_STAY_FUNCTIONS /* shapes are no constants here */
#include "gen/graph/passes.h"
#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/every_kernel.h"
#include "tests/kernels/cpu/kernel_fixture.h"

/* The constants of an operation, and what each of its operands is. */
#define OP(UPPER, LOWER, ...) struct LOWER##_shape LOWER;
union shape {
#include "kernels/ops.def"
};
#undef OP
struct extent {
    enum { ABSENT, ROW, DECAY, MATRICES, HALVES } what;
    u32 count, rows, cols; /* of matrices; elements of anything else */
};
#define OPERAND(NAME, ACCESS, SHAPE) struct extent NAME;
#define OP(UPPER, LOWER, CPU, CUDA, SYMBOL, SIZES, OPERANDS, ...)                                  \
    struct {                                                                                       \
        OPERANDS                                                                                   \
    } LOWER;
union extents {
    struct extent of[16];
#include "kernels/ops.def"
};
#undef OP
#undef OPERAND

/* clang-format off */
#define FLOATS(COUNT)          {ROW, COUNT, 0, 0}
#define DECAYS(COUNT)          {DECAY, COUNT, 0, 0}
#define MATRIX(ROWS, COLS)     {MATRICES, 1, ROWS, COLS}
#define EXPERTS(E, ROWS, COLS) {MATRICES, E, ROWS, COLS}
#define CACHE(COUNT)           {HALVES, COUNT, 0, 0}
/* clang-format on */

struct trial {
    const char *name;
    enum format type;     /* of all matrices */
    enum op whole, first; /* which row: its operation, and its first part */
    union extents operands;
    union shape shape, part[FUSION_PARTS];
};

enum { WIDTH = 37, STRIDE = 48 }; /* of the residual stream */
#define RMS                                                                                        \
    {                                                                                              \
        .rmsnorm = {.D = WIDTH, .x_stride = STRIDE, .epsilon = 1e-5f }                             \
    }
#define MEAN                                                                                       \
    {                                                                                              \
        .layernorm = {.D = WIDTH, .x_stride = STRIDE, .epsilon = 1e-5f }                           \
    }
#define PRODUCT(T, ROWS, COLS, S, E)                                                               \
    {                                                                                              \
        .linear = {                                                                                \
            .type = FORMAT_##T,                                                                    \
            .M = ROWS,                                                                             \
            .K = COLS,                                                                             \
            .y_stride = LINE_PAD(ROWS),                                                            \
            .x_stride = S,                                                                         \
            .epilogue = EPILOGUE_##E                                                               \
        }                                                                                          \
    }
#define STREAM .x = FLOATS(WIDTH), .norm = FLOATS(WIDTH)

/* 80 channels of 16 states, dt of rank 7. */
#define SCAN_SHAPE .I = 80, .N = 16, .R = 7
#define SCANNED                                                                                    \
    .xz = FLOATS(160), .ssm = FLOATS(1280), .xdb = FLOATS(39), .w = MATRIX(80, 7),                 \
    .bias = FLOATS(80), .A = DECAYS(1280), .D = FLOATS(80)
#define SCAN_PART                                                                                  \
    {                                                                                              \
        .scan = { SCAN_SHAPE, .xz_stride = 160, .xdb_stride = 48 }                                 \
    }

/* 6 heads of 16 on 2 of keys and values, of which 6 elements are rotated. */
#define HEADS .H = 6, .KV = 2, .HD = 16, .R = 6, .cache_type = FORMAT_F16, .C = 64
static const f32 frequencies[] = {1.0f, 0.046415888f, 0.0021544348f};
#define QKV                                                                                        \
    .q = FLOATS(96), STREAM, .q_proj = MATRIX(96, WIDTH), .k_proj = MATRIX(32, WIDTH),             \
    .v_proj = MATRIX(32, WIDTH), .keys = CACHE(2 * 64 * 16), .values = CACHE(2 * 64 * 16)

static const struct trial trials[] = {
    {"norm_linear_conv", FORMAT_BF16, OP_NORM_LINEAR_CONV, OP_RMSNORM,
     .operands.norm_linear_conv = {.xz = FLOATS(64),
                                   STREAM,
                                   .w = MATRIX(64, WIDTH),
                                   .conv = FLOATS(96),
                                   .taps = FLOATS(128),
                                   .conv_bias = FLOATS(32)},
     .shape.norm_linear_conv = {.type = FORMAT_BF16,
                                .M = 64,
                                .D = WIDTH,
                                .conv_at = 0,
                                .I = 32,
                                .K = 4,
                                .epsilon = 1e-5f},
     .part = {RMS,
              PRODUCT(BF16, 64, WIDTH, STRIDE, PLAIN),
              {.conv_silu =
                   {.conv_at = 0, .I = 32, .K = 4, .xz_stride = 64, .epilogue = EPILOGUE_BIAS}}}},
    {"norm_linear_conv of the middle", FORMAT_F32, OP_NORM_LINEAR_CONV, OP_RMSNORM,
     .operands.norm_linear_conv = {.xz = FLOATS(112),
                                   STREAM,
                                   .w = MATRIX(112, WIDTH),
                                   .bias = FLOATS(112),
                                   .conv = FLOATS(128),
                                   .taps = FLOATS(192)},
     .shape.norm_linear_conv = {.type = FORMAT_F32,
                                .M = 112,
                                .D = WIDTH,
                                .conv_at = 32,
                                .I = 64,
                                .K = 3,
                                .epsilon = 1e-5f},
     .part = {RMS,
              PRODUCT(F32, 112, WIDTH, STRIDE, BIAS),
              {.conv_silu = {.conv_at = 32,
                             .I = 64,
                             .K = 3,
                             .xz_stride = 112,
                             .epilogue = EPILOGUE_PLAIN}}}},
    {"dt_scan", FORMAT_F16, OP_DT_SCAN, OP_LINEAR, .operands.dt_scan = {SCANNED},
     .shape.dt_scan = {.type = FORMAT_F16, SCAN_SHAPE},
     .part = {PRODUCT(F16, 80, 7, 48, SOFTPLUS), SCAN_PART}},
    {"norm_dt_scan", FORMAT_BF16, OP_NORM_DT_SCAN, OP_NORM_SELECTION,
     .operands.norm_dt_scan = {SCANNED, .dt_norm = FLOATS(7), .b_norm = FLOATS(16),
                               .c_norm = FLOATS(16)},
     .shape.norm_dt_scan = {.type = FORMAT_BF16, SCAN_SHAPE, .epsilon = 1e-6f},
     .part = {{.norm_selection = {.N = 16, .R = 7, .xdb_stride = 48, .epsilon = 1e-6f}},
              PRODUCT(BF16, 80, 7, 48, SOFTPLUS),
              SCAN_PART}},
    {"norm_linear_add", FORMAT_F16, OP_NORM_LINEAR_ADD, OP_RMSNORM_GROUPS,
     .operands.norm_linear_add = {.y = FLOATS(48),
                                  .x = FLOATS(160),
                                  .norm = FLOATS(160),
                                  .w = MATRIX(48, 160),
                                  .bias = FLOATS(48)},
     .shape.norm_linear_add =
         {.type = FORMAT_F16, .M = 48, .D = 160, .I = 100, .G = 2, .epsilon = 1e-5f},
     .part = {{.rmsnorm_groups = {.D = 160, .I = 100, .G = 2, .x_stride = 160, .epsilon = 1e-5f}},
              PRODUCT(F16, 48, 160, 160, ADD_BIAS)}},
    {"norm_qkv", FORMAT_BF16, OP_NORM_QKV, OP_RMSNORM, .operands.norm_qkv = {QKV},
     .shape.norm_qkv = {.q_type = FORMAT_BF16,
                        .k_type = FORMAT_BF16,
                        .v_type = FORMAT_BF16,
                        .D = WIDTH,
                        HEADS,
                        .epsilon = 1e-5f},
     .part = {RMS,
              PRODUCT(BF16, 96, WIDTH, STRIDE, PLAIN),
              PRODUCT(BF16, 32, WIDTH, STRIDE, PLAIN),
              PRODUCT(BF16, 32, WIDTH, STRIDE, PLAIN),
              {.rope_append = {HEADS}}}},
    {"norm_qkv with biases", FORMAT_F32, OP_NORM_QKV, OP_LAYERNORM,
     .operands.norm_qkv = {QKV, .norm_bias = FLOATS(WIDTH), .q_bias = FLOATS(96),
                           .k_bias = FLOATS(32), .v_bias = FLOATS(32)},
     .shape.norm_qkv = {.q_type = FORMAT_F32,
                        .k_type = FORMAT_F32,
                        .v_type = FORMAT_F32,
                        .D = WIDTH,
                        HEADS,
                        .epsilon = 1e-5f},
     .part = {MEAN,
              PRODUCT(F32, 96, WIDTH, STRIDE, BIAS),
              PRODUCT(F32, 32, WIDTH, STRIDE, BIAS),
              PRODUCT(F32, 32, WIDTH, STRIDE, BIAS),
              {.rope_append = {HEADS}}}},
    {"norm_linear_swiglu", FORMAT_BF16, OP_NORM_LINEAR_SWIGLU, OP_RMSNORM,
     .operands.norm_linear_swiglu =
         {.y = FLOATS(176), STREAM, .gate = MATRIX(176, WIDTH), .up = MATRIX(176, WIDTH)},
     .shape.norm_linear_swiglu = {.type = FORMAT_BF16, .M = 176, .D = WIDTH, .epsilon = 1e-5f},
     .part = {RMS,
              PRODUCT(BF16, 176, WIDTH, STRIDE, PLAIN),
              PRODUCT(BF16, 176, WIDTH, STRIDE, PLAIN),
              {.swiglu = {.gate_stride = 176}}}},
    {"norm_linear_gelu", FORMAT_F16, OP_NORM_LINEAR_GELU, OP_LAYERNORM,
     .operands
         .norm_linear_gelu = {.y = FLOATS(176),
                              STREAM,
                              .norm_bias = FLOATS(WIDTH),
                              .w = MATRIX(176, WIDTH),
                              .bias = FLOATS(176)},
     .shape.norm_linear_gelu = {.type = FORMAT_F16, .M = 176, .D = WIDTH, .epsilon = 1e-5f},
     .part = {MEAN, PRODUCT(F16, 176, WIDTH, STRIDE, GELU)}},
    {"norm_experts_swiglu", FORMAT_BF16, OP_NORM_EXPERTS_SWIGLU, OP_RMSNORM,
     .operands.norm_experts_swiglu = {.h = FLOATS(3 * 80),
                                      .route = FLOATS(ROUTE_STRIDE(3)),
                                      STREAM,
                                      .router = MATRIX(7, WIDTH),
                                      .gate = EXPERTS(7, 80, WIDTH),
                                      .up = EXPERTS(7, 80, WIDTH)},
     .shape.norm_experts_swiglu = {.router_type = FORMAT_BF16,
                                   .type = FORMAT_BF16,
                                   .D = WIDTH,
                                   .F = 80,
                                   .epsilon = 1e-5f,
                                   .E = 7,
                                   .K = 3,
                                   .weights = ROUTE_RAW},
     .part = {RMS,
              {.route = {.type = FORMAT_BF16,
                         .D = WIDTH,
                         .x_stride = STRIDE,
                         .E = 7,
                         .K = 3,
                         .weights = ROUTE_RAW}},
              {.gather = {.x_stride = STRIDE, .E = 7, .K = 3, .rows = 1}},
              {.experts_swiglu = {.type = FORMAT_BF16,
                                  .D = WIDTH,
                                  .xg_stride = STRIDE,
                                  .F = 80,
                                  .E = 7,
                                  .K = 3,
                                  .rows = 1}}}},
};
enum { TRIALS = sizeof trials / sizeof trials[0], NAMES = 64, SCRATCH = 1024 };

/* clang-tidy would try shapes of no heads and of no experts, which no kernel has to bear. */
#ifdef __clang_analyzer__
#define EXECUTE(...)
#else
#define EXECUTE(...) __VA_ARGS__
#endif

/* A function for each operation: operands are places of `buffer`, 0: there is none. */
#define norm_qkv(R, S, ...)          norm_qkv(R, S, frequencies, __VA_ARGS__)
#define rope_append(R, S, ...)       rope_append(R, S, frequencies, __VA_ARGS__)
#define OPERAND(NAME, ACCESS, SHAPE) , buffer[o->NAME]
#define OP(UPPER, LOWER, CPU, CUDA, SYMBOL, SIZES, OPERANDS, ...)                                  \
    __attribute__((unused)) static void call_##LOWER(                                              \
        run *r, const union shape *s, const struct op_##LOWER *o, void *const *buffer)             \
    {                                                                                              \
        EXECUTE(LOWER(r, &s->LOWER OPERANDS));                                                     \
        op_done(r, 0);                                                                             \
    }
#include "kernels/ops.def"

/* Any operation of the rows. */
static void call(run *r, const union shape *s, const struct node *o, void *const *buffer)
{
#define NAMES(...)
#define PART(LOWER, ...)                                                                           \
    if (o->op == OP_##LOWER) {                                                                     \
        call_##LOWER(r, s, &o->LOWER, buffer);                                                     \
        return;                                                                                    \
    }
#define WHOLE                        PART
#define FUSION(THE_WHOLE, THE_PARTS) THE_WHOLE THE_PARTS
#include "kernels/fusions.def"
}

/* What a team works on: one side of a row. */
struct side {
    const struct trial *trial;
    const struct fusion *row;
    bool apart;
    void *buffer[NAMES];
};

static void execute(run *r, void *context)
{
    const struct side *s = context;
    if (!s->apart)
        call(r, &s->trial->shape, &s->row->whole, s->buffer);
    for (u32 p = 0; s->apart && p < s->row->parts; p++)
        call(r, &s->trial->part[p], &s->row->part[p], s->buffer);
}

/* Matrices one behind the other, as experts lie. */
static f32 *matrices_new(const struct trial *t, struct extent e, uint64_t seed)
{
    f32 *const all = fixture_new((size_t)LINE_PAD(e.rows) * LINE_PAD(e.cols) * e.count);
    for (u32 i = 0; i < e.count; i++) {
        struct fixture_matrix m = fixture_matrix_new(t->type, seed + i, e.rows, e.cols, 1.0f);
        memcpy((char *)all + i * m.packed_bytes, m.packed, m.packed_bytes);
        fixture_matrix_free(&m);
    }
    return all;
}

/* An operand with its values, the same every time. */
static f32 *operand_new(const struct trial *t, struct extent e, uint64_t seed)
{
    if (e.what == ABSENT)
        return NULL;
    if (e.what == MATRICES)
        return matrices_new(t, e, seed);
    f32 *const values = fixture_new(LINE_PAD(e.count));
    if (e.what == HALVES)
        memset(values, 0, LINE_PAD(e.count) * sizeof(f32));
    else
        fixture_fill(values, seed, 1, LINE_PAD(e.count), e.count, 1.0f);
    for (u32 i = 0; e.what == DECAY && i < e.count; i++)
        values[i] = -fabsf(values[i]);
    return values;
}

/* Executes one side; what only parts have is NaN before. */
static void run_side(struct side *s, u32 threads)
{
    const uint32_t *const names = s->row->whole.word;
    for (u32 n = 1; n < fusion_names; n++)
        s->buffer[n] = fixture_new(SCRATCH);
    for (u32 o = 0; o < op_rules[s->row->whole.op].operands; o++) {
        fixture_free(s->buffer[names[o]]);
        s->buffer[names[o]] = operand_new(s->trial, s->trial->operands.of[o], 100 * (o + 1));
    }
    fixture_run(threads, (struct step){.tokens = 1, .position = 5}, execute, s);
    for (u32 n = 1; n < fusion_names; n++)
        ck_assert_msg(s->buffer[n] == NULL || fixture_intact(s->buffer[n]), "%s wrote outside",
                      s->trial->name);
}

static void free_side(struct side *s)
{
    for (u32 n = 1; n < fusion_names; n++)
        fixture_free(s->buffer[n]);
}

/* Every operand is left as the parts leave it if it is written, else as it was. */
static void compare(const struct side *whole, const struct side *apart, u32 threads)
{
    const struct op_rule *const rule = &op_rules[whole->row->whole.op];
    for (u32 o = 0; o < rule->operands; o++) {
        const struct extent e = whole->trial->operands.of[o];
        if (e.what == ABSENT || e.what == MATRICES)
            continue;
        const u32 name = whole->row->whole.word[o];
        const bool reads = strchr("ron", rule->operand[o].access[0]) != NULL;
        f32 *const before = operand_new(whole->trial, e, 100 * (o + 1));
        ck_assert_msg(!memcmp(whole->buffer[name], reads ? before : apart->buffer[name],
                              LINE_PAD(e.count) * sizeof(f32)),
                      "%s, %u threads: other bits in %s", whole->trial->name, threads,
                      rule->operand[o].name);
        fixture_free(before);
    }
}

static const struct fusion *row_of(const struct trial *t)
{
    for (u32 i = 0; i < fusion_count; i++)
        if (fusions[i].whole.op == t->whole && fusions[i].part[0].op == t->first)
            return &fusions[i];
    ck_abort_msg("%s: kernels/fusions.def has no such row", t->name);
}

START_TEST(whole_has_the_bits_of_its_parts)
{
    const struct trial *const t = &trials[_i];
    struct side apart = {t, row_of(t), true, {0}}, whole = {t, row_of(t), false, {0}};
    ck_assert_uint_le(fusion_names, NAMES);
    run_side(&apart, 1);
    for (u32 threads = 1; threads <= 5; threads++) {
        run_side(&whole, threads);
        compare(&whole, &apart, threads);
        free_side(&whole);
    }
    free_side(&apart);
}
END_TEST

START_TEST(every_row_is_tried)
{
    const struct fusion *const row = &fusions[_i];
    for (u32 i = 0; i < TRIALS; i++)
        if (row_of(&trials[i]) == row)
            return;
    ck_abort_msg("nothing tries row %d, %s", _i, op_rules[row->whole.op].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fusions");
    TCase *tests = tcase_create("fusions");
    tcase_add_loop_test(tests, whole_has_the_bits_of_its_parts, 0, TRIALS);
    tcase_add_loop_test(tests, every_row_is_tried, 0, (int)fusion_count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
