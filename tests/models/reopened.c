/* A session opened, used and closed twice in one process: what remains is a leak, which the fake
 * CUDA runtime reports at the end (cuda_runtime_test.c). `bench` makes what bench makes, too. */
#include <stdio.h>
#include <string.h>

#include "runtime/engine/session.h"

static struct session session;

static void generate(void)
{
    u32 id, made = 0;
    session_reset(&session);
    backend_generate_begin(&session, session_decode(&session, model.bos));
    while (backend_generate_next(&session, &id))
        made++;
    backend_generate_end(&session);
    printf("%u tokens\n", made);
}

int main(int count, char **arguments)
{
    const struct session_options options = {
        .random_weights = true, .random_seed = 1, .quiet = true};
    const struct generation_options how = {
        .sample = {.top_p = 1.0}, .vocab = model.vocab, .limit = 3};
    for (int round = 0; round < 2; round++) {
        session_open(&session, &options);
        if (count > 1 && strcmp(arguments[1], "bench") == 0)
            backend_bench_open(&session, (u32)how.limit - 1);
        else
            backend_generate_open(&session, &how);
        generate();
        session_close(&session);
    }
    return 0;
}
