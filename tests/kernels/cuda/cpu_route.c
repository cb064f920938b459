#include "tests/kernels/cuda/cpu_route.h"

#include "kernels/cpu/route.h"

void cpu_route(u32 E, u32 K, bool renorm, const f32 *logits, f32 *route)
{
    const struct route_shape shape = {.E = E, .K = K, .weights = renorm ? ROUTE_RENORM : ROUTE_RAW};
    _Alignas(LINE_BYTES) f32 p[256] = {0};
    memcpy(p, logits, E * sizeof *p);
    route_softmax(E, p);
    route_write(&shape, p, route);
}
