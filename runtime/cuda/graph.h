/* Graphs of launches, captured once before arena_seal() and launched ever after. A step's graph is
 * right for every token: what varies is read on the device. */
#ifndef RUNTIME_CUDA_GRAPH_H
#define RUNTIME_CUDA_GRAPH_H

#include "runtime/cuda/launcher.h"

/* Makes the launches that are to be captured. `loop` is the handle of the conditional node whose
 * body they become, 0 outside a loop. */
typedef void graph_record(cudaGraphConditionalHandle loop);

/* What `record` launches into the launcher's stream, as a graph on the device. Nothing is executed.
 * `name` is for messages. Any failure ends the program. */
cudaGraphExec_t graph_capture(struct launcher *launcher, const char *name, graph_record *record);

/* The same as the body of a loop, which runs once and then as long as its last SetConditional says.
 */
cudaGraphExec_t graph_capture_loop(struct launcher *launcher, const char *name,
                                   graph_record *record);

#endif
