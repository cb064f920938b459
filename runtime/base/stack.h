/* The stack of the first thread, whose size the caller of a program sets (ulimit -s). */
#ifndef RUNTIME_BASE_STACK_H
#define RUNTIME_BASE_STACK_H

/* What any of our programs may need: an operation has its rows of a step there, the reader of a
 * pattern or of JSON a frame for each level. */
enum { STACK_BYTES = 1 << 20 };

#ifdef __cplusplus
extern "C" {
#endif

/* Lets the stack of this thread grow to STACK_BYTES, where the limit may be raised that far; else
 * exits with EXIT_MEMORY, as the program would end in a fault later. Behind streams_require() in
 * main(). */
void stack_require(void);

#ifdef __cplusplus
}
#endif

#endif
