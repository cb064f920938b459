/* Graphs of launches, captured once before arena_seal() and launched ever after. A step's graph is
 * right for every token: what varies is read on the device. */
#ifndef RUNTIME_ENGINE_CUDA_GRAPH_H
#define RUNTIME_ENGINE_CUDA_GRAPH_H

#include "runtime/engine/cuda/launcher.h"

/* Makes the launches that are to be captured. `loop` is the handle of the conditional node whose
 * body they become, 0 outside a loop. */
typedef void graph_record(cudaGraphConditionalHandle loop);

/* A graph on the device, and what it was instantiated from: to that the handle of a loop belongs,
 * so it stays as long. All zero: there is none. */
struct graph {
    cudaGraph_t source;
    cudaGraphExec_t exec;
};

enum graph_shape {
    GRAPH_ONCE,
    GRAPH_WHILE, /* the body of a loop: once, and then as long as its last SetConditional says */
};

/* What `record` launches into the launcher's stream, as a graph on the device, brought there now
 * and not with the first token. Nothing is executed. False if CUDA refuses: launcher->refused then
 * says what, and nothing is left behind. */
bool graph_capture(struct launcher *launcher, struct graph *graph, enum graph_shape shape,
                   graph_record *record);

void graph_destroy(struct graph *graph);

/* "graph of 'NAME': CALL: CUDA's text (its name)", with the operation and the kernel if a launch
 * was refused. Valid until the next call. */
const char *graph_refusal(const char *name, const struct refusal *refused);

/* Ends the program with that and a way out: EXIT_MEMORY if memory is what was missing, otherwise
 * EXIT_FAILED. */
_Noreturn void graph_refuse(const char *name, const struct refusal *refused);

#endif
