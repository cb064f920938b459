/* The fake CUDA runtime in a child process: set up by FAKE_CUDA, reporting at exit. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/simt/fake_cuda_inner.h"

static FILE *report_file;
static char report_buffer[1 << 16];

static void refuse(const char *what)
{
    fprintf(stderr, "fake CUDA: FAKE_CUDA: cannot read '%s'\n", what);
    exit(99);
}

/* Opened at once, with a buffer of its own: at the end the program may not allocate. */
static void report_to(const char *path)
{
    report_file = fopen(path, "w");
    if (!report_file) {
        fprintf(stderr, "fake CUDA: cannot write %s\n", path);
        exit(99);
    }
    setvbuf(report_file, report_buffer, _IOFBF, sizeof report_buffer);
}

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 0);
    if (!*text || *end)
        refuse(text);
    return value;
}

static uint64_t percent(const char *text)
{
    const uint64_t value = number(text);
    if (!value)
        refuse(text);
    return value;
}

/* NAME:N:ERROR */
static void order(char *text, bool kernel)
{
    char *n = strchr(text, ':');
    char *error = n ? strchr(n + 1, ':') : nullptr;
    if (!error)
        refuse(text);
    *n++ = *error++ = 0;
    int code = fake_error_number(error);
    if (code < 0)
        refuse(error);
    (kernel ? fake_fail_kernel : fake_fail)(text, number(n), code);
}

static enum fake_kind device_kind(const char *text)
{
    static const char *const names[] = {"none", "h200", "gb10", "tegra"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(text, names[i]))
            return (enum fake_kind)i;
    refuse(text);
    return FAKE_NONE;
}

static enum fake_graphs refused_graphs(const char *text)
{
    static const char *const names[] = {"early", "loop", "early-loop", "all"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(text, names[i]))
            return (enum fake_graphs)(1 << i);
    refuse(text);
    return FAKE_GRAPHS_ALL;
}

static void set(const char *key, char *value, enum fake_kind *kind, uint64_t *free_bytes)
{
    if (!strcmp(key, "device"))
        *kind = device_kind(value);
    else if (!strcmp(key, "free"))
        *free_bytes = number(value);
    else if (!strcmp(key, "cached"))
        fake_device_cached(number(value));
    else if (!strcmp(key, "managed"))
        fake_device_managed(percent(value));
    else if (!strcmp(key, "seed"))
        fake_seed(number(value));
    else if (!strcmp(key, "protect"))
        fake_protect(number(value) != 0);
    else if (!strcmp(key, "fail"))
        order(value, false);
    else if (!strcmp(key, "refuse"))
        fake_refuse(refused_graphs(value));
    else if (!strcmp(key, "failkernel"))
        order(value, true);
    else if (!strcmp(key, "report"))
        report_to(value);
    else if (!strcmp(key, "trace"))
        fake_trace_to(value);
    else
        refuse(key);
}

void fake_configure(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    enum fake_kind kind = FAKE_H200;
    uint64_t free_bytes = 0;
    const char *text = getenv("FAKE_CUDA");
    static char copy[2048];
    snprintf(copy, sizeof copy, "%s", text ? text : "");
    char *rest = nullptr;
    for (char *pair = strtok_r(copy, ",", &rest); pair; pair = strtok_r(nullptr, ",", &rest)) {
        char *value = strchr(pair, '=');
        if (!value)
            refuse(pair);
        *value++ = 0;
        set(pair, value, &kind, &free_bytes);
    }
    fake_device(kind, free_bytes);
}

/* At the end of the process. Findings that no test has taken must not pass unseen. */
__attribute__((destructor)) static void report(void)
{
    if (report_file) {
        fake_calls_print(report_file);
        fake_findings_print(report_file);
        fake_leaks(report_file);
        fprintf(report_file, "executed %llu\n", (unsigned long long)fake_executed());
        fflush(report_file);
    }
    if (fake_findings()) {
        fflush(nullptr);
        _exit(99);
    }
}

uint64_t fake_leaks(FILE *out)
{
    return fake_memory_leaks(out) + fake_stream_leaks(out) + fake_graph_leaks(out) +
           fake_cublaslt_leaks(out);
}
