/* A profiler of one file: NVTX ranges and marks of any program, as a trace for ui.perfetto.dev.
 *
 *   NVTX_INJECTION64_PATH=build/tools/libtrace.so INGOT_TRACE_FILE=run.json PROGRAM ...
 *
 * NVTX loads this library into the program and calls InitializeInjectionNvtx2(). Environment
 * variables are the only way by which anything can be said to it; INGOT_TRACE_FILE names the file
 * to write. It is written when the program exits (not when it is killed): Chrome's trace format,
 * one track per thread, one complete event per range ("ph":"X", microseconds on CLOCK_MONOTONIC
 * since this library was loaded), the category of a range as "cat" and its payload in "args".
 *
 * Everything is recorded into arrays of fixed size that are part of the library, so nothing is
 * allocated while the program runs. What does not fit is dropped, oldest kept, and counted: on
 * stderr and as "dropped" under "otherData". A range costs two looks at the clock and 40 bytes.
 *
 * Handled are push/pop ranges and marks, with and without a domain, in ASCII or as registered
 * strings, names of threads and of categories; other NVTX functions stay without effect. A thread's
 * ranges are taken to nest over all domains. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NVTX_NO_IMPL
#include <nvtx3/nvToolsExt.h>

/* 40 MB, touched only as they fill; a test has fewer. */
#ifndef MOST_EVENTS
#define MOST_EVENTS (1 << 20)
#endif

enum {
    MOST_TRACKS = 256,
    MOST_DEPTH = 64,
    MOST_STRINGS = 4096,
    MOST_CATEGORIES = 64,
    TEXT_BYTES = 1 << 18,
    PATH_BYTES = 4096,
    OUT_BYTES = 1 << 16,
};
#define NO_EVENT UINT32_MAX

/* A range, or a mark, which ends where it begins. */
struct event {
    uint64_t begin, end; /* ns; end 0: not ended */
    uint64_t payload;
    uint32_t name;     /* of the strings */
    uint32_t category; /* of the strings */
    uint16_t track;
    bool valued, mark;
};

/* What one thread does; only that thread writes it, but for `name`. */
struct track {
    uint32_t thread;           /* as the kernel numbers it; 0: unused */
    uint32_t name;             /* of the strings; 0: none */
    uint32_t depth;            /* open ranges, those without an event included */
    uint32_t open[MOST_DEPTH]; /* their events; NO_EVENT: dropped */
};

static struct event events[MOST_EVENTS];
static struct track tracks[MOST_TRACKS];
static atomic_uint event_count, track_count, dropped;
static uint64_t start;

/* String 0 is "". The lock guards strings and categories. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char text[TEXT_BYTES];
static uint32_t text_used, string_count, strings[MOST_STRINGS];
static struct {
    uint32_t domain, id, name;
} categories[MOST_CATEGORIES];
static uint32_t category_count;

static char path[PATH_BYTES], aside[PATH_BYTES + 8];

/* Initial-exec: the first touch of a thread-local variable in a loaded library would allocate. */
static _Thread_local struct track *mine __attribute__((tls_model("initial-exec")));

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec - start;
}

/* ---- strings ------------------------------------------------------------------------------ */

/* The number of a string, the same for the same text; that of "" if there is no room. */
static uint32_t intern(const char *string)
{
    pthread_mutex_lock(&lock);
    uint32_t found = 0;
    while (found < string_count && strcmp(text + strings[found], string) != 0)
        found++;
    size_t bytes = strlen(string) + 1;
    if (found == string_count) {
        if (string_count < MOST_STRINGS && bytes <= TEXT_BYTES - text_used) {
            memcpy(text + text_used, string, bytes);
            strings[string_count++] = text_used;
            text_used += (uint32_t)bytes;
        } else {
            found = 0;
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* Handles are numbers of strings, plus one: NULL would mean that no tool listens. */
static void *handle_of(uint32_t string)
{
    return (void *)(uintptr_t)(string + 1);
}

static uint32_t string_of(const void *handle)
{
    uintptr_t number = (uintptr_t)handle;
    return number > 0 && number <= MOST_STRINGS ? (uint32_t)number - 1 : 0;
}

static void name_category(uint32_t domain, uint32_t id, const char *name)
{
    uint32_t string = intern(name);
    pthread_mutex_lock(&lock);
    if (category_count < MOST_CATEGORIES) {
        categories[category_count].domain = domain;
        categories[category_count].id = id;
        categories[category_count++].name = string;
    }
    pthread_mutex_unlock(&lock);
}

/* The name of a category, or that of the domain for one without a name. */
static uint32_t category_of(uint32_t domain, uint32_t id)
{
    uint32_t name = domain;
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < category_count; i++)
        if (categories[i].domain == domain && categories[i].id == id)
            name = categories[i].name;
    pthread_mutex_unlock(&lock);
    return name;
}

/* ---- recording ---------------------------------------------------------------------------- */

/* This thread's track; NULL if there are too many threads. */
static struct track *track(void)
{
    if (!mine) {
        uint32_t next = atomic_fetch_add(&track_count, 1);
        if (next >= MOST_TRACKS)
            return NULL;
        tracks[next].thread = (uint32_t)gettid();
        mine = &tracks[next];
    }
    return mine;
}

static uint32_t message_of(const nvtxEventAttributes_t *attributes)
{
    if (attributes->messageType == NVTX_MESSAGE_TYPE_REGISTERED)
        return string_of(attributes->message.registered);
    if (attributes->messageType == NVTX_MESSAGE_TYPE_ASCII && attributes->message.ascii)
        return intern(attributes->message.ascii);
    return 0;
}

/* The payload of any integer type; floating point ones are not shown. */
static bool payload_of(const nvtxEventAttributes_t *attributes, uint64_t *payload)
{
    switch (attributes->payloadType) {
    case NVTX_PAYLOAD_TYPE_UNSIGNED_INT64:
    case NVTX_PAYLOAD_TYPE_INT64:
        *payload = attributes->payload.ullValue;
        return true;
    case NVTX_PAYLOAD_TYPE_UNSIGNED_INT32:
    case NVTX_PAYLOAD_TYPE_INT32:
        *payload = attributes->payload.uiValue;
        return true;
    default:
        return false;
    }
}

/* Begins an event on the calling thread; NO_EVENT if it is dropped. */
static uint32_t record(const struct track *on, uint32_t domain,
                       const nvtxEventAttributes_t *attributes)
{
    uint32_t number = NO_EVENT;
    if (on && atomic_load(&event_count) < MOST_EVENTS)
        number = atomic_fetch_add(&event_count, 1);
    if (number >= MOST_EVENTS) {
        atomic_fetch_add(&dropped, 1);
        return NO_EVENT;
    }
    struct event *event = &events[number];
    event->track = (uint16_t)(on - tracks);
    event->name = message_of(attributes);
    event->category = category_of(domain, attributes->category);
    event->valued = payload_of(attributes, &event->payload);
    event->begin = now();
    return number;
}

static int begin(uint32_t domain, const nvtxEventAttributes_t *attributes)
{
    struct track *on = track();
    if (!on || on->depth >= MOST_DEPTH) {
        atomic_fetch_add(&dropped, 1);
        return on ? (int)on->depth++ : NVTX_NO_PUSH_POP_TRACKING;
    }
    on->open[on->depth] = record(on, domain, attributes);
    return (int)on->depth++;
}

static int end(void)
{
    uint64_t time = now();
    struct track *on = track();
    if (!on || on->depth == 0)
        return NVTX_NO_PUSH_POP_TRACKING;
    on->depth--;
    if (on->depth < MOST_DEPTH && on->open[on->depth] != NO_EVENT)
        events[on->open[on->depth]].end = time;
    return (int)on->depth;
}

static void mark(uint32_t domain, const nvtxEventAttributes_t *attributes)
{
    uint32_t number = record(track(), domain, attributes);
    if (number == NO_EVENT)
        return;
    events[number].mark = true;
    events[number].end = events[number].begin;
}

static nvtxEventAttributes_t attributes_of(const char *message)
{
    return (nvtxEventAttributes_t){.version = NVTX_VERSION,
                                   .size = NVTX_EVENT_ATTRIB_STRUCT_SIZE,
                                   .messageType = NVTX_MESSAGE_TYPE_ASCII,
                                   .message.ascii = message};
}

/* ---- the functions of NVTX ---------------------------------------------------------------- */

static nvtxDomainHandle_t on_domain_create(const char *name)
{
    return handle_of(intern(name));
}

static nvtxStringHandle_t on_register_string(nvtxDomainHandle_t domain, const char *string)
{
    (void)domain;
    return handle_of(intern(string));
}

static void on_domain_name_category(nvtxDomainHandle_t domain, uint32_t id, const char *name)
{
    name_category(string_of(domain), id, name);
}

static int on_domain_push(nvtxDomainHandle_t domain, const nvtxEventAttributes_t *attributes)
{
    return begin(string_of(domain), attributes);
}

static int on_domain_pop(nvtxDomainHandle_t domain)
{
    (void)domain;
    return end();
}

static void on_domain_mark(nvtxDomainHandle_t domain, const nvtxEventAttributes_t *attributes)
{
    mark(string_of(domain), attributes);
}

static int on_push(const nvtxEventAttributes_t *attributes)
{
    return begin(0, attributes);
}

static int on_push_ascii(const char *message)
{
    nvtxEventAttributes_t attributes = attributes_of(message);
    return begin(0, &attributes);
}

static int on_pop(void)
{
    return end();
}

static void on_mark(const nvtxEventAttributes_t *attributes)
{
    mark(0, attributes);
}

static void on_mark_ascii(const char *message)
{
    nvtxEventAttributes_t attributes = attributes_of(message);
    mark(0, &attributes);
}

static void on_name_category(uint32_t id, const char *name)
{
    name_category(0, id, name);
}

static void on_name_thread(uint32_t thread, const char *name)
{
    uint32_t string = intern(name);
    if (thread == (uint32_t)gettid())
        track();
    for (uint32_t i = 0; i < MOST_TRACKS && i < atomic_load(&track_count); i++)
        if (tracks[i].thread == thread)
            tracks[i].name = string;
}

/* ---- the file ----------------------------------------------------------------------------- */

static struct {
    int file;
    bool failed;
    size_t used;
    char bytes[OUT_BYTES];
} out;

static void flush(void)
{
    for (size_t at = 0; at < out.used && !out.failed;) {
        ssize_t wrote = write(out.file, out.bytes + at, out.used - at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            out.failed = true;
        else
            at += (size_t)wrote;
    }
    out.used = 0;
}

/* A piece of at most 512 bytes. */
__attribute__((format(printf, 1, 2))) static void print(const char *format, ...)
{
    if (out.used > OUT_BYTES - 512)
        flush();
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(out.bytes + out.used, 512, format, arguments);
    va_end(arguments);
    out.used += bytes < 0 ? 0 : bytes < 512 ? (size_t)bytes : 511;
}

/* A string in quotes; what JSON does not take literally is escaped. */
static void print_string(uint32_t string)
{
    print("\"");
    for (const char *c = text + strings[string]; *c; c++)
        if (*c == '"' || *c == '\\')
            print("\\%c", *c);
        else if ((unsigned char)*c < ' ')
            print("\\u%04x", (unsigned char)*c);
        else
            print("%c", *c);
    print("\"");
}

static void print_time(const char *key, uint64_t ns)
{
    print(",\"%s\":%" PRIu64 ".%03" PRIu64, key, ns / 1000, ns % 1000);
}

static void print_event(const struct event *event, uint64_t last)
{
    print(",\n{\"ph\":\"%s\",\"pid\":%d,\"tid\":%u,\"name\":", event->mark ? "i" : "X",
          (int)getpid(), tracks[event->track].thread);
    print_string(event->name);
    print(",\"cat\":");
    print_string(event->category);
    print_time("ts", event->begin);
    if (event->mark)
        print(",\"s\":\"t\"");
    else
        print_time("dur", (event->end ? event->end : last) - event->begin);
    if (event->valued)
        print(",\"args\":{\"payload\":%" PRIu64 "}", event->payload);
    print("}");
}

static void print_all(uint32_t count, uint64_t last)
{
    print("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"clock\":\"CLOCK_MONOTONIC\","
          "\"dropped\":%u},\n\"traceEvents\":[\n",
          atomic_load(&dropped));
    print("{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":", (int)getpid());
    print_string(intern(program_invocation_short_name));
    print("}}");
    for (uint32_t i = 0; i < MOST_TRACKS && i < atomic_load(&track_count); i++) {
        if (!tracks[i].name)
            continue;
        print(",\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":",
              (int)getpid(), tracks[i].thread);
        print_string(tracks[i].name);
        print("}}");
    }
    for (uint32_t i = 0; i < count; i++)
        print_event(&events[i], last);
    print("\n]}\n");
}

/* One line on stderr, without stdio, which may allocate. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[PATH_BYTES + 256];
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (bytes > 0 && write(STDERR_FILENO, line, (size_t)bytes) < 0)
        out.failed = true;
}

/* When the program exits: the file is complete under its name, or not there. */
__attribute__((destructor)) static void save(void)
{
    if (!path[0])
        return;
    uint64_t last = now();
    uint32_t count = atomic_load(&event_count);
    if (count > MOST_EVENTS)
        count = MOST_EVENTS;
    out.file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out.file < 0) {
        say("trace: %s: cannot write: %s\n", aside, strerror(errno));
        return;
    }
    print_all(count, last);
    flush();
    if (out.failed || fsync(out.file) || close(out.file) || rename(aside, path)) {
        say("trace: %s: cannot write: %s\n", path, strerror(errno));
        unlink(aside);
        return;
    }
    say("trace: %u events, %u dropped: %s\n", count, atomic_load(&dropped), path);
}

static void set(NvtxFunctionTable table, unsigned size, unsigned index,
                NvtxFunctionPointer function)
{
    if (index < size)
        *table[index] = function;
}

#define SET(module, function, with)                                                                \
    set(module, module##_size, NVTX_CBID_##function, (NvtxFunctionPointer)(with))

/* NVTX's entry: puts the functions above into the program's table. Returns 1, or 0 to stay out. */
__attribute__((visibility("default"))) int InitializeInjectionNvtx2(NvtxGetExportTableFunc_t get);
int InitializeInjectionNvtx2(NvtxGetExportTableFunc_t get)
{
    const char *named = getenv("INGOT_TRACE_FILE");
    if (!named || !*named || strlen(named) >= PATH_BYTES) {
        say("trace: INGOT_TRACE_FILE has to name the file to write; nothing is recorded\n");
        return 0;
    }
    struct stat there;
    if (stat(named, &there) == 0 && !S_ISREG(there.st_mode)) {
        say("trace: %s is no regular file, and none takes its place; nothing is recorded\n", named);
        return 0;
    }
    const NvtxExportTableCallbacks *table = get(NVTX_ETID_CALLBACKS);
    NvtxFunctionTable core, core2;
    unsigned core_size, core2_size;
    if (!table || !table->GetModuleFunctionTable(NVTX_CB_MODULE_CORE, &core, &core_size) ||
        !table->GetModuleFunctionTable(NVTX_CB_MODULE_CORE2, &core2, &core2_size)) {
        say("trace: the program's NVTX is of another version; nothing is recorded\n");
        return 0;
    }
    start = now();
    intern("");
    memcpy(path, named, strlen(named) + 1);
    snprintf(aside, sizeof aside, "%s.new", path);
    SET(core, CORE_RangePushEx, on_push);
    SET(core, CORE_RangePushA, on_push_ascii);
    SET(core, CORE_RangePop, on_pop);
    SET(core, CORE_MarkEx, on_mark);
    SET(core, CORE_MarkA, on_mark_ascii);
    SET(core, CORE_NameCategoryA, on_name_category);
    SET(core, CORE_NameOsThreadA, on_name_thread);
    SET(core2, CORE2_DomainCreateA, on_domain_create);
    SET(core2, CORE2_DomainRegisterStringA, on_register_string);
    SET(core2, CORE2_DomainNameCategoryA, on_domain_name_category);
    SET(core2, CORE2_DomainRangePushEx, on_domain_push);
    SET(core2, CORE2_DomainRangePop, on_domain_pop);
    SET(core2, CORE2_DomainMarkEx, on_domain_mark);
    return 1;
}
