/* The verb `profile`, and the trace that tools/bench/trace_injection.c writes of a run: read back
 * as JSON, its ranges looked at by name, number and nesting.
 *
 * Built without the NVTX headers nothing can be traced, and only the command line is tested. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fixtures/fake_binary.h"
#include "tests/fixtures/fake_model.h"

#define MODEL   TEST_OUT "/fable-mamba"
#define GUARDED TEST_OUT "/fable-mamba-guarded"
#define WEIGHTS "build/cpu/fable-mamba.weights"
#define SIMT    TEST_SIMT "/fable-mamba"
#define TOOL    TEST_TOOLS "/libtrace.so"
#define SMALL   TEST_DIR "/libtrace-small.so"

enum { SMALL_EVENTS = 100, LAYERS = 6, LAYER_OPS = 4, OTHER_OPS = 3 }; /* of the default model */

/* ---- command line ------------------------------------------------------------------------- */

#define WINDOW_REFUSED(window)                                                                     \
    assert_refused(CHILD(fake, "profile", "--capture", window), 2,                                 \
                   "fake: --capture: '" window "' is not a window of steps; expected "             \
                   "decode:FIRST..END or prefill:FIRST..END, such as decode:32..64, with FIRST "   \
                   "below END and END at most 1000000\n")

START_TEST(malformed_windows_are_refused)
{
    WINDOW_REFUSED("");
    WINDOW_REFUSED("decode");
    WINDOW_REFUSED("decode:");
    WINDOW_REFUSED("decode:1");
    WINDOW_REFUSED("decode:1..");
    WINDOW_REFUSED("decode:..2");
    WINDOW_REFUSED("decode:1.2");
    WINDOW_REFUSED("decode:1...2");
    WINDOW_REFUSED("decode:2..2");
    WINDOW_REFUSED("decode:3..2");
    WINDOW_REFUSED("decode:-1..2");
    WINDOW_REFUSED("decode: 1..2");
    WINDOW_REFUSED("decode:1..2 ");
    WINDOW_REFUSED("decode:1..2x");
    WINDOW_REFUSED("decode:0x1..2");
    WINDOW_REFUSED("decode:0..1000001");
    WINDOW_REFUSED("decode:0..99999999999999999999");
    WINDOW_REFUSED("prefill:4294967296..4294967297");
    WINDOW_REFUSED("head:0..1");
    WINDOW_REFUSED("Decode:0..1");
    WINDOW_REFUSED("decodes:0..1");
    assert_refused(CHILD(fake, "profile", "decode:1..2"), 2,
                   "fake profile: unexpected argument 'decode:1..2'\n"
                   "Try `fake profile --help' or `fake profile --usage' for more information.\n");
}
END_TEST

START_TEST(a_window_is_run_and_named_without_a_profiler_too)
{
    struct child *child = CHILD(fake, "profile", "-m", sound, "--capture", "prefill:0..2");
    ck_assert_int_eq(child->code, 0);
    ck_assert_str_eq(child->out, "fake: the window is prefill 0..2, 2 steps\n");
    ck_assert_ptr_nonnull(strstr(child->err, "\nfake: no profiler is attached, so nothing was "
                                             "captured; "));
    child = CHILD(fake, "profile", "-q", "-m", sound, "--capture", "decode:7..8");
    ck_assert_int_eq(child->code, 0);
    ck_assert_str_eq(child->out, "fake: the window is decode 7..8, 1 step\n");
    ck_assert_str_eq(child->err, "");
}
END_TEST

/* ---- traces ------------------------------------------------------------------------------- */

/* A range of the trace; times in ns. */
struct range {
    const char *name, *category;
    long long begin, end, payload, thread;
    size_t parent; /* the innermost range of the same thread around it; itself: none */
};

enum { MOST_RANGES = 1 << 14 };
static struct range ranges[MOST_RANGES];
static size_t range_count;
static json_t *trace;

static long long ns(const json_t *event, const char *key)
{
    const json_t *time = json_object_get(event, key);
    ck_assert(json_is_number(time));
    return (long long)(json_number_value(time) * 1e3 + 0.5);
}

static void add_range(const json_t *event)
{
    ck_assert_uint_lt(range_count, MOST_RANGES);
    struct range *range = &ranges[range_count];
    range->name = json_string_value(json_object_get(event, "name"));
    range->category = json_string_value(json_object_get(event, "cat"));
    ck_assert_ptr_nonnull(range->name);
    ck_assert_ptr_nonnull(range->category);
    range->begin = ns(event, "ts");
    range->end = range->begin + ns(event, "dur");
    range->thread = json_integer_value(json_object_get(event, "tid"));
    const json_t *payload = json_object_get(json_object_get(event, "args"), "payload");
    range->payload = payload ? json_integer_value(payload) : -1;
    range->parent = range_count;
    for (size_t i = range_count; i-- > 0;)
        if (ranges[i].thread == range->thread && ranges[i].begin <= range->begin &&
            ranges[i].end >= range->end) {
            range->parent = i;
            break;
        } else {
            ck_assert_msg(ranges[i].thread != range->thread || ranges[i].end <= range->begin,
                          "'%s' overlaps the end of '%s'", range->name, ranges[i].name);
        }
    range_count++;
}

/* Reads a trace: complete events in the order in which their thread began them, and metadata. */
static void read_trace(const char *path, long long dropped)
{
    json_error_t error;
    trace = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(trace != NULL, "%s:%d: %s", path, error.line, error.text);
    const json_t *told = json_object_get(json_object_get(trace, "otherData"), "dropped");
    ck_assert(json_is_integer(told));
    ck_assert_int_eq(json_integer_value(told), dropped);
    range_count = 0;
    size_t i;
    const json_t *event;
    json_array_foreach(json_object_get(trace, "traceEvents"), i, event)
    {
        const char *phase = json_string_value(json_object_get(event, "ph"));
        ck_assert_ptr_nonnull(phase);
        if (strcmp(phase, "X") == 0)
            add_range(event);
        else
            ck_assert_str_eq(phase, "M");
    }
}

static size_t count_in(const char *name, const char *category, const struct range *parent)
{
    size_t count = 0;
    for (size_t i = 0; i < range_count; i++)
        count += (!name || strcmp(ranges[i].name, name) == 0) &&
                 strcmp(ranges[i].category, category) == 0 &&
                 (parent ? &ranges[ranges[i].parent] == parent && &ranges[i] != parent
                         : ranges[i].parent == i);
    return count;
}

static const struct range *find(const char *name)
{
    for (size_t i = 0; i < range_count; i++)
        if (strcmp(ranges[i].name, name) == 0)
            return &ranges[i];
    ck_abort_msg("no range '%s'", name);
}

/* Runs the program under the tool; the trace's path. */
static const char *run_traced(const char *tool, const char *program, const char *const *arguments,
                              struct child **child)
{
    const char *path = child_scratch("trace.json");
    unlink(path);
    setenv("NVTX_INJECTION64_PATH", tool, 1);
    setenv("INGOT_TRACE_FILE", path, 1);
    *child = child_run(program, arguments, "", 0);
    unsetenv("NVTX_INJECTION64_PATH");
    unsetenv("INGOT_TRACE_FILE");
    return path;
}
#define TRACED(tool, program, child, ...)                                                          \
    run_traced(tool, program, (const char *const[]){__VA_ARGS__, NULL}, child)

static void check_layers(const struct range *step)
{
    ck_assert_uint_eq(count_in(NULL, "layer", step), LAYERS);
    ck_assert_uint_eq(count_in(NULL, "operation", step), OTHER_OPS);
    for (int i = 0; i < LAYERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "layer %d", i);
        ck_assert_uint_eq(count_in(name, "layer", step), 1);
    }
    for (size_t i = 0; i < range_count; i++)
        if (&ranges[ranges[i].parent] == step && strcmp(ranges[i].category, "layer") == 0) {
            const struct range *layer = &ranges[i];
            ck_assert_uint_eq(count_in(NULL, "operation", layer), LAYER_OPS);
            ck_assert_uint_eq(count_in("IN_PROJ norm_gemv_conv_bf16_640x160x4", "operation", layer),
                              1);
        }
}

START_TEST(a_trace_holds_the_window_and_all_before_it)
{
    struct child *child;
    const char *path = TRACED(TOOL, MODEL, &child, "profile", "-q", "-t", "2", "-m", WEIGHTS,
                              "--capture", "decode:3..5");
    ck_assert_int_eq(child->code, 0);
    read_trace(path, 0);
    ck_assert_uint_eq(count_in("load", "load", NULL), 1);
    ck_assert_uint_eq(count_in("digests", "load", find("load")), 1);
    ck_assert_uint_eq(count_in("digests", "load", NULL), 1); /* on the other thread */
    ck_assert_uint_eq(count_in("prefill", "step", NULL), 1);
    ck_assert_uint_eq(count_in("head", "step", NULL), 1);
    ck_assert_uint_eq(count_in("decode", "step", NULL), 1 + 3);
    const struct range *capture = find("capture");
    ck_assert_int_eq(capture->payload, 2);
    ck_assert_uint_eq(count_in("decode", "step", capture), 2);
    long long position = 3;
    for (const struct range *step = capture; step < ranges + range_count; step++)
        if (strcmp(step->name, "decode") == 0) {
            ck_assert_int_eq(step->payload, position++);
            check_layers(step);
        }
    char told[256];
    snprintf(told, sizeof told, "trace: %zu events, 0 dropped: %s\n", range_count, path);
    ck_assert_str_eq(child->err, told);
    json_decref(trace);
}
END_TEST

START_TEST(tracing_changes_no_token_and_allocates_nothing)
{
    static const char *const arguments[] = {"run", "-q", "-p", "Once",  "-n", "40",
                                            "-t",  "2",  "-m", WEIGHTS, NULL};
    const char *program = access(GUARDED, X_OK) == 0 ? GUARDED : MODEL;
    char *text = strdup(child_run(program, arguments, "", 0)->out);
    struct child *child;
    const char *path = run_traced(TOOL, program, arguments, &child);
    ck_assert_int_eq(child->code, 0);
    ck_assert_str_eq(child->out, text);
    ck_assert_uint_gt(strlen(text), 40);
    read_trace(path, 0);
    ck_assert_uint_gt(count_in("decode", "step", NULL), 10);
    json_decref(trace);
    free(text);
}
END_TEST

START_TEST(what_does_not_fit_is_dropped_and_counted)
{
    struct child *child;
    const char *path = TRACED(SMALL, MODEL, &child, "profile", "-q", "-t", "1", "-m", WEIGHTS,
                              "--capture", "decode:0..4");
    ck_assert_int_eq(child->code, 0);
    const int step = 1 + LAYERS * (1 + LAYER_OPS) + OTHER_OPS, chunk = 1 + LAYERS * (1 + 7) + 2;
    const int all = 2 + chunk + 2 + step + 1 + 4 * step; /* load, warm-up, capture */
    read_trace(path, all - SMALL_EVENTS);
    ck_assert_uint_eq(range_count, SMALL_EVENTS);
    char told[256];
    snprintf(told, sizeof told, "trace: %d events, %d dropped: %s\n", SMALL_EVENTS,
             all - SMALL_EVENTS, path);
    ck_assert_str_eq(child->err, told);
    json_decref(trace);
}
END_TEST

START_TEST(a_trace_that_cannot_be_written_is_said_and_nothing_else_fails)
{
    setenv("NVTX_INJECTION64_PATH", TOOL, 1);
    struct child *child = CHILD(MODEL, "profile", "-q", "-m", WEIGHTS, "--capture", "decode:0..1");
    ck_assert_int_eq(child->code, 0);
    ck_assert_str_eq(child->err, "trace: INGOT_TRACE_FILE has to name the file to write; nothing "
                                 "is recorded\n");
    const char *fifo = child_scratch("trace-fifo");
    char told[256];
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    setenv("INGOT_TRACE_FILE", fifo, 1);
    child = CHILD(MODEL, "profile", "-q", "-m", WEIGHTS, "--capture", "decode:0..1");
    ck_assert_int_eq(child->code, 0);
    snprintf(told, sizeof told,
             "trace: %s is no regular file, and none takes its place; nothing "
             "is recorded\n",
             fifo);
    ck_assert_str_eq(child->err, told);
    unlink(fifo);
    setenv("INGOT_TRACE_FILE", "/nowhere/trace.json", 1);
    child = CHILD(MODEL, "profile", "-q", "-m", WEIGHTS, "--capture", "decode:0..1");
    ck_assert_int_eq(child->code, 0);
    ck_assert_str_eq(child->err,
                     "trace: /nowhere/trace.json.new: cannot write: No such file or directory\n");
}
END_TEST

/* The CUDA backend over its interpreter: its launches one by one, or inside graphs. */
START_TEST(launches_are_told_apart_without_graphs)
{
    struct child *child;
    const char *path = TRACED(TOOL, SIMT, &child, "profile", "-q", "--no-graph", "-m",
                              "build/cuda/fable-mamba.weights", "--capture", "decode:1..2");
    ck_assert_int_eq(child->code, 0);
    read_trace(path, 0);
    ck_assert_uint_eq(count_in("warm-up", "load", NULL), 1);
    ck_assert_uint_eq(count_in("decode", "step", NULL), 1 + 1);
    const struct range *capture = find("capture");
    ck_assert_uint_eq(count_in("decode", "step", capture), 1);
    check_layers(capture + 1);
    ck_assert_uint_eq(count_in(NULL, "operation", NULL), 0);
    json_decref(trace);
}
END_TEST

START_TEST(inside_a_graph_steps_alone_are_shown)
{
    struct child *child;
    const char *path = TRACED(TOOL, SIMT, &child, "profile", "-q", "-m",
                              "build/cuda/fable-mamba.weights", "--capture", "decode:1..2");
    ck_assert_int_eq(child->code, 0);
    read_trace(path, 0);
    const struct range *capture = find("capture");
    ck_assert_uint_eq(count_in("decode", "step", capture), 1);
    ck_assert_uint_eq(count_in(NULL, "layer", capture + 1), 0);
    ck_assert_uint_eq(count_in(NULL, "operation", capture + 1), 0);
    ck_assert_uint_eq(count_in(NULL, "layer", NULL), 0); /* nor while it was captured */
    json_decref(trace);
}
END_TEST

int main(void)
{
    fake_binary_make();
    Suite *suite = suite_create("profile");
    TCase *usage = add_case(suite, "usage");
    tcase_add_test(usage, malformed_windows_are_refused);
    tcase_add_test(usage, a_window_is_run_and_named_without_a_profiler_too);
    if (access(TOOL, R_OK) != 0) {
        printf("skip: traces (built without the NVTX headers of the CUDA toolkit: no %s)\n", TOOL);
        return tests_run(suite);
    }
    TCase *traces = add_case(suite, "traces");
    tcase_add_test(traces, a_trace_holds_the_window_and_all_before_it);
    tcase_add_test(traces, tracing_changes_no_token_and_allocates_nothing);
    tcase_add_test(traces, what_does_not_fit_is_dropped_and_counted);
    tcase_add_test(traces, a_trace_that_cannot_be_written_is_said_and_nothing_else_fails);
    if (access(SIMT, X_OK) == 0) {
        tcase_add_test(traces, launches_are_told_apart_without_graphs);
        tcase_add_test(traces, inside_a_graph_steps_alone_are_shown);
    } else {
        printf("skip: traces of the CUDA backend (no %s: 'make BACKEND=simt')\n", SIMT);
    }
    return tests_run(suite);
}
