/* Descriptors 0, 1 and 2, which a program may be started without. */
#ifndef RUNTIME_BASE_STREAMS_H
#define RUNTIME_BASE_STREAMS_H

/* Puts /dev/null in the place of those that are closed, so that no file opened later gets their
 * number and is taken for the standard input, or written to as the standard output. It is opened
 * the wrong way round: reading the missing input and writing the missing output fail (EBADF), as
 * they would have. First thing in main(); exits with 1 if there is no /dev/null. */
void streams_require(void);

#endif
