#include "tests/gpu_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/run.h"

void gpu(const char *environment)
{
    ck_assert_int_eq(setenv("FAKE_CUDA", environment, 1), 0);
}

void assert_ends(const struct child *child, int code, const char *words)
{
    ck_assert_msg(child->code == code, "code %d, expected %d: %s", child->code, code, child->err);
    ck_assert_msg(strstr(child->err, words) != NULL, "'%s' is not in: %s", words, child->err);
}

long gpu_calls(const char *report, const char *call)
{
    char line[256], name[128];
    long count, found = 0;
    FILE *file = fopen(report, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "call %127s %ld", name, &count) == 2 && strcmp(name, call) == 0)
            found = count;
    ck_assert_int_eq(fclose(file), 0);
    return found;
}

long gpu_executions(const char *trace, const char *kernel)
{
    char line[256];
    long found = 0;
    FILE *file = fopen(trace, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        found += strstr(line, kernel) != NULL;
    ck_assert_int_eq(fclose(file), 0);
    return found;
}
