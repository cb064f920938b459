/* In the place of a model's steps, where only its descriptor is wanted: nothing may call them. */
#include <stdlib.h>

#include "runtime/base/run.h"

void decode(run *r);
void prefill(run *r);
void head(run *r);

void decode(run *r)
{
    (void)r;
    abort();
}

void prefill(run *r)
{
    (void)r;
    abort();
}

void head(run *r)
{
    (void)r;
    abort();
}
