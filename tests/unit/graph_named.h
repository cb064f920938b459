/* Parts of a graph by name; a test fails where there is none. */
#ifndef TESTS_UNIT_GRAPH_NAMED_H
#define TESTS_UNIT_GRAPH_NAMED_H

#include <check.h>
#include <string.h>

#include "gen/graph/graph.h"

static inline struct tensor *tensor_named(struct graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->tensor_count; i++)
        if (strcmp(graph->tensor[i].name, name) == 0)
            return &graph->tensor[i];
    ck_abort_msg("no tensor %s", name);
}

static inline const struct node *node_named(const struct graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (strcmp(graph->node[i].name, name) == 0)
            return &graph->node[i];
    ck_abort_msg("no operation %s", name);
}

#endif
