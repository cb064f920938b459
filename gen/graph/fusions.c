/* kernels/fusions.def as a table. */
#include "gen/graph/passes.h"

#define NAMES(...) enum { ABSENT, __VA_ARGS__, FUSION_NAMES };
#define FUSION(...)
#include "kernels/fusions.def"
#undef NAMES
#undef FUSION

#define NAMES(...)
#define WHOLE(OP, ...)                                                                             \
    {                                                                                              \
        .op = OP_##OP, .OP = { __VA_ARGS__ }                                                       \
    }
#define PART(OP, ...) {.op = OP_##OP, .OP = {__VA_ARGS__}},
#define FUSION(THE_WHOLE, THE_PARTS)                                                               \
    {.whole = THE_WHOLE,                                                                           \
     .part = {THE_PARTS},                                                                          \
     .parts = sizeof((const struct node[]){THE_PARTS}) / sizeof(struct node)},
const struct fusion fusions[] = {
#include "kernels/fusions.def"
};
const uint32_t fusion_count = sizeof fusions / sizeof fusions[0], fusion_names = FUSION_NAMES;
