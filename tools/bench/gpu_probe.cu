/* gpu_probe: measures what the GPU of this machine can give, and prints it.
 *
 * The measures run in turn, round after round, so that a machine that slows down slows them all;
 * medians are printed, with the least and the most beside them. */
#include "tools/bench/gpu_probe.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"

extern "C" {
#include "runtime/base/json.h"
#include "runtime/base/out.h"
#include "runtime/base/stack.h"
#include "runtime/base/streams.h"
}

enum { SCHEMA = 1, OPTION_JSON = 0x100, OPTION_BYTES, OPTION_MATRIX, OPTION_CHAIN };

struct command {
    struct probe_sizes sizes;
    u32 rounds;
    bool json;
};

static struct probe probe;
static struct out out;

static uint64_t number(struct argp_state *state, const char *option, const char *text,
                       uint64_t least, uint64_t most)
{
    char *end;
    const unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || value < least || value > most)
        argp_error(state, "%s: '%s' is not a whole number from %llu to %llu", option, text,
                   (unsigned long long)least, (unsigned long long)most);
    return value;
}

static void choose(struct argp_state *state, const char *name)
{
    for (u32 i = 0; i < PROBE_MEASURES; i++)
        if (strcmp(probe_measures[i].name, name) == 0) {
            probe_measures[i].chosen = true;
            return;
        }
    argp_error(state, "there is no measure '%s'; see --help", name);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct command *const command = (struct command *)state->input;
    switch (key) {
    case 'r':
        command->rounds = (u32)number(state, "--rounds", argument, 1, PROBE_ROUNDS_MOST);
        return 0;
    case OPTION_JSON:
        command->json = true;
        return 0;
    case OPTION_BYTES:
        command->sizes.bytes = command->sizes.bytes_mapped =
            number(state, "--bytes", argument, 4096, (uint64_t)1 << 40) / 4096 * 4096;
        return 0;
    case OPTION_MATRIX:
        command->sizes.matrix = (u32)number(state, "--matrix", argument, 16, 65536) / 16 * 16;
        return 0;
    case OPTION_CHAIN:
        command->sizes.chain = (u32)number(state, "--chain", argument, 10, 100000);
        return 0;
    case ARGP_KEY_ARG:
        choose(state, argument);
        return 0;
    case ARGP_KEY_NO_ARGS:
        for (u32 i = 0; i < PROBE_MEASURES; i++)
            probe_measures[i].chosen = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"rounds", 'r', "N", 0, "Samples of each measure (default 11)", 0},
    {"json", OPTION_JSON, NULL, 0, "One JSON object, \"schema\": 1", 0},
    {"bytes", OPTION_BYTES, "N", 0, "Memory of each kind (default 4 GiB; the host's 256 MiB)", 0},
    {"matrix", OPTION_MATRIX, "N", 0, "Rows, columns and depth of the product (default 8192)", 0},
    {"chain", OPTION_CHAIN, "N", 0, "Kernels of a chain (default 2000)", 0},
    {}};

static const struct argp command_line = {
    options,
    parse,
    "[MEASURE...]",
    "Measures what the first GPU can give: medians of interleaved rounds.\v"
    "Measures: read_device read_managed read_mapped gap_stream gap_graph gap_pdl gap_shared "
    "gap_carved graph_launch grid_barrier clock_tick gemm_bf16 (all, if none is named). Exits with "
    "6 without a GPU, with 3 if its memory does not suffice, with 5 if a kernel did not do what it "
    "was timed at.",
    NULL,
    NULL,
    NULL};

static void print_text(void)
{
    out_print(&out, "%s, compute capability %d.%d, %d multiprocessors, L2 %.1f MB\n",
              probe.device.name, probe.device.major, probe.device.minor,
              probe.device.multiProcessorCount, probe.device.l2CacheSize * 1e-6);
    out_print(&out, "clock at most %d MHz, memory %d MHz; driver %d.%d, runtime %d.%d\n",
              probe.clock_khz / 1000, probe.memory_clock_khz / 1000, probe.driver_version / 1000,
              probe.driver_version % 1000 / 10, probe.runtime_version / 1000,
              probe.runtime_version % 1000 / 10);
    out_print(&out, "%-14s %10s %-8s %10s %10s\n", "", "median", "", "least", "most");
    for (u32 i = 0; i < PROBE_MEASURES; i++) {
        const struct probe_measure *const m = &probe_measures[i];
        if (m->count)
            out_print(&out, "%-14s %10.3f %-8s %10.3f %10.3f  %s\n", m->name, probe_median(m),
                      m->unit, m->samples[0], m->samples[m->count - 1], m->means);
        else if (m->chosen)
            out_print(&out, "%-14s not measured: %s\n", m->name, m->left_out);
    }
}

static void print_version(struct json *json, const char *key, int version)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d", version / 1000, version % 1000 / 10);
    json_add_string(json, key, text);
}

static void print_json(void)
{
    struct json json;
    json_begin(&json, &out);
    json_open(&json, NULL, '{');
    json_add_integer(&json, "schema", SCHEMA);
    json_add_string(&json, "device", probe.device.name);
    json_add_integer(&json, "compute_capability",
                     (uint64_t)(probe.device.major * 10 + probe.device.minor));
    json_add_integer(&json, "multiprocessors", (uint64_t)probe.device.multiProcessorCount);
    json_add_integer(&json, "l2_bytes", (uint64_t)probe.device.l2CacheSize);
    json_add_integer(&json, "memory_bytes", probe.device.totalGlobalMem);
    json_add_integer(&json, "clock_khz", (uint64_t)probe.clock_khz);
    json_add_integer(&json, "memory_clock_khz", (uint64_t)probe.memory_clock_khz);
    print_version(&json, "driver", probe.driver_version);
    print_version(&json, "runtime", probe.runtime_version);
    json_open(&json, "measures", '{');
    for (u32 i = 0; i < PROBE_MEASURES; i++) {
        const struct probe_measure *const m = &probe_measures[i];
        if (!m->chosen)
            continue;
        json_open(&json, m->name, '{');
        json_add_string(&json, "unit", m->unit);
        if (m->count) {
            json_add_real(&json, "median", probe_median(m));
            json_add_real(&json, "least", m->samples[0]);
            json_add_real(&json, "most", m->samples[m->count - 1]);
            json_add_integer(&json, "samples", m->count);
        } else {
            json_add_string(&json, "not_measured", m->left_out);
        }
        json_close(&json, '}');
    }
    json_close(&json, '}');
    json_close(&json, '}');
}

int main(int argc, char **argv)
{
    struct command command;
    memset(&command, 0, sizeof command);
    command.sizes = probe_sizes_default();
    command.rounds = 11;
    streams_require();
    stack_require();
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&command_line, argc, argv, 0, NULL, &command);
    probe_open(&probe, &command.sizes);
    probe_run(&probe, command.rounds);
    out_open(&out, STDOUT_FILENO, "standard output");
    if (command.json)
        print_json();
    else
        print_text();
    out_flush(&out);
    probe_close(&probe);
    return EXIT_SUCCESS;
}
