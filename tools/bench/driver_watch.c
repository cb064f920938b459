/* Shows that a program asks the CUDA driver for nothing after arena_seal(): ends it where it does.
 *
 *   LD_PRELOAD=build/tools/libdriverwatch.so build/cuda/NAME run ...
 *
 * The CUDA runtime and cuBLASLt know the driver's functions by dlsym() and cuGetProcAddress()
 * alone. This library stands before both and hands out, for every function of the driver, a
 * stand-in of its own, which counts the call and goes on to the function. It knows no signatures: a
 * stand-in touches no argument. Whether the arenas are sealed it asks the program itself at every
 * call, which exports arena_is_sealed() for that.
 *
 * A function is taken to allocate, or to give back, by the words of its name (words[] below), so
 * that one which a later driver adds is watched too. After sealing such a call is named on stderr
 * and the program aborts; what the CUDA runtime gives back when the program exits is not such a
 * call. At the end one line says what was seen. Whoever checks has to look at its counts: a program
 * that never reached the driver, or never sealed, has shown nothing.
 *
 * Not seen: what the runtime calls through cuGetExportTable(), and what the driver does within a
 * call that does not say so by its name. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_FUNCTIONS 2048 /* asked for: today about 500 */
enum { NAME_BYTES = 80, LINE_BYTES_MOST = 4096 };

/* A word counts where the next letter is no small one: "Load" is in cuModuleLoadData, and is not in
 * cuModuleGetLoadingMode. */
static const char *const words[] = {
    "Alloc",    "Create",  "Import", "Instantiate", "Load",   "MemMap",
    "Register", "Reserve", "Retain", "SetLimit",    "Upload", "Destroy",
    "Free",     "Release", "TrimTo", "Unload",      "Unmap",  "Unregister",
};

/* One function of the driver that was asked for. */
struct function {
    char name[NAME_BYTES];
    void *real;
    bool allocates;              /* or gives back */
    atomic_ullong before, after; /* calls, by whether the arenas were sealed */
};
static struct function functions[MOST_FUNCTIONS];
static atomic_uint function_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the two above */
static atomic_bool ending, ending_known;

/* The program's; NULL in one that does not export it. */
extern bool arena_is_sealed(void) __attribute__((weak));

/* One line on stderr, without stdio, whose state is the program's. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[LINE_BYTES_MOST];
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (bytes >= (int)sizeof line)
        bytes = (int)sizeof line - 1;
    ssize_t ignored = bytes > 0 ? write(STDERR_FILENO, line, (size_t)bytes) : 0;
    (void)ignored;
}

/* ---- the stand-ins ------------------------------------------------------------------------- */

/* Stand-in number i lies at driver_stand_ins + i * STAND_IN_BYTES. It calls driver_called(i), with
 * every argument kept, and jumps to the address which that returns. */
#define STAND_IN_BYTES 16
extern const char driver_stand_ins[];

#define TEXT(x)    #x
#define AS_TEXT(x) TEXT(x)
#if defined(__x86_64__)
__asm__(".text\n"
        ".balign 16\n"
        "driver_stand_ins:\n"
        ".set number, 0\n"
        ".rept " AS_TEXT(MOST_FUNCTIONS) "\n"
                                         "    .balign 16\n"
                                         "    pushq $number\n"
                                         "    jmp driver_enter\n"
                                         "    .set number, number + 1\n"
                                         ".endr\n"
                                         "driver_enter:\n"
                                         "    pushq %rdi\n"
                                         "    pushq %rsi\n"
                                         "    pushq %rdx\n"
                                         "    pushq %rcx\n"
                                         "    pushq %r8\n"
                                         "    pushq %r9\n"
                                         "    movq 48(%rsp), %rdi\n"
                                         "    call driver_called\n"
                                         "    movq %rax, %r11\n"
                                         "    popq %r9\n"
                                         "    popq %r8\n"
                                         "    popq %rcx\n"
                                         "    popq %rdx\n"
                                         "    popq %rsi\n"
                                         "    popq %rdi\n"
                                         "    addq $8, %rsp\n"
                                         "    jmp *%r11\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".balign 16\n"
        "driver_stand_ins:\n"
        ".set number, 0\n"
        ".rept " AS_TEXT(MOST_FUNCTIONS) "\n"
                                         "    .balign 16\n"
                                         "    movz x16, #number\n"
                                         "    b driver_enter\n"
                                         "    .set number, number + 1\n"
                                         ".endr\n"
                                         "driver_enter:\n"
                                         "    stp x29, x30, [sp, #-96]!\n"
                                         "    stp x0, x1, [sp, #16]\n"
                                         "    stp x2, x3, [sp, #32]\n"
                                         "    stp x4, x5, [sp, #48]\n"
                                         "    stp x6, x7, [sp, #64]\n"
                                         "    str x8, [sp, #80]\n"
                                         "    mov x0, x16\n"
                                         "    bl driver_called\n"
                                         "    mov x16, x0\n"
                                         "    ldp x0, x1, [sp, #16]\n"
                                         "    ldp x2, x3, [sp, #32]\n"
                                         "    ldp x4, x5, [sp, #48]\n"
                                         "    ldp x6, x7, [sp, #64]\n"
                                         "    ldr x8, [sp, #80]\n"
                                         "    ldp x29, x30, [sp], #96\n"
                                         "    br x16\n");
#else
#error "the stand-ins are written for x86-64 and aarch64"
#endif

/* exit() has begun: from here on the CUDA runtime gives back what it has. */
static void note_ending(void)
{
    atomic_store(&ending, true);
}

/* For the stand-ins. Keeps to general registers: the others still hold the caller's values. */
__attribute__((used, target("general-regs-only"))) void *driver_called(uint64_t number);
__attribute__((used, target("general-regs-only"))) void *driver_called(uint64_t number)
{
    struct function *function = &functions[number];
    if (!arena_is_sealed()) {
        atomic_fetch_add(&function->before, 1);
        return function->real;
    }
    /* What was registered last runs first: before anything that others have registered so far. */
    if (!atomic_exchange(&ending_known, true))
        atexit(note_ending);
    if (function->allocates && !atomic_load(&ending)) {
        say("driver watch: after sealing the program called %s\n", function->name);
        abort();
    }
    if (!atomic_load(&ending))
        atomic_fetch_add(&function->after, 1);
    return function->real;
}

static bool allocates(const char *name)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (const char *at = strstr(name, words[i]); at; at = strstr(at + 1, words[i])) {
            char next = at[strlen(words[i])];
            if (next < 'a' || next > 'z')
                return true;
        }
    return false;
}

/* The stand-in for a function of the driver, the same one whoever asks. */
static void *stand_in(const char *name, void *real)
{
    pthread_mutex_lock(&lock);
    uint32_t count = atomic_load(&function_count), i = 0;
    while (i < count && (functions[i].real != real || strcmp(functions[i].name, name) != 0))
        i++;
    if (i == MOST_FUNCTIONS || strlen(name) >= NAME_BYTES) {
        say("driver watch: no room for %s\n", name);
        abort();
    }
    if (i == count) {
        memcpy(functions[i].name, name, strlen(name) + 1);
        functions[i].real = real;
        functions[i].allocates = allocates(name);
        atomic_store(&function_count, count + 1);
    }
    pthread_mutex_unlock(&lock);
    return (void *)(uintptr_t)(driver_stand_ins + (size_t)i * STAND_IN_BYTES);
}

/* ---- where the driver's functions are asked for ---------------------------------------------- */

/* cuGetProcAddress(), of which there are two: the one with `why` has the other's name as well for
 * whoever asks for version 12.0 or later. */
typedef int get_address(const char *name, void **found, int version, uint64_t flags);
typedef int get_address_why(const char *name, void **found, int version, uint64_t flags, int *why);
enum { WITH_WHY = 12000 };
static get_address *real_get_address;
static get_address_why *real_get_address_why;

static void *watched(const char *name, void *real, int version);

static int on_get_address(const char *name, void **found, int version, uint64_t flags)
{
    int error = real_get_address(name, found, version, flags);
    if (!error && found)
        *found = watched(name, *found, version);
    return error;
}

static int on_get_address_why(const char *name, void **found, int version, uint64_t flags, int *why)
{
    int error = real_get_address_why(name, found, version, flags, why);
    if (!error && found)
        *found = watched(name, *found, version);
    return error;
}

static bool of_driver(const char *name)
{
    return strncmp(name, "cu", 2) == 0 && name[2] >= 'A' && name[2] <= 'Z';
}

/* What to hand out for `real`, which the driver has under that name for that version of CUDA. */
static void *watched(const char *name, void *real, int version)
{
    if (!real || !of_driver(name))
        return real;
    bool asks = strcmp(name, "cuGetProcAddress") == 0;
    if (strcmp(name, "cuGetProcAddress_v2") == 0 || (asks && version >= WITH_WHY)) {
        real_get_address_why = (get_address_why *)(uintptr_t)real;
        return (void *)(uintptr_t)on_get_address_why;
    }
    if (asks) {
        real_get_address = (get_address *)(uintptr_t)real;
        return (void *)(uintptr_t)on_get_address;
    }
    return stand_in(name, real);
}

/* The oldest dlsym() of this processor's glibc, which later ones still have. */
#if defined(__x86_64__)
#define DLSYM_VERSION "GLIBC_2.2.5"
#else
#define DLSYM_VERSION "GLIBC_2.17"
#endif
typedef void *lookup(void *handle, const char *name);

/* A function of its own, so that the two calls of libc's dlsym() stay two. */
__attribute__((noinline)) static void *look_up_watched(lookup *real, void *handle, const char *name)
{
    return watched(name, real(handle, name), 0);
}

/* In front of libc's. The call of that one ends the function: it then returns to our caller, by
 * which it understands RTLD_NEXT. */
__attribute__((visibility("default"))) void *dlsym(void *handle, const char *name)
{
    static _Atomic(lookup *) real;
    lookup *known = atomic_load(&real);
    if (!known) {
        known = (lookup *)(uintptr_t)dlvsym(RTLD_NEXT, "dlsym", DLSYM_VERSION);
        atomic_store(&real, known);
    }
    if (of_driver(name))
        return look_up_watched(known, handle, name);
    return known(handle, name);
}

/* ---- begin and end ------------------------------------------------------------------------- */

__attribute__((constructor)) static void begin(void)
{
    if (arena_is_sealed)
        return;
    say("driver watch: this program does not export arena_is_sealed(): it cannot be watched\n");
    abort();
}

__attribute__((destructor)) static void report(void)
{
    char names[LINE_BYTES_MOST / 2];
    size_t used = 0;
    uint64_t allocating = 0, after = 0;
    uint32_t count = atomic_load(&function_count);
    names[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const struct function *function = &functions[i];
        uint64_t calls = atomic_load(&function->after);
        allocating += function->allocates ? atomic_load(&function->before) : 0;
        after += calls;
        if (calls && used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s %llu",
                                     used ? ", " : ": ", function->name, (unsigned long long)calls);
    }
    say("driver watch: %u functions, %llu allocating calls before sealing; after it none in %llu "
        "calls%s\n",
        count, (unsigned long long)allocating, (unsigned long long)after, names);
}
