/* profile: a window of steps for a profiler to look at. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/number_text.h"
#include "runtime/base/out.h"
#include "runtime/base/philox.h"
#include "runtime/cli/options.h"
#include "runtime/engine/backend.h"
#include "runtime/engine/session.h"
#include "runtime/engine/trace.h"

enum { MOST_STEPS = 1000000 };

/* Steps [first, end) of one kind, counted from the start of a text. */
struct window {
    const char *kind;
    bool decode;
    u32 first, end;
};

struct profile_options {
    struct common_options common;
    struct window window;
};

/* Digits only: at most MOST_STEPS, -1 if it is anything else. Moves *text behind them. */
static int64_t parse_count(const char **text)
{
    const char *at = *text;
    int64_t value = 0;
    for (; *at >= '0' && *at <= '9' && value <= MOST_STEPS; at++)
        value = 10 * value + (*at - '0');
    bool spelled = at != *text && value <= MOST_STEPS;
    *text = at;
    return spelled ? value : -1;
}

static struct window parse_window(const char *text)
{
    static const char *const kinds[] = {"decode", "prefill"};
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(kinds[i]);
        if (strncmp(text, kinds[i], length) != 0 || text[length] != ':')
            continue;
        const char *at = text + length + 1;
        int64_t first = parse_count(&at);
        if (strncmp(at, "..", 2) != 0)
            break;
        at += 2;
        int64_t end = parse_count(&at);
        if (first < 0 || end <= first || *at != '\0')
            break;
        return (struct window){kinds[i], i == 0, (u32)first, (u32)end};
    }
    die(EXIT_USAGE,
        "--capture: '%s' is not a window of steps; expected decode:FIRST..END or "
        "prefill:FIRST..END, such as decode:32..64, with FIRST below END and END at most %d",
        text, MOST_STEPS);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct profile_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->common;
        return 0;
    case OPTION_CAPTURE:
        options->window = parse_window(argument);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"capture", OPTION_CAPTURE, "WINDOW", 0,
     "Steps to capture, counted from 0, END not among them: decode:FIRST..END or "
     "prefill:FIRST..END (default decode:32..64)",
     1},
    {0},
};
static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .children = children,
    .doc = "Runs steps over made-up tokens, a window of which a profiler captures.\v"
           "Steps of each kind run once for warming up; then a text starts, and the window opens "
           "before step FIRST of it. The window is the NVTX range 'capture', and on a GPU it also "
           "starts and stops the profiler (cudaProfilerStart): 'nsys profile "
           "--capture-range=cudaProfilerApi'. 'tools/bench/profile.sh' and 'make trace' do all of "
           "this. "
           "Exit codes as for 'run'."};

static struct session session;
static struct out out;

static void run_prefill(u32 *ids, u32 step)
{
    for (u32 i = 0; i < session.chunk; i++)
        ids[i] = (u32)(philox_uniform(step, i) * model.vocab);
    session_prefill(&session, ids, session.chunk);
}

static void run_decode(u32 step)
{
    session_decode(&session, (u32)(philox_uniform(0, step) * model.vocab));
}

static void run_steps(const struct window *window, u32 *ids, u32 first, u32 end)
{
    for (u32 step = first; step < end && !interrupt_asked(); step++)
        if (window->decode)
            run_decode(step);
        else
            run_prefill(ids, step);
}

static void warm_up(u32 *ids)
{
    session_reset(&session);
    run_prefill(ids, 0);
    session_head(&session, session.chunk - 1, 1);
    session_reset(&session); /* the chunk may have filled the context */
    run_decode(0);
    session_reset(&session);
}

int verb_profile(int argc, char **argv)
{
    static struct profile_options options = {.window = {"decode", true, 32, 64}};
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    session_require_room("--capture",
                         (uint64_t)options.window.end *
                             (options.window.decode ? 1 : session_chunk(options.common.chunk)),
                         false);
    uint64_t ids_bytes = arena_rounded(model.chunk * sizeof(u32));
    struct session_options asked = options_session(&options.common);
    asked.host_bytes = ids_bytes;
    session_open(&session, &asked);
    u32 *ids = arena_take(&session.io, ids_bytes);
    out_open(&out, STDOUT_FILENO, "standard output");
    arena_seal();

    const struct window *window = &options.window;
    u32 steps = window->end - window->first;
    warm_up(ids);
    run_steps(window, ids, 0, window->first);
    backend_profile(true);
    trace_begin(TRACE_CAPTURE, steps);
    run_steps(window, ids, window->first, window->end);
    trace_end();
    backend_profile(false);
    if (interrupt_asked())
        return EXIT_INTERRUPTED;
    out_print(&out, "%s: the window is %s %u..%u, %u step%s\n", model.name, window->kind,
              window->first, window->end, steps, steps == 1 ? "" : "s");
    out_flush(&out);
    if (!trace_on && !options.common.quiet)
        note("no profiler is attached, so nothing was captured; %s",
             trace_built() ? "use tools/bench/profile.sh or 'make trace'"
                           : "this binary was built without the NVTX headers of the CUDA toolkit");
    return out.closed ? EXIT_FAILED : EXIT_SUCCESS;
}
