/* driver_calls WAY NAME...: finds functions of the driver in one of the ways of the CUDA runtime,
 * and calls them: cuMemAlloc before sealing, then each NAME after it, and cuMemFree as the program
 * exits. WAY is dlsym, or how cuGetProcAddress was found: plain, why (with `why`), again (with
 * `why`, by asking it for itself). "-" as NAME ends the sealed part before it began: the program
 * never seals.
 *
 * Exits with 0 if every call came through with all arguments, with 1 and a message otherwise. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int function(long, long, long, long, long, long, long, long, long, long, long);
typedef int get_address(const char *name, void **found, int version, uint64_t flags);
typedef int get_address_why(const char *name, void **found, int version, uint64_t flags, int *why);
enum { VERSION = 13000 };

static void *driver;
static const char *way;
static bool sealed;

/* As runtime/engine/arena.h has it; exported by the program, as those for CUDA do. */
bool arena_is_sealed(void);
bool arena_is_sealed(void)
{
    return sealed;
}

static void *require(void *found, const char *name)
{
    if (found)
        return found;
    fprintf(stderr, "driver_calls: there is no %s\n", name);
    exit(EXIT_FAILURE);
}

static void *find(const char *name)
{
    void *found = NULL;
    int why = 0;
    if (strcmp(way, "dlsym") == 0)
        return require(dlsym(driver, name), name);
    if (strcmp(way, "plain") == 0) {
        void *get = require(dlsym(driver, "cuGetProcAddress"), "cuGetProcAddress");
        ((get_address *)(uintptr_t)get)(name, &found, VERSION, 0);
        return require(found, name);
    }
    void *get = require(dlsym(driver, "cuGetProcAddress_v2"), "cuGetProcAddress_v2");
    if (strcmp(way, "again") == 0)
        ((get_address_why *)(uintptr_t)get)("cuGetProcAddress", &get, VERSION, 0, &why);
    ((get_address_why *)(uintptr_t)get)(name, &found, VERSION, 0, &why);
    return require(found, name);
}

static void call(const char *name)
{
    function *found = (function *)(uintptr_t)find(name);
    if (found(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) == 0)
        return;
    fprintf(stderr, "driver_calls: %s did not get its arguments\n", name);
    exit(EXIT_FAILURE);
}

static void give_back(void)
{
    call("cuMemFree");
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return EXIT_FAILURE;
    way = argv[1];
    driver = require(dlopen("libcuda.so.1", RTLD_NOW), "libcuda.so.1");
    if (strcmp(way, "dlsym") != 0)
        atexit(give_back);
    call(strcmp(way, "dlsym") == 0 ? "cuMemAlloc_v2" : "cuMemAlloc");
    sealed = argc < 3 || strcmp(argv[2], "-") != 0;
    for (int i = sealed ? 2 : 3; i < argc; i++)
        call(argv[i]);
    return EXIT_SUCCESS;
}
