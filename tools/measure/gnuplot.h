/* gnuplot, as a program beside this one. */
#ifndef TOOLS_MEASURE_GNUPLOT_H
#define TOOLS_MEASURE_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Lets gnuplot execute a script, which lies in a file that can be read from its start, without the
 * user's own settings and in the C locale. *text is what it printed, to be freed, with NUL behind.
 * False: `error` says why in one line; if there is no gnuplot it names the package. What gnuplot
 * itself complains of goes to stderr. */
__attribute__((warn_unused_result)) bool gnuplot_run(FILE *script, char **text, size_t *bytes,
                                                     char *error, size_t room);

#endif
